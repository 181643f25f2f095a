"""Alarms under each other: state, name, since when and why; the children of a composite are indented under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting
from cwlab.console.charts.watching import STRIP, pill
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import clean, counted
from cwlab.timeline import to_datetime

WIDTH, PILL, NAME, SINCE, ROW, LIMIT = 776, 176, 196, 620, 48, 24
INDENT, COMPACT, NOTE = 26, 32, 350


@dataclass(frozen=True)
class Entry:
    """One alarm of the list.

    Args:
        name: its name.
        state: OK, ALARM or INSUFFICIENT_DATA.
        since_ms: when it entered that state.
        why: the reason it gives.
        note: a few words about its part here ("suppressor", "makes the rule true").
        depth: 0 for an alarm by itself, 1 for a child.
    """

    name: str
    state: str
    since_ms: int
    why: str = ""
    note: str = ""
    depth: int = 0


def height(entries: int, head: int = 0, *, row: int = ROW) -> int:
    """Pixels the list takes."""
    return row * max(1, min(entries, LIMIT + 1)) + 18 * head + 18


@cache
def _drawing(pixels: int) -> dict[str, Any]:
    return themed(drawing(WIDTH, pixels))


def roster(
    entries: Sequence[Entry], *, title: str = "", head: Sequence[str] = (), compact: bool = False
) -> Picture:
    """A list of alarms.

    Args:
        entries: from top to bottom; the first 24 are drawn, the table has them all.
        title: the finding; made from the states when left out.
        head: lines of code above the list, such as a composite's rule.
        compact: one line each; the reasons are in the table, and shown when you point at a state.
    """
    sheet = Canvas()
    for i, line in enumerate(head):
        sheet.text(0, 10 + 18 * i, line, font=theme.MONO, size=12)
    top = 18 * len(head) + (14 if head else 0)
    row = COMPACT if compact else ROW
    parent: float | None = None
    shown = entries[:LIMIT]
    for i, one in enumerate(shown):
        y = top + row * i
        x = INDENT * one.depth
        if one.depth and parent is not None:
            sheet.line([(9, parent), (9, y + STRIP / 2), (x - 4, y + STRIP / 2)], theme.GRID, width=1.4)
        elif i and not one.depth:
            gap = 5 if compact else 11
            sheet.line([(0, y - gap), (WIDTH - 4, y - gap)], theme.GRID, width=1)
        if not one.depth:
            parent = y + STRIP
        pill(sheet, x, y, x + PILL, one.state, tip=one.why)
        left = NAME + x
        since = f"since {to_datetime(one.since_ms):%H:%M:%S}"
        sheet.text(
            left,
            y + STRIP / 2,
            fitting(one.name, (NOTE if compact else SINCE) - left - 10, 12),
            size=12,
            weight=600,
            tip=one.name,
        )
        sheet.text(SINCE, y + STRIP / 2, since, tip=f"{to_datetime(one.since_ms):%Y-%m-%d %H:%M:%S} UTC")
        words = f"{one.note}. {one.why}" if one.note and one.why else one.note or one.why
        if compact:
            sheet.text(NOTE, y + STRIP / 2, fitting(one.note, SINCE - NOTE - 10, 11), tip=words)
            continue
        sheet.text(left, y + STRIP + 8, fitting(words, WIDTH - left, 10), size=10, tip=words)
    if len(entries) > LIMIT:
        sheet.text(0, top + row * LIMIT + STRIP / 2, f"… and {len(entries) - LIMIT} more in the table")
    if not entries:
        sheet.text(0, top + STRIP / 2, "no alarms", size=13, weight=600)
    table = pd.DataFrame(
        [(clean(e.name), e.state, to_datetime(e.since_ms), clean(e.note), clean(e.why)) for e in entries],
        columns=["alarm", "state", "since (UTC)", "part", "why"],
    )
    return show(
        _drawing(height(len(entries), len(head), row=row)),
        summary(entries),
        table,
        title=title or tally(entries),
        rows=sheet.rows,
    )


def tally(entries: Sequence[Entry]) -> str:
    """How many are in which state, the worst first."""
    if not entries:
        return "No alarms yet"
    found = Counter(e.state for e in entries)
    return f"{counted(len(entries), 'alarm')}: " + ", ".join(
        f"{found[word]} {word}" for word in ("ALARM", "INSUFFICIENT_DATA", "OK") if found[word]
    )


def summary(entries: Sequence[Entry]) -> str:
    """Each alarm with its state, in one line."""
    told = [f"{clean(e.name)} {e.state} since {to_datetime(e.since_ms):%H:%M:%S}" for e in entries[:LIMIT]]
    more = f" and {len(entries) - LIMIT} more" if len(entries) > LIMIT else ""
    return f"{'; '.join(told)}{more}." if told else "There are no alarms in this account and Region."
