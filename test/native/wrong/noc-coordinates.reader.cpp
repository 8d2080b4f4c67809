// Takes logical coordinates for those of the NoC.
// run: alone
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    noc_semaphore_inc(get_noc_addr(0, 1, get_semaphore(0)), 1);
    noc_async_atomic_barrier();
}
