// Tile operations on on-chip buffers become operations on block values.
// RUN: tt-opt %s -p tt-tensorize | filecheck %s
// RUN: tt-opt %s -p tt-tensorize | filecheck %s --check-prefix=GONE
// GONE-NOT: memref.
// GONE-NOT: linalg.
// GONE-NOT: _buffer

#mk = affine_map<(m, n, k) -> (m, k)>
#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#same = affine_map<(i, j) -> (i, j)>
#ca = #tt.cb.request<0, "a", stages 3, by "num_stages">
#cb = #tt.cb.request<1, "b", stages 3, by "num_stages">
#cc = #tt.cb.request<2, "c", stages 1, by "accumulator">
#cd = #tt.cb.request<3, "d", stages 2, by "default">
!a = memref<64x32xbf16, 1 : i64>
!b = memref<32x96xbf16, 1 : i64>
!c = memref<64x96xf32, 2 : i64>
!av = memref<64x32xbf16, strided<[256, 1], offset: ?>>
!bv = memref<32x96xbf16, strided<[192, 1], offset: ?>>
!cv = memref<64x96xbf16, strided<[192, 1], offset: ?>>

// Indices count tiles; the accumulator is carried through the loop, cast once after it.
// CHECK-LABEL: func.func @gemm
// CHECK:      %[[ZERO:.*]] = tt.compute.fill 0.000000e+00 request <2, "c", stages 1, by "accumulator"> : !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK:      %[[SUM:.*]] = scf.for %ko = %c0 to %c8 step %c1 iter_args(%[[ACC:.*]] = %[[ZERO]]) -> (!tt.layout.block<2x3, tile<32x32, f32>>) {
// CHECK:        %[[ROW:.*]] = arith.muli %i, %c2{{.*}} : index
// CHECK:        %[[A:.*]] = tt.noc.load_block %A[%[[ROW]], %ko] request <0, "a", stages 3, by "num_stages"> : memref<128x256xbf16> -> !tt.layout.block<2x1, tile<32x32, bf16>>
// CHECK:        %[[B:.*]] = tt.noc.load_block %B[%ko, %{{.*}}] request <1, "b", stages 3, by "num_stages"> : memref<256x192xbf16> -> !tt.layout.block<1x3, tile<32x32, bf16>>
// CHECK:        %[[NEXT:.*]] = tt.compute.matmul %[[A]], %[[B]] into %[[ACC]] : !tt.layout.block<2x1, tile<32x32, bf16>>, !tt.layout.block<1x3, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-NEXT:   scf.yield %[[NEXT]]
// CHECK-NEXT: } {tt.num_stages = 3 : i64}
// CHECK-NEXT: %[[OUT:.*]] = tt.compute.copy %[[SUM]] request <65536, "C_out", stages 2, by "staging"> : !tt.layout.block<2x3, tile<32x32, f32>> -> !tt.layout.block<2x3, tile<32x32, bf16>>
// CHECK:      tt.noc.store_block %[[OUT]], %C[%{{.*}}, %{{.*}}] : !tt.layout.block<2x3, tile<32x32, bf16>>, memref<128x192xbf16>
func.func @gemm(%A: memref<128x256xbf16>, %B: memref<256x192xbf16>, %C: memref<128x192xbf16>, %i: index) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() {tt.cb = #ca} : !a
  %b = memref.alloc() {tt.cb = #cb} : !b
  %c = memref.alloc() {tt.cb = #cc} : !c
  %m = arith.muli %i, %c64 : index
  linalg.fill ins(%zero : f32) outs(%c : !c)
  scf.for %ko = %c0 to %c8 step %c1 {
    %k = arith.muli %ko, %c32 : index
    %av = memref.subview %A[%m, %k] [64, 32] [1, 1] : memref<128x256xbf16> to !av
    linalg.copy ins(%av : !av) outs(%a : !a)
    %bv = memref.subview %B[%k, 96] [32, 96] [1, 1] : memref<256x192xbf16> to !bv
    linalg.copy ins(%bv : !bv) outs(%b : !b)
    linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : !a, !b) outs(%c : !c) {
    ^bb0(%x: bf16, %y: bf16, %z: f32):
      %p = arith.extf %x : bf16 to f32
      %q = arith.extf %y : bf16 to f32
      %r = arith.mulf %p, %q : f32
      %s = arith.addf %z, %r : f32
      linalg.yield %s : f32
    }
  } {tt.num_stages = 3 : i64}
  %cv = memref.subview %C[%m, 96] [64, 96] [1, 1] : memref<128x192xbf16> to !cv
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%c : !c) outs(%cv : !cv) {
  ^bb0(%x: f32, %y: bf16):
    %t = arith.truncf %x : f32 to bf16
    linalg.yield %t : bf16
  }
  func.return
}

