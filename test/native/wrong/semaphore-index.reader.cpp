// Uses a semaphore the host has not created.
// run: alone
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    noc_semaphore_set(reinterpret_cast<volatile uint32_t*>(get_semaphore(4)), 1);
}
