"""annotate_tt_layout and annotate_tt_schedule in kernels that TileLang builds, and on them."""

from typing import Any

import pytest

pytestmark = pytest.mark.tilelang
pytest.importorskip("tilelang")

import tilelang.language as T  # noqa: E402
from xdsl.dialects.func import FuncOp  # noqa: E402

from tt_dialect.analysis.annotations import layouts_of, schedule_of  # noqa: E402
from tt_dialect.diagnostics import CompileError  # noqa: E402
from tt_dialect.importer import import_source  # noqa: E402
from tt_dialect.tilelang import annotate_tt_layout, annotate_tt_schedule  # noqa: E402


def copy(memory: str = "L1", outside: bool = False) -> Any:
    @T.prim_func
    def kernel(A: T.Tensor((64, 64), "bfloat16"), B: T.Tensor((64, 64), "bfloat16")):
        if outside:
            annotate_tt_schedule({"core_grid": [2, 2]})
        with T.Kernel(2, 2, threads=128) as (bx, by):
            annotate_tt_layout({A: {"memory": memory, "strategy": "block", "grid": [2, 2]}})
            annotate_tt_schedule({"core_grid": [2, 2]})
            s = T.alloc_shared((32, 32), "bfloat16")
            annotate_tt_layout({"s": {"cb_depth": 3}})
            T.copy(A[by * 32, bx * 32], s)
            T.copy(s, B[by * 32, bx * 32])

    return kernel


def imported(kernel: Any) -> FuncOp:
    return next(op for op in import_source(kernel).walk() if isinstance(op, FuncOp))


def test_inside_a_kernel() -> None:
    func = imported(copy())
    found = layouts_of(func)
    assert (found["A"].memory, found["A"].strategy, found["A"].grid) == ("l1", "block", (2, 2))
    assert found["s"].cb_depth == 3
    assert schedule_of(func).core_grid == (2, 2)
    assert (found["A"].place or "").startswith("test_live_annotations.py:")


def test_on_a_prim_func() -> None:
    kernel = annotate_tt_layout(copy(), {"B": {"memory": "SRAM"}, "A": {"memory": "DRAM"}})
    kernel = annotate_tt_schedule(kernel, {"strategy": "block"})
    func = imported(kernel)
    assert layouts_of(func)["B"].memory == "l1"
    assert schedule_of(func).strategy == "block"
    # What is said of the whole function is said later, and holds, field by field.
    assert (layouts_of(func)["A"].memory, layouts_of(func)["A"].grid) == ("dram", (2, 2))


def test_a_map_as_attribute() -> None:
    kernel = copy().with_attr("tt.user_layout", {"B": {"memory": "L1", "cb_depth": 2}})
    found = layouts_of(imported(kernel))["B"]
    assert (found.memory, found.cb_depth) == ("l1", 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"memory": "L2"}, "unknown memory 'L2' of 'A'"),
        ({"outside": True}, "stands inside 'with T.Kernel"),
    ],
)
def test_wrong_annotations(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CompileError, match=message) as error:
        copy(**changes)
    place = error.value.diagnostics[0].location
    assert place is not None
    assert place.file == "test_live_annotations.py"
