"""An alarm played again with other settings: its metric's past, in a world of its own.

Nothing is computed here. The recorded datapoints are given to a fresh lab, PutMetricAlarm is called there, the clock
runs, and DescribeAlarmHistory says what the alarm would have done. So what you see while moving a slider is what an
alarm does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cwlab.console import standing
from cwlab.console.charts.watching import Span
from cwlab.console.standing import Alarm
from cwlab.lab import Lab
from cwlab.timeline import iso, to_datetime, to_ms

NAME, NAMESPACE = "tried", "Replay"
LEAD_MS = 1_800_000  # data from before the time shown, which the first evaluations see
FINE_MS = 3 * 3_600_000 - LEAD_MS  # seconds are kept for three hours; a longer past is played by the minute


class Played(NamedTuple):
    """What the alarm did with these settings, and what it saw at one instant (as ``lab.why`` says it)."""

    states: list[Span]
    seen: Any


class Replay:
    """The past of one alarm's metric, ready to be played with any settings.

    Args:
        lab: where the alarm is; nothing there is changed.
        alarm: as DescribeAlarms answers it.
        start_ms, end_ms: the time to play.

    A datapoint is replayed as one sample: a percentile over a longer period than the alarm's own is that of its
    datapoints, and SampleCount counts those.
    """

    def __init__(self, lab: Any, alarm: Alarm, start_ms: int, end_ms: int) -> None:
        self.alarm, self.end_ms = alarm, end_ms
        begin_ms = start_ms - LEAD_MS
        fine = alarm["Period"] < 60 and end_ms - start_ms <= FINE_MS
        self.grain_s = 10 if fine else 60
        ask = (to_datetime(begin_ms), to_datetime(end_ms))
        frame = standing.points(lab.client("cloudwatch"), alarm, *ask, self.grain_s)
        self._base = Lab(start=iso(begin_ms))
        self._base.client("cloudwatch")  # the first client of a lab is dear; its forks share what it cost
        if len(frame):
            self._base.act(
                "cloudwatch",
                "load",
                namespace=NAMESPACE,
                metric=alarm["MetricName"],
                stamps=[t // 1000 for t in frame["t"].tolist()],
                values=frame["value"].tolist(),
                resolution=1 if fine else 60,
            )

    def play(self, *, at_ms: int, threshold: float, period: int, n: int, m: int, treatment: str) -> Played:
        """Let the time pass once more with these settings, and look closely at one instant."""
        world = self._base.fork()
        client = world.client("cloudwatch")
        client.put_metric_alarm(
            AlarmName=NAME,
            Namespace=NAMESPACE,
            **settings(self.alarm, threshold=threshold, period=period, n=n, m=m, treatment=treatment),
        )
        world.advance(until=to_datetime(at_ms))
        seen = world.why(NAME)
        if to_ms(world.now) < self.end_ms:
            world.advance(until=to_datetime(self.end_ms))
        alarm = standing.one(client, NAME)
        return Played(standing.spans(client, alarm, self.end_ms), seen)


def settings(
    alarm: Alarm, *, threshold: float, period: int, n: int, m: int, treatment: str
) -> dict[str, Any]:
    """An alarm's parameters of PutMetricAlarm, with other numbers."""
    kind = "Statistic" if "Statistic" in alarm else "ExtendedStatistic"
    return {
        "MetricName": alarm["MetricName"],
        kind: alarm[kind],
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": threshold,
        "Period": period,
        "EvaluationPeriods": n,
        "DatapointsToAlarm": m,
        "TreatMissingData": treatment,
    }
