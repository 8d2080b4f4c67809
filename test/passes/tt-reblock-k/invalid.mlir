// RUN: not tt-opt %s -p 'tt-reblock-k{k-tiles=0}' 2>&1 | filecheck %s
// RUN: not tt-opt %s -p 'tt-reblock-k{k-tiles=many}' 2>&1 | filecheck %s --check-prefix=TYPE

// CHECK: error: k-tiles must be at least 1, got 0
// TYPE: error:
builtin.module {
}
