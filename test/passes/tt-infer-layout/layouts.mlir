// Every tensor parameter gets a layout; the parts of its axes come from the contractions it is in.
// RUN: tt-opt %s -p tt-infer-layout --verify-levels | filecheck %s
// RUN: tt-opt %s -p tt-infer-layout,tt-infer-layout | filecheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Traced through on-chip buffers.
// CHECK:      func.func @gemm(%A: memref<64x32xbf16> {tt.name = "A", tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">},
// CHECK-SAME: %B: memref<32x96xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes ["K", "N"], by "default">},
// CHECK-SAME: %C: memref<64x96xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes ["M", "N"], by "default">})
func.func @gemm(%A: memref<64x32xbf16> {tt.name = "A"}, %B: memref<32x96xbf16>, %C: memref<64x96xf32>) {
  %a = memref.alloc() : memref<64x32xbf16, 1 : i64>
  %b = memref.alloc() : memref<32x96xbf16, 1 : i64>
  %c = memref.alloc() : memref<64x96xf32, 2 : i64>
  linalg.copy ins(%A : memref<64x32xbf16>) outs(%a : memref<64x32xbf16, 1 : i64>)
  linalg.copy ins(%B : memref<32x96xbf16>) outs(%b : memref<32x96xbf16, 1 : i64>)
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : memref<64x32xbf16, 1 : i64>, memref<32x96xbf16, 1 : i64>) outs(%c : memref<64x96xf32, 2 : i64>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    linalg.yield %z : f32
  }
  linalg.copy ins(%c : memref<64x96xf32, 2 : i64>) outs(%C : memref<64x96xf32>)
  func.return
}

// Transposed operands, and a layout the user gave, which stays.
// CHECK:      func.func @transposed(%A: memref<32x64xbf16> {{{.*}}axes ["K", "M"], by "default">},
// CHECK-SAME: %B: memref<96x32xbf16> {tt.layout = #tt.layout.buffer<l1, interleaved, tile<16x32, bf16>, axes [], by "user">},
// CHECK-SAME: %C: memref<64x96xf32> {{{.*}}axes ["M", "N"], by "default">})
func.func @transposed(%A: memref<32x64xbf16>, %B: memref<96x32xbf16> {tt.layout = #tt.layout.buffer<l1, interleaved, tile<16x32, bf16>, axes [], by "user">}, %C: memref<64x96xf32>) {
  linalg.generic {indexing_maps = [#km, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A, %B : memref<32x64xbf16>, memref<96x32xbf16>) outs(%C : memref<64x96xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    linalg.yield %z : f32
  }
  func.return
}

// A batch axis comes first and is B.
// CHECK:      func.func @batch(%A: memref<3x64x32xbf16> {{{.*}}axes ["B", "M", "K"], by "default">},
// CHECK-SAME: %B: memref<32x64xbf16> {{{.*}}axes ["K", "N"], by "default">}, %C: memref<3x64x64xf32> {{{.*}}axes ["B", "M", "N"], by "default">})
func.func @batch(%A: memref<3x64x32xbf16>, %B: memref<32x64xbf16>, %C: memref<3x64x64xf32>) {
  %c0 = arith.constant 0 : index
  %a = memref.subview %A[%c0, 0, 0] [1, 64, 32] [1, 1, 1] : memref<3x64x32xbf16> to memref<64x32xbf16, strided<[32, 1], offset: ?>>
  %c = memref.subview %C[%c0, 0, 0] [1, 64, 64] [1, 1, 1] : memref<3x64x64xf32> to memref<64x64xf32, strided<[64, 1], offset: ?>>
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %B : memref<64x32xbf16, strided<[32, 1], offset: ?>>, memref<32x64xbf16>) outs(%c : memref<64x64xf32, strided<[64, 1], offset: ?>>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    linalg.yield %z : f32
  }
  func.return
}

// Two products of different extents are no single product: no labels.
// CHECK: func.func @two({{.*}}axes [], by "default">}, {{.*}}axes [], by "default">}, {{.*}}axes [], by "default">}, {{.*}}axes [], by "default">})
func.func @two(%A: memref<32x32xbf16>, %B: memref<32x64xbf16>, %C: memref<32x64xf32>, %D: memref<32x32xf32>) {
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A, %B : memref<32x32xbf16>, memref<32x64xbf16>) outs(%C : memref<32x64xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    linalg.yield %z : f32
  }
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A, %A : memref<32x32xbf16>, memref<32x32xbf16>) outs(%D : memref<32x32xf32>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    linalg.yield %z : f32
  }
  func.return
}

