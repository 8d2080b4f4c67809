"""Prints one thread of a METALIUM program as a kernel: a line per operation, nothing decided."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from string import Formatter
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.builtin import BoolAttr, Float32Type, FloatAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue

from tt_dialect.analysis.accessors import accessor_problem
from tt_dialect.diagnostics import error_at, location_of
from tt_dialect.emit.cpp import CPP_RESERVED, Expr, Lines, Names
from tt_dialect.emit.expressions import Values, float_literal, unsupported
from tt_dialect.emit.helpers import HELPERS, helper_lines
from tt_dialect.emit.names import (
    accessor_label,
    base_name,
    buffers_of,
    semaphores_of,
    tensors_of,
    title_of,
)
from tt_dialect.emit.spelling import (
    CALLS,
    DERIVED,
    ROLE_HEADERS,
    Spelling,
    buffer_of,
    family,
)
from tt_dialect.ir import cb, compute, noc
from tt_dialect.ir.program import AbiAttr, ProgramOp, Role, ThreadOp

_MACROS = ("UNPACK", "MATH", "PACK")
"""Code for one of the three compute processors."""
_LOOP_NAMES = "ijklmn"


def print_kernel(program: ProgramOp, thread: ThreadOp) -> str:
    """The C++ of a thread."""
    return _KernelPrinter(program, thread).print()


class _KernelPrinter:
    """Holds the lines, the names and the value expressions of one kernel."""

    def __init__(self, program: ProgramOp, thread: ThreadOp):
        self.program = program
        self.thread = thread
        self.role = Role(thread.role.data)
        self.api = program.metalium_api.data
        self.lines = Lines()
        self.names = Names([*CPP_RESERVED, *HELPERS])
        self.values = Values(self.lines, self.names, before_declaration=self.source_comment)
        self.headers = {ROLE_HEADERS[self.role].of(self.api)}
        self.helpers: set[str] = set()
        self.tile_byte_names: dict[SSAValue, str] = {}
        self.count_names: dict[tuple[SSAValue, int], str] = {}
        self.loop_depth = 0
        self.place = ""
        """The source line the last comment named."""

    # ---- the file ----

    def print(self) -> str:
        """The whole kernel file."""
        with self.lines.block("void kernel_main()"):
            self.declare_buffers()
            self.lines.blank()
            self.declare_arguments()
            self.lines.blank()
            self.declare_accessors()
            self.lines.blank()
            self.declare_semaphores()
            self.lines.blank()
            self.print_block(self.thread.body.block)
        return "\n".join([*self.preamble(), self.lines.text()])

    def preamble(self) -> list[str]:
        """The title comment, the includes and the functions the kernel brings along."""
        title = str(self.role)
        if self.role is not Role.COMPUTE:
            processor, number = self.thread.processor.data.upper(), self.thread.noc.value.data
            title += f" on {processor}, NoC {number}"
        standard = ["<algorithm>"] if self.values.uses_algorithm else []
        includes = [f"#include {h}" for h in [*standard, "<cstdint>"]]
        includes.append("")
        includes += [f'#include "{h}"' for h in sorted(self.headers)]
        return [title_of(self.program, title), "", *includes, "", *helper_lines(self.helpers)]

    def declare_buffers(self) -> None:
        """Names for the circular buffers this thread touches."""
        for alloc in buffers_of(self.thread):
            name = self.names.fresh(f"cb_{alloc.label.data}")
            index = cb_index(alloc)
            self.lines.line(f"constexpr uint32_t {name} = tt::CBIndex::c_{index};")
            self.values.bind(alloc.cb, name)
        for op in self.thread.walk():
            if isinstance(op, noc.ReadPageOp | noc.WritePageOp | noc.GenerateTileOp):
                self.declare_tile_bytes(buffer_of(op.pointer))
            elif isinstance(op, noc.MulticastOp):
                self.declare_tile_bytes(op.page)
        for op in self.thread.walk():
            if (count := page_count(op)) is not None:
                self.declare_count(*count)

    def declare_count(self, buffer: SSAValue, pages: int) -> None:
        """A name for a page count: a block, the subblock that passes through DST, a whole shard."""
        alloc = cast(cb.AllocOp, buffer.owner)
        if pages == 1 or (buffer, pages) in self.count_names:
            return
        part = "_block" if pages == alloc.type.block_pages else "_subblock"
        whole = alloc.alias is not None and pages == alloc.type.capacity
        name = self.names.fresh(f"{alloc.label.data}{'' if whole else part}_tiles")
        self.lines.line(f"constexpr uint32_t {name} = {pages};")
        self.count_names[buffer, pages] = name

    def declare_tile_bytes(self, buffer: SSAValue) -> None:
        """The page size of a buffer whose pages this thread moves, once."""
        if buffer in self.tile_byte_names:
            return
        label = cast(cb.AllocOp, buffer.owner).label.data
        name = self.names.fresh(f"{label}_tile_bytes")
        self.lines.line(f"const uint32_t {name} = get_tile_size({self.values[buffer].text});")
        self.tile_byte_names[buffer] = name

    def declare_arguments(self) -> None:
        """The runtime arguments this thread reads, in the order of the ABI table."""
        reads: dict[tuple[int, str], list[noc.RuntimeArgOp]] = {}
        for op in self.thread.walk():
            if isinstance(op, noc.RuntimeArgOp) and op.value.uses:
                kind = "float" if isinstance(op.value.type, Float32Type) else "uint32_t"
                reads.setdefault((op.index.value.data, kind), []).append(op)
        for (index, kind), ops in sorted(reads.items()):
            name = self.names.fresh(_argument_label(self.program.abi, index, ops[0]))
            self.lines.line(f"const {kind} {name} = get_arg_val<{kind}>({index});")
            for op in ops:
                self.values.bind(op.value, name)

    def declare_accessors(self) -> None:
        """TensorAccessors with chained compile-time offsets, in the order the host appends them."""
        offset = "0"
        for accessors in tensors_of(self.thread):
            for op in accessors:
                problem = accessor_problem(self.program, op)
                if problem is not None:
                    raise error_at(op, *problem)
            label = accessor_label(self.program, accessors[0])
            layout = accessors[0].accessor.type.layout
            arguments = self.names.fresh(f"{label}_args")
            self.lines.declare(f"constexpr auto {arguments}", f"TensorAccessorArgs<{offset}>()")
            offset = f"{arguments}.next_compile_time_args_offset()"
            page = self.names.fresh(f"{label}_page_bytes")
            self.lines.line(f"constexpr uint32_t {page} = {layout.tile.bytes};")
            name = self.names.fresh(label)
            base = self.values[accessors[0].tensor].text
            self.lines.call(
                "TensorAccessor", [arguments, base, page], before=f"const auto {name} = "
            )
            for op in accessors:
                self.values.bind(op.accessor, name)

    def declare_semaphores(self) -> None:
        """Address and local view of each semaphore this thread uses."""
        for semaphore in semaphores_of(self.thread):
            address = self.names.fresh(f"{semaphore.label.data}_addr")
            name = self.names.fresh(semaphore.label.data)
            index = semaphore_index(semaphore)
            self.lines.line(f"const uint32_t {address} = get_semaphore({index});")
            pointer = f"reinterpret_cast<volatile tt_l1_ptr uint32_t*>({address})"
            self.lines.declare(f"auto* const {name}", pointer)
            self.values.bind(semaphore.semaphore, name)

    # ---- operations ----

    def print_block(self, block: Block) -> None:
        """The operations of a block, one after the other."""
        for op in block.ops:
            self.print_op(op)

    def print_op(self, op: Operation) -> None:
        """One operation."""
        match op:
            case noc.RuntimeArgOp() | noc.AccessorOp() | scf.YieldOp():
                pass
            case compute.DstOp():
                self.values.bind(op.dst, _dst_index(op))
            case scf.ForOp():
                self.print_for(op)
            case scf.IfOp():
                self.print_if(op)
            case _ if self.values.visit(op):
                pass
            case _:
                self.print_call(op)

    def print_for(self, op: scf.ForOp) -> None:
        """A counted loop."""
        if op.iter_args:
            raise error_at(op, "a loop that carries values has no C++ spelling")
        self.source_comment(op)
        lower, upper, step = (self.values[v].text for v in (op.lb, op.ub, op.step))
        with self.names.scope():
            default = _LOOP_NAMES[self.loop_depth % len(_LOOP_NAMES)]
            name = self.values.name(op.body.block.args[0], default)
            self.values.bind(op.body.block.args[0], name)
            advance = f"++{name}" if step == "1" else f"{name} += {step}"
            head = f"for (uint32_t {name} = {lower}; {name} < {upper}; {advance})"
            with self.nested(), self.lines.block(head):
                self.print_block(op.body.block)

    def print_if(self, op: scf.IfOp) -> None:
        """A branch without results."""
        if op.results:
            raise error_at(op, "a branch that returns values has no C++ spelling")
        self.source_comment(op)
        has_else = bool(op.false_region.blocks) and len(op.false_region.block.ops) > 1
        condition = self.values[op.cond].text
        if not self.lines.fits(f"if ({condition}) {{"):
            name = self.names.fresh("condition")
            self.lines.declare(f"const bool {name}", condition)
            condition = name
        head = f"if ({condition})"
        with self.names.scope(), self.nested():
            with self.lines.block(head, "} else {" if has_else else "}"):
                self.print_block(op.true_region.block)
        if has_else:
            with self.names.scope(), self.nested(), self.lines.continued():
                self.print_block(op.false_region.block)

    def print_call(self, op: Operation) -> None:
        """The row of the spelling table, filled in."""
        row = CALLS.get((op.name, family(op)))
        if row is None:
            raise unsupported(op)
        if row.header is not None:
            self.headers.update(row.header.of(self.api).split("; "))
        self.check_noc(op)
        if not row.of(self.api) and not row.may_be_nothing:
            raise error_at(
                op,
                f"TT-Metalium {self.api} has no call for {op.name} {family(op)}".rstrip(),
                row.source,
            )
        if row.of(self.api):
            self.source_comment(op)
        for number, template in enumerate(row.of(self.api)):
            callee, arguments = self.fill(op, row, template)
            before = ""
            if op.results:
                name = self.names.fresh(self.result_name(op, number))
                self.values.bind(op.results[number], name)
                before = f"const uint32_t {name} = "
            if callee in _MACROS:  # its argument is a call in parentheses of its own
                inner, arguments = split_call(arguments[0][1:-1])
                self.lines.call(f"{callee}(({inner}", arguments, after="));")
            else:
                self.lines.call(callee, arguments, before=before)

    def fill(self, op: Operation, row: Spelling, template: str) -> tuple[str, list[str]]:
        """Callee and arguments of a call."""
        fields = {
            field: self.field(op, field)
            for _, field, _, _ in Formatter().parse(template)
            if field is not None
        }
        return split_call(template.format(**fields))

    def field(self, op: Operation, name: str) -> str:
        """An operand, a property or a derived field as text."""
        if name in DERIVED:
            return DERIVED[name](op, self).text
        member = getattr(op, name)
        if isinstance(member, SSAValue):
            return self.values[member].text
        if isinstance(member, Attribute):
            return _property(op, member)
        raise unsupported(op)

    def value(self, value: SSAValue) -> Expr:
        """How a value reads (for derived fields)."""
        return self.values[value]

    def tile_bytes(self, buffer: SSAValue) -> Expr:
        """The constant with a buffer's page size (for derived fields)."""
        return Expr(self.tile_byte_names[buffer])

    def pages(self, op: Operation) -> Expr:
        """The page count of an operation on a buffer (for derived fields)."""
        count = page_count(op)
        if count is None:
            raise unsupported(op)
        return Expr(self.count_names.get(count, str(count[1])))

    @property
    def wide(self) -> bool:
        """Whether DST is 32-bit (for derived fields)."""
        return bool(self.program.config.dst32)

    def helper(self, name: str) -> str:
        """Notes that the kernel calls a helper (for derived fields)."""
        self.helpers.add(name)
        return name

    def result_name(self, op: Operation, number: int) -> str:
        """A name for the result of a call."""
        if isinstance(op, cb.WritePtrOp | cb.ReadPtrOp):
            return f"{cast(cb.AllocOp, op.cb.owner).label.data}_ptr"
        return op.results[number].name_hint or "value"

    def check_noc(self, op: Operation) -> None:
        """In dedicated mode a data movement thread issues on the NoC it was configured with."""
        number = op.properties.get("noc")
        if isinstance(number, IntegerAttr) and number.value.data != self.thread.noc.value.data:
            raise error_at(
                op,
                f"this transfer names NoC {number.value.data}, its thread runs on "
                f"NoC {self.thread.noc.value.data}",
            )

    # ---- source comments ----

    def source_comment(self, op: Operation) -> None:
        """Names the source line where it changes."""
        location = location_of(op)
        if location is None:
            return
        place = f"{base_name(location.file)}:{location.line}"
        if place != self.place:
            self.lines.blank()
            self.lines.line(f"// {place}")
            self.place = place

    @contextmanager
    def nested(self) -> Generator[None]:
        """A nested block; afterwards the source line counts as that of the statement around it."""
        place = self.place
        self.loop_depth += 1
        yield
        self.loop_depth -= 1
        self.place = place


