// On-chip buffers ask for circular buffers; depth follows from how they are filled.
// RUN: tt-opt %s -p tt-propagate-layout --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-propagate-layout,tt-propagate-layout | filecheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// num_stages where a tensor is read in the pipelined loop, 1 for the accumulator, 2 otherwise.
// CHECK-LABEL: func.func @gemm
// CHECK: tt.name = "A_shared", tt.cb = #tt.cb.request<0, "A_shared", stages 4, by "num_stages">
// CHECK: tt.cb = #tt.cb.request<1, "b", stages 4, by "num_stages">
// CHECK: tt.cb = #tt.cb.request<2, "acc", stages 1, by "accumulator">
// CHECK: tt.cb = #tt.cb.request<3, "other", stages 2, by "default">
// CHECK: tt.cb = #tt.cb.request<4, "local", stages 2, by "default">
func.func @gemm(%A: memref<64x32xbf16>, %B: memref<32x64xbf16>, %D: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %a = memref.alloc() {tt.name = "A_shared"} : memref<64x32xbf16, 1 : i64>
  %b = memref.alloc() : memref<32x64xbf16, 1 : i64>
  %acc = memref.alloc() : memref<64x64xf32, 2 : i64>
  %other = memref.alloc() : memref<64x64xf32, 1 : i64>
  %local = memref.alloc() : memref<64x64xf32, 1 : i64>
  linalg.copy ins(%D : memref<64x64xf32>) outs(%other : memref<64x64xf32, 1 : i64>)
  scf.for %k = %c0 to %c8 step %c1 {
    scf.for %j = %c0 to %c1 step %c1 {
      linalg.copy ins(%A : memref<64x32xbf16>) outs(%a : memref<64x32xbf16, 1 : i64>)
    }
    linalg.copy ins(%B : memref<32x64xbf16>) outs(%b : memref<32x64xbf16, 1 : i64>)
    linalg.copy ins(%acc : memref<64x64xf32, 2 : i64>) outs(%local : memref<64x64xf32, 1 : i64>)
    linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : memref<64x32xbf16, 1 : i64>, memref<32x64xbf16, 1 : i64>) outs(%acc : memref<64x64xf32, 2 : i64>) {
    ^bb0(%x: bf16, %y: bf16, %z: f32):
      linalg.yield %z : f32
    }
  } {tt.num_stages = 4 : i64}
  func.return
}

// What is asked for already stays, numbers start anew in each kernel, other attributes are kept.
// CHECK-LABEL: func.func @asked
// CHECK: %s = memref.alloc() {tt.cb = #tt.cb.request<7, "s", stages 5, by "user">} : memref<32x32xbf16, 1 : i64>
// CHECK: %t = memref.alloc() {note = "kept", tt.cb = #tt.cb.request<1, "t", stages 2, by "default">} : memref<32x32xbf16, 1 : i64>
func.func @asked() {
  %s = memref.alloc() {tt.cb = #tt.cb.request<7, "s", stages 5, by "user">} : memref<32x32xbf16, 1 : i64>
  %t = memref.alloc() {note = "kept"} : memref<32x32xbf16, 1 : i64>
  func.return
}
