"""What an alarm saw and what followed, on one time axis: the metric, the window, the states, the actions.

From top to bottom: the metrics with their thresholds, the points the window holds and how each was counted, a strip of
states for each alarm, and a lane for everything an alarm set off. Drawn on a sheet of pixels, so that all of it shares
one axis; only the rows differ from one move of a slider to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import LETTER, Canvas, drawing, fitting
from cwlab.console.board.scales import Axis, time_ticks, value_ticks
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.sampling import envelope
from cwlab.console.words import clean, clock, number, shorten, span
from cwlab.timeline import to_datetime

WIDTH, LEFT, RIGHT = 776, 118, 762  # of the sheet, and where the time axis begins and ends
METRIC, ROW, STRIP, GAP, TOP, AXIS = 150, 32, 22, 16, 18, 24
BLOCKS = 200  # up to so many datapoints are drawn as wide as their time; more become a line
LOOKS = {s.word: s for s in theme.STATES}
#: How a datapoint counted: its color, its shape, its word.
COUNTED = {
    "breaching": (theme.STATES[1].color, "triangle-up", "breaching"),
    "fine": (theme.COLORS["blue"], "circle", "within the threshold"),
    "missing": (theme.COLORS["grey"], "diamond", "missing"),
}
#: How a thing that happened ended: its color and its shape.
KINDS = {
    "done": (theme.COLORS["green"], "square"),
    "failed": (theme.COLORS["vermillion"], "cross"),
    "event": (theme.COLORS["purple"], "diamond"),
    "more": (theme.COLORS["green"], "triangle-up"),
    "less": (theme.COLORS["orange"], "triangle-down"),
}
_COLUMNS = ["time (UTC)", "what", "value", "why"]


@dataclass(frozen=True)
class Watched:
    """A metric as an alarm sees it.

    Args:
        name: what it is called.
        points: columns ``t`` (milliseconds, where the period starts) and ``value``.
        period_s: the time each datapoint stands for.
        threshold: where it is drawn, or None.
        breaches: whether a value breaches; nothing does when left out.
        unit: of the values, for the axis.
        most: the axis reaches at least this far, so that it stays while a threshold moves.
        cut: the axis ends here even if values lie above; they are drawn at its end.
    """

    name: str
    points: pd.DataFrame
    period_s: int
    threshold: float | None = None
    breaches: Any = None
    unit: str = ""
    most: float = 0.0
    cut: float | None = None


@dataclass(frozen=True)
class Slot:
    """One period of an evaluation: how it counted, and whether a datapoint was there or the treatment filled it."""

    from_ms: int
    to_ms: int
    value: float | None
    counted: str  # breaching, fine, missing, or "" for one that was not needed
    filled: bool = False


@dataclass(frozen=True)
class Window:
    """What one evaluation saw: when, which slots (oldest first), and in a few words what came of it.

    ``decisive_ms`` is where the slot begins that alone would have changed the outcome, if there is one.
    """

    at_ms: int
    slots: Sequence[Slot]
    said: str
    decisive_ms: int | None = None


@dataclass(frozen=True)
class Span:
    """A stretch of time in one state (or any other word)."""

    from_ms: int
    to_ms: int
    word: str
    why: str = ""


@dataclass(frozen=True)
class Strip:
    """A row of stretches: an alarm's states, or how many instances a group has."""

    label: str
    spans: Sequence[Span]


@dataclass(frozen=True)
class Mark:
    """Something that happened at an instant."""

    at_ms: int
    text: str
    kind: str = "done"
    why: str = ""


@dataclass(frozen=True)
class Lane:
    """A row of things that happened."""

    label: str
    marks: Sequence[Mark]


Rows = Sequence[Strip | Lane]


@dataclass
class _Sheet:
    """The sheet under way: where time lies on it, and how far down it is filled."""

    across: Axis
    start_ms: int
    end_ms: int
    canvas: Canvas = field(default_factory=Canvas)
    y: float = TOP

    def clip(self, ms: float) -> float:
        return self.across(min(max(ms, self.start_ms), self.end_ms))


def height(metrics: int, rows: int, *, window: bool = False) -> int:
    """Pixels a picture of so many metrics and rows takes."""
    return round(TOP + metrics * (METRIC + GAP) + (rows + window) * ROW + AXIS)


