"""Short statements under each other: a mark, a word, a name, what was said. For settings and for the outcomes of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting, wrapped
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import clean

WIDTH, ROW, NAME, SAID, LINES = 776, 54, 84, 318, 3
MARKS = {
    "ok": (theme.COLORS["green"], "circle"),
    "refused": (theme.COLORS["vermillion"], "cross"),
    "open": (theme.COLORS["grey"], "diamond"),
}


@dataclass(frozen=True)
class Item:
    """One statement.

    Args:
        mark: ok, refused or open.
        word: beside the mark.
        name: what it is about, in letters of code.
        said: one or two lines.
        note: under the name.
    """

    mark: str
    word: str
    name: str
    said: str
    note: str = ""


def height(rows: int) -> int:
    """Pixels a list of so many takes."""
    return ROW * max(1, rows)


@cache
def _drawing(pixels: int) -> dict[str, Any]:
    return themed(drawing(WIDTH, pixels))


def listing(
    items: Sequence[Item],
    *,
    title: str,
    rows: int | None = None,
    columns: Sequence[str] = ("name", "state", "said"),
) -> Picture:
    """A list of statements.

    Args:
        items: from top to bottom.
        title: the finding.
        rows: how many there is room for; as many as there are when left out.
        columns: what the table calls name, word and statement.
    """
    sheet = Canvas()
    for i, one in enumerate(items):
        y = ROW * i
        color, shape = MARKS[one.mark]
        if i:
            sheet.line([(0, y), (WIDTH, y)], theme.GRID, width=1)
        sheet.dot(9, y + 14, color, shape=shape, size=64, tip=one.word)
        sheet.text(21, y + 14, fitting(one.word, NAME - 24, 11), weight=600, tip=one.word)
        sheet.text(
            NAME,
            y + 14,
            fitting(one.name, SAID - NAME - 10, 11, 0.62),
            font=theme.MONO,
            weight=600,
            tip=one.name,
        )
        sheet.text(NAME, y + 30, fitting(one.note, SAID - NAME - 10, 10), size=10, tip=one.note)
        lines = wrapped(one.said, WIDTH - SAID - 34, 10)
        for n, line in enumerate(lines[:LINES]):
            more = n + 1 == LINES < len(lines)
            cut = fitting(line, WIDTH - SAID - 24, 10) + " …" if more else line
            sheet.text(SAID, y + 14 + 14 * n, cut, size=10, tip=one.said)
    if not items:
        sheet.text(0, 14, "nothing yet", size=13, weight=600)
    table = pd.DataFrame(
        [(clean(i.name), clean(i.word), clean(i.said)) for i in items], columns=list(columns)
    )
    told = "; ".join(f"{clean(i.name)} {clean(i.word)}: {clean(i.said)}" for i in items) or "nothing"
    return show(
        _drawing(height(rows or len(items))), told.rstrip(".") + ".", table, title=title, rows=sheet.rows
    )
