"""Retention: four tiers across age, and where a query falls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.charts import base, steps
from cwlab.console.picture import Picture, altair, drawing, show
from cwlab.console.words import counted, span


@dataclass(frozen=True)
class Tier:
    """A stored granularity and how long it is kept, in seconds."""

    name: str
    period_s: int
    kept_s: int


HOUR, DAY = 3_600, 86_400
#: Source: CloudWatch concepts, "Metrics retention".
TIERS = (
    Tier("under 60 s", 1, 3 * HOUR),
    Tier("60 s", 60, 15 * DAY),
    Tier("300 s", 300, 63 * DAY),
    Tier("3600 s", 3600, 455 * DAY),
)
OLDEST = 700 * DAY
NEWEST = 10 * 60
TICKS = (600, HOUR, 3 * HOUR, DAY, 3 * DAY, 15 * DAY, 63 * DAY, 455 * DAY)


def tier_of(period_s: int) -> Tier:
    """The coarsest tier that still holds a period: it is answered as long as that tier is kept."""
    fitting = [t for t in TIERS if period_s % t.period_s == 0]
    return fitting[-1]


def answered(period_s: int, age_s: float) -> bool:
    """Whether a query of this period, starting so long ago, gets datapoints at all (if any were sent)."""
    return age_s <= tier_of(period_s).kept_s


@cache
def _drawing() -> dict[str, Any]:
    alt = altair()
    names = [f"{t.name}" for t in TIERS]
    label = (
        "datum.value >= 86400 ? format(datum.value / 86400, 'd') + ' d' : datum.value >= 3600 ?"
        " format(datum.value / 3600, 'd') + ' h' : format(datum.value / 60, 'd') + ' min'"
    )
    x_scale = alt.Scale(type="log", domain=[NEWEST, OLDEST], reverse=True, nice=False)
    axis = alt.Axis(values=list(TICKS), labelExpr=label, labelOverlap=False, grid=True)
    y = alt.Y(
        "tier:N",
        sort=names,
        title="stored every",
        scale=alt.Scale(domain=names),
        axis=alt.Axis(domain=False, ticks=False, labelFontSize=12),
    )
    bars = alt.Chart(base.data("tiers"))
    hue = alt.Color(
        "use:N",
        legend=None,
        scale=alt.Scale(
            domain=["answers", "kept, but not asked", "gone at this age"],
            range=[theme.COLORS["green"], theme.COLORS["sky"], theme.COLORS["grey"]],
        ),
    )
    tips = [
        alt.Tooltip("tier:N", title="stored every"),
        alt.Tooltip("kept:N", title="kept for"),
        alt.Tooltip("use:N", title="this query"),
    ]
    bar = bars.mark_bar(height=22, fillOpacity=0.22, strokeWidth=1.6).encode(
        x=alt.X(
            "kept_s:Q", stack=None, scale=x_scale, axis=axis, title="age of the data (now is at the right)"
        ),
        x2="from_s:Q",
        y=y,
        color=hue,
        stroke=hue,
        tooltip=tips,
        strokeDash=alt.condition(alt.datum.gone == 1, alt.value([4, 3]), alt.value([1, 0])),
    )
    words = bars.mark_text(align="left", baseline="middle", dx=8, color=theme.INK).encode(
        x=alt.X("kept_s:Q", scale=x_scale), y=y, text="text:N"
    )
    query = alt.Chart(base.data("query"))
    rule = query.mark_rule(color=theme.COLORS["vermillion"], strokeWidth=2).encode(
        x=alt.X("age_s:Q", scale=x_scale)
    )
    said = query.mark_text(color=theme.COLORS["vermillion"], baseline="bottom", y=-3, fontWeight=600).encode(
        x=alt.X("age_s:Q", scale=x_scale),
        text="said:N",
    )
    spot = query.mark_point(size=150, filled=True, opacity=1).encode(
        x=alt.X("age_s:Q", scale=x_scale),
        y=y,
        shape=alt.Shape(
            "answer:N",
            legend=None,
            scale=alt.Scale(domain=["answered", "empty"], range=["circle", "diamond"]),
        ),
        color=alt.Color(
            "answer:N",
            legend=None,
            scale=alt.Scale(
                domain=["answered", "empty"], range=[theme.COLORS["green"], theme.COLORS["grey"]]
            ),
        ),
        tooltip=[alt.Tooltip("answer:N", title="the query is"), alt.Tooltip("age:N", title="it starts")],
    )
    top = (
        alt.layer(bar, words, rule, said, spot)
        .resolve_scale(color="independent")
        .properties(width=base.WIDTH, height=124)
    )

    empty = (
        alt.Chart(base.data("note"))
        .mark_text(x=base.WIDTH / 2, y=45, fontSize=14, color=theme.INK, fontWeight=600)
        .encode(text="text:N")
    )
    bottom = alt.layer(*steps.layers("points", theme.COLORS["green"], "answer"), empty).properties(
        width=base.WIDTH, height=90
    )
    chart = alt.vconcat(top, bottom, spacing=14)
    return drawing(base.finish(chart, base.param("from_ms", 0), base.param("to_ms", 1)))


def tiers(
    points: pd.DataFrame,
    *,
    period_s: int,
    age_s: float,
    start_ms: int,
    end_ms: int,
    name: str,
    title: str = "",
) -> Picture:
    """The tiers across age, the query on them, and what it was answered.

    Args:
        points: the answer: columns ``t`` (milliseconds) and ``value``; empty when nothing came.
        period_s: the period asked for.
        age_s: how long before now the query starts, in seconds.
        start_ms: the query's start.
        end_ms: its end.
        name: the metric's name.
    """
    wanted = tier_of(period_s)
    kept = answered(period_s, age_s)
    rows = []
    for tier in TIERS:
        use = (
            "gone at this age"
            if age_s > tier.kept_s
            else "answers"
            if tier is wanted
            else "kept, but not asked"
        )
        rows.append(
            {
                "tier": tier.name,
                "from_s": NEWEST,
                "kept_s": tier.kept_s,
                "kept": span(tier.kept_s),
                "use": use,
                "gone": int(age_s > tier.kept_s),
                "text": f"kept {_plain(tier.kept_s)}",
            }
        )
    state = "answered" if kept and len(points) else "empty"
    drawn_age = min(max(age_s, NEWEST), OLDEST)
    query = [
        {
            "age_s": drawn_age,
            "tier": wanted.name,
            "answer": state,
            "age": f"{_plain(age_s)} ago",
            "said": f"{_plain(age_s)} old, period {span(period_s)}",
        }
    ]
    table = pd.DataFrame(
        [{"stored every": t["tier"], "kept for": t["kept"], "at this age": t["use"]} for t in rows]
    )
    n = counted(len(points), "datapoint")
    summary = (
        f"A query with period {span(period_s)} over data {_plain(age_s)} old needs the {wanted.name} tier, kept "
        f"{_plain(wanted.kept_s)}: {n}."
    )
    return show(
        _drawing(),
        summary,
        table,
        title=title
        or (f"After {_plain(age_s)}, {name} by {span(period_s)}: {n if len(points) else 'no datapoints'}"),
        rows={
            "tiers": rows,
            "query": query,
            **steps.rows("points", points, period_s),
            "note": [] if len(points) else [{"text": "no datapoints: an empty answer, not an error"}],
        },
        words={"from_ms": start_ms, "to_ms": end_ms},
    )


def _plain(seconds: float) -> str:
    """An age in words: hours below two days, then days."""
    if seconds < HOUR:
        return f"{seconds / 60:.4g} minutes"
    if seconds < 2 * DAY:
        hours = seconds / HOUR
        return f"{hours:.4g} hour{'s' if hours != 1 else ''}"
    return f"{seconds / DAY:.4g} days"
