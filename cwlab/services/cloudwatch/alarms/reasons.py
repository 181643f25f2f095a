"""StateReason and StateReasonData: what an alarm says of itself, in AWS's words.

Forms as seen on the live service and in the user guide's examples (``alarm-evaluation``, ``cloudwatch-and-eventbridge``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.services.cloudwatch.alarms.decide import BAND, Decision, Evidence, Settings
from cwlab.services.cloudwatch.alarms.records import StateValue
from cwlab.services.cloudwatch.alarms.watched import View
from cwlab.services.cloudwatch.alarms.words import compact, stamp
from cwlab.services.cloudwatch.text import number
from cwlab.timeline import to_datetime

MAX_REASON, MAX_DATA = 1023, 4000
LISTED = 5  # points named in a reason; of more, the newest are
PHRASES = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
TREATED = {"filled as breaching": "Breaching", "filled as fine": "NonBreaching"}


def when(stamp_s: int) -> str:
    """A time as reasons write it: day, month, year of two digits.

    >>> when(1570035540)
    '02/10/19 16:59:00'
    """
    return to_datetime(stamp_s * 1000).strftime("%d/%m/%y %H:%M:%S")


def deciding(decision: Decision) -> list[Evidence]:
    """The real points of the kind that the state speaks of, newest first."""
    wanted = "breaching" if decision.state == "ALARM" else "fine"
    return [slot for slot in reversed(decision.slots) if slot.used and slot.verdict == wanted]


def reason(decision: Decision, settings: Settings, view: View, *, stated_m: bool) -> str:
    """StateReason of a metric alarm.

    Args:
        stated_m: DatapointsToAlarm was given.
    """
    if decision.state == "INSUFFICIENT_DATA":
        count = decision.missing
        return f"Insufficient Data: {_datapoints(count)} {_were(count)} unknown."
    points = deciding(decision)
    n = settings.n
    treated = TREATED.get(decision.rule)
    filled = decision.missing if treated else 0
    missing = f"{filled} missing datapoint{_s(filled)} {_were(filled)} treated as [{treated}]"
    if filled and (not points or not stated_m):
        received = decision.breaching + decision.fine
        got = f"{_datapoints(received)} {_were(received)}" if received else "no datapoints were"
        return _whole(f"Threshold Crossed: {got} received for {n} period{_s(n)} and {missing}.")
    crossing = _crossing(decision, settings, view, points)
    count = len(points)
    subject = f"{count} out of the last {n} datapoints" if stated_m else _datapoints(count)
    listed = ", ".join(f"{number(_value(p))} ({when(view.stamp(p.age))})" for p in points[:LISTED])
    start = f"Threshold{'s' if settings.comparison in BAND else ''} Crossed:"
    if count <= LISTED:
        text = f"{start} {subject} [{listed}] {_were(count)} {crossing}"
    else:
        text = f"{start} {subject} {_were(count)} {crossing}"
    if filled:
        text += f" and {missing}"
    if count > LISTED:
        text += f". The most recent datapoints which crossed the threshold: [{listed}]"
    if stated_m:
        text += f" {_minimum(decision.state, settings)}"
    return _whole(text + ".")


def contributor_reason(decision: Decision, settings: Settings, view: View) -> str:
    """StateReason of one series among many, which has no data block."""
    points = deciding(decision)
    count = len(points)
    if decision.state == "INSUFFICIENT_DATA" or not count:
        return reason(decision, settings, view, stated_m=False)
    newest = f"{number(_value(points[0]))} ({when(view.stamp(points[0].age))})"
    crossing = _crossing(decision, settings, view, points)
    return (
        f"Threshold Crossed: {_datapoints(count)} {_were(count)} {crossing}. "
        f"The most recent datapoint which crossed the threshold: [{newest}]."
    )


def _crossing(decision: Decision, settings: Settings, view: View, points: Sequence[Evidence]) -> str:
    """What the points were or were not."""
    negated = "" if decision.state == "ALARM" else "not "
    if settings.comparison not in BAND:
        assert settings.threshold is not None
        return f"{negated}{PHRASES[settings.comparison]} the threshold ({number(settings.threshold)})"
    bands = [view.bounds[len(view.values) - p.age] for p in points[:LISTED]] if view.bounds else []
    lower = ", ".join(number(band[0]) for band in bands if band)
    upper = ", ".join(number(band[1]) for band in bands if band)
    below, above = f"less than the lower thresholds [{lower}]", f"greater than the upper thresholds [{upper}]"
    return negated + {BAND[0]: f"{below} or {above}", BAND[1]: below, BAND[2]: above}[settings.comparison]


def _minimum(state: StateValue, settings: Settings) -> str:
    if state == "ALARM":
        return f"(minimum {_datapoints(settings.m)} for OK -> ALARM transition)"
    return f"(minimum {_datapoints(settings.n - settings.m + 1)} for ALARM -> OK transition)"


def data(
    decision: Decision,
    settings: Settings,
    view: View,
    now_ms: int,
    *,
    statistic: str | None,
    unit: str | None,
) -> str:
    """StateReasonData of a metric alarm: a JSON text, its keys in AWS's order.

    Args:
        now_ms: the instant of the evaluation.
        statistic: of an alarm on one metric; None for expressions.
        unit: only where the alarm has one.
    """
    real = [slot for slot in decision.slots if slot.used]
    block: dict[str, Any] = {"version": "1.0", "queryDate": stamp(now_ms)}
    if real:
        block["startDate"] = stamp(view.stamp(real[0].age) * 1000)
    if unit is not None:
        block["unit"] = unit
    if statistic is not None:
        block["statistic"] = statistic
    block["period"] = view.period
    span = [slot for slot in decision.slots if real and real[0].age >= slot.age >= real[-1].age]
    block["recentDatapoints"] = [slot.value for slot in span]
    if settings.comparison in BAND:
        bands = [view.bounds[len(view.values) - slot.age] if view.bounds else None for slot in span]
        block["recentLowerThresholds"] = [None if band is None else band[0] for band in bands]
        block["recentUpperThresholds"] = [None if band is None else band[1] for band in bands]
    else:
        block["threshold"] = settings.threshold
    block["evaluatedDatapoints"] = [_evaluated(slot, view) for slot in _evaluated_slots(decision, settings)]
    return _fitting(block)


def _evaluated_slots(decision: Decision, settings: Settings) -> list[Evidence]:
    """The deciding points, newest first; where there are too few, gaps make up the number."""
    needed = settings.n - settings.m + 1 if decision.state == "OK" else settings.m
    real = [] if decision.state == "INSUFFICIENT_DATA" else deciding(decision)[:needed]
    gaps = [slot for slot in reversed(decision.slots) if slot.verdict == "missing"]
    return sorted([*real, *gaps[: needed - len(real)]], key=lambda slot: slot.age)


def _evaluated(slot: Evidence, view: View) -> dict[str, Any]:
    found: dict[str, Any] = {"timestamp": stamp(view.stamp(slot.age) * 1000)}
    if slot.verdict == "missing":
        return found
    if view.counts is not None:
        found["sampleCount"] = view.counts[len(view.values) - slot.age]
    return {**found, "value": slot.value}


def _fitting(block: dict[str, Any]) -> str:
    """The text, within its 4,000 characters: of a long window the newest points are kept (ours to say)."""
    text = compact(block)
    while len(text) > MAX_DATA:
        evaluated, recent = block["evaluatedDatapoints"], block["recentDatapoints"]
        if len(evaluated) > LISTED:
            block["evaluatedDatapoints"] = evaluated[: max(LISTED, len(evaluated) // 2)]
        else:
            for key in ("recentDatapoints", "recentLowerThresholds", "recentUpperThresholds"):
                if key in block:
                    block[key] = block[key][-(len(recent) // 2) :]
        text = compact(block)
    return text


def _value(slot: Evidence) -> float:
    assert slot.value is not None
    return slot.value


def _datapoints(count: int) -> str:
    return f"{count} datapoint{_s(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _whole(text: str) -> str:
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"
