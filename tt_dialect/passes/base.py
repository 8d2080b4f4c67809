"""What every pass shares: the levels it stands between, and helpers that keep locations."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar, TypeVar

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import DictionaryAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern

from tt_dialect.analysis.regions import operations
from tt_dialect.diagnostics import error_at
from tt_dialect.levels import Level, misfits


@dataclass
class _ByKind(RewritePattern):
    """The first pattern of a group that rewrites an operation, among those made for its kind."""

    group: Sequence[RewritePattern]
    _known: dict[type[Operation], list[RewritePattern]] = field(
        default_factory=dict[type[Operation], list[RewritePattern]]
    )

    def made_for(self, kind: type[Operation]) -> list[RewritePattern]:
        """The patterns of the group that may match operations of a kind."""
        if kind not in self._known:
            self._known[kind] = [p for p in self.group if issubclass(kind, matched_kind(type(p)))]
        return self._known[kind]

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        for pattern in self.made_for(type(op)):
            pattern.match_and_rewrite(op, rewriter)
            if rewriter.has_done_action:
                return


@cache
def matched_kind(pattern: type[RewritePattern]) -> type[Operation]:
    """The kind, or union of kinds, of operations that a pattern is made for.

    What `op_type_rewrite_pattern` was given; any operation for a pattern without it.
    """
    outer = inspect.getclosurevars(pattern.match_and_rewrite).nonlocals
    return outer.get("expected_type", Operation)


class _Walker(PatternRewriteWalker):
    """xDSL's walker, passing over operations that no pattern is made for."""

    def _populate_worklist(self, op: Operation | Region | Block) -> None:
        assert isinstance(self.pattern, _ByKind)
        for nested in reversed(operations(op)):
            if self.pattern.made_for(type(nested)):
                self._worklist.push(nested)


class LevelPass(ModulePass):
    """A pass made of rewrite patterns, with the level it takes and the level it gives."""

    takes: ClassVar[Level]
    gives: ClassVar[Level]

    def patterns(self) -> Sequence[Sequence[RewritePattern]]:
        """Groups of patterns; each group runs to its fixpoint before the next starts."""
        raise NotImplementedError(type(self))

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for misfit in misfits(op, self.takes)[:1]:
            raise error_at(
                misfit,
                f"'{misfit.name}' is not legal at level {self.takes}, which {self.name} takes",
                f"{self.name} gives level {self.gives}; `tt-opt --verify-levels` follows the levels",
            )
        for group in self.patterns():
            _Walker(_ByKind(group)).rewrite_module(op)


def replace(
    rewriter: PatternRewriter,
    op: Operation,
    new_ops: Operation | Sequence[Operation],
    results: Sequence[SSAValue | None] | None = None,
) -> None:
    """`rewriter.replace` that hands the location of `op` to every new operation."""
    new_ops = [new_ops] if isinstance(new_ops, Operation) else list(new_ops)
    located(op, new_ops)
    rewriter.replace(op, new_ops, results)


def insert(rewriter: PatternRewriter, op: Operation, new_ops: Sequence[Operation]) -> None:
    """Inserts operations before `op`, with its location."""
    located(op, new_ops)
    rewriter.insert(list(new_ops))


def located(origin: Operation, ops: Sequence[Operation]) -> None:
    """Gives new operations, nested ones too, the location of the operation they come from."""
    for op in ops:
        for nested in operations(op):
            nested.location = origin.location


_Parent = TypeVar("_Parent", bound=Operation)


def enclosing(op: Operation, kind: type[_Parent]) -> _Parent:
    """The nearest operation of a kind that is or contains `op`; there must be one."""
    parent: Operation | None = op
    while parent is not None and not isinstance(parent, kind):
        parent = parent.parent_op()
    assert parent is not None
    return parent


def uncarry(rewriter: PatternRewriter, loop: scf.ForOp, drop: set[int]) -> None:
    """Stops carrying some values through a loop: what they start from stands in their place."""
    body, end = loop.body.block, loop.body.block.last_op
    assert isinstance(end, scf.YieldOp)
    keep = [i for i in range(len(loop.res)) if i not in drop]
    rewriter.replace(end, scf.YieldOp(*(end.arguments[i] for i in keep)))
    for i in sorted(drop, reverse=True):
        body.args[i + 1].replace_all_uses_with(loop.iter_args[i])
        rewriter.erase_block_argument(body.args[i + 1])
    region = rewriter.move_region_contents_to_new_regions(loop.body)
    new = scf.ForOp(loop.lb, loop.ub, loop.step, [loop.iter_args[i] for i in keep], region)
    new.attributes, new.location = dict(loop.attributes), loop.location
    results: list[SSAValue | None] = [
        start if result.uses else None
        for start, result in zip(loop.iter_args, loop.res, strict=True)
    ]
    for result, i in zip(new.res, keep, strict=True):
        result.name_hint = loop.res[i].name_hint
        results[i] = result
    rewriter.replace(loop, new, results)


def is_kernel(func: FuncOp) -> bool:
    """Whether a function has a body; declarations are left alone."""
    return bool(func.body.blocks)


def decision(subject: str, what: str, value: str, by: str) -> DictionaryAttr:
    """One entry of the plan's decisions: what was chosen for a subject, and who chose it."""
    entry = {"subject": subject, "what": what, "value": value, "by": by}
    return DictionaryAttr({key: StringAttr(text) for key, text in entry.items()})
