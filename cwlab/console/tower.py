"""The alarm console: the metric, the window that slides over it, the states; and what another setting would have done."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from cwlab.console import evidence, standing
from cwlab.console.charts.watching import Span, Strip, height, watching
from cwlab.console.following import metric_of
from cwlab.console.panels import Control, Panel, Pick, Shown, Whole
from cwlab.console.replaying import Replay, settings
from cwlab.console.words import number, span
from cwlab.timeline import iso, to_datetime, to_ms

STEPS = 60  # places of the time slider at most
PERIODS = (10, 30, 60, 120, 300, 900)
MOST_N = 10
THRESHOLDS = 40  # places of a threshold's slider that is not in whole numbers
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def alarm(lab: Any, name: str, *, minutes: float = 60, at: str | None = None) -> Panel:
    """The alarm console: move an alarm's settings and see what it would have said, minute by minute.

    The metric stands above; under it the window: the points that decided at the minute you choose, and how each counted;
    then the states as they were, and as they would have been. Nothing in your lab changes: the metric's past is played
    again in a world of its own.

    Args:
        lab: the lab.
        name: of the alarm; it watches one metric with a fixed threshold.
        minutes: how far back from now.
        at: the minute to look at, as ``"2026-03-02T09:12:00Z"``; the last one when left out.

    Twin: ``panel.set(threshold=70, n=3, m=2, treatment="breaching", at="2026-03-02T09:12:00Z")``

    Raises:
        BadInput: there is no such alarm, or it watches an expression, a band or other alarms.
    """
    client = lab.client("cloudwatch")
    found = standing.plain(standing.one(client, name))
    step = 10_000 if found["Period"] < 60 else 60_000
    now_ms = to_ms(lab.now)
    last_ms = now_ms // step * step
    first_ms = max(to_ms(lab.start), now_ms - round(minutes * 60_000)) // step * step
    first_ms = min(first_ms, last_ms - 5 * step)
    every = step * max(1, -(-(last_ms - first_ms) // (step * STEPS)))
    stops = [iso(t) for t in range(last_ms, first_ms, -every)][::-1]
    replay = Replay(lab, found, first_ms, now_ms)
    as_it_was = standing.spans(client, found, now_ms)
    past = (to_datetime(first_ms) - timedelta(seconds=900), lab.now)
    frames = {found["Period"]: standing.points(client, found, *past)}
    level = float(found["Threshold"])
    fitting_periods = {p for p in PERIODS if p >= replay.grain_s} | {found["Period"]}

    def draw(threshold: float, period: int, n: int, m: int, treatment: str, at: str) -> Shown:
        m = min(m, n)
        if period not in frames:
            frames[period] = standing.points(client, found, *past, period)
        played = replay.play(
            at_ms=to_ms(at), threshold=threshold, period=period, n=n, m=m, treatment=treatment
        )
        seen = evidence.window(played.seen)
        picture = watching(
            [metric_of(found, frames[period], threshold=threshold, period=period)],
            [Strip(name, as_it_was), Strip("with these", played.states)],
            start_ms=first_ms,
            end_ms=now_ms + round((now_ms - first_ms) * 0.04),
            now_ms=now_ms,
            window=seen,
            title=_finding(found, played.states, first_ms, threshold, period, n, m),
        )
        tried = settings(found, threshold=threshold, period=period, n=n, m=m, treatment=treatment)
        return Shown(picture, evidence.sentence(played.seen), setup=_calls(found, tried))

    most = max(MOST_N, found["EvaluationPeriods"])
    n, m = found["EvaluationPeriods"], found.get("DatapointsToAlarm", found["EvaluationPeriods"])
    periods = {span(p): p for p in sorted(fitting_periods)}
    treatment = found.get("TreatMissingData", "missing")
    controls: list[Control] = [
        Pick("period", "Period", periods, found["Period"]),
        Pick("treatment", "Missing data", {t: t for t in TREATMENTS}, treatment),
        _threshold(level, frames[found["Period"]]["value"].tolist()),
        Whole("n", "N, periods it looks at", 1, most, n),
        Whole("m", "M, breaching of those", 1, most, m),
        Pick("at", "Look at (UTC)", _clocks(stops), _nearest(stops, at), slider=True),
    ]
    return Panel(name, controls, draw, height=height(1, 2, window=True) + 58)


def _threshold(level: float, values: list[float]) -> Control:
    """A slider over all that the metric was and twice the threshold: by whole numbers where those are fine enough."""
    low, high = min(0.0, 2 * level, *values), max(1.0 if level == 0 else 0.0, 2 * level, *values)
    if level == int(level) and high - low >= 20:
        least, most = math.floor(low), math.ceil(high)
        step = max(1, (most - least) // 100)
        return Whole("threshold", "Threshold", least, most, int(level), step)
    steps = (high - low) / THRESHOLDS
    levels = sorted({level, *(float(f"{low + steps * i:.3g}") for i in range(THRESHOLDS + 1))})
    return Pick("threshold", "Threshold", {f"{v:.4g}": v for v in levels}, level, slider=True)


def _clocks(stops: list[str]) -> dict[str, str]:
    return {s[11:19].removesuffix(":00"): s for s in stops}


def _nearest(stops: list[str], at: str | None) -> str:
    if at is None:
        return stops[-1]
    return min(stops, key=lambda s: abs(to_ms(s) - to_ms(at)))


def _calls(found: Any, tried: dict[str, Any]) -> list[str]:
    """What would give the alarm itself these settings."""
    kept = {k: found[k] for k in ("Namespace", "Dimensions", "Unit") if found.get(k)}
    actions = {k: found[k] for k in ("OKActions", "AlarmActions", "InsufficientDataActions") if found.get(k)}
    lines = [f"    {key}={value!r}," for key, value in {**kept, **tried, **actions}.items()]
    return [
        "# played on a copy of the metric's past; this would give the alarm itself these settings:",
        "cloudwatch = lab.client('cloudwatch')",
        "cloudwatch.put_metric_alarm(",
        f"    AlarmName={found['AlarmName']!r},",
        *lines,
        ")",
    ]


def _finding(
    found: Any, states: list[Span], start_ms: int, threshold: float, period: int, n: int, m: int
) -> str:
    side = standing.COMPARE[found["ComparisonOperator"]][0]
    rule = f"{m} of {n} × {span(period)} {side} {number(threshold)}"
    return f"{rule}: {standing.in_alarm(states, start_ms)}"
