// What a circular buffer on a tensor's shard cannot be.
// RUN: tt-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: there is no tensor parameter -1
%a = tt.cb.alloc "a" alias -1 : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, row_major>

// -----

// CHECK: the pages of a shard are in row-major order, not column_major
%a = tt.cb.alloc "a" alias 0 : !tt.cb.buffer<tile<32x32, bf16>, block 2x2, pages 4, column_major>