@cache
def _drawing(metrics: int, rows: int, window: bool) -> dict[str, Any]:
    return themed(drawing(WIDTH, height(metrics, rows, window=window)))


def watching(
    metrics: Sequence[Watched],
    rows: Rows,
    *,
    start_ms: int,
    end_ms: int,
    now_ms: int | None = None,
    window: Window | None = None,
    links: Iterable[int] = (),
    title: str,
    summary: str = "",
) -> Picture:
    """Metrics, states and what followed, under each other on one UTC axis.

    Args:
        metrics: drawn from top to bottom, each with its threshold.
        rows: strips and lanes, from top to bottom.
        start_ms, end_ms: the axis.
        now_ms: right of it nothing is drawn, for nothing has happened yet.
        window: the evaluation to show: its slots are marked under the metrics, and a band shows what it saw.
        links: instants at which a thin line joins all rows, such as a change of state and what it set off.
        title: the finding.
        summary: one line; made from the states when left out.
    """
    sheet = _Sheet(Axis(start_ms, end_ms, LEFT, RIGHT), start_ms, end_ms)
    bottom = height(len(metrics), len(rows), window=window is not None) - AXIS
    _time_axis(sheet, bottom)
    if window is not None:
        _band(sheet, window, len(metrics))
    for one in metrics:
        _metric(sheet, one)
        sheet.y += METRIC + GAP
    if window is not None:
        _slots(sheet, window)
        sheet.y += ROW
    top = sheet.y
    for row in rows:
        _label(sheet, row.label)
        if isinstance(row, Strip):
            _strip(sheet, row)
        else:
            _lane(sheet, row)
        sheet.y += ROW
    for at in links:
        if start_ms <= at <= end_ms:
            x = sheet.across(at)
            sheet.canvas.line([(x, top), (x, bottom)], theme.GRID, width=1.2)
    if now_ms is not None and start_ms <= now_ms <= end_ms:
        x = sheet.across(now_ms)
        sheet.canvas.line([(x, TOP - 4), (x, bottom)], theme.INK, width=1.5)
        sheet.canvas.text(x, TOP - 11, "now", weight=600, align="center")
    return show(
        _drawing(len(metrics), len(rows), window is not None),
        summary or _summary(metrics, rows, start_ms, end_ms if now_ms is None else min(now_ms, end_ms)),
        _table(metrics, rows),
        title=title,
        rows=sheet.canvas.rows,
    )


# The parts, from top to bottom ---------------------------------------------------------------------------------------


def _time_axis(sheet: _Sheet, bottom: float) -> None:
    for t, word in time_ticks(sheet.start_ms, sheet.end_ms, 8):
        x = sheet.across(t)
        sheet.canvas.line([(x, TOP), (x, bottom)], theme.GRID, width=0.7)
        sheet.canvas.text(x, bottom + 12, word, align="center")
    sheet.canvas.text(0, bottom + 12, "time (UTC)")


def _metric(sheet: _Sheet, one: Watched) -> None:
    """Datapoints as wide as their time, the breaching ones in the color of ALARM, and the threshold across."""
    top, bottom = sheet.y + 6, sheet.y + METRIC
    values = one.points["value"].tolist()
    known = [v for v in (*values, one.threshold) if v is not None and v == v]
    low, high = min([0.0, *known]), max([one.most, *known, 1e-9])
    high = min(high, one.cut) if one.cut is not None else high
    down = Axis(low, low + (high - low) * 1.1, bottom, top)
    for value in value_ticks(low, low + (high - low) * 1.1, 4):
        sheet.canvas.line([(LEFT, down(value)), (RIGHT, down(value))], theme.GRID, width=0.7)
        sheet.canvas.text(LEFT - 8, down(value), number(value), align="right")
    sheet.canvas.text(0, top - 4, fitting(one.name, LEFT - 4, 11), weight=600, tip=one.name)
    if one.unit:
        sheet.canvas.text(0, top + 10, fitting(one.unit, LEFT - 8, 10), size=10)
    frame = one.points[
        (one.points["t"] >= sheet.start_ms - one.period_s * 1000) & (one.points["t"] < sheet.end_ms)
    ]
    (_blocks if len(frame) <= BLOCKS else _line)(sheet, one, frame, down)
    if frame.empty:
        sheet.canvas.text(
            (LEFT + RIGHT) / 2, (top + bottom) / 2, "no datapoints", size=13, weight=600, align="center"
        )
    if one.threshold is not None:
        red, y = theme.STATES[1].color, down(one.threshold)
        sheet.canvas.line([(LEFT, y), (RIGHT, y)], red, width=1.6, dash=True)
        words = fitting(f"threshold {number(one.threshold)}", LEFT - 30, 11)
        sheet.canvas.text(0, max(y, top + 26), words, color=red, weight=600)


