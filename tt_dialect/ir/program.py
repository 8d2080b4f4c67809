"""`tt.program` and `tt.thread`: a kernel's circular buffers, arguments, plan and threads."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    I32,
    ArrayAttr,
    BoolAttr,
    DictionaryAttr,
    IntAttr,
    IntegerAttr,
    StringAttr,
    bf16,
    f16,
    f32,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, ParametrizedAttribute, Region
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    lazy_traits_def,
    param_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import HasParent, NoTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from tt_dialect.ir.layout import (
    BufferAttr,
    CoreRangesAttr,
    Ints,
    PartitionAttr,
    int_tuple,
    parse_checked,
    parse_ints,
    print_ints,
    verify_shape,
)


class ArgKind(StrEnum):
    """What a runtime argument says."""

    ADDRESS = "address"
    """Base address of the tensor parameter number `value`."""
    START = "start"
    """First work id of the core."""
    COUNT = "count"
    """Number of work ids of the core."""
    EXTENT = "extent"
    """A tensor extent in tiles, `value` on every core."""
    SHARD = "shard"
    """A shard extent or grid size, `value` on every core."""
    SHARD_COORDINATE = "shard_coordinate"
    """The place of the core's box of blocks along axis `value` of the block grid."""
    COORDINATE = "coordinate"
    """A coordinate of the core: `value` 0 is x, 1 is y."""
    SEMAPHORE = "semaphore"
    """The id of semaphore number `value`."""
    SCALAR = "scalar"
    """The scalar parameter of the kernel at position `value` among all its parameters: the bits of
    a float32 (of f32, bf16 and f16 parameters), or a 32-bit integer."""


SCALAR_TYPES: tuple[Attribute, ...] = (
    f32,
    bf16,
    f16,
    i32,
    i64,
)
"""Types of scalar parameters: the floats travel as float32, the integers as 32 bits."""


@irdl_attr_definition
class ArgAttr(ParametrizedAttribute):
    """One entry of the ABI table, a 32-bit runtime argument: `extent "Mt" = 32`.

    A scalar has its parameter's type: `scalar "scale" = 1 : f32`.
    """

    name = "tt.arg"
    kind: StringAttr = param_def()
    label: StringAttr = param_def()
    value: IntAttr = param_def()
    type: ArrayAttr[Attribute] = param_def()
    """The type of a scalar; empty for other kinds."""

    @classmethod
    def of(
        cls, kind: ArgKind, label: str, value: int = 0, type: Attribute | None = None
    ) -> ArgAttr:
        """An entry; the meaning of `value` depends on the kind."""
        types = ArrayAttr([] if type is None else [type])
        return cls(StringAttr(kind), StringAttr(label), IntAttr(value), types)

    def verify(self) -> None:
        if self.kind.data not in list(ArgKind):
            raise VerifyException(f"unknown argument kind {self.kind.data}")
        if (self.kind.data == ArgKind.SCALAR) != (len(self.type) == 1):
            raise VerifyException("a scalar argument has a type, others have none")
        if any(kind not in SCALAR_TYPES for kind in self.type):
            raise VerifyException("a scalar argument is of type f32, bf16, f16, i32 or i64")

    @classmethod
    def parse_short(cls, parser: AttrParser) -> ArgAttr:
        """`extent "Mt" = 32`"""
        position = parser.pos
        kind = parser.parse_str_enum(ArgKind)
        label = parser.parse_str_literal()
        parser.parse_punctuation("=")
        value = parser.parse_integer()
        typed = parser.parse_optional_punctuation(":") is not None
        scalar = parser.parse_type() if typed else None
        try:
            return cls.of(kind, label, value, scalar)
        except VerifyException as error:
            parser.raise_error(str(error), position)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return cls.parse_short(parser).parameters

    def print_short(self, printer: Printer) -> None:
        """`extent "Mt" = 32`"""
        printer.print_string(f"{self.kind.data} ")
        printer.print_string_literal(self.label.data)
        printer.print_string(f" = {self.value.data}")
        for scalar in self.type:
            printer.print_string(" : ")
            printer.print_attribute(scalar)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            self.print_short(printer)


