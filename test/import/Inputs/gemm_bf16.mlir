builtin.module {
  func.func @gemm(%A: memref<1024x1024xbf16> {tt.name = "A"}, %B: memref<1024x1024xbf16> {tt.name = "B"}, %C: memref<1024x1024xbf16> {tt.name = "C"}) {
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %c32 = arith.constant 32 : index
    %c128 = arith.constant 128 : index
    "scf.parallel"(%c0, %c0, %c8, %c8, %c1, %c1) <{operandSegmentSizes = array<i32: 2, 2, 2, 0>}> ({
    ^bb0(%column: index, %row: index):
      %A_shared = memref.alloc() {tt.name = "A_shared"} : memref<128x32xbf16, 1 : i64>
      %B_shared = memref.alloc() {tt.name = "B_shared"} : memref<32x128xbf16, 1 : i64>
      %C_local = memref.alloc() {tt.name = "C_local"} : memref<128x128xf32, 2 : i64>
      linalg.fill ins(%zero : f32) outs(%C_local : memref<128x128xf32, 2 : i64>)
      scf.for %ko = %c0 to %c32 step %c1 {
        %0 = arith.muli %row, %c128 : index
        %1 = arith.muli %ko, %c32 : index
        %A_view = memref.subview %A[%0, %1] [128, 32] [1, 1] : memref<1024x1024xbf16> to memref<128x32xbf16, strided<[1024, 1], offset: ?>>
        linalg.copy ins(%A_view : memref<128x32xbf16, strided<[1024, 1], offset: ?>>) outs(%A_shared : memref<128x32xbf16, 1 : i64>)
        %2 = arith.muli %column, %c128 : index
        %B_view = memref.subview %B[%1, %2] [32, 128] [1, 1] : memref<1024x1024xbf16> to memref<32x128xbf16, strided<[1024, 1], offset: ?>>
        linalg.copy ins(%B_view : memref<32x128xbf16, strided<[1024, 1], offset: ?>>) outs(%B_shared : memref<32x128xbf16, 1 : i64>)
        linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A_shared, %B_shared : memref<128x32xbf16, 1 : i64>, memref<32x128xbf16, 1 : i64>) outs(%C_local : memref<128x128xf32, 2 : i64>) {
        ^bb0(%3: bf16, %4: bf16, %5: f32):
          %6 = arith.extf %3 : bf16 to f32
          %7 = arith.extf %4 : bf16 to f32
          %8 = arith.mulf %6, %7 : f32
          %9 = arith.addf %5, %8 : f32
          linalg.yield %9 : f32
        }
      } {tt.num_stages = 3 : i64}
      %10 = arith.muli %row, %c128 : index
      %11 = arith.muli %column, %c128 : index
      %C_view = memref.subview %C[%10, %11] [128, 128] [1, 1] : memref<1024x1024xbf16> to memref<128x128xbf16, strided<[1024, 1], offset: ?>>
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%C_local : memref<128x128xf32, 2 : i64>) outs(%C_view : memref<128x128xbf16, strided<[1024, 1], offset: ?>>) {
      ^bb0(%12: f32, %13: bf16):
        %14 = arith.truncf %12 : f32 to bf16
        linalg.yield %14 : bf16
      }
      scf.reduce
    }) : (index, index, index, index, index, index) -> ()
    func.return
  }
}
