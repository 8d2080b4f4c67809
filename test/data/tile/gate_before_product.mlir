builtin.module {
  func.func @k(%A: memref<128x64xbf16> {tt.name = "A"}, %B: memref<64x128xbf16> {tt.name = "B"}, %X: memref<128x256xbf16> {tt.name = "X"}, %Y: memref<128x256xbf16> {tt.name = "Y"}, %C: memref<128x128xf32> {tt.name = "C"}) {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %c2 = arith.constant 2 : index
    %zero = arith.constant 0.000000e+00 : f32
    "scf.parallel"(%c0, %c0, %c4, %c4, %c1, %c1) <{operandSegmentSizes = array<i32: 2, 2, 2, 0>}> ({
    ^bb0(%bx: index, %by: index):
      %a = memref.alloc() {tt.name = "a"} : memref<32x32xbf16, 1 : i64>
      %b = memref.alloc() {tt.name = "b"} : memref<32x32xbf16, 1 : i64>
      %s = memref.alloc() {tt.name = "s"} : memref<32x64xbf16, 1 : i64>
      %c = memref.alloc() {tt.name = "c"} : memref<32x32xf32, 2 : i64>
      %0 = arith.muli %by, %c32 : index
      %1 = arith.muli %bx, %c2 : index
      %2 = arith.muli %1, %c32 : index
      %X_view = memref.subview %X[%0, %2] [32, 64] [1, 1] : memref<128x256xbf16> to memref<32x64xbf16, strided<[256, 1], offset: ?>>
      linalg.copy ins(%X_view : memref<32x64xbf16, strided<[256, 1], offset: ?>>) outs(%s : memref<32x64xbf16, 1 : i64>)
      %Y_view = memref.subview %Y[%0, %2] [32, 64] [1, 1] : memref<128x256xbf16> to memref<32x64xbf16, strided<[256, 1], offset: ?>>
      linalg.copy ins(%s : memref<32x64xbf16, 1 : i64>) outs(%Y_view : memref<32x64xbf16, strided<[256, 1], offset: ?>>)
      linalg.fill ins(%zero : f32) outs(%c : memref<32x32xf32, 2 : i64>)
      scf.for %ko = %c0 to %c2 step %c1 {
        %3 = arith.muli %ko, %c32 : index
        %A_view = memref.subview %A[%0, %3] [32, 32] [1, 1] : memref<128x64xbf16> to memref<32x32xbf16, strided<[64, 1], offset: ?>>
        linalg.copy ins(%A_view : memref<32x32xbf16, strided<[64, 1], offset: ?>>) outs(%a : memref<32x32xbf16, 1 : i64>)
        %4 = arith.muli %bx, %c32 : index
        %B_view = memref.subview %B[%3, %4] [32, 32] [1, 1] : memref<64x128xbf16> to memref<32x32xbf16, strided<[128, 1], offset: ?>>
        linalg.copy ins(%B_view : memref<32x32xbf16, strided<[128, 1], offset: ?>>) outs(%b : memref<32x32xbf16, 1 : i64>)
        linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : memref<32x32xbf16, 1 : i64>, memref<32x32xbf16, 1 : i64>) outs(%c : memref<32x32xf32, 2 : i64>) {
        ^bb0(%5: bf16, %6: bf16, %7: f32):
          %8 = arith.extf %5 : bf16 to f32
          %9 = arith.extf %6 : bf16 to f32
          %10 = arith.mulf %8, %9 : f32
          %11 = arith.addf %7, %10 : f32
          linalg.yield %11 : f32
        }
      } {tt.num_stages = 2 : i64}
      %12 = arith.muli %bx, %c32 : index
      %C_view = memref.subview %C[%0, %12] [32, 32] [1, 1] : memref<128x128xf32> to memref<32x32xf32, strided<[128, 1], offset: ?>>
      linalg.copy ins(%c : memref<32x32xf32, 2 : i64>) outs(%C_view : memref<32x32xf32, strided<[128, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index, index, index, index) -> ()
    func.return
  }
}
