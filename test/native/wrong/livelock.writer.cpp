// Spins on a word nobody writes.
// run: alone
#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    auto* const word = reinterpret_cast<volatile uint32_t*>(get_semaphore(0));
    while (*word == 0) {
    }
}
