// Elementwise operations at every level, in both forms.
// RUN: ROUNDTRIP
// RUN: GENERIC_ROUNDTRIP

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!row = !tt.layout.block<1x3, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>

%a, %m, %v, %s, %i = "test.op"() : () -> (!block, !col, !row, f32, index)

// CHECK:         %r = tt.compute.map %a, %m, %v broadcast ["none", "col", "row"] over 2 by 3 request <0, "r", stages 1, by "default"> : !tt.layout.block<2x3, tile<32x32, f32>>, !tt.layout.block<2x1, tile<32x32, f32>>, !tt.layout.block<1x3, tile<32x32, f32>> -> !tt.layout.block<2x3, tile<32x32, f32>> {
// CHECK-NEXT:    ^bb0(%x: !tt.layout.tile<32x32, f32>, %y: !tt.layout.tile<32x32, f32>, %z: !tt.layout.tile<32x32, f32>):
// CHECK-NEXT:      %d = tt.compute.apply "sub" %x, %y : !tt.layout.tile<32x32, f32>, !tt.layout.tile<32x32, f32> -> !tt.layout.tile<32x32, f32>
// CHECK-NEXT:      %e = tt.compute.apply "mul" %d, %s : !tt.layout.tile<32x32, f32>, f32 -> !tt.layout.tile<32x32, f32>
// CHECK-NEXT:      %t = tt.compute.splat %s : !tt.layout.tile<32x32, f32>
// CHECK-NEXT:      %n = tt.compute.iota rows 1 cols -1 plus %i : !tt.layout.tile<32x32, f32>
// CHECK-NEXT:      %w = tt.compute.apply "where" %n, %e, %t : !tt.layout.tile<32x32, f32>, !tt.layout.tile<32x32, f32>, !tt.layout.tile<32x32, f32> -> !tt.layout.tile<32x32, f32>
// CHECK-NEXT:      tt.compute.yield %w : !tt.layout.tile<32x32, f32>
// CHECK-NEXT:    }
// CHECK-GENERIC: "tt.compute.map"(%{{.*}}) <{broadcast = ["none", "col", "row"], rows = 2 : i32, cols = 3 : i32, cb = #tt.cb.request<0, "r", stages 1, by "default">}> ({
// CHECK-GENERIC: "tt.compute.apply"(%{{.*}}, %{{.*}}) <{function = "sub"}>
// CHECK-GENERIC: "tt.compute.splat"(%{{.*}}) : (f32)
// CHECK-GENERIC: "tt.compute.iota"(%{{.*}}) <{rows = 1 : i32, cols = -1 : i32}>
// CHECK-GENERIC: "tt.compute.yield"
%r = tt.compute.map %a, %m, %v broadcast ["none", "col", "row"] over 2 by 3 request <0, "r", stages 1, by "default"> : !block, !col, !row -> !block {
^bb0(%x: !f32, %y: !f32, %z: !f32):
  %d = tt.compute.apply "sub" %x, %y : !f32, !f32 -> !f32
  %e = tt.compute.apply "mul" %d, %s : !f32, f32 -> !f32
  %t = tt.compute.splat %s : !f32
  %n = tt.compute.iota rows 1 cols -1 plus %i : !f32
  %w = tt.compute.apply "where" %n, %e, %t : !f32, !f32, !f32 -> !f32
  tt.compute.yield %w : !f32
}

