// Changes the flag again before its multicast has left.
// run: alone cores=2
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    cb_reserve_back(0, 1);
    const uint32_t flag = get_semaphore(0);
    auto* const word = reinterpret_cast<volatile uint32_t*>(flag);
    if (get_absolute_logical_x() == 0) {
        noc_semaphore_set(word, 1);
        noc_semaphore_set_multicast(flag, get_noc_multicast_addr(18, 18, 19, 18, flag), 1);
        noc_semaphore_set(word, 0);
        noc_async_write_barrier();
    } else {
        noc_semaphore_wait(word, 1);
    }
    cb_push_back(0, 1);
    cb_wait_front(0, 1);
    cb_pop_front(0, 1);
}
