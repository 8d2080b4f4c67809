// gemm: compute; from gemm_metalium.mlir

#include <cstdint>

#include "api/compute/common.h"
#include "api/compute/compute_kernel_hw_startup.h"
#include "api/compute/eltwise_unary/fill.h"
#include "api/compute/matmul.h"
#include "api/compute/pack.h"
#include "api/compute/reconfig_data_format.h"
#include "api/compute/tile_move_copy.h"

void kernel_main() {
    constexpr uint32_t cb_A_shared = tt::CBIndex::c_0;
    constexpr uint32_t cb_B_shared = tt::CBIndex::c_1;
    constexpr uint32_t cb_C_local = tt::CBIndex::c_24;
    constexpr uint32_t cb_C_out = tt::CBIndex::c_16;
    constexpr uint32_t C_local_subblock_tiles = 4;
    constexpr uint32_t A_shared_block_tiles = 4;
    constexpr uint32_t B_shared_block_tiles = 4;
    constexpr uint32_t C_out_subblock_tiles = 4;

    const uint32_t count = get_arg_val<uint32_t>(4);
    const uint32_t Kt = get_arg_val<uint32_t>(6);

    // gemm.py:20
    compute_kernel_hw_startup<SrcOrder::Reverse>(cb_A_shared, cb_B_shared, cb_C_local);
    for (uint32_t i = 0; i < count; ++i) {
        // gemm.py:24
        fill_tile_init();
        pack_reconfig_data_format(cb_C_local);
        for (uint32_t s = 0; s < 4; ++s) {
            cb_reserve_back(cb_C_local, C_local_subblock_tiles);
            tile_regs_acquire();
            for (uint32_t t = 0; t < 4; ++t) {
                fill_tile(t, 0.0f);
            }
            tile_regs_commit();
            tile_regs_wait();
            pack_block(0, cb_C_local, C_local_subblock_tiles);
            tile_regs_release();
            cb_push_back(cb_C_local, C_local_subblock_tiles);
        }

        // gemm.py:25
        for (uint32_t ko = 0; ko < Kt; ++ko) {
            // gemm.py:28
            cb_wait_front(cb_A_shared, A_shared_block_tiles);
            cb_wait_front(cb_B_shared, B_shared_block_tiles);
            for (uint32_t sr = 0; sr < 2; ++sr) {
                for (uint32_t sc = 0; sc < 2; ++sc) {
                    tile_regs_acquire();
                    cb_wait_front(cb_C_local, C_local_subblock_tiles);
                    reconfig_data_format_srca(cb_C_local);
                    copy_init(cb_C_local);
                    copy_block(cb_C_local, 0, 0, C_local_subblock_tiles);
                    cb_pop_front(cb_C_local, C_local_subblock_tiles);
                    reconfig_data_format_srca(cb_B_shared);
                    matmul_block_init(
                        cb_A_shared,
                        cb_B_shared,
                        /*transpose=*/false,
                        /*ct=*/2,
                        /*rt=*/2,
                        /*kt=*/1);
                    for (uint32_t k = 0; k < 1; ++k) {
                        matmul_block(
                            cb_A_shared,
                            cb_B_shared,
                            sr * 2 + k,
                            k * 4 + sc * 2,
                            0,
                            /*transpose=*/false,
                            /*ct=*/2,
                            /*rt=*/2,
                            /*kt=*/1);
                    }
                    tile_regs_commit();
                    cb_reserve_back(cb_C_local, C_local_subblock_tiles);
                    tile_regs_wait();
                    pack_block(0, cb_C_local, C_local_subblock_tiles);
                    tile_regs_release();
                    cb_push_back(cb_C_local, C_local_subblock_tiles);
                }
            }
            cb_pop_front(cb_A_shared, A_shared_block_tiles);
            cb_pop_front(cb_B_shared, B_shared_block_tiles);
        }

        // gemm.py:31
        reconfig_data_format_srca(cb_C_local);
        copy_init(cb_C_local);
        pack_reconfig_data_format(cb_C_out);
        for (uint32_t s = 0; s < 4; ++s) {
            tile_regs_acquire();
            cb_wait_front(cb_C_local, C_local_subblock_tiles);
            copy_block(cb_C_local, 0, 0, C_local_subblock_tiles);
            cb_pop_front(cb_C_local, C_local_subblock_tiles);
            tile_regs_commit();
            cb_reserve_back(cb_C_out, C_out_subblock_tiles);
            tile_regs_wait();
            pack_block(0, cb_C_out, C_out_subblock_tiles);
            tile_regs_release();
            cb_push_back(cb_C_out, C_out_subblock_tiles);
        }
    }
}
