// Reserves more pages than there are.
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    const uint32_t address = get_arg_val<uint32_t>(0);
    const uint32_t tiles = get_arg_val<uint32_t>(2);
    const auto X = TensorAccessor(TensorAccessorArgs<0>(), address, 2048);
    for (uint32_t t = 0; t < tiles; ++t) {
        cb_reserve_back(0, 5);
        noc_async_read_page(t, X, get_write_ptr(0));
        noc_async_read_barrier();
        cb_push_back(0, 1);
    }
}
