"""The slots of an evaluation as a grid: what came, and how each treatment of missing data counts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting
from cwlab.console.charts.watching import COUNTED, STRIP, mark, pill
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import counted

WIDTH, LEFT, CELL, ROW, TOP, DECISION = 776, 118, 74, 58, 34, 214
WORDS = {"breaching": "breaching", "fine": "fine", "missing": "missing", "": "not used"}


@dataclass(frozen=True)
class Counted:
    """How one treatment counts the slots, oldest first, and what it decides.

    Args:
        treatment: its name as TreatMissingData takes it.
        slots: breaching, fine, missing, or "" for one that was not used.
        filled: whether the treatment put it there.
        state: the decision.
        said: why, in a few words.
    """

    treatment: str
    slots: Sequence[str]
    filled: Sequence[bool]
    state: str
    said: str


@cache
def _drawing(rows: int) -> dict[str, Any]:
    return themed(drawing(WIDTH, height(rows)))


def height(rows: int) -> int:
    """Pixels a grid takes that shows so many treatments."""
    return TOP + (rows + 1) * ROW + 6


def grid(came: Sequence[str], treatments: Sequence[Counted], *, title: str, window: int = 0) -> Picture:
    """What came into the slots, and under it how each treatment counts them.

    Args:
        came: breaching, fine or missing for each slot, oldest first.
        treatments: one row each.
        title: the finding.
        window: the alarm's N, for the heading.
    """
    sheet = Canvas()
    cell = min(CELL, (WIDTH - LEFT - DECISION - 16) / max(1, len(came)))
    right = LEFT + cell * len(came)
    sheet.text(LEFT, 10, "oldest")
    sheet.text(right - 6, 10, "newest", align="right")
    if right - LEFT > 130:
        sheet.line([(LEFT + 44, 10), (right - 56, 10)], theme.INK, width=1)
        sheet.dot(right - 56, 10, theme.INK, shape="triangle-right", size=36)
    sheet.text(right + 18, 10, "it decides")
    sheet.text(0, TOP + ROW / 2 - 8, "what came", weight=600)
    for i, one in enumerate(came):
        _cell(sheet, LEFT + cell * i, TOP, cell, one, real=True)
    for k, row in enumerate(treatments, 1):
        y = TOP + ROW * k
        sheet.line([(0, y - 4), (WIDTH - 4, y - 4)], theme.GRID, width=1)
        sheet.text(0, y + ROW / 2 - 8, row.treatment, weight=600)
        for i, (one, filled) in enumerate(zip(row.slots, row.filled, strict=True)):
            _cell(sheet, LEFT + cell * i, y, cell, one, filled=filled)
        x = right + 18
        word_width = 46 + 7.4 * len(row.state)
        pill(sheet, x, y + 5, x + word_width, row.state, tip=row.said)
        sheet.text(x, y + 5 + STRIP + 11, fitting(row.said, WIDTH - x, 10), size=10, tip=row.said)
    table = pd.DataFrame(
        [
            {
                "treatment": row.treatment,
                "slots, oldest first": ", ".join(
                    f"{WORDS[s]} (filled)" if f else WORDS[s]
                    for s, f in zip(row.slots, row.filled, strict=True)
                ),
                "it decides": row.state,
                "why": row.said,
            }
            for row in treatments
        ],
        columns=["treatment", "slots, oldest first", "it decides", "why"],
    )
    states = "; ".join(f"{row.treatment}: {row.state}" for row in treatments)
    head = f"{counted(len(came), 'slot')}, oldest first: {', '.join(came)}."
    return show(
        _drawing(len(treatments)),
        f"{head} {f'N is {window}. ' if window else ''}{states}.",
        table,
        title=title,
        rows=sheet.rows,
    )


def _cell(
    sheet: Canvas, x: float, y: float, width: float, what: str, *, real: bool = False, filled: bool = False
) -> None:
    """One slot: its mark, and its word where there is room."""
    middle, top, bottom = x + width / 2 - 4, y + 3, y + ROW - 12
    used = real or bool(what)
    color = COUNTED[what][0] if what else theme.GRID
    if used:
        sheet.box(x, top, x + width - 8, bottom, fill=color, opacity=0.13)
        if filled:
            corners = [(x, top), (x + width - 8, top), (x + width - 8, bottom), (x, bottom), (x, top)]
            sheet.line(corners, color, width=1.2, dash=True)
        else:
            sheet.box(x, top, x + width - 8, bottom, line=color)
        mark(sheet, middle, top + 16, color, COUNTED[what][1], size=110, hollow=filled or what == "missing")
    else:
        sheet.dot(middle, top + 16, theme.GRID, size=50)
    if width >= 58:
        word = "filled" if filled else WORDS[what]
        sheet.text(middle, bottom - 10, word, size=10, align="center")
