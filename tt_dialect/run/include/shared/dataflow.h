// Follows tt_metal/hw/inc/api/dataflow/dataflow_api.h and api/tensor/tensor_accessor.h.
#pragma once

#include "shared/kernel.h"

template <uint32_t Offset, uint32_t CommonOffset = 0>
struct TensorAccessorArgs {
    // Interleaved: configuration and aligned page size.
    static constexpr uint32_t next_compile_time_args_offset() { return Offset + 2; }
};

template <typename Args>
struct TensorAccessor {
    TensorAccessor(const Args& args, uint32_t address, uint32_t page_bytes = 0);
};

uint32_t get_write_ptr(uint32_t cb);
uint32_t get_read_ptr(uint32_t cb);

template <typename Accessor>
void noc_async_read_page(
    uint32_t page, const Accessor& accessor, uint32_t l1_address, uint32_t offset = 0);
template <typename Accessor>
void noc_async_write_page(
    uint32_t page,
    const Accessor& accessor,
    uint32_t l1_address,
    uint32_t bytes = 0,
    uint32_t offset = 0);
void noc_async_read_barrier();
void noc_async_write_barrier();
void noc_async_writes_flushed();
void noc_async_atomic_barrier();

uint8_t get_absolute_logical_x();
uint8_t get_absolute_logical_y();
uint64_t get_noc_addr(uint32_t x, uint32_t y, uint32_t l1_address);
uint32_t get_semaphore(uint32_t id);
void noc_semaphore_set(volatile tt_l1_ptr uint32_t* semaphore, uint32_t value);
void noc_semaphore_wait(volatile tt_l1_ptr uint32_t* semaphore, uint32_t value);
void noc_semaphore_wait_min(volatile tt_l1_ptr uint32_t* semaphore, uint32_t value);
void noc_semaphore_inc(uint64_t address, uint32_t increment);
uint64_t get_noc_multicast_addr(
    uint32_t x_start, uint32_t y_start, uint32_t x_end, uint32_t y_end, uint32_t l1_address);
void noc_async_write_multicast(
    uint32_t l1_address, uint64_t multicast_address, uint32_t bytes, uint32_t dests, bool linked);
void noc_async_write_multicast_loopback_src(
    uint32_t l1_address, uint64_t multicast_address, uint32_t bytes, uint32_t dests, bool linked);
void noc_semaphore_set_multicast(
    uint32_t l1_address, uint64_t multicast_address, uint32_t dests, bool linked);
void noc_semaphore_set_multicast_loopback_src(
    uint32_t l1_address, uint64_t multicast_address, uint32_t dests, bool linked);
