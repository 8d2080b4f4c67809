// Packs to c_3, which shares its memory with c_2, while c_2 holds a tile.
#include "api/compute/common.h"
#include "api/compute/compute_kernel_hw_startup.h"
#include "api/compute/pack.h"
#include "api/compute/tile_move_copy.h"

void kernel_main() {
    const uint32_t tiles = get_arg_val<uint32_t>(2);
    compute_kernel_hw_startup(0, 2);
    copy_init(0);
    for (uint32_t t = 0; t < tiles; ++t) {
        cb_wait_front(0, 1);
        tile_regs_acquire();
        copy_tile(0, 0, 0);
        tile_regs_commit();
        cb_pop_front(0, 1);
        cb_reserve_back(2, 1);
        tile_regs_wait();
        pack_tile(0, 2);
        cb_push_back(2, 1);
        cb_reserve_back(3, 1);
        pack_tile(0, 3);
        tile_regs_release();
        cb_push_back(3, 1);
    }
}
