// RUN: tt-opt %s -p tt-block --split-input-file --verify-levels | filecheck %s
// RUN: tt-opt %s -p 'tt-block{block-m=32 block-n=16 block-k=8}' --split-input-file | filecheck %s --check-prefix=SMALL

// A product, a bias per column and a maximum: one grid, the product stays on chip.

// CHECK-LABEL: @epilogue
// CHECK:         scf.parallel (%row, %column) = (%c0, %c0) to (%c2, %c1) step (%c1, %c1) {
// CHECK-NEXT:      %T = memref.alloc() {tt.name = "T"} : memref<128x64xf32, 2 : i64>
// CHECK-NEXT:      %A_block = memref.alloc() {tt.name = "A_block"} : memref<128x32xbf16, 1 : i64>
// CHECK-NEXT:      %B_block = memref.alloc() {tt.name = "B_block"} : memref<32x64xbf16, 1 : i64>
// CHECK-NEXT:      %C_block = memref.alloc() {tt.name = "C_block"} : memref<128x64xbf16, 2 : i64>
// CHECK-NEXT:      %bias_block = memref.alloc() {tt.name = "bias_block"} : memref<64xf32, 1 : i64>
// CHECK:           linalg.fill
// CHECK-NEXT:      scf.for %k = %c0 to %c3 step %c1 {
// CHECK:             linalg.generic {{.*}}"reduction"]} ins(%A_block, %B_block
// CHECK:           memref.subview %bias[%{{.*}}] [64] [1]
// CHECK:           linalg.generic {{.*}}ins(%T, %bias_block : memref<128x64xf32, 2 : i64>, memref<64xf32, 1 : i64>) outs(%C_block
// CHECK:           memref.subview %C[%{{.*}}, %{{.*}}] [128, 64] [1, 1]
// CHECK-NEXT:      linalg.copy ins(%C_block
// CHECK-NEXT:      scf.reduce
// SMALL-LABEL: @epilogue
// SMALL:         scf.parallel (%row, %column) = (%c0, %c0) to (%c8, %c4) step (%c1, %c1) {
// SMALL:           %T = memref.alloc() {tt.name = "T"} : memref<32x16xf32, 2 : i64>
// SMALL:           scf.for %k = %c0 to %c12 step %c1 {
func.func @epilogue(%A: memref<256x96xbf16> {tt.name = "A"}, %B: memref<96x64xbf16> {tt.name = "B"}, %bias: memref<64xf32> {tt.name = "bias"}, %C: memref<256x64xbf16> {tt.name = "C"}) {
  %zero = arith.constant 0.0 : f32
  %T = memref.alloc() {tt.name = "T"} : memref<256x64xf32>
  linalg.fill ins(%zero : f32) outs(%T : memref<256x64xf32>)
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%A, %B : memref<256x96xbf16>, memref<96x64xbf16>) outs(%T : memref<256x64xf32>) {
  ^bb0(%a: bf16, %b: bf16, %c: f32):
    %x = arith.extf %a : bf16 to f32
    %y = arith.extf %b : bf16 to f32
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%T, %bias : memref<256x64xf32>, memref<64xf32>) outs(%C : memref<256x64xbf16>) {
  ^bb0(%t: f32, %v: f32, %c: bf16):
    %s = arith.addf %t, %v : f32
    %m = arith.maximumf %s, %zero : f32
    %r = arith.truncf %m : f32 to bf16
    linalg.yield %r : bf16
  }
  func.return
}

// -----

// A reduction takes its axis whole, and so does what uses its result: nothing is reduced twice.

