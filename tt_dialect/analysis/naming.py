"""Names of parameters and on-chip buffers: what users read, and what IR and C++ can hold.

Nothing is decided by a name. Users may give two parameters one name, call a scalar `count`, or
write a name that no variable can have: what is printed differs then, the same way each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import MemRefType, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue

OWN_ARGUMENTS = re.compile(r"start_id|count|[MKN]t|S[mn]|G[yx]|s[yx]|s\d+")
"""Runtime arguments that every kernel may have beside its scalar parameters."""

_UNPRINTED = '"\\%{}'
"""Characters that mean something inside of a C++ string or a format."""


def name_of(value: SSAValue | Operation, default: str) -> str:
    """
    The user's name for a parameter or an on-chip buffer, as plans and annotations have it.

    A parameter whose name an earlier one has is numbered: `Y`, `Y_2`.
    """
    func = _kernel_of(value)
    if func is None:
        return _given(value) or default
    assert isinstance(value, BlockArgument)
    return _numbered([_given(arg) for arg in func.args])[value.index] or default


def label_of(value: SSAValue | Operation, default: str) -> str:
    """
    The same as a value or a variable can be called: other characters than `A-Za-z0-9_$.-` are `_`.

    Parameters have a label each, and scalars none that a runtime argument of the compiler has.
    """
    func = _kernel_of(value)
    if func is None:
        return _spellable(_given(value) or default)
    assert isinstance(value, BlockArgument)
    given = [_given(arg) for arg in func.args]
    wishes = [None if name is None else _spellable(name) for name in given]
    tensors = [isinstance(arg.type, MemRefType) for arg in func.args]
    labels = zip(_numbered(wishes), tensors, strict=True)
    addresses = {f"{label}_addr" for label, is_tensor in labels if is_tensor}

    def taken(number: int, name: str) -> bool:
        return not tensors[number] and (
            name in addresses or OWN_ARGUMENTS.fullmatch(name) is not None
        )

    return _numbered(wishes, taken)[value.index] or _spellable(default)


def _kernel_of(value: SSAValue | Operation) -> FuncOp | None:
    """The function a value is a parameter of."""
    func = value.owner.parent_op() if isinstance(value, BlockArgument) else None
    is_parameter = isinstance(func, FuncOp) and value in func.args
    return func if is_parameter and isinstance(func, FuncOp) else None


def _given(value: SSAValue | Operation) -> str | None:
    """The `tt.name` of a value or an allocation, else the name it has in the IR."""
    name = None
    if isinstance(value, Operation):
        name = value.attributes.get("tt.name")
        value = value.results[0] if value.results else value
    elif isinstance(value, BlockArgument):
        func = value.owner.parent_op()
        if isinstance(func, FuncOp) and func.arg_attrs is not None and value in func.args:
            name = func.arg_attrs.data[value.index].data.get("tt.name")
    if isinstance(name, StringAttr) and name.data.strip():
        return "".join(c if c.isprintable() and c not in _UNPRINTED else "_" for c in name.data)
    return value.name_hint if isinstance(value, SSAValue) else None


def _spellable(name: str) -> str:
    spelled = re.sub(r"[^A-Za-z0-9_$.-]", "_", name)
    return f"v{spelled}" if spelled[:1].isdigit() else spelled


def _numbered(
    wishes: Sequence[str | None], taken: Callable[[int, str], bool] = lambda number, name: False
) -> list[str | None]:
    """Names that differ: the first of equal ones keeps it, the others get the next free number."""
    found: list[str | None] = []
    for number, wish in enumerate(wishes):
        name, count = wish, 1
        while name is not None and (
            name in found or taken(number, name) or (count > 1 and name in wishes)
        ):
            count += 1
            name = f"{wish}_{count}"
        found.append(name)
    return found
