// RUN: tt-opt %s -p tt-infer-layout --split-input-file --verify-diagnostics | filecheck %s

// Shards do not overlap.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: halo unsupported: the layout of 'A' asks for one
// CHECK-NEXT: note: shards do not overlap; read the neighbour's rows in the kernel
func.func @halo(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "DRAM", halo = [1, 1]}}} {
  func.return
}

// -----

// An nd_shard without the extent of a shard.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: nd_shard incomplete: 'A' lacks shard_shape
// CHECK-NEXT: note: it has axes (labels), grid (shards per axis) and shard_shape (elements per axis)
func.func @incomplete(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", nd_shard = {axes = ["M", "N"], grid = [2, 2]}}}} {
  func.return
}

// -----

// Sharded, but how?
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: nd_shard incomplete: 'A' is sharded, but nothing says how
// CHECK-NEXT: note: give a strategy (height, width, block) or an nd_shard with axes, grid and shard_shape
func.func @how(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", layout = "sharded"}}} {
  func.return
}

// -----

// More shards than the device has cores.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': the shard grid 16x4 is larger than the 8x8 core grid of wormhole
// CHECK-NEXT: note: at most 8 shards along rows and 8 along columns
func.func @larger(%A: memref<512x512xbf16> {tt.name = "A"}, %B: memref<512x512xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "block", grid = [16, 4]}}} {
  func.return
}

// -----

// The same along one axis.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': 128 shards are more than the 8x8 core grid has cores
// CHECK-NEXT: note: an L1 shard is owned by exactly one core; use fewer, larger shards
func.func @many(%A: memref<4096x32xbf16> {tt.name = "A"}, %B: memref<4096x32xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "height", shard_shape = [32]}}} {
  func.return
}

// -----

// The core ranges of the schedule count.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': 4 shards are more than the 3 cores of the core ranges
// CHECK-NEXT: note: an L1 shard is owned by exactly one core; use fewer, larger shards
func.func @ranges(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "height", grid = [4]}}, tt.user_schedule = {core_ranges = [{start = [0, 0], extent = [3, 1]}]}} {
  func.return
}

// -----

// Shards of whole tiles.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': L1 shard requires tile alignment: shards of 48 elements along M end inside a tile of 32
// CHECK-NEXT: note: make the extent of a shard a multiple of 32: 64 instead of 48
func.func @misaligned(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "height", shard_shape = [48]}}} {
  func.return
}

// -----