// CHECK-LABEL: @less_maximum
// CHECK:         scf.parallel (%row) = (%c0) to (%c3) step (%c1) {
// CHECK:           %X_block = memref.alloc() {tt.name = "X_block"} : memref<32x96xf32, 1 : i64>
// CHECK-NOT:       tt.name = "X_block
// CHECK:           linalg.generic {{.*}}["parallel", "reduction"]} ins(%X_block
// CHECK:           linalg.generic {{.*}}["parallel", "parallel"]} ins(%X_block, %m
func.func @less_maximum(%X: memref<96x96xf32> {tt.name = "X"}, %Y: memref<96x96xf32> {tt.name = "Y"}) {
  %low = arith.constant -3.0e+38 : f32
  %m = memref.alloc() {tt.name = "m"} : memref<96xf32>
  linalg.fill ins(%low : f32) outs(%m : memref<96xf32>)
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%X : memref<96x96xf32>) outs(%m : memref<96xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %r = arith.maximumf %acc, %x : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%X, %m : memref<96x96xf32>, memref<96xf32>) outs(%Y : memref<96x96xf32>) {
  ^bb0(%x: f32, %v: f32, %y: f32):
    %r = arith.subf %x, %v : f32
    linalg.yield %r : f32
  }
  func.return
}

// -----

// Dimensions before rows and columns are grid axes; blocks have none of them. An index is counted
// from the start of the block.

// CHECK-LABEL: @batch
// CHECK:         scf.parallel (%batch, %row, %column) = (%c0, %c0, %c0) to (%c3, %c1, %c1) step (%c1, %c1, %c1) {
// CHECK:           memref.subview %X[%batch, %{{.*}}, %{{.*}}] [1, 64, 32] [1, 1, 1] : memref<3x64x32xf32> to memref<64x32xf32
// CHECK:           linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
// CHECK:             %[[AT:.*]] = linalg.index 1 : index
// CHECK:             %[[IN:.*]] = arith.addi %[[AT]], %{{.*}} : index
// CHECK:             arith.cmpi slt, %[[IN]], %batch : index
func.func @batch(%X: memref<3x64x32xf32> {tt.name = "X"}, %Y: memref<3x64x32xf32> {tt.name = "Y"}) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%X : memref<3x64x32xf32>) outs(%Y : memref<3x64x32xf32>) {
  ^bb0(%x: f32, %y: f32):
    %i = linalg.index 2 : index
    %b = linalg.index 0 : index
    %c = arith.cmpi slt, %i, %b : index
    %n = arith.negf %x : f32
    %r = arith.select %c, %n, %x : f32
    linalg.yield %r : f32
  }
  func.return
}

// -----

// A tensor that is updated is loaded first; a copy goes through one block.

// CHECK-LABEL: @update
// CHECK:         %A_block = memref.alloc() {tt.name = "A_block"} : memref<64x32xf32, 1 : i64>
// CHECK-NEXT:    %B_block = memref.alloc() {tt.name = "B_block"} : memref<64x32xf32, 1 : i64>
// CHECK-NOT:     memref.alloc
// CHECK:         linalg.copy ins(%{{.*}}) outs(%A_block
// CHECK:         linalg.generic {{.*}} outs(%A_block
// CHECK:         linalg.copy ins(%{{.*}}) outs(%B_block
// CHECK-NEXT:    linalg.copy ins(%B_block : {{.*}}) outs(%[[VIEW:.*]] : memref<64x32xf32, strided
// CHECK:         linalg.copy ins(%A_block
func.func @update(%A: memref<64x32xf32> {tt.name = "A"}, %B: memref<64x32xf32> {tt.name = "B"}, %C: memref<64x32xf32> {tt.name = "C"}) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} outs(%A : memref<64x32xf32>) {
  ^bb0(%a: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  linalg.copy ins(%B : memref<64x32xf32>) outs(%C : memref<64x32xf32>)
  func.return
}

// -----

// A function with a grid stays, and so does one that does nothing to tensors.

// CHECK-LABEL: @has_a_grid
// CHECK:         scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
// CHECK-NEXT:      linalg.copy ins(%A : memref<64x32xf32>) outs(%B : memref<64x32xf32>)
// CHECK-LABEL: @empty
// CHECK-NEXT:    func.return
func.func @has_a_grid(%A: memref<64x32xf32>, %B: memref<64x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    linalg.copy ins(%A : memref<64x32xf32>) outs(%B : memref<64x32xf32>)
    scf.reduce
  }
  func.return
}
func.func @empty(%A: memref<64x32xf32>) {
  func.return
}