@irdl_attr_definition
class AbiAttr(ParametrizedAttribute):
    """The runtime arguments of every kernel of a program, in order.

    `#tt.abi<address "A_addr" = 0, start "start_id" = 0, count "count" = 0, extent "Mt" = 32>`.
    Addresses come first, then scalars. Kernels, host, plan and simulator all read this one table.
    """

    name = "tt.abi"
    args: ArrayAttr[ArgAttr] = param_def()

    @classmethod
    def of(cls, args: Sequence[ArgAttr]) -> AbiAttr:
        """The given entries."""
        return cls(ArrayAttr(args))

    @property
    def parameters(self) -> tuple[ArgAttr, ...]:
        """The entries that stand for the kernel's own parameters: addresses, then scalars."""
        own = (ArgKind.ADDRESS, ArgKind.SCALAR)
        return tuple(arg for arg in self.args if arg.kind.data in own)

    def index_of(self, kind: ArgKind, value: int | None = None) -> int | None:
        """Position of the first entry of a kind (and value), None if there is none."""
        for i, arg in enumerate(self.args):
            if arg.kind.data == kind and value in (None, arg.value.data):
                return i
        return None

    def verify(self) -> None:
        labels = [a.label.data for a in self.args]
        if len(set(labels)) != len(labels):
            raise VerifyException("argument names must be unique")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        args = parser.parse_comma_separated_list(
            parser.Delimiter.ANGLE, lambda: ArgAttr.parse_short(parser)
        )
        return (ArrayAttr(args),)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_list(self.args, lambda a: a.print_short(printer))


class Direction(StrEnum):
    """How a kernel uses a tensor parameter."""

    IN = "in"
    OUT = "out"
    INOUT = "inout"
    UNUSED = "unused"

    @property
    def reads(self) -> bool:
        """Whether the kernel reads the tensor."""
        return self in (Direction.IN, Direction.INOUT)

    @property
    def writes(self) -> bool:
        """Whether the kernel writes the tensor."""
        return self in (Direction.OUT, Direction.INOUT)


