// The fidelity: by default what the architecture can do with this DST, else what the user says.
// RUN: tt-opt %s -p tt-lower-memory | filecheck %s
// RUN: tt-opt %s -p 'tt-lower-memory{fidelity=LoFi}' | filecheck %s --check-prefix=LOFI
// RUN: not tt-opt %s -p 'tt-lower-memory{fidelity=HiFi5}' 2>&1 | filecheck %s --check-prefix=UNKNOWN

// CHECK: tt.config = #tt.compute_config<"HiFi4", dst32 true, full_sync false>, tt.decisions = [{subject = "compute", what = "fidelity", value = "HiFi4", by = "default"}, {subject = "s", what = "depth", value = "2 blocks", by = "default"}]
// LOFI: tt.config = #tt.compute_config<"LoFi", dst32 true, full_sync false>, tt.decisions = [{subject = "compute", what = "fidelity", value = "LoFi", by = "user"}
// UNKNOWN: error: unknown fidelity 'HiFi5', expected one of LoFi, HiFi2, HiFi3, HiFi4
func.func @copy(%X: memref<32x32xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">}, %Y: memref<32x32xf32> {tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, f32>, axes [], by "default">}) attributes {tt.arch = "blackhole"} {
  %c0 = arith.constant 0 : index
  %s = tt.noc.load_block %X[%c0, %c0] request <0, "s", stages 2, by "default"> : memref<32x32xf32> -> !tt.layout.block<1x1, tile<32x32, f32>>
  tt.noc.store_block %s, %Y[%c0, %c0] : !tt.layout.block<1x1, tile<32x32, f32>>, memref<32x32xf32>
  func.return
}