// Scalars and declarations are left alone.
// CHECK: func.func @scalars(%n: index, %X: memref<32x32xf16> {tt.layout = {{.*}}tile<32x32, f16>
// CHECK: func.func private @declared(memref<4xi8>)
func.func @scalars(%n: index, %X: memref<32x32xf16>) {
  func.return
}
func.func private @declared(memref<4xi8>)

// Blocks of other dimensions than the last two: [batch, rows, head, columns].
// CHECK: func.func @heads(%Q: memref<2x128x4x64xbf16> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], tiled [1, 3], by "default">})
func.func @heads(%Q: memref<2x128x4x64xbf16>) {
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %v = memref.subview %Q[%c1, %c32, %c1, 0] [1, 32, 1, 64] [1, 1, 1, 1] : memref<2x128x4x64xbf16> to memref<32x64xbf16, strided<[256, 1], offset: ?>>
  func.return
}

// A vector added to rows is a row vector, one added to columns a column vector, a vector that is
// never used with a matrix a row vector; a reduction over columns gives a column vector. What is
// copied has one form.
// CHECK:      func.func @vectors(%bias: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">},
// CHECK-SAME: %scale: memref<4x64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [1, _], by "default">},
// CHECK-SAME: %sums: memref<2x4x64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [2, _], by "default">},
// CHECK-SAME: %copy: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">},
// CHECK-SAME: %row: memref<1x64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">},
// CHECK-SAME: %unused: memref<64xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [_, 0], by "default">})
func.func @vectors(%bias: memref<64xf32>, %scale: memref<4x64xf32>, %sums: memref<2x4x64xf32>, %copy: memref<64xf32>, %row: memref<1x64xf32>, %unused: memref<64xf32>) {
  %c1 = arith.constant 1 : index
  %x = memref.alloc() : memref<64x64xf32, 1 : i64>
  %b = memref.alloc() : memref<64xf32, 1 : i64>
  %s = memref.alloc() : memref<64xf32, 1 : i64>
  %t = memref.alloc() : memref<64xf32, 1 : i64>
  %r = memref.alloc() : memref<1x64xf32, 1 : i64>
  linalg.copy ins(%bias : memref<64xf32>) outs(%b : memref<64xf32, 1 : i64>)
  %scale_view = memref.subview %scale[%c1, 0] [1, 64] [1, 1] : memref<4x64xf32> to memref<64xf32, strided<[1], offset: ?>>
  linalg.copy ins(%scale_view : memref<64xf32, strided<[1], offset: ?>>) outs(%s : memref<64xf32, 1 : i64>)
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%b, %s : memref<64xf32, 1 : i64>, memref<64xf32, 1 : i64>) outs(%x : memref<64x64xf32, 1 : i64>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    linalg.yield %p : f32
  }
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%x : memref<64x64xf32, 1 : i64>) outs(%t : memref<64xf32, 1 : i64>) {
  ^bb0(%p: f32, %o: f32):
    %sum = arith.addf %o, %p : f32
    linalg.yield %sum : f32
  }
  %sums_view = memref.subview %sums[%c1, %c1, 0] [1, 1, 64] [1, 1, 1] : memref<2x4x64xf32> to memref<64xf32, strided<[1], offset: ?>>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%t : memref<64xf32, 1 : i64>) outs(%sums_view : memref<64xf32, strided<[1], offset: ?>>) {
  ^bb0(%p: f32, %o: f32):
    linalg.yield %p : f32
  }
  linalg.copy ins(%b : memref<64xf32, 1 : i64>) outs(%copy : memref<64xf32>)
  linalg.copy ins(%row : memref<1x64xf32>) outs(%r : memref<1x64xf32, 1 : i64>)
  func.return
}
