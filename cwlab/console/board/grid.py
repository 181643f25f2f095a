"""Where widgets stand: a grid of 24 columns, downwards without end.

Source: "Dashboard Body Structure and Syntax": a widget without a place goes to the next free one, 6 wide and 6 high
unless it says otherwise. Widgets that lie on each other are accepted by PutDashboard; here, as on the console's page,
the later one moves down until it has room, and the drawing says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

COLUMNS = 24
DEFAULT = 6


class Place(NamedTuple):
    """Columns and rows. ``moved`` tells why a widget does not stand where its body puts it."""

    x: int
    y: int
    width: int
    height: int
    moved: str = ""

    def meets(self, other: Place) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def places(widgets: Sequence[Mapping[str, Any]]) -> list[Place]:
    """The place of each widget, in their order; no two meet.

    >>> [tuple(p[:4]) for p in places([{"width": 20}, {}, {"x": 0, "y": 2, "width": 30, "height": 2}])]
    [(0, 0, 20, 6), (0, 6, 6, 6), (0, 12, 24, 2)]
    """
    placed: list[Place] = []
    for widget in widgets:
        width = min(max(int(widget.get("width", DEFAULT)), 1), COLUMNS)
        height = max(int(widget.get("height", DEFAULT)), 1)
        if "x" not in widget or "y" not in widget:
            placed.append(_next_free(placed, width, height))
            continue
        x = max(0, min(int(widget["x"]), COLUMNS - width))
        wanted = Place(x, max(0, int(widget["y"])), width, height)
        reasons = ["it reached past column 24"] if x != widget["x"] else []
        place, by = wanted, _met(placed, wanted)
        if by is not None:
            reasons.append(f"it lay on widget {by}")
            while (other := _met(placed, place)) is not None:
                place = place._replace(y=placed[other].y + placed[other].height)
        placed.append(place._replace(moved=" and ".join(reasons)))
    return placed


def _met(placed: Sequence[Place], place: Place) -> int | None:
    return next((i for i, other in enumerate(placed) if place.meets(other)), None)


def _next_free(placed: Sequence[Place], width: int, height: int) -> Place:
    """The first free place from the left of the first row on, not above the last widget."""
    y = placed[-1].y if placed else 0
    while True:
        for x in range(COLUMNS - width + 1):
            place = Place(x, y, width, height)
            if _met(placed, place) is None:
                return place
        y += 1
