"""The `tt` dialect: one dialect, presented as tt.layout, tt.cb, tt.noc and tt.compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.ir import Dialect


def get_dialect() -> Dialect:
    """The dialect; a factory, so that registering it costs nothing until it is used."""
    from xdsl.ir import Dialect

    from tt_dialect.ir.cb import CB_ATTRS, CB_OPS
    from tt_dialect.ir.compute import COMPUTE_ATTRS, COMPUTE_OPS
    from tt_dialect.ir.eltwise import ELTWISE_OPS
    from tt_dialect.ir.layout import LAYOUT_ATTRS
    from tt_dialect.ir.noc import NOC_ATTRS, NOC_OPS
    from tt_dialect.ir.program import PROGRAM_ATTRS, PROGRAM_OPS

    return Dialect(
        "tt",
        [*CB_OPS, *NOC_OPS, *COMPUTE_OPS, *ELTWISE_OPS, *PROGRAM_OPS],
        [*LAYOUT_ATTRS, *CB_ATTRS, *NOC_ATTRS, *COMPUTE_ATTRS, *PROGRAM_ATTRS],
    )
