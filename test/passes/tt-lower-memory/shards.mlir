// Blocks in the core's own L1 shard are not moved: a circular buffer on the shard is open all the time.
// RUN: tt-opt %s -p tt-lower-memory | filecheck %s
// RUN: tt-opt %s -p tt-lower-memory,tt-split-threads | filecheck %s --check-prefix=THREADS

#shards = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>
#local = #tt.layout.partition<"local_shard", "contiguous", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], rect [2, 1], work [<2, <<[0, 0], [2, 2]>>>]>
#abi = #tt.abi<address "X_addr" = 0, address "Z_addr" = 1, start "start_id" = 0, count "count" = 0, shard "Sm" = 2, shard "Sn" = 2, shard "Gy" = 2, shard "Gx" = 2, shard_coordinate "sy" = 0, shard_coordinate "sx" = 1>
!tensor = memref<128x128xbf16>
!row = !tt.layout.block<1x2, tile<32x32, bf16>>
!col = !tt.layout.block<2x1, tile<32x32, bf16>>
!tile = !tt.layout.tile<32x32, bf16>

// Rows of the shard: pages 2 * (row mod 2) and the next.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME: {subject = "X_shard", what = "depth", value = "1 blocks", by = "shard of X"}, {subject = "Z_out_shard", what = "depth", value = "1 blocks", by = "shard of Z"}
// CHECK-NEXT: %X_shard = tt.cb.alloc "X_shard" alias 0 : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
// CHECK-NEXT: %Z_out_shard = tt.cb.alloc "Z_out_shard" alias 1 : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>
// CHECK-NEXT: tt.cb.reserve_back %X_shard, 4
// CHECK-NEXT: tt.cb.push_back %X_shard, 4
// CHECK-NEXT: tt.cb.wait_front %X_shard, 4
// CHECK-NEXT: tt.cb.reserve_back %Z_out_shard, 4
// CHECK-NOT:  tt.noc
// CHECK:      scf.for
// CHECK:        %[[X:.*]] = arith.remui %by, %c2 : index
// CHECK:        %X_page = arith.muli %[[X]]
// CHECK:        %[[Z:.*]] = arith.remui %row_out
// CHECK:        %Z_page = arith.muli %[[Z]]
// CHECK-NOT:  tt.cb
// CHECK:        tt.compute.copy_block %X_shard[%X_page], %dst
// CHECK:        scf.for %[[T:tile_1]] =
// CHECK-NEXT:     %[[PAGE:.*]] = arith.addi %Z_page, %[[T]] : index
// CHECK-NEXT:     tt.compute.pack_tile %dst[%[[T]]], %Z_out_shard[%[[PAGE]]]
// CHECK-NEXT:   }
// CHECK-NEXT: }
// CHECK-NEXT: tt.cb.pop_front %X_shard, 4
// CHECK-NEXT: tt.cb.push_back %Z_out_shard, 4
// CHECK-NEXT: tt.cb.wait_front %Z_out_shard, 4
// CHECK-NEXT: tt.cb.pop_front %Z_out_shard, 4

// THREADS-LABEL: tt.program "in_place"
// THREADS-SAME:  #tt.tensor<"X", in, {{.*}}#tt.tensor<"Z", out,
// THREADS:       tt.thread "reader"
// THREADS-NEXT:    tt.cb.reserve_back %X_shard, 4
// THREADS-NEXT:    tt.cb.push_back %X_shard, 4
// THREADS-NEXT:  }
// THREADS:       tt.thread "compute"
// THREADS:         tt.cb.wait_front %X_shard, 4
// THREADS:         tt.cb.push_back %Z_out_shard, 4
// THREADS:       tt.thread "writer"
// THREADS-NEXT:    tt.cb.wait_front %Z_out_shard, 4
// THREADS-NEXT:    tt.cb.pop_front %Z_out_shard, 4
// THREADS-NEXT:  }
func.func @in_place(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #local, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %row_out = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : !tensor -> !row
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !row -> !row {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !row, !tensor
  }
  func.return
}

// From the last row to the first, which is as good.
// CHECK-LABEL: func.func @backwards
// CHECK: tt.cb.alloc "Z_out_shard" alias 1
// CHECK-NOT: tt.noc
func.func @backwards(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #local, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %rest = arith.subi %Sm, %work_id : index
    %left = arith.subi %rest, %c1 : index
    %row_out = arith.addi %row, %left : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : !tensor -> !row
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !row -> !row {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !row, !tensor
  }
  func.return
}

