// Sends a tile from core 0 to core 1, then a flag.
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    cb_reserve_back(0, 1);
    if (get_absolute_logical_x() == 0) {
        const uint32_t page = get_write_ptr(0);
        const uint32_t flag = get_semaphore(0);
        auto* const word = reinterpret_cast<volatile uint32_t*>(flag);
        noc_semaphore_wait(word, 1);
        noc_async_write_multicast(
            page, get_noc_multicast_addr(18, 18, 19, 18, page), 2048, 1);
        noc_async_writes_flushed();
        noc_semaphore_set(word, 9);
        noc_semaphore_set_multicast(flag, get_noc_multicast_addr(18, 18, 19, 18, flag), 1);
        noc_async_write_barrier();
    } else {
        const uint32_t flag = get_semaphore(0);
        noc_semaphore_inc(get_noc_addr(18, 18, flag), 1);
        noc_async_atomic_barrier();
        noc_semaphore_wait(reinterpret_cast<volatile uint32_t*>(flag), 9);
    }
    cb_push_back(0, 1);
    cb_wait_front(0, 1);
    cb_pop_front(0, 1);
}
