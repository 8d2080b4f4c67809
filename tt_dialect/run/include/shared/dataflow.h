// Follows tt_metal/hw/inc/api/dataflow/dataflow_api.h @003978d2 and api/tensor/tensor_accessor.h.
#pragma once

#ifdef COMPILE_FOR_COMPUTE
#error "the NoC is out of reach of compute kernels: dataflow_api.h belongs to data movement"
#endif
#ifdef TT_NATIVE_COMPUTE_API
#error "a kernel is either data movement or compute: tile math has no NoC"
#endif
#define TT_NATIVE_DATAFLOW_API

#include "shared/kernel.h"

#ifndef NOC_INDEX
#define NOC_INDEX 0
#endif
constexpr uint8_t noc_index = NOC_INDEX;
constexpr uint32_t NOC_MAX_BURST_SIZE = 8192;
constexpr uint32_t NOC_UNICAST_WRITE_VC = 1;
constexpr uint32_t NOC_MULTICAST_WRITE_VC = 4;

extern uint8_t my_x[2];
extern uint8_t my_y[2];

// ---- addresses ----

namespace tt_native {

uint64_t page_address(
    bool dram, uint32_t base, uint32_t page, uint32_t page_bytes, uint32_t offset, Site where);
// Of a page of a sharded tensor, as its accessor finds it: NoC coordinates of the bank, and pages from
// the start of the tensor in it.
uint64_t shard_address(
    bool dram, uint32_t base, uint32_t page, uint32_t page_bytes, uint32_t offset, uint32_t x,
    uint32_t y, uint32_t row, Site where);
uint64_t bank_address(bool dram, uint32_t bank, uint32_t offset, Site where);

}  // namespace tt_native

uint64_t get_noc_addr(uint32_t x, uint32_t y, uint32_t l1_address, uint8_t noc = noc_index);
uint64_t get_noc_addr(uint32_t l1_address, uint8_t noc = noc_index);
uint64_t get_noc_multicast_addr(
    uint32_t x_start,
    uint32_t y_start,
    uint32_t x_end,
    uint32_t y_end,
    uint32_t l1_address,
    uint8_t noc = noc_index);

template <bool DRAM>
uint64_t get_noc_addr_from_bank_id(
    uint32_t bank,
    uint32_t offset,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current()) {
    static_cast<void>(noc);
    return tt_native::bank_address(DRAM, bank, offset, where);
}

// ---- tensors ----

template <uint32_t Offset, uint32_t CommonOffset = 0>
struct TensorAccessorArgs {
    static constexpr uint32_t config =
        tt_native::has_compile_time_args ? tt_native::compile_time_arg<Offset>() : 2;
    static constexpr bool is_sharded = (config & 1) != 0;
    static constexpr bool is_dram = (config & 2) != 0;
    static constexpr uint32_t aligned_page_size =
        tt_native::has_compile_time_args ? tt_native::compile_time_arg<Offset + 1>() : 0;
    static_assert((config & ~3U) == 0, "runtime words of an accessor are outside of these headers");

    // Configuration and aligned page size; of shards also the rank, the number of banks, the tensor's
    // and the shard's extents in pages, and the coordinates of the banks, two to a word.
    static constexpr uint32_t rank =
        is_sharded ? tt_native::compile_time_arg<Offset + (is_sharded ? 2 : 0)>() : 0;
    static constexpr uint32_t num_banks =
        is_sharded ? tt_native::compile_time_arg<Offset + (is_sharded ? 3 : 0)>() : 0;
    static_assert(rank <= 8, "a tensor has at most 8 dimensions");
    static constexpr uint32_t num_compile_time_args() {
        return is_sharded ? 4 + 2 * rank + (num_banks + 1) / 2 : 2;
    }
    static constexpr uint32_t next_compile_time_args_offset() {
        return Offset + num_compile_time_args();
    }
    static constexpr uint32_t next_common_runtime_args_offset() { return CommonOffset; }
    static constexpr uint32_t tensor_extent(uint32_t dim) {
        return tt_native::compile_time_args[Offset + 4 + dim];
    }
    static constexpr uint32_t shard_extent(uint32_t dim) {
        return tt_native::compile_time_args[Offset + 4 + rank + dim];
    }
    static constexpr uint32_t bank_coordinates(uint32_t bank) {
        const uint32_t word = tt_native::compile_time_args[Offset + 4 + 2 * rank + bank / 2];
        return bank % 2 != 0 ? word >> 16 : word & 0xffff;
    }
};