def _blocks(sheet: _Sheet, one: Watched, frame: pd.DataFrame, down: Axis) -> None:
    """Each datapoint from the axis up to its value; neighbors that count alike are one area."""
    floor = down(max(0.0, down.low))
    top: list[tuple[float, float]] = []
    area: list[tuple[float, float, float]] = []
    ended, before = None, False

    def fill() -> None:
        sheet.canvas.area(
            area, COUNTED["breaching" if before else "fine"][0], opacity=0.3 if before else 0.18
        )

    for t, value in zip(frame["t"].tolist(), frame["value"].tolist(), strict=True):
        breaching = one.breaches is not None and bool(one.breaches(value))
        x, x2, y = sheet.clip(t), sheet.clip(t + one.period_s * 1000), down(value)
        if area and (ended != t or breaching is not before):
            fill()
            area = []
        if top and ended != t:
            sheet.canvas.line(top, theme.COLORS["blue"], width=1.8)
            top = []
        area += [(x, y, floor), (x2, y, floor)]
        top += [(x, y), (x2, y)]
        word = "" if one.threshold is None else ", breaching" if breaching else ", within the threshold"
        tip = f"{number(value)} from {to_datetime(t):%H:%M:%S}, for {span(one.period_s)}{word}"
        sheet.canvas.dot((x + x2) / 2, y, "transparent", shape="square", size=(x2 - x) ** 2, tip=tip)
        ended, before = t + one.period_s * 1000, breaching
    if area:
        fill()
        sheet.canvas.line(top, theme.COLORS["blue"], width=1.8)


def _line(sheet: _Sheet, one: Watched, frame: pd.DataFrame, down: Axis) -> None:
    less = envelope(frame, 400)
    piece: list[tuple[float, float]] = []
    gap, before = one.period_s * 1000, None
    wide = (frame["t"].diff() > gap).to_numpy()
    holes = set(frame["t"].to_numpy()[wide].tolist())
    for t, value in zip(less["t"].tolist(), less["value"].tolist(), strict=True):
        if piece and before is not None and any(before < hole <= t for hole in holes):
            sheet.canvas.line(piece, theme.COLORS["blue"], width=1.6)
            piece = []
        piece.append((sheet.across(t), down(value)))
        before = t
    if piece:
        sheet.canvas.line(piece, theme.COLORS["blue"], width=1.6)


def _band(sheet: _Sheet, window: Window, metrics: int) -> None:
    """The stretch of time an evaluation looked at, behind the metrics and down to its slots."""
    used = [s for s in window.slots if s.counted]
    if not used:
        return
    bottom = TOP + metrics * (METRIC + GAP) + ROW - 4
    for slots, opacity in ((window.slots, 0.05), (used, 0.09)):
        x, x2 = sheet.clip(slots[0].from_ms), sheet.clip(slots[-1].to_ms)
        sheet.canvas.box(x, TOP, x2, bottom, fill=theme.STRONG_INK, opacity=opacity)
    x, x2 = sheet.clip(used[0].from_ms), sheet.clip(used[-1].to_ms)
    sheet.canvas.line([(x, TOP), (x, bottom), (x2, bottom), (x2, TOP)], theme.INK, width=1.2)


