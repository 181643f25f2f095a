"""Sources, streams, groups: who writes where, what has arrived, and what did not and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log10
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import clean, counted, shorten

WIDTH, ROW, HEAD, TALL = 776, 54, 24, 40
SOURCE, STREAM, GROUP = (0, 206), (304, 510), (600, 776)
MOST = 12  # rows drawn; the table has them all
#: How a source stands: its color, shape and word.
STANDING = {
    "sending": (theme.COLORS["green"], "circle", "sending"),
    "refused": (theme.COLORS["vermillion"], "cross", "refused"),
    "silent": (theme.COLORS["grey"], "diamond", "silent"),
}


@dataclass(frozen=True)
class Source:
    """Something that has logs.

    Args:
        name: what it is called.
        standing: sending, refused or silent.
        why: what AWS or its agent says, for one that is not sending.
        kind: a few words: "on premises", "instance".
    """

    name: str
    standing: str
    why: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Flow:
    """Events of one source in one stream: how many have arrived."""

    source: str
    group: str
    stream: str
    events: int


def height(rows: int) -> int:
    """Pixels a picture of so many rows takes."""
    return HEAD + ROW * max(1, min(rows, MOST))


@cache
def _drawing(pixels: int) -> dict[str, Any]:
    return themed(drawing(WIDTH, pixels))


def flow(
    sources: Sequence[Source], flows: Sequence[Flow], *, groups: Sequence[str], rows: int, title: str = ""
) -> Picture:
    """The picture *sources → streams → groups*.

    Args:
        sources: from top to bottom.
        flows: what has arrived; a row for each source and stream.
        groups: from top to bottom.
        rows: how many rows there is room for.
        title: the finding; made from what has arrived when left out.
    """
    sheet, room = Canvas(), min(rows, MOST)
    for (x, _), word in zip((SOURCE, STREAM, GROUP), ("source", "log stream", "log group"), strict=True):
        sheet.text(x + 2, 8, word, size=11, weight=600)
    shown = list(sources[:room])
    streams = list(dict.fromkeys((f.group, f.stream) for f in flows))[:room]
    tops = {one.name: _top(i, len(shown), room) for i, one in enumerate(shown)}
    places = {one: _top(i, max(len(streams), 1), room) for i, one in enumerate(streams)}
    halls = {name: _top(i, len(groups), room) for i, name in enumerate(groups)}
    totals = {one: sum(f.events for f in flows if (f.group, f.stream) == one) for one in streams}
    sending = {one.name for one in shown if one.standing == "sending"}
    for one in flows:
        if one.source in tops and (one.group, one.stream) in places and one.events:
            color = theme.COLORS["green"] if one.source in sending else theme.GRID
            _wire(
                sheet,
                SOURCE[1],
                tops[one.source],
                STREAM[0],
                places[one.group, one.stream],
                one.events,
                color,
            )
    for (group, stream), events in totals.items():
        if events:
            _wire(sheet, STREAM[1], places[group, stream], GROUP[0], halls[group], events)
    for one_source in shown:
        _source(sheet, one_source, tops[one_source.name], flows)
    for (group, stream), y in places.items():
        _box(
            sheet,
            STREAM,
            y,
            stream,
            counted(totals[group, stream], "event"),
            theme.COLORS["blue"],
            f"{stream} in {group}",
        )
    for group, y in halls.items():
        here = sum(n for (name, _), n in totals.items() if name == group)
        _box(sheet, GROUP, y, group, counted(here, "event"), theme.COLORS["purple"], group)
    if not streams:
        sheet.text(sum(STREAM) / 2, HEAD + ROW * room / 2, "no stream yet", align="center")
    return show(_drawing(height(rows)), _summary(sources, flows), _table(sources, flows), title=title or _finding(sources, flows),
                rows=sheet.rows)  # fmt: skip


def _top(i: int, n: int, room: int) -> float:
    """Where the i-th of n boxes begins, spread over the rows there are."""
    free = ROW * (room - n)
    return HEAD + i * ROW + (free / 2 if n < room else 0)


def _wire(
    sheet: Canvas, x: float, y: float, x2: float, y2: float, events: int, color: str = theme.COLORS["green"]
) -> None:
    """A line that grows with what has come over it."""
    a, b = y + TALL / 2, y2 + TALL / 2
    points = [(x, a)]
    for i in range(1, 12):
        t = i / 12
        points.append((x + (x2 - x) * t, a + (b - a) * (3 * t * t - 2 * t**3)))
    points.append((x2, b))
    sheet.line(points, color, width=1.2 + 1.3 * log10(1 + events))


def _box(
    sheet: Canvas, across: tuple[int, int], y: float, name: str, said: str, color: str, tip: str
) -> None:
    x, x2 = across
    sheet.box(x + 0.5, y + 0.5, x2 - 0.5, y + TALL, fill=color, opacity=0.10)
    sheet.box(x + 0.5, y + 0.5, x2 - 0.5, y + TALL, line=color)
    sheet.text(x + 9, y + 14, fitting(name, x2 - x - 18, 11, 0.62), font=theme.MONO, weight=600, tip=tip)
    sheet.text(x + 9, y + 29, said, size=10, tip=tip)


def _source(sheet: Canvas, one: Source, y: float, flows: Sequence[Flow]) -> None:
    color, shape, word = STANDING[one.standing]
    x, x2 = SOURCE
    sent = sum(f.events for f in flows if f.source == one.name)
    said = (
        one.why.partition(":")[0]
        if one.standing != "sending"
        else f"{one.kind}, {counted(sent, 'event')}"
        if one.kind
        else counted(sent, "event")
    )
    sheet.box(x + 0.5, y + 0.5, x2 - 0.5, y + TALL, fill=color, opacity=0.10)
    sheet.box(x + 0.5, y + 0.5, x2 - 0.5, y + TALL, line=color)
    sheet.dot(x + 14, y + 14, color, shape=shape, size=62, tip=one.why or word)
    sheet.text(x + 26, y + 14, fitting(one.name, 96, 11, 0.62), font=theme.MONO, weight=600, tip=one.name)
    sheet.text(x2 - 8, y + 14, word, align="right", weight=600, tip=one.why or word)
    sheet.text(x + 9, y + 29, fitting(said, x2 - x - 16, 10), size=10, tip=said)
    if one.standing == "refused":
        sheet.line([(x2, y + TALL / 2), (x2 + 52, y + TALL / 2)], color, width=1.8, dash=True)
        sheet.dot(x2 + 58, y + TALL / 2, color, shape="cross", size=80, tip=one.why)


def _finding(sources: Sequence[Source], flows: Sequence[Flow]) -> str:
    total = sum(f.events for f in flows)
    sending = sum(s.standing == "sending" for s in sources)
    if not total:
        return f"{counted(len(sources), 'source')}, and nothing has arrived"
    streams = len({(f.group, f.stream) for f in flows})
    return f"{sending} of {counted(len(sources), 'source')} sending: {counted(total, 'event')} in {counted(streams, 'stream')}"


def _summary(sources: Sequence[Source], flows: Sequence[Flow]) -> str:
    told = []
    for one in sources:
        mine = [
            f"{counted(f.events, 'event')} in {shorten(f.stream)} of {shorten(f.group)}"
            for f in flows
            if f.source == one.name and f.events
        ]
        told.append(f"{clean(one.name)} {one.standing}: {', '.join(mine) or clean(one.why) or 'nothing'}")
    return "; ".join(told) + "." if told else "There is no source."


def _table(sources: Sequence[Source], flows: Sequence[Flow]) -> pd.DataFrame:
    rows = []
    for one in sources:
        mine = [f for f in flows if f.source == one.name]
        for f in mine:
            rows.append(
                (clean(one.name), one.standing, clean(f.stream), clean(f.group), f.events, clean(one.why))
            )
        if not mine:
            rows.append((clean(one.name), one.standing, "", "", 0, clean(one.why)))
    return pd.DataFrame(rows, columns=["source", "standing", "stream", "group", "events", "why"])
