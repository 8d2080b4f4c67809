// Blocks that are the pages of the core's own L1 shard in order are not moved.
// RUN: tt-opt %s -p tt-lower-memory | filecheck %s
// RUN: tt-opt %s -p tt-lower-memory,tt-split-threads | filecheck %s --check-prefix=THREADS

// CHECK-LABEL: func.func @in_place
// CHECK-SAME: {subject = "x", what = "depth", value = "2 blocks", by = "shard of X"}, {subject = "z", what = "depth", value = "2 blocks", by = "shard of Z"}
// CHECK-NEXT: %x = tt.cb.alloc "x" alias 0 : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NEXT: %z = tt.cb.alloc "z" alias 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NOT:  tt.noc
// CHECK:      scf.for
// CHECK-NEXT:   tt.cb.reserve_back %x, 2
// CHECK-NEXT:   tt.cb.push_back %x, 2
// CHECK-NEXT:   tt.cb.wait_front %x, 2
// CHECK-NOT:  tt.noc
// CHECK:        tt.cb.reserve_back %z, 2
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT:   tt.cb.push_back %z, 2
// CHECK-NEXT:   tt.cb.pop_front %x, 2
// CHECK-NEXT:   tt.cb.wait_front %z, 2
// CHECK-NEXT:   tt.cb.pop_front %z, 2
// CHECK-NEXT: }

// THREADS-LABEL: tt.program "in_place"
// THREADS-SAME:  #tt.tensor<"X", in, {{.*}}#tt.tensor<"Z", out,
// THREADS:       tt.thread "reader"
// THREADS:         scf.for
// THREADS-NEXT:      tt.cb.reserve_back %x, 2
// THREADS-NEXT:      tt.cb.push_back %x, 2
// THREADS-NEXT:    }
// THREADS:       tt.thread "compute"
// THREADS:         tt.cb.wait_front %x, 2
// THREADS:         tt.cb.push_back %z, 2
// THREADS:       tt.thread "writer"
// THREADS:         scf.for
// THREADS-NEXT:      tt.cb.wait_front %z, 2
// THREADS-NEXT:      tt.cb.pop_front %z, 2
// THREADS-NEXT:    }
func.func @in_place(%X: memref<128x128xbf16> {tt.name = "X", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %Z: memref<128x128xbf16> {tt.name = "Z", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"local_shard", "contiguous", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], rect [2, 1], work [<2, <<[0, 0], [2, 2]>>>]>, tt.abi = #tt.abi<address "X_addr" = 0, address "Z_addr" = 1, start "start_id" = 0, count "count" = 0, shard "Sm" = 2, shard "Sn" = 2, shard "Gy" = 2, shard "Gx" = 2, shard_coordinate "sy" = 0, shard_coordinate "sx" = 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %row_out = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : memref<128x128xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !tt.layout.block<1x2, tile<32x32, bf16>> -> !tt.layout.block<1x2, tile<32x32, bf16>> {
    ^bb0(%e: !tt.layout.tile<32x32, bf16>):
      %r = tt.compute.apply "exp" %e : !tt.layout.tile<32x32, bf16> -> !tt.layout.tile<32x32, bf16>
      tt.compute.yield %r : !tt.layout.tile<32x32, bf16>
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !tt.layout.block<1x2, tile<32x32, bf16>>, memref<128x128xbf16>
  }
  func.return
}

