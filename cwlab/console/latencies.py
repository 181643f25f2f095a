"""The statistics panel: latencies, a slider for outliers, and the statistics drawn on the distribution."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

from cwlab.console import reading
from cwlab.console.calls import Recorder
from cwlab.console.charts.distribution import distribution
from cwlab.console.panels import Panel, Pick, Shown, Whole
from cwlab.console.words import number
from cwlab.timeline import to_ms

REQUESTS = 200
MEDIAN, SPREAD = 120.0, 0.33  # milliseconds; the spread of their logarithm
STATISTICS = ("Average", "p50", "TM(0%:95%)", "p95", "p99")
SLOW = (500, 1000, 3000, 10000)


def ordinary(n: int) -> list[int]:
    """Latencies of ``n`` ordinary requests in whole milliseconds: the quantiles of a log-normal distribution.

    No chance is in it; the same ``n`` gives the same list.
    """
    normal = NormalDist(math.log(MEDIAN), SPREAD)
    return [round(math.exp(normal.inv_cdf((i + 0.5) / n))) for i in range(n)]


def tally(values: list[int]) -> tuple[list[int], list[int]]:
    """Distinct values and how often each occurs: the ``Values`` and ``Counts`` of a datum."""
    distinct = sorted(set(values))
    return distinct, [values.count(v) for v in distinct]


def statistics(lab: Any, *, outliers: int = 2, slow: int = 3000) -> Panel:
    """Average, percentiles and a trimmed mean, drawn on the latencies they sum up.

    Two hundred requests are put on a fork as one datum with Values and Counts; some of them are slow. Your lab stays
    as it is.

    Args:
        lab: the lab.
        outliers: how many of the 200 requests are slow.
        slow: what a slow one takes, in milliseconds.

    Twin: ``panel.set(outliers=8)``
    """
    base = lab.fork()
    base.client("cloudwatch")  # the first client of a lab is dear; its forks share what it cost
    minute = to_ms(base.now) // 60_000 * 60_000
    start, end = reading.instant(minute), reading.instant(minute + 60_000)

    def draw(outliers: int, slow: int) -> Shown:
        values, counts = tally(ordinary(REQUESTS - outliers) + [slow] * outliers)
        copy = base.fork()
        cloudwatch = copy.client("cloudwatch")
        queries = [
            reading.query(f"s{i}", "Shop/Latency", "Latency", None, s, 60) for i, s in enumerate(STATISTICS)
        ]
        with Recorder(copy) as made:
            cloudwatch.put_metric_data(
                Namespace="Shop/Latency",
                MetricData=[
                    {
                        "MetricName": "Latency",
                        "Unit": "Milliseconds",
                        "Timestamp": start,
                        "Values": values,
                        "Counts": counts,
                    }
                ],
            )
            copy.advance(until=end)
            got = reading.answers(cloudwatch, queries, start, end)
        said = {s: float(got[f"s{i}"]["value"].iloc[0]) for i, s in enumerate(STATISTICS)}
        picture = distribution(
            values,
            counts,
            said,
            name="Latency",
            unit="Milliseconds",
            title=f"{outliers} slow of {REQUESTS}: Average {number(said['Average'])} ms, "
            f"p50 {number(said['p50'])} ms, p99 {number(said['p99'])} ms",
        )
        setup = [
            "copy = lab.fork()",
            "cloudwatch = copy.client('cloudwatch')",
            f"values = {values}",
            f"counts = {counts}",
            "cloudwatch.put_metric_data(Namespace='Shop/Latency', MetricData=[",
            "    {'MetricName': 'Latency', 'Unit': 'Milliseconds', 'Timestamp': " + f"{start.isoformat()!r},",
            "     'Values': values, 'Counts': counts}])",
            f"copy.advance(until={end.isoformat()!r})",
        ]
        return Shown(picture, _why(outliers, said), made.entries[2:], setup=setup)

    return Panel(
        "statistics",
        [
            Whole("outliers", "Slow requests of 200", 0, 30, outliers),
            Pick("slow", "A slow one takes", {f"{number(s)} ms": s for s in SLOW}, slow, slider=True),
        ],
        draw,
        height=284,
    )


def _why(outliers: int, said: dict[str, float]) -> str:
    share = outliers * 100 / REQUESTS
    if not outliers:
        return "With no outliers the Average and the median lie close together, and p95 and p99 show the ordinary tail."
    caught = [p for p, from_share in (("p99", 1), ("p95", 5)) if share > from_share]
    tail = (
        f"{' and '.join(caught)} now show{'s' if len(caught) == 1 else ''} the slow ones"
        if caught
        else ("no percentile shown reaches that far into the tail")
    )
    return (
        f"{number(share)} % of the requests pull the Average to {number(said['Average'])} ms while the median stays at "
        f"{number(said['p50'])} ms; {tail}."
    )
