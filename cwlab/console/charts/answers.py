"""What a query gave: rows and columns as text and, where its rows are groups, a chart of them above.

Grouped by time, the values are lines or stacked areas; grouped by anything else they are bars. What a cell holds is
data: control characters show as ``\\x1b``, and nothing in it can become markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting, wrapped
from cwlab.console.board.plots import Drawn, Look, Room, legend, nothing, time_series
from cwlab.console.board.scales import Axis, value_range, value_ticks
from cwlab.console.charts.loglines import columns, lit_text
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import clean, counted, number, shorten
from cwlab.timeline import to_ms

WIDTH, ROW, SIZE = 776, 20, 10
CHART, GAP = 206, 14
ROWS = 20  # of text; with a chart above, ten fewer and a little
BESIDE = (CHART + GAP) // ROWS
LETTER = 0.602 * SIZE
PAD, LEAST = 14, 62
MOST_SERIES, MOST_BARS = 8, 100
POINTERS = "nothing but @ptr, which is not shown"


@dataclass(frozen=True)
class Groups:
    """How rows are drawn: the columns they were grouped by, the one of these that is a time, the values."""

    keys: Sequence[str]
    time: str | None
    values: Sequence[str]


def height() -> int:
    """Pixels the picture takes."""
    return ROW * (ROWS + 1)


def room(groups: Groups | None) -> int:
    """How many rows of text there is room for."""
    return ROWS if groups is None else ROWS - BESIDE


@cache
def _drawing(pixels: int) -> dict[str, Any]:
    return themed(drawing(WIDTH, pixels))


def answers(
    frame: pd.DataFrame,
    groups: Groups | None,
    *,
    start_ms: int,
    end_ms: int,
    now_ms: int,
    page: int = 1,
    stacked: bool = False,
    empty: str = "no rows",
    more: str = "",
) -> Picture:
    """The answer of a query.

    Args:
        frame: its rows; what is missing is None or NaN.
        groups: what the rows stand for; None where they are events.
        start_ms, end_ms: the range that was asked, the axis of lines.
        now_ms: where now is.
        page: which rows are read as text, the first page is 1.
        stacked: areas instead of lines.
        empty: what stands there when there are no rows.
        more: what is said under that.
    """
    sheet, top = Canvas(), 0
    if groups is not None and len(frame):
        space = Room(0, 0, WIDTH, CHART)
        if groups.time is not None:
            look = Look(start_ms, end_ms, now_ms, {"stacked": stacked})
            time_series(sheet, space, _series(frame, groups), look)
        else:
            _bars(sheet, space, frame.head(MOST_BARS), groups)
        top = CHART + GAP
    shown = frame.iloc[(page - 1) * room(groups) : page * room(groups)]
    if len(frame) and not len(frame.columns):
        nothing(sheet, Room(0, 0, WIDTH, CHART), POINTERS)
    elif len(frame):
        _rows(sheet, shown, top)
    else:
        nothing(sheet, Room(0, 0, WIDTH, CHART / 2), empty)
        for n, line in enumerate(wrapped(more, WIDTH * 0.8) if more else ()):
            sheet.text(WIDTH / 2, CHART / 4 + 26 + 18 * n, line, size=12, align="center", tip=more)
    if len(frame) and not len(shown):
        nothing(sheet, Room(0, top, WIDTH, top + 60), "no more rows")
    return show(
        _drawing(height()), _summary(frame, shown, page), frame, title=finding(frame, groups), rows=sheet.rows
    )


def finding(frame: pd.DataFrame, groups: Groups | None) -> str:
    """What the answer shows, in one sentence."""
    if not len(frame):
        return "No rows"
    if groups is None or frame[groups.values[0]].isna().all():
        return counted(len(frame), "row")
    name = shorten(groups.values[0], 30)
    values = frame[groups.values[0]].to_numpy(dtype=float)
    top = frame.iloc[int(np.nanargmax(values))]
    most = number(float(np.nanmax(values)))
    if len(frame) > 1 and np.nanmin(values) == np.nanmax(values):
        return f"{name} is {most} in all {len(frame):,} rows"
    if groups.time is not None:
        days = all(when == when.normalize() for when in frame[groups.time].dropna())
        at = f"{top[groups.time]:%Y-%m-%d}" if days else f"at {top[groups.time]:%H:%M} UTC"
        return f"{name} is highest {'on ' if days else ''}{at}: {most}"
    if top[list(groups.keys)].isna().all():
        return f"{name} is highest for rows without {shorten(', '.join(groups.keys), 40)}: {most}"
    return f"{name} is highest for {shorten(_who(top, groups), 40)}: {most}"


def _who(row: Any, groups: Groups) -> str:
    """The group a row stands for."""
    return ", ".join(written(row[key]) for key in groups.keys)


def written(value: Any) -> str:
    """A cell as text: what is missing is a dash, a time is as Logs Insights prints it."""
    if value is None or value != value:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    if isinstance(value, int | float):
        return f"{int(value)}" if value == int(value) and abs(value) < 1e15 else f"{value:.10g}"
    return str(value)


# -- the chart -----------------------------------------------------------------------------------------------------


def _series(frame: pd.DataFrame, groups: Groups) -> list[Drawn]:
    """A line for each value, and for each of the other groups."""
    others = [key for key in groups.keys if key != groups.time]
    parts: list[tuple[str, pd.DataFrame]] = [("", frame)]
    if others:
        names = frame[others].map(written).agg(", ".join, axis=1)
        parts = [(str(name), part) for name, part in frame.groupby(names, sort=False)]
    assert groups.time is not None
    stamps = sorted({to_ms(t) for t in frame[groups.time].dropna()})
    period = min((b - a for a, b in pairwise(stamps)), default=60_000) // 1000
    found = []
    for name, part in parts:
        for value in groups.values:
            kept = part[[groups.time, value]].dropna().sort_values(groups.time, kind="stable")
            label = shorten(
                value if not name else name if len(groups.values) == 1 else f"{name}: {value}", 44
            )
            found.append((label, [to_ms(t) for t in kept[groups.time]], [float(v) for v in kept[value]]))
    found.sort(key=lambda one: -sum(map(abs, one[2])))  # where there are too many, the smallest go
    return [
        Drawn(label, t, v, max(period, 1), theme.SERIES[n % len(theme.SERIES)], theme.SHAPES[n % len(theme.SHAPES)])
        for n, (label, t, v) in enumerate(found[:MOST_SERIES])
    ]  # fmt: skip


def _bars(sheet: Canvas, space: Room, frame: pd.DataFrame, groups: Groups) -> None:
    """A bar for each row, or for each of its values."""
    values = list(groups.values)[:MOST_SERIES]
    if len(values) > 1:
        marks = [Drawn(shorten(v, 44), [], [], 60, theme.SERIES[n % len(theme.SERIES)], theme.SHAPES[n % len(theme.SHAPES)])
                 for n, v in enumerate(values)]  # fmt: skip
        space = legend(sheet, space, marks, Look(0, 1, 0))
    numbers = [float(v) for name in values for v in frame[name].dropna()]
    low, high = value_range(min([0.0, *numbers]), max([0.0, *numbers]))
    plot = Room(
        space.x + 9 + 6 * max(len(number(low)), len(number(high))), space.y + 14, space.x2 - 4, space.y2 - 18
    )
    axis = Axis(low, high, plot.y2, plot.y)
    for value in value_ticks(low, high, 5):  # boxes, as the bars are: what comes later lies above
        sheet.box(plot.x, axis(value) - 0.4, plot.x2, axis(value) + 0.4, fill=theme.GRID)
        sheet.text(plot.x - 5, axis(value), number(value), size=SIZE, align="right")
    each = plot.width / len(frame)
    wide = min(each * 0.8, 90.0)
    for n, row in enumerate(frame.to_dict("records")):
        middle = plot.x + each * (n + 0.5)
        who = _who(row, groups)
        if each >= 44:
            sheet.text(middle, plot.y2 + 10, fitting(who, each - 4, SIZE), size=SIZE, align="center", tip=who)
        for k, name in enumerate(values):
            value = row[name]
            if value is None or value != value:
                continue
            x = middle - wide / 2 + wide * k / len(values)
            x2, y = x + wide / len(values), axis(float(value))
            color = theme.SERIES[k % len(theme.SERIES)]
            sheet.box(x + 0.5, min(y, axis(0)), x2 - 0.5, max(y, axis(0)), fill=color, opacity=0.85)
            sheet.dot(
                (x + x2) / 2,
                y,
                "transparent",
                size=90,
                tip=f"{who} {clean(name)}: {number(float(value))}".strip(),
            )
            if (x2 - x) >= 26:
                sheet.text((x + x2) / 2, y - 7, number(float(value)), size=SIZE, align="center")


# -- the text ------------------------------------------------------------------------------------------------------


def _rows(sheet: Canvas, shown: pd.DataFrame, top: float) -> None:
    """Column by column; the longest give way where there is not enough room."""
    names = [str(name) for name in shown.columns]
    cells = [[written(v) for v in shown[name]] for name in shown.columns]
    numeric = [pd.api.types.is_numeric_dtype(shown[name]) for name in shown.columns]
    wanted = [
        LETTER * min(300, max(columns(text) for text in (clean(name), *(clean(c[:300]) for c in column))))
        + PAD
        for name, column in zip(names, cells, strict=True)
    ]
    fits = min(len(names), int(WIDTH // LEAST))
    widths = _shares(wanted[:fits])
    x = 0.0
    for name, column, right, width in zip(names, cells, numeric, widths, strict=False):
        at, align = (x + width - PAD, "right") if right else (x + 2, "left")
        sheet.text(at, top + ROW / 2, fitting(name, width - PAD + 4, SIZE, 0.602), size=SIZE, weight=600, align=align,
                   font=theme.MONO, tip=name)  # fmt: skip
        for n, text in enumerate(column):
            y = top + ROW * (n + 1.5)
            if right or text == "–":
                sheet.text(
                    at,
                    y,
                    fitting(text, width - PAD + 4, SIZE, 0.602),
                    size=SIZE,
                    align=align,
                    font=theme.MONO,
                    tip=text,
                )
            else:
                lit_text(sheet, x + 2, y, text, (), width - PAD + 2.5 * LETTER, size=SIZE)
        x += width
    for n in range(0, len(shown), 2):
        sheet.box(0, top + ROW * (n + 1), WIDTH, top + ROW * (n + 2), fill=theme.GRID, opacity=0.3)
    sheet.line([(0, top + ROW - 1), (WIDTH, top + ROW - 1)], theme.GRID, width=1)
    if fits < len(names):
        sheet.text(WIDTH, top + ROW / 2, f"+{len(names) - fits} columns", size=SIZE, align="right")


def _shares(wanted: Sequence[float]) -> list[float]:
    """Widths that fit: what is wanted where there is room, otherwise the widest are cut to one size."""
    if sum(wanted) <= WIDTH:
        return list(wanted)
    left, cap = float(WIDTH), 0.0
    for n, width in enumerate(sorted(wanted)):
        cap = left / (len(wanted) - n)
        if width > cap:
            break
        left -= width
    return [min(width, cap) for width in wanted]


def _summary(frame: pd.DataFrame, shown: pd.DataFrame, page: int) -> str:
    if not len(frame):
        return "The query gave no rows."
    if not len(frame.columns):
        return f"{counted(len(frame), 'row')}, and {POINTERS}."
    names = ", ".join(clean(name) for name in frame.columns)
    told = f"{counted(len(frame), 'row')} of {names}; {len(shown)} shown"
    if page > 1:
        told += f", page {page}"
    if len(shown):
        first = "; ".join(
            f"{clean(name)}: {shorten(written(value), 80)}" for name, value in shown.iloc[0].items()
        )
        told += f". The first: {first}"
    return told.rstrip(".") + "."
