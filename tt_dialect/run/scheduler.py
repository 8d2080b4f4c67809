"""Runs threads until all have ended, or until none can go on: then it says why."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random

from xdsl.ir import Operation

from tt_dialect.diagnostics import CompileError, Diagnostic, diagnostic_at
from tt_dialect.run.buffers import CircularBuffer
from tt_dialect.run.machine import Core, Mover
from tt_dialect.run.threads import Blocked
from tt_dialect.run.waiting import Waiter


class Deadlock(CompileError):
    """Threads wait for each other; one diagnostic for each blocked operation."""


class Thread(Waiter):
    """One thread of one core: its generator, and what it waits for."""

    __slots__ = ("blocked", "core", "finished", "generator", "mover", "op")

    def __init__(
        self,
        role: str,
        op: Operation,
        core: Core,
        mover: Mover,
    ):
        super().__init__(role)
        self.op = op
        self.core = core
        self.mover = mover
        self.generator: Iterator[Blocked | None] = iter(())
        self.blocked: Blocked | None = None
        self.finished = False


class Scheduler:
    """Seed 0 runs threads in turn until they block; another seed picks them at random."""

    def __init__(self, seed: int):
        self.random = Random(seed) if seed else None
        self.runnable: deque[Thread] = deque()
        self.threads: list[Thread] = []

    def chance(self) -> bool:
        """Whether to switch threads here (asked under a random schedule only)."""
        return self.random is not None and self.random.random() < 0.2

    def add(self, thread: Thread) -> None:
        """A new thread, ready to run."""
        self.threads.append(thread)
        self.runnable.append(thread)

    def run(self) -> None:
        """Runs all threads to their ends; raises `Deadlock` if they stop before."""
        runnable, random = self.runnable, self.random
        while runnable:
            if random is not None:
                runnable.rotate(random.randrange(len(runnable)))
            thread = runnable.popleft()
            try:
                blocked = next(thread.generator)
            except StopIteration:
                thread.finished = True
                thread.mover.finished(thread.op)
            else:
                if blocked is None:
                    runnable.append(thread)
                else:
                    self._park(thread, blocked)
            if random is not None:
                self.threads[random.randrange(len(self.threads))].mover.drift(random)
        if any(not t.finished for t in self.threads):
            raise self.deadlock()

    def wake(self, thread: Thread) -> None:
        """Makes a blocked thread runnable, next: its core's data is still in the host's caches."""
        thread.blocked = None
        self.runnable.appendleft(thread)

    def _park(self, thread: Thread, blocked: Blocked) -> None:
        thread.blocked = blocked
        on = blocked.on
        if not isinstance(on, CircularBuffer):
            thread.core.stats.semaphore_waits += 1
            on.waiting.append(thread)
            return
        thread.core.stats.cb_waits += 1
        other = on.producer if blocked.producer else on.consumer
        if other is not None:
            verb = "reserve" if blocked.producer else "wait for"
            raise CompileError(
                diagnostic_at(
                    blocked.op,
                    f"{other[0].role} and {thread.role} both {verb} pages of '{on.label}'",
                    "a circular buffer has one producer and one consumer",
                )
            )
        if blocked.producer:
            on.producer = (thread, blocked.need)
        else:
            on.consumer = (thread, blocked.need)

    # -- reports --

    def deadlock(self) -> Deadlock:
        """One diagnostic per blocked operation, cores in the same state together."""
        groups: dict[tuple[str, int, str], list[Thread]] = {}
        for thread in self.threads:
            if thread.blocked is not None:
                key = (thread.role, id(thread.blocked.op), _state(thread.blocked))
                groups.setdefault(key, []).append(thread)
        stuck = sum(map(len, groups.values()))
        summary = f"deadlock: {stuck} of {len(self.threads)} threads are blocked for ever"
        first = next(iter(groups.values()))[0]
        assert first.blocked is not None
        diagnostics = [diagnostic_at(first.blocked.op, summary)]
        for (role, _, state), threads in groups.items():
            blocked = threads[0].blocked
            assert blocked is not None
            call = blocked.op.name.rpartition(".")[2]
            message = f"{role} on {_cores(threads)} blocks in {call} {state}"
            partner = self._partner(threads[0], blocked)
            place = diagnostic_at(blocked.op, "").location
            diagnostics.append(Diagnostic(message + partner, place, severity="note"))
        return Deadlock(*diagnostics)

    def _partner(self, thread: Thread, blocked: Blocked) -> str:
        """Who should have helped, and what it does instead."""
        on = blocked.on
        if not isinstance(on, CircularBuffer):
            return ""
        call = "tt.cb.pop_front" if blocked.producer else "tt.cb.push_back"
        named = on.alloc.results[0]
        for other in self.threads:
            if other is thread or other.core is not thread.core:
                continue
            if any(o.name == call and o.operands[0] is named for o in other.op.walk()):
                state = "has finished" if other.finished else "is blocked too"
                return f"; {other.role}, which would {call.rpartition('.')[2]}, {state}"
        return f"; no other thread calls {call.rpartition('.')[2]}"


def _state(blocked: Blocked) -> str:
    on = blocked.on
    if isinstance(on, CircularBuffer):
        what = "free" if blocked.producer else "filled"
        return f"of '{on.label}' for {blocked.need} {what} pages ({on.state()})"
    return f"of '{on.label}' for value {blocked.need} (it is {on.value})"


def _cores(threads: list[Thread]) -> str:
    first, last = threads[0].core, threads[-1].core
    if len(threads) == 1:
        return f"core ({first.x}, {first.y})"
    return f"{len(threads)} cores ({first.x}, {first.y}) to ({last.x}, {last.y})"