// Transposes are read off the indexing maps. The result of one product feeds the next (a chain):
// it is copied to the operand's format.
// CHECK-LABEL: func.func @transposed_chain
// CHECK:      %[[ZERO:.*]] = tt.compute.fill
// CHECK:      %[[A:.*]] = tt.noc.load_block %A
// CHECK:      %[[B:.*]] = tt.noc.load_block %B
// CHECK:      %[[AB:.*]] = tt.compute.matmul %[[A]] transposed, %[[B]] transposed into %[[ZERO]] : !tt.layout.block<1x2, tile<32x32, bf16>>, !tt.layout.block<3x1, tile<32x32, bf16>> -> !tt.layout.block<2x3, tile<32x32, f32>>
// CHECK-NEXT: %[[CAST:.*]] = tt.compute.copy %[[AB]] request <3, "d", stages 2, by "default"> : !tt.layout.block<2x3, tile<32x32, f32>> -> !tt.layout.block<2x3, tile<32x32, bf16>>
// CHECK-NEXT: %[[SECOND:.*]] = tt.compute.fill 0.000000e+00 request <4, "e"
// CHECK-NEXT: %[[AGAIN:.*]] = tt.compute.matmul %[[CAST]], %[[B]] into %[[SECOND]] : !tt.layout.block<2x3, tile<32x32, bf16>>, !tt.layout.block<3x1, tile<32x32, bf16>> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      tt.noc.store_block %[[AGAIN]], %E
func.func @transposed_chain(%A: memref<32x64xbf16>, %B: memref<96x32xbf16>, %E: memref<64x32xf32>) attributes {tt.abi = #tt.abi<>} {
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() {tt.cb = #ca} : memref<32x64xbf16, 1 : i64>
  %b = memref.alloc() {tt.cb = #cb} : memref<96x32xbf16, 1 : i64>
  %c = memref.alloc() {tt.cb = #cc} : !c
  %d = memref.alloc() {tt.cb = #cd} : memref<64x96xbf16, 1 : i64>
  %e = memref.alloc() {tt.cb = #tt.cb.request<4, "e", stages 1, by "accumulator">} : memref<64x32xf32, 2 : i64>
  linalg.fill ins(%zero : f32) outs(%c : !c)
  linalg.copy ins(%A : memref<32x64xbf16>) outs(%a : memref<32x64xbf16, 1 : i64>)
  linalg.copy ins(%B : memref<96x32xbf16>) outs(%b : memref<96x32xbf16, 1 : i64>)
  linalg.generic {indexing_maps = [#km, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : memref<32x64xbf16, 1 : i64>, memref<96x32xbf16, 1 : i64>) outs(%c : !c) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %xw = arith.extf %x : bf16 to f32
    %yw = arith.extf %y : bf16 to f32
    %p = arith.mulf %xw, %yw : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%c : !c) outs(%d : memref<64x96xbf16, 1 : i64>) {
  ^bb0(%x: f32, %y: bf16):
    %t = arith.truncf %x : f32 to bf16
    linalg.yield %t : bf16
  }
  linalg.fill ins(%zero : f32) outs(%e : memref<64x32xf32, 2 : i64>)
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%d, %b : memref<64x96xbf16, 1 : i64>, memref<96x32xbf16, 1 : i64>) outs(%e : memref<64x32xf32, 2 : i64>) {
  ^bb0(%x: bf16, %y: bf16, %z: f32):
    %xw = arith.extf %x : bf16 to f32
    %yw = arith.extf %y : bf16 to f32
    %p = arith.mulf %xw, %yw : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  linalg.copy ins(%e : memref<64x32xf32, 2 : i64>) outs(%E : memref<64x32xf32>)
  func.return
}

// A batch index counts elements; a fill goes straight to a tensor through a staging buffer, a
// fragment is loaded through one, and two copies of one buffer are two stores of one block.
// CHECK-LABEL: func.func @copies
// CHECK:      %[[FILL:.*]] = tt.compute.fill 2.500000e+00 request <{{[0-9]+}}, "T_out", stages 2, by "staging">
// CHECK:      tt.noc.store_block %[[FILL]], %T[%z, %{{.*}}, %{{.*}}]
// CHECK:      %[[IN:.*]] = tt.noc.load_block %T[%z, %{{.*}}, %{{.*}}] request <{{[0-9]+}}, "T_in", stages 2, by "staging"> : memref<3x64x32xf32> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      %[[CAST:.*]] = tt.compute.copy %[[IN]] request <3, "d", stages 2, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f16>>
// CHECK:      tt.noc.store_block %[[CAST]], %X
// CHECK:      tt.noc.store_block %[[CAST]], %Y
func.func @copies(%T: memref<3x64x32xf32>, %X: memref<64x32xf16>, %Y: memref<64x32xf16>, %z: index) attributes {tt.abi = #tt.abi<>} {
  %value = arith.constant 2.5 : f32
  %d = memref.alloc() {tt.cb = #cd} : memref<64x32xf16, 2 : i64>
  %t = memref.subview %T[%z, 0, 0] [1, 64, 32] [1, 1, 1] : memref<3x64x32xf32> to memref<64x32xf32, strided<[32, 1], offset: ?>>
  linalg.fill ins(%value : f32) outs(%t : memref<64x32xf32, strided<[32, 1], offset: ?>>)
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%t : memref<64x32xf32, strided<[32, 1], offset: ?>>) outs(%d : memref<64x32xf16, 2 : i64>) {
  ^bb0(%x: f32, %y: f16):
    %c = arith.truncf %x : f32 to f16
    linalg.yield %c : f16
  }
  linalg.copy ins(%d : memref<64x32xf16, 2 : i64>) outs(%X : memref<64x32xf16>)
  linalg.copy ins(%d : memref<64x32xf16, 2 : i64>) outs(%Y : memref<64x32xf16>)
  func.return
}

// Clearing in the first iteration (clear_accum) moves before the loop.
// CHECK-LABEL: func.func @cleared_in_loop
// CHECK:      %[[ZERO:.*]] = tt.compute.fill 0.000000e+00
// CHECK:      scf.for %k = %c0 to %c4 step %c1 iter_args(%[[ACC:.*]] = %[[ZERO]])
// CHECK-NOT:    scf.if
// CHECK:        tt.compute.matmul %{{.*}}, %{{.*}} into %[[ACC]]
func.func @cleared_in_loop(%A: memref<32x32xbf16>, %C: memref<32x32xf32>) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() {tt.cb = #ca} : memref<32x32xbf16, 1 : i64>
  %c = memref.alloc() {tt.cb = #cc} : memref<32x32xf32, 2 : i64>
  scf.for %k = %c0 to %c4 step %c1 {
    linalg.copy ins(%A : memref<32x32xbf16>) outs(%a : memref<32x32xbf16, 1 : i64>)
    %first = arith.cmpi eq, %k, %c0 : index
    scf.if %first {
      linalg.fill ins(%zero : f32) outs(%c : memref<32x32xf32, 2 : i64>)
    }
    linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %a : memref<32x32xbf16, 1 : i64>, memref<32x32xbf16, 1 : i64>) outs(%c : memref<32x32xf32, 2 : i64>) {
    ^bb0(%x: bf16, %y: bf16, %z: f32):
      %xw = arith.extf %x : bf16 to f32
      %yw = arith.extf %y : bf16 to f32
      %p = arith.mulf %xw, %yw : f32
      %s = arith.addf %z, %p : f32
      linalg.yield %s : f32
    }
  }
  linalg.copy ins(%c : memref<32x32xf32, 2 : i64>) outs(%C : memref<32x32xf32>)
  func.return
}

// What one iteration leaves in a buffer and the next one reads is carried; what is overwritten
// before it is read is not.
// CHECK-LABEL: func.func @rotation
// CHECK:      %[[FIRST:.*]] = tt.noc.load_block %X
// CHECK:      scf.for %k = %c0 to %c4 step %c1 iter_args(%[[OLD:.*]] = %[[FIRST]]) -> (!tt.layout.block<1x1, tile<32x32, bf16>>) {
// CHECK:        tt.noc.store_block %[[OLD]], %Y
// CHECK:        %[[NEW:.*]] = tt.noc.load_block %X
// CHECK-NEXT:   scf.yield %[[NEW]]
func.func @rotation(%X: memref<32x128xbf16>, %Y: memref<32x32xbf16>) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %a = memref.alloc() {tt.cb = #ca} : memref<32x32xbf16, 1 : i64>
  %b = memref.alloc() {tt.cb = #cb} : memref<32x32xbf16, 1 : i64>
  %first = memref.subview %X[0, 0] [32, 32] [1, 1] : memref<32x128xbf16> to memref<32x32xbf16, strided<[128, 1]>>
  linalg.copy ins(%first : memref<32x32xbf16, strided<[128, 1]>>) outs(%a : memref<32x32xbf16, 1 : i64>)
  scf.for %k = %c0 to %c4 step %c1 {
    linalg.copy ins(%a : memref<32x32xbf16, 1 : i64>) outs(%Y : memref<32x32xbf16>)
    %m = arith.muli %k, %c32 : index
    %next = memref.subview %X[0, %m] [32, 32] [1, 1] : memref<32x128xbf16> to memref<32x32xbf16, strided<[128, 1], offset: ?>>
    linalg.copy ins(%next : memref<32x32xbf16, strided<[128, 1], offset: ?>>) outs(%a : memref<32x32xbf16, 1 : i64>)
  }
  func.return
}