template <typename Args>
struct TensorAccessor {
    uint32_t bank_base_address;
    uint32_t page_bytes;

    constexpr TensorAccessor(const Args&, uint32_t address, uint32_t bytes = 0)
        : bank_base_address(address), page_bytes(bytes != 0 ? bytes : Args::aligned_page_size) {}

    uint64_t get_noc_addr(
        uint32_t page,
        uint32_t offset = 0,
        uint8_t noc = noc_index,
        tt_native::Site where = tt_native::Site::current()) const {
        static_cast<void>(noc);
        if constexpr (Args::is_sharded) {
            uint32_t rest = page, shard = 0, within = 0, shards = 1, volume = 1;
            for (uint32_t dim = Args::rank; dim-- > 0;) {
                const uint32_t extent = Args::tensor_extent(dim);
                const uint32_t part = Args::shard_extent(dim);
                const uint32_t at = dim == 0 ? rest : rest % extent;
                rest /= extent;
                shard += at / part * shards;
                shards *= (extent + part - 1) / part;
                within += at % part * volume;
                volume *= part;
            }
            const uint32_t bank = Args::bank_coordinates(shard % Args::num_banks);
            const uint32_t row = shard / Args::num_banks * volume + within;
            return tt_native::shard_address(
                Args::is_dram, bank_base_address, page, page_bytes, offset, bank >> 8, bank & 0xff,
                row, where);
        }
        return tt_native::page_address(
            Args::is_dram, bank_base_address, page, page_bytes, offset, where);
    }
    constexpr uint32_t get_aligned_page_size() const { return page_bytes; }
};

// Address generators of API v1, of interleaved tensors.
template <bool DRAM>
struct InterleavedAddrGen {
    uint32_t bank_base_address;
    uint32_t page_size;

    uint64_t get_noc_addr(
        uint32_t page,
        uint32_t offset = 0,
        uint8_t noc = noc_index,
        tt_native::Site where = tt_native::Site::current()) const {
        static_cast<void>(noc);
        return tt_native::page_address(DRAM, bank_base_address, page, page_size, offset, where);
    }
    constexpr uint32_t get_aligned_page_size() const { return page_size; }
};

template <bool DRAM>
struct InterleavedAddrGenFast {
    uint32_t bank_base_address;
    uint32_t page_size;
    tt::DataFormat data_format;

    uint64_t get_noc_addr(
        uint32_t page,
        uint32_t offset = 0,
        uint8_t noc = noc_index,
        tt_native::Site where = tt_native::Site::current()) const {
        static_cast<void>(noc);
        return tt_native::page_address(DRAM, bank_base_address, page, page_size, offset, where);
    }
    constexpr uint32_t get_aligned_page_size() const { return page_size; }
};

template <typename AddrGen>
    requires requires(const AddrGen& generator) { generator.bank_base_address; }
uint64_t get_noc_addr(
    uint32_t page,
    const AddrGen& generator,
    uint32_t offset = 0,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current()) {
    return generator.get_noc_addr(page, offset, noc, where);
}

// ---- circular buffers ----

uint32_t get_write_ptr(uint32_t cb, tt_native::Site where = tt_native::Site::current());
uint32_t get_read_ptr(uint32_t cb, tt_native::Site where = tt_native::Site::current());
bool cb_pages_reservable_at_back(
    uint32_t cb, uint32_t pages, tt_native::Site where = tt_native::Site::current());
bool cb_pages_available_at_front(
    uint32_t cb, uint32_t pages, tt_native::Site where = tt_native::Site::current());

// ---- transfers ----

namespace tt_native {

void read(uint64_t source, uint32_t target, uint32_t bytes, uint8_t noc, Site where);
void write(
    uint32_t source, uint64_t target, uint32_t bytes, uint8_t noc, bool posted, Site where);

}  // namespace tt_native

template <uint32_t MaxPageSize = NOC_MAX_BURST_SIZE + 1>
void noc_async_read(
    uint64_t source,
    uint32_t l1_address,
    uint32_t bytes,
    uint8_t noc = noc_index,
    uint32_t vc = NOC_UNICAST_WRITE_VC,
    tt_native::Site where = tt_native::Site::current()) {
    static_cast<void>(vc);
    tt_native::read(source, l1_address, bytes, noc, where);
}

