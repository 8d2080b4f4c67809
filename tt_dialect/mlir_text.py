"""
Modules as text: the parser and printer of every tool and of the Python API.

They differ from xDSL's own in four ways, none of which reaches into xDSL's global state:

* `scf.parallel` has MLIR's readable form, which xDSL 0.74 lacks; the generic form is read too;
* an operation without a `loc(..)` gets the place it was read from, as in MLIR;
* a violated constraint of an attribute is a parse error with a place;
* strings that are not ASCII come back as strings.

`verify` adds to xDSL's verifier what MLIR's has: values are defined before they are used.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, cast

from xdsl.context import Context
from xdsl.dialects.builtin import (
    FileLineColLoc,
    IndexType,
    IntAttr,
    LocationAttr,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove
from xdsl.utils.exceptions import UnregisteredConstructException, VerifyException

from tt_dialect.diagnostics import CompileError, Diagnostic, diagnostic_at

if TYPE_CHECKING:
    from xdsl.dialects.scf import ParallelOp

DialectFactory = Callable[[], Dialect]


# ---------------------------------------------------------------------------- scf.parallel


def scf_with_syntax(scf: DialectFactory) -> DialectFactory:
    """The scf dialect in which `scf.parallel` is also read in MLIR's custom form."""

    def factory() -> Dialect:
        from xdsl.dialects.scf import ParallelOp

        class ParallelSyntax(ParallelOp):
            """Reads both forms; what it makes are plain `scf.ParallelOp`s."""

            parse = staticmethod(_parse_parallel)  # pyright: ignore[reportAssignmentType]
            create = staticmethod(ParallelOp.create)  # pyright: ignore[reportAssignmentType]

        dialect = scf()
        operations = [ParallelSyntax if op is ParallelOp else op for op in dialect.operations]
        return Dialect("scf", operations, list(dialect.attributes))

    return factory


def _parse_parallel(parser: Parser) -> ParallelOp:
    """
    scf.parallel (%i, %j) = (%lb0, %lb1) to (%ub0, %ub1) step (%s0, %s1)
        (init (%x, ..) -> type | (type, ..))? { .. } attr-dict?
    """
    from xdsl.dialects.scf import ParallelOp, ReduceOp

    def operands() -> list[UnresolvedOperand]:
        return parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_unresolved_operand
        )

    index = IndexType()
    at = parser.pos
    arguments = parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
    )
    parser.parse_punctuation("=")
    lower = operands()
    parser.parse_keyword("to")
    upper = operands()
    parser.parse_keyword("step")
    steps = operands()
    if not len(arguments) == len(lower) == len(upper) == len(steps):
        parser.raise_error(
            f"{len(arguments)} induction variables need as many lower bounds, upper bounds and "
            f"steps, got {len(lower)}, {len(upper)} and {len(steps)}",
            at_position=at,
        )
    inits: Sequence[UnresolvedOperand] = ()
    types: Sequence[Attribute] = ()
    if parser.parse_optional_keyword("init") is not None:
        inits = operands()
        parser.parse_punctuation("->")
        listed = parser.parse_optional_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_type
        )
        types = [parser.parse_type()] if listed is None else listed
    body = parser.parse_region([argument.resolve(index) for argument in arguments])
    if body.block.last_op is None or not isinstance(body.block.last_op, ReduceOp):
        body.block.add_op(ReduceOp())
    op = ParallelOp(
        [parser.resolve_operand(value, index) for value in lower],
        [parser.resolve_operand(value, index) for value in upper],
        [parser.resolve_operand(value, index) for value in steps],
        body,
        parser.resolve_operands(inits, types, at),
    )
    op.attributes |= parser.parse_optional_attr_dict()
    return op


# --------------------------------------------------------------------------------- reading


class ModuleParser(Parser):
    """xDSL's parser, with locations for operations and for violated constraints."""

    def __init__(self, ctx: Context, text: str | bytes, name: str, line_offset: int = 0):
        super().__init__(ctx, text, name)
        content = self.lexer.input.content
        self._file = StringAttr(os.path.basename(name))
        self._line_offset = line_offset
        self._explicit_location = False
        self._lines = [0]
        start = content.find("\n")
        while start >= 0:
            self._lines.append(start + 1)
            start = content.find("\n", start + 1)

    def parse_module(self, allow_implicit_module: bool = True) -> ModuleOp:
        if allow_implicit_module and self.pos >= self.lexer.input.len:
            return ModuleOp([])  # as mlir-opt has it
        return super().parse_module(allow_implicit_module)

    def parse_operation(self) -> Operation:
        start = self.pos
        try:
            op = super().parse_operation()
        except (VerifyException, UnregisteredConstructException) as error:
            self.raise_error(str(error), at_position=start)
        except ValueError as error:
            if "Forward declared" not in str(error):
                raise
            self.raise_error(
                "this operation uses a value that is defined after it", at_position=start
            )
        if not self._explicit_location:
            line = bisect_right(self._lines, start)
            column = start - self._lines[line - 1] + 1
            op.location = FileLineColLoc(
                self._file, IntAttr(line + self._line_offset), IntAttr(column)
            )
        return op

    def parse_optional_str_literal(self) -> str | None:
        # Text that is not ASCII is printed as its bytes in UTF-8, and read as text again.
        at = self.pos
        if (text := super().parse_optional_str_literal()) is not None:
            return text
        if (content := self.parse_optional_bytes_literal()) is None:
            return None
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            self.raise_error("a string is not UTF-8 text", at_position=at)

    def parse_optional_location(self) -> LocationAttr | None:
        # An operation's location is the last thing of it, so this is right when it has been read.
        location = super().parse_optional_location()
        self._explicit_location = location is not None
        return location

    def _get_op_by_name(self, name: str) -> type[Operation]:
        # Raised here, reported by parse_operation where the operation starts.
        stack = self._parser_state.dialect_stack
        op_type = self.ctx.get_optional_op(name, dialect_stack=stack)
        if op_type is None:
            raise UnregisteredConstructException(f"operation '{name}' is not registered")
        return op_type


