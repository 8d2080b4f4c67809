// Every rule, one violation each.
// RUN: tt-opt %s -p tt-verify --split-input-file --verify-diagnostics | filecheck %s

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// An id the machine does not have, and one that is taken.
// CHECK: invalid.mlir:[[#]]:3: error: circular buffer id 32: wormhole has 32
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 32 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// Two buffers with one id.
// CHECK: invalid.mlir:[[#]]:3: error: id 0 is taken by 's'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  %t = tt.cb.alloc "t" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 686, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// More than L1 holds.
// CHECK: invalid.mlir:[[#]]:1: error: circular buffers need 1404928 B of 1396736 B of L1
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// A buffer that nobody reads.
// CHECK: invalid.mlir:[[#]]:3: error: circular buffer 's' is read by nobody
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// Both data movement threads fill the buffer.
// CHECK: invalid.mlir:[[#]]:3: error: circular buffer 's' is filled by reader, writer
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.push_back %s, 2 : !cb
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// A push too few: as many pages must be pushed as are popped, whatever the trip counts.
// CHECK: invalid.mlir:[[#]]:3: error: circular buffer 's': 0 pages pushed, 2 * (0..argument 1 by 1) reserved
// CHECK: invalid.mlir:[[#]]:3: error: circular buffer 's': 0 pages pushed, 2 * (0..argument 1 by 1) popped
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// Half as many pages popped.
// CHECK: invalid.mlir:[[#]]:3: error: circular buffer 's': 2 * (0..argument 1 by 1) pages pushed, 1 * (0..argument 1 by 1) popped
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 1 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// Blocks of 3 in a buffer of 4 would wrap around in the middle.
// CHECK: invalid.mlir:[[#]]:7: error: 3 pages do not divide a lap of 4
// CHECK: invalid.mlir:[[#]]:7: error: 3 pages do not divide a lap of 4
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 3 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 3 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 3 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 3 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// Pages handed on before they have arrived.
// CHECK: invalid.mlir:[[#]]:7: error: 'tt.cb.push_back' before the barrier of 'tt.noc.read_page'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// Pages given back before they have left.
// CHECK: invalid.mlir:[[#]]:7: error: 'tt.cb.pop_front' before the barrier of 'tt.noc.write_page'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// The last write is not awaited.
// CHECK: invalid.mlir:[[#]]:5: error: the kernel ends before 'tt.noc.write_page' is awaited
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    %early = tt.cb.read_ptr %s : !cb
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
    tt.noc.write_page %y[%z0], %early[%z0] noc 1 : !tensor
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// An argument that is not in the table.
// CHECK: invalid.mlir:[[#]]:5: error: runtime argument 1 of 1
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// More arguments than a kernel may have.
// CHECK: invalid.mlir:[[#]]:1: error: 342 runtime arguments, at most 341
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <extent "e0" = 1, extent "e1" = 1, extent "e2" = 1, extent "e3" = 1, extent "e4" = 1, extent "e5" = 1, extent "e6" = 1, extent "e7" = 1, extent "e8" = 1, extent "e9" = 1, extent "e10" = 1, extent "e11" = 1, extent "e12" = 1, extent "e13" = 1, extent "e14" = 1, extent "e15" = 1, extent "e16" = 1, extent "e17" = 1, extent "e18" = 1, extent "e19" = 1, extent "e20" = 1, extent "e21" = 1, extent "e22" = 1, extent "e23" = 1, extent "e24" = 1, extent "e25" = 1, extent "e26" = 1, extent "e27" = 1, extent "e28" = 1, extent "e29" = 1, extent "e30" = 1, extent "e31" = 1, extent "e32" = 1, extent "e33" = 1, extent "e34" = 1, extent "e35" = 1, extent "e36" = 1, extent "e37" = 1, extent "e38" = 1, extent "e39" = 1, extent "e40" = 1, extent "e41" = 1, extent "e42" = 1, extent "e43" = 1, extent "e44" = 1, extent "e45" = 1, extent "e46" = 1, extent "e47" = 1, extent "e48" = 1, extent "e49" = 1, extent "e50" = 1, extent "e51" = 1, extent "e52" = 1, extent "e53" = 1, extent "e54" = 1, extent "e55" = 1, extent "e56" = 1, extent "e57" = 1, extent "e58" = 1, extent "e59" = 1, extent "e60" = 1, extent "e61" = 1, extent "e62" = 1, extent "e63" = 1, extent "e64" = 1, extent "e65" = 1, extent "e66" = 1, extent "e67" = 1, extent "e68" = 1, extent "e69" = 1, extent "e70" = 1, extent "e71" = 1, extent "e72" = 1, extent "e73" = 1, extent "e74" = 1, extent "e75" = 1, extent "e76" = 1, extent "e77" = 1, extent "e78" = 1, extent "e79" = 1, extent "e80" = 1, extent "e81" = 1, extent "e82" = 1, extent "e83" = 1, extent "e84" = 1, extent "e85" = 1, extent "e86" = 1, extent "e87" = 1, extent "e88" = 1, extent "e89" = 1, extent "e90" = 1, extent "e91" = 1, extent "e92" = 1, extent "e93" = 1, extent "e94" = 1, extent "e95" = 1, extent "e96" = 1, extent "e97" = 1, extent "e98" = 1, extent "e99" = 1, extent "e100" = 1, extent "e101" = 1, extent "e102" = 1, extent "e103" = 1, extent "e104" = 1, extent "e105" = 1, extent "e106" = 1, extent "e107" = 1, extent "e108" = 1, extent "e109" = 1, extent "e110" = 1, extent "e111" = 1, extent "e112" = 1, extent "e113" = 1, extent "e114" = 1, extent "e115" = 1, extent "e116" = 1, extent "e117" = 1, extent "e118" = 1, extent "e119" = 1, extent "e120" = 1, extent "e121" = 1, extent "e122" = 1, extent "e123" = 1, extent "e124" = 1, extent "e125" = 1, extent "e126" = 1, extent "e127" = 1, extent "e128" = 1, extent "e129" = 1, extent "e130" = 1, extent "e131" = 1, extent "e132" = 1, extent "e133" = 1, extent "e134" = 1, extent "e135" = 1, extent "e136" = 1, extent "e137" = 1, extent "e138" = 1, extent "e139" = 1, extent "e140" = 1, extent "e141" = 1, extent "e142" = 1, extent "e143" = 1, extent "e144" = 1, extent "e145" = 1, extent "e146" = 1, extent "e147" = 1, extent "e148" = 1, extent "e149" = 1, extent "e150" = 1, extent "e151" = 1, extent "e152" = 1, extent "e153" = 1, extent "e154" = 1, extent "e155" = 1, extent "e156" = 1, extent "e157" = 1, extent "e158" = 1, extent "e159" = 1, extent "e160" = 1, extent "e161" = 1, extent "e162" = 1, extent "e163" = 1, extent "e164" = 1, extent "e165" = 1, extent "e166" = 1, extent "e167" = 1, extent "e168" = 1, extent "e169" = 1, extent "e170" = 1, extent "e171" = 1, extent "e172" = 1, extent "e173" = 1, extent "e174" = 1, extent "e175" = 1, extent "e176" = 1, extent "e177" = 1, extent "e178" = 1, extent "e179" = 1, extent "e180" = 1, extent "e181" = 1, extent "e182" = 1, extent "e183" = 1, extent "e184" = 1, extent "e185" = 1, extent "e186" = 1, extent "e187" = 1, extent "e188" = 1, extent "e189" = 1, extent "e190" = 1, extent "e191" = 1, extent "e192" = 1, extent "e193" = 1, extent "e194" = 1, extent "e195" = 1, extent "e196" = 1, extent "e197" = 1, extent "e198" = 1, extent "e199" = 1, extent "e200" = 1, extent "e201" = 1, extent "e202" = 1, extent "e203" = 1, extent "e204" = 1, extent "e205" = 1, extent "e206" = 1, extent "e207" = 1, extent "e208" = 1, extent "e209" = 1, extent "e210" = 1, extent "e211" = 1, extent "e212" = 1, extent "e213" = 1, extent "e214" = 1, extent "e215" = 1, extent "e216" = 1, extent "e217" = 1, extent "e218" = 1, extent "e219" = 1, extent "e220" = 1, extent "e221" = 1, extent "e222" = 1, extent "e223" = 1, extent "e224" = 1, extent "e225" = 1, extent "e226" = 1, extent "e227" = 1, extent "e228" = 1, extent "e229" = 1, extent "e230" = 1, extent "e231" = 1, extent "e232" = 1, extent "e233" = 1, extent "e234" = 1, extent "e235" = 1, extent "e236" = 1, extent "e237" = 1, extent "e238" = 1, extent "e239" = 1, extent "e240" = 1, extent "e241" = 1, extent "e242" = 1, extent "e243" = 1, extent "e244" = 1, extent "e245" = 1, extent "e246" = 1, extent "e247" = 1, extent "e248" = 1, extent "e249" = 1, extent "e250" = 1, extent "e251" = 1, extent "e252" = 1, extent "e253" = 1, extent "e254" = 1, extent "e255" = 1, extent "e256" = 1, extent "e257" = 1, extent "e258" = 1, extent "e259" = 1, extent "e260" = 1, extent "e261" = 1, extent "e262" = 1, extent "e263" = 1, extent "e264" = 1, extent "e265" = 1, extent "e266" = 1, extent "e267" = 1, extent "e268" = 1, extent "e269" = 1, extent "e270" = 1, extent "e271" = 1, extent "e272" = 1, extent "e273" = 1, extent "e274" = 1, extent "e275" = 1, extent "e276" = 1, extent "e277" = 1, extent "e278" = 1, extent "e279" = 1, extent "e280" = 1, extent "e281" = 1, extent "e282" = 1, extent "e283" = 1, extent "e284" = 1, extent "e285" = 1, extent "e286" = 1, extent "e287" = 1, extent "e288" = 1, extent "e289" = 1, extent "e290" = 1, extent "e291" = 1, extent "e292" = 1, extent "e293" = 1, extent "e294" = 1, extent "e295" = 1, extent "e296" = 1, extent "e297" = 1, extent "e298" = 1, extent "e299" = 1, extent "e300" = 1, extent "e301" = 1, extent "e302" = 1, extent "e303" = 1, extent "e304" = 1, extent "e305" = 1, extent "e306" = 1, extent "e307" = 1, extent "e308" = 1, extent "e309" = 1, extent "e310" = 1, extent "e311" = 1, extent "e312" = 1, extent "e313" = 1, extent "e314" = 1, extent "e315" = 1, extent "e316" = 1, extent "e317" = 1, extent "e318" = 1, extent "e319" = 1, extent "e320" = 1, extent "e321" = 1, extent "e322" = 1, extent "e323" = 1, extent "e324" = 1, extent "e325" = 1, extent "e326" = 1, extent "e327" = 1, extent "e328" = 1, extent "e329" = 1, extent "e330" = 1, extent "e331" = 1, extent "e332" = 1, extent "e333" = 1, extent "e334" = 1, extent "e335" = 1, extent "e336" = 1, extent "e337" = 1, extent "e338" = 1, extent "e339" = 1, extent "e340" = 1, extent "e341" = 1> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 1 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// Reader and writer on one NoC.
// CHECK: invalid.mlir:[[#]]:1: error: two data movement threads of a core share a NoC
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 0 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 0 : !tensor
      tt.noc.write_barrier noc 0
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x2, pages 4, row_major>
!tensor = !tt.noc.accessor<[64, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>

// A transfer over the other thread's NoC.
// CHECK: invalid.mlir:[[#]]:7: error: 'tt.noc.write_page' uses another NoC than its thread
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <address "X_addr" = 0, count "count" = 0> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %s = tt.cb.alloc "s" id 0 : !cb
  tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [1, 1]>> {
    %address = tt.noc.runtime_arg 0 : index
    %count = tt.noc.runtime_arg 1 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = tt.noc.accessor %address : index -> !tensor
    scf.for %i = %c0 to %count step %c1 {
      tt.cb.reserve_back %s, 2 : !cb
      %p = tt.cb.write_ptr %s : !cb
      tt.noc.read_page %x[%i], %p[%c0] noc 0 : !tensor
      tt.noc.read_barrier noc 0
      tt.cb.push_back %s, 2 : !cb
    }
  }
  tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [1, 1]>> {
    %to = tt.noc.runtime_arg 0 : index
    %times = tt.noc.runtime_arg 1 : index
    %z0 = arith.constant 0 : index
    %z1 = arith.constant 1 : index
    %y = tt.noc.accessor %to : index -> !tensor
    scf.for %j = %z0 to %times step %z1 {
      tt.cb.wait_front %s, 2 : !cb
      %q = tt.cb.read_ptr %s : !cb
      tt.noc.write_page %y[%j], %q[%z0] noc 0 : !tensor
      tt.noc.write_barrier noc 1
      tt.cb.pop_front %s, 2 : !cb
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// No startup.
// CHECK: invalid.mlir:[[#]]:3: error: the compute kernel does not begin with one hw_startup
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Two startups.
// CHECK: invalid.mlir:[[#]]:3: error: the compute kernel does not begin with one hw_startup
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// A startup after the first init.
// CHECK: invalid.mlir:[[#]]:3: error: the compute kernel does not begin with one hw_startup
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.copy_init %a : !cb
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Packed before it is committed and awaited.
// CHECK: invalid.mlir:[[#]]:5: error: 'tt.compute.tile_regs_wait' while DST is in state 'math'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Packed without waiting.
// CHECK: invalid.mlir:[[#]]:5: error: 'tt.compute.pack_block' while DST is in state 'committed'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Computed without DST.
// CHECK: invalid.mlir:[[#]]:5: error: 'tt.compute.copy_block' while DST is in state 'free'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Never released.
// CHECK: invalid.mlir:[[#]]:5: error: a block ends with DST in state 'pack'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// Acquired in one iteration, released in another.
// CHECK: invalid.mlir:[[#]]:7: error: a block ends with DST in state 'math'
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %c1 step %c1 {
      tt.compute.tile_regs_acquire
      scf.yield
    }
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// A tile that DST does not have (8 tiles of 16 bits).
// CHECK: invalid.mlir:[[#]]:5: error: DST tile 8 of 8
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 8 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// No init for the copy.
// CHECK: invalid.mlir:[[#]]:5: error: 'tt.compute.copy_block' with a stale or missing init
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" id 0 : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}

// -----

!cb = !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
!dst = !tt.compute.dst<1, bf16>

// What the level demands: ids.
// CHECK: invalid.mlir:[[#]]:3: error: circular buffer 'tt.cb.alloc' has no id
tt.program "f" arch "wormhole" api "v2" config <"HiFi4", dst32 false, full_sync false> abi <> tensors [] partition <"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 1], work [<1, <<[0, 0], [1, 1]>>>]> decisions [] {
  %a = tt.cb.alloc "a" : !cb
  tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [1, 1]>> {
    tt.compute.hw_startup %a, %a, %a : !cb, !cb, !cb
    tt.compute.copy_init %a : !cb
    %c0 = arith.constant 0 : index
    tt.cb.wait_front %a, 1 : !cb
    tt.compute.tile_regs_acquire
    %d = tt.compute.dst index 0 : !dst
    tt.compute.copy_block %a[%c0], %d : !cb, !dst
    tt.compute.tile_regs_commit
    tt.cb.pop_front %a, 1 : !cb
    tt.cb.reserve_back %a, 1 : !cb
    tt.compute.tile_regs_wait
    tt.compute.pack_block %d, %a : !dst, !cb
    tt.compute.tile_regs_release
    tt.cb.push_back %a, 1 : !cb
  }
}