// CHECK:         %p = tt.compute.map %a broadcast ["none"] over 2 by 3 fold "max" dim "row" request <1, "p", stages 1, by "default"> : !tt.layout.block<2x3, tile<32x32, f32>> -> !tt.layout.block<2x1, tile<32x32, f32>> {
// CHECK-GENERIC: "tt.compute.map"(%{{.*}}) <{{{.*}}fold = "max"
%p = tt.compute.map %a broadcast ["none"] over 2 by 3 fold "max" dim "row" request <1, "p", stages 1, by "default"> : !block -> !col {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// CHECK:         %q = tt.compute.reduce "sum" dim "col" %a request <2, "q", stages 1, by "default"> : !tt.layout.block<2x3, tile<32x32, f32>> -> !tt.layout.block<1x3, tile<32x32, f32>>
// CHECK-GENERIC: "tt.compute.reduce"(%{{.*}}) <{kind = "sum", dim = "col"
%q = tt.compute.reduce "sum" dim "col" %a request <2, "q", stages 1, by "default"> : !block -> !row

%c, %o, %g, %h = "test.op"() : () -> (!cb, !cb, !dst, !dst)

// CHECK:         tt.compute.copy_tile %c[%i], %g[%i] : !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>, !tt.compute.dst<2, f32>
// CHECK-NEXT:    tt.compute.broadcast_tile "col" %c[%i], %g[%i] :
// CHECK-NEXT:    tt.compute.fpu_binary "mul" broadcast "row" %c[%i], %o[%i], %g[%i] :
// CHECK-NEXT:    tt.compute.reduce_tile "max" dim "row" %c[%i], %o, %g[%i] :
// CHECK-NEXT:    tt.compute.sfpu_unary "exp" %g[%i] : !tt.compute.dst<2, f32>
// CHECK-NEXT:    tt.compute.sfpu_scalar "rsub" %g[%i], %s : !tt.compute.dst<2, f32>
// CHECK-NEXT:    tt.compute.sfpu_binary "div" %g, %h into %g at %i :
// CHECK-NEXT:    tt.compute.sfpu_ternary "where" %g, %h, %h into %g at %i :
// CHECK-NEXT:    tt.compute.copy_dst %g into %h at %i :
// CHECK-NEXT:    tt.compute.sfpu_init "scalar" "rsub"
// CHECK-NEXT:    tt.compute.copy_dst_init
// CHECK-NEXT:    tt.compute.fpu_binary_init "mul" broadcast "row" %c, %o :
// CHECK-NEXT:    tt.compute.broadcast_init "col" %c, %o :
// CHECK-NEXT:    tt.compute.broadcast_uninit "col" %c :
// CHECK-NEXT:    tt.compute.reduce_init "max" dim "row" %c, %o, %o :
// CHECK-NEXT:    tt.compute.reduce_uninit %c :
// CHECK-GENERIC: "tt.compute.copy_tile"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) :
// CHECK-GENERIC: "tt.compute.broadcast_tile"(%{{.*}}) <{how = "col"}>
// CHECK-GENERIC: "tt.compute.fpu_binary"(%{{.*}}) <{function = "mul", how = "row"}>
// CHECK-GENERIC: "tt.compute.reduce_tile"(%{{.*}}) <{kind = "max", dim = "row"}>
// CHECK-GENERIC: "tt.compute.sfpu_unary"(%{{.*}}) <{function = "exp"}>
// CHECK-GENERIC: "tt.compute.sfpu_scalar"(%{{.*}}) <{function = "rsub"}>
// CHECK-GENERIC: "tt.compute.sfpu_binary"(%{{.*}}) <{function = "div"}>
// CHECK-GENERIC: "tt.compute.sfpu_ternary"(%{{.*}}) <{function = "where"}>
// CHECK-GENERIC: "tt.compute.copy_dst"(%{{.*}}) :
// CHECK-GENERIC: "tt.compute.sfpu_init"() <{
// CHECK-GENERIC: "tt.compute.copy_dst_init"() :
// CHECK-GENERIC: "tt.compute.fpu_binary_init"(%{{.*}}) <{function = "mul", how = "row"}>
// CHECK-GENERIC: "tt.compute.broadcast_init"(%{{.*}}) <{how = "col"}>
// CHECK-GENERIC: "tt.compute.broadcast_uninit"(%{{.*}}) <{how = "col"}>
// CHECK-GENERIC: "tt.compute.reduce_init"(%{{.*}}) <{kind = "max", dim = "row"}>
// CHECK-GENERIC: "tt.compute.reduce_uninit"(%{{.*}}) :
tt.compute.copy_tile %c[%i], %g[%i] : !cb, !dst
tt.compute.broadcast_tile "col" %c[%i], %g[%i] : !cb, !dst
tt.compute.fpu_binary "mul" broadcast "row" %c[%i], %o[%i], %g[%i] : !cb, !cb, !dst
tt.compute.reduce_tile "max" dim "row" %c[%i], %o, %g[%i] : !cb, !cb, !dst
tt.compute.sfpu_unary "exp" %g[%i] : !dst
tt.compute.sfpu_scalar "rsub" %g[%i], %s : !dst
tt.compute.sfpu_binary "div" %g, %h into %g at %i : !dst, !dst, !dst
tt.compute.sfpu_ternary "where" %g, %h, %h into %g at %i : !dst, !dst, !dst, !dst
tt.compute.copy_dst %g into %h at %i : !dst, !dst
tt.compute.sfpu_init "scalar" "rsub"
tt.compute.copy_dst_init
tt.compute.fpu_binary_init "mul" broadcast "row" %c, %o : !cb, !cb
tt.compute.broadcast_init "col" %c, %o : !cb, !cb
tt.compute.broadcast_uninit "col" %c : !cb
tt.compute.reduce_init "max" dim "row" %c, %o, %o : !cb, !cb, !cb
tt.compute.reduce_uninit %c : !cb

%l1 = tt.cb.write_ptr %c : !cb
// CHECK:         tt.noc.generate_tile "reduce_scaler" %l1[%i]
// CHECK-NEXT:    tt.noc.generate_tile "iota" rows 1 cols -1 %l1[%i]
// CHECK-GENERIC: "tt.noc.generate_tile"(%{{.*}}) <{kind = "reduce_scaler"}>
// CHECK-GENERIC: "tt.noc.generate_tile"(%{{.*}}) <{kind = "iota", rows = 1 : i32, cols = -1 : i32}>
tt.noc.generate_tile "reduce_scaler" %l1[%i]
tt.noc.generate_tile "iota" rows 1 cols -1 %l1[%i]
