"""How a number is taken, and how it is shown. Every number in the table comes from the run that prints it.

Times are those of the processor, so that what else runs on the machine counts as little as it can; where other
processes are started, of the clock on the wall.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time

Work = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """One line of the table. ``good`` is None where no target was set."""

    what: str
    measured: str
    target: str = "—"
    good: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "ok", False: "MISS", None: ""}[self.good]


def at_least(what: str, ratio: float, target: float, detail: str) -> Row:
    """A ratio that should be so much or more."""
    return Row(what, f"{ratio:,.1f}× ({detail})", f"≥ {target:g}×", ratio >= target)


def at_most(what: str, seconds: float, target_ms: float, detail: str = "") -> Row:
    """A time that should be so much or less."""
    shown = f"{ms(seconds)} ({detail})" if detail else ms(seconds)
    return Row(what, shown, f"≤ {target_ms:g} ms", seconds * 1_000 <= target_ms)


def ms(seconds: float) -> str:
    """A time in milliseconds, with three digits that mean something."""
    value = seconds * 1_000
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def seconds_of(work: Work, clock: Clock = process_time) -> float:
    """How long one run takes."""
    started = clock()
    work()
    return clock() - started


def alternate(*works: Work, rounds: int = 5, warm: int = 1, clock: Clock = process_time) -> tuple[float, ...]:
    """The median time of each piece of work, in seconds, run in turn: A B A B …, so that all meet the same machine.

    Args:
        rounds: how many runs of each count.
        warm: how many runs of each come before and do not count.
        clock: tells seconds; the processor's unless given.
    """
    times: list[list[float]] = [[] for _ in works]
    for turn in range(warm + rounds):
        for work, taken in zip(works, times, strict=True):
            gc.collect()
            gc.freeze()  # each side's collector walks its own new objects, not what the other side has kept so far
            seconds = seconds_of(work, clock)
            if turn >= warm:
                taken.append(seconds)
    return tuple(median(taken) for taken in times)


def table(rows: Iterable[Row]) -> str:
    """The rows in columns."""
    cells = [("what", "measured", "target", ""), *((r.what, r.measured, r.target, r.verdict) for r in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    lines = [_line(row, widths) for row in cells]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    what, measured, target, verdict = row
    return f"{what:<{widths[0]}}  {measured:>{widths[1]}}  {target:>{widths[2]}}  {verdict:<{widths[3]}}"
