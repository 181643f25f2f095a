"""Resolution: the same data at several periods, one under the other on one time axis."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.charts import base, steps
from cwlab.console.picture import Picture, Row, altair, drawing, show
from cwlab.console.words import counted, number, span
from cwlab.timeline import to_datetime

HEIGHT = 62


@cache
def _drawing(periods: tuple[int, ...]) -> dict[str, Any]:
    alt = altair()
    parts = []
    for i, period in enumerate(periods):
        last = i == len(periods) - 1
        color = theme.SERIES[i % len(theme.SERIES)]
        marks = steps.layers(
            f"p{period}", color, None, labels=last, domainMin=0, domainMax=alt.ExprRef("top"), nice=False
        )
        word = (
            alt.Chart(base.data(f"w{period}"))
            .mark_text(align="right", baseline="top", x=base.WIDTH - 6, y=3, color=theme.INK, fontWeight=600)
            .encode(text="text:N")
        )
        parts.append(alt.layer(*marks, word).properties(width=base.WIDTH, height=HEIGHT))
    chart = alt.vconcat(*parts, spacing=9).resolve_scale(x="shared")
    return drawing(base.finish(chart, base.param("from_ms", 0), base.param("to_ms", 1), base.param("top", 1)))


def periods(
    answers: Mapping[int, pd.DataFrame],
    *,
    name: str,
    statistic: str,
    start_ms: int,
    end_ms: int,
    resolution_s: int = 1,
    title: str = "",
) -> Picture:
    """One strip for each period; each datapoint is as wide as the time it stands for.

    Args:
        answers: period in seconds -> the answer, columns ``t`` (milliseconds) and ``value``.
        name: the metric.
        statistic: the statistic asked for.
        start_ms, end_ms: the shared window.
        resolution_s: what the data were stored at, 1 or 60.
    """
    rows: dict[str, list[Row]] = {}
    tables = []
    highest: dict[int, float] = {}
    for period, full in answers.items():
        full = full.sort_values("t", ignore_index=True)
        width = max(period, resolution_s)
        rows |= steps.rows(f"p{period}", full, width)
        if len(full):
            highest[period] = float(full["value"].max())
        top = f", highest {number(highest[period])}" if period in highest else ""
        rows[f"w{period}"] = [{"text": f"period {span(period)}: {counted(len(full), 'datapoint')}{top}"}]
        tables.append(
            pd.DataFrame(
                {
                    "period (s)": period,
                    "time (UTC)": [to_datetime(int(t)) for t in full["t"]],
                    statistic: full["value"].tolist(),
                }
            )
        )
    table = (
        pd.concat([t for t in tables if len(t)], ignore_index=True)
        if any(len(t) for t in tables)
        else tables[0]
    )
    peak = max(highest.values(), default=1.0) or 1.0
    parts = ", ".join(f"{span(p)}: {counted(len(a), 'datapoint')}" for p, a in answers.items())
    summary = f"{name}, {statistic}, stored at {span(resolution_s)}. Datapoints by period: {parts}."
    return show(
        _drawing(tuple(answers)),
        summary,
        table,
        title=title or _finding(name, statistic, highest),
        rows=rows,
        words={"from_ms": start_ms, "to_ms": end_ms, "top": peak * 1.12},
    )


def _finding(name: str, statistic: str, highest: Mapping[int, float]) -> str:
    if not highest:
        return f"{name}: no datapoints at any period"
    fine, coarse = min(highest), max(highest)
    if fine == coarse or highest[fine] == highest[coarse]:
        return f"{name}: highest {statistic} {number(highest[fine])} at every period"
    return (
        f"The same data: highest {statistic} {number(highest[fine])} by {span(fine)}, "
        f"{number(highest[coarse])} by {span(coarse)}"
    )