template <uint32_t MaxPageSize = NOC_MAX_BURST_SIZE + 1, bool Tracing = true, bool Posted = false>
void noc_async_write(
    uint32_t l1_address,
    uint64_t target,
    uint32_t bytes,
    uint8_t noc = noc_index,
    uint32_t vc = NOC_UNICAST_WRITE_VC,
    tt_native::Site where = tt_native::Site::current()) {
    static_cast<void>(vc);
    tt_native::write(l1_address, target, bytes, noc, Posted, where);
}

template <typename Accessor>
void noc_async_read_page(
    uint32_t page,
    const Accessor& accessor,
    uint32_t l1_address,
    uint32_t offset = 0,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::read(
        accessor.get_noc_addr(page, offset, noc, where),
        l1_address,
        accessor.get_aligned_page_size() - offset,
        noc,
        where);
}

template <typename Accessor>
void noc_async_write_page(
    uint32_t page,
    const Accessor& accessor,
    uint32_t l1_address,
    uint32_t bytes = 0,
    uint32_t offset = 0,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current()) {
    tt_native::write(
        l1_address,
        accessor.get_noc_addr(page, offset, noc, where),
        bytes != 0 ? bytes : accessor.get_aligned_page_size(),
        noc,
        false,
        where);
}

// Deprecated names of the page calls.
template <typename Accessor>
void noc_async_read_tile(
    uint32_t id,
    const Accessor& accessor,
    uint32_t l1_address,
    uint32_t offset = 0,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current()) {
    noc_async_read_page(id, accessor, l1_address, offset, noc, where);
}
template <typename Accessor>
void noc_async_write_tile(
    uint32_t id,
    const Accessor& accessor,
    uint32_t l1_address,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current()) {
    noc_async_write_page(id, accessor, l1_address, 0, 0, noc, where);
}

void noc_async_read_barrier(
    uint8_t noc = noc_index, tt_native::Site where = tt_native::Site::current());
void noc_async_write_barrier(
    uint8_t noc = noc_index, tt_native::Site where = tt_native::Site::current());
void noc_async_writes_flushed(
    uint8_t noc = noc_index, tt_native::Site where = tt_native::Site::current());
void noc_async_posted_writes_flushed(
    uint8_t noc = noc_index, tt_native::Site where = tt_native::Site::current());
void noc_async_atomic_barrier(
    uint8_t noc = noc_index, tt_native::Site where = tt_native::Site::current());
void noc_async_full_barrier(
    uint8_t noc = noc_index, tt_native::Site where = tt_native::Site::current());

// ---- semaphores and multicast ----

uint32_t get_semaphore(uint32_t id, tt_native::Site where = tt_native::Site::current());
void noc_semaphore_set(
    volatile tt_l1_ptr uint32_t* semaphore,
    uint32_t value,
    tt_native::Site where = tt_native::Site::current());
void noc_semaphore_wait(
    volatile tt_l1_ptr uint32_t* semaphore,
    uint32_t value,
    tt_native::Site where = tt_native::Site::current());
void noc_semaphore_wait_min(
    volatile tt_l1_ptr uint32_t* semaphore,
    uint32_t value,
    tt_native::Site where = tt_native::Site::current());
void noc_semaphore_inc(
    uint64_t address,
    uint32_t increment,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current());
void noc_semaphore_set_remote(
    uint32_t l1_address,
    uint64_t address,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current());
void noc_async_write_multicast(
    uint32_t l1_address,
    uint64_t multicast_address,
    uint32_t bytes,
    uint32_t dests,
    bool linked = false,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current());
void noc_async_write_multicast_loopback_src(
    uint32_t l1_address,
    uint64_t multicast_address,
    uint32_t bytes,
    uint32_t dests,
    bool linked = false,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current());
void noc_semaphore_set_multicast(
    uint32_t l1_address,
    uint64_t multicast_address,
    uint32_t dests,
    bool linked = false,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current());
void noc_semaphore_set_multicast_loopback_src(
    uint32_t l1_address,
    uint64_t multicast_address,
    uint32_t dests,
    bool linked = false,
    uint8_t noc = noc_index,
    tt_native::Site where = tt_native::Site::current());
