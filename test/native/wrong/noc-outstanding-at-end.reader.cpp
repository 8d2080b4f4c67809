// Ends with an increment that nobody awaits.
// run: alone
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    noc_semaphore_inc(get_noc_addr(get_semaphore(0)), 1);
}