@irdl_attr_definition
class TensorAttr(ParametrizedAttribute):
    """A tensor parameter: `#tt.tensor<"A", in, [1024, 1024], buffer<...>>` (shape in elements)."""

    name = "tt.tensor"
    label: StringAttr = param_def()
    direction: StringAttr = param_def()
    shape: Ints = param_def()
    layout: BufferAttr = param_def()

    def verify(self) -> None:
        verify_shape(int_tuple(self.shape), self.layout)

    @property
    def use(self) -> Direction:
        """How the kernel uses the tensor."""
        return Direction(self.direction.data)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            label = StringAttr(parser.parse_str_literal())
            parser.parse_punctuation(",")
            direction = StringAttr(parser.parse_str_enum(Direction))
            parser.parse_punctuation(",")
            shape = parse_ints(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("buffer")
            layout = BufferAttr.new(BufferAttr.parse_parameters(parser))
            return parse_checked(parser, lambda: cls(label, direction, shape, layout))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string("<")
        printer.print_string_literal(self.label.data)
        printer.print_string(f", {self.direction.data}, ")
        print_ints(printer, self.shape)
        printer.print_string(", buffer")
        self.layout.print_parameters(printer)
        printer.print_string(">")


FIDELITIES = ("LoFi", "HiFi2", "HiFi3", "HiFi4")
"""`MathFidelity` in the order of phases used."""


@irdl_attr_definition
class ComputeConfigAttr(ParametrizedAttribute):
    """`ComputeConfig` of the compute kernel: `<"HiFi4", dst32 true, full_sync false>`."""

    name = "tt.compute_config"
    fidelity: StringAttr = param_def()
    dst32: BoolAttr = param_def()
    full_sync: BoolAttr = param_def()

    @classmethod
    def of(cls, fidelity: str, dst32: bool, full_sync: bool = False) -> ComputeConfigAttr:
        """Fidelity, 32-bit DST (`fp32_dest_acc_en`), full sync (`dst_full_sync_en`)."""
        return cls(StringAttr(fidelity), BoolAttr.from_bool(dst32), BoolAttr.from_bool(full_sync))

    @property
    def dst_tiles(self) -> int:
        """DST capacity in 32x32 tiles (tt-metal PR #37780)."""
        return 16 >> (bool(self.dst32) + (not bool(self.full_sync)))

    def verify(self) -> None:
        if self.fidelity.data not in FIDELITIES:
            raise VerifyException(f"unknown fidelity {self.fidelity.data}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            fidelity = parser.parse_str_literal()
            parser.parse_punctuation(",")
            parser.parse_keyword("dst32")
            dst32 = parser.parse_boolean()
            parser.parse_punctuation(",")
            parser.parse_keyword("full_sync")
            full_sync = parser.parse_boolean()
            return parse_checked(parser, lambda: cls.of(fidelity, dst32, full_sync))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string("<")
        printer.print_string_literal(self.fidelity.data)
        dst32, sync = (str(bool(v)).lower() for v in (self.dst32, self.full_sync))
        printer.print_string(f", dst32 {dst32}, full_sync {sync}>")


class Role(StrEnum):
    """What a thread does."""

    READER = "reader"
    COMPUTE = "compute"
    WRITER = "writer"


@irdl_op_definition
class ProgramOp(IRDLOperation):
    """A program: circular buffers, semaphores and threads, with everything the host needs.

    `abi` is the argument table, `tensors` the tensor parameters in order; `partition` and
    `decisions` (what was chosen and who chose it) are the plan.
    """

    name = "tt.program"
    sym_name = prop_def(StringAttr)
    arch = prop_def(StringAttr)
    metalium_api = prop_def(StringAttr)
    config = prop_def(ComputeConfigAttr)
    abi = prop_def(AbiAttr)
    tensors = prop_def(ArrayAttr[TensorAttr])
    partition = prop_def(PartitionAttr)
    decisions = prop_def(ArrayAttr[DictionaryAttr])
    body = region_def("single_block")
    traits = traits_def(NoTerminator(), SymbolOpInterface())
    assembly_format = (
        "$sym_name `arch` $arch `api` $metalium_api `config` $config `abi` $abi "
        "`tensors` $tensors `partition` $partition `decisions` $decisions "
        "attr-dict-with-keyword $body"
    )

    def __init__(
        self,
        name: str,
        *,
        arch: str,
        metalium_api: str,
        config: ComputeConfigAttr,
        abi: AbiAttr,
        tensors: Sequence[TensorAttr],
        partition: PartitionAttr,
        body: Region,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "arch": StringAttr(arch),
                "metalium_api": StringAttr(metalium_api),
                "config": config,
                "abi": abi,
                "tensors": ArrayAttr(tensors),
                "partition": partition,
                "decisions": ArrayAttr([]),
            },
            regions=[body],
        )

    @property
    def threads(self) -> list[ThreadOp]:
        """Its threads, in order."""
        return [op for op in self.body.block.ops if isinstance(op, ThreadOp)]

    def verify_(self) -> None:
        seen: set[tuple[str, tuple[int, int]]] = set()
        for thread in self.threads:
            for core in thread.cores.cores():
                if (thread.processor.data, core) in seen:
                    raise VerifyException(
                        f"two threads on processor {thread.processor.data} of core {core}"
                    )
                seen.add((thread.processor.data, core))


@irdl_op_definition
class ThreadOp(IRDLOperation):
    """A kernel on a set of cores: role, processor (riscv_0, riscv_1, compute) and its NoC.

    Threads run concurrently on each core and see the program's circular buffers. `noc` is the NoC
    of a data movement thread (`DataMovementConfig`), 0 and unused on compute.
    """

    name = "tt.thread"
    role = prop_def(StringAttr)
    processor = prop_def(StringAttr)
    noc = prop_def(IntegerAttr[I32])
    cores = prop_def(CoreRangesAttr)
    body = region_def("single_block")
    traits = lazy_traits_def(lambda: (NoTerminator(), HasParent(ProgramOp)))
    assembly_format = "$role `on` $processor `noc` $noc `cores` $cores attr-dict-with-keyword $body"

    def __init__(self, role: Role, processor: str, noc: int, cores: CoreRangesAttr, body: Region):
        super().__init__(
            properties={
                "role": StringAttr(role),
                "processor": StringAttr(processor),
                "noc": IntegerAttr(noc, i32),
                "cores": cores,
            },
            regions=[body],
        )

    def verify_(self) -> None:
        if self.noc.value.data not in (0, 1):
            raise VerifyException(f"there is no NoC {self.noc.value.data}")
        if self.role.data not in list(Role):
            raise VerifyException(f"unknown role {self.role.data}")
        if (self.role.data == Role.COMPUTE) != (self.processor.data == "compute"):
            raise VerifyException(
                "compute threads run on the compute processor, others on riscv_0/1"
            )
        if self.processor.data not in ("riscv_0", "riscv_1", "compute"):
            raise VerifyException(f"unknown processor {self.processor.data}")


PROGRAM_ATTRS: list[type[Attribute]] = [ArgAttr, AbiAttr, TensorAttr, ComputeConfigAttr]
PROGRAM_OPS: list[type[Operation]] = [ProgramOp, ThreadOp]
