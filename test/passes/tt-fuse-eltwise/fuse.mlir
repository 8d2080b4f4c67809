// Maps that feed maps become one, where that is right and DST holds it.
// RUN: tt-opt %s -p tt-fuse-eltwise --split-input-file | filecheck %s

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// Two maps, one read by the other alone: one map. A cast after them is its pack.
// CHECK-LABEL: func.func @chain
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %z = tt.compute.map %a broadcast ["none"] over 2 by 2 request <9, "z", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, bf16>> {
// CHECK:      ^bb0(%a_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %a_1
// CHECK:        %e_1 = tt.compute.apply "neg" %e
// CHECK:        tt.compute.yield %e_1
// CHECK:      tt.noc.store_block %z, %Z[%{{.*}}, %{{.*}}]
func.func @chain(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "neg" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %z = tt.compute.copy %y request <9, "z", stages 1, by "default"> : !b -> !h
  tt.noc.store_block %z, %Z[%c0, %c0] : !h, memref<64x64xbf16>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// An input that both read the same way is one input; read in two ways, two.
// CHECK-LABEL: func.func @shared_inputs
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %v = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <1, "v", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      %y = tt.compute.map %a, %v broadcast ["none", "col"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%a_1: !tt.layout.tile<32x32, f32>, %v_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %d = tt.compute.apply "sub" %a_1, %v_1
// CHECK:        %d_1 = tt.compute.apply "mul" %d, %a_1
// CHECK:        %e = tt.compute.apply "add" %d_1, %v_1
// CHECK:        tt.compute.yield %e
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @shared_inputs(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %v = tt.noc.load_block %X[%c0, %c0] request <1, "v", stages 2, by "default"> : memref<64x64xf32> -> !v
  %x = tt.compute.map %a, %v broadcast ["none", "col"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32, %q: !f32):
    %d = tt.compute.apply "sub" %p, %q : !f32, !f32 -> !f32
    tt.compute.yield %d : !f32
  }
  %y = tt.compute.map %x, %a, %v broadcast ["none", "none", "col"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32, %q: !f32, %r: !f32):
    %d = tt.compute.apply "mul" %p, %q : !f32, !f32 -> !f32
    %e = tt.compute.apply "add" %d, %r : !f32, !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// A 16-bit block in between leaves its rounding behind.
// CHECK-LABEL: func.func @rounded_between
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %y = tt.compute.map %a broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%a_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %a_1
// CHECK:        %[[V0:.*]] = tt.compute.apply "round_bf16" %e
// CHECK:        %e_1 = tt.compute.apply "neg" %[[V0]]
// CHECK:        tt.compute.yield %e_1
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @rounded_between(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, bf16>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, bf16>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !bf16):
    %e = tt.compute.apply "neg" %p : !bf16 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// A cast that one map reads moves into it.
// CHECK-LABEL: func.func @widened_copy
// CHECK:      %h = tt.noc.load_block %H[%{{.*}}, %{{.*}}] request <2, "h", stages 2, by "default"> : memref<64x64xbf16> -> !tt.layout.block<2x2, tile<32x32, bf16>>
// CHECK:      %y = tt.compute.map %h broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, bf16>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%h_1: !tt.layout.tile<32x32, bf16>):
// CHECK:        %e = tt.compute.apply "exp" %h_1
// CHECK:        tt.compute.yield %e
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @widened_copy(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %h = tt.noc.load_block %H[%c0, %c0] request <2, "h", stages 2, by "default"> : memref<64x64xbf16> -> !h
  %w = tt.compute.copy %h request <9, "w", stages 1, by "default"> : !h -> !b
  %y = tt.compute.map %w broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// A copy that changes no format is its source.
// CHECK-LABEL: func.func @same_copy
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %y = tt.compute.map %a broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %p
// CHECK:        tt.compute.yield %e
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @same_copy(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %w = tt.compute.copy %a request <9, "w", stages 1, by "default"> : !b -> !b
  %y = tt.compute.map %w broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// A map moves into a fold.
// CHECK-LABEL: func.func @into_fold
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %y = tt.compute.map %a broadcast ["none"] over 2 by 2 fold "add" dim "row" request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%a_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %a_1
// CHECK:        %e_1 = tt.compute.apply "abs" %e
// CHECK:        tt.compute.yield %e_1
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @into_fold(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %y = tt.compute.map %x broadcast ["none"] over 2 by 2 fold "add" dim "row" request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "abs" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !v, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// A block that two maps read is made once.
// CHECK-LABEL: func.func @two_readers
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %p
// CHECK:        tt.compute.yield %e
// CHECK:      %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %e_1 = tt.compute.apply "neg" %p_1
// CHECK:        tt.compute.yield %e_1
// CHECK:      %z = tt.compute.map %x broadcast ["none"] over 2 by 2 request <18, "z", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p_2: !tt.layout.tile<32x32, f32>):
// CHECK:        %e_2 = tt.compute.apply "abs" %p_2
// CHECK:        tt.compute.yield %e_2
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
// CHECK:      tt.noc.store_block %z, %Y[%{{.*}}, %{{.*}}]
func.func @two_readers(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "neg" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %z = tt.compute.map %x broadcast ["none"] over 2 by 2 request <18, "z", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "abs" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  tt.noc.store_block %z, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// A vector that is broadcast is made once, not once per tile of the row.
// CHECK-LABEL: func.func @broadcast_reader
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %v = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <1, "v", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x1, tile<32x32, f32>>
// CHECK:      %x = tt.compute.map %v broadcast ["none"] over 2 by 1 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %p
// CHECK:        tt.compute.yield %e
// CHECK:      %y = tt.compute.map %a, %x broadcast ["none", "col"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p_1: !tt.layout.tile<32x32, f32>, %q: !tt.layout.tile<32x32, f32>):
// CHECK:        %d = tt.compute.apply "sub" %p_1, %q
// CHECK:        tt.compute.yield %d
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @broadcast_reader(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %v = tt.noc.load_block %X[%c0, %c0] request <1, "v", stages 2, by "default"> : memref<64x64xf32> -> !v
  %x = tt.compute.map %v broadcast ["none"] over 2 by 1 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %y = tt.compute.map %a, %x broadcast ["none", "col"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32, %q: !f32):
    %d = tt.compute.apply "sub" %p, %q : !f32, !f32 -> !f32
    tt.compute.yield %d : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// Only the packer rounds to float16: the block stays.
// CHECK-LABEL: func.func @half_between
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f16>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %p
// CHECK:        tt.compute.yield %e
// CHECK:      %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f16>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p_1: !tt.layout.tile<32x32, f16>):
// CHECK:        %e_1 = tt.compute.apply "neg" %p_1
// CHECK:        tt.compute.yield %e_1
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @half_between(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f16>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f16>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f16):
    %e = tt.compute.apply "neg" %p : !f16 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// Made before the loop, read in it: made once.
// CHECK-LABEL: func.func @loop_boundary
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "exp" %p
// CHECK:        tt.compute.yield %e
// CHECK:      scf.for %k = %{{.*}} to %n step %{{.*}} {
// CHECK:        %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:        ^bb0(%p_1: !tt.layout.tile<32x32, f32>):
// CHECK:          %e_1 = tt.compute.apply "neg" %p_1
// CHECK:          tt.compute.yield %e_1
// CHECK:        tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @loop_boundary(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  scf.for %k = %c0 to %n step %c1 {
  %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "neg" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  }
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// What a fold made is not whole before the fold ends.
// CHECK-LABEL: func.func @folded_source
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %x = tt.compute.map %a broadcast ["none"] over 2 by 2 fold "max" dim "row" request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %e = tt.compute.apply "abs" %p
// CHECK:        tt.compute.yield %e
// CHECK:      %y = tt.compute.map %x broadcast ["none"] over 2 by 1 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
// CHECK:      ^bb0(%p_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %e_1 = tt.compute.apply "neg" %p_1
// CHECK:        tt.compute.yield %e_1
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @folded_source(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 fold "max" dim "row" request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "abs" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %y = tt.compute.map %x broadcast ["none"] over 2 by 1 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x1, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "neg" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !v, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// Together they would need more tiles than DST holds.
// CHECK-LABEL: func.func @too_wide
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p: !tt.layout.tile<32x32, f32>):
// CHECK:        %a1 = tt.compute.apply "exp" %p
// CHECK:        %a2 = tt.compute.apply "sin" %p
// CHECK:        %a3 = tt.compute.apply "cos" %p
// CHECK:        %b1 = tt.compute.apply "sub" %a1, %a2
// CHECK:        %b2 = tt.compute.apply "sub" %a2, %a3
// CHECK:        %b3 = tt.compute.apply "div" %b1, %a3
// CHECK:        %b4 = tt.compute.apply "div" %b2, %b3
// CHECK:        %b5 = tt.compute.apply "mul" %b4, %a1
// CHECK:        %b6 = tt.compute.apply "add" %b5, %b3
// CHECK:        tt.compute.yield %b6
// CHECK:      %y = tt.compute.map %a, %x broadcast ["none", "none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%p_1: !tt.layout.tile<32x32, f32>, %q: !tt.layout.tile<32x32, f32>):
// CHECK:        %a1_1 = tt.compute.apply "exp" %p_1
// CHECK:        %a2_1 = tt.compute.apply "sin" %p_1
// CHECK:        %a3_1 = tt.compute.apply "cos" %p_1
// CHECK:        %b1_1 = tt.compute.apply "sub" %a1_1, %a2_1
// CHECK:        %b2_1 = tt.compute.apply "sub" %a2_1, %a3_1
// CHECK:        %b3_1 = tt.compute.apply "div" %b1_1, %a3_1
// CHECK:        %b4_1 = tt.compute.apply "div" %b2_1, %b3_1
// CHECK:        %b5_1 = tt.compute.apply "mul" %b4_1, %a1_1
// CHECK:        %b6_1 = tt.compute.apply "add" %b5_1, %b3_1
// CHECK:        %b7 = tt.compute.apply "mul" %b6_1, %q
// CHECK:        %b8 = tt.compute.apply "sub" %b7, %a2_1
// CHECK:        tt.compute.yield %b8
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @too_wide(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %a1 = tt.compute.apply "exp" %p : !f32 -> !f32
    %a2 = tt.compute.apply "sin" %p : !f32 -> !f32
    %a3 = tt.compute.apply "cos" %p : !f32 -> !f32
    %b1 = tt.compute.apply "sub" %a1, %a2 : !f32, !f32 -> !f32
    %b2 = tt.compute.apply "sub" %a2, %a3 : !f32, !f32 -> !f32
    %b3 = tt.compute.apply "div" %b1, %a3 : !f32, !f32 -> !f32
    %b4 = tt.compute.apply "div" %b2, %b3 : !f32, !f32 -> !f32
    %b5 = tt.compute.apply "mul" %b4, %a1 : !f32, !f32 -> !f32
    %b6 = tt.compute.apply "add" %b5, %b3 : !f32, !f32 -> !f32
    tt.compute.yield %b6 : !f32
  }
  %y = tt.compute.map %a, %x broadcast ["none", "none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>, !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32, %q: !f32):
    %a1 = tt.compute.apply "exp" %p : !f32 -> !f32
    %a2 = tt.compute.apply "sin" %p : !f32 -> !f32
    %a3 = tt.compute.apply "cos" %p : !f32 -> !f32
    %b1 = tt.compute.apply "sub" %a1, %a2 : !f32, !f32 -> !f32
    %b2 = tt.compute.apply "sub" %a2, %a3 : !f32, !f32 -> !f32
    %b3 = tt.compute.apply "div" %b1, %a3 : !f32, !f32 -> !f32
    %b4 = tt.compute.apply "div" %b2, %b3 : !f32, !f32 -> !f32
    %b5 = tt.compute.apply "mul" %b4, %a1 : !f32, !f32 -> !f32
    %b6 = tt.compute.apply "add" %b5, %b3 : !f32, !f32 -> !f32
    %b7 = tt.compute.apply "mul" %b6, %q : !f32, !f32 -> !f32
    %b8 = tt.compute.apply "sub" %b7, %a2 : !f32, !f32 -> !f32
    tt.compute.yield %b8 : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// A mask moves into every map that reads it.
// CHECK-LABEL: func.func @mask_twice
// CHECK:      %a = tt.noc.load_block %X[%{{.*}}, %{{.*}}] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %y = tt.compute.map %a broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%a_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %i = tt.compute.iota rows 1 cols -1 plus %{{.*}}
// CHECK:        %t = tt.compute.apply "gez" %i
// CHECK:        %l = tt.compute.splat %low
// CHECK:        %w = tt.compute.apply "where" %t, %a_1, %l
// CHECK:        %e = tt.compute.apply "exp" %w
// CHECK:        tt.compute.yield %e
// CHECK:      %z = tt.compute.map %a broadcast ["none"] over 2 by 2 request <18, "z", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%a_2: !tt.layout.tile<32x32, f32>):
// CHECK:        %i_1 = tt.compute.iota rows 1 cols -1 plus %{{.*}}
// CHECK:        %t_1 = tt.compute.apply "gez" %i_1
// CHECK:        %l_1 = tt.compute.splat %low
// CHECK:        %w_1 = tt.compute.apply "where" %t_1, %a_2, %l_1
// CHECK:        %e_1 = tt.compute.apply "neg" %w_1
// CHECK:        tt.compute.yield %e_1
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
// CHECK:      tt.noc.store_block %z, %Y[%{{.*}}, %{{.*}}]
func.func @mask_twice(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %low = arith.constant 0xFF800000 : f32
  %x = tt.compute.map %a broadcast ["none"] over 2 by 2 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %i = tt.compute.iota rows 1 cols -1 plus %c0 : !f32
    %t = tt.compute.apply "gez" %i : !f32 -> !f32
    %l = tt.compute.splat %low : !f32
    %w = tt.compute.apply "where" %t, %p, %l : !f32, !f32, !f32 -> !f32
    tt.compute.yield %w : !f32
  }
  %y = tt.compute.map %x broadcast ["none"] over 2 by 2 request <14, "y", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  %z = tt.compute.map %x broadcast ["none"] over 2 by 2 request <18, "z", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "neg" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  tt.noc.store_block %z, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// `mask ? 0 : -inf` plus a product is the product under the mask: it starts from zero.
// CHECK-LABEL: func.func @mask_before_product
// CHECK:      %h = tt.noc.load_block %H[%{{.*}}, %{{.*}}] request <2, "h", stages 2, by "default"> : memref<64x64xbf16> -> !tt.layout.block<2x2, tile<32x32, bf16>>
// CHECK:      %x = tt.compute.fill 0.000000e+00 request <62, "x", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %y = tt.compute.matmul %h, %h into %x : !tt.layout.block<2x2, tile<32x32, bf16>>, !tt.layout.block<2x2, tile<32x32, bf16>> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      %z = tt.compute.map %y broadcast ["none"] over 2 by 2 request <18, "z", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:      ^bb0(%y_1: !tt.layout.tile<32x32, f32>):
// CHECK:        %i = tt.compute.iota rows 1 cols -1 plus %{{.*}}
// CHECK:        %t = tt.compute.apply "gez" %i
// CHECK:        %l = tt.compute.splat %low
// CHECK:        %w = tt.compute.apply "where" %t, %y_1, %l
// CHECK:        %e = tt.compute.apply "exp" %w
// CHECK:        tt.compute.yield %e
// CHECK:      tt.noc.store_block %z, %Y[%{{.*}}, %{{.*}}]
func.func @mask_before_product(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %h = tt.noc.load_block %H[%c0, %c0] request <2, "h", stages 2, by "default"> : memref<64x64xbf16> -> !h
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %x = tt.compute.map broadcast [] over 2 by 2 request <62, "x", stages 1, by "default"> :  -> !tt.layout.block<2x2, tile<32x32, f32>> {
    %i = tt.compute.iota rows 1 cols -1 plus %c0 : !f32
    %t = tt.compute.apply "gez" %i : !f32 -> !f32
    %l = tt.compute.splat %low : !f32
    %o = tt.compute.splat %zero : !f32
    %w = tt.compute.apply "where" %t, %o, %l : !f32, !f32, !f32 -> !f32
    tt.compute.yield %w : !f32
  }
  %y = tt.compute.matmul %h, %h into %x : !h, !h -> !b
  %z = tt.compute.map %y broadcast ["none"] over 2 by 2 request <18, "z", stages 1, by "default"> : !tt.layout.block<2x2, tile<32x32, f32>> -> !tt.layout.block<2x2, tile<32x32, f32>> {
  ^bb0(%p: !f32):
    %e = tt.compute.apply "exp" %p : !f32 -> !f32
    tt.compute.yield %e : !f32
  }
  tt.noc.store_block %z, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!bf16 = !tt.layout.tile<32x32, bf16>
!f16 = !tt.layout.tile<32x32, f16>
!b = !tt.layout.block<2x2, tile<32x32, f32>>
!h = !tt.layout.block<2x2, tile<32x32, bf16>>
!v = !tt.layout.block<2x1, tile<32x32, f32>>
#f32 = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">
#bf16 = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">

// `mask ? 1 : -inf` stays the start of the product.
// CHECK-LABEL: func.func @mask_not_neutral
// CHECK:      %h = tt.noc.load_block %H[%{{.*}}, %{{.*}}] request <2, "h", stages 2, by "default"> : memref<64x64xbf16> -> !tt.layout.block<2x2, tile<32x32, bf16>>
// CHECK:      %x = tt.compute.map broadcast [] over 2 by 2 request <62, "x", stages 1, by "default"> : -> !tt.layout.block<2x2, tile<32x32, f32>> {
// CHECK:        %i = tt.compute.iota rows 1 cols -1 plus %{{.*}}
// CHECK:        %t = tt.compute.apply "gez" %i
// CHECK:        %l = tt.compute.splat %low
// CHECK:        %o = tt.compute.splat %zero
// CHECK:        %w = tt.compute.apply "where" %t, %o, %l
// CHECK:        tt.compute.yield %w
// CHECK:      %y = tt.compute.matmul %h, %h into %x : !tt.layout.block<2x2, tile<32x32, bf16>>, !tt.layout.block<2x2, tile<32x32, bf16>> -> !tt.layout.block<2x2, tile<32x32, f32>>
// CHECK:      tt.noc.store_block %y, %Y[%{{.*}}, %{{.*}}]
func.func @mask_not_neutral(%X: memref<64x64xf32> {tt.layout = #f32}, %H: memref<64x64xbf16> {tt.layout = #bf16}, %Y: memref<64x64xf32> {tt.layout = #f32}, %Z: memref<64x64xbf16> {tt.layout = #bf16}, %s: f32, %n: index) attributes {tt.arch = "wormhole"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tt.noc.load_block %X[%c0, %c0] request <0, "a", stages 2, by "default"> : memref<64x64xf32> -> !b
  %h = tt.noc.load_block %H[%c0, %c0] request <2, "h", stages 2, by "default"> : memref<64x64xbf16> -> !h
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 1.0 : f32
  %x = tt.compute.map broadcast [] over 2 by 2 request <62, "x", stages 1, by "default"> :  -> !tt.layout.block<2x2, tile<32x32, f32>> {
    %i = tt.compute.iota rows 1 cols -1 plus %c0 : !f32
    %t = tt.compute.apply "gez" %i : !f32 -> !f32
    %l = tt.compute.splat %low : !f32
    %o = tt.compute.splat %zero : !f32
    %w = tt.compute.apply "where" %t, %o, %l : !f32, !f32, !f32 -> !f32
    tt.compute.yield %w : !f32
  }
  %y = tt.compute.matmul %h, %h into %x : !h, !h -> !b
  tt.noc.store_block %y, %Y[%c0, %c0] : !b, memref<64x64xf32>
  func.return
}
