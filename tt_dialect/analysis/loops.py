"""Loop nests on single elements: access maps, dependence, and which nests are one operation.

An index is a linear form over loop variables and values from outside. Two accesses of a loop's body
depend across iterations unless one of their dimensions tells different iterations apart. What
`raisable` accepts is one `linalg.generic`; what it does not, it explains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, SSAValue

from tt_dialect.analysis.access import label_of
from tt_dialect.analysis.index import Range, constant_value, range_of
from tt_dialect.analysis.regions import is_inside

# -- linear forms ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Linear:
    """A sum of integer multiples of `index` values and a constant."""

    terms: Mapping[SSAValue, int]
    constant: int = 0

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """`self + factor * other`."""
        terms = Counter(self.terms)
        for value, coefficient in other.terms.items():
            terms[value] += factor * coefficient
        kept = {value: coefficient for value, coefficient in terms.items() if coefficient}
        return Linear(kept, self.constant + factor * other.constant)

    def only(self, values: Sequence[SSAValue]) -> Linear:
        """The terms of some values, without the constant."""
        return Linear({v: c for v, c in self.terms.items() if v in values})

    @property
    def range(self) -> Range | None:
        """Bounds, if every value has them."""
        low = high = self.constant
        for value, coefficient in self.terms.items():
            bounds = range_of(value)
            if bounds is None:
                return None
            ends = (coefficient * bounds.low, coefficient * bounds.high)
            low, high = low + min(ends), high + max(ends)
        return Range(low, high)


def linear(value: SSAValue) -> Linear:
    """An `index` value as a linear form; what is no sum or multiple is a variable of its own."""
    constant = constant_value(value)
    if constant is not None:
        return Linear({}, constant)
    match value.owner:
        case arith.AddiOp(lhs=a, rhs=b):
            return linear(a).plus(linear(b))
        case arith.SubiOp(lhs=a, rhs=b):
            return linear(a).plus(linear(b), -1)
        case arith.MuliOp(lhs=a, rhs=b):
            first, second = linear(a), linear(b)
            if not first.terms:
                return Linear({}).plus(second, first.constant)
            if not second.terms:
                return Linear({}).plus(first, second.constant)
        case _:
            pass
    return Linear({value: 1})


def same(a: Linear, b: Linear) -> bool:
    """Whether two forms are equal whatever their variables are."""
    difference = a.plus(b, -1)
    return not difference.terms and difference.constant == 0


def variable(loop: scf.ForOp) -> SSAValue:
    """The induction variable of a loop."""
    return loop.body.block.args[0]


def extent(loop: scf.ForOp) -> int | None:
    """The number of iterations of a loop in steps of one, if it is constant."""
    count = linear(loop.ub).plus(linear(loop.lb), -1)
    if constant_value(loop.step) != 1 or count.terms:
        return None
    return max(count.constant, 0)


# -- accesses and dependence -----------------------------------------------------------------------


@dataclass(frozen=True)
class Access:
    """What an operation touches of a buffer; without indices, perhaps all of it."""

    buffer: SSAValue
    indices: tuple[Linear, ...] | None
    writes: bool
    op: Operation


def buffer_of(value: SSAValue) -> SSAValue:
    """The parameter or allocation behind a view."""
    while isinstance(value.owner, memref.SubviewOp | memref.CastOp):
        value = value.owner.source
    return value


def accesses(op: Operation) -> Iterator[Access]:
    """Everything an operation and what is inside it touch."""
    for inner in op.walk():
        match inner:
            case memref.LoadOp():
                yield _element(inner, writes=False)
            case memref.StoreOp():
                yield _element(inner, writes=True)
            case memref.SubviewOp() | memref.AllocOp():
                pass
            case _:
                for operand in inner.operands:
                    if operand.type.name == "memref":
                        yield Access(buffer_of(operand), None, True, inner)


def _element(op: memref.LoadOp | memref.StoreOp, *, writes: bool) -> Access:
    if buffer_of(op.memref) is not op.memref:
        return Access(buffer_of(op.memref), None, writes, op)
    return Access(op.memref, tuple(linear(i) for i in op.indices), writes, op)


def conflict(a: Access, b: Access) -> bool:
    """Whether the order of two accesses matters if they touch the same element."""
    return a.buffer is b.buffer and (a.writes or b.writes)


def carried(a: Access, b: Access, loop: scf.ForOp) -> bool:
    """Whether different iterations of a loop may touch one element, once with each access.

    A dimension tells iterations apart when both indices are the same multiple of the loop variable
    and what else they add differs by less than that multiple. Values from outside the loop are
    the same for both; variables of loops inside take all their values independently.
    """
    if not conflict(a, b):
        return False
    if a.indices is None or b.indices is None:
        return True
    var, step = variable(loop), constant_value(loop.step) or 1
    for one, other in zip(a.indices, b.indices, strict=True):
        factor = one.terms.get(var, 0)
        if factor != other.terms.get(var, 0):
            continue
        inner = [v for v in (*one.terms, *other.terms) if v is not var and is_inside(v, loop)]
        outer = Linear(one.plus(one.only([*inner, var]), -1).terms, one.constant).plus(
            Linear(other.plus(other.only([*inner, var]), -1).terms, other.constant), -1
        )
        ranges = [outer.range, one.only(inner).range, other.only(inner).range]
        if any(r is None for r in ranges):
            continue
        rest, first, second = (r for r in ranges if r is not None)
        low, high = rest.low + first.low - second.high, rest.high + first.high - second.low
        reach = abs(factor) * step
        if factor and -reach < low and high < reach:
            return False
        if factor == 0 and (low > 0 or high < 0):
            return False
    return True


# -- conditions ------------------------------------------------------------------------------------

_HOLDS: dict[
    int, Callable[[int], bool]
] = {  # of a difference of the two sides, by the number of the predicate
    0: lambda d: d == 0,
    1: lambda d: d != 0,
    2: lambda d: d < 0,
    3: lambda d: d <= 0,
    4: lambda d: d > 0,
    5: lambda d: d >= 0,
}
"""What signed predicates of `arith.cmpi`, by number, say of the difference of the two sides."""


@dataclass(frozen=True)
class Condition:
    """A comparison of a linear form with zero."""

    predicate: int
    form: Linear

    def holds(self, difference: int) -> bool:
        """Whether it holds for a value of the form."""
        return _HOLDS[self.predicate](difference)

    @property
    def decided(self) -> bool | None:
        """What it is whatever its variables are, None if that depends on them."""
        bounds = self.form.range
        if bounds is None:
            return None
        ends = {self.holds(bounds.low), self.holds(bounds.high)}
        if self.predicate in (0, 1):
            if bounds.low <= 0 <= bounds.high and bounds.low != bounds.high:
                return None
            return self.holds(bounds.low)
        return ends.pop() if len(ends) == 1 else None

    def iterations(self, loop: scf.ForOp) -> range | None:
        """The values of a loop's variable for which it holds, if that depends on nothing else."""
        count, low = extent(loop), linear(loop.lb)
        if set(self.form.terms) != {variable(loop)} or count is None or low.terms:
            return None
        factor = self.form.terms[variable(loop)]
        held = [
            i
            for i in range(low.constant, low.constant + count)
            if self.holds(factor * i + self.form.constant)
        ]
        if not held:
            return range(low.constant, low.constant)
        return range(held[0], held[-1] + 1) if len(held) == held[-1] - held[0] + 1 else None


