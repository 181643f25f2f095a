"""The events of a log group: searched, counted along time, and read."""

from __future__ import annotations

from typing import Any

from cwlab.console import eventlog
from cwlab.console.calls import Recorder
from cwlab.console.charts.loglines import height, loglines
from cwlab.console.panels import Control, Panel, Pick, Shown, Whole, Words
from cwlab.console.words import counted, shorten, span
from cwlab.timeline import to_ms

ROWS, PAGES = 12, 20
BACK = {
    "15 min": 900,
    "1 h": 3600,
    "3 h": 10_800,
    "12 h": 43_200,
    "1 day": 86_400,
    "7 days": 604_800,
    "all": 0,
}
EVERY = ""


def logs(
    lab: Any, group: str, *, pattern: str = "", stream: str = "", back: str = "3 h", rows: int = ROWS
) -> Panel:
    """The events of a log group, with a search box that takes filter patterns.

    Args:
        lab: the lab (or its twin on AWS).
        group: the log group.
        pattern: what stands in the box at first; empty finds everything.
        stream: only this stream at first.
        back: how far back at first: "15 min", "1 h", "3 h", "12 h", "1 day", "7 days" or "all".
        rows: lines in sight.

    Twin: ``panel.set(pattern="Failed password", stream="web-1", back="1 h", page=2)``
    """
    names = eventlog.streams_of(lab.client("logs"), group)[:40]
    controls: list[Control] = [
        Words("pattern", "Filter pattern", pattern, wide=True),
        Pick("stream", "Stream", {"all streams": EVERY} | {shorten(n, 40): n for n in names}, EVERY),
        Pick("back", "Back", {word: word for word in BACK}, "3 h"),
        Whole("page", "Page, 1 is the newest", 1, PAGES, 1),
    ]

    def draw(pattern: str, stream: str, back: str, page: int) -> Shown:
        now_ms = to_ms(lab.now)
        start_ms = now_ms - BACK[back] * 1000 if BACK[back] else None
        with Recorder(lab) as made:
            found = eventlog.find(
                lab.client("logs"), group, pattern, [stream] if stream else [], start_ms, now_ms, newest=True
            )
        newest = len(found.events) - (page - 1) * rows
        shown = found.events[max(0, newest - rows) : max(0, newest)]
        first = start_ms if start_ms is not None else min([now_ms, *found.stamps])
        told = counted(len(found.events), "event")
        title = (
            "Refused"
            if found.refused
            else f"{shorten(group, 48)}: {told}" + (" match" if pattern.strip() else "")
        )
        picture = loglines(
            [eventlog.line(e, pattern) for e in shown], found.stamps,
            start_ms=first, end_ms=now_ms + round((now_ms - first) * 0.03) + 1, now_ms=now_ms, rows=rows, title=title,
            empty="refused" if found.refused else "no events" if page == 1 else "no more events",
        )  # fmt: skip
        if found.refused:
            return Shown(
                picture, eventlog.refusal(found.refused), made.entries, note=eventlog.pointer(found.refused)
            )
        where = f"stream {shorten(stream)}" if stream else f"{counted(len(names), 'stream')}"
        looked = f"the last {span(BACK[back])}" if BACK[back] else "all the time there is"
        told = f"FilterLogEvents looked through {where} over {looked}."
        if len(found.events) == eventlog.MOST:
            told += f" Shown are the {'newest' if start_ms is not None else 'oldest'} {eventlog.MOST:,}; there may be more."
        return Shown(picture, told, made.entries, note="")

    panel = Panel("logs", controls, draw, height=height(rows) + 70)
    if stream or back != "3 h":
        panel.set(**({"stream": stream} if stream else {}), back=back)
    return panel