def split_call(text: str) -> tuple[str, list[str]]:
    """Callee and arguments of `callee(arguments)`; template arguments may have parentheses."""
    depth = 0
    for place in range(len(text) - 1, -1, -1) if text.endswith(")") else ():
        depth += (text[place] == ")") - (text[place] == "(")
        if depth == 0:
            return text[:place], split_arguments(text[place + 1 : -1])
    raise ValueError(f"{text} is not a call")


def split_arguments(text: str) -> list[str]:
    """Splits an argument list at its top-level commas."""
    parts: list[str] = []
    depth = 0
    current = ""
    for char in text:
        depth += char in "({"
        depth -= char in ")}"
        if char == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()] if current.strip() else parts


def page_count(op: Operation) -> tuple[SSAValue, int] | None:
    """The buffer an operation moves pages or tiles of, and how many."""
    match op:
        case cb.ReserveBackOp() | cb.PushBackOp() | cb.WaitFrontOp() | cb.PopFrontOp():
            return op.cb, op.count
        case compute.CopyBlockOp() | compute.PackBlockOp():
            return op.cb, cast(compute.DstType, op.dst.type).tiles.data
        case _:
            return None


def cb_index(alloc: cb.AllocOp) -> int:
    """The id `tt-plan-cbs` gave a circular buffer."""
    if alloc.id is None:
        raise error_at(alloc, f"circular buffer {alloc.label.data} has no id", "run tt-plan-cbs")
    return alloc.id.value.data


def semaphore_index(semaphore: noc.SemaphoreOp) -> int:
    """The id of a semaphore."""
    if semaphore.id is None:
        raise error_at(semaphore, f"semaphore {semaphore.label.data} has no id")
    return semaphore.id.value.data


def _dst_index(op: compute.DstOp) -> Expr:
    if op.index is None:
        raise error_at(op, "this DST group has no index", "run tt-allocate-dst")
    return Expr(str(op.index.value.data))


def _argument_label(abi: AbiAttr, index: int, op: Operation) -> str:
    if index >= len(abi.args):
        raise error_at(op, f"the ABI table has no entry {index}, only {len(abi.args)} entries")
    return abi.args.data[index].label.data


def _property(op: Operation, attribute: Attribute) -> str:
    if isinstance(attribute, IntegerAttr):
        if attribute == BoolAttr.from_bool(True):
            return "true"
        return "false" if attribute == BoolAttr.from_bool(False) else str(attribute.value.data)
    if isinstance(attribute, FloatAttr):
        return float_literal(attribute.value.data).text
    if isinstance(attribute, StringAttr):
        return attribute.data
    raise unsupported(op)
