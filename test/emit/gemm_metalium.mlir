// RUN: tt-opt %s -t metalium-reader | diff %S/golden/v2/kernels/reader.cpp -
// RUN: tt-opt %s -t metalium-compute | diff %S/golden/v2/kernels/compute.cpp -
// RUN: tt-opt %s -t metalium-writer | diff %S/golden/v2/kernels/writer.cpp -
// RUN: tt-opt %s -t metalium-plan | diff %S/golden/v2/tt.plan.json -
// RUN: tt-opt %s -t metalium-host | filecheck %s --check-prefix=HOST

// HOST: // gemm: host program for wormhole, TT-Metalium API v2
// HOST: const KernelHandle reader =
// HOST: return 0;

// A 1024x1024x1024 GEMM with 128x128x32 blocks on 8x8 cores, written by hand at METALIUM level.
builtin.module {
  tt.program "gemm" arch "wormhole" api "v2" config <"HiFi4", dst32 true, full_sync false>
      abi <address "A_addr" = 0, address "B_addr" = 1, address "C_addr" = 2, start "start_id" = 0, count "count" = 0, extent "Mt" = 32, extent "Kt" = 32, extent "Nt" = 32>
      tensors [#tt.tensor<"A", in, [1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">>,
               #tt.tensor<"B", in, [1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["K", "N"], by "default">>,
               #tt.tensor<"C", out, [1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "N"], by "default">>]
      partition <"global", "row_major", core_grid [8, 8], blocks [8, 8], block_tiles [4, 4], tiles [32, 32], work [<1, <<[0, 0], [8, 8]>>>]> decisions [] {
    %A_shared = tt.cb.alloc "A_shared" id 0 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major> loc("examples/gemm.py":21:12)
    %B_shared = tt.cb.alloc "B_shared" id 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":22:12)
    %C_local = tt.cb.alloc "C_local" id 24 unpack_to_dest : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":23:12)
    %C_out = tt.cb.alloc "C_out" id 16 : !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:12)
    tt.thread "reader" on "riscv_1" noc 0 cores <<[0, 0], [8, 8]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %A_addr = tt.noc.runtime_arg 0 : index
      %B_addr = tt.noc.runtime_arg 1 : index
      %start_id = tt.noc.runtime_arg 3 : index
      %count = tt.noc.runtime_arg 4 : index
      %Kt = tt.noc.runtime_arg 6 : index
      %Nt = tt.noc.runtime_arg 7 : index
      %A = tt.noc.accessor %A_addr : index -> !tt.noc.accessor<[1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">>
      %B = tt.noc.accessor %B_addr : index -> !tt.noc.accessor<[1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["K", "N"], by "default">>
      scf.for %i = %c0 to %count step %c1 {
        %id = arith.addi %start_id, %i : index loc("examples/gemm.py":20:9)
        %Nb = arith.divui %Nt, %c4 : index loc("examples/gemm.py":20:9)
        %by = arith.divui %id, %Nb : index loc("examples/gemm.py":20:9)
        %bx = arith.remui %id, %Nb : index loc("examples/gemm.py":20:9)
        scf.for %ko = %c0 to %Kt step %c1 {
          tt.cb.reserve_back %A_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major> loc("examples/gemm.py":26:13)
          %p = tt.cb.write_ptr %A_shared : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major> loc("examples/gemm.py":26:13)
          scf.for %r = %c0 to %c4 step %c1 {
            %m0 = arith.muli %by, %c4 : index loc("examples/gemm.py":26:13)
            %m1 = arith.addi %m0, %r : index loc("examples/gemm.py":26:13)
            %m2 = arith.muli %m1, %Kt : index loc("examples/gemm.py":26:13)
            %page = arith.addi %m2, %ko : index loc("examples/gemm.py":26:13)
            tt.noc.read_page %A[%page], %p[%r] noc 0 : !tt.noc.accessor<[1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "K"], by "default">> loc("examples/gemm.py":26:13)
          } loc("examples/gemm.py":26:13)
          tt.noc.read_barrier noc 0 loc("examples/gemm.py":26:13)
          tt.cb.push_back %A_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major> loc("examples/gemm.py":26:13)
          tt.cb.reserve_back %B_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":27:13)
          %q = tt.cb.write_ptr %B_shared : !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":27:13)
          scf.for %c = %c0 to %c4 step %c1 {
            %k0 = arith.muli %ko, %Nt : index loc("examples/gemm.py":27:13)
            %n0 = arith.muli %bx, %c4 : index loc("examples/gemm.py":27:13)
            %n1 = arith.addi %k0, %n0 : index loc("examples/gemm.py":27:13)
            %page = arith.addi %n1, %c : index loc("examples/gemm.py":27:13)
            tt.noc.read_page %B[%page], %q[%c] noc 0 : !tt.noc.accessor<[1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["K", "N"], by "default">> loc("examples/gemm.py":27:13)
          } loc("examples/gemm.py":27:13)
          tt.noc.read_barrier noc 0 loc("examples/gemm.py":27:13)
          tt.cb.push_back %B_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":27:13)
        } loc("examples/gemm.py":25:9)
      } loc("examples/gemm.py":20:9)
    }
    tt.thread "compute" on "compute" noc 0 cores <<[0, 0], [8, 8]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %count = tt.noc.runtime_arg 4 : index
      %Kt = tt.noc.runtime_arg 6 : index
      tt.compute.hw_startup matmul %A_shared, %B_shared, %C_local : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major>, !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":20:9)
      scf.for %i = %c0 to %count step %c1 {
        tt.compute.fill_init loc("examples/gemm.py":24:9)
        tt.compute.reconfig_pack %C_local : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":24:9)
        scf.for %s = %c0 to %c4 step %c1 {
          tt.cb.reserve_back %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":24:9)
          %d = tt.compute.dst index 0 : !tt.compute.dst<4, f32> loc("examples/gemm.py":24:9)
          tt.compute.tile_regs_acquire loc("examples/gemm.py":24:9)
          scf.for %t = %c0 to %c4 step %c1 {
            tt.compute.fill_tile 0.0, %d[%t] : !tt.compute.dst<4, f32> loc("examples/gemm.py":24:9)
          } loc("examples/gemm.py":24:9)
          tt.compute.tile_regs_commit loc("examples/gemm.py":24:9)
          tt.compute.tile_regs_wait loc("examples/gemm.py":24:9)
          tt.compute.pack_block %d, %C_local : !tt.compute.dst<4, f32>, !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":24:9)
          tt.compute.tile_regs_release loc("examples/gemm.py":24:9)
          tt.cb.push_back %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":24:9)
        } loc("examples/gemm.py":24:9)
        scf.for %ko = %c0 to %Kt step %c1 {
          tt.cb.wait_front %A_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major> loc("examples/gemm.py":28:13)
          tt.cb.wait_front %B_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":28:13)
          scf.for %sr = %c0 to %c2 step %c1 {
            scf.for %sc = %c0 to %c2 step %c1 {
              %d = tt.compute.dst index 0 : !tt.compute.dst<4, f32> loc("examples/gemm.py":28:13)
              tt.compute.tile_regs_acquire loc("examples/gemm.py":28:13)
              tt.cb.wait_front %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":28:13)
              tt.compute.reconfig_srca %C_local : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":28:13)
              tt.compute.copy_init %C_local : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":28:13)
              tt.compute.copy_block %C_local[%c0], %d : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>>, !tt.compute.dst<4, f32> loc("examples/gemm.py":28:13)
              tt.cb.pop_front %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":28:13)
              tt.compute.reconfig_srca %B_shared : !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":28:13)
              tt.compute.matmul_block_init %A_shared, %B_shared rt 2 ct 2 kt 1 transpose false : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":28:13)
              scf.for %k = %c0 to %c1 step %c1 {
                %a0 = arith.muli %sr, %c2 : index loc("examples/gemm.py":28:13)
                %a = arith.addi %a0, %k : index loc("examples/gemm.py":28:13)
                %b0 = arith.muli %k, %c4 : index loc("examples/gemm.py":28:13)
                %b1 = arith.muli %sc, %c2 : index loc("examples/gemm.py":28:13)
                %b = arith.addi %b0, %b1 : index loc("examples/gemm.py":28:13)
                tt.compute.matmul_block %A_shared[%a], %B_shared[%b], %d rt 2 ct 2 kt 1 transpose false : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>, !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major>, !tt.compute.dst<4, f32> loc("examples/gemm.py":28:13)
              } loc("examples/gemm.py":28:13)
              tt.compute.tile_regs_commit loc("examples/gemm.py":28:13)
              tt.cb.reserve_back %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":28:13)
              tt.compute.tile_regs_wait loc("examples/gemm.py":28:13)
              tt.compute.pack_block %d, %C_local : !tt.compute.dst<4, f32>, !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":28:13)
              tt.compute.tile_regs_release loc("examples/gemm.py":28:13)
              tt.cb.push_back %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":28:13)
            } loc("examples/gemm.py":28:13)
          } loc("examples/gemm.py":28:13)
          tt.cb.pop_front %A_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major> loc("examples/gemm.py":28:13)
          tt.cb.pop_front %B_shared, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 1x4, pages 12, row_major> loc("examples/gemm.py":28:13)
        } loc("examples/gemm.py":25:9)
        tt.compute.reconfig_srca %C_local : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":31:9)
        tt.compute.copy_init %C_local : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":31:9)
        tt.compute.reconfig_pack %C_out : !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:9)
        scf.for %s = %c0 to %c4 step %c1 {
          %d = tt.compute.dst index 0 : !tt.compute.dst<4, f32> loc("examples/gemm.py":31:9)
          tt.compute.tile_regs_acquire loc("examples/gemm.py":31:9)
          tt.cb.wait_front %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":31:9)
          tt.compute.copy_block %C_local[%c0], %d : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>>, !tt.compute.dst<4, f32> loc("examples/gemm.py":31:9)
          tt.cb.pop_front %C_local, 4 : !tt.cb.buffer<tile<32x32, f32>, block 4x4, pages 16, subblock<2x2>> loc("examples/gemm.py":31:9)
          tt.compute.tile_regs_commit loc("examples/gemm.py":31:9)
          tt.cb.reserve_back %C_out, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:9)
          tt.compute.tile_regs_wait loc("examples/gemm.py":31:9)
          tt.compute.pack_block %d, %C_out : !tt.compute.dst<4, f32>, !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:9)
          tt.compute.tile_regs_release loc("examples/gemm.py":31:9)
          tt.cb.push_back %C_out, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:9)
        } loc("examples/gemm.py":31:9)
      } loc("examples/gemm.py":20:9)
    }
    tt.thread "writer" on "riscv_0" noc 1 cores <<[0, 0], [8, 8]>> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %C_addr = tt.noc.runtime_arg 2 : index
      %start_id = tt.noc.runtime_arg 3 : index
      %count = tt.noc.runtime_arg 4 : index
      %Nt = tt.noc.runtime_arg 7 : index
      %C = tt.noc.accessor %C_addr : index -> !tt.noc.accessor<[1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "N"], by "default">>
      scf.for %i = %c0 to %count step %c1 {
        %id = arith.addi %start_id, %i : index loc("examples/gemm.py":20:9)
        %Nb = arith.divui %Nt, %c4 : index loc("examples/gemm.py":20:9)
        %by = arith.divui %id, %Nb : index loc("examples/gemm.py":20:9)
        %bx = arith.remui %id, %Nb : index loc("examples/gemm.py":20:9)
        tt.cb.wait_front %C_out, 16 : !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:9)
        %p = tt.cb.read_ptr %C_out : !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:9)
        scf.for %r = %c0 to %c4 step %c1 {
          scf.for %c = %c0 to %c4 step %c1 {
            %m0 = arith.muli %by, %c4 : index loc("examples/gemm.py":31:9)
            %m1 = arith.addi %m0, %r : index loc("examples/gemm.py":31:9)
            %m2 = arith.muli %m1, %Nt : index loc("examples/gemm.py":31:9)
            %n0 = arith.muli %bx, %c4 : index loc("examples/gemm.py":31:9)
            %n1 = arith.addi %m2, %n0 : index loc("examples/gemm.py":31:9)
            %page = arith.addi %n1, %c : index loc("examples/gemm.py":31:9)
            %sr = arith.divui %r, %c2 : index loc("examples/gemm.py":31:9)
            %sc = arith.divui %c, %c2 : index loc("examples/gemm.py":31:9)
            %s0 = arith.muli %sr, %c2 : index loc("examples/gemm.py":31:9)
            %s1 = arith.addi %s0, %sc : index loc("examples/gemm.py":31:9)
            %s2 = arith.muli %s1, %c4 : index loc("examples/gemm.py":31:9)
            %ir = arith.remui %r, %c2 : index loc("examples/gemm.py":31:9)
            %ic = arith.remui %c, %c2 : index loc("examples/gemm.py":31:9)
            %i0 = arith.muli %ir, %c2 : index loc("examples/gemm.py":31:9)
            %i1 = arith.addi %i0, %ic : index loc("examples/gemm.py":31:9)
            %slot = arith.addi %s2, %i1 : index loc("examples/gemm.py":31:9)
            tt.noc.write_page %C[%page], %p[%slot] noc 1 : !tt.noc.accessor<[1024, 1024], buffer<dram, interleaved, tile<32x32, bf16>, axes ["M", "N"], by "default">> loc("examples/gemm.py":31:9)
          } loc("examples/gemm.py":31:9)
        } loc("examples/gemm.py":31:9)
        tt.noc.write_barrier noc 1 loc("examples/gemm.py":31:9)
        tt.cb.pop_front %C_out, 16 : !tt.cb.buffer<tile<32x32, bf16>, block 4x4, pages 32, subblock<2x2>> loc("examples/gemm.py":31:9)
      } loc("examples/gemm.py":20:9)
    }
  }
}