def condition_of(value: SSAValue) -> Condition | None:
    """A condition on index values, if it is a comparison of linear forms."""
    owner = value.owner
    if not isinstance(owner, arith.CmpiOp) or not isinstance(owner.lhs.type, IndexType):
        return None
    predicate = owner.predicate.value.data
    form = linear(owner.lhs).plus(linear(owner.rhs), -1)
    if predicate > 5:  # unsigned: the same where nothing is negative
        bounds = [range_of(side) for side in (owner.lhs, owner.rhs)]
        if any(b is None or b.low < 0 for b in bounds):
            return None
        predicate -= 4
    return Condition(predicate, form)


# -- nests -----------------------------------------------------------------------------------------


def statements(block: Block) -> list[Operation]:
    """The operations of a loop's body that do something: loops, conditions, stores and the like."""
    return [
        op
        for op in block.ops
        if not isinstance(op, memref.LoadOp | scf.YieldOp)
        and (op.regions or op.name.split(".")[0] not in ("arith", "math"))
    ]


def perfect_nest(loop: scf.ForOp) -> list[scf.ForOp]:
    """A loop, the loop that is all of its body, and so on."""
    nest = [loop]
    while True:
        inner = statements(nest[-1].body.block)
        if len(inner) != 1 or not isinstance(inner[0], scf.ForOp):
            return nest
        nest.append(inner[0])


