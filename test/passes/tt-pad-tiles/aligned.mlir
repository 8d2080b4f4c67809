// Whole tiles inside their tensors pass, and the program does not change.
// RUN: tt-opt %s -o %t.before.mlir
// RUN: tt-opt %s -p tt-pad-tiles --verify-levels -o %t.after.mlir
// RUN: diff %t.before.mlir %t.after.mlir

func.func @blocks(%A: memref<384x512xbf16>, %T: memref<3x2x64x128xf32>, %H: memref<3x64x2x128xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [1, 3], by "default">}, %V: memref<3x128xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], tiled [1, _], by "default">}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c96 = arith.constant 96 : index
  %c128 = arith.constant 128 : index
  scf.parallel (%row, %batch) = (%c0, %c0) to (%c4, %c3) step (%c1, %c1) {
    %s = memref.alloc() : memref<96x128xbf16, 1 : i64>
    %m = arith.muli %row, %c96 : index
    scf.for %k = %c0 to %c4 step %c1 {
      %column = arith.muli %k, %c128 : index
      %view = memref.subview %A[%m, %column] [96, 128] [1, 1] : memref<384x512xbf16> to memref<96x128xbf16, strided<[512, 1], offset: ?>>
      linalg.copy ins(%view : memref<96x128xbf16, strided<[512, 1], offset: ?>>) outs(%s : memref<96x128xbf16, 1 : i64>)
    }
    // Vectors, and buffers with extents of one.
    %v = memref.alloc() : memref<64xf32, 1 : i64>
    %u = memref.alloc() : memref<1x64x32xf32, 1 : i64>
    %w = memref.alloc() : memref<64x1xf32, 1 : i64>
    // Leading dimensions are counted in elements.
    %plane = memref.subview %T[%batch, 1, 32, 0] [1, 1, 32, 128] [1, 1, 1, 1] : memref<3x2x64x128xf32> to memref<32x128xf32, strided<[128, 1], offset: ?>>
    // So are other dimensions that are not tiled.
    %head = memref.subview %H[%batch, 32, 1, 0] [1, 32, 1, 128] [1, 1, 1, 1] : memref<3x64x2x128xf32> to memref<32x128xf32, strided<[256, 1], offset: ?>>
    %vector = memref.subview %V[%batch, 96] [1, 32] [1, 1] : memref<3x128xf32> to memref<32xf32, strided<[1], offset: ?>>
  }
  func.return
}
