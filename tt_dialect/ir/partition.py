"""`tt.layout`, second part: which core does which work."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

from xdsl.dialects.builtin import ArrayAttr, IntAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition, param_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from tt_dialect.ir.syntax import (
    Ints,
    int_tuple,
    ints,
    parse_checked,
    parse_ints,
    print_ints,
)

MAX_GRID = 256
"""Far more cores on an axis than any chip has; keeps lists of cores short."""


@irdl_attr_definition
class CoreRangeAttr(ParametrizedAttribute):
    """A rectangle of logical cores: `<[0, 0], [8, 8]>` is start (x, y) and extent, half-open."""

    name = "tt.layout.core_range"
    x: IntAttr = param_def()
    y: IntAttr = param_def()
    width: IntAttr = param_def()
    height: IntAttr = param_def()

    @classmethod
    def of(cls, x: int, y: int, width: int, height: int) -> CoreRangeAttr:
        """The rectangle from (x, y) with the given extent."""
        return cls(IntAttr(x), IntAttr(y), IntAttr(width), IntAttr(height))

    @property
    def start(self) -> tuple[int, int]:
        """(x, y) of the first core."""
        return self.x.data, self.y.data

    @property
    def extent(self) -> tuple[int, int]:
        """(width, height) in cores."""
        return self.width.data, self.height.data

    def cores(self) -> list[tuple[int, int]]:
        """Its cores (x, y), row by row."""
        (x, y), (width, height) = self.start, self.extent
        return [(x + i, y + j) for j in range(height) for i in range(width)]

    def verify(self) -> None:
        if min(self.start) < 0 or min(self.extent) < 1:
            raise VerifyException("a core range starts at (0, 0) or later and is not empty")
        if max(*self.start, *self.extent) > MAX_GRID:
            raise VerifyException(f"a core grid has at most {MAX_GRID} cores on an axis")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            start = int_tuple(parse_ints(parser))
            parser.parse_punctuation(",")
            extent = int_tuple(parse_ints(parser))
            if len(start) != 2 or len(extent) != 2:
                parser.raise_error("expected [x, y], [width, height]")
            return parse_checked(parser, lambda: cls.of(*start, *extent))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{list(self.start)}, {list(self.extent)}>")


@irdl_attr_definition
class CoreRangesAttr(ParametrizedAttribute):
    """Disjoint core ranges: `#tt.layout.core_ranges<<[0, 0], [8, 1]>, <[0, 1], [4, 1]>>`."""

    name = "tt.layout.core_ranges"
    ranges: ArrayAttr[CoreRangeAttr] = param_def()

    @classmethod
    def of(cls, ranges: Sequence[CoreRangeAttr]) -> CoreRangesAttr:
        """The given ranges, in order."""
        return cls(ArrayAttr(ranges))

    def cores(self) -> list[tuple[int, int]]:
        """All cores (x, y), range by range, each row by row."""
        return [core for r in self.ranges for core in r.cores()]

    def verify(self) -> None:
        cores = self.cores()
        if not cores or len(set(cores)) != len(cores):
            raise VerifyException("core ranges must be disjoint and not empty")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            ranges = parser.parse_comma_separated_list(
                parser.Delimiter.NONE,
                lambda: CoreRangeAttr.new(CoreRangeAttr.parse_parameters(parser)),
            )
            return parse_checked(parser, lambda: cls.of(ranges))

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_list(self.ranges, lambda r: r.print_parameters(printer))


@irdl_attr_definition
class WorkAttr(ParametrizedAttribute):
    """`#tt.layout.work<1, <[0, 0], [8, 8]>>`: each core of the ranges takes `count` blocks."""

    name = "tt.layout.work"
    count: IntAttr = param_def()
    cores: CoreRangesAttr = param_def()

    def verify(self) -> None:
        if self.count.data < 1:
            raise VerifyException("each core of a work entry takes at least one block")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            count = IntAttr(parser.parse_integer())
            parser.parse_punctuation(",")
            cores = CoreRangesAttr.new(CoreRangesAttr.parse_parameters(parser))
            return parse_checked(parser, lambda: cls(count, cores))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.count.data}, ")
        self.cores.print_parameters(printer)
        printer.print_string(">")


WORK_ORDERS = ("row_major", "column_major")
"""How work ids number the blocks."""

MODES = ("global", "local_shard")
STRATEGIES = ("contiguous", "row_major", "column_major", "block")


@irdl_attr_definition
class PartitionAttr(ParametrizedAttribute):
    """Which core does which blocks.

    `#tt.layout.partition<"global", "contiguous", core_grid [8, 8], blocks [8, 8],
    block_tiles [4, 4], tiles [32, 32], work [<1, <<[0, 0], [8, 8]>>>]>`

    `blocks` is the block grid, outermost axis first (leading batch axes, then M, N); `block_tiles`
    and `tiles` are the block shape and the tile grid of the last axes. Work ids number the blocks
    row by row, with `order "column_major"` (before `work`) column by column; cores take consecutive
    ids in the order of `work` (each core of the first entry `count` ids, and so on). Counts are in
    blocks.

    With `rect [2, 3]` (before `work`) each core does a box of that many blocks along each axis;
    the boxes stand row by row for the cores of the one `work` entry, and those at the far edges may
    hold less than its `count`, the volume of a whole box. Work ids number the blocks of a box row
    by row. They start at 0 in mode `local_shard`, where a box is the shard of its core, and at the
    number of the box times the volume in mode `global`.

    `shards_on <<[2, 0], [4, 1]>>` (before `work`) are the core ranges of the user: the shards of L1
    tensors lie on them, in order; without it, on the core grid from (0, 0).
    """

    name = "tt.layout.partition"
    mode: StringAttr = param_def()
    strategy: StringAttr = param_def()
    core_grid: Ints = param_def()
    blocks: Ints = param_def()
    block_tiles: Ints = param_def()
    tiles: Ints = param_def()
    work: ArrayAttr[WorkAttr] = param_def()
    order: StringAttr = param_def()
    rect: Ints = param_def()
    """Blocks of a core's box along each axis; empty where cores take runs of ids."""
    shard_ranges: ArrayAttr[CoreRangesAttr] = param_def()
    """At most one entry: where L1 shards lie."""

    def __init__(
        self,
        mode: StringAttr,
        strategy: StringAttr,
        core_grid: Ints,
        blocks: Ints,
        block_tiles: Ints,
        tiles: Ints,
        work: ArrayAttr[WorkAttr],
        order: StringAttr | None = None,
        rect: Ints | None = None,
        shard_ranges: CoreRangesAttr | None = None,
    ):
        super().__init__(
            mode,
            strategy,
            core_grid,
            blocks,
            block_tiles,
            tiles,
            work,
            order or StringAttr("row_major"),
            rect or ints([]),
            ArrayAttr([] if shard_ranges is None else [shard_ranges]),
        )

    @property
    def is_local(self) -> bool:
        """Whether each core works on the L1 shards it holds."""
        return self.mode.data == "local_shard"

    @property
    def core_ranges(self) -> CoreRangesAttr:
        """All cores that have work."""
        return CoreRangesAttr.of([r for w in self.work for r in w.cores.ranges])

    @property
    def rect_grid(self) -> tuple[int, ...]:
        """Boxes along each axis; () where cores take runs of ids."""
        pairs = zip(int_tuple(self.blocks), int_tuple(self.rect), strict=False)
        return tuple(-(-blocks // size) for blocks, size in pairs)

    def coordinates(self) -> list[tuple[int, ...]]:
        """The place of each core's box in the grid of boxes, in the order of `ids`."""
        return list(product(*(range(extent) for extent in self.rect_grid)))

    def ids(self) -> list[tuple[tuple[int, int], int, int]]:
        """(core, start_id, count) of every core with work."""
        if self.rect.data:
            return self._boxes()
        rows: list[tuple[tuple[int, int], int, int]] = []
        start = 0
        for work in self.work:
            for core in work.cores.cores():
                rows.append((core, start, work.count.data))
                start += work.count.data
        return rows

    def _boxes(self) -> list[tuple[tuple[int, int], int, int]]:
        rows: list[tuple[tuple[int, int], int, int]] = []
        blocks, rect = int_tuple(self.blocks), int_tuple(self.rect)
        step = 0 if self.is_local else prod(rect)
        cores = self.core_ranges.cores()
        for i, (core, place) in enumerate(zip(cores, self.coordinates(), strict=True)):
            held = [min(r, b - c * r) for r, b, c in zip(rect, blocks, place, strict=True)]
            rows.append((core, i * step, prod(held)))
        return rows

    def verify(self) -> None:
        for what, said, known in (
            ("mode", self.mode.data, MODES),
            ("strategy", self.strategy.data, STRATEGIES),
        ):
            if said not in known:
                raise VerifyException(f"{what} must be {' or '.join(known)}, got {said}")
        for name in ("core_grid", "block_tiles", "tiles"):
            if len(getattr(self, name)) != 2:
                raise VerifyException(f"{name} has two entries")
        if not self.blocks or any(
            v < 1
            for grid in (self.core_grid, self.blocks, self.block_tiles, self.tiles, self.rect)
            for v in int_tuple(grid)
        ):
            raise VerifyException("grids and extents of a partition are positive")
        if self.order.data not in WORK_ORDERS:
            raise VerifyException(f"order must be row_major or column_major, got {self.order.data}")
        if self.rect.data:
            self._verify_boxes()
        else:
            if self.is_local:
                raise VerifyException("a partition in mode local_shard has a rect")
            total = sum(w.count.data * len(w.cores.cores()) for w in self.work)
            if total != prod(int_tuple(self.blocks)):
                raise VerifyException(
                    f"partition covers {total} blocks of {prod(int_tuple(self.blocks))}"
                )
        width, height = int_tuple(self.core_grid)
        if len(self.shard_ranges) > 1:
            raise VerifyException("L1 shards lie on one list of core ranges")
        if any(
            x >= width or y >= height
            for ranges in (self.core_ranges, *self.shard_ranges)
            for x, y in ranges.cores()
        ):
            raise VerifyException(f"a core range leaves the {width}x{height} core grid")

    def _verify_boxes(self) -> None:
        rect = int_tuple(self.rect)
        if len(rect) != len(self.blocks) or self.order.data != "row_major":
            raise VerifyException(
                "rect has one entry per axis of blocks, and its order is row_major"
            )
        if len(self.work) != 1 or self.work.data[0].count.data != prod(rect):
            raise VerifyException(
                f"a partition with rect has one work entry of {prod(rect)} blocks"
            )
        cores = len(self.core_ranges.cores())
        if cores != prod(self.rect_grid):
            raise VerifyException(
                f"{prod(self.rect_grid)} boxes of blocks cannot be given to {cores} cores"
            )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        def field(name: str) -> Ints:
            parser.parse_punctuation(",")
            parser.parse_keyword(name)
            return parse_ints(parser)

        with parser.in_angle_brackets():
            mode = StringAttr(parser.parse_str_literal())
            parser.parse_punctuation(",")
            strategy = StringAttr(parser.parse_str_literal())
            core_grid, blocks = field("core_grid"), field("blocks")
            block_tiles, tiles = field("block_tiles"), field("tiles")
            parser.parse_punctuation(",")
            order, rect = StringAttr("row_major"), ints([])
            if parser.parse_optional_keyword("order") is not None:
                order = StringAttr(parser.parse_str_literal())
                parser.parse_punctuation(",")
            if parser.parse_optional_keyword("rect") is not None:
                rect = parse_ints(parser)
                parser.parse_punctuation(",")
            shards_on: CoreRangesAttr | None = None
            if parser.parse_optional_keyword("shards_on") is not None:
                shards_on = CoreRangesAttr.new(CoreRangesAttr.parse_parameters(parser))
                parser.parse_punctuation(",")
            parser.parse_keyword("work")
            work = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: WorkAttr.new(WorkAttr.parse_parameters(parser))
            )
            given = ArrayAttr(work)
            return parse_checked(
                parser,
                lambda: cls(
                    mode,
                    strategy,
                    core_grid,
                    blocks,
                    block_tiles,
                    tiles,
                    given,
                    order,
                    rect,
                    shards_on,
                ),
            )

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string("<")
        printer.print_string_literal(self.mode.data)
        printer.print_string(", ")
        printer.print_string_literal(self.strategy.data)
        for name in ("core_grid", "blocks", "block_tiles", "tiles"):
            printer.print_string(f", {name} ")
            print_ints(printer, getattr(self, name))
        if self.order.data != "row_major":
            printer.print_string(", order ")
            printer.print_string_literal(self.order.data)
        if self.rect.data:
            printer.print_string(", rect ")
            print_ints(printer, self.rect)
        for ranges in self.shard_ranges:
            printer.print_string(", shards_on ")
            ranges.print_parameters(printer)
        printer.print_string(", work [")
        printer.print_list(self.work, lambda w: w.print_parameters(printer))
        printer.print_string("]>")