def outermost(loop: scf.ForOp) -> scf.ForOp:
    """The loop in whose perfect nest a loop is."""
    while True:
        parent = loop.parent_op()
        if not isinstance(parent, scf.ForOp) or statements(parent.body.block) != [loop]:
            return loop
        loop = parent


@dataclass(eq=False)
class Axis:
    """A dimension of an operation: a loop, or a loop over blocks with the loop inside a block."""

    loops: tuple[scf.ForOp, ...]
    extent: int

    @property
    def label(self) -> str:
        """What a message calls it."""
        return " and ".join(f"'{variable(loop).name_hint or 'a loop'}'" for loop in self.loops)


@dataclass(frozen=True)
class Walk:
    """What a nest touches of a buffer with one load or store: an axis or none per dimension."""

    buffer: SSAValue
    axes: tuple[Axis | None, ...]
    offsets: tuple[Linear, ...]

    def is_like(self, other: Walk) -> bool:
        """Whether both touch the same element in the same iteration."""
        return (
            self.buffer is other.buffer
            and self.axes == other.axes
            and all(same(a, b) for a, b in zip(self.offsets, other.offsets, strict=True))
        )


@dataclass
class Raised:
    """A nest as one operation: its axes in order, what is read, and what is written."""

    axes: list[Axis]
    reduced: set[Axis]
    store: memref.StoreOp
    output: Walk
    inputs: list[Walk]
    loads: dict[memref.LoadOp, Walk] = field(default_factory=dict[memref.LoadOp, Walk])


class _Refused(Exception):
    """Why a nest is no operation."""


COMBINES = (arith.AddfOp, arith.MulfOp, arith.MaximumfOp, arith.MinimumfOp)
"""Operations whose order over iterations a reduction leaves open."""


def raisable(loops: Sequence[scf.ForOp]) -> Raised | str:
    """A perfect nest around one store as one operation, or what keeps it from being one."""
    try:
        return _raised(loops)
    except _Refused as refused:
        return str(refused)


def _raised(loops: Sequence[scf.ForOp]) -> Raised:
    inner = statements(loops[-1].body.block)
    if len(inner) != 1 or not isinstance(inner[0], memref.StoreOp):
        what = f"'{inner[0].name}'" if len(inner) == 1 else f"{len(inner)} statements that depend"
        raise _Refused(f"the innermost loop holds {what}; one store can be raised")
    store = inner[0]
    loads = [op for loop in loops for op in loop.body.block.ops if isinstance(op, memref.LoadOp)]
    for load in loads:
        if load.parent_op() is not loops[-1] and load.memref is store.memref:
            raise _Refused(f"an element of '{name_of(load.memref)}' is loaded outside of a loop")
    touched = [*loads, store]
    axes = _axes(loops, touched)
    walks = {op: _walk(op, loops, axes) for op in touched}
    output = walks[store]
    used = [axis for axis in output.axes if axis is not None]
    reduced = [axis for axis in axes if axis not in used and axis.extent != 1]
    own = _accumulated(store, output, walks, reduced)
    inputs: list[Walk] = []
    for load in loads:
        walk = walks[load]
        if walk.buffer is output.buffer:
            if not walk.is_like(output):
                raise _Refused(
                    f"an iteration reads elements of '{name_of(output.buffer)}' that others write"
                )
        elif not any(walk.is_like(known) for known in inputs):
            inputs.append(walk)
    if reduced and own is None:
        raise _Refused(
            f"all iterations of {reduced[0].label} store to the same elements of "
            f"'{name_of(output.buffer)}' without adding to, or taking the maximum or minimum of, "
            "what is there"
        )
    for axis in reduced:
        if not any(axis in walk.axes for walk in inputs):
            raise _Refused(f"nothing is read along {axis.label}")
    order = [*used, *reduced]
    if reduced and len(inputs) == 1:
        along = [axis for axis in inputs[0].axes if axis is not None]
        order = along if set(along) == set(order) else order
    if len(inputs) == 2 and len(used) == 2 and len(reduced) == 1 and used[0] not in inputs[0].axes:
        inputs.reverse()  # a product reads rows first
    return Raised(order, set(reduced), store, output, inputs, {op: walks[op] for op in loads})


def name_of(buffer: SSAValue) -> str:
    """The kernel's name for a buffer, for messages."""
    owner = buffer.owner
    return label_of(owner if isinstance(owner, Operation) else buffer, "a buffer")