// In DRAM too: a page is a tile.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': shards of 48 elements along M end inside a tile of 32
// CHECK-NEXT: note: make the extent of a shard a multiple of 32: 64 instead of 48
func.func @misaligned_dram(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {strategy = "height", shard_shape = [48]}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: L1 shard requires tile alignment: align_tiles of 'A' is false
// CHECK-NEXT: note: leave align_tiles out, and make shard_shape whole tiles
func.func @align(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", nd_shard = {axes = ["M"], grid = [2], shard_shape = [64], align_tiles = false}}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: unknown memory 'L2' of 'A'
// CHECK-NEXT: note: did you mean 'L1'?
func.func @memory(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L2"}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: unknown order 'rowmajor' of 'A'
// CHECK-NEXT: note: did you mean 'row_major'?
func.func @order(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {strategy = "block", grid = [2, 2], order = "rowmajor"}}} {
  func.return
}

// -----

// A name that is kept for later.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: order 'block_linear(4)' in the nd_shard of 'A' is reserved: it has no meaning yet
// CHECK-NEXT: note: expected row_major, column_major, match_shard, z_order
func.func @reserved(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {nd_shard = {axes = ["M"], grid = [2], shard_shape = [64], order = "block_linear(4)"}}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: kernel 'unknown_buffer' has no buffer 'AA'
// CHECK-NEXT: note: did you mean 'A'?
func.func @unknown_buffer(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {AA = {memory = "L1"}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: the layout of 'A' has no key 'memry'
// CHECK-NEXT: note: did you mean 'memory'?
func.func @unknown_key(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memry = "L1"}}} {
  func.return
}

// -----

// The arithmetic of L1.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: L1 shard exceeds capacity: a shard of 'A' is 32 x 32 tiles x 2048 B = 2097152 B, and a core of wormhole has 1396736 B
// CHECK-NEXT: note: 1499136 B of L1 - 102400 B reserved = 1396736 B, for circular buffers too
// CHECK-NEXT: note: use more, smaller shards, or DRAM
func.func @capacity(%A: memref<2048x2048xbf16> {tt.name = "A"}, %B: memref<2048x2048xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "block", grid = [2, 2]}}} {
  func.return
}

// -----

// Tensors share a core's L1.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: L1 shard exceeds capacity: a shard of 'B' is 20 x 20 tiles x 2048 B = 819200 B; with 819200 B of 'A' that is 1638400 B, and a core of wormhole has 1396736 B
// CHECK-NEXT: note: 1499136 B of L1 - 102400 B reserved = 1396736 B, for circular buffers too
func.func @capacity_of_two(%A: memref<2560x2560xbf16> {tt.name = "A"}, %B: memref<2560x2560xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "block", grid = [4, 4]}, B = {memory = "L1", strategy = "block", grid = [4, 4]}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': 2 shards of 32 along M do not cover its extent 128
// CHECK-NEXT: note: 4 shards of 32 would, or 2 shards of 64
func.func @uncovered(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {nd_shard = {axes = ["M"], grid = [2], shard_shape = [32]}}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': 5 shards of 32 along M leave 1 of them outside of its extent 128
// CHECK-NEXT: note: 4 shards of 32 cover it
func.func @outside(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {nd_shard = {axes = ["M"], grid = [5], shard_shape = [32]}}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': nd_shard axis 'Q' labels no dimension of the tensor
// CHECK-NEXT: note: expected M, N
func.func @axis(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {nd_shard = {axes = ["Q"], grid = [4], shard_shape = [32]}}}} {
  func.return
}

// -----

// A core grid that was asked for counts, not the device.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': the shard grid 4x4 is larger than the 3x4 core grid of the schedule
// CHECK-NEXT: note: at most 4 shards along rows and 3 along columns
func.func @core_grid(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", strategy = "block", grid = [4, 4]}}, tt.user_schedule = {core_grid = [3, 4]}} {
  func.return
}

// -----

// Shards along a batch lie below each other.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': the shard grid 5x2x2, 10 rows of 2, is larger than the 8x8 core grid of wormhole
// CHECK-NEXT: note: at most 8 shards along rows and 8 along columns
func.func @folded(%A: memref<5x64x64xbf16> {tt.name = "A"}, %B: memref<4x64x64xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {memory = "L1", nd_shard = {axes = ["B", "M", "N"], grid = [5, 2, 2], shard_shape = [1, 32, 32]}}}} {
  func.return
}

// -----

// The accessor counts shards row-major, over banks that take turns.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: tensor 'A': 16 shards in order column_major share 12 banks
// CHECK-NEXT: note: an accessor numbers shards row-major: use that order, or at most as many shards as banks
func.func @banks(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {strategy = "block", grid = [4, 4], order = "column_major"}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: the layout of 'A' is interleaved and sharded
// CHECK-NEXT: note: an interleaved tensor has neither strategy nor nd_shard
func.func @both(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {layout = "interleaved", strategy = "block"}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: order z_order of 'A' numbers shards, and it is interleaved
// CHECK-NEXT: note: interleaved pages are row_major; add a strategy or an nd_shard
func.func @page_order(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {order = "z_order"}}} {
  func.return
}

// -----

// Strides follow from the shape: [Nt, 1] in tiles.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: stride [128, 1] of 'A' is not that of its tile grid, [4, 1]
// CHECK-NEXT: note: strides are in tiles and follow from the shape; leave stride out
func.func @stride(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {stride = [128, 1]}, B = {stride = [4, 1]}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: cb_depth of 'A' is 0
// CHECK-NEXT: note: expected a number of blocks from 1 to 64
func.func @depth(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_layout = {A = {cb_depth = 0}}} {
  func.return
}

// -----

// Core ranges of a schedule.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: core ranges 0 and 1 overlap at core (1, 1)
// CHECK-NEXT: note: a core is in one range; extents are sizes, not last cores
func.func @overlap(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_schedule = {core_ranges = [{start = [0, 0], extent = [2, 2]}, {start = [1, 1], extent = [2, 1]}]}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: unknown partition_mode 'local' of the schedule
// CHECK-NEXT: note: did you mean 'local_shard'?
func.func @schedule_key(%A: memref<128x128xbf16> {tt.name = "A"}, %B: memref<128x128xbf16> {tt.name = "B"}) attributes {tt.user_schedule = {partition_mode = "local"}} {
  func.return
}

// -----

// A buffer on chip lives in L1 anyway.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 's' is an on-chip buffer: it lives in L1, as a circular buffer
// CHECK-NEXT: note: its annotation says cb_depth only
func.func @on_chip(%A: memref<64x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {s = {memory = "L1"}}} {
  %s = memref.alloc() {tt.name = "s"} : memref<32x32xbf16, 1 : i64>
  func.return
}

// -----

// Two who decide.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: tensor 'A' has a tt.layout already, and a user layout
// CHECK-NEXT: note: keep one of them
func.func @twice(%A: memref<64x64xbf16> {tt.name = "A", tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "user">}) attributes {tt.user_layout = {A = {memory = "L1"}}} {
  func.return
}

// -----

// A layout that is written out is held against its tensor too.
// CHECK:      annotations_invalid.mlir:[[#]]:1: error: 'A': 2 shards of 32 along M do not cover its extent 128
func.func @written(%A: memref<128x64xbf16> {tt.name = "A", tt.layout = #tt.layout.buffer<dram, sharded, tile<32x32, bf16>, axes [], by "user", nd_shard<axes ["M"], grid [2], shard [32], order "row_major">>}) {
  func.return
}

// -----

// An annotation from a file is reported where it stands.
// CHECK:      layout.json:7:1: error: unknown memory 'L3' of 'A'
func.func @placed(%A: memref<128x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {at = "layout.json:7", memory = "L3"}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: nd_shard incomplete: 'A' is sharded, but nothing says how
func.func @not_interleaved(%A: memref<128x128xbf16> {tt.name = "A"}) attributes {tt.layout_desc = {A = {shard = "DRAM", interleave = false}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: tt.layout_desc and tt.user_layout both speak of 'A'
// CHECK-NEXT: note: keep one of them
func.func @twice(%A: memref<128x128xbf16> {tt.name = "A"}) attributes {tt.layout_desc = {A = {shard = "DRAM"}}, tt.user_layout = {A = {cb_depth = 3}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: dtype of 'A' is said to be float32, it is bfloat16
// CHECK-NEXT: note: it follows from the tensor and its shards; leave dtype out
func.func @dtype_stated(%A: memref<100x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {dtype = "float32"}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: data_format of 'A' is said to be Float16, it is Float16_b
// CHECK-NEXT: note: it follows from the tensor and its shards; leave data_format out
func.func @format_stated(%A: memref<100x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {data_format = "Float16"}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: needs_padding of 'A' is said to be false, it is true
// CHECK-NEXT: note: it follows from the tensor and its shards; leave needs_padding out
func.func @padding_stated(%A: memref<100x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {needs_padding = false}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: padded_shape of 'A' is said to be [128, 96], it is [128, 64]
// CHECK-NEXT: note: it follows from the tensor and its shards; leave padded_shape out
func.func @padded_stated(%A: memref<100x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {padded_shape = [128, 96]}}} {
  func.return
}

// -----

// CHECK:      annotations_invalid.mlir:[[#]]:1: error: projected_grid of 'A' is said to be [1, 2], it is [2, 1]
// CHECK-NEXT: note: it follows from the tensor and its shards; leave projected_grid out
func.func @projected_stated(%A: memref<100x64xbf16> {tt.name = "A"}) attributes {tt.user_layout = {A = {nd_shard = {axes = ["M"], grid = [2], shard_shape = [64], projected_grid = [1, 2]}}}} {
  func.return
}
