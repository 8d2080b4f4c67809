"""C++ text: expressions with precedence, scoped names, and lines laid out as clang-format would.

The layout rules are those of `.clang-format` beside this file (Google, 100 columns, indent 4,
arguments never bin-packed), so that printed files need no formatter at run time; a test compares.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

COLUMNS = 100
INDENT = 4

KEYWORDS = frozenset(
    """alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl
    concept const consteval constexpr constinit const_cast continue decltype default delete do
    double dynamic_cast else enum explicit export extern false float for friend goto if inline int
    long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected
    public register reinterpret_cast requires return short signed sizeof static static_assert
    static_cast struct switch template this thread_local throw true try typedef typeid typename
    union unsigned using virtual void volatile wchar_t while xor xor_eq main std tt""".split()
)


class Precedence(IntEnum):
    """C++ operator precedence, tightest first."""

    PRIMARY = 0
    UNARY = 3
    MULTIPLICATIVE = 5
    ADDITIVE = 6
    SHIFT = 7
    RELATIONAL = 9
    EQUALITY = 10
    BIT_AND = 11
    BIT_XOR = 12
    BIT_OR = 13
    AND = 14
    OR = 15
    CONDITIONAL = 16


_NEEDS_PARENTHESES_BESIDE = frozenset(
    {
        Precedence.SHIFT,
        Precedence.BIT_AND,
        Precedence.BIT_XOR,
        Precedence.BIT_OR,
        Precedence.OR,
    }
)
"""Operators whose mixing with others compilers warn about (-Wparentheses)."""


@dataclass(frozen=True)
class Expr:
    """An expression and how tightly it binds."""

    text: str
    precedence: Precedence = Precedence.PRIMARY
    operator: str = ""
    leaves: int = 1
    """Names and literals in it."""

    def inside(self, precedence: Precedence, *, operator: str = "", right: bool = False) -> str:
        """The text as an operand, in parentheses where C++ or a reader needs them."""
        if self.precedence == Precedence.PRIMARY:
            return self.text
        both = {precedence, self.precedence}
        mixed = len(both) == 2 and bool(both & _NEEDS_PARENTHESES_BESIDE)
        if both == {Precedence.MULTIPLICATIVE} and operator != self.operator:
            mixed = True
        if both <= {Precedence.RELATIONAL, Precedence.EQUALITY}:  # a comparison of comparisons
            mixed = True
        loose = self.precedence > precedence
        regrouped = (
            right
            and self.precedence == precedence
            and not (operator in ("+", "*") and self.operator == operator)
        )
        return f"({self.text})" if mixed or loose or regrouped else self.text


def binary(operator: str, precedence: Precedence, left: Expr, right: Expr) -> Expr:
    """`left operator right`, without the identities `x + 0`, `x * 1` and `0 * x`."""
    if operator == "+" and "0" in (left.text, right.text):
        return left if right.text == "0" else right
    if operator == "*" and "1" in (left.text, right.text):
        return left if right.text == "1" else right
    if operator == "*" and "0" in (left.text, right.text):
        return Expr("0")
    lhs = left.inside(precedence, operator=operator)
    rhs = right.inside(precedence, operator=operator, right=True)
    return Expr(f"{lhs} {operator} {rhs}", precedence, operator, left.leaves + right.leaves)


def add(left: Expr, right: Expr) -> Expr:
    """Sum of two expressions."""
    return binary("+", Precedence.ADDITIVE, left, right)


def mul(left: Expr, right: Expr) -> Expr:
    """Product of two expressions."""
    return binary("*", Precedence.MULTIPLICATIVE, left, right)


def identifier(text: str) -> str:
    """A valid C++ identifier close to `text`."""
    name = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in text)
    if not name or name[0].isdigit():
        name = f"v{name}"
    return f"{name}_" if name in KEYWORDS else name


CPP_RESERVED = """EOF INFINITY NAN NULL _Float16 assert bfloat16 errno int32_t int64_t size_t std
    stderr stdin stdout tt tt_metal uint16_t uint32_t uint64_t uint8_t""".split()
"""Macros and names of the environment, in every file we print."""


class Names:
    """Unique names in nested scopes; an inner name never shadows an outer one."""

    def __init__(self, reserved: Iterable[str] = ()):
        self._scopes: list[set[str]] = [set(reserved)]

    def fresh(self, wish: str) -> str:
        """`wish`, or `wish_2`, `wish_3`, ... if taken."""
        base = name = identifier(wish)
        number = 1
        while any(name in scope for scope in self._scopes):
            number += 1
            name = f"{base}_{number}"
        self._scopes[-1].add(name)
        return name

    @contextmanager
    def scope(self) -> Generator[None]:
        """Names made inside are free again afterwards."""
        self._scopes.append(set())
        yield
        self._scopes.pop()


def _operands(text: str) -> list[str]:
    """The parts of a condition that end with its outermost `||`, else `&&`.

    Of a conditional expression those that start with `?` and `:`.
    """
    marks = _outermost(text, " ? ")[:1] + _outermost(text, " : ")[-1:]
    if len(marks) == 2:
        first, second = marks
        return [text[:first], text[first + 1 : second], text[second + 1 :]]
    for operator in ("||", "&&"):
        parts: list[str] = []
        depth = 0
        start = 0
        for place, char in enumerate(text):
            depth += (char == "(") - (char == ")")
            if depth == 0 and text.startswith(f" {operator} ", place):
                parts.append(text[start : place + 3])
                start = place + 4
        if parts:
            return [*parts, text[start:]]
    return [text]


def _outermost(text: str, mark: str) -> list[int]:
    """Where a mark stands outside of parentheses."""
    places: list[int] = []
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and text.startswith(mark, place):
            places.append(place)
    return places


class Lines:
    """Lines of a C++ file under construction."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._level = 0

    def text(self) -> str:
        """The file."""
        return "\n".join(self._lines).rstrip("\n") + "\n"

    @property
    def opened(self) -> bool:
        """Whether the last line opened a block (or there is none)."""
        return not self._lines or self._lines[-1].endswith("{")

    def blank(self) -> None:
        """One empty line, never two and none after an opening brace."""
        if not self.opened and self._lines[-1]:
            self._lines.append("")

    def line(self, text: str) -> None:
        """A line at the current indentation."""
        self._lines.append(" " * (INDENT * self._level) + text if text else "")

    def lines(self, text: str) -> None:
        """Several lines, given at indentation 0."""
        for part in text.strip("\n").split("\n"):
            self.line(part)

    def comment(self, text: str) -> None:
        """A `//` comment, wrapped."""
        width = COLUMNS - INDENT * self._level - 3
        words = text.split()
        while words:
            part = [words.pop(0)]
            while words and len(" ".join(part)) + 1 + len(words[0]) <= width:
                part.append(words.pop(0))
            self.line("// " + " ".join(part))

    def call(
        self, callee: str, arguments: Sequence[str], *, before: str = "", after: str = ";"
    ) -> None:
        """`before callee(arguments)after`, broken where it is too long: after the `=` it is
        assigned with, else after the parenthesis, else after each argument."""
        head = f"{before}{callee}("
        joined = ", ".join(arguments)
        if self.fits(f"{head}{joined}){after}"):
            self.line(f"{head}{joined}){after}")
            return
        whole = f"{callee}({joined}){after}"
        if before.endswith("= ") and INDENT + INDENT * self._level + len(whole) <= COLUMNS:
            self.declare(before.removesuffix(" = "), whole.removesuffix(";"))
            return
        self.line(head)
        self._level += 1
        if self.fits(f"{joined}){after}"):
            self.line(f"{joined}){after}")
        else:
            for argument in arguments[:-1]:
                self.line(f"{argument},")
            self.line(f"{arguments[-1]}){after}")
        self._level -= 1

    def declare(self, declaration: str, value: str) -> None:
        """`declaration = value;`, broken after the `=` where it is too long, and a condition again
        after its outermost operators."""
        if self.fits(f"{declaration} = {value};"):
            self.line(f"{declaration} = {value};")
            return
        self.line(f"{declaration} =")
        self._level += 1
        line = ""
        for part in _operands(f"{value};"):
            if line and not self.fits(f"{line} {part}"):
                self.line(line)
                line = part
            else:
                line = f"{line} {part}" if line else part
        self.line(line)
        self._level -= 1

    def braced(self, head: str, entries: Sequence[str], *, tail: str = "};") -> None:
        """An initialiser list with one entry per line (a trailing comma keeps it so)."""
        self.line(head)
        self._level += 1
        for entry in entries:
            self.line(f"{entry},")
        self._level -= 1
        self.line(tail)

    @contextmanager
    def block(self, head: str, tail: str = "}") -> Generator[None]:
        """`head {` ... `}`"""
        self.line(f"{head} {{")
        self._level += 1
        yield
        self._level -= 1
        self.line(tail)

    @contextmanager
    def continued(self) -> Generator[None]:
        """The rest of a block whose head is already printed (`} else {`)."""
        self._level += 1
        yield
        self._level -= 1
        self.line("}")

    def fits(self, text: str) -> bool:
        """Whether a line at the current indentation has room for `text`."""
        return INDENT * self._level + len(text) <= COLUMNS