def make_context(*, allow_unregistered: bool = False) -> Context:
    """A context that knows every dialect of the installation, each loaded on first use."""
    from xdsl.universe import Universe

    ctx = Context(allow_unregistered)
    register_dialects(ctx, Universe.get_multiverse().all_dialects)
    return ctx


def register_dialects(ctx: Context, dialects: dict[str, DialectFactory]) -> None:
    """Registers `dialects`, ours included, and gives `scf` its readable syntax."""
    from tt_dialect.universe import UNIVERSE

    for name, factory in {**dialects, **UNIVERSE.all_dialects}.items():
        ctx.register_dialect(name, scf_with_syntax(factory) if name == "scf" else factory)


def parse_module(text: str | bytes, name: str = "<string>", ctx: Context | None = None) -> ModuleOp:
    """Reads one module and verifies it; raises xDSL's `ParseError`, or what `verify` raises."""
    module = ModuleParser(ctx or make_context(), text, name).parse_module()
    verify(module)
    return module


def verify(module: ModuleOp) -> None:
    """Verifies a module that was read; raises xDSL's `VerifyException` or a `CompileError`."""
    from tt_dialect.levels import check_dominance

    try:
        module.verify()
    except VerifyException as error:
        captured = next(_captures(module), None)
        if captured is None or "IsolatedFromAbove" not in str(error):
            raise
        raise CompileError(captured) from error
    # Blocks that branch to each other have no order of their own.
    if any(len(region.blocks) > 1 for op in module.walk() for region in op.regions):
        return
    if late := check_dominance(module):
        raise CompileError(*dict.fromkeys(late))


def _captures(module: ModuleOp) -> Iterator[Diagnostic]:
    """Operations that use a value from outside of an operation that does not see it."""
    for outer in module.walk():
        if not outer.has_trait(IsolatedFromAbove):
            continue
        for op in outer.walk():
            if op is not outer and not all(outer.is_ancestor(v.owner) for v in op.operands):
                yield diagnostic_at(
                    op, f"'{op.name}' uses a value defined outside of the '{outer.name}' around it"
                )


# -------------------------------------------------------------------------------- printing


class ModulePrinter(Printer):
    """xDSL's printer, with `scf.parallel` in MLIR's custom form."""

    def print_op(self, op: Operation) -> None:
        if op.name != "scf.parallel" or self.print_generic_format:
            return super().print_op(op)
        self._print_parallel(cast("ParallelOp", op))
        if self.print_debuginfo:
            self.print_string(" ")
            self.print_attribute(op.location)

    def _print_parallel(self, op: ParallelOp) -> None:
        if op.results:
            self.print_list(op.results, self.print_ssa_value)
            self.print_string(" = ")
        self.print_string("scf.parallel (")
        self.print_list(
            op.body.block.args, lambda arg: self.print_block_argument(arg, print_type=False)
        )
        self.print_string(")")
        for keyword, values in (("=", op.lowerBound), ("to", op.upperBound), ("step", op.step)):
            self.print_string(f" {keyword} (")
            self.print_list(values, self.print_ssa_value)
            self.print_string(")")
        if op.initVals:
            self.print_string(" init (")
            self.print_list(op.initVals, self.print_ssa_value)
            self.print_string(") -> (")
            self.print_list(op.initVals.types, self.print_attribute)
            self.print_string(")")
        self.print_string(" ")
        self.print_region(op.body, print_entry_block_args=False)
        self.print_op_attributes(op.attributes)


def print_module(module: Operation, *, generic: bool = False, locations: bool = False) -> str:
    """The text of `module`, ending in a newline."""
    out = StringIO()
    ModulePrinter(stream=out, print_generic_format=generic, print_debuginfo=locations).print_op(
        module
    )
    out.write("\n")
    return out.getvalue()
