// Several K blocks a step.
// RUN: tt-opt %s -p tt-reblock-k --verify-levels | filecheck %s
// RUN: tt-opt %s -p 'tt-reblock-k{k-tiles=2}' | filecheck %s --check-prefix=TWO
// RUN: tt-opt %s -p 'tt-reblock-k{k-tiles=1}' | filecheck %s --check-prefix=ONE
// ONE-NOT: re-block

#a = #tt.cb.request<0, "a", stages 2, by "default">
#b = #tt.cb.request<1, "b", stages 2, by "default">
!a = !tt.layout.block<2x1, tile<32x32, bf16>>
!b = !tt.layout.block<1x2, tile<32x32, bf16>>
!c = !tt.layout.block<2x2, tile<32x32, f32>>

// 12 steps of one tile: 2 of 6 (8 does not divide 12). The transposed operand widens along its rows.
// CHECK-LABEL: func.func @transposed
// CHECK-SAME: tt.decisions = [{subject = "k", what = "re-block", value = "6 K tiles a step", by = "default"}]
// CHECK:      scf.for %k = %c0 to %c2 step %c1
// CHECK:        %[[K:.*]] = arith.muli %k, %c6 : index
// CHECK:        %a = tt.noc.load_block %A[%[[K]], %c0] request {{.*}} -> !tt.layout.block<6x2, tile<32x32, bf16>>
// CHECK:        %b = tt.noc.load_block %B[%[[K]], %c0] request {{.*}} -> !tt.layout.block<6x2, tile<32x32, bf16>>
// CHECK:        tt.compute.matmul %a transposed, %b into %acc : !tt.layout.block<6x2, tile<32x32, bf16>>, !tt.layout.block<6x2, tile<32x32, bf16>> -> !tt.layout.block<2x2, tile<32x32, f32>>
// TWO-LABEL: func.func @transposed
// TWO-SAME: value = "2 K tiles a step"
// TWO: scf.for %k = %c0 to %c6 step %c1
// TWO: -> !tt.layout.block<2x2, tile<32x32, bf16>>
func.func @transposed(%A: memref<384x64xbf16>, %B: memref<384x64xbf16>, %zero: !c) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  %sum = scf.for %k = %c0 to %c12 step %c1 iter_args(%acc = %zero) -> (!c) {
    %a = "tt.noc.load_block"(%A, %k, %c0) <{cb = #a}> : (memref<384x64xbf16>, index, index) -> !b
    %b = "tt.noc.load_block"(%B, %k, %c0) <{cb = #b}> : (memref<384x64xbf16>, index, index) -> !b
    %next = tt.compute.matmul %a transposed, %b into %acc : !b, !b -> !c
    scf.yield %next : !c
  }
  func.return
}

// Decisions made before stay.
// CHECK-LABEL: func.func @again
// CHECK-SAME: tt.decisions = [{subject = "s", what = "depth", value = "1 blocks", by = "user"}, {subject = "k", what = "re-block"
func.func @again(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>, %zero: !c) attributes {tt.abi = #tt.abi<>, tt.decisions = [{subject = "s", what = "depth", value = "1 blocks", by = "user"}]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %sum = scf.for %k = %c0 to %c2 step %c1 iter_args(%acc = %zero) -> (!c) {
    %a = "tt.noc.load_block"(%A, %c0, %k) <{cb = #a}> : (memref<64x64xbf16>, index, index) -> !a
    %b = "tt.noc.load_block"(%B, %k, %c0) <{cb = #b}> : (memref<64x64xbf16>, index, index) -> !b
    %next = tt.compute.matmul %a, %b into %acc : !a, !b -> !c
    scf.yield %next : !c
  }
  func.return
}

// Left alone: blocks two apart, a block that two products read, a load that is also stored, an
// unknown trip count, too little L1.
// CHECK-LABEL: func.func @gaps
// CHECK-NOT:   re-block
// CHECK:       scf.for %k = %c0 to %c2 step %c1
// CHECK-LABEL: func.func @shared
// CHECK-NOT:   re-block
// CHECK-LABEL: func.func @stored
// CHECK-NOT:   re-block
// CHECK-LABEL: func.func @unknown
// CHECK-NOT:   re-block
// CHECK-LABEL: func.func @full
// CHECK-NOT:   re-block
func.func @gaps(%A: memref<64x128xbf16>, %B: memref<128x64xbf16>, %zero: !c) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %sum = scf.for %k = %c0 to %c2 step %c1 iter_args(%acc = %zero) -> (!c) {
    %i = arith.muli %k, %c2 : index
    %a = "tt.noc.load_block"(%A, %c0, %i) <{cb = #a}> : (memref<64x128xbf16>, index, index) -> !a
    %b = "tt.noc.load_block"(%B, %i, %c0) <{cb = #b}> : (memref<128x64xbf16>, index, index) -> !b
    %next = tt.compute.matmul %a, %b into %acc : !a, !b -> !c
    scf.yield %next : !c
  }
  func.return
}
func.func @shared(%A: memref<32x64xbf16>, %zero: !tt.layout.block<1x1, tile<32x32, f32>>) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %sum = scf.for %k = %c0 to %c2 step %c1 iter_args(%acc = %zero) -> (!tt.layout.block<1x1, tile<32x32, f32>>) {
    %a = "tt.noc.load_block"(%A, %c0, %k) <{cb = #a}> : (memref<32x64xbf16>, index, index) -> !tt.layout.block<1x1, tile<32x32, bf16>>
    %next = tt.compute.matmul %a, %a into %acc : !tt.layout.block<1x1, tile<32x32, bf16>>, !tt.layout.block<1x1, tile<32x32, bf16>> -> !tt.layout.block<1x1, tile<32x32, f32>>
    scf.yield %next : !tt.layout.block<1x1, tile<32x32, f32>>
  }
  func.return
}
func.func @stored(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>, %zero: !c) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %sum = scf.for %k = %c0 to %c2 step %c1 iter_args(%acc = %zero) -> (!c) {
    %a = "tt.noc.load_block"(%A, %c0, %k) <{cb = #a}> : (memref<64x64xbf16>, index, index) -> !a
    %b = "tt.noc.load_block"(%B, %k, %c0) <{cb = #b}> : (memref<64x64xbf16>, index, index) -> !b
    tt.noc.store_block %a, %A[%c0, %k] : !a, memref<64x64xbf16>
    %next = tt.compute.matmul %a, %b into %acc : !a, !b -> !c
    scf.yield %next : !c
  }
  func.return
}
func.func @unknown(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>, %zero: !c, %n: index) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!c) {
    %a = "tt.noc.load_block"(%A, %c0, %k) <{cb = #a}> : (memref<64x64xbf16>, index, index) -> !a
    %b = "tt.noc.load_block"(%B, %k, %c0) <{cb = #b}> : (memref<64x64xbf16>, index, index) -> !b
    %next = tt.compute.matmul %a, %b into %acc : !a, !b -> !c
    scf.yield %next : !c
  }
  func.return
}
func.func @full(%A: memref<64x64xbf16>, %B: memref<64x64xbf16>, %zero: !c) attributes {tt.abi = #tt.abi<>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  // 680 of the 682 bf16 tiles that a core's L1 holds.
  %big = tt.compute.fill 0.000000e+00 request <2, "big", stages 1, by "user"> : !tt.layout.block<1x672, tile<32x32, bf16>>
  %sum = scf.for %k = %c0 to %c2 step %c1 iter_args(%acc = %zero) -> (!c) {
    %a = "tt.noc.load_block"(%A, %c0, %k) <{cb = #a}> : (memref<64x64xbf16>, index, index) -> !a
    %b = "tt.noc.load_block"(%B, %k, %c0) <{cb = #b}> : (memref<64x64xbf16>, index, index) -> !b
    %next = tt.compute.matmul %a, %b into %acc : !a, !b -> !c
    scf.yield %next : !c
  }
  func.return
}
