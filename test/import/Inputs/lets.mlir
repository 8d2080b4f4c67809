builtin.module {
  func.func @lets(%A: memref<512x512xbf16> {tt.name = "A"}, %B: memref<512x512xf32> {tt.name = "B"}) {
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %c64 = arith.constant 64 : index
    %c2 = arith.constant 2 : index
    %c9 = arith.constant 9 : index
    %c7 = arith.constant 7 : index
    %zero = arith.constant 0.000000e+00 : f32
    %c4 = arith.constant 4 : index
    %cm2 = arith.constant -2 : index
    "scf.parallel"(%c0, %c8, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
    ^bb0(%bx: index):
      %tile = memref.alloc() {tt.name = "tile"} : memref<64x64xbf16, 1 : i64>
      %total = memref.alloc() {tt.name = "total"} : memref<64x64xf32, 2 : i64>
      scf.for %_tmp = %c0 to %c3 step %c1 {
        %row = arith.muli %bx, %c64 : index
        %0 = arith.muli %_tmp, %c2 : index
        %k = arith.addi %c3, %0 : index
        %1 = arith.subi %k, %c9 : index
        %2 = arith.floordivsi %1, %c8 : index
        %3 = arith.muli %2, %c8 : index
        %part = arith.subi %1, %3 : index
        %4 = arith.muli %part, %c64 : index
        %A_view = memref.subview %A[%row, %4] [64, 64] [1, 1] : memref<512x512xbf16> to memref<64x64xbf16, strided<[512, 1], offset: ?>>
        linalg.copy ins(%A_view : memref<64x64xbf16, strided<[512, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
        %5 = arith.addi %k, %c7 : index
        %6 = arith.remsi %5, %c8 : index
        %column = arith.muli %6, %c64 : index
        %A_view_1 = memref.subview %A[%row, %column] [64, 64] [1, 1] : memref<512x512xbf16> to memref<64x64xbf16, strided<[512, 1], offset: ?>>
        linalg.copy ins(%A_view_1 : memref<64x64xbf16, strided<[512, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
        %7 = arith.cmpi eq, %_tmp, %c0 : index
        scf.if %7 {
          linalg.fill ins(%zero : f32) outs(%total : memref<64x64xf32, 2 : i64>)
        }
        linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%tile, %tile : memref<64x64xbf16, 1 : i64>, memref<64x64xbf16, 1 : i64>) outs(%total : memref<64x64xf32, 2 : i64>) {
        ^bb0(%8: bf16, %9: bf16, %10: f32):
          %11 = arith.extf %8 : bf16 to f32
          %12 = arith.extf %9 : bf16 to f32
          %13 = arith.mulf %11, %12 : f32
          %14 = arith.addf %10, %13 : f32
          linalg.yield %14 : f32
        }
      }
      scf.for %_tmp_1 = %c0 to %c4 step %c1 {
        %row_1 = arith.muli %bx, %c64 : index
        %15 = arith.muli %_tmp_1, %cm2 : index
        %k_1 = arith.addi %c8, %15 : index
        %16 = arith.subi %k_1, %c9 : index
        %17 = arith.floordivsi %16, %c8 : index
        %18 = arith.muli %17, %c8 : index
        %part_1 = arith.subi %16, %18 : index
        %19 = arith.muli %part_1, %c64 : index
        %A_view_2 = memref.subview %A[%row_1, %19] [64, 64] [1, 1] : memref<512x512xbf16> to memref<64x64xbf16, strided<[512, 1], offset: ?>>
        linalg.copy ins(%A_view_2 : memref<64x64xbf16, strided<[512, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
        %20 = arith.addi %k_1, %c7 : index
        %21 = arith.remsi %20, %c8 : index
        %column_1 = arith.muli %21, %c64 : index
        %A_view_3 = memref.subview %A[%row_1, %column_1] [64, 64] [1, 1] : memref<512x512xbf16> to memref<64x64xbf16, strided<[512, 1], offset: ?>>
        linalg.copy ins(%A_view_3 : memref<64x64xbf16, strided<[512, 1], offset: ?>>) outs(%tile : memref<64x64xbf16, 1 : i64>)
        linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%tile, %tile : memref<64x64xbf16, 1 : i64>, memref<64x64xbf16, 1 : i64>) outs(%total : memref<64x64xf32, 2 : i64>) {
        ^bb0(%22: bf16, %23: bf16, %24: f32):
          %25 = arith.extf %22 : bf16 to f32
          %26 = arith.extf %23 : bf16 to f32
          %27 = arith.mulf %25, %26 : f32
          %28 = arith.addf %24, %27 : f32
          linalg.yield %28 : f32
        }
      }
      %row_2 = arith.muli %bx, %c64 : index
      %B_view = memref.subview %B[%row_2, %c0] [64, 64] [1, 1] : memref<512x512xf32> to memref<64x64xf32, strided<[512, 1], offset: ?>>
      linalg.copy ins(%total : memref<64x64xf32, 2 : i64>) outs(%B_view : memref<64x64xf32, strided<[512, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index) -> ()
    func.return
  }
}
