"""The explore panel: one metric, any statistic, any period, any stretch of time."""

from __future__ import annotations

from typing import Any

from cwlab.console.calls import Recorder
from cwlab.console.panels import Panel, Pick, Shown
from cwlab.console.reading import Dimensions
from cwlab.console.views import metric
from cwlab.console.words import counted, span

STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount", "p50", "p90", "p95", "p99", "TM(:90%)")
PERIODS = (60, 300, 900, 3600, 21600, 86400)
HOURS = (1, 3, 6, 12, 24, 72, 168, 336)
MOST = 1440


def explore(
    lab: Any,
    namespace: str,
    name: str,
    dimensions: Dimensions | None = None,
    *,
    statistic: str = "Average",
    period: int = 300,
    hours: int = 24,
    unit: str | None = None,
) -> Panel:
    """One metric with its statistic, its period and how far back to look on controls; one GetMetricData call a move.

    Args:
        lab: the lab; ``client`` and ``now`` are used, and its journal for the calls.
        namespace, name, dimensions: the metric.
        statistic, period, hours: where the controls start; a value of your own is added to those offered.
        unit: only data of this unit.

    Twin: ``panel.set(statistic="p95", hours=6)``
    """

    def draw(statistic: str, period: int, hours: int) -> Shown:
        with Recorder(lab) as made:
            picture = metric(lab, namespace, name, dimensions, statistic, period, hours, unit=unit)
        return Shown(picture, _why(statistic, period, hours, len(picture.table)), made.entries)

    return Panel(
        "explore",
        [
            Pick("statistic", "Statistic", {s: s for s in _with(STATISTICS, statistic)}, statistic),
            Pick("period", "Period", {span(p): p for p in sorted(_with(PERIODS, period))}, period),
            Pick(
                "hours", "Look back", {_back(h): h for h in sorted(_with(HOURS, hours))}, hours, slider=True
            ),
        ],
        draw,
        height=300,
    )


def _with(offered: tuple[Any, ...], chosen: Any) -> tuple[Any, ...]:
    return offered if chosen in offered else (*offered, chosen)


def _back(hours: int) -> str:
    return span(hours * 3600)


def _why(statistic: str, period: int, hours: int, points: int) -> str:
    room = hours * 3600 // period
    if not points:
        return "No datapoints: nothing was sent in this window, or it is too old for this period."
    each = f"Each datapoint is the {statistic} of {span(period)}"
    if points < room:
        return f"{each}: {counted(points, 'period')} of {room:,} hold data, the others are gaps, not zeros."
    return f"{each}: {counted(points, 'datapoint')} for {_back(hours)}."
