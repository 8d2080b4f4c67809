func.func @batched(%X: memref<3x160x160xbf16> {tt.name = "X", tt.layout = LAYOUT}, %Z: memref<3x160x160xbf16> {tt.name = "Z", tt.layout = LAYOUT}) attributes {tt.user_schedule = {partition_mode = "global"}} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    "scf.parallel"(%c0, %c3, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
    ^bb0(%b: index):
      %x = memref.alloc() {tt.name = "x"} : memref<160x160xbf16, 1 : i64>
      %z = memref.alloc() {tt.name = "z"} : memref<160x160xbf16, 2 : i64>
      %X_view = memref.subview %X[%b, 0, 0] [1, 160, 160] [1, 1, 1] : memref<3x160x160xbf16> to memref<160x160xbf16, strided<[160, 1], offset: ?>>
      linalg.copy ins(%X_view : memref<160x160xbf16, strided<[160, 1], offset: ?>>) outs(%x : memref<160x160xbf16, 1 : i64>)
      linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x : memref<160x160xbf16, 1 : i64>) outs(%z : memref<160x160xbf16, 2 : i64>) {
      ^bb1(%2: bf16, %3: bf16):
        %4 = arith.addf %2, %2 : bf16
        linalg.yield %4 : bf16
      }
      %Z_view = memref.subview %Z[%b, 0, 0] [1, 160, 160] [1, 1, 1] : memref<3x160x160xbf16> to memref<160x160xbf16, strided<[160, 1], offset: ?>>
      linalg.copy ins(%z : memref<160x160xbf16, 2 : i64>) outs(%Z_view : memref<160x160xbf16, strided<[160, 1], offset: ?>>)
      scf.reduce
    }) : (index, index, index) -> ()
    func.return
}
