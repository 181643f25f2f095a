"""A picture that stays on the screen: one live Vega view, its rows swapped by the kernel.

Drawing anew costs 150 ms a step and flickers; swapping rows in a view that is already there does not. The
bundle of Vega (0.9 MB) travels to the browser once per kernel, compressed, as a model of its own that every
live picture refers to, and the page keeps what it made of it. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from cwlab.console.picture import Picture
from cwlab.console.words import clean

STATIC = Path(__file__).parent / "static"
TABLE_ROWS = 60


class Library(ipywidgets.Widget):
    """Vega for the browser: the compressed module and its fingerprint. It has no view."""

    source = traitlets.Bytes().tag(sync=True)
    version = traitlets.Unicode().tag(sync=True)


@cache
def _bundle() -> tuple[bytes, str]:
    code = (STATIC / "vega.js").read_bytes()
    return gzip.compress(code, 6, mtime=0), hashlib.sha256(code).hexdigest()[:16]


@cache
def _shared_library() -> list[Library]:
    return []


def library() -> Library:
    """The kernel's one copy of Vega, sent when the first live picture is shown.

    The one thing the console keeps per process: it belongs to the connection with the browser, not to a lab.
    """
    kept = _shared_library()
    if not kept or kept[0].comm is None:
        source, version = _bundle()
        kept[:] = [Library(source=source, version=version)]
    return kept[0]


def fingerprint(spec: Any) -> str:
    """A short name for a drawing; equal drawings have equal names."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]


class LiveView(anywidget.AnyWidget):
    """Picture, reason, calls and numbers of a panel, in the browser.

    ``update`` sends everything that changed in one message. ``on_painted`` is called with the number of each
    frame once the browser has painted it; until then a panel holds its next frame back.
    """

    _esm = STATIC / "live.js"
    _css = STATIC / "live.css"
    library = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    height = traitlets.Int(320).tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    frame = traitlets.Dict().tag(sync=True)

    def __init__(self, on_painted: Callable[[int], None], **traits: Any) -> None:
        super().__init__(library=library(), **traits)
        self.on_msg(lambda _widget, content, _buffers: on_painted(int(content["painted"])))

    def update(
        self,
        number: int,
        picture: Picture,
        why: str,
        calls: str,
        *,
        error: bool = False,
        note: str | None = None,
        folds: Mapping[str, str] | None = None,
    ) -> None:
        """Show a picture with its words; the drawing itself is sent only when it differs from the one shown."""
        drawing = fingerprint(picture.spec)
        frame = {
            "n": number,
            "drawing": drawing,
            "rows": picture.rows,
            "words": {"headline": picture.title, **picture.words},
            "label": picture.text,
            "why": why,
            "error": error,
            "note": note,
            "folds": list((folds or {}).items()),
            "calls": calls,
            "table": table_cells(picture),
        }
        with self.hold_sync():
            if drawing != self.frame.get("drawing"):
                self.spec = dict(picture.spec)
            self.frame = frame


def table_cells(picture: Picture) -> dict[str, Any]:
    """The picture's table as plain cells, the first rows of a long one."""
    table = picture.table
    rows = [[_cell(v) for v in row] for row in table.head(TABLE_ROWS).itertuples(index=False, name=None)]
    left = len(table) - TABLE_ROWS
    more = f"{left:,} more rows in panel.picture.table" if left > 0 else ""
    return {"columns": [str(c) for c in table.columns], "rows": rows, "more": more}


def _cell(value: Any) -> int | float | str | None:
    """A number, a text, or None for what is missing."""
    if value is None or value != value:
        return None
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value if isinstance(value, int | float) else clean(value)