def _axes(
    loops: Sequence[scf.ForOp], touched: Sequence[memref.LoadOp | memref.StoreOp]
) -> list[Axis]:
    """The axes of a nest: loops, two of which are one where every index has them as one."""
    extents: dict[scf.ForOp, int] = {}
    for loop in loops:
        count = extent(loop)
        if count is None or count < 1 or loop.iter_args:
            raise _Refused(
                f"the loop over '{variable(loop).name_hint or 'a loop'}' has no constant, positive "
                "number of iterations in steps of one"
            )
        if any(is_inside(v, loops[0]) for v in linear(loop.lb).terms):
            raise _Refused("the bounds of a loop depend on another one")
        extents[loop] = count
    split: dict[scf.ForOp, scf.ForOp] = {}
    forms = [linear(index) for op in touched for index in op.indices]
    for form in forms:
        of_form = [loop for loop in loops if form.terms.get(variable(loop))]
        if len(of_form) != 2:
            continue
        by_factor = sorted(of_form, key=lambda loop: form.terms[variable(loop)])
        minor, major = by_factor
        if (
            form.terms[variable(minor)] == 1
            and form.terms[variable(major)] == extents[minor]
            and linear(minor.lb) == linear(major.lb) == Linear({})
        ):
            split[minor] = major
    axes = [
        Axis((split[loop], loop), extents[loop] * extents[split[loop]])
        if loop in split
        else Axis((loop,), extents[loop])
        for loop in loops
        if loop not in split.values()
    ]
    return axes


def _walk(
    op: memref.LoadOp | memref.StoreOp, loops: Sequence[scf.ForOp], axes: Sequence[Axis]
) -> Walk:
    variables = [variable(loop) for loop in loops]
    walked: list[Axis | None] = []
    offsets: list[Linear] = []
    for dim, index in enumerate(op.indices):
        form = linear(index)
        found = [
            axis
            for axis in axes
            if axis.extent != 1 and any(variable(loop) in form.terms for loop in axis.loops)
        ]
        if len(found) > 1 or any(not _is_one(form, axis) for axis in found):
            raise _Refused(
                f"index {dim} of '{name_of(op.memref)}' is not one loop variable, perhaps shifted"
            )
        offset = form.plus(form.only(variables), -1)
        for loop in loops:  # loops may start anywhere
            offset = offset.plus(linear(loop.lb), form.terms.get(variable(loop), 0))
        if any(is_inside(v, loops[0]) for v in offset.terms):
            raise _Refused(
                f"index {dim} of '{name_of(op.memref)}' is not linear in the loop variables"
            )
        walked.append(found[0] if found else None)
        offsets.append(offset)
    used = [axis for axis in walked if axis is not None]
    if len(set(used)) != len(used):
        raise _Refused(f"a loop variable stands in two indices of '{name_of(op.memref)}'")
    return Walk(op.memref, tuple(walked), tuple(offsets))


def _is_one(form: Linear, axis: Axis) -> bool:
    """Whether an index is an axis itself: `i`, or `32 * io + ii`."""
    factors = [form.terms.get(variable(loop), 0) for loop in axis.loops]
    minor = extent(axis.loops[-1])
    return factors == ([1] if len(factors) == 1 else [minor, 1])


def _accumulated(
    store: memref.StoreOp,
    output: Walk,
    walks: Mapping[memref.LoadOp | memref.StoreOp, Walk],
    reduced: Sequence[Axis],
) -> memref.LoadOp | None:
    """The load of what is there, where the store combines it once with something else."""
    owner = store.value.owner
    if not isinstance(owner, COMBINES):
        return None
    found = [
        v.owner
        for v in (owner.lhs, owner.rhs)
        if isinstance(v.owner, memref.LoadOp)
        and walks[v.owner].is_like(output)
        and len(list(v.uses)) == 1
    ]
    others = [op for op, walk in walks.items() if walk.buffer is output.buffer and op is not store]
    return found[0] if len(found) == 1 and (not reduced or others == found) else None


def why_not(op: Operation) -> str:
    """What keeps an access to an element from being part of a structured operation."""
    loop = op.parent_op()
    while loop is not None and not isinstance(loop, scf.ForOp):
        if isinstance(loop, scf.IfOp):
            return "it runs under a condition that is neither 'first iteration' nor a loop bound"
        loop = loop.parent_op()
    if loop is None:
        return "it is in no loop"
    result = raisable(perfect_nest(outermost(loop)))
    return result if isinstance(result, str) else "it could be raised: run tt-raise"
