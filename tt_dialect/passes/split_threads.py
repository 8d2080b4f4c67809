"""`tt-split-threads`: one sequential kernel becomes a program of three threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IntegerAttr,
    MemRefType,
    StringAttr,
    f32,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.transforms.dead_code_elimination import would_be_trivially_dead
from xdsl.utils.hints import isa

from tt_dialect.analysis.access import layout_of, memref_type
from tt_dialect.analysis.naming import name_of
from tt_dialect.analysis.regions import operations
from tt_dialect.analysis.roles import buffer_roles, role_of, shards_in_place
from tt_dialect.arch import get_arch
from tt_dialect.diagnostics import error_at
from tt_dialect.ir import cb, noc
from tt_dialect.ir.layout import PartitionAttr, ints
from tt_dialect.ir.program import (
    AbiAttr,
    ArgKind,
    ComputeConfigAttr,
    Direction,
    ProgramOp,
    Role,
    TensorAttr,
    ThreadOp,
)
from tt_dialect.levels import Level
from tt_dialect.passes.base import LevelPass, decision

PROCESSORS = {
    Role.READER: ("riscv_1", 0),
    Role.COMPUTE: ("compute", 0),
    Role.WRITER: ("riscv_0", 1),
}
"""Processor and NoC of each role: Reader/WriterDataMovementConfig (metalium.md 3.2, b)."""

METALIUM_APIS = ("v2", "v1")


def _required(func: FuncOp, name: str, kind: type[Attribute], made_by: str) -> Attribute:
    value = func.attributes.get(name)
    if not isinstance(value, kind):
        raise error_at(
            func, f"kernel '{func.sym_name.data}' has no '{name}'", f"run {made_by} first"
        )
    return value


_DIRECTIONS = {
    (False, False): Direction.UNUSED,
    (True, False): Direction.IN,
    (False, True): Direction.OUT,
    (True, True): Direction.INOUT,
}
"""(read, written) to direction."""


def _tensors(func: FuncOp) -> list[TensorAttr]:
    """Tensor parameters with their direction: pages read and written, and shards in place."""
    moved: dict[SSAValue, set[type[Operation]]] = {}
    for op in operations(func):
        if isinstance(op, noc.ReadPageOp | noc.WritePageOp):
            accessor = op.accessor.owner
            assert isinstance(accessor, noc.AccessorOp)
            moved.setdefault(accessor.tensor, set()).add(type(op))
    tensors: list[TensorAttr] = []
    read, written = shards_in_place(func)
    for arg in func.args:
        if not isinstance(arg.type, MemRefType):
            continue
        layout = layout_of(func, arg)
        assert layout is not None
        uses = moved.get(arg, set())
        number = len(tensors)
        direction = _DIRECTIONS[
            noc.ReadPageOp in uses or number in read, noc.WritePageOp in uses or number in written
        ]
        tensors.append(
            TensorAttr(
                StringAttr(name_of(arg, f"arg{arg.index}")),
                StringAttr(direction),
                ints(memref_type(arg).get_shape()),
                layout,
            )
        )
    return tensors


@dataclass
class _Live:
    """What a role runs of a block: operations, the values they use, and whether any has an effect."""

    ops: set[Operation] = field(default_factory=set[Operation])
    used: set[SSAValue] = field(default_factory=set[SSAValue])
    effects: bool = False

    def add(self, op: Operation, inner: Iterable[_Live], effects: bool) -> None:
        self.ops.add(op)
        self.used.update(op.operands)
        self.effects |= effects
        for part in inner:
            self.ops |= part.ops
            self.used |= part.used
            self.effects |= part.effects


def _live(block: Block, role: Role, roles: Mapping[Operation, Role | None]) -> _Live:
    """The operations of a role and what feeds them: no unused values, no loops that do nothing."""
    live = _Live()
    for op in reversed(block.ops):
        if roles[op] not in (None, role) or isinstance(op, cb.AllocOp | ReturnOp):
            continue
        inner = [_live(b, role, roles) for region in op.regions for b in region.blocks]
        used = any(result in live.used for result in op.results)
        if isinstance(op, scf.YieldOp):
            live.add(op, inner, effects=False)
        elif inner and (used or any(part.effects for part in inner)):
            live.add(op, inner, effects=False)
        elif not inner:
            effects = not op.name.startswith("arith.") and not would_be_trivially_dead(op)
            if used or effects:
                live.add(op, inner, effects)
    return live


def _read_argument(index: int, arg: SSAValue) -> list[Operation]:
    """The read of a runtime argument: a float32, or an integer in its parameter's type."""
    if arg.type == f32:
        return [noc.RuntimeArgOp(index, f32)]
    read = noc.RuntimeArgOp(index)
    if arg.type in (i32, i64):
        return [read, arith.IndexCastOp(read.value, i32 if arg.type == i32 else i64)]
    return [read]