// The place is known only after the block has been made: compute copies the block to it.
// CHECK-LABEL: func.func @late
// CHECK: tt.cb.alloc "Z_out_shard" alias 1
// CHECK-NOT: tt.noc
// CHECK: %[[PLACE:.*]] = scf.if
// CHECK-NOT: tt.noc
// CHECK: tt.compute.pack_tile {{.*}}, %Z_out_shard
// CHECK-NOT: tt.noc
func.func @late(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #local, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : !tensor -> !row
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !row -> !row {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    %first = arith.cmpi eq, %work_id, %c0 : index
    %place = scf.if %first -> (index) {
      scf.yield %c1 : index
    } else {
      scf.yield %c0 : index
    }
    %c2 = arith.constant 2 : index
    %left = arith.remui %place, %c2 : index
    %row_out = arith.addi %row, %left : index
    tt.noc.store_block %z, %Z[%row_out, %col] : !row, !tensor
  }
  func.return
}

// Columns of the shard: the second page is two further on, to be read and to be packed.
// CHECK-LABEL: func.func @columns
// CHECK:   %X_page = arith.remui %bx
// CHECK:   %Z_page = arith.remui %bx
// CHECK:     %[[STEP:.*]] = arith.muli %tile, %{{.*}} : index
// CHECK-NEXT: %[[PAGE:.*]] = arith.addi %X_page, %[[STEP]] : index
// CHECK:     tt.compute.copy_tile %X_shard[%[[PAGE]]], %dst[%tile]
// CHECK:     %[[STEP:.*]] = arith.muli %tile_2, %{{.*}} : index
// CHECK-NEXT: %[[PAGE:.*]] = arith.addi %Z_page, %[[STEP]] : index
// CHECK-NEXT: tt.compute.pack_tile %dst[%tile_2], %Z_out_shard[%[[PAGE]]]
func.func @columns(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #local, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %bx = arith.addi %col, %work_id : index
    %x = tt.noc.load_block %X[%row, %bx] request <0, "x", stages 2, by "default"> : !tensor -> !col
    %z = tt.compute.map %x broadcast ["none"] over 2 by 1 request <1, "z", stages 2, by "default"> : !col -> !col {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    tt.noc.store_block %z, %Z[%row, %bx] : !col, !tensor
  }
  func.return
}

// X is replaced where it lies: one buffer reads the shard, another packs it.
// CHECK-LABEL: func.func @replaced
// CHECK-DAG: %X_shard = tt.cb.alloc "X_shard" alias 0
// CHECK-DAG: %X_out_shard = tt.cb.alloc "X_out_shard" alias 0
// CHECK-NOT: tt.noc
// THREADS-LABEL: tt.program "replaced"
// THREADS-SAME:  #tt.tensor<"X", inout,
func.func @replaced(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #local, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : !tensor -> !row
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !row -> !row {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    tt.noc.store_block %z, %X[%by, %col] : !row, !tensor
  }
  func.return
}

// The old block is read after the new one is made: X is moved, Z is not.
// CHECK-LABEL: func.func @needed_later
// CHECK-NOT: alias 0
// CHECK:     tt.cb.alloc "Z_out_shard" alias 1
// CHECK-NOT: alias 0
// CHECK:     tt.noc.read_page
// CHECK:     tt.noc.write_page
func.func @needed_later(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #local, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : !tensor -> !row
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !row -> !row {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    %y = tt.compute.map %x broadcast ["none"] over 1 by 2 request <2, "y", stages 2, by "default"> : !row -> !row {
    ^bb0(%f: !tile):
      %q = tt.compute.apply "exp" %f : !tile -> !tile
      tt.compute.yield %q : !tile
    }
    tt.noc.store_block %y, %Z[%by, %col] : !row, !tensor
    tt.noc.store_block %z, %X[%by, %col] : !row, !tensor
  }
  func.return
}

// The shard of another core: X is read page by page.
// CHECK-LABEL: func.func @of_another_core
// CHECK: tt.cb.alloc "x" : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK: tt.cb.alloc "Z_out_shard" alias 1
// CHECK: tt.noc.read_page
// CHECK-NOT: tt.noc.write_page
func.func @of_another_core(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #local, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by_here = arith.addi %row, %work_id : index
    %next = arith.addi %by_here, %Sm : index
    %c4 = arith.constant 4 : index
    %by = arith.remui %next, %c4 : index
    %row_out = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : !tensor -> !row
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !row -> !row {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !row, !tensor
  }
  func.return
}

// The work is divided by ids: nothing says that the blocks are the core's own.
// CHECK-LABEL: func.func @global
// CHECK-NOT: alias
func.func @global(%X: !tensor {tt.name = "X", tt.layout = #shards}, %Z: !tensor {tt.name = "Z", tt.layout = #shards}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "block", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], rect [2, 1], work [<2, <<[0, 0], [2, 2]>>>]>, tt.abi = #abi} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %row_out = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : !tensor -> !row
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !row -> !row {
    ^bb0(%e: !tile):
      %r = tt.compute.apply "exp" %e : !tile -> !tile
      tt.compute.yield %r : !tile
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !row, !tensor
  }
  func.return
}
