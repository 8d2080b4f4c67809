// Facts of a schedule: held against what follows from the kernel, in both partition modes.
// RUN: tt-opt %s -p tt-partition-work,tt-grid-to-persistent --split-input-file --verify-diagnostics | filecheck %s

!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>

// CHECK-LABEL: func.func @shards
// CHECK-SAME: "local_shard"
func.func @shards(%B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {grid_tiles = [5, 4], shard_grid = [3, 2], local_shape_tiles = [2, 2], runtime_args = ["tt_start_tile", "tt_tile_count", "Sm", "Sn", "Gy", "Gx", "tt_shard_coord_y", "tt_shard_coord_x"]}} {
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
    scf.reduce
  }
  func.return
}

// -----
!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>

// CHECK-LABEL: func.func @global
// CHECK-SAME: "global"
func.func @global(%B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {partition_mode = "global", grid_tiles = [5, 4], shard_grid = [1, 1], local_shape_tiles = [5, 4], runtime_args = ["start_id", "count"]}} {
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
    scf.reduce
  }
  func.return
}

// -----
!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>

// CHECK: stated.mlir:[[#]]:1: error: the schedule says grid_tiles [4, 5], that of 'tiles' is [5, 4]
// CHECK-NEXT: note: it follows from the kernel and its layouts; leave grid_tiles out
func.func @tiles(%B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {grid_tiles = [4, 5]}} {
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
    scf.reduce
  }
  func.return
}

// -----
!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>

// CHECK: stated.mlir:[[#]]:1: error: the schedule says shard_grid [2, 3], that of 'grid' in partition mode local_shard is [3, 2]
func.func @grid(%B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {shard_grid = [2, 3]}} {
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
    scf.reduce
  }
  func.return
}

// -----
!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>

// CHECK: stated.mlir:[[#]]:1: error: the schedule says local_shape_tiles [2, 1], that of 'local' in partition mode local_shard is [2, 2]
func.func @local(%B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {local_shape_tiles = [2, 1]}} {
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
    scf.reduce
  }
  func.return
}

// -----
!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>

// CHECK: stated.mlir:[[#]]:1: error: the schedule says shard_grid [3, 2], that of 'no_shards' in partition mode global is [1, 1]
func.func @no_shards(%B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {partition_mode = "global", shard_grid = [3, 2]}} {
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
    scf.reduce
  }
  func.return
}

// -----
!T = memref<160x128xbf16>
!block = memref<32x64xbf16, strided<[128, 1], offset: ?>>
#l1 = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [3, 2], shard [64, 64], order "row_major">>

// CHECK: stated.mlir:[[#]]:1: error: the schedule says runtime_args start_id, count, Mt, Kt, Nt, those of 'arguments' are start_id, count
// CHECK-NEXT: note: they follow from the kernel and its partition, after the addresses; leave runtime_args out
func.func @arguments(%B: !T {tt.name = "B", tt.layout = #l1}) attributes {tt.user_schedule = {partition_mode = "global", runtime_args = ["start_id", "count", "Mt", "Kt", "Nt"]}} {
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
    scf.reduce
  }
  func.return
}

