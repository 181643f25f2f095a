"""A metric widget's views: lines over time, a number, bars, a gauge, a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cwlab.console import theme
from cwlab.console.board.canvas import LETTER, Canvas, fitting
from cwlab.console.board.scales import Axis, time_ticks, value_range, value_ticks
from cwlab.console.words import clock, number
from cwlab.errors import BadTime
from cwlab.timeline import to_datetime, to_ms

PALETTE = theme.SERIES
BAND_COLOR = theme.COLORS["grey"]
DOTS = 60  # up to so many points of a widget, each is marked
MARKS = 6  # otherwise so many of each series, so that its shape tells it as well as its color
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Drawn:
    """One series as it comes back: its stamps in milliseconds and its values."""

    label: str
    t: list[int]
    values: list[float]
    period_s: int
    color: str
    shape: str = "circle"
    right: bool = False
    band: bool = False  # one of the two limits of an expected band


@dataclass(frozen=True)
class Room:
    """The inside of a widget, in pixels."""

    x: float
    y: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x

    @property
    def height(self) -> float:
        return self.y2 - self.y


@dataclass(frozen=True)
class Look:
    """What a metric widget's properties say about drawing."""

    start_ms: int
    end_ms: int
    now_ms: int
    properties: Mapping[str, Any] = field(default_factory=dict)

    def axis(self, side: str) -> Mapping[str, Any]:
        axes = self.properties.get("yAxis")
        own = axes.get(side) if isinstance(axes, Mapping) else None
        return own if isinstance(own, Mapping) else {}

    def annotations(self, kind: str) -> list[Any]:
        given = self.properties.get("annotations")
        own = given.get(kind) if isinstance(given, Mapping) else None
        return list(own) if isinstance(own, list) else []

    @property
    def legend(self) -> str:
        given = self.properties.get("legend")
        return str(given.get("position", "bottom")) if isinstance(given, Mapping) else "bottom"


def readable_color(given: object) -> str | None:
    """A body's own color, mixed with the theme's ink so far that it can be read on either paper."""
    return theme.ink_mix(given, 66) if isinstance(given, str) and _HEX.fullmatch(given) else None


def nothing(sheet: Canvas, room: Room, word: str = "no datapoints") -> None:
    sheet.text((room.x + room.x2) / 2, (room.y + room.y2) / 2, word, size=13, weight=600, align="center")


# Over time --------------------------------------------------------------------------------------------------------


