// From TILE to METALIUM in one pass, with its options; the same as the passes one after the other.
// RUN: tt-opt %s -p tt-lower -o %t.umbrella.mlir
// RUN: tt-opt %s -p tt-infer-layout,tt-propagate-layout,tt-pad-tiles,tt-partition-work,tt-grid-to-persistent,tt-tensorize,tt-reblock-k,tt-lower-memory,tt-split-threads,tt-allocate-dst,tt-insert-inits,tt-plan-cbs,tt-verify --verify-levels -o %t.passes.mlir
// RUN: diff %t.umbrella.mlir %t.passes.mlir
// RUN: cat %t.umbrella.mlir | filecheck %s
// RUN: tt-opt %s --pass-pipeline='builtin.module(tt-lower{arch=blackhole metalium-api=v1 fidelity=HiFi2})' | filecheck %s --check-prefix=OPTIONS
// RUN: not tt-opt %s -p 'tt-lower{arch=hopper}' 2>&1 | filecheck %s --check-prefix=ARCH
// RUN: not tt-opt %s -p 'tt-lower{fidelity=HiFi1}' 2>&1 | filecheck %s --check-prefix=FIDELITY
// RUN: not tt-opt %s -p 'tt-lower{metalium-api=v3}' 2>&1 | filecheck %s --check-prefix=API

// ARCH: error: unknown architecture 'hopper', expected one of wormhole, blackhole, grayskull
// FIDELITY: error: unknown fidelity 'HiFi1', expected one of LoFi, HiFi2, HiFi3, HiFi4
// API: error: unknown Metalium API 'v3', expected one of v2, v1
// OPTIONS: tt.program "gemm" arch "blackhole" api "v1" config <"HiFi2", dst32 true, full_sync false>
// OPTIONS-SAME: core_grid [11, 10]

// CHECK:      tt.program "gemm" arch "wormhole" api "v2" config <"HiFi3", dst32 true, full_sync false>
// CHECK-SAME: abi <address "A_addr" = 0, address "B_addr" = 1, address "C_addr" = 2, start "start_id" = 0, count "count" = 0, extent "Mt" = 4, extent "Kt" = 4, extent "Nt" = 4>
// CHECK-SAME: blocks [2, 2], block_tiles [2, 2], tiles [4, 4], work [<1, <<[0, 0], [4, 1]>>>]
// CHECK-DAG:    tt.cb.alloc "A_shared" id 0
// CHECK-DAG:    tt.cb.alloc "B_shared" id 1
// CHECK-DAG:    tt.cb.alloc "C_out" id 16
// CHECK:      tt.thread "reader" on "riscv_1" noc 0
// CHECK:        tt.noc.read_page
// CHECK:        tt.noc.read_page
// CHECK:        tt.noc.read_barrier noc 0
// CHECK:      tt.thread "compute" on "compute"
// CHECK-NEXT:   tt.compute.hw_startup matmul %A_shared, %B_shared, %C_out
// CHECK:        tt.compute.matmul_block_init
// CHECK:        scf.for
// CHECK:        tt.compute.tile_regs_acquire
// CHECK:        tt.compute.dst index 0 : !tt.compute.dst<4, f32>
// CHECK:        tt.compute.matmul_block %A_shared[%{{.*}}], %B_shared[%{{.*}}], %{{.*}} rt 2 ct 2
// CHECK:        tt.compute.tile_regs_commit
// CHECK:        tt.cb.reserve_back %C_out, 4
// CHECK-NEXT:   tt.compute.tile_regs_wait
// CHECK-NEXT:   tt.compute.pack_block
// CHECK-NEXT:   tt.compute.tile_regs_release
// CHECK-NEXT:   tt.cb.push_back %C_out, 4
// CHECK:      tt.thread "writer" on "riscv_0" noc 1
// CHECK:        tt.noc.write_page
// CHECK:        tt.noc.write_barrier noc 1

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#same = affine_map<(i, j) -> (i, j)>
func.func @gemm(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}, %C: memref<128x128xbf16> {tt.name = "C"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c2) step (%c1, %c1) {
    %A_shared = memref.alloc() {tt.name = "A_shared"} : memref<64x32xbf16, 1 : i64>
    %B_shared = memref.alloc() {tt.name = "B_shared"} : memref<32x64xbf16, 1 : i64>
    %C_local = memref.alloc() {tt.name = "C_local"} : memref<64x64xf32, 2 : i64>
    linalg.fill ins(%zero : f32) outs(%C_local : memref<64x64xf32, 2 : i64>)
    %m = arith.muli %row, %c64 : index
    %n = arith.muli %column, %c64 : index
    scf.for %ko = %c0 to %c4 step %c1 {
      %k = arith.muli %ko, %c32 : index
      %A_view = memref.subview %A[%m, %k] [64, 32] [1, 1] : memref<128x128xbf16> to memref<64x32xbf16, strided<[128, 1], offset: ?>>
      linalg.copy ins(%A_view : memref<64x32xbf16, strided<[128, 1], offset: ?>>) outs(%A_shared : memref<64x32xbf16, 1 : i64>)
      %B_view = memref.subview %B[%k, %n] [32, 64] [1, 1] : memref<128x128xbf16> to memref<32x64xbf16, strided<[128, 1], offset: ?>>
      linalg.copy ins(%B_view : memref<32x64xbf16, strided<[128, 1], offset: ?>>) outs(%B_shared : memref<32x64xbf16, 1 : i64>)
      linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A_shared, %B_shared : memref<64x32xbf16, 1 : i64>, memref<32x64xbf16, 1 : i64>) outs(%C_local : memref<64x64xf32, 2 : i64>) {
      ^bb0(%x: bf16, %y: bf16, %z: f32):
        %p = arith.extf %x : bf16 to f32
        %q = arith.extf %y : bf16 to f32
        %r = arith.mulf %p, %q : f32
        %s = arith.addf %z, %r : f32
        linalg.yield %s : f32
      }
    } {tt.num_stages = 3 : i64}
    %C_view = memref.subview %C[%m, %n] [64, 64] [1, 1] : memref<128x128xbf16> to memref<64x64xbf16, strided<[128, 1], offset: ?>>
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%C_local : memref<64x64xf32, 2 : i64>) outs(%C_view : memref<64x64xbf16, strided<[128, 1], offset: ?>>) {
    ^bb0(%x: f32, %y: bf16):
      %t = arith.truncf %x : f32 to bf16
      linalg.yield %t : bf16
    }
  }
  func.return
}
