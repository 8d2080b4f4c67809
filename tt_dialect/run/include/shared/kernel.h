// Follows tt_metal/hw/inc/api/dataflow/dataflow_api.h and api/compute/{common,cb_api}.h: what data
// movement and compute kernels have in common.
#pragma once

#include "shared/types.h"

using std::size_t;
using std::uint32_t;
using std::uint64_t;
using std::uint8_t;

template <typename T>
T get_arg_val(int index);

void cb_reserve_back(uint32_t cb, uint32_t pages);
void cb_push_back(uint32_t cb, uint32_t pages);
void cb_wait_front(uint32_t cb, uint32_t pages);
void cb_pop_front(uint32_t cb, uint32_t pages);
uint32_t get_tile_size(uint32_t cb);
