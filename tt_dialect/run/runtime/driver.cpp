// Runs a job written by tt_dialect/run/native.py: the same host API, driven line by line.
//
//   arch NAME
//   buffer LABEL FORMAT PAGES INPUT|- OUTPUT|- dram|l1 SHARDS
//   cb ID FORMAT PAGES CORES [I]        on the shards of buffer I
//   alias ID ID FORMAT PAGES CORES      two circular buffers on one allocation
//   semaphore INITIAL CORES
//   dm PATH PROCESSOR NOC CORES buffers N I...
//   compute PATH FIDELITY DST32 FULL_SYNC CORES direct N ID...
//   args KERNEL X Y N VALUE...          @I is the address of buffer I
//   run
//
// CORES is a count of rectangles, then x0 y0 x1 y1 of each. SHARDS is 0 when interleaved, or the rank,
// the tensor's and the shard's extents in pages, a count of banks or cores and x y of each.
#include <fstream>
#include <iostream>
#include <sstream>

#include "machine.h"
#include "tt-metalium/distributed.hpp"
#include "tt-metalium/tensor_accessor_args.hpp"

using namespace tt::tt_metal;

namespace {

CoreRangeSet read_cores(std::istream& in) {
    size_t count = 0;
    in >> count;
    std::vector<CoreRange> ranges;
    for (size_t i = 0; i < count; ++i) {
        size_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
        in >> x0 >> y0 >> x1 >> y1;
        ranges.emplace_back(CoreCoord(x0, y0), CoreCoord(x1, y1));
    }
    return CoreRangeSet(ranges);
}

tt::DataFormat read_format(std::istream& in) {
    std::string name;
    in >> name;
    return name == "f32"   ? tt::DataFormat::Float32
           : name == "f16" ? tt::DataFormat::Float16
                           : tt::DataFormat::Float16_b;
}

size_t read_count(std::istream& in) {
    size_t count = 0;
    in >> count;
    return count;
}

std::vector<uint32_t> read_numbers(std::istream& in, size_t count) {
    std::vector<uint32_t> numbers(count);
    for (uint32_t& n : numbers) {
        in >> n;
    }
    return numbers;
}

std::vector<uint32_t> read_numbers(std::istream& in) { return read_numbers(in, read_count(in)); }

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: driver JOB\n");
        return 2;
    }
    std::ifstream job(argv[1]);
    std::string line;
    std::shared_ptr<distributed::MeshDevice> device;
    std::vector<std::shared_ptr<distributed::MeshBuffer>> buffers;
    std::vector<std::string> outputs;
    Program program = CreateProgram();
    while (std::getline(job, line)) {
        std::istringstream in(line);
        std::string word;
        in >> word;
        if (word == "arch") {
            in >> word;
            setenv("ARCH_NAME", word.c_str(), 1);
            device = distributed::MeshDevice::create_unit_mesh(0);
        } else if (word == "buffer") {
            std::string label, input, output;
            in >> label;
            const uint32_t page = tt::tile_size(read_format(in));
            uint64_t pages = 0;
            in >> pages >> input >> output >> word;
            distributed::DeviceLocalBufferConfig local{
                .page_size = page, .buffer_type = word == "l1" ? BufferType::L1 : BufferType::DRAM};
            size_t rank = 0;
            in >> rank;
            if (rank != 0) {
                const std::vector<uint32_t> tensor = read_numbers(in, rank);
                const std::vector<uint32_t> shard = read_numbers(in, rank);
                const std::vector<uint32_t> flat = read_numbers(in, 2 * read_count(in));
                std::vector<CoreCoord> cores;
                for (size_t i = 0; i < flat.size(); i += 2) {
                    cores.emplace_back(flat[i], flat[i + 1]);
                }
                local.sharding_args = BufferShardingArgs(
                    BufferDistributionSpec(Shape(tensor), Shape(shard), cores));
            }
            auto buffer = distributed::MeshBuffer::create(
                {.size = pages * page}, local, device.get());
            buffer->state().label = label;
            if (input != "-") {
                std::ifstream file(input, std::ios::binary);
                std::vector<char> data(pages * page);
                file.read(data.data(), static_cast<std::streamsize>(data.size()));
                tt_native::upload(buffer->state(), data.data(), data.size());
            }
            outputs.push_back(output);
            buffers.push_back(buffer);
        } else if (word == "cb" || word == "alias") {
            std::vector<unsigned> ids(word == "cb" ? 1 : 2);
            uint32_t pages = 0;
            for (unsigned& id : ids) {
                in >> id;
            }
            const tt::DataFormat format = read_format(in);
            in >> pages;
            const uint32_t page = tt::tile_size(format);
            std::map<uint8_t, tt::DataFormat> formats;
            for (const unsigned id : ids) {
                formats[static_cast<uint8_t>(id)] = format;
            }
            CircularBufferConfig config(pages * page, formats);
            for (const unsigned id : ids) {
                config.set_page_size(static_cast<uint8_t>(id), page);
            }
            const CoreRangeSet cores = read_cores(in);
            size_t on = 0;
            if (in >> on) {
                config.set_globally_allocated_address(*buffers.at(on)->get_backing_buffer());
            }
            CreateCircularBuffer(program, cores, config);
        } else if (word == "semaphore") {
            uint32_t initial = 0;
            in >> initial;
            CreateSemaphore(program, read_cores(in), initial);
        } else if (word == "dm") {
            std::string path;
            int processor = 0, noc = 0;
            in >> path >> processor >> noc;
            const CoreRangeSet cores = read_cores(in);
            DataMovementConfig config;
            config.processor = static_cast<DataMovementProcessor>(processor);
            config.noc = static_cast<NOC>(noc);
            for (const uint32_t i : read_numbers(in)) {
                TensorAccessorArgs(*buffers.at(i)).append_to(config.compile_args);
            }
            CreateKernel(program, path, cores, config);
        } else if (word == "compute") {
            std::string path;
            int fidelity = 0;
            ComputeConfig config;
            in >> path >> fidelity >> config.fp32_dest_acc_en >> config.dst_full_sync_en;
            config.math_fidelity = static_cast<MathFidelity>(fidelity);
            const CoreRangeSet cores = read_cores(in);
            config.unpack_to_dest_mode.assign(NUM_CIRCULAR_BUFFERS, UnpackToDestMode::Default);
            for (const uint32_t id : read_numbers(in)) {
                config.unpack_to_dest_mode.at(id) = UnpackToDestMode::UnpackToDestFp32;
            }
            CreateKernel(program, path, cores, config);
        } else if (word == "args") {
            uint32_t kernel = 0;
            size_t x = 0, y = 0, count = 0;
            in >> kernel >> x >> y >> count;
            std::vector<uint32_t> args(count);
            for (uint32_t& value : args) {
                in >> word;
                value = word[0] == '@' ? static_cast<uint32_t>(buffers.at(std::stoul(word.substr(1)))->address())
                                       : static_cast<uint32_t>(std::stoul(word));
            }
            SetRuntimeArgs(program, kernel, CoreCoord(x, y), args);
        } else if (word == "run") {
            distributed::MeshWorkload workload;
            workload.add_program(
                distributed::MeshCoordinateRange(device->shape()), std::move(program));
            distributed::EnqueueMeshWorkload(device->mesh_command_queue(), workload, true);
        }
    }
    for (size_t i = 0; i < buffers.size(); ++i) {
        if (outputs[i] != "-") {
            std::vector<char> data(buffers[i]->size());
            tt_native::download(buffers[i]->state(), data.data(), data.size());
            std::ofstream file(outputs[i], std::ios::binary);
            file.write(data.data(), static_cast<std::streamsize>(data.size()));
        }
    }
    tt_native::finish(0);
}
