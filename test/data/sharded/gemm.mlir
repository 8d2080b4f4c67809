func.func @gemm(%A: memref<288x288xbf16> {tt.name = "A", tt.layout = LAYOUT_A}, %B: memref<288x288xbf16> {tt.name = "B", tt.layout = LAYOUT_B}, %C: memref<288x288xbf16> {tt.name = "C", tt.layout = LAYOUT_C}) attributes {tt.user_schedule = {partition_mode = "global"}} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %c96 = arith.constant 96 : index
    %zero = arith.constant 0.000000e+00 : f32
    "scf.parallel"(%c0, %c0, %c3, %c3, %c1, %c1) <{operandSegmentSizes = array<i32: 2, 2, 2, 0>}> ({
    ^bb0(%bx: index, %by: index):
      %a = memref.alloc() {tt.name = "a"} : memref<96x96xbf16, 1 : i64>
      %b = memref.alloc() {tt.name = "b"} : memref<96x96xbf16, 1 : i64>
      %acc = memref.alloc() {tt.name = "acc"} : memref<96x96xf32, 2 : i64>
      %0 = arith.muli %by, %c96 : index
      %1 = arith.muli %bx, %c96 : index
      linalg.fill ins(%zero : f32) outs(%acc : memref<96x96xf32, 2 : i64>)
      scf.for %ko = %c0 to %c3 step %c1 {
        %2 = arith.muli %ko, %c96 : index
      %A_view = memref.subview %A[%0, %2] [96, 96] [1, 1] : memref<288x288xbf16> to memref<96x96xbf16, strided<[288, 1], offset: ?>>
      linalg.copy ins(%A_view : memref<96x96xbf16, strided<[288, 1], offset: ?>>) outs(%a : memref<96x96xbf16, 1 : i64>)
      %B_view = memref.subview %B[%2, %1] [96, 96] [1, 1] : memref<288x288xbf16> to memref<96x96xbf16, strided<[288, 1], offset: ?>>
      linalg.copy ins(%B_view : memref<96x96xbf16, strided<[288, 1], offset: ?>>) outs(%b : memref<96x96xbf16, 1 : i64>)
        linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : memref<96x96xbf16, 1 : i64>, memref<96x96xbf16, 1 : i64>) outs(%acc : memref<96x96xf32, 2 : i64>) {
        ^bb1(%3: bf16, %4: bf16, %5: f32):
          %6 = arith.extf %3 : bf16 to f32
          %7 = arith.extf %4 : bf16 to f32
          %8 = arith.mulf %6, %7 : f32
          %9 = arith.addf %5, %8 : f32
          linalg.yield %9 : f32
        }
      } {tt.num_stages = 2 : i64}
      %C_view = memref.subview %C[%0, %1] [96, 96] [1, 1] : memref<288x288xbf16> to memref<96x96xbf16, strided<[288, 1], offset: ?>>
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%acc : memref<96x96xf32, 2 : i64>) outs(%C_view : memref<96x96xbf16, strided<[288, 1], offset: ?>>) {
      ^bb2(%12: f32, %13: bf16):
        %14 = arith.truncf %12 : f32 to bf16
        linalg.yield %14 : bf16
      }
      scf.reduce
    }) : (index, index, index, index, index, index) -> ()
    func.return
}
