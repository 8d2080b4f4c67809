builtin.module {
  func.func @batched_gemm(%A: memref<3x256x256xbf16> {tt.name = "A"}, %B: memref<3x256x128xbf16> {tt.name = "B"}, %C: memref<3x256x128xbf16> {tt.name = "C"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c3 = arith.constant 3 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %c64 = arith.constant 64 : index
    "scf.parallel"(%c0, %c0, %c0, %c2, %c4, %c3, %c1, %c1, %c1) <{operandSegmentSizes = array<i32: 3, 3, 3, 0>}> ({
    ^bb0(%bx: index, %by: index, %bz: index):
      %A_shared = memref.alloc() {tt.name = "A_shared"} : memref<64x64xbf16, 1 : i64>
      %B_shared = memref.alloc() {tt.name = "B_shared"} : memref<64x64xbf16, 1 : i64>
      %C_local = memref.alloc() {tt.name = "C_local"} : memref<64x64xf32, 2 : i64>
      linalg.fill ins(%zero : f32) outs(%C_local : memref<64x64xf32, 2 : i64>)
      scf.for %ko = %c0 to %c4 step %c1 {
        %0 = arith.muli %by, %c64 : index
        %1 = arith.muli %ko, %c64 : index
        %A_view = memref.subview %A[%bz, %0, %1] [1, 64, 64] [1, 1, 1] : memref<3x256x256xbf16> to memref<64x64xbf16, strided<[256, 1], offset: ?>>
        linalg.copy ins(%A_view : memref<64x64xbf16, strided<[256, 1], offset: ?>>) outs(%A_shared : memref<64x64xbf16, 1 : i64>)
        %2 = arith.muli %bx, %c64 : index
        %B_view = memref.subview %B[%bz, %1, %2] [1, 64, 64] [1, 1, 1] : memref<3x256x128xbf16> to memref<64x64xbf16, strided<[128, 1], offset: ?>>
        linalg.copy ins(%B_view : memref<64x64xbf16, strided<[128, 1], offset: ?>>) outs(%B_shared : memref<64x64xbf16, 1 : i64>)
        linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A_shared, %B_shared : memref<64x64xbf16, 1 : i64>, memref<64x64xbf16, 1 : i64>) outs(%C_local : memref<64x64xf32, 2 : i64>) {
        ^bb0(%3: bf16, %4: bf16, %5: f32):
          %6 = arith.extf %3 : bf16 to f32
          %7 = arith.extf %4 : bf16 to f32
          %8 = arith.mulf %6, %7 : f32
          %9 = arith.addf %5, %8 : f32
          linalg.yield %9 : f32
        }
      } {tt.num_stages = 2 : i64}
      %10 = arith.muli %by, %c64 : index
      %11 = arith.muli %bx, %c64 : index
      %C_view = memref.subview %C[%bz, %10, %11] [1, 64, 64] [1, 1, 1] : memref<3x256x128xbf16> to memref<64x64xbf16, strided<[128, 1], offset: ?>>
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%C_local : memref<64x64xf32, 2 : i64>) outs(%C_view : memref<64x64xbf16, strided<[128, 1], offset: ?>>) {
      ^bb0(%12: f32, %13: bf16):
        %14 = arith.truncf %12 : f32 to bf16
        linalg.yield %14 : bf16
      }
      scf.reduce
    }) : (index, index, index, index, index, index, index, index, index) -> ()
    func.return
  }
}
