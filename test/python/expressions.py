"""Random scalar expressions: as NumPy formulas, and with bounds on what roundings may do.

An expression is a DAG of `Node`s over inputs that are whole blocks, row vectors, column vectors or
scalar parameters. `interval` evaluates it in float64 interval arithmetic:

* Without roundings, both ends are the value of the expression: the reference.
* With roundings, every operation widens its interval by `u |v| + eta`, `u` half a unit in the last
  place of the operation's type (f32 2^-24, f16 2^-11, bf16 2^-8) and `eta` half the smallest number
  of that type. The ends then bound whatever a level may give that rounds each operation at most
  once to its type; how errors grow with depth and with the condition of each function follows from
  the interval arithmetic. Where the operands of a comparison are closer to each other than their
  errors, both outcomes are allowed, and a selection by it may take either arm.

Two things are less exact than their type and have terms of their own: division by a scalar is
multiplication by its float32 reciprocal, and a product of two 16-bit values may be the FPU's,
which drops the product of the low parts at HiFi3 and the last bit of an f16 in SrcA.

Static ranges, the same arithmetic on scalars, keep the arguments of functions where these are well
conditioned, and values below 64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

Array = np.ndarray
Interval = tuple[Array, Array]

ROUNDING = {"f32": 2.0**-24, "f16": 2.0**-11, "bf16": 2.0**-8}
SMALLEST = {"f32": 2.0**-150, "f16": 2.0**-25, "bf16": 2.0**-134}
FPU_PRODUCT = {"f16": 2.0**-9, "bf16": 2.0**-10}
"""Low times low: 2^-4 2^-6 (f16) or 2^-4 2^-7 (bf16); SrcA lacks the last bit of an f16."""
LARGEST = 64.0
FLOATS = ("f32", "bf16", "f16")


@dataclass(frozen=True, eq=False)
class Node:
    """One operation. `kind` is its MLIR type, `low` and `high` bound its exact value."""

    op: str
    kind: str
    args: tuple[Node, ...] = ()
    number: float = 0.0
    """The value of a constant, which input is read, or the factors of an index."""
    extra: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 0.0

    @property
    def depth(self) -> int:
        """Operations on the longest path to an input; casts count."""
        return 1 + max((a.depth for a in self.args), default=-1)

    def walk(self) -> Iterator[Node]:
        """Operands before their users, each once."""
        seen: set[int] = set()

        def visit(node: Node) -> Iterator[Node]:
            if id(node) not in seen:
                seen.add(id(node))
                for argument in node.args:
                    yield from visit(argument)
                yield node

        return visit(self)


@dataclass(frozen=True)
class Input:
    """A parameter: `form` is full, row (a row vector), col or scalar."""

    form: str
    element: str

    def shape(self, rows: int, cols: int) -> tuple[int, ...]:
        return {"full": (rows, cols), "row": (cols,), "col": (rows,), "scalar": ()}[self.form]

    def spread(self, values: Array) -> Array:
        """As it broadcasts."""
        return values[:, None] if self.form == "col" else values


# -- intervals -------------------------------------------------------------------------------------


def _corners(function: Callable[[Array, Array], Array]) -> Callable[..., Interval]:
    """Monotone in each operand where the other is fixed."""

    def apply(a: Interval, b: Interval) -> Interval:
        ends = [function(x, y) for x in a for y in b]
        return np.minimum.reduce(ends), np.maximum.reduce(ends)

    return apply


def _rising(function: Callable[[Array], Array]) -> Callable[..., Interval]:
    return lambda a: (function(a[0]), function(a[1]))


def _falling(function: Callable[[Array], Array]) -> Callable[..., Interval]:
    return lambda a: (function(a[1]), function(a[0]))


def _smooth(function: Callable[[Array], Array]) -> Callable[..., Interval]:
    """A function between -1 and 1 whose slope is at most 1."""

    def apply(a: Interval) -> Interval:
        middle, radius = (a[0] + a[1]) / 2, (a[1] - a[0]) / 2
        value = function(middle)
        return np.maximum(value - radius, -1), np.minimum(value + radius, 1)

    return apply


def _absolute(a: Interval) -> Interval:
    inside = (a[0] <= 0) & (a[1] >= 0)
    ends = np.abs(a[0]), np.abs(a[1])
    return np.where(inside, 0, np.minimum(*ends)), np.maximum(*ends)


def _less(a: Interval, b: Interval) -> Interval:
    return (a[1] < b[0]) + 0.0, (a[0] < b[1]) + 0.0


def _not(a: Interval) -> Interval:
    return 1 - a[1], 1 - a[0]


def _equal(a: Interval, b: Interval) -> Interval:
    surely = (a[0] == a[1]) & (b[0] == b[1]) & (a[0] == b[0])
    return surely + 0.0, ((a[0] <= b[1]) & (b[0] <= a[1])) + 0.0


def _select(condition: Interval, a: Interval, b: Interval) -> Interval:
    low = np.where(
        condition[0] == 1, a[0], np.where(condition[1] == 0, b[0], np.minimum(a[0], b[0]))
    )
    high = np.where(
        condition[0] == 1, a[1], np.where(condition[1] == 0, b[1], np.maximum(a[1], b[1]))
    )
    return low, high


def _or(a: Interval, b: Interval) -> Interval:
    return np.maximum(a[0], b[0]), np.maximum(a[1], b[1])


def _and(a: Interval, b: Interval) -> Interval:
    return a[0] * b[0], a[1] * b[1]


def _erf(values: Array) -> Array:
    return np.vectorize(math.erf, otypes=[np.float64])(values)


_COMPARE: dict[str, Callable[..., Interval]] = {
    "lt": _less,
    "gt": lambda a, b: _less(b, a),
    "le": lambda a, b: _not(_less(b, a)),
    "ge": lambda a, b: _not(_less(a, b)),
    "eq": _equal,
    "ne": lambda a, b: _not(_equal(a, b)),
}
FLOAT = {"lt": "olt", "gt": "ogt", "le": "ole", "ge": "oge", "eq": "oeq", "ne": "une"}
INTEGER = {"lt": "slt", "gt": "sgt", "le": "sle", "ge": "sge", "eq": "eq", "ne": "ne"}

UNARY: dict[str, tuple[str, Callable[..., Interval]]] = {
    "exp": ("math.exp", _rising(np.exp)),
    "exp2": ("math.exp2", _rising(np.exp2)),
    "log": ("math.log", _rising(np.log)),
    "log2": ("math.log2", _rising(np.log2)),
    "sqrt": ("math.sqrt", _rising(np.sqrt)),
    "rsqrt": ("math.rsqrt", _falling(lambda x: 1 / np.sqrt(x))),
    "tanh": ("math.tanh", _rising(np.tanh)),
    "erf": ("math.erf", _rising(_erf)),
    "sin": ("math.sin", _smooth(np.sin)),
    "cos": ("math.cos", _smooth(np.cos)),
    "abs": ("math.absf", _absolute),
    "neg": ("arith.negf", _falling(np.negative)),
    "floor": ("math.floor", _rising(np.floor)),
    "ceil": ("math.ceil", _rising(np.ceil)),
    "trunc": ("math.trunc", _rising(np.trunc)),
    "round_even": ("math.roundeven", _rising(np.rint)),
}
BINARY: dict[str, tuple[str, Callable[..., Interval]]] = {
    "add": ("arith.addf", _corners(np.add)),
    "sub": ("arith.subf", _corners(np.subtract)),
    "mul": ("arith.mulf", _corners(np.multiply)),
    "div": ("arith.divf", _corners(np.divide)),
    "pow": ("math.powf", _corners(np.power)),
    "max": ("arith.maximumf", _corners(np.maximum)),
    "min": ("arith.minimumf", _corners(np.minimum)),
}
LOGIC = {"andi": _and, "ori": _or, "xori": lambda a, b: _not(_equal(a, b))}
INTEGERS: dict[str, Callable[[Array, int], Array]] = {
    "floordivsi": lambda a, b: np.floor(a / b),
    "divsi": lambda a, b: np.trunc(a / b),
    "remsi": np.fmod,
}
"""Of an index and a positive constant."""
EXACT = {"abs", "neg", "floor", "ceil", "trunc", "round_even", "max", "min"}
DOMAIN = {
    "exp": (-4.0, 4.0),
    "exp2": (-5.0, 5.0),
    "log": (0.125, LARGEST),
    "log2": (0.125, LARGEST),
    "sqrt": (0.0625, LARGEST),
    "rsqrt": (0.125, LARGEST),
    "sin": (-8.0, 8.0),
    "cos": (-8.0, 8.0),
    "erf": (-4.0, 4.0),
    "tanh": (-4.0, 4.0),
}
"""Where the argument of a function is kept."""


def _operation(node: Node) -> Callable[..., Interval]:
    if node.op in UNARY:
        return UNARY[node.op][1]
    if node.op in BINARY:
        return BINARY[node.op][1]
    if node.op.startswith("cmp_"):
        return _COMPARE[node.op[4:]]
    if node.op in LOGIC:
        return LOGIC[node.op]
    if node.op == "select":
        return _select
    if node.op in INTEGERS:
        return _integer(node)
    assert node.op in ("cast", "from_index"), node.op
    return lambda a: a


def _integer(node: Node) -> Callable[..., Interval]:
    """Of exact integers; the range of a remainder is that of its divisor."""
    function, divisor = INTEGERS[node.op], int(node.number)

    def apply(a: Interval) -> Interval:
        if np.ndim(a[0]) == 0 and a[0] != a[1] and node.op.startswith("rem"):
            return np.asarray(1.0 - divisor), np.asarray(divisor - 1.0)
        return function(a[0], divisor), function(a[1], divisor)

    return apply


def _plain(node: Node) -> Node:
    """Without extensions, which are no operation on tiles."""
    while node.op == "cast" and ROUNDING[node.kind] < ROUNDING[node.args[0].kind]:
        (node,) = node.args
    return node


def _widening(node: Node) -> float:
    """How far an operation may be off, relative to its result."""
    if node.op in EXACT or node.kind not in FLOATS:
        return 0.0
    if node.op == "cast" and _plain(node) is not node:
        return 0.0
    wide = ROUNDING[node.kind] * (1.02 if node.kind != "f32" else 1.001)
    if node.op == "div":
        wide += 2.01 * ROUNDING["f32"]
    if node.op == "mul":
        kinds = {_plain(a).kind for a in node.args}
        if len(kinds) == 1:
            wide += FPU_PRODUCT.get(kinds.pop(), 0.0)
    return wide


def interval(
    root: Node, inputs: Mapping[int, Array], indices: tuple[Array, Array], *, rounded: bool
) -> Interval:
    """The ends between which each element lies; without roundings both are the reference."""
    known: dict[int, Interval] = {}
    for node in root.walk():
        if node.op == "input":
            value = np.asarray(inputs[int(node.number)], np.float64)
            known[id(node)] = value, value
        elif node.op == "constant":
            value = np.asarray(node.number, np.float64)
            known[id(node)] = value, value
        elif node.op == "index":
            rows, cols, offset = node.extra
            value = (rows * indices[0] + cols * indices[1] + offset).astype(np.float64)
            known[id(node)] = value, value
        else:
            low, high = _operation(node)(*(known[id(a)] for a in node.args))
            wide = _widening(node) if rounded else 0.0
            if wide:
                low = low - wide * np.abs(low) - SMALLEST[node.kind]
                high = high + wide * np.abs(high) + SMALLEST[node.kind]
            known[id(node)] = low, high
    return known[id(root)]


# -- construction ----------------------------------------------------------------------------------


def make(op: str, kind: str, *args: Node, number: float = 0.0) -> Node:
    """An operation with its static range; one too wide for 16-bit formats is a ValueError."""
    node = Node(op, kind, args, number)
    with np.errstate(all="ignore"):
        ends = [(np.float64(a.low), np.float64(a.high)) for a in args]
        low, high = (float(v) for v in _operation(node)(*ends))
    if not (abs(low) <= LARGEST and abs(high) <= LARGEST):
        raise ValueError("out of range")
    return replace(node, low=low, high=high)


def constant(number: float, kind: str) -> Node:
    return Node("constant", kind, (), number, (), number, number)


def cast(node: Node, kind: str) -> Node:
    """To a float type; between 16-bit types through f32."""
    if node.kind == kind:
        return node
    if "f32" not in (node.kind, kind):
        node = make("cast", "f32", node)
    return make("cast", kind, node)


def within(node: Node, low: float, high: float) -> Node:
    """A value clamped to an interval, if it may leave it."""
    if node.low < low:
        node = make("max", node.kind, node, constant(low, node.kind))
    if node.high > high:
        node = make("min", node.kind, node, constant(high, node.kind))
    return node


def apart(node: Node) -> Node:
    """A value that is no closer to zero than 1/4."""
    if node.low >= 0.25 or node.high <= -0.25:
        return node
    size = make("abs", node.kind, node)
    return make("add", node.kind, size, constant(0.5, node.kind))


@dataclass
class Generator:
    """Draws expressions over given inputs."""

    random: Random
    inputs: tuple[Input, ...]
    shape: tuple[int, int]
    indices: bool = True
    """Whether index expressions are drawn: they make DST 32-bit."""
    nodes: list[Node] = field(default_factory=list[Node])
    """Floats made before, some of which are used again."""

    def keep(self, node: Node) -> Node:
        if node.kind in FLOATS:
            self.nodes.append(node)
        return node

    def read(self, kind: str, form: str | None = None) -> Node:
        """An input, of a type that the kernel has 16-bit DST for if it is asked for."""
        found = [i for i, x in enumerate(self.inputs) if form in (None, x.form)]
        number = self.random.choice(found or [0])
        element = self.inputs[number].element
        return cast(Node("input", element, (), number, (), -2.0, 2.0), kind)

    def number(self, kind: str) -> Node:
        """Exact in every format."""
        return constant(self.random.choice([-1.5, -0.75, 0.5, 0.625, 1.25, 2.0]), kind)

    def uniform(self, kind: str) -> Node:
        """A constant or a scalar parameter."""
        if kind == "f32" and self.random.random() < 0.5:
            scalars = [i for i, x in enumerate(self.inputs) if x.form == "scalar"]
            if scalars:
                return Node("input", "f32", (), self.random.choice(scalars), (), -2.0, 2.0)
        return self.number(kind)

    def leaf(self, kind: str) -> Node:
        dice = self.random.random()
        if dice < 0.1:
            return self.number(kind)
        if dice < 0.17 and self.indices:
            index = self.index()
            if self.random.random() < 0.3:
                name = self.random.choice(tuple(INTEGERS))
                index = make(name, "index", index, number=self.random.choice([3, 5, 16]))
            scaled = make("from_index", "f32", index)
            return cast(make("mul", "f32", scaled, constant(1 / 16, "f32")), kind)
        if dice < 0.35:
            fit = [n for n in self.nodes if n.kind == kind and n.depth <= 2]
            if fit:
                return self.random.choice(fit)
        return self.read(kind)

    def index(self) -> Node:
        """An affine function of the global row and column, at most 60."""
        rows, cols = self.random.choice([(1, 0), (0, 1), (1, -1), (0, -1), (-1, 0)])
        extents = self.shape[0] * rows, self.shape[1] * cols
        middle = -(extents[0] + extents[1]) // 2
        offset = middle + self.random.randrange(-4, 5)
        low = min(extents[0], 0) + min(extents[1], 0) + offset
        high = max(extents[0], 0) + max(extents[1], 0) + offset
        if max(-low, high) > LARGEST:
            return (
                self.index()
                if (rows, cols) != (1, 0)
                else Node("index", "index", (), 0, (1, 0, -32), -32, 32)
            )
        return Node("index", "index", (), 0, (rows, cols, offset), low, high)

    def condition(self, depth: int) -> Node:
        dice = self.random.random()
        if dice < 0.3 and self.indices:
            name = self.random.choice(tuple(INTEGER))
            other = Node("constant", "index", (), self.random.randrange(-20, 20))
            other = replace(other, low=other.number, high=other.number)
            return make(f"cmp_{name}", "i1", self.index(), other)
        if dice < 0.45 and depth > 1 and self.indices:
            name = self.random.choice(tuple(LOGIC))
            return make(name, "i1", self.condition(depth - 1), self.condition(depth - 1))
        kind = self.kind()
        name = self.random.choice(tuple(FLOAT))
        first = self.float(kind, depth - 1)
        second = self.float(kind, depth - 1) if dice < 0.8 else self.number(kind)
        return make(f"cmp_{name}", "i1", first, second)

    def kind(self) -> str:
        return self.random.choice([x.element for x in self.inputs])

    def float(self, kind: str, depth: int) -> Node:
        """A value of a float type, at most `depth` operations deep."""
        for _ in range(20):
            try:
                node = self.leaf(kind) if depth < 1 else self.operation(kind, depth)
            except ValueError:
                continue
            if node.depth <= max(depth, 0):
                return self.keep(node)
        found = [i for i, x in enumerate(self.inputs) if x.element == kind]
        return Node("input", kind, (), found[0], (), -2.0, 2.0) if found else self.number(kind)

    def operation(self, kind: str, depth: int) -> Node:
        less = self.random.choice([depth - 1, depth - 1, depth - 2])
        dice = self.random.random()
        if dice < 0.1:
            return self.leaf(kind)
        if dice < 0.35:
            return self.unary(self.random.choice(tuple(UNARY)), self.float(kind, less))
        if dice < 0.75:
            name = self.random.choice(("add", "sub", "mul", *BINARY))
            operands = [self.float(kind, depth - 1), self.float(kind, less)]
            if self.random.random() < 0.25:
                operands[self.random.randrange(2)] = self.uniform(kind)
            return self.binary(name, *operands)
        if dice < 0.9:
            return make(
                "select",
                kind,
                self.condition(less),
                self.float(kind, depth - 1),
                self.float(kind, depth - 1),
            )
        other = self.kind()
        return cast(self.float(other, less), kind)

    @staticmethod
    def unary(name: str, value: Node) -> Node:
        if name in DOMAIN:
            value = within(value, *DOMAIN[name])
        return make(name, value.kind, value)

    @staticmethod
    def binary(name: str, first: Node, second: Node) -> Node:
        if name == "div":
            second = apart(second)
        if name == "pow":
            first, second = within(first, 0.25, 3.0), within(second, -2.0, 2.0)
        return make(name, first.kind, first, second)
