builtin.module {
  func.func @whole_product(%A: memref<64x96xbf16> {tt.name = "A"}, %B: memref<96x64xbf16> {tt.name = "B"}, %C: memref<64x64xf32> {tt.name = "C"}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    "scf.parallel"(%c0, %c1, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
    ^bb0(%bx: index):
      %A_local = memref.alloc() {tt.name = "A_local"} : memref<64x96xbf16, 2 : i64>
      %B_shared = memref.alloc() {tt.name = "B_shared"} : memref<96x64xbf16, 1 : i64>
      %C_local = memref.alloc() {tt.name = "C_local"} : memref<64x64xf32, 2 : i64>
      %A_view = memref.subview %A[%c0, %c0] [64, 96] [1, 1] : memref<64x96xbf16> to memref<64x96xbf16, strided<[96, 1], offset: ?>>
      linalg.copy ins(%A_view : memref<64x96xbf16, strided<[96, 1], offset: ?>>) outs(%A_local : memref<64x96xbf16, 2 : i64>)
      %B_view = memref.subview %B[%c0, %c0] [96, 64] [1, 1] : memref<96x64xbf16> to memref<96x64xbf16, strided<[64, 1], offset: ?>>
      linalg.copy ins(%B_view : memref<96x64xbf16, strided<[64, 1], offset: ?>>) outs(%B_shared : memref<96x64xbf16, 1 : i64>)
      linalg.fill ins(%zero : f32) outs(%C_local : memref<64x64xf32, 2 : i64>)
      linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A_local, %B_shared : memref<64x96xbf16, 2 : i64>, memref<96x64xbf16, 1 : i64>) outs(%C_local : memref<64x64xf32, 2 : i64>) {
      ^bb0(%0: bf16, %1: bf16, %2: f32):
        %3 = arith.extf %0 : bf16 to f32
        %4 = arith.extf %1 : bf16 to f32
        %5 = arith.mulf %3, %4 : f32
        %6 = arith.addf %2, %5 : f32
        linalg.yield %6 : f32
      }
      %C_view = memref.subview %C[%c0, %c0] [64, 64] [1, 1] : memref<64x64xf32> to memref<64x64xf32, strided<[64, 1], offset: ?>>
      linalg.copy ins(%C_local : memref<64x64xf32, 2 : i64>) outs(%C_view : memref<64x64xf32, strided<[64, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index) -> ()
    func.return
  }
}
