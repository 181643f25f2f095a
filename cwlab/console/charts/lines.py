"""Metric lines: one or more series over time."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.charts import base
from cwlab.console.picture import Picture, Row, altair, drawing, show
from cwlab.console.sampling import LIMIT, envelope
from cwlab.console.words import clean, clock, counted, number, shorten, span
from cwlab.timeline import to_datetime

HEIGHT = 220
DOTS = 100  # up to so many points in all, each is marked and can be pointed at


@cache
def _drawing(series: tuple[str, ...], dots: bool, height: int, first: int) -> dict[str, Any]:
    alt = altair()
    many = len(series) > 1
    legend = alt.Legend(offset=20) if many else None  # above the name of the vertical axis
    places = range(first, first + len(series))
    colors = [theme.SERIES[i % len(theme.SERIES)] for i in places]
    shapes = [theme.SHAPES[i % len(theme.SHAPES)] for i in places]
    domain = list(series)
    shared = alt.Chart(base.data("points")).encode(
        x=base.utc_x(),
        y=alt.Y(
            "value:Q",
            title=None,
            scale=alt.Scale(zero=True, nice=True),
            axis=alt.Axis(tickCount=5, format=",.12~g"),
        ),
        color=alt.Color("series:N", scale=alt.Scale(domain=domain, range=colors), legend=legend),
    )
    if dots:
        tips = [
            alt.Tooltip("at:N", title="time (UTC)"),
            alt.Tooltip("value:Q", title="value", format=",.4~g"),
            alt.Tooltip("series:N", title="series"),
        ]
        shape = alt.Shape("series:N", scale=alt.Scale(domain=domain, range=shapes), legend=legend)
        layers = [
            shared.mark_line(strokeWidth=2, strokeJoin="round"),
            shared.mark_point(filled=True, size=38, opacity=1).encode(shape=shape, tooltip=tips),
        ]
    else:
        # One path for each series: hundreds of marks would be too narrow to point at, and slow to move.
        dashes = [theme.DASHES[i % len(theme.DASHES)] for i in places]
        dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=domain, range=dashes), legend=legend)
        layers = [shared.mark_line(strokeWidth=2, strokeJoin="round").encode(strokeDash=dash)]
    empty = (
        alt.Chart(base.data("note"))
        .mark_text(x=base.WIDTH / 2, y=height / 2, fontSize=14, color=theme.INK, fontWeight=600)
        .encode(text="text:N")
    )
    chart = alt.layer(*layers, base.now_rule(), base.y_name(), empty)
    params = [base.param("from_ms", 0), base.param("to_ms", 1), base.param("y_name", "")]
    return drawing(base.finish(chart, *params, height=height))


def with_gaps(frame: pd.DataFrame, period_s: int) -> pd.DataFrame:
    """A row without a value wherever a period is missing, so that the line breaks: no data is not zero."""
    step = period_s * 1000
    gap = frame["t"].diff() > step
    if not gap.any():
        return frame
    holes = frame.loc[gap].assign(t=lambda f: f["t"] - step, value=float("nan"))
    return pd.concat([frame, holes]).sort_values("t", kind="stable", ignore_index=True)


def _labels(series: tuple[str, ...]) -> dict[str, str]:
    """A short label for each series; those that look alike when shortened are numbered."""
    short = [shorten(s, 44) for s in series]
    return {
        s: label if short.count(label) == 1 else f"{label} ({i})"
        for i, (s, label) in enumerate(zip(series, short, strict=True), 1)
    }


def finding(frame: pd.DataFrame, name: str) -> str:
    """What the chart shows in one sentence: emptiness, the peak, or the leader among several."""
    if frame.empty:
        return f"{name}: no datapoints"
    place = int(frame["value"].to_numpy().argmax())
    highest = float(frame["value"].iloc[place])
    at = to_datetime(int(frame["t"].iloc[place])).strftime("%H:%M:%S").removesuffix(":00")
    if frame["series"].nunique() > 1:
        return (
            f"{name}: highest is {shorten(frame['series'].iloc[place], 40)}, {number(highest)}, at {at} UTC"
        )
    if frame["value"].min() == frame["value"].max():
        return f"{name} is steady at {number(highest)}"
    return f"{name} peaks at {number(highest)}, at {at} UTC"


def lines(
    frame: pd.DataFrame,
    *,
    name: str,
    y_title: str,
    period_s: int,
    start_ms: int,
    end_ms: int,
    now_ms: int | None = None,
    title: str = "",
    empty: str = "no datapoints",
    height: int = HEIGHT,
    first: int = 0,
) -> Picture:
    """Series over time.

    Args:
        frame: columns ``t`` (milliseconds), ``value``, ``series``.
        name: what is drawn, for title and summary.
        y_title: statistic and unit.
        period_s: seconds between datapoints; wider gaps break the line.
        now_ms: where "now" is drawn, if inside the window.
        title: the finding; found by itself when left out.
        empty: what stands in the chart when there is nothing to draw.
        height: of the plot, in pixels.
        first: so many colors and shapes are taken by series drawn elsewhere.
    """
    frame = frame.sort_values(["series", "t"], kind="stable", ignore_index=True)
    series = tuple(dict.fromkeys(frame["series"])) or (name,)
    labels = _labels(series)
    drawn = []
    thinned = 0
    for key in series:
        one = frame[frame["series"] == key][["t", "value", "series"]]
        less = envelope(one, LIMIT)
        thinned += len(one) - len(less)
        drawn.append(less if len(less) < len(one) else with_gaps(less, period_s))
    points = pd.concat(drawn) if drawn else frame
    dots = len(points) <= DOTS
    rows: list[Row] = [
        {"t": int(t), "value": None if v != v else float(v), "series": labels[s]}
        | ({"at": to_datetime(int(t)).strftime("%Y-%m-%d %H:%M:%S")} if dots else {})
        for t, v, s in zip(points["t"], points["value"], points["series"], strict=True)
    ]
    table = pd.DataFrame(
        {
            "time (UTC)": [to_datetime(int(t)) for t in frame["t"]],
            "series": frame["series"].tolist(),
            y_title: frame["value"].tolist(),
        }
    )
    until = end_ms if now_ms is None else min(now_ms, end_ms)  # right of now there is nothing to tell
    summary = (
        f"{counted(len(frame), 'datapoint')} in {counted(len(series), 'series', 'series')}, "
        f"one per {span(period_s)}, from {clock(to_datetime(start_ms))} to {clock(to_datetime(until))}."
    )
    if frame.empty:
        summary = (
            f"No datapoints from {clock(to_datetime(start_ms))} to {clock(to_datetime(until))} "
            f"at a period of {span(period_s)}."
        )
    if thinned:
        summary += f" Drawn by the lowest and highest of each slice ({counted(thinned, 'point')} between them left out)."
    now = [{"t": now_ms}] if now_ms is not None and start_ms <= now_ms <= end_ms else []
    return show(
        _drawing(tuple(labels.values()), dots, height, first),
        summary,
        table,
        title=title or finding(frame, name),
        rows={"points": rows, "now": now, "note": [] if rows else [{"text": empty}]},
        words={"from_ms": start_ms, "to_ms": end_ms, "y_name": clean(y_title)},
    )
