"""Statistics where they belong: as marks on the distribution they summarize."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.charts import base
from cwlab.console.picture import Picture, altair, drawing, show
from cwlab.console.words import counted, number

HEIGHT = 190
BINS = 48
RANKS = 6  # statistics drawn at most, each label on its own line


def bins(values: Sequence[float], counts: Sequence[float], n: int = BINS) -> pd.DataFrame:
    """A histogram with ``n`` bins of equal ratio (equal width on a log axis), or equal width if zero or less occurs.

    Returns:
        Columns ``low``, ``high``, ``count``; the counts add up to the sum of ``counts``.
    """
    if not values:
        return pd.DataFrame({"low": [], "high": [], "count": []})
    low, high = min(values), max(values)
    log = low > 0
    a, b = (math.log(low), math.log(high)) if log else (low, high)
    if b - a < 1e-12:
        a, b = a - 0.5, b + 0.5
    width = (b - a) / n
    total = [0.0] * n
    for value, count in zip(values, counts, strict=True):
        place = ((math.log(value) if log else value) - a) / width
        total[min(max(int(place), 0), n - 1)] += count
    ends = [a + i * width for i in range(n + 1)]
    if log:
        ends = [math.exp(e) for e in ends]
    return pd.DataFrame({"low": ends[:-1], "high": ends[1:], "count": total})


@cache
def _drawing(names: tuple[str, ...], unit: str, log: bool) -> dict[str, Any]:
    alt = altair()
    scale = alt.Scale(
        type="log" if log else "linear",
        nice=False,
        **({} if log else {"zero": False}),
        domainMin=alt.ExprRef("low"),
        domainMax=alt.ExprRef("high"),
    )
    x_title = f"value ({unit})" if unit and unit != "None" else "value"
    axis = alt.Axis(format="~s", labelOverlap=True, tickCount=8, grid=False)
    bars = (
        alt.Chart(base.data("bins"))
        .mark_rect(color=theme.COLORS["blue"], fillOpacity=0.35, stroke=theme.COLORS["blue"], strokeWidth=1)
        .encode(
            x=alt.X("low:Q", scale=scale, axis=axis, title=x_title),
            x2="high:Q",
            y2=alt.datum(0),
            y=alt.Y(
                "count:Q",
                title="samples",
                axis=alt.Axis(tickCount=4),
                scale=alt.Scale(nice=False, domainMin=0, domainMax=alt.ExprRef("room")),
            ),
            tooltip=[
                alt.Tooltip("low:Q", title="from", format=",.4~g"),
                alt.Tooltip("high:Q", title="to", format=",.4~g"),
                alt.Tooltip("count:Q", title="samples", format=",.4~g"),
            ],
        )
    )
    stats = alt.Chart(base.data("statistics"))
    color = alt.Color(
        "name:N",
        legend=None,
        scale=alt.Scale(
            domain=list(names), range=[theme.SERIES[(i + 1) % len(theme.SERIES)] for i in range(len(names))]
        ),
    )
    tips = [alt.Tooltip("name:N", title="statistic"), alt.Tooltip("value:Q", format=",.4~g")]
    rules = stats.mark_rule(strokeWidth=2).encode(
        x=alt.X("value:Q", scale=scale),
        y=alt.Y("label_y:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
        color=color,
        strokeDash=alt.StrokeDash(
            "name:N", legend=None, scale=alt.Scale(domain=list(names), range=theme.DASHES[: len(names)])
        ),
        tooltip=tips,
    )
    words = stats.mark_text(align="left", baseline="middle", dx=5, fontWeight=600).encode(
        x=alt.X("value:Q", scale=scale),
        y=alt.Y("label_y:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
        text="label:N",
        color=color,
        tooltip=tips,
    )
    chart = alt.layer(bars, alt.layer(rules, words)).resolve_scale(y="independent")
    return drawing(
        base.finish(
            chart, base.param("low", 0.1), base.param("high", 1), base.param("room", 1), height=HEIGHT
        )
    )


def distribution(
    values: Sequence[float],
    counts: Sequence[float],
    statistics: Mapping[str, float],
    *,
    name: str,
    unit: str = "",
    title: str = "",
) -> Picture:
    """A histogram with one labeled rule for each statistic.

    Args:
        values: the samples; ``counts`` says how often each occurs.
        statistics: what CloudWatch answered, by name (at most six), in drawing order.
        name: the metric's name.
        unit: its unit.
    """
    frame = bins(values, counts)
    log = bool(values) and min(values) > 0
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    # Room on the right for the last label.
    pad = (high / low) ** 0.22 if log and high > low else 1.2
    top = high * pad if log else high + (high - low or 1) * 0.22
    # The smallest has the highest label: labels run to the right, so no taller rule crosses one.
    shown = sorted(list(statistics.items())[:RANKS], key=lambda item: item[1])
    marks = [
        {
            "name": key,
            "value": float(value),
            "label": f"{key} {number(value)}",
            "label_y": round(0.96 - 0.085 * i, 3),
        }
        for i, (key, value) in enumerate(shown)
    ]
    n = sum(counts)
    table = pd.DataFrame({"statistic": list(statistics), "value": [float(v) for v in statistics.values()]})
    said = ", ".join(f"{k} {number(v)}" for k, v in statistics.items())
    summary = f"{name}: {counted(int(n), 'sample')} from {number(low)} to {number(high)} {unit}. {said}."
    return show(
        _drawing(tuple(statistics)[:RANKS], unit, log),
        summary,
        table,
        title=title or f"{name}: {said}",
        rows={"bins": base.to_rows(frame), "statistics": marks},
        # the labels have the upper half to themselves
        words={
            "low": low / 1.05 if log else low,
            "high": top,
            "room": float(frame["count"].max() if len(frame) else 1) * 1.9,
        },
    )
