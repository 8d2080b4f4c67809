"""Patterns are shown the operations of their kind, all of them and no others."""

from collections.abc import Iterator

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tt_dialect.analysis.regions import operations
from tt_dialect.levels import Level
from tt_dialect.mlir_text import make_context, parse_module
from tt_dialect.passes.base import LevelPass, matched_kind
from tt_dialect.passes.pipeline import lower_passes

NEST = """
func.func @f(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = arith.addi %i, %c1 : index
    scf.for %j = %c0 to %a step %c1 {
      %b = arith.muli %j, %c1 : index
    }
  }
  func.return
}
"""


class Sums(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: arith.AddiOp | arith.MuliOp, rewriter: PatternRewriter) -> None:
        if "seen" not in op.attributes:
            op.attributes["seen"] = UnitAttr()
            rewriter.notify_op_modified(op)


class Anything(RewritePattern):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        self.seen.append(op.name)


class Both(LevelPass):
    name = "test-both"
    takes = gives = Level.TILE

    def __init__(self, group: list[RewritePattern]) -> None:
        self.group = group

    def patterns(self) -> list[list[RewritePattern]]:
        return [self.group]


def run(*group: RewritePattern) -> list[Operation]:
    module = parse_module(NEST, "nest.mlir")
    Both(list(group)).apply(make_context(), module)
    return operations(module)


def test_operations_are_those_of_walk() -> None:
    module = parse_module(NEST, "nest.mlir")
    assert operations(module) == list(module.walk())
    loop = next(op for op in operations(module) if isinstance(op, scf.ForOp))
    assert operations(loop) == list(loop.walk())
    assert operations(loop.body) == operations(loop.body.block) == list(loop.walk())[1:]


def test_kinds() -> None:
    assert matched_kind(Sums) == arith.AddiOp | arith.MuliOp
    assert matched_kind(Anything) is Operation


def test_every_operation_of_a_kind_is_rewritten() -> None:
    marked = [op.name for op in run(Sums()) if "seen" in op.attributes]
    assert marked == ["arith.addi", "arith.muli"]


def test_a_pattern_without_kind_sees_everything_in_order() -> None:
    anything = Anything()
    assert anything.seen[1:] == []
    assert [op.name for op in run(anything)[1:]] == anything.seen


def test_most_patterns_of_the_pipeline_say_their_kind() -> None:
    """Nothing goes wrong without, only slower: most do, or xDSL keeps the kind elsewhere now."""

    def patterns(one: ModulePass) -> Iterator[RewritePattern]:
        for group in one.patterns() if isinstance(one, LevelPass) else ():
            yield from group

    every = [p for _, passes in lower_passes() for one in passes for p in patterns(one)]
    vague = [type(p).__name__ for p in every if matched_kind(type(p)) is Operation]
    assert len(every) > 40
    assert len(vague) < len(every) / 4
