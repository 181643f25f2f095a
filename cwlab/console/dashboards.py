"""``console.dashboard``: a dashboard drawn from its body, on the 24 columns it was written for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.board.canvas import Canvas, drawing, fitting
from cwlab.console.board.grid import Place, places
from cwlab.console.board.plots import Room
from cwlab.console.board.times import window
from cwlab.console.board.widgets import Sight, draw
from cwlab.console.picture import Picture, show
from cwlab.console.picture import drawing as themed
from cwlab.console.words import clock, counted
from cwlab.errors import BadInput
from cwlab.timeline import to_datetime, to_ms

COLUMN, ROW = 33, 37  # pixels: 24 columns fit a notebook with its side bar open
_GAP, _PADDING, _TITLE = 4, 9, 22
_COLUMNS = ["widget", "series", "time (UTC)", "value"]


def dashboard(
    lab: Any, name: str, *, start: str | None = None, end: str | None = None, title: str = ""
) -> Picture:
    """A dashboard as the console would show it now: GetDashboard, then what its widgets ask for.

    Args:
        lab: the lab (or its twin on AWS): ``client`` and ``now`` are all that is used.
        name: the dashboard's.
        start, end: another time range than the body's: an instant, or back from now as ``-PT12H``.
        title: the finding, if you know a better one.

    Raises:
        ClientError: there is no such dashboard.
        BadInput: its body is not what PutDashboard takes.

    A widget whose service is not modeled, or whose call is refused, says so in its place.

    Example:
        ``console.dashboard(lab, "shop", start="-P1D")``
    """
    body = _body(lab, name)
    now_ms = to_ms(lab.now)
    sight = Sight(lab, Canvas(), start or body.get("start"), end or body.get("end"), now_ms)
    widgets = [w for w in body.get("widgets", ()) if isinstance(w, Mapping)]
    stand = places(widgets)
    rows = max((p.y + p.height for p in stand), default=3)
    for i, (widget, place) in enumerate(zip(widgets, stand, strict=True)):
        _card(sight, widget, place, i)
    if not widgets:
        sight.sheet.text(12 * COLUMN, 1.5 * ROW, "no widgets", size=14, weight=600, align="center")
    if body.get("variables"):
        sight.told.append("Variables are not modeled: every widget is drawn as it is written.")
    if body.get("periodOverride") == "auto":
        sight.told.append(
            'periodOverride "auto" is not modeled: every metric keeps the period it is written with.'
        )
    start_ms, end_ms = window(sight.start, sight.end, now_ms)
    summary = (
        f"{counted(len(widgets), 'widget')}, from {clock(to_datetime(start_ms))} to {clock(to_datetime(end_ms))}. "
        + " ".join(f"{told}." for told in sight.told)
    )
    return show(
        _sheet(rows),
        summary,
        pd.DataFrame(sight.table, columns=_COLUMNS),
        title=title or f"Dashboard {name}",
        rows=sight.sheet.rows,
    )


@cache
def _sheet(rows: int) -> dict[str, Any]:
    return themed(drawing(24 * COLUMN, rows * ROW))


def _body(lab: Any, name: str) -> dict[str, Any]:
    text = lab.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("widgets"), list):
        raise BadInput(name, "is a dashboard whose body cannot be read.", "Put it again with PutDashboard.")
    return body


def _card(sight: Sight, widget: Mapping[str, Any], place: Place, number: int) -> None:
    """A widget's frame with its title; then what is in it."""
    given = widget.get("properties")
    properties = given if isinstance(given, Mapping) else {}
    x, y = place.x * COLUMN + _GAP / 2, place.y * ROW + _GAP / 2
    x2, y2 = (place.x + place.width) * COLUMN - _GAP / 2, (place.y + place.height) * ROW - _GAP / 2
    kind = str(widget.get("type"))
    bare = kind == "text" and properties.get("background") == "transparent"
    if not bare:
        sight.sheet.box(x, y, x2, y2, fill=theme.PAPER, line=theme.GRID)
    title = str(properties.get("title") or "")
    top = y + _PADDING
    if title:
        words = fitting(title, x2 - x - 2 * _PADDING, 13)
        sight.sheet.text(x + _PADDING, y + 13, words, size=13, weight=600, tip=title)
        top = y + _TITLE + 2
    known = title or f"Widget {number} ({kind})"
    bottom = y2 - _PADDING
    if place.moved:
        note = f"moved: {place.moved}"
        sight.sheet.text(x + _PADDING, y2 - 8, fitting(note, x2 - x - 2 * _PADDING, 10), size=10, tip=note)
        sight.told.append(f"{known} was {note}")
        bottom -= 14
    draw(sight, widget, Room(x + _PADDING, top, x2 - _PADDING, bottom), known)