def _slots(sheet: _Sheet, window: Window) -> None:
    _label(sheet, "the window")
    middle = sheet.y + ROW / 2
    for slot in window.slots:
        if slot.from_ms >= sheet.end_ms or slot.to_ms <= sheet.start_ms:
            continue
        x, x2 = sheet.clip(slot.from_ms), sheet.clip(slot.to_ms)
        value = "no datapoint" if slot.value is None else number(slot.value)
        tip = f"{to_datetime(slot.from_ms):%H:%M:%S}: {value}, " + (
            "not needed"
            if not slot.counted
            else f"counted as {COUNTED[slot.counted][2]}" + (" by the treatment" if slot.filled else "")
        )
        size = min(90.0, max(16.0, (x2 - x) ** 2 * 0.45))
        if not slot.counted:
            sheet.canvas.dot((x + x2) / 2, middle, theme.GRID, size=size * 0.5, tip=tip)
            continue
        color, shape, _ = COUNTED[slot.counted]
        if slot.from_ms == window.decisive_ms:
            tip += "; it alone would have changed the outcome"
            wide = max(6.0, size**0.5) / 2 + 1
            level = sheet.y + ROW - 8
            sheet.canvas.line(
                [((x + x2) / 2 - wide, level), ((x + x2) / 2 + wide, level)], theme.INK, width=2
            )
        mark(sheet.canvas, (x + x2) / 2, middle, color, shape, size=size, hollow=slot.filled, tip=tip)
    if not window.slots:
        return
    right = sheet.clip(window.slots[-1].to_ms)
    words = clean(window.said)
    wide = len(words) * 11 * LETTER
    if right + 10 + wide <= RIGHT or sheet.clip(window.slots[0].from_ms) - 10 - wide < LEFT:
        sheet.canvas.text(
            right + 10, middle, fitting(words, max(60.0, RIGHT + 8 - right), 11), weight=600, tip=words
        )
    else:
        sheet.canvas.text(sheet.clip(window.slots[0].from_ms) - 10, middle, words, weight=600, align="right")


def mark(
    canvas: Canvas,
    x: float,
    y: float,
    color: str,
    shape: str,
    *,
    size: float = 70,
    hollow: bool = False,
    tip: str = "",
) -> None:
    """A mark; a hollow one stands for what was not there and was filled in."""
    canvas.dot(x, y, color, shape=shape, size=size, tip=tip)
    if hollow:
        inner = 1.0 if shape == "triangle-up" else 0.0
        canvas.dot(x, y + inner, theme.PAPER, shape=shape, size=size * 0.36, tip=tip)


def _label(sheet: _Sheet, text: str) -> None:
    sheet.canvas.text(0, sheet.y + ROW / 2, fitting(text, LEFT - 10, 11), tip=text)


def _strip(sheet: _Sheet, strip: Strip) -> None:
    top = sheet.y + (ROW - STRIP) / 2
    seen = [s for s in strip.spans if s.to_ms > sheet.start_ms and s.from_ms < sheet.end_ms]
    for i, one in enumerate(seen):
        x, x2 = sheet.clip(one.from_ms), sheet.clip(one.to_ms)
        free = (sheet.clip(seen[i + 1].from_ms) if i + 1 < len(seen) else RIGHT) - x2
        if one.word not in LOOKS and free > len(one.word) * 11 * LETTER + 8 > x2 - x:
            sheet.canvas.text(
                x2 + 5, top + STRIP / 2, one.word
            )  # too narrow for its word, and room beside it
        pill(
            sheet.canvas,
            x,
            top,
            x2,
            one.word,
            tip=f"{one.word} from {to_datetime(one.from_ms):%H:%M:%S}. {one.why}".strip(),
        )


