func.func @add(%X: memref<288x288xbf16> {tt.name = "X", tt.layout = LAYOUT_X}, %Y: memref<288x288xbf16> {tt.name = "Y", tt.layout = LAYOUT_Y}, %Z: memref<288x288xbf16> {tt.name = "Z", tt.layout = LAYOUT_Z}) attributes {tt.user_schedule = {partition_mode = "global"}} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %c96 = arith.constant 96 : index
    "scf.parallel"(%c0, %c0, %c3, %c3, %c1, %c1) <{operandSegmentSizes = array<i32: 2, 2, 2, 0>}> ({
    ^bb0(%bx: index, %by: index):
      %x = memref.alloc() {tt.name = "x"} : memref<96x96xbf16, 1 : i64>
      %y = memref.alloc() {tt.name = "y"} : memref<96x96xbf16, 1 : i64>
      %z = memref.alloc() {tt.name = "z"} : memref<96x96xbf16, 2 : i64>
      %0 = arith.muli %by, %c96 : index
      %1 = arith.muli %bx, %c96 : index
      %X_view = memref.subview %X[%0, %1] [96, 96] [1, 1] : memref<288x288xbf16> to memref<96x96xbf16, strided<[288, 1], offset: ?>>
      linalg.copy ins(%X_view : memref<96x96xbf16, strided<[288, 1], offset: ?>>) outs(%x : memref<96x96xbf16, 1 : i64>)
      %Y_view = memref.subview %Y[%0, %1] [96, 96] [1, 1] : memref<288x288xbf16> to memref<96x96xbf16, strided<[288, 1], offset: ?>>
      linalg.copy ins(%Y_view : memref<96x96xbf16, strided<[288, 1], offset: ?>>) outs(%y : memref<96x96xbf16, 1 : i64>)
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x, %y : memref<96x96xbf16, 1 : i64>, memref<96x96xbf16, 1 : i64>) outs(%z : memref<96x96xbf16, 2 : i64>) {
      ^bb1(%2: bf16, %3: bf16, %4: bf16):
        %5 = arith.addf %2, %3 : bf16
        linalg.yield %5 : bf16
      }
      %Z_view = memref.subview %Z[%0, %1] [96, 96] [1, 1] : memref<288x288xbf16> to memref<96x96xbf16, strided<[288, 1], offset: ?>>
      linalg.copy ins(%z : memref<96x96xbf16, 2 : i64>) outs(%Z_view : memref<96x96xbf16, strided<[288, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index, index, index, index) -> ()
    func.return
}