def _slice(
    func: FuncOp,
    role: Role,
    shared: dict[SSAValue, SSAValue],
    abi: AbiAttr,
    roles: dict[Operation, Role | None],
) -> Region | None:
    """The part of the kernel one role runs: its operations, the loops around them, what feeds them."""
    if role not in roles.values():
        return None
    live = _live(func.body.block, role, roles)
    block = Block()
    values = dict(shared)
    addresses = iter(i for i, a in enumerate(abi.args) if a.kind.data == ArgKind.ADDRESS)
    scalars = iter(i for i, a in enumerate(abi.args) if a.kind.data != ArgKind.ADDRESS)
    for arg in func.args:
        index = next(addresses if isinstance(arg.type, MemRefType) else scalars)
        if arg not in live.used:
            continue
        made = _read_argument(index, arg)
        for op in made:
            op.location = func.location
            op.results[0].name_hint = abi.args.data[index].label.data
        block.add_ops(made)
        values[arg] = made[-1].results[0]

    def copy(ops: Iterable[Operation], into: Block) -> None:
        for op in ops:
            if op not in live.ops:
                continue
            clone = op.clone_without_regions(values)
            clone.location = op.location
            for old, new in zip(op.results, clone.results, strict=True):
                new.name_hint = old.name_hint
            for old_region, new_region in zip(op.regions, clone.regions, strict=True):
                for old_block in old_region.blocks:
                    inner = Block(arg_types=[a.type for a in old_block.args])
                    for old, new in zip(old_block.args, inner.args, strict=True):
                        new.name_hint = old.name_hint
                        values[old] = new
                    new_region.add_block(inner)
                    copy(old_block.ops, inner)
            if isinstance(clone, noc.TRANSFERS):
                clone.properties["noc"] = IntegerAttr(PROCESSORS[role][1], i32)
            into.add_op(clone)

    copy(func.body.block.ops, block)
    return Region(block)


@dataclass
class SplitKernel(RewritePattern):
    """A kernel becomes a `tt.program` of a reader, a compute and a writer thread."""

    metalium_api: str

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FuncOp, rewriter: PatternRewriter) -> None:
        if not op.body.blocks:
            return
        abi = _required(op, "tt.abi", AbiAttr, "tt-grid-to-persistent")
        partition = _required(op, "tt.partition", PartitionAttr, "tt-partition-work")
        config = _required(op, "tt.config", ComputeConfigAttr, "tt-lower-memory")
        arch = _required(op, "tt.arch", StringAttr, "tt-partition-work")
        assert isinstance(abi, AbiAttr) and isinstance(partition, PartitionAttr)
        assert isinstance(config, ComputeConfigAttr) and isinstance(arch, StringAttr)
        body, shared = Block(), dict[SSAValue, SSAValue]()
        for alloc in [o for o in op.body.block.ops if isinstance(o, cb.AllocOp)]:
            clone = alloc.clone()
            clone.cb.name_hint = alloc.cb.name_hint
            body.add_op(clone)
            shared[alloc.cb] = clone.cb
        buffers = buffer_roles(op)
        roles = {inner: role_of(inner, buffers) for inner in operations(op)}
        for role, (processor, noc_index) in PROCESSORS.items():
            region = _slice(op, role, shared, abi, roles)
            if region is not None:
                thread = ThreadOp(role, processor, noc_index, partition.core_ranges, region)
                thread.location = op.location
                body.add_op(thread)
        program = ProgramOp(
            op.sym_name.data,
            arch=arch.data,
            metalium_api=self.metalium_api,
            config=config,
            abi=abi,
            tensors=_tensors(op),
            partition=partition,
            body=Region(body),
        )
        program.location = op.location
        decisions = op.attributes.get("tt.decisions")
        if isa(decisions, ArrayAttr[DictionaryAttr]):
            program.decisions = decisions
        if not get_arch(arch.data).simulated:
            note = decision("program", "verified", "no: never executed", arch.data)
            program.decisions = ArrayAttr([*program.decisions, note])
        rewriter.replace(op, program, [])


