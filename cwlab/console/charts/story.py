"""The journal and the agenda on one time axis: what happened left of now, what is due right of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.charts import base
from cwlab.console.picture import Picture, altair, drawing, show
from cwlab.console.words import clean, clock, counted, shorten
from cwlab.timeline import to_datetime

LIMIT = 300
LANE = 30
KINDS = ("your call", "call by the world", "refused", "you changed the world", "due")
LOOKS = (
    ("circle", "blue"),
    ("square", "green"),
    ("cross", "vermillion"),
    ("triangle-up", "purple"),
    ("diamond", "grey"),
)


@cache
def _drawing(lanes: tuple[str, ...]) -> dict[str, Any]:
    alt = altair()
    y = alt.Y(
        "lane:N",
        sort=list(lanes),
        title=None,
        scale=alt.Scale(domain=list(lanes)),
        axis=alt.Axis(domain=False, ticks=False, labelLimit=160, grid=True),
    )
    color = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(KINDS), range=[theme.COLORS[c] for _, c in LOOKS]),
        legend=alt.Legend(),
    )
    shape = alt.Shape(
        "kind:N", scale=alt.Scale(domain=list(KINDS), range=[s for s, _ in LOOKS]), legend=alt.Legend()
    )
    marks = (
        alt.Chart(base.data("marks"))
        .mark_point(filled=True, size=70, opacity=0.9)
        .encode(
            x=base.utc_x(),
            y=y,
            color=color,
            shape=shape,
            tooltip=[
                alt.Tooltip("at:N", title="time (UTC)"),
                alt.Tooltip("what:N", title="what"),
                alt.Tooltip("who:N", title="by"),
                alt.Tooltip("end:N", title="ended"),
            ],
        )
    )
    chart = alt.layer(marks, base.now_rule())
    return drawing(
        base.finish(chart, base.param("from_ms", 0), base.param("to_ms", 1), height=LANE * max(len(lanes), 2))
    )


def _kind(entry: Any) -> str:
    if entry.error:
        return "refused"
    if entry.kind == "verb":
        return "you changed the world" if entry.depth == 0 else "call by the world"
    return "your call" if entry.depth == 0 else "call by the world"


def story(
    entries: Sequence[Any], due: Sequence[Any], now_ms: int, *, title: str = "", lanes: Sequence[str] = ()
) -> Picture:
    """A timeline of journal entries and agenda entries, a lane for each service.

    Args:
        entries: journal entries, oldest first; the latest 300 are drawn.
        due: agenda entries, drawn in the future.
        now_ms: where now is.
        title: the finding; found by itself when left out.
        lanes: lanes to keep even when empty, so that a panel does not jump.
    """
    happened = [e for e in entries if e.kind not in ("advance", "wait")]
    latest = happened[-LIMIT:]
    rows = []
    for e in latest:
        what = f"{e.service}:{e.operation}"
        who = str(getattr(e.caller, "arn", "") or "").rsplit(":", 1)[-1]
        rows.append(
            {
                "t": e.at_ms,
                "lane": e.service,
                "kind": _kind(e),
                "what": shorten(what, 60),
                "who": shorten(who, 60),
                "at": to_datetime(e.at_ms).strftime("%Y-%m-%d %H:%M:%S"),
                "end": e.error or "ok",
            }
        )
    rows += [
        {
            "t": d.at_ms,
            "lane": d.service,
            "kind": "due",
            "what": shorten(f"{d.service}: {d.handler}", 60),
            "who": "the timeline",
            "at": to_datetime(d.at_ms).strftime("%Y-%m-%d %H:%M:%S"),
            "end": "–",
        }
        for d in due
    ]
    names = tuple(sorted({*lanes, *(r["lane"] for r in rows)})) or ("cloudwatch",)
    instants = [r["t"] for r in rows] + [now_ms]
    low, high = min(instants), max(instants)
    room = max((high - low) * 0.04, 30_000)
    table = pd.DataFrame(
        [
            {
                "time (UTC)": to_datetime(e.at_ms),
                "what": clean(f"{e.service}:{e.operation}"),
                "kind": _kind(e),
                "ended": e.error or "ok",
                "depth": e.depth,
            }
            for e in happened
        ]
        + [
            {
                "time (UTC)": to_datetime(d.at_ms),
                "what": clean(f"{d.service}: {d.handler}"),
                "kind": "due",
                "ended": "–",
                "depth": 0,
            }
            for d in due
        ],
        columns=["time (UTC)", "what", "kind", "ended", "depth"],
    )
    refused = sum(1 for e in happened if e.error)
    mine = sum(1 for e in happened if e.depth == 0 and e.kind == "call")
    summary = (
        f"{counted(len(happened), 'entry', 'entries')} up to {clock(to_datetime(now_ms))}: {counted(mine, 'call')} of "
        f"yours, {refused} refused; {len(due)} due next."
    )
    if len(latest) < len(happened):
        summary += f" The latest {LIMIT} are drawn."
    found = (
        f"{counted(mine, 'call')} of yours, {counted(len(happened) - mine, 'thing')} besides"
        if happened
        else "Nothing has happened yet"
    )
    return show(
        _drawing(names),
        summary,
        table,
        title=title or found,
        rows={"marks": rows, "now": [{"t": now_ms}]},
        words={"from_ms": int(low - room), "to_ms": int(high + room)},
    )