def time_series(sheet: Canvas, room: Room, series: Sequence[Drawn], look: Look) -> None:
    """Lines, stacked areas or bands over time, with their axes, annotations and legend."""
    room = legend(sheet, room, series, look)
    sides = {side: [s for s in series if s.right is (side == "right")] for side in ("left", "right")}
    stacked = bool(look.properties.get("stacked"))
    limits = {
        side: _limits(own, look, side, stacked)
        for side, own in sides.items()
        if side == "left" or any(s.values for s in own)
    }
    margins = {
        side: 10 + 11 * LETTER * max(len(_short(v)) for v in (*value_ticks(*limit, 4), 0.0))
        for side, limit in limits.items()
    }
    plot = Room(room.x + margins["left"], room.y + 8, room.x2 - margins.get("right", 4), room.y2 - 18)
    if plot.width < 40 or plot.height < 20:
        nothing(sheet, room, "too small to draw")
        return
    across = Axis(look.start_ms, look.end_ms, plot.x, plot.x2)
    for t, word in time_ticks(look.start_ms, look.end_ms, int(plot.width // 62)):
        at = across(t)
        sheet.line([(at, plot.y), (at, plot.y2)], theme.GRID, width=0.7)
        sheet.text(min(max(at, plot.x + 12), plot.x2 - 12), plot.y2 + 10, word, size=10, align="center")
    axes = {side: _value_axis(sheet, plot, limit, side, look.axis(side)) for side, limit in limits.items()}
    _annotate(sheet, plot, axes["left"], across, look)
    for side, axis in axes.items():
        own = sides[side]
        _bands(sheet, [s for s in own if s.band], across, axis)
        plain = [s for s in own if not s.band]
        if stacked:
            _stack(sheet, plain, across, axis)
        else:
            for one in plain:
                _line(sheet, one, across, axis, dots=sum(len(s.t) for s in plain) <= DOTS)
    if not any(s.values for s in series):
        nothing(sheet, plot)
    if look.start_ms <= look.now_ms < look.end_ms:
        at = across(look.now_ms)
        sheet.line([(at, plot.y), (at, plot.y2)], theme.INK, width=1.5)
        sheet.text(at, plot.y - 4, "now", size=10, weight=600, align="center")


def _limits(own: Sequence[Drawn], look: Look, side: str, stacked: bool) -> tuple[float, float]:
    values = [v for s in own for v in s.values]
    if stacked and own:
        totals: dict[int, float] = {}
        for one in own:
            for t, v in zip(one.t, one.values, strict=True):
                totals[t] = totals.get(t, 0.0) + v
        values = [0.0, *totals.values()]
    if side == "left":
        values += [
            float(a["value"])
            for each in look.annotations("horizontal")
            for a in (each if isinstance(each, list) else [each])
            if isinstance(a, Mapping) and isinstance(a.get("value"), int | float)
        ]
    axis = look.axis(side)
    return value_range(min(values, default=0.0), max(values, default=1.0), axis.get("min"), axis.get("max"))


def _value_axis(
    sheet: Canvas, plot: Room, limits: tuple[float, float], side: str, given: Mapping[str, Any]
) -> Axis:
    axis = Axis(*limits, plot.y2, plot.y)
    for value in value_ticks(*limits, max(2, min(5, int(plot.height // 28)))):
        at = axis(value)
        if side == "left":
            sheet.line([(plot.x, at), (plot.x2, at)], theme.GRID, width=0.7)
            sheet.text(plot.x - 5, at, _short(value), size=10, align="right")
        else:
            sheet.text(plot.x2 + 5, at, _short(value), size=10)
    if given.get("label"):
        words = fitting(given["label"], plot.width / 2, 10)
        at_x, align = (plot.x, "left") if side == "left" else (plot.x2, "right")
        sheet.text(at_x, plot.y - 5, words, size=10, align=align, weight=600)
    return axis


def _line(sheet: Canvas, one: Drawn, across: Axis, axis: Axis, *, dots: bool) -> None:
    for piece in _pieces(one):
        points = [(across(one.t[i]), axis(one.values[i])) for i in piece]
        if len(points) > 1:
            sheet.line(points, one.color)
    marked = (
        set(range(len(one.t))) if dots else set(np.linspace(0, len(one.t) - 1, MARKS).astype(int).tolist())
    )
    for i, (t, v) in enumerate(zip(one.t, one.values, strict=True)):
        if i in marked or len(one.t) <= 400:
            # Every point can be asked for its value; where they stand close, only the pointer finds most of them.
            at = f"{one.label}: {number(v)} at {clock(to_datetime(t))}"
            color = one.color if i in marked else "transparent"
            sheet.dot(across(t), axis(v), color, shape=one.shape, tip=at)


def _pieces(one: Drawn) -> list[np.ndarray]:
    """The stretches without a missing period, thinned by their extremes where there are more points than pixels."""
    if not one.t:
        return []
    stamps = np.array(one.t)
    cuts = np.flatnonzero(np.diff(stamps) > one.period_s * 1000) + 1
    return [_thin(piece, np.array(one.values)) for piece in np.split(np.arange(len(stamps)), cuts)]


def _thin(piece: np.ndarray, values: np.ndarray, most: int = 400) -> np.ndarray:
    if len(piece) <= most:
        return piece
    kept = {int(piece[0]), int(piece[-1])}
    for part in np.array_split(piece, most // 2):
        kept |= {int(part[values[part].argmin()]), int(part[values[part].argmax()])}
    return np.array(sorted(kept))


def _stack(sheet: Canvas, series: Sequence[Drawn], across: Axis, axis: Axis) -> None:
    base: dict[int, float] = {}
    stamps = sorted({t for one in series for t in one.t})
    for one in series:
        own = dict(zip(one.t, one.values, strict=True))
        tops = {t: base.get(t, 0.0) + own.get(t, 0.0) for t in stamps}
        points = [(across(t), axis(tops[t]), axis(base.get(t, 0.0))) for t in stamps]
        sheet.area(points, one.color, opacity=0.55)
        sheet.line([(x, y) for x, y, _ in points], one.color, width=1.2)
        base = tops


def _bands(sheet: Canvas, limits: Sequence[Drawn], across: Axis, axis: Axis) -> None:
    for lower, upper in zip(limits[::2], limits[1::2], strict=False):
        other = dict(zip(upper.t, upper.values, strict=True))
        points = [
            (across(t), axis(other[t]), axis(v))
            for t, v in zip(lower.t, lower.values, strict=True)
            if t in other
        ]
        sheet.area(points, BAND_COLOR, opacity=0.32)
        for which in (1, 2):
            sheet.line([(p[0], p[which]) for p in points], BAND_COLOR, width=0.8)


def _annotate(sheet: Canvas, plot: Room, axis: Axis, across: Axis, look: Look) -> None:
    red = theme.STATES[1].color
    for each in look.annotations("horizontal"):
        pair = [a for a in (each if isinstance(each, list) else [each]) if isinstance(a, Mapping)]
        levels = [(a, axis(float(a["value"]))) for a in pair if isinstance(a.get("value"), int | float)]
        color = next((c for a in pair if (c := readable_color(a.get("color")))), red)
        if len(levels) == 2:
            sheet.box(plot.x, levels[0][1], plot.x2, levels[1][1], fill=color, opacity=0.15)
        for given, at in levels:
            fill = given.get("fill")
            if fill in ("above", "below"):
                sheet.box(
                    plot.x, at, plot.x2, plot.y if fill == "above" else plot.y2, fill=color, opacity=0.15
                )
            sheet.line([(plot.x, at), (plot.x2, at)], color, width=1.5, dash=True)
            words = fitting(given.get("label") or number(float(given["value"])), plot.width - 8, 10)
            sheet.text(plot.x + 4, at - 7, words, size=10, color=color, weight=600)
    for each in look.annotations("vertical"):
        pair = [a for a in (each if isinstance(each, list) else [each]) if isinstance(a, Mapping)]
        instants = [(a, t) for a in pair if (t := _instant(a.get("value"))) is not None]
        color = next((c for a in pair if (c := readable_color(a.get("color")))), theme.COLORS["purple"])
        inside = [(a, across(t)) for a, t in instants if look.start_ms <= t <= look.end_ms]
        if len(inside) == 2:
            sheet.box(inside[0][1], plot.y, inside[1][1], plot.y2, fill=color, opacity=0.15)
        for given, at in inside:
            fill = given.get("fill")
            if fill in ("before", "after"):
                sheet.box(plot.x if fill == "before" else at, plot.y, at if fill == "before" else plot.x2, plot.y2,
                          fill=color, opacity=0.15)  # fmt: skip
            sheet.line([(at, plot.y), (at, plot.y2)], color, width=1.5, dash=True)
            if given.get("label"):
                words = fitting(given["label"], plot.x2 - at - 6, 10) if plot.x2 - at > 60 else given["label"]
                align, x = ("left", at + 4) if plot.x2 - at > 60 else ("right", at - 4)
                sheet.text(x, plot.y + 6, str(words), size=10, color=color, weight=600, align=align)


def _instant(given: object) -> int | None:
    try:
        return to_ms(given) if isinstance(given, str) else None
    except BadTime:
        return None


def legend(sheet: Canvas, room: Room, series: Sequence[Drawn], look: Look) -> Room:
    """The names of the series, under the plot or to its right; returns the room that is left."""
    seen: dict[str, Drawn] = {}
    for one in series:
        seen.setdefault(("band " if one.band else "") + one.label, one)
    entries = [one for one in seen.values() if one.label]
    if look.legend == "hidden" or not entries:
        return room
    if look.legend == "right" and room.width > 260:
        width = min(180.0, room.width * 0.35)
        for i, one in enumerate(entries[: int(room.height // 16)]):
            _entry(sheet, room.x2 - width + 8, room.y + 10 + 16 * i, one, width - 24)
        return Room(room.x, room.y, room.x2 - width, room.y2)
    columns = max(1, min(len(entries), int(room.width // 150)))
    width = room.width / columns
    most = max(1, int(room.height * 0.3 // 16))
    lines = min(most, -(-len(entries) // columns))
    shown = entries[: lines * columns]
    top = room.y2 - 16 * lines + 8
    for i, one in enumerate(shown):
        rest = len(entries) - len(shown)
        if rest and i == len(shown) - 1:
            sheet.text(
                room.x + width * (i % columns), top + 16 * (i // columns), f"… and {rest + 1} more", size=10
            )
            break
        _entry(sheet, room.x + width * (i % columns), top + 16 * (i // columns), one, width - 20)
    return Room(room.x, room.y, room.x2, room.y2 - 16 * lines)


def _entry(sheet: Canvas, x: float, y: float, one: Drawn, width: float) -> None:
    if one.band:
        sheet.box(x + 1, y - 5, x + 11, y + 5, fill=BAND_COLOR, opacity=0.45)
    else:
        sheet.dot(x + 6, y, one.color, shape=one.shape, size=45)
    sheet.text(x + 16, y, fitting(one.label, width, 10), size=10, tip=one.label)


# At one moment -----------------------------------------------------------------------------------------------------


def single_value(sheet: Canvas, room: Room, series: Sequence[Drawn], look: Look) -> None:
    """The latest value of each series, large."""
    shown = [s for s in series if not s.band]
    columns = max(1, min(len(shown), int(room.width // 110)))
    lines = max(1, -(-len(shown) // columns))
    width, height = room.width / columns, room.height / lines
    size = max(14.0, min(34.0, height * 0.4))
    for i, one in enumerate(shown):
        x, y = room.x + width * (i % columns), room.y + height * (i // columns)
        middle = y + height / 2
        value = _short(one.values[-1]) if one.values else "–"
        if look.properties.get("singleValueFullPrecision") and one.values:
            value = repr(one.values[-1])
        if look.properties.get("sparkline") and len(one.values) > 1 and height > 70:
            across = Axis(look.start_ms, look.end_ms, x + 4, x + width - 8)
            axis = Axis(*value_range(min(one.values), max(one.values)), y + height - 6, y + height * 0.7)
            for piece in _pieces(one):
                sheet.line([(across(one.t[k]), axis(one.values[k])) for k in piece], one.color, width=1.5)
            middle -= height * 0.12
        sheet.text(x + 4, middle - 4, fitting(value, width, size), size=size, weight=600,
                   tip=f"{one.label}: {value}")  # fmt: skip
        sheet.dot(x + 9, middle + size / 2 + 8, one.color, shape=one.shape, size=40)
        sheet.text(x + 18, middle + size / 2 + 8, fitting(one.label, width - 24, 11), tip=one.label)
    if not shown:
        nothing(sheet, room)


def bars(sheet: Canvas, room: Room, series: Sequence[Drawn], look: Look, *, shares: bool = False) -> None:
    """A bar for each series' latest value; with ``shares``, its part of the whole beside it."""
    shown = [s for s in series if s.values and not s.band]
    if not shown:
        nothing(sheet, room)
        return
    given = look.axis("left")
    latest = [s.values[-1] for s in shown]
    low, high = value_range(min(0.0, *latest), max(0.0, *latest), given.get("min"), given.get("max"))
    most = max(1, int(room.height // 24))
    height = min(44.0, room.height / min(len(shown), most))
    axis = Axis(low, high, room.x, room.x2 - 70)
    total = sum(abs(v) for v in latest)
    for i, (one, value) in enumerate(zip(shown[:most], latest, strict=False)):
        y = room.y + height * i
        words = f"{_short(value)} ({abs(value) / total:.0%})" if shares and total else _short(value)
        sheet.text(room.x, y + 8, fitting(one.label, room.width - 80, 10), size=10, tip=one.label)
        sheet.box(axis(0.0), y + 15, axis(value), y + height - 4, fill=one.color)
        sheet.text(max(axis(0.0), axis(value)) + 5, y + (11 + height) / 2, words, size=11, weight=600)
    if len(shown) > most:
        sheet.text(room.x2, room.y - 8, f"{len(shown) - most} more in the table", size=10, align="right")


def gauge(sheet: Canvas, room: Room, series: Sequence[Drawn], look: Look) -> None:
    """The latest value on its way from the axis's least to its most, as a filled bar."""
    given = look.axis("left")
    least, most = given.get("min", 0), given.get("max", 100)
    shown = [s for s in series if s.values and not s.band]
    if not shown:
        nothing(sheet, room)
        return
    height = min(70.0, room.height / len(shown))
    axis = Axis(float(least), float(most) if most > least else float(least) + 1, room.x + 4, room.x2 - 4)
    for i, one in enumerate(shown):
        y, value = room.y + height * i, one.values[-1]
        sheet.text(room.x + 4, y + 9, fitting(one.label, room.width * 0.65, 11), tip=one.label)
        sheet.text(room.x2 - 4, y + 9, _short(value), size=14, weight=600, align="right")
        sheet.box(room.x + 4, y + 20, room.x2 - 4, y + 34, line=theme.INK)
        sheet.box(room.x + 4, y + 20, axis(value), y + 34, fill=one.color)
        if height >= 55:
            sheet.text(room.x + 4, y + 43, _short(axis.low), size=10)
            sheet.text(room.x2 - 4, y + 43, _short(axis.high), size=10, align="right")


def table(sheet: Canvas, room: Room, series: Sequence[Drawn], look: Look) -> None:
    """A line for each series: least, most and mean of the time shown, then its latest values."""
    shown = [s for s in series if not s.band]
    stamps = sorted({t for s in shown for t in s.t}, reverse=True)
    longest = max((len(s.label) for s in shown), default=0)
    label_width = min(180.0, room.width * 0.4, 24 + 10 * LETTER * longest)
    columns = ["min", "max", "mean"][: max(1, int((room.width - label_width) // 58))]
    free = int((room.width - label_width - len(columns) * 58) // 62)
    recent = stamps[: max(0, free)]
    words = [*columns, *(f"{to_datetime(t):%H:%M}" for t in recent)]
    edges = [room.x + label_width + 58 * (i + 1) for i in range(len(columns))]
    edges += [edges[-1] + 62 * (i + 1) for i in range(len(recent))]
    for word, x in zip(words, edges, strict=True):
        sheet.text(x, room.y + 8, word, size=10, weight=600, align="right")
    sheet.line([(room.x, room.y + 18), (room.x2, room.y + 18)], theme.INK, width=0.8)
    most = max(1, int((room.height - 22) // 18))
    for i, one in enumerate(shown[:most]):
        y, own = room.y + 30 + 18 * i, dict(zip(one.t, one.values, strict=True))
        sheet.dot(room.x + 5, y, one.color, shape=one.shape, size=40)
        sheet.text(room.x + 15, y, fitting(one.label, label_width - 20, 10), size=10, tip=one.label)
        values = one.values or [float("nan")]
        summed = [min(values), max(values), sum(values) / len(values)][: len(columns)]
        cells = [*summed, *(own.get(t, float("nan")) for t in recent)]
        for cell, x in zip(cells, edges, strict=True):
            sheet.text(x, y, _short(cell), size=10, align="right")
    if len(shown) > most:
        sheet.text(room.x2, room.y2 - 2, f"{len(shown) - most} more", size=10, align="right")


VIEWS = {
    "timeSeries": time_series,
    "singleValue": single_value,
    "bar": bars,
    "pie": lambda sheet, room, series, look: bars(sheet, room, series, look, shares=True),
    "gauge": gauge,
    "table": table,
}


def _short(value: float) -> str:
    """A number in few letters: thousands as K, millions as M.

    >>> _short(1234567), _short(950.25), _short(0.5), _short(float("nan"))
    ('1.23M', '950.2', '0.5', '–')
    """
    if value != value:
        return "–"
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "K")):
        if abs(value) >= size:
            unit = 1e3 if letter == "K" else size
            return f"{value / unit:.3g}{letter}" if abs(value) < 1e15 else f"{value:.2e}"
    return number(value)
