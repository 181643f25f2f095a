"""Sample lines under a filter pattern: which match and where, and for one of them every condition and field."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting
from cwlab.console.charts.loglines import lit_text
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import clean, counted, shorten

WIDTH, ROW, HEAD, PARTS = 776, 24, 26, 7
MARK, TEXT, HALF = 62, 74, 400
YES, NO = (theme.COLORS["green"], "circle"), (theme.COLORS["grey"], "cross")


def height(lines: int) -> int:
    """Pixels the picture takes."""
    return ROW * lines + HEAD + 19 * PARTS + 12


@cache
def _drawing(pixels: int) -> dict[str, Any]:
    return themed(drawing(WIDTH, pixels))


def matches(told: Sequence[Any], look: int) -> Picture:
    """What a pattern makes of lines.

    Args:
        told: an explanation for each line (see ``cwlab.patterns.explain``).
        look: the line whose conditions and fields are told, counted from 1.
    """
    sheet = Canvas()
    broken = bool(told) and told[0].mistake is not None
    for n, one in enumerate(told):
        y = ROW * n + ROW / 2
        if n + 1 == look:
            sheet.box(0, y - ROW / 2 + 1, WIDTH, y + ROW / 2 - 1, fill=theme.COLORS["blue"], opacity=0.10)
        color, shape = YES if one.matched else NO
        word = "–" if broken else "match" if one.matched else "no"
        if not broken:
            sheet.dot(9, y, color, shape=shape, size=60 if one.matched else 40, tip=word)
        sheet.text(21, y, word, weight=600 if one.matched else 400)
        lit = [s for part in one.parts if part.holds and part.counts for s in part.spans]
        lit_text(sheet, TEXT, y, one.message, lit, WIDTH - TEXT)
    if told and not broken:
        _close(sheet, told[look - 1], look, ROW * len(told) + 8)
    n = sum(one.matched for one in told)
    title = "This pattern cannot be read" if broken else f"{n} of {counted(len(told), 'line')} match"
    table = pd.DataFrame(
        [
            {
                "line": i,
                "match": "–" if broken else "yes" if one.matched else "no",
                "message": clean(one.message)[:400],
                "fields": ", ".join(f"{f.name}={shorten(f.value, 40)}" for f in one.fields),
                "why": "; ".join(f"{clean(p.text)}: {clean(p.note)}" for p in one.parts) or clean(one.note),
            }
            for i, one in enumerate(told, 1)
        ],
        columns=["line", "match", "message", "fields", "why"],
    )
    matching = ", ".join(str(i) for i, one in enumerate(told, 1) if one.matched) or "none"
    summary = f"Lines that match: {matching}. " + (f"Line {look}: {_spoken(told[look - 1])}" if told else "")
    return show(_drawing(height(len(told))), summary, table, title=title, rows=sheet.rows)


def _close(sheet: Canvas, one: Any, look: int, top: float) -> None:
    """One line looked at closely: its conditions on the left, its fields on the right."""
    sheet.line([(0, top), (WIDTH, top)], theme.GRID, width=1)
    y = top + 14
    sheet.text(0, y, f"Line {look}: the pattern's terms and conditions", weight=600)
    if one.mode != "text":
        sheet.text(HALF, y, "fields it extracts", weight=600)
    y += 19
    if one.note:
        sheet.text(0, y, fitting(one.note, HALF - 20, 11), tip=one.note)
    room = PARTS - 1 - bool(one.note)
    for i, part in enumerate(one.parts[:room]):
        at = y + 19 * (i + bool(one.note))
        color, shape = YES if part.holds else NO
        if part.counts:
            sheet.dot(8, at, color, shape=shape, size=46)
        sheet.text(19, at, fitting(part.text, 150, 11, 0.62), font=theme.MONO, weight=600, tip=part.text)
        sheet.text(
            178, at, fitting(part.note, (WIDTH if one.mode == "text" else HALF) - 190, 11), tip=part.note
        )
    for i, each in enumerate(one.fields[: PARTS - 1]):
        at = y + 19 * i
        if i == PARTS - 2 and len(one.fields) > PARTS - 1:
            sheet.text(HALF, at, f"… {len(one.fields) - i} more in the numbers")
            break
        sheet.text(HALF, at, fitting(each.name, 140, 11, 0.62), font=theme.MONO, weight=600, tip=each.name)
        sheet.text(
            HALF + 150, at, fitting(each.value, WIDTH - HALF - 155, 11, 0.62), font=theme.MONO, tip=each.value
        )
    if not one.fields and one.mode != "text":
        sheet.text(HALF, y, "none")
    if len(one.parts) > room:
        sheet.text(0, y + 19 * (PARTS - 1), f"… {len(one.parts) - room} more in the numbers")


def _spoken(one: Any) -> str:
    parts = [f"{clean(p.text)} {clean(p.note)}" for p in one.parts[:6]]
    return (clean(one.note) or "; ".join(parts) or "nothing is asked of it") + "."
