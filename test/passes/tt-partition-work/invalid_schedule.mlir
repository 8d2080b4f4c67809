// Conflicts between what is said and what is there, as located errors.
// RUN: tt-opt %s -p tt-partition-work --split-input-file --verify-diagnostics | filecheck %s
// RUN: not tt-opt %s -p 'tt-partition-work{core-ranges=0,0,2,2,1,1,2,1}' --split-input-file 2>&1 | filecheck %s --check-prefix=OVERLAP
// RUN: not tt-opt %s -p 'tt-partition-work{core-ranges=0,0,2}' --split-input-file 2>&1 | filecheck %s --check-prefix=FOURS
// RUN: not tt-opt %s -p 'tt-partition-work{strategy=colum_major}' --split-input-file 2>&1 | filecheck %s --check-prefix=STRATEGY
// RUN: not tt-opt %s -p 'tt-partition-work{core-ranges=0,0,100000,100000}' --split-input-file 2>&1 | filecheck %s --check-prefix=HUGE
// RUN: not tt-opt %s -p 'tt-partition-work{mode=local}' --split-input-file 2>&1 | filecheck %s --check-prefix=MODE

// OVERLAP: error: core ranges 0 and 1 overlap at core (1, 1)
// OVERLAP-NEXT: note: a core is in one range; extents are sizes, not last cores
// FOURS: error: core-ranges=0,0,2
// FOURS-NEXT: note: expected X,Y,WIDTH,HEIGHT of each range
// STRATEGY: error: unknown strategy 'colum_major'
// STRATEGY-NEXT: note: did you mean 'column_major'?
// HUGE: error: core-ranges=0,0,100000,100000
// HUGE-NEXT: note: no device has 256 cores on an axis
// MODE: error: unknown partition mode 'local'

// CHECK: invalid_schedule.mlir:[[#]]:1: error: core grid [9, 8] is larger than the device
// CHECK-NEXT: note: wormhole has 8x8 cores
func.func @grid(%C: memref<64x64xbf16>) attributes {tt.user_schedule = {core_grid = [9, 8]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%C : memref<64x64xbf16>) outs(%C : memref<64x64xbf16>)
  }
  func.return
}

// -----

// CHECK: invalid_schedule.mlir:[[#]]:1: error: core range 0, {{\[\[}}3, 0], [2, 1]], leaves the 4x4 core grid
// CHECK-NEXT: note: a range is [start, extent], both [x, y]
func.func @range(%C: memref<64x64xbf16>) attributes {tt.user_schedule = {core_grid = [4, 4], core_ranges = [{start = [3, 0], extent = [2, 1]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%C : memref<64x64xbf16>) outs(%C : memref<64x64xbf16>)
  }
  func.return
}

// -----

// CHECK: invalid_schedule.mlir:[[#]]:1: error: core ranges 0 and 1 overlap at core (1, 0)
func.func @overlap(%C: memref<64x64xbf16>) attributes {tt.user_schedule = {core_ranges = [{start = [0, 0], extent = [2, 1]}, {start = [1, 0], extent = [1, 1]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%C : memref<64x64xbf16>) outs(%C : memref<64x64xbf16>)
  }
  func.return
}

// -----

// CHECK: invalid_schedule.mlir:[[#]]:1: error: strategy row_major numbers blocks another way than order column_major
// CHECK-NEXT: note: say one of the two
func.func @order(%C: memref<64x64xbf16>) attributes {tt.user_schedule = {strategy = "row_major", order = "column_major"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%C : memref<64x64xbf16>) outs(%C : memref<64x64xbf16>)
  }
  func.return
}

// -----

// CHECK: invalid_schedule.mlir:[[#]]:1: error: order z_order is none in which work is numbered
// CHECK-NEXT: note: expected row_major or column_major
func.func @z(%C: memref<64x64xbf16>) attributes {tt.user_schedule = {order = "z_order"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%C : memref<64x64xbf16>) outs(%C : memref<64x64xbf16>)
  }
  func.return
}

// -----

// CHECK: invalid_schedule.mlir:[[#]]:1: error: partition mode local_shard needs a tensor sharded over L1 along axes of the launch grid
// CHECK-NEXT: note: no tensor is L1 sharded
func.func @no_shards(%C: memref<64x64xbf16>) attributes {tt.user_schedule = {partition_mode = "local_shard"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%C : memref<64x64xbf16>) outs(%C : memref<64x64xbf16>)
  }
  func.return
}

// -----