def pill(canvas: Canvas, x: float, y: float, x2: float, word: str, *, tip: str = "") -> None:
    """A state as color, shape and word, as much of it as has room between two places."""
    look = LOOKS.get(word)
    color = look.color if look else theme.COLORS["blue"]
    room = x2 - x
    if (
        look and room < 5
    ):  # too narrow for an outline: a bar for what rings, next to nothing for what does not
        canvas.box(x, y, max(x2, x + 0.8), y + STRIP, fill=color, opacity=0.75 if word == "ALARM" else 0.17)
        return
    canvas.box(x, y, x2, y + STRIP, fill=color, opacity=0.17)
    canvas.box(x + 0.4, y, x2 - 0.4, y + STRIP, line=color)
    if look and room >= 5:
        size = 62 if room >= 12 else 26
        canvas.dot(min(x + 12, (x + x2) / 2), y + STRIP / 2, color, shape=look.shape, size=size, tip=tip)
    if room > 30:  # the rest of it can be pointed at, too
        canvas.dot((x + x2) / 2, y + STRIP / 2, "transparent", shape="square", size=STRIP**2, tip=tip)
    start = 21 if look else 6
    wide = len(word) * 11 * (LETTER + 0.08)
    if room >= start + wide + 4:
        canvas.text(x + start, y + STRIP / 2 + 0.5, word, weight=600, tip=tip)
    elif look and word == "INSUFFICIENT_DATA" and room >= start + 54:
        canvas.text(x + start, y + STRIP / 2 + 0.5, "INSUFF…", weight=600, tip=tip)


def _lane(sheet: _Sheet, lane: Lane) -> None:
    middle = sheet.y + ROW / 2
    sheet.canvas.line([(LEFT, middle), (RIGHT, middle)], theme.GRID, width=1)
    seen = _together(m for m in lane.marks if sheet.start_ms <= m.at_ms <= sheet.end_ms)
    for i, one in enumerate(seen):
        x = sheet.across(one.at_ms)
        color, shape = KINDS.get(one.kind, KINDS["done"])
        tip = f"{to_datetime(one.at_ms):%H:%M:%S} {one.text}. {one.why}".strip()
        sheet.canvas.dot(x, middle, color, shape=shape, size=62, tip=tip)
        free = (sheet.across(seen[i + 1].at_ms) if i + 1 < len(seen) else RIGHT + 8) - x - 18
        if free >= min(90.0, 10 * LETTER * len(one.text)):  # a word cut to its ends says nothing
            sheet.canvas.text(x + 9, middle - 7, fitting(one.text, free, 10), size=10, tip=tip)


def _together(marks: Iterable[Mark]) -> list[Mark]:
    """Marks in time order; those of one instant and kind are one mark with all their words."""
    found: list[Mark] = []
    for one in sorted(marks, key=lambda m: m.at_ms):
        last = found[-1] if found else None
        if last is not None and (last.at_ms, last.kind) == (one.at_ms, one.kind):
            found[-1] = Mark(one.at_ms, f"{last.text}, {one.text}", one.kind, f"{last.why} {one.why}".strip())
        else:
            found.append(one)
    return found


# The words ---------------------------------------------------------------------------------------------------------


def _summary(metrics: Sequence[Watched], rows: Rows, start_ms: int, end_ms: int) -> str:
    parts = [
        f"{one.name}, one datapoint for each {span(one.period_s)}"
        + (f", threshold {number(one.threshold)}" if one.threshold is not None else "")
        for one in metrics
    ]
    for row in rows:
        if isinstance(row, Strip) and row.spans:
            told = [f"{s.word} from {to_datetime(max(s.from_ms, start_ms)):%H:%M:%S}" for s in row.spans]
            more = f" and {len(told) - 5} more" if len(told) > 5 else ""
            parts.append(f"{shorten(row.label)}: {', '.join(told[:5])}{more}")
        elif isinstance(row, Lane):
            parts.append(f"{shorten(row.label)}: {len(row.marks)}")
    return f"{'; '.join(parts)}. From {clock(to_datetime(start_ms))} to {clock(to_datetime(end_ms))}."


def _table(metrics: Sequence[Watched], rows: Rows) -> pd.DataFrame:
    lines: list[tuple[int, str, str, str]] = []
    for row in rows:
        if isinstance(row, Strip):
            lines += [(s.from_ms, row.label, s.word, s.why) for s in row.spans]
        else:
            lines += [(m.at_ms, row.label, m.text, m.why) for m in row.marks]
    for one in metrics:
        for t, value in zip(one.points["t"].tolist(), one.points["value"].tolist(), strict=True):
            breaching = one.breaches is not None and bool(one.breaches(value))
            lines.append((t, one.name, number(value), "breaching" if breaching else ""))
    cells = [(to_datetime(t), clean(what), clean(value), clean(why)) for t, what, value, why in lines]
    return pd.DataFrame(cells, columns=_COLUMNS)
