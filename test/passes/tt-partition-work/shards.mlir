// Work follows L1 shards.
// RUN: tt-opt %s -p tt-partition-work | filecheck %s
// RUN: tt-opt %s -p 'tt-partition-work{mode=global}' | filecheck %s --check-prefix=GLOBAL

!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#dram = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>
#columns = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "column_major">>
#thin = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["N"], grid [4], shard [32], order "row_major">>
#height = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [3], shard [64], order "row_major">>

// 3x2 shards of 2x1 blocks, the last ones of one; A is in DRAM.
// CHECK-LABEL: func.func @block
// CHECK-SAME: tt.partition = #tt.layout.partition<"local_shard", "contiguous", core_grid [8, 8], blocks [5, 2], block_tiles [1, 2], tiles [5, 4], rect [2, 1], work [<2, <<[0, 0], [2, 3]>>>]>
// CHECK-SAME: tt.decisions = [{subject = "work", what = "core_grid", value = "[8, 8]", by = "wormhole"}, {subject = "work", what = "partition_mode", value = "local_shard", by = "L1 shards of B"}]
// GLOBAL-LABEL: func.func @block
// GLOBAL-SAME: "global", "contiguous", core_grid [8, 8], blocks [5, 2], block_tiles [1, 2], tiles [5, 4], work [<1, <<[0, 0], [8, 1]>, <[0, 1], [2, 1]>>>]>
func.func @block(%A: !T {tt.name = "A", tt.layout = #dram}, %B: !T {tt.name = "B", tt.layout = #l1}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}

// Shard 1 is the second one of the first column: it lies on the second core, (1, 0).
// CHECK-LABEL: func.func @column_major
// CHECK-SAME: rect [2, 1], work [<2, <<[0, 0], [1, 1]>, <[1, 1], [1, 1]>, <[1, 0], [1, 1]>, <[0, 2], [1, 1]>, <[0, 1], [1, 1]>, <[1, 2], [1, 1]>>>]>
func.func @column_major(%B: !T {tt.name = "B", tt.layout = #columns}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%b : !block) outs(%b : !block)
  }
  func.return
}

// Height-sharded: a core does all columns of its rows.
// CHECK-LABEL: func.func @height
// CHECK-SAME: rect [2, 2], work [<4, <<[0, 0], [3, 1]>>>]>
func.func @height(%B: !T {tt.name = "B", tt.layout = #height}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%b : !block) outs(%b : !block)
  }
  func.return
}

// The annotation places the shards on two ranges of cores.
// CHECK-LABEL: func.func @ranges
// CHECK-SAME: rect [2, 2], shards_on <<[4, 4], [2, 1]>, <[7, 7], [1, 1]>>, work [<4, <<[4, 4], [2, 1]>, <[7, 7], [1, 1]>>>]>
func.func @ranges(%B: !T {tt.name = "B", tt.layout = #height}) attributes {tt.user_schedule = {core_ranges = [{start = [4, 4], extent = [2, 1]}, {start = [7, 7], extent = [1, 1]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%b : !block) outs(%b : !block)
  }
  func.return
}

// Every block reads all columns of A: its shards are no work of one core, access goes through the NoC.
// CHECK-LABEL: func.func @not_followed
// CHECK-SAME: "global", "contiguous"
// CHECK-SAME: {subject = "work", what = "partition_mode", value = "global", by = "L1 shards of A along axes no work follows"}
func.func @not_followed(%A: !T {tt.name = "A", tt.layout = #l1}, %B: memref<160x64xbf16> {tt.name = "B", tt.layout = #dram}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%by) = (%c0) to (%c5) step (%c1) {
    %m = arith.muli %by, %c32 : index
    %b = memref.subview %B[%m, 0] [32, 64] [1, 1] : memref<160x64xbf16> to memref<32x64xbf16, strided<[64, 1], offset: ?>>
    scf.for %k = %c0 to %c2 step %c1 {
      %n = arith.muli %k, %c64 : index
      %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
      linalg.copy ins(%a : !block) outs(%b : memref<32x64xbf16, strided<[64, 1], offset: ?>>)
    }
  }
  func.return
}

// Where nobody asked to follow shards and none can be followed alike, all work goes through the NoC,
// and a decision says why.
// CHECK-LABEL: func.func @disagree
// CHECK-SAME: "global", "contiguous", core_grid [8, 8], blocks [5, 2], block_tiles [1, 2], tiles [5, 4], work
// CHECK-SAME: {subject = "work", what = "partition_mode", value = "global", by = "L1 shards of A and B disagree"}
func.func @disagree(%A: !T {tt.name = "A", tt.layout = #l1}, %B: !T {tt.name = "B", tt.layout = #height}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}

// CHECK-LABEL: func.func @disagreeing_orders
// CHECK-SAME: value = "global", by = "L1 shards of A and B disagree"}
func.func @disagreeing_orders(%A: !T {tt.name = "A", tt.layout = #l1}, %B: !T {tt.name = "B", tt.layout = #columns}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}

// CHECK-LABEL: func.func @not_divided
// CHECK-SAME: value = "global", by = "blocks of 2 tiles across L1 shards of B of 1"}
func.func @not_divided(%A: !T {tt.name = "A", tt.layout = #dram}, %B: !T {tt.name = "B", tt.layout = #thin}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}

// CHECK-LABEL: func.func @strategy
// CHECK-SAME: "global", "column_major"
// CHECK-SAME: value = "global", by = "strategy column_major"}
func.func @strategy(%A: !T {tt.name = "A", tt.layout = #l1}, %B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {strategy = "column_major"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}

// CHECK-LABEL: func.func @order
// CHECK-SAME: value = "global", by = "order column_major"}
func.func @order(%A: !T {tt.name = "A", tt.layout = #l1}, %B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {order = "column_major"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}

// Work and shards lie on the ranges: eight cores, six shards.
// CHECK-LABEL: func.func @more_cores
// CHECK-SAME: "global", {{.*}} shards_on <<[4, 4], [4, 2]>>, work [<2, <<[4, 4], [2, 1]>>>, <1, <<[6, 4], [2, 1]>, <[4, 5], [4, 1]>>>]>
// CHECK-SAME: value = "global", by = "core ranges of 8 cores for 6 L1 shards of A"}
func.func @more_cores(%A: !T {tt.name = "A", tt.layout = #l1}, %B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {core_ranges = [{start = [4, 4], extent = [4, 2]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%bx, %by) = (%c0, %c0) to (%c2, %c5) step (%c1, %c1) {
    %m = arith.muli %by, %c32 : index
    %n = arith.muli %bx, %c64 : index
    %a = memref.subview %A[%m, %n] [32, 64] [1, 1] : !T to !block
    %b = memref.subview %B[%m, %n] [32, 64] [1, 1] : !T to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}