// From the last row to the first: Z is written page by page.
// CHECK-LABEL: func.func @backwards
// CHECK: tt.cb.alloc "x" alias 0
// CHECK: tt.cb.alloc "z" : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK-NOT: tt.noc.read_page
// CHECK: tt.noc.write_page
func.func @backwards(%X: memref<128x128xbf16> {tt.name = "X", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %Z: memref<128x128xbf16> {tt.name = "Z", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"local_shard", "contiguous", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], rect [2, 1], work [<2, <<[0, 0], [2, 2]>>>]>, tt.abi = #tt.abi<address "X_addr" = 0, address "Z_addr" = 1, start "start_id" = 0, count "count" = 0, shard "Sm" = 2, shard "Sn" = 2, shard "Gy" = 2, shard "Gx" = 2, shard_coordinate "sy" = 0, shard_coordinate "sx" = 1>} {
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
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : memref<128x128xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !tt.layout.block<1x2, tile<32x32, bf16>> -> !tt.layout.block<1x2, tile<32x32, bf16>> {
    ^bb0(%e: !tt.layout.tile<32x32, bf16>):
      %r = tt.compute.apply "exp" %e : !tt.layout.tile<32x32, bf16> -> !tt.layout.tile<32x32, bf16>
      tt.compute.yield %r : !tt.layout.tile<32x32, bf16>
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !tt.layout.block<1x2, tile<32x32, bf16>>, memref<128x128xbf16>
  }
  func.return
}

// The shard of another core: X is read page by page.
// CHECK-LABEL: func.func @of_another_core
// CHECK: tt.cb.alloc "x" : !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
// CHECK: tt.cb.alloc "z" alias 1
// CHECK: tt.noc.read_page
// CHECK-NOT: tt.noc.write_page
func.func @of_another_core(%X: memref<128x128xbf16> {tt.name = "X", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %Z: memref<128x128xbf16> {tt.name = "Z", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"local_shard", "contiguous", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], rect [2, 1], work [<2, <<[0, 0], [2, 2]>>>]>, tt.abi = #tt.abi<address "X_addr" = 0, address "Z_addr" = 1, start "start_id" = 0, count "count" = 0, shard "Sm" = 2, shard "Sn" = 2, shard "Gy" = 2, shard "Gx" = 2, shard_coordinate "sy" = 0, shard_coordinate "sx" = 1>} {
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
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : memref<128x128xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !tt.layout.block<1x2, tile<32x32, bf16>> -> !tt.layout.block<1x2, tile<32x32, bf16>> {
    ^bb0(%e: !tt.layout.tile<32x32, bf16>):
      %r = tt.compute.apply "exp" %e : !tt.layout.tile<32x32, bf16> -> !tt.layout.tile<32x32, bf16>
      tt.compute.yield %r : !tt.layout.tile<32x32, bf16>
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !tt.layout.block<1x2, tile<32x32, bf16>>, memref<128x128xbf16>
  }
  func.return
}

// The work is divided by ids: nothing says that the blocks are the core's own.
// CHECK-LABEL: func.func @global
// CHECK-NOT: alias
func.func @global(%X: memref<128x128xbf16> {tt.name = "X", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %Z: memref<128x128xbf16> {tt.name = "Z", tt.layout = #tt.layout.buffer<l1, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M", "N"], grid [2, 2], shard [64, 64], order "row_major">>}, %start_id: index, %count: index, %Sm: index, %Sn: index, %Gy: index, %Gx: index, %sy: index, %sx: index) attributes {tt.arch = "wormhole", tt.partition = #tt.layout.partition<"global", "block", core_grid [8, 8], blocks [4, 2], block_tiles [1, 2], tiles [4, 4], rect [2, 1], work [<2, <<[0, 0], [2, 2]>>>]>, tt.abi = #tt.abi<address "X_addr" = 0, address "Z_addr" = 1, start "start_id" = 0, count "count" = 0, shard "Sm" = 2, shard "Sn" = 2, shard "Gy" = 2, shard "Gx" = 2, shard_coordinate "sy" = 0, shard_coordinate "sx" = 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = arith.muli %sy, %Sm : index
  %col = arith.muli %sx, %Sn : index
  scf.for %work = %c0 to %count step %c1 {
    %work_id = arith.addi %start_id, %work : index
    %by = arith.addi %row, %work_id : index
    %row_out = arith.addi %row, %work_id : index
    %x = tt.noc.load_block %X[%by, %col] request <0, "x", stages 2, by "default"> : memref<128x128xbf16> -> !tt.layout.block<1x2, tile<32x32, bf16>>
    %z = tt.compute.map %x broadcast ["none"] over 1 by 2 request <1, "z", stages 2, by "default"> : !tt.layout.block<1x2, tile<32x32, bf16>> -> !tt.layout.block<1x2, tile<32x32, bf16>> {
    ^bb0(%e: !tt.layout.tile<32x32, bf16>):
      %r = tt.compute.apply "exp" %e : !tt.layout.tile<32x32, bf16> -> !tt.layout.tile<32x32, bf16>
      tt.compute.yield %r : !tt.layout.tile<32x32, bf16>
    }
    tt.noc.store_block %z, %Z[%row_out, %col] : !tt.layout.block<1x2, tile<32x32, bf16>>, memref<128x128xbf16>
  }
  func.return
}
