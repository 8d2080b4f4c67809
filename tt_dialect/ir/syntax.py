"""How attributes of the dialect are written: integers, words, pairs, checked parsing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import ArrayAttr, IntAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

Ints: TypeAlias = ArrayAttr[IntAttr]


def ints(values: Sequence[int]) -> Ints:
    """An array of plain integers."""
    return ArrayAttr([IntAttr(v) for v in values])


def int_tuple(values: Ints) -> tuple[int, ...]:
    """The integers of an array."""
    return tuple(v.data for v in values)


def parse_ints(parser: AttrParser) -> Ints:
    """`[1, 2]`"""
    return ints(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer))


def print_ints(printer: Printer, values: Ints) -> None:
    """`[1, 2]`"""
    printer.print_string("[" + ", ".join(str(v.data) for v in values) + "]")


def parse_pair(parser: AttrParser, what: str) -> tuple[int, int]:
    """`4x1`; `what` names the two dimensions in the error."""
    dims = parser.parse_dimension_list()
    if len(dims) != 2:
        parser.raise_error(f"expected {what}")
    return dims[0], dims[1]


def parse_checked(
    parser: AttrParser, build: Callable[[], ParametrizedAttribute]
) -> Sequence[Attribute]:
    """Builds an attribute while parsing, so that a failed check is reported at its position."""
    position = parser.pos
    try:
        return build().parameters
    except VerifyException as error:
        parser.raise_error(str(error), position)


def parse_strings(parser: AttrParser) -> ArrayAttr[StringAttr]:
    """`["M", "N"]`"""
    return ArrayAttr(
        [
            StringAttr(text)
            for text in parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, parser.parse_str_literal
            )
        ]
    )


def print_strings(printer: Printer, values: ArrayAttr[StringAttr]) -> None:
    """`["M", "N"]`"""
    with printer.in_square_brackets():
        printer.print_list(values, lambda v: printer.print_string_literal(v.data))
