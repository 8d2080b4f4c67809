// RUN: tt-opt %s -p tt-infer-layout,tt-propagate-layout --split-input-file --verify-diagnostics | filecheck %s

// Depths come from the user, through the copies of a tensor's blocks or by the buffer's name.
// CHECK-LABEL: func.func @depths
// CHECK-NOT:   tt.cb_depth
// CHECK:       tt.cb = #tt.cb.request<0, "a", stages 3, by "user">
// CHECK:       tt.cb = #tt.cb.request<1, "b", stages 5, by "user">
// CHECK:       tt.cb = #tt.cb.request<2, "c", stages 2, by "default">
func.func @depths(%A: memref<64x64xbf16> {tt.name = "A"}, %B: memref<64x64xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {cb_depth = 3}, b = {cb_depth = 5}}} {
  %a = memref.alloc() {tt.name = "a"} : memref<64x64xbf16, 1 : i64>
  %b = memref.alloc() {tt.name = "b"} : memref<64x64xbf16, 1 : i64>
  %c = memref.alloc() {tt.name = "c"} : memref<64x64xbf16, 1 : i64>
  linalg.copy ins(%A : memref<64x64xbf16>) outs(%a : memref<64x64xbf16, 1 : i64>)
  linalg.copy ins(%a : memref<64x64xbf16, 1 : i64>) outs(%b : memref<64x64xbf16, 1 : i64>)
  linalg.copy ins(%b : memref<64x64xbf16, 1 : i64>) outs(%c : memref<64x64xbf16, 1 : i64>)
  linalg.copy ins(%c : memref<64x64xbf16, 1 : i64>) outs(%B : memref<64x64xbf16>)
  func.return
}

// -----

// CHECK:      depths.mlir:[[#]]:3: error: 's' holds blocks of 'A', which asks for depth 3, and of 'B', which asks for 4
// CHECK-NEXT: note: give both the same cb_depth, or say cb_depth of the buffer itself
func.func @two_depths(%A: memref<64x64xbf16> {tt.name = "A"}, %B: memref<64x64xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {cb_depth = 3}, B = {cb_depth = 4}}} {
  %s = memref.alloc() {tt.name = "s"} : memref<64x64xbf16, 1 : i64>
  linalg.copy ins(%A : memref<64x64xbf16>) outs(%s : memref<64x64xbf16, 1 : i64>)
  linalg.copy ins(%s : memref<64x64xbf16, 1 : i64>) outs(%B : memref<64x64xbf16>)
  func.return
}