@dataclass(frozen=True)
class SplitThreadsPass(LevelPass):
    """Slices the kernel into reader (riscv_1, NoC 0), compute and writer (riscv_0, NoC 1).

    Each thread is the loop nest with the operations of its role and what feeds them. Roles follow from
    what an operation does; a protocol operation belongs to the role that fills or reads its buffer.
    Runtime arguments become reads of the ABI table.

    Before:
    ```mlir
    func.func @move(%A: memref<32x64xbf16> {tt.name = "A", tt.layout = #tt.layout.buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">}, %n: index) attributes {tt.arch = "wormhole", tt.abi = #tt.abi<address "A_addr" = 0, count "count" = 0>, tt.config = #tt.compute_config<"HiFi4", dst32 false, full_sync false>, tt.partition = #tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [1], block_tiles [1, 1], tiles [1, 2], work [<1, <<[0, 0], [1, 1]>>>]>} {
      %s = tt.cb.alloc "s" : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
      %acc = tt.noc.accessor %A : memref<32x64xbf16> -> !tt.noc.accessor<[32, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
      %c0 = arith.constant 0 : index
      tt.cb.reserve_back %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
      %p = tt.cb.write_ptr %s : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
      tt.noc.read_page %acc[%c0], %p[%c0] : !tt.noc.accessor<[32, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
      tt.noc.read_barrier
      tt.cb.push_back %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
      tt.cb.wait_front %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
      %q = tt.cb.read_ptr %s : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
      tt.noc.write_page %acc[%n], %q[%c0] : !tt.noc.accessor<[32, 64], buffer<dram, interleaved, tile<32x32, bf16>, axes [], by "default">>
      tt.noc.write_barrier
      tt.cb.pop_front %s, 1 : !tt.cb.buffer<tile<32x32, bf16>, block 1x1, pages 2, row_major>
      func.return
    }
    ```
    After:
    ```mlir
    tt.program "move"
    tt.thread "reader" on "riscv_1" noc 0
    tt.noc.runtime_arg 0
    tt.cb.reserve_back
    tt.noc.read_page {{.*}} noc 0
    tt.noc.read_barrier noc 0
    tt.cb.push_back
    tt.thread "writer" on "riscv_0" noc 1
    tt.noc.runtime_arg 0
    tt.noc.runtime_arg 1
    tt.cb.wait_front
    tt.noc.write_page {{.*}} noc 1
    tt.noc.write_barrier noc 1
    tt.cb.pop_front
    ```
    """

    name = "tt-split-threads"
    takes = Level.BUFFERED
    gives = Level.THREADS

    metalium_api: str = "v2"

    def patterns(self) -> list[list[RewritePattern]]:
        if self.metalium_api not in METALIUM_APIS:
            raise ValueError(
                f"unknown Metalium API '{self.metalium_api}', expected one of "
                f"{', '.join(METALIUM_APIS)}"
            )
        return [[SplitKernel(self.metalium_api)]]
