"""The visual language: colors, state marks and the Vega-Lite configuration every chart carries.

Colors are CSS, not fixed numbers: ink and paper are JupyterLab's own variables, and each series color is mixed
with the ink of the theme, so it darkens on white and lightens on black. A chart drawn as SVG therefore follows
the theme by itself, live and without a script. Outside JupyterLab the fallbacks give a light chart.

The mixing shares are the largest, in steps of 2 %, that keep a contrast of 4.5 on both papers
(tests/console/test_theme.py computes it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STRONG_INK = "var(--jp-ui-font-color0, #000000)"
INK = "var(--jp-ui-font-color1, #1b1b1b)"
PAPER = "var(--jp-layout-color0, #ffffff)"
GRID = "var(--jp-border-color2, #e0e0e0)"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

#: The Okabe-Ito palette (safe for color-blind eyes): name -> (its color, percent kept when mixed with the ink).
OKABE_ITO: dict[str, tuple[str, int]] = {
    "blue": ("#0072B2", 88),
    "orange": ("#E69F00", 68),
    "green": ("#009E73", 84),
    "vermillion": ("#D55E00", 90),
    "purple": ("#CC79A7", 80),
    "sky": ("#56B4E9", 68),
    "grey": ("#808080", 92),
}


def ink_mix(color: str, keep: int) -> str:
    """``keep`` percent of a color, the rest the ink of the theme, as CSS."""
    return f"color-mix(in srgb, {color} {keep}%, {STRONG_INK})"


COLORS = {name: ink_mix(*recipe) for name, recipe in OKABE_ITO.items()}
#: The order in which series take their colors and shapes.
SERIES = [COLORS[name] for name in ("blue", "orange", "green", "purple", "vermillion", "sky", "grey")]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [10, 4], [4, 2, 1, 2]]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"]


@dataclass(frozen=True)
class State:
    """How an alarm state looks: never by color alone."""

    word: str
    color: str
    shape: str


STATES = (
    State("OK", COLORS["green"], "circle"),
    State("ALARM", ink_mix("#F01818", 94), "triangle-up"),
    State("INSUFFICIENT_DATA", COLORS["grey"], "diamond"),
)


def config() -> dict[str, Any]:
    """The Vega-Lite ``config`` of every chart."""
    text = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": text | {"gridColor": GRID, "domainColor": INK, "tickColor": INK, "gridOpacity": 0.8},
        "legend": text
        | {
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "symbolStrokeWidth": 2,
            "offset": 4,
            "labelLimit": 320,
        },
        "header": text | {"labelFontSize": 12},
        "title": {
            "color": INK,
            "subtitleColor": INK,
            "font": FONT,
            "subtitleFont": FONT,
            "fontSize": 15,
            "subtitleFontSize": 12,
            "fontWeight": 600,
            "anchor": "start",
            "frame": "group",
            "offset": 20,
            "subtitlePadding": 5,
            "limit": 700,
        },
        "text": {"color": INK, "font": FONT, "fontSize": 12},
        "mark": {"color": COLORS["blue"]},
        "rule": {"color": INK},
        "line": {"strokeWidth": 2},
        "range": {"category": SERIES, "symbol": SHAPES},
    }
