// Every verifier of the elementwise operations.
// RUN: tt-opt %s --verify-diagnostics --split-input-file | filecheck %s

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}a map has one broadcast and one region argument per input
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["none", "none"] over 2 by 3 request <0, "r", stages 1, by "default"> : !block -> !block {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}broadcast must be one of none, row, col, scalar, got left
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["left"] over 2 by 3 request <0, "r", stages 1, by "default"> : !block -> !block {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}an input read with broadcast col has (2, 1) tiles, got (2, 3)
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["col"] over 2 by 3 request <0, "r", stages 1, by "default"> : !block -> !block {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}a tile of !tt.layout.block<2x3, tile<32x32, f32>> is !tt.layout.tile<32x32, f32>, not !tt.layout.tile<32x32, bf16>
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["none"] over 2 by 3 request <0, "r", stages 1, by "default"> : !block -> !block {
^bb0(%x: !tt.layout.tile<32x32, bf16>):
  tt.compute.yield %x : !tt.layout.tile<32x32, bf16>
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}fold must be one of add, max, min, got mul
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["none"] over 2 by 3 fold "mul" dim "row" request <0, "r", stages 1, by "default"> : !block -> !col {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}dim must be one of row, col, got both
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["none"] over 2 by 3 fold "add" dim "both" request <0, "r", stages 1, by "default"> : !block -> !col {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the result has (2, 1) tiles, got (2, 3)
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["none"] over 2 by 3 fold "add" dim "row" request <0, "r", stages 1, by "default"> : !block -> !block {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the result has (2, 3) tiles, got (2, 1)
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["none"] over 2 by 3 request <0, "r", stages 1, by "default"> : !block -> !col {
^bb0(%x: !f32):
  tt.compute.yield %x : !f32
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the region of a map ends with tt.compute.yield
%a = "test.op"() : () -> (!block)
%r = tt.compute.map %a broadcast ["none"] over 2 by 3 request <0, "r", stages 1, by "default"> : !block -> !block {
^bb0(%x: !f32):
  "test.termop"() : () -> ()
}

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}a function has one to three operands
%x = "test.op"() : () -> (!f32)
%y = tt.compute.apply "add" %x, %x, %x, %x : !f32, !f32, !f32, !f32 -> !f32

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}only the last operand can be a scalar
%x, %s = "test.op"() : () -> (!f32, f32)
%y = tt.compute.apply "add" %s, %x : f32, !f32 -> !f32

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the table has no unary function add
%x = "test.op"() : () -> (!f32)
%y = tt.compute.apply "add" %x : !f32 -> !f32

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the table has no scalar function pow
%x, %s = "test.op"() : () -> (!f32, f32)
%y = tt.compute.apply "pow" %x, %s : !f32, f32 -> !f32

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}kind must be one of sum, max, got min
%a = "test.op"() : () -> (!block)
%r = tt.compute.reduce "min" dim "row" %a request <0, "r", stages 1, by "default"> : !block -> !col

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}dim must be one of row, col, got all
%a = "test.op"() : () -> (!block)
%r = tt.compute.reduce "sum" dim "all" %a request <0, "r", stages 1, by "default"> : !block -> !col

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the result has (1, 3) tiles, got (2, 1)
%a = "test.op"() : () -> (!block)
%r = tt.compute.reduce "sum" dim "col" %a request <0, "r", stages 1, by "default"> : !block -> !col

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}broadcast must be one of row, col, scalar, got none
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.broadcast_tile "none" %c[%i], %g[%i] : !cb, !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}function must be one of add, sub, mul, got div
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.fpu_binary "div" broadcast "none" %c[%i], %c[%i], %g[%i] : !cb, !cb, !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}broadcast must be one of none, row, col, scalar, got all
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.fpu_binary "add" broadcast "all" %c[%i], %c[%i], %g[%i] : !cb, !cb, !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}kind must be one of sum, max, got avg
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.reduce_tile "avg" dim "row" %c[%i], %c, %g[%i] : !cb, !cb, !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}dim must be one of row, col, got scalar
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.reduce_tile "sum" dim "scalar" %c[%i], %c, %g[%i] : !cb, !cb, !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the table has no unary function where
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.sfpu_unary "where" %g[%i] : !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the table has no scalar function exp
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.sfpu_scalar "exp" %g[%i], %s : !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the table has no binary function where
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.sfpu_binary "where" %g, %g into %g at %i : !dst, !dst, !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the table has no ternary function add
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
tt.compute.sfpu_ternary "add" %g, %g, %g into %g at %i : !dst, !dst, !dst, !dst

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}family must be one of unary, scalar, binary, ternary, got two
tt.compute.sfpu_init "two" "add"

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}the table has no unary function add
tt.compute.sfpu_init "unary" "add"

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}kind must be one of reduce_scaler, iota
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
%p = tt.cb.write_ptr %c : !cb
tt.noc.generate_tile "ones" %p[%i]

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}iota has the steps rows and cols, other kinds have none
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
%p = tt.cb.write_ptr %c : !cb
tt.noc.generate_tile "iota" %p[%i]

// -----

!f32 = !tt.layout.tile<32x32, f32>
!block = !tt.layout.block<2x3, tile<32x32, f32>>
!col = !tt.layout.block<2x1, tile<32x32, f32>>
!cb = !tt.cb.buffer<tile<32x32, f32>, block 2x3, pages 6, row_major>
!dst = !tt.compute.dst<2, f32>
// CHECK: eltwise_invalid.mlir:{{[0-9]+}}:{{[0-9]+}}: error: {{.*}}iota has the steps rows and cols, other kinds have none
%c, %g, %i, %s = "test.op"() : () -> (!cb, !dst, index, f32)
%p = tt.cb.write_ptr %c : !cb
tt.noc.generate_tile "reduce_scaler" rows 1 cols 0 %p[%i]