#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [64], order "row_major">>
#l3 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [4], shard [32], order "row_major">>
!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// CHECK: invalid_schedule.mlir:[[#]]:1: error: L1-sharded tensors disagree: 'A' has shard grid [2, 1] of [2, 2] tiles (row_major), 'B' has shard grid [4, 1] of [1, 2] tiles (row_major)
// CHECK-NEXT: note: work can follow one shard grid
func.func @disagree(%A: memref<128x64xbf16> {tt.name = "A", tt.layout = #l1}, %B: memref<128x64xbf16> {tt.name = "B", tt.layout = #l3}) attributes {tt.user_schedule = {partition_mode = "local_shard"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    %b = memref.subview %B[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%b : !block)
  }
  func.return
}

// -----

#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [4], shard [32], order "row_major">>
!block = memref<64x64xbf16, strided<[64, 1], offset: ?>>

// CHECK: invalid_schedule.mlir:[[#]]:1: error: a block of 2 tiles does not divide the shards of 'A', 1 tiles along dimension 0 of its tile grid
// CHECK-NEXT: note: choose shards of whole blocks, or partition mode global
func.func @divide(%A: memref<128x64xbf16> {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {partition_mode = "local_shard"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%i) = (%c0) to (%c2) step (%c1) {
    %m = arith.muli %i, %c64 : index
    %a = memref.subview %A[%m, 0] [64, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}

// -----

#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [4], shard [32], order "row_major">>
!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// CHECK: invalid_schedule.mlir:[[#]]:1: error: core ranges hold 6 cores, 'A' has shard grid [4, 1] of [1, 2] tiles (row_major): 4 shards
// CHECK-NEXT: note: in partition mode local_shard the core ranges are the footprint of the shard grid
func.func @footprint(%A: memref<128x64xbf16> {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {partition_mode = "local_shard", core_ranges = [{start = [0, 0], extent = [3, 2]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}

// -----

#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [9, 2], shard [32, 32], order "row_major">>
!block = memref<32x32xbf16, strided<[64, 1], offset: ?>>

// CHECK: invalid_schedule.mlir:[[#]]:1: error: the shard grid is larger than the core grid of 8x8 cores: 'A' has shard grid [9, 2] of [1, 1] tiles (row_major), 18 shards
// CHECK-NEXT: note: at most 8 shards along rows and 8 along columns
func.func @too_large(%A: memref<288x64xbf16> {tt.name = "A", tt.layout = #l1}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c9 = arith.constant 9 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c9, %c2) step (%c1, %c1) {
    %m = arith.muli %i, %c32 : index
    %n = arith.muli %j, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : memref<288x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}

// -----

#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [4], shard [32], order "row_major">>
!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// CHECK: invalid_schedule.mlir:[[#]]:1: error: strategy block and partition mode local_shard contradict each other
func.func @both(%A: memref<128x64xbf16> {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {partition_mode = "local_shard", strategy = "block"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}

// -----

// CHECK: invalid_schedule.mlir:[[#]]:1: error: the partition given is of another kernel: its block grid is [3], that of 'given' is [1]
func.func @given(%C: memref<64x64xbf16>) attributes {tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [3], block_tiles [2, 2], tiles [2, 2], work [<3, <<[0, 0], [1, 1]>>>]>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%C : memref<64x64xbf16>) outs(%C : memref<64x64xbf16>)
  }
  func.return
}

// -----

#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [4], shard [32], order "row_major">>
!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// Every core of a small core grid holds a shard, or none can.
// CHECK: invalid_schedule.mlir:[[#]]:1: error: the shard grid is larger than the core grid of 3x1 cores: 'A' has shard grid [4, 1] of [1, 2] tiles (row_major), 4 shards
// CHECK-NEXT: note: an L1 shard is owned by exactly one core; use fewer, larger shards
func.func @small_grid(%A: memref<128x64xbf16> {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {partition_mode = "global", core_grid = [3, 1]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}

// -----

#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [4], shard [32], order "row_major">>
!block = memref<32x64xbf16, strided<[64, 1], offset: ?>>

// CHECK: invalid_schedule.mlir:[[#]]:1: error: the shard grid is larger than the core ranges of 3 cores: 'A' has shard grid [4, 1] of [1, 2] tiles (row_major), 4 shards
func.func @few_ranges(%A: memref<128x64xbf16> {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {core_ranges = [{start = [0, 0], extent = [3, 1]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %m = arith.muli %i, %c32 : index
    %a = memref.subview %A[%m, 0] [32, 64] [1, 1] : memref<128x64xbf16> to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
  }
  func.return
}
