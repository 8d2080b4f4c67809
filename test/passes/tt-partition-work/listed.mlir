// Work listed core by core: runs of ids in either order, boxes of one size, the shards; else an error.
// RUN: tt-opt %s -p tt-partition-work --split-input-file --verify-diagnostics | filecheck %s

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK-LABEL: func.func @runs
// CHECK-SAME: #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [2, 4], block_tiles [1, 1], tiles [2, 4], work [<1, <<[5, 5], [1, 1]>>>, <4, <<[0, 0], [1, 1]>>>, <3, <<[2, 1], [1, 1]>>>]>
// CHECK-SAME: tt.decisions = [{subject = "work", what = "work_partition", value = "8 blocks on 3 cores", by = "user"}, {subject = "work", what = "core_grid", value = "[8, 8]", by = "wormhole"}]
func.func @runs(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(5,5)" = [{io = 0, jo = 0}], "(0,0)" = [{io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}, {io = 1, jo = 0}], "(2,1)" = [{io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// CHECK-LABEL: func.func @columns
// CHECK-SAME: "contiguous", {{.*}} order "column_major", work [<3, <<[0, 0], [1, 1]>>>, <5, <<[1, 0], [1, 1]>>>]>
func.func @columns(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 1, jo = 0}, {io = 0, jo = 1}], "(1,0)" = [{io = 1, jo = 1}, {io = 0, jo = 2}, {io = 1, jo = 2}, {io = 0, jo = 3}, {io = 1, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// CHECK-LABEL: func.func @boxes
// CHECK-SAME: "block", {{.*}} rect [2, 2], work [<4, <<[3, 0], [1, 1]>, <[1, 1], [1, 1]>>>]>
func.func @boxes(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(3,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 1, jo = 0}, {io = 1, jo = 1}], "(1,1)" = [{io = 0, jo = 2}, {io = 0, jo = 3}, {io = 1, jo = 2}, {io = 1, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// The shards divide the work so.
// CHECK-LABEL: func.func @own_shards
// CHECK-SAME: "local_shard", {{.*}} rect [1, 4], work [<4, <<[0, 0], [2, 1]>>>]>
func.func @own_shards(%A: !C {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}], "(1,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// And not so: the other way round every block is read from another core.
// CHECK-LABEL: func.func @other_shards
// CHECK-SAME: "global", "contiguous", {{.*}} work [<4, <<[1, 0], [1, 1]>, <[0, 0], [1, 1]>>>]>
// CHECK-SAME: {subject = "work", what = "partition_mode", value = "global", by = "work_partition"}
func.func @other_shards(%A: !C {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}], "(1,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: work_partition: core (0,0) does block (io 1, jo 2) after (io 0, jo 0), which does not follow it in row_major order
// CHECK-NEXT: note: a core's runtime arguments start_id and count say a run of blocks; give whole runs to other cores
// CHECK-NEXT: note: or list boxes of one size, each row by row
func.func @irregular(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 1, jo = 2}], "(1,0)" = [{io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}, {io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: work_partition: core (0,0) does block (io 1, jo 0) after (io 0, jo 0), which does not follow it in row_major order
func.func @asked_for(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 1, jo = 0}, {io = 0, jo = 1}], "(1,0)" = [{io = 1, jo = 1}, {io = 0, jo = 2}, {io = 1, jo = 2}, {io = 0, jo = 3}, {io = 1, jo = 3}]}, order = "row_major"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: block (io 1, jo 3) is given to no core
func.func @gap(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}], "(1,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: block (io 1, jo 0) is given to core (0,0) and to core (1,0)
func.func @double(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}, {io = 1, jo = 0}], "(1,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: block (io 2, jo 0) of core (1,0) is outside the 2x4 block grid
func.func @outside(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}], "(1,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}, {io = 2, jo = 0}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: core (4,0) has work outside the 4x4 core grid
func.func @core_grid(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}], "(4,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}]}, core_grid = [4, 4]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: core (1,1) has work and is in no core range
func.func @core_ranges(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}], "(1,1)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}]}, core_ranges = [{start = [0, 0], extent = [4, 1]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: core (0,0) is given other blocks than those of its shard
// CHECK-NEXT: note: in partition mode local_shard each core works on its own shard
func.func @shard_of_another(%A: !C {tt.name = "A", tt.layout = #l1}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}], "(1,0)" = [{io = 0, jo = 0}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}]}, partition_mode = "local_shard"}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}

// -----

!C = memref<64x128xbf16>
!block = memref<32x32xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>

// CHECK: listed.mlir:[[#]]:1: error: work items have len_k 3, the K blocks of 'depth' are 1
// CHECK-NEXT: note: len_k follows from the kernel: leave it out
func.func @depth(%A: !C {tt.name = "A"}) attributes {tt.user_schedule = {work_partition = {"(0,0)" = [{io = 0, jo = 0, len_k = 3}, {io = 0, jo = 1}, {io = 0, jo = 2}, {io = 0, jo = 3}], "(1,0)" = [{io = 1, jo = 0}, {io = 1, jo = 1}, {io = 1, jo = 2}, {io = 1, jo = 3}]}}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c4) step (%c1, %c1) {
    %m = arith.muli %row, %c32 : index
    %n = arith.muli %column, %c32 : index
    %a = memref.subview %A[%m, %n] [32, 32] [1, 1] : !C to !block
    linalg.copy ins(%a : !block) outs(%a : !block)
    scf.reduce
  }
  func.return
}
