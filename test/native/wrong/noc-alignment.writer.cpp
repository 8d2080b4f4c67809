// Reads back 32 bytes off: right on Wormhole, wrong on Blackhole.
// run: arch=blackhole
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    const uint32_t address = get_arg_val<uint32_t>(1);
    const uint32_t tiles = get_arg_val<uint32_t>(2);
    const auto Y = TensorAccessor(TensorAccessorArgs<0>(), address, 2048);
    for (uint32_t t = 0; t < tiles; ++t) {
        cb_wait_front(16, 1);
        noc_async_write_page(t, Y, get_read_ptr(16));
        noc_async_write_barrier();
        noc_async_read(Y.get_noc_addr(t, 32), get_read_ptr(16), 1024);
        noc_async_read_barrier();
        cb_pop_front(16, 1);
    }
}
