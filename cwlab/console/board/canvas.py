"""A sheet to draw on: everything is placed in pixels from the upper left corner, and comes out as one Vega-Lite drawing.

Vega-Lite can stack charts and put them side by side, but not on a grid where widgets have any place and size. So a
dashboard computes its own places, and its marks carry them as plain numbers (``scale: null``). What is drawn are rows
of five data sets; the drawing itself is the same for all dashboards of one size. Text is SVG text: no markup in a
name or a log line can become markup of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.console import theme
from cwlab.console.picture import Row
from cwlab.console.words import clean, shorten

#: The share of a font's size that one letter takes on average, with a little to spare.
LETTER, MONO_LETTER = 0.56, 0.62

Point = tuple[float, float]


def fitting(text: object, width: float, size: float = 11, letter: float = LETTER) -> str:
    """The text, cut so that it takes no more than so many pixels."""
    return shorten(text, max(1, int(width / (size * letter))))


def wrapped(text: str, width: float, size: float = 12) -> list[str]:
    """Lines no wider than so many pixels, broken between words where there are any."""
    limit = max(4, int(width / (size * LETTER)))
    lines, line = [], ""
    for word in clean(text).split():
        while len(word) > limit:
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:limit])
            word = word[limit:]
        if line and len(line) + 1 + len(word) > limit:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines or [""]


class Canvas:
    """What has been drawn so far."""

    def __init__(self) -> None:
        self.boxes: list[Row] = []
        self.areas: list[Row] = []
        self.lines: list[Row] = []
        self.dots: list[Row] = []
        self.texts: list[Row] = []
        self._paths = 0

    @property
    def rows(self) -> dict[str, Sequence[Row]]:
        return {
            "boxes": self.boxes,
            "areas": self.areas,
            "lines": self.lines,
            "dots": self.dots,
            "texts": self.texts,
        }

    def box(
        self,
        x: float,
        y: float,
        x2: float,
        y2: float,
        *,
        fill: str = "transparent",
        line: str = "transparent",
        opacity: float = 1.0,
        tip: str = "",
    ) -> None:
        """A rectangle between two corners."""
        self.boxes.append(
            {
                "x": _px(x),
                "y": _px(y),
                "x2": _px(x2),
                "y2": _px(y2),
                "fill": fill,
                "line": line,
                "opacity": opacity,
                "tip": tip,
            }
        )

    def line(self, points: Sequence[Point], color: str, *, width: float = 2.0, dash: bool = False) -> None:
        """A line through points."""
        self._paths += 1
        for x, y in points:
            self.lines.append(
                {
                    "x": _px(x),
                    "y": _px(y),
                    "path": self._paths,
                    "color": color,
                    "width": width,
                    "dash": [4, 4] if dash else [],
                    "n": len(self.lines),
                }
            )

    def area(self, points: Sequence[tuple[float, float, float]], color: str, *, opacity: float = 0.3) -> None:
        """The space between two lines: (x, upper, lower)."""
        self._paths += 1
        for x, y, y2 in points:
            self.areas.append(
                {
                    "x": _px(x),
                    "y": _px(y),
                    "y2": _px(y2),
                    "path": self._paths,
                    "color": color,
                    "opacity": opacity,
                }
            )

    def dot(
        self, x: float, y: float, color: str, *, shape: str = "circle", size: float = 30, tip: str = ""
    ) -> None:
        """A mark, and what is said when you point at it."""
        self.dots.append(
            {"x": _px(x), "y": _px(y), "color": color, "shape": shape, "size": size, "tip": clean(tip)}
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 11,
        weight: int = 400,
        align: str = "left",
        color: str = theme.INK,
        font: str = theme.FONT,
        tip: str = "",
    ) -> None:
        """One line of text, its middle at ``y``."""
        self.texts.append(
            {
                "x": _px(x),
                "y": _px(y),
                "text": clean(text),
                "size": size,
                "weight": weight,
                "align": align,
                "color": color,
                "font": font,
                "tip": clean(tip or text),
            }
        )

    def paragraph(
        self, x: float, y: float, text: str, width: float, bottom: float, *, size: float = 12
    ) -> float:
        """Wrapped text from ``y`` down, no further than ``bottom``; returns where it ended."""
        lines = wrapped(text, width, size)
        for i, line in enumerate(lines):
            last = y + 1.5 * size + 5 > bottom
            self.text(x, y, line + " …" if last and i + 1 < len(lines) else line, size=size, tip=text)
            y += size + 5
            if last:
                break
        return y


def _px(value: float) -> float:
    return round(float(value), 1)


def _at(field: str) -> dict[str, Any]:
    """A place in pixels."""
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _as_is(field: str) -> dict[str, Any]:
    """A color or shape that the row itself names."""
    return {"field": field, "type": "nominal", "scale": None, "legend": None}


def drawing(width: float, height: float) -> dict[str, Any]:
    """The Vega-Lite drawing of a sheet of this size; its rows come later."""
    tip = {"field": "tip", "type": "nominal", "title": " "}
    here = {"x": _at("x"), "y": _at("y")}
    return {
        "width": width,
        "height": height,
        "params": [{"name": "headline", "value": ""}],
        "title": {"text": {"expr": "headline"}},
        "layer": [
            {
                "data": {"name": "boxes"},
                "mark": {"type": "rect", "cornerRadius": 3, "opacity": {"expr": "datum.opacity"}},
                "encoding": {
                    **here,
                    "x2": {"field": "x2"},
                    "y2": {"field": "y2"},
                    "fill": _as_is("fill"),
                    "stroke": _as_is("line"),
                },
            },
            {
                "data": {"name": "areas"},
                "mark": {"type": "area", "line": False, "opacity": {"expr": "datum.opacity"}},
                "encoding": {
                    **here,
                    "y2": {"field": "y2"},
                    "detail": {"field": "path", "type": "nominal"},
                    "color": _as_is("color"),
                },
            },
            {
                "data": {"name": "lines"},
                "mark": {"type": "line", "strokeJoin": "round", "strokeWidth": {"expr": "datum.width"}},
                "encoding": {
                    **here,
                    "detail": {"field": "path", "type": "nominal"},
                    "order": {"field": "n", "type": "quantitative"},
                    "color": _as_is("color"),
                    "strokeDash": _as_is("dash"),
                },
            },
            {
                "data": {"name": "dots"},
                "mark": {"type": "point", "filled": True, "opacity": 1, "size": {"expr": "datum.size"}},
                "encoding": {
                    **here,
                    "color": _as_is("color"),
                    "shape": _as_is("shape"),
                    "tooltip": tip,
                },
            },
            {
                "data": {"name": "texts"},
                "mark": {
                    "type": "text",
                    "baseline": "middle",
                    "fontSize": {"expr": "datum.size"},
                    "align": {"expr": "datum.align"},
                    "fontWeight": {"expr": "datum.weight"},
                    "font": {"expr": "datum.font"},
                },
                "encoding": {
                    **here,
                    "text": {"field": "text", "type": "nominal"},
                    "color": _as_is("color"),
                    "tooltip": tip,
                },
            },
        ],
    }
