"""Log lines as they are read, with what a pattern found in them lit up, and over them how many came when.

Text is placed by columns of a monospaced letter, so that a mark lies on its word. What a line holds is data: control
characters show as ``\\x1b``, and nothing in it can become markup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting
from cwlab.console.board.scales import Axis, time_ticks
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import clean, counted, number
from cwlab.timeline import to_datetime

WIDTH, SIZE, ROW = 776, 11, 20
LETTER = 0.602 * SIZE  # of Menlo, SF Mono, DejaVu Sans Mono
WHEN, STREAM, TEXT = 0, 66, 176  # where the columns begin
BARS, AXIS, BINS = 62, 30, 97
TIP = 600  # characters shown when you point at a line
_RUNS = re.compile(r"(^ +| {2,})")
LIT = theme.COLORS["orange"]


@dataclass(frozen=True)
class LogLine:
    """One event.

    Args:
        at_ms: its timestamp.
        stream: where it is.
        text: the message.
        spans: what to light up: places in the text.
    """

    at_ms: int
    stream: str
    text: str
    spans: Sequence[tuple[int, int]] = ()


def height(rows: int) -> int:
    """Pixels a picture of so many lines takes."""
    return BARS + AXIS + ROW * rows


@cache
def _drawing(pixels: int) -> dict[str, Any]:
    return themed(drawing(WIDTH, pixels))


def loglines(
    lines: Sequence[LogLine],
    stamps: Sequence[int],
    *,
    start_ms: int,
    end_ms: int,
    now_ms: int,
    rows: int,
    title: str,
    empty: str = "no events",
) -> Picture:
    """Events as text, and how many there are along time.

    Args:
        lines: what is shown, from top to bottom.
        stamps: of all events found, shown or not: they make the bars.
        start_ms, end_ms: the time axis of the bars.
        now_ms: where now is.
        rows: how many lines there is room for.
        title: the finding.
        empty: what stands there when there are none.
    """
    sheet = Canvas()
    _bars(sheet, stamps, start_ms, end_ms, now_ms)
    several = len({to_datetime(line.at_ms).date() for line in lines}) > 1
    top = BARS + AXIS
    for n, line in enumerate(lines[:rows]):
        y = top + ROW * n + ROW / 2
        if n % 2 == 0:
            sheet.box(0, y - ROW / 2, WIDTH, y + ROW / 2, fill=theme.GRID, opacity=0.3)
        when = to_datetime(line.at_ms)
        sheet.text(WHEN + 3, y, f"{when:%m-%d %H:%M}" if several else f"{when:%H:%M:%S}", size=10, font=theme.MONO,
                   tip=f"{when:%Y-%m-%d %H:%M:%S} UTC")  # fmt: skip
        sheet.text(
            STREAM + 8, y, fitting(line.stream, TEXT - STREAM - 16, 10, 0.66), size=10, tip=line.stream
        )
        lit_text(sheet, TEXT, y, line.text, line.spans, WIDTH - TEXT)
    if not lines:
        sheet.text(WIDTH / 2, top + 30, empty, size=13, weight=600, align="center")
    table = pd.DataFrame(
        [(to_datetime(line.at_ms), clean(line.stream), clean(line.text)) for line in lines],
        columns=["time (UTC)", "stream", "message"],
    )
    words = f"{counted(len(stamps), 'event')}, {counted(len(lines[:rows]), 'line')} shown."
    if lines:
        words += f" The last: {clean(lines[min(len(lines), rows) - 1].text)[:160]}"
    return show(_drawing(height(rows)), words, table, title=title, rows=sheet.rows)


def _bars(sheet: Canvas, stamps: Sequence[int], start_ms: int, end_ms: int, now_ms: int) -> None:
    """How many events in each of about a hundred slices of time."""
    across, bottom = Axis(start_ms, max(end_ms, start_ms + 1), 34, WIDTH - 8), BARS
    counts, edges = np.histogram(
        np.asarray(stamps, dtype=np.int64), bins=BINS, range=(start_ms, max(end_ms, start_ms + 1))
    )
    most = max(int(counts.max()), 1)
    down = Axis(0, most, bottom, 12)
    for at, word in time_ticks(start_ms, max(end_ms, start_ms + 1), 8):
        sheet.text(across(at), bottom + 11, word, size=10, align="center")
        sheet.line([(across(at), bottom), (across(at), bottom + 4)], theme.GRID, width=1)
    sheet.line([(34, bottom), (WIDTH - 8, bottom)], theme.GRID, width=1)
    sheet.text(28, 14, number(most), size=10, align="right")
    sheet.text(28, bottom - 3, "0", size=10, align="right")
    for n, count in enumerate(counts.tolist()):
        if count:
            tip = f"{counted(count, 'event')} from {to_datetime(int(edges[n])):%H:%M:%S}"
            sheet.box(across(edges[n]) + 0.4, down(count), across(edges[n + 1]) - 0.4, bottom,
                      fill=theme.COLORS["blue"], opacity=0.85, tip=tip)  # fmt: skip
    if start_ms <= now_ms <= end_ms:
        sheet.line([(across(now_ms), 6), (across(now_ms), bottom)], theme.INK, width=1.5)
        sheet.text(across(now_ms) - 4, 8, "now", size=10, weight=600, align="right")


def columns(text: str) -> int:
    """How many columns of a monospaced letter a text takes: two for wide ones, emoji among them."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def lit_text(
    sheet: Canvas,
    x: float,
    y: float,
    text: str,
    spans: Sequence[tuple[int, int]],
    room: float,
    *,
    size: int = SIZE,
) -> None:
    """A line of code letters with places lit up; where it is too long, the part with the first of them is shown.

    Args:
        spans: places in the text as it was given.
        room: pixels there are.
    """
    letter = LETTER * size / SIZE
    limit = max(8, int(room / letter) - 1)
    first = min((a for a, _ in spans), default=0)
    skip = 0
    if len(text) > limit and first > limit * 2 // 3:
        skip = max(0, min(first - limit // 3, len(text) - limit + 3))
    shown, at = text[skip : skip + limit * 2], x
    tip = clean(text[:TIP]) + ("…" if len(text) > TIP else "")
    if skip:
        sheet.text(at, y, "…", size=size, font=theme.MONO, tip=tip)
        at += letter
    end = x + room - letter
    for piece, lit in _pieces(shown, [(a - skip, b - skip) for a, b in spans]):
        said = clean(piece)
        free = int((end - at) / letter)
        cut = columns(said) > free
        if cut:
            said = said[: max(0, free)]
        wide = columns(said) * letter
        if lit and said:
            sheet.box(
                at - 1, y - size * 0.72, at + wide + 1, y + size * 0.72, fill=LIT, opacity=0.28, tip=tip
            )
        for word in _RUNS.split(said):  # SVG swallows spaces at the ends and takes several for one
            if word.strip(" "):
                sheet.text(at, y, word, size=size, font=theme.MONO, weight=600 if lit else 400, tip=tip)
            at += columns(word) * letter
        if cut:
            sheet.text(at, y, "…", size=size, font=theme.MONO, tip=tip)
            return
    if skip + limit * 2 < len(text):
        sheet.text(at, y, "…", size=size, font=theme.MONO, tip=tip)


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut where places begin and end; places that meet or overlap are one."""
    lit = [False] * len(text)
    for a, b in spans:
        for n in range(max(a, 0), min(b, len(text))):
            lit[n] = True
    found: list[tuple[str, bool]] = []
    start = 0
    for n in range(1, len(text) + 1):
        if n == len(text) or lit[n] != lit[start]:
            found.append((text[start:n], lit[start]))
            start = n
    return found
