"""Datapoints as steps: each is as wide as the time it stands for, and nothing is drawn where none is.

A step is an area and an outline, one path each however many datapoints there are. Wide ones also carry a
transparent block that shows its numbers under the pointer.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from cwlab.console.charts import base
from cwlab.console.picture import Row, altair
from cwlab.console.sampling import columns
from cwlab.console.words import span
from cwlab.timeline import to_datetime

#: With more blocks than this they are too narrow to point at.
POINTABLE = 64


def layers(name: str, color: str, y_title: str | None, *, labels: bool = True, **y_scale: Any) -> list[Any]:
    """The layers that draw the data sets ``name`` (steps) and ``name_tips`` (blocks to point at)."""
    alt = altair()
    x = base.utc_x(labels=labels)
    y = alt.Y(
        "high:Q", title=y_title, axis=alt.Axis(tickCount=3), scale=alt.Scale(zero=True, **y_scale), stack=None
    )
    steps = alt.Chart(base.data(name)).encode(x=x, y=y)
    fill = steps.mark_area(interpolate="step-after", color=color, fillOpacity=0.25).encode(y2=alt.datum(0))
    top = steps.mark_area(
        interpolate="step-after", color=color, line=False, stroke=color, strokeWidth=1.6, strokeJoin="round"
    ).encode(y2="low:Q")
    tips = (
        alt.Chart(base.data(f"{name}_tips"))
        .mark_rect(opacity=0)
        .encode(
            x=x,
            x2="t2:T",
            y=y,
            y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("at:N", title="period starts (UTC)"),
                alt.Tooltip("high:Q", title="value", format=",.4~g"),
                alt.Tooltip("lasts:N", title="it stands for"),
            ],
        )
    )
    return [fill, top, tips]


def rows(name: str, frame: pd.DataFrame, width_s: int) -> dict[str, list[Row]]:
    """The rows for ``layers``: one step for each datapoint (or, where there are very many, for several of them).

    Args:
        name: the data set's name.
        frame: columns ``t`` (milliseconds) and ``value``, in time order.
        width_s: the time one datapoint stands for, in seconds.
    """
    blocks = columns(frame, width_s * 1000)
    steps: list[Row] = []
    tips: list[Row] = []
    before: tuple[int, float, float] | None = None  # where the last block ended, and its values
    for t, t2, low, high in zip(blocks["t"], blocks["t2"], blocks["low"], blocks["high"], strict=True):
        if before is not None and before[0] < t:
            steps += _end(*before)
        steps.append({"t": int(t), "low": float(low), "high": float(high)})
        before = (int(t2), float(low), float(high))
        if len(blocks) <= POINTABLE:
            at = to_datetime(int(t)).strftime("%Y-%m-%d %H:%M:%S")
            tips.append({"t": int(t), "t2": int(t2), "high": float(high), "at": at, "lasts": span(width_s)})
    if before is not None:
        steps += _end(*before)
    return {name: steps, f"{name}_tips": tips}


def _end(t: int, low: float, high: float) -> list[Row]:
    """The right edge of the last block before a hole, and the hole."""
    return [{"t": t, "low": low, "high": high}, {"t": t, "low": None, "high": None}]
