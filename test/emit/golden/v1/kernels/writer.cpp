// gemm: writer on RISCV_0, NoC 1; from gemm_metalium.mlir

#include <cstdint>

#include "dataflow_api.h"

void kernel_main() {
    constexpr uint32_t cb_C_out = tt::CBIndex::c_16;
    const uint32_t C_out_tile_bytes = get_tile_size(cb_C_out);
    constexpr uint32_t C_out_block_tiles = 16;

    const uint32_t C_addr = get_arg_val<uint32_t>(2);
    const uint32_t start_id = get_arg_val<uint32_t>(3);
    const uint32_t count = get_arg_val<uint32_t>(4);
    const uint32_t Nt = get_arg_val<uint32_t>(7);

    constexpr auto C_args = TensorAccessorArgs<0>();
    constexpr uint32_t C_page_bytes = 2048;
    const auto C = TensorAccessor(C_args, C_addr, C_page_bytes);

    // gemm.py:20
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t id = start_id + i;
        const uint32_t Nb = Nt / 4;
        const uint32_t by = id / Nb;
        const uint32_t bx = id % Nb;

        // gemm.py:31
        cb_wait_front(cb_C_out, C_out_block_tiles);
        const uint32_t C_out_ptr = get_read_ptr(cb_C_out);
        for (uint32_t r = 0; r < 4; ++r) {
            for (uint32_t c = 0; c < 4; ++c) {
                const uint32_t n1 = (by * 4 + r) * Nt + bx * 4;
                const uint32_t s2 = ((r / 2) * 2 + c / 2) * 4;
                const uint32_t slot = s2 + (r % 2) * 2 + c % 2;
                noc_async_write_page(n1 + c, C, C_out_ptr + slot * C_out_tile_bytes);
            }
        }
        noc_async_write_barrier();
        cb_pop_front(cb_C_out, C_out_block_tiles);
    }
}
