builtin.module {
  func.func @chain(%A: memref<256x128xbf16> {tt.name = "A"}, %B: memref<128x64xbf16> {tt.name = "B"}, %D: memref<64x128xbf16> {tt.name = "D"}, %C: memref<256x128xbf16> {tt.name = "C"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %c64 = arith.constant 64 : index
    %c32 = arith.constant 32 : index
    "scf.parallel"(%c0, %c0, %c2, %c4, %c1, %c1) <{operandSegmentSizes = array<i32: 2, 2, 2, 0>}> ({
    ^bb0(%bx: index, %by: index):
      %A_shared = memref.alloc() {tt.name = "A_shared"} : memref<64x32xbf16, 1 : i64>
      %B_shared = memref.alloc() {tt.name = "B_shared"} : memref<32x64xbf16, 1 : i64>
      %D_shared = memref.alloc() {tt.name = "D_shared"} : memref<64x64xbf16, 1 : i64>
      %P_shared = memref.alloc() {tt.name = "P_shared"} : memref<64x64xbf16, 1 : i64>
      %P_local = memref.alloc() {tt.name = "P_local"} : memref<64x64xf32, 2 : i64>
      %C_local = memref.alloc() {tt.name = "C_local"} : memref<64x64xf32, 2 : i64>
      linalg.fill ins(%zero : f32) outs(%P_local : memref<64x64xf32, 2 : i64>)
      scf.for %ko = %c0 to %c4 step %c1 {
        %0 = arith.muli %by, %c64 : index
        %1 = arith.muli %ko, %c32 : index
        %A_view = memref.subview %A[%0, %1] [64, 32] [1, 1] : memref<256x128xbf16> to memref<64x32xbf16, strided<[128, 1], offset: ?>>
        linalg.copy ins(%A_view : memref<64x32xbf16, strided<[128, 1], offset: ?>>) outs(%A_shared : memref<64x32xbf16, 1 : i64>)
        %B_view = memref.subview %B[%1, %c0] [32, 64] [1, 1] : memref<128x64xbf16> to memref<32x64xbf16, strided<[64, 1], offset: ?>>
        linalg.copy ins(%B_view : memref<32x64xbf16, strided<[64, 1], offset: ?>>) outs(%B_shared : memref<32x64xbf16, 1 : i64>)
        linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A_shared, %B_shared : memref<64x32xbf16, 1 : i64>, memref<32x64xbf16, 1 : i64>) outs(%P_local : memref<64x64xf32, 2 : i64>) {
        ^bb0(%2: bf16, %3: bf16, %4: f32):
          %5 = arith.extf %2 : bf16 to f32
          %6 = arith.extf %3 : bf16 to f32
          %7 = arith.mulf %5, %6 : f32
          %8 = arith.addf %4, %7 : f32
          linalg.yield %8 : f32
        }
      } {tt.num_stages = 2 : i64}
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%P_local : memref<64x64xf32, 2 : i64>) outs(%P_shared : memref<64x64xbf16, 1 : i64>) {
      ^bb0(%9: f32, %10: bf16):
        %11 = arith.truncf %9 : f32 to bf16
        linalg.yield %11 : bf16
      }
      %12 = arith.muli %bx, %c64 : index
      %D_view = memref.subview %D[%c0, %12] [64, 64] [1, 1] : memref<64x128xbf16> to memref<64x64xbf16, strided<[128, 1], offset: ?>>
      linalg.copy ins(%D_view : memref<64x64xbf16, strided<[128, 1], offset: ?>>) outs(%D_shared : memref<64x64xbf16, 1 : i64>)
      linalg.fill ins(%zero : f32) outs(%C_local : memref<64x64xf32, 2 : i64>)
      linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%P_shared, %D_shared : memref<64x64xbf16, 1 : i64>, memref<64x64xbf16, 1 : i64>) outs(%C_local : memref<64x64xf32, 2 : i64>) {
      ^bb0(%13: bf16, %14: bf16, %15: f32):
        %16 = arith.extf %13 : bf16 to f32
        %17 = arith.extf %14 : bf16 to f32
        %18 = arith.mulf %16, %17 : f32
        %19 = arith.addf %15, %18 : f32
        linalg.yield %19 : f32
      }
      %20 = arith.muli %by, %c64 : index
      %C_view = memref.subview %C[%20, %12] [64, 64] [1, 1] : memref<256x128xbf16> to memref<64x64xbf16, strided<[128, 1], offset: ?>>
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%C_local : memref<64x64xf32, 2 : i64>) outs(%C_view : memref<64x64xbf16, strided<[128, 1], offset: ?>>) {
      ^bb0(%21: f32, %22: bf16):
        %23 = arith.truncf %21 : f32 to bf16
        linalg.yield %23 : bf16
      }
      scf.reduce
    }) : (index, index, index, index, index, index) -> ()
    func.return
  }
}
