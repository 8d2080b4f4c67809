// gemm: reader on RISCV_1, NoC 0; from gemm_metalium.mlir

#include <cstdint>

#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    constexpr uint32_t cb_A_shared = tt::CBIndex::c_0;
    constexpr uint32_t cb_B_shared = tt::CBIndex::c_1;
    const uint32_t A_shared_tile_bytes = get_tile_size(cb_A_shared);
    const uint32_t B_shared_tile_bytes = get_tile_size(cb_B_shared);
    constexpr uint32_t A_shared_block_tiles = 4;
    constexpr uint32_t B_shared_block_tiles = 4;

    const uint32_t A_addr = get_arg_val<uint32_t>(0);
    const uint32_t B_addr = get_arg_val<uint32_t>(1);
    const uint32_t start_id = get_arg_val<uint32_t>(3);
    const uint32_t count = get_arg_val<uint32_t>(4);
    const uint32_t Kt = get_arg_val<uint32_t>(6);
    const uint32_t Nt = get_arg_val<uint32_t>(7);

    constexpr auto A_args = TensorAccessorArgs<0>();
    constexpr uint32_t A_page_bytes = 2048;
    const auto A = TensorAccessor(A_args, A_addr, A_page_bytes);
    constexpr auto B_args = TensorAccessorArgs<A_args.next_compile_time_args_offset()>();
    constexpr uint32_t B_page_bytes = 2048;
    const auto B = TensorAccessor(B_args, B_addr, B_page_bytes);

    // gemm.py:20
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t id = start_id + i;
        const uint32_t Nb = Nt / 4;
        const uint32_t by = id / Nb;
        const uint32_t bx = id % Nb;

        // gemm.py:25
        for (uint32_t ko = 0; ko < Kt; ++ko) {
            // gemm.py:26
            cb_reserve_back(cb_A_shared, A_shared_block_tiles);
            const uint32_t A_shared_ptr = get_write_ptr(cb_A_shared);
            for (uint32_t r = 0; r < 4; ++r) {
                noc_async_read_page(
                    (by * 4 + r) * Kt + ko, A, A_shared_ptr + r * A_shared_tile_bytes);
            }
            noc_async_read_barrier();
            cb_push_back(cb_A_shared, A_shared_block_tiles);

            // gemm.py:27
            cb_reserve_back(cb_B_shared, B_shared_block_tiles);
            const uint32_t B_shared_ptr = get_write_ptr(cb_B_shared);
            for (uint32_t c = 0; c < 4; ++c) {
                noc_async_read_page(
                    ko * Nt + bx * 4 + c, B, B_shared_ptr + c * B_shared_tile_bytes);
            }
            noc_async_read_barrier();
            cb_push_back(cb_B_shared, B_shared_block_tiles);
        }
    }
}
