// Types, attributes and operations of tt.cb: every form of each.
// RUN: ROUNDTRIP
// RUN: GENERIC_ROUNDTRIP

!in = !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>

"test.op"() {
  orders = [#tt.cb.page_order<row_major>, #tt.cb.page_order<column_major>, #tt.cb.page_order<subblock<2x4>>],
  buffers = [!tt.cb.buffer<tile<32x32, f32>, block 4x8, pages 32, subblock<2x4>>, !tt.cb.buffer<tile<16x32, f16>, block 2x2, pages 4, column_major>],
  pointer = !tt.cb.pointer,
  request = #tt.cb.request<0, "A_shared", stages 3, by "num_stages">,
  quoted = #tt.cb.request<65536, "a \"b\"", stages 1, by "accumulator">
} : () -> ()

func.func @protocol() {
  %plain = tt.cb.alloc "plain" : !in
  %numbered = tt.cb.alloc "numbered" id 16 : !in
  %wide = tt.cb.alloc "wide" unpack_to_dest : !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 1, row_major>
  %shard = tt.cb.alloc "shard" alias 0 : !in
  %all = tt.cb.alloc "all" id 2 alias 1 unpack_to_dest : !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 1, row_major>
  %both = tt.cb.alloc "both" id 31 unpack_to_dest {note = "kept"} : !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 65535, row_major>
  tt.cb.reserve_back %plain, 4 : !in
  %w = tt.cb.write_ptr %plain : !in
  tt.cb.push_back %plain, 4 {note = "kept"} : !in
  tt.cb.wait_front %plain, 1 : !in
  %r = tt.cb.read_ptr %plain : !in
  tt.cb.pop_front %plain, 12 : !in
  func.return
}

// CHECK:      builtin.module {
// CHECK-NEXT:   "test.op"() {orders = [#tt.cb.page_order<row_major>, #tt.cb.page_order<column_major>, #tt.cb.page_order<subblock<2x4>>], buffers = [!tt.cb.buffer<tile<32x32, f32>, block 4x8, pages 32, subblock<2x4>>, !tt.cb.buffer<tile<16x32, f16>, block 2x2, pages 4, column_major>], pointer = !tt.cb.pointer, request = #tt.cb.request<0, "A_shared", stages 3, by "num_stages">, quoted = #tt.cb.request<65536, "a \22b\22", stages 1, by "accumulator">} : () -> ()
// CHECK-NEXT:   func.func @protocol() {
// CHECK-NEXT:     %plain = tt.cb.alloc "plain" : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     %numbered = tt.cb.alloc "numbered" id 16 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     %wide = tt.cb.alloc "wide" unpack_to_dest : !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 1, row_major>
// CHECK-NEXT:     %shard = tt.cb.alloc "shard" alias 0 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     %all = tt.cb.alloc "all" id 2 alias 1 unpack_to_dest : !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 1, row_major>
// CHECK-NEXT:     %both = tt.cb.alloc "both" id 31 unpack_to_dest {note = "kept"} : !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 65535, row_major>
// CHECK-NEXT:     tt.cb.reserve_back %plain, 4 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     %w = tt.cb.write_ptr %plain : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     tt.cb.push_back %plain, 4 {note = "kept"} : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     tt.cb.wait_front %plain, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     %r = tt.cb.read_ptr %plain : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     tt.cb.pop_front %plain, 12 : !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-NEXT:     func.return
// CHECK-NEXT:   }
// CHECK-NEXT: }

// CHECK-GENERIC:      "builtin.module"() ({
// CHECK-GENERIC-NEXT:   "test.op"() {orders = [#tt.cb.page_order<row_major>, #tt.cb.page_order<column_major>, #tt.cb.page_order<subblock<2x4>>], buffers = [!tt.cb.buffer<tile<32x32, f32>, block 4x8, pages 32, subblock<2x4>>, !tt.cb.buffer<tile<16x32, f16>, block 2x2, pages 4, column_major>], pointer = !tt.cb.pointer, request = #tt.cb.request<0, "A_shared", stages 3, by "num_stages">, quoted = #tt.cb.request<65536, "a \22b\22", stages 1, by "accumulator">} : () -> ()
// CHECK-GENERIC-NEXT:   "func.func"() <{sym_name = "protocol", function_type = () -> ()}> ({
// CHECK-GENERIC-NEXT:     %plain = "tt.cb.alloc"() <{label = "plain"}> : () -> !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-GENERIC-NEXT:     %numbered = "tt.cb.alloc"() <{label = "numbered", id = 16 : i32}> : () -> !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-GENERIC-NEXT:     %wide = "tt.cb.alloc"() <{label = "wide", unpack_to_dest}> : () -> !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 1, row_major>
// CHECK-GENERIC-NEXT:     %shard = "tt.cb.alloc"() <{label = "shard", alias = 0 : i32}> : () -> !tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>
// CHECK-GENERIC-NEXT:     %all = "tt.cb.alloc"() <{label = "all", id = 2 : i32, alias = 1 : i32, unpack_to_dest}> : () -> !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 1, row_major>
// CHECK-GENERIC-NEXT:     %both = "tt.cb.alloc"() <{label = "both", id = 31 : i32, unpack_to_dest}> {note = "kept"} : () -> !tt.cb.buffer<tile<32x32, f32>, block 1x1, pages 65535, row_major>
// CHECK-GENERIC-NEXT:     "tt.cb.reserve_back"(%plain) <{pages = 4 : i32}> : (!tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>) -> ()
// CHECK-GENERIC-NEXT:     %w = "tt.cb.write_ptr"(%plain) : (!tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>) -> !tt.cb.pointer
// CHECK-GENERIC-NEXT:     "tt.cb.push_back"(%plain) <{pages = 4 : i32}> {note = "kept"} : (!tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "tt.cb.wait_front"(%plain) <{pages = 1 : i32}> : (!tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>) -> ()
// CHECK-GENERIC-NEXT:     %r = "tt.cb.read_ptr"(%plain) : (!tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>) -> !tt.cb.pointer
// CHECK-GENERIC-NEXT:     "tt.cb.pop_front"(%plain) <{pages = 12 : i32}> : (!tt.cb.buffer<tile<32x32, bf16>, block 4x1, pages 12, row_major>) -> ()
// CHECK-GENERIC-NEXT:     "func.return"() : () -> ()
// CHECK-GENERIC-NEXT:   }) : () -> ()
// CHECK-GENERIC-NEXT: }) : () -> ()
