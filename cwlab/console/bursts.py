"""The resolution panel: one burst of one-second data, seen at periods of 1, 10, 60 and 300 seconds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cwlab.console import reading
from cwlab.console.calls import Recorder
from cwlab.console.charts.periods import periods
from cwlab.console.panels import Panel, Pick, Shown, Whole
from cwlab.console.words import counted, number, span
from cwlab.timeline import iso, to_ms

PERIODS = (1, 10, 60, 300)
SECONDS = 600
QUIET = 20
STATISTICS = ("Average", "Maximum", "Sum", "SampleCount")


def resolution(
    lab: Any,
    *,
    burst: int = 20,
    height: int = 90,
    stored: int = 1,
    statistic: str = "Average",
    begins: int = 75,
) -> Panel:
    """One burst at four periods, side by side on one time axis.

    Ten minutes of data are put on a fork, one datum a second: 20, and ``height`` during the burst. Your lab stays
    as it is.

    Args:
        lab: the lab.
        burst: its length in seconds.
        height: its value.
        stored: StorageResolution, 1 or 60 seconds.
        statistic: what is asked at each period.
        begins: the second at which the burst begins.

    Twin: ``panel.set(burst=5, stored=60, statistic="Maximum")``
    """
    base = lab.fork()
    base.client("cloudwatch")  # the first client of a lab is dear; its forks share what it cost
    end_ms = to_ms(base.now) // 300_000 * 300_000
    start_ms = end_ms - SECONDS * 1000
    start, end = reading.instant(start_ms), reading.instant(end_ms)

    def draw(burst: int, height: int, stored: int, statistic: str) -> Shown:
        copy = base.fork()
        cloudwatch = copy.client("cloudwatch")
        cloudwatch.put_metric_data(
            Namespace="Shop/Burst",
            MetricData=[
                {
                    "MetricName": "Requests",
                    "Timestamp": start + timedelta(seconds=s),
                    "StorageResolution": stored,
                    "Value": height if begins <= s < begins + burst else QUIET,
                }
                for s in range(SECONDS)
            ],
        )
        queries = [reading.query(f"p{p}", "Shop/Burst", "Requests", None, statistic, p) for p in PERIODS]
        with Recorder(copy) as made:
            got = reading.answers(cloudwatch, queries, start, end)
        answers = {p: got[f"p{p}"] for p in PERIODS}
        picture = periods(
            answers,
            name="Requests",
            statistic=statistic,
            start_ms=start_ms,
            end_ms=end_ms,
            resolution_s=stored,
        )
        setup = [
            "from datetime import datetime, timedelta",
            "copy = lab.fork()",
            "cloudwatch = copy.client('cloudwatch')",
            f"start = datetime.fromisoformat({iso(start_ms)!r})",
            "cloudwatch.put_metric_data(Namespace='Shop/Burst', MetricData=[",
            f"    {{'MetricName': 'Requests', 'Timestamp': start + timedelta(seconds=s), 'StorageResolution': {stored},",
            f"     'Value': {height} if {begins} <= s < {begins + burst} else {QUIET}}} for s in range({SECONDS})])",
        ]
        return Shown(picture, _why(stored, statistic, burst, answers), made.entries, setup=setup)

    return Panel(
        "resolution",
        [
            Whole("burst", "Burst (seconds)", 1, 180, burst),
            Whole("height", "Value in the burst", 30, 200, height, step=10),
            Pick("stored", "Stored at", {"1 s (high resolution)": 1, "60 s (standard)": 60}, stored),
            Pick("statistic", "Statistic", {s: s for s in STATISTICS}, statistic),
        ],
        draw,
        height=404,
    )


def _why(stored: int, statistic: str, burst: int, answers: Any) -> str:
    if stored == 60:
        return (
            f"Stored at 60 s, the seconds are gone before you ask: periods of 1 and 10 s bring "
            f"{counted(len(answers[1]), 'datapoint')}, one a minute, as the period of 60 s does."
        )
    top = {p: float(a["value"].max()) for p, a in answers.items() if len(a)}
    if statistic == "Average":
        return (
            f"A datapoint stands for its whole period: a burst of {span(burst)} is averaged with the quiet around it, "
            f"{number(top[1])} by the second, {number(top[300])} by five minutes."
        )
    if statistic == "Maximum":
        return "Maximum keeps the height of the burst at every period; when it happened, and for how long, gets coarser."
    return f"{statistic} adds up over the period: five minutes hold 300 times as many samples as a second."
