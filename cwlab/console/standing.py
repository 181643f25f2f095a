"""What the console asks about alarms: their configuration, the states they were in, and what they did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from cwlab.console import reading
from cwlab.console.charts.watching import Mark, Span, Strip
from cwlab.console.words import number
from cwlab.errors import BadInput
from cwlab.timeline import to_datetime, to_ms

KINDS = ["MetricAlarm", "CompositeAlarm"]
COMPARE: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": ("above", lambda v, t: v > t),
    "GreaterThanOrEqualToThreshold": ("at or above", lambda v, t: v >= t),
    "LessThanThreshold": ("below", lambda v, t: v < t),
    "LessThanOrEqualToThreshold": ("at or below", lambda v, t: v <= t),
}
Alarm = Mapping[str, Any]


def all_of(
    client: Any, names: Sequence[str] | None = None, kinds: Sequence[str] = KINDS
) -> list[dict[str, Any]]:
    """Alarms of both kinds as DescribeAlarms answers them, ordered by name."""
    given = {"AlarmNames": list(names)} if names is not None else {}
    found: list[dict[str, Any]] = []
    for page in client.get_paginator("describe_alarms").paginate(AlarmTypes=list(kinds), **given):
        found += [*page["MetricAlarms"], *page["CompositeAlarms"]]
    return sorted(found, key=lambda a: str(a["AlarmName"]))


def one(client: Any, name: str) -> dict[str, Any]:
    """One alarm.

    Raises:
        BadInput: there is none of this name.
    """
    return chosen(client, [name])[0]


def chosen(client: Any, names: Sequence[str] | None) -> list[dict[str, Any]]:
    """The alarms of these names, in this order; all there are, by name, where none are named.

    Raises:
        BadInput: there is none of one of the names.
    """
    found = {str(a["AlarmName"]): a for a in all_of(client, names)}
    for name in names or ():
        if name not in found:
            there = ", ".join(a["AlarmName"] for a in all_of(client)[:8]) or "none yet"
            raise BadInput(name, "is not an alarm of this account and Region.", f"There are: {there}.")
    return [found[name] for name in (found if names is None else names)]


def history(
    client: Any, name: str, kind: str = "StateUpdate", start: datetime | None = None
) -> list[dict[str, Any]]:
    """Items of an alarm's history, oldest first."""
    given = {"StartDate": start} if start is not None else {}
    pages = client.get_paginator("describe_alarm_history").paginate(
        AlarmName=name, AlarmTypes=KINDS, HistoryItemType=kind, ScanBy="TimestampAscending", **given
    )
    return [item for page in pages for item in page["AlarmHistoryItems"]]


def spans(client: Any, alarm: Alarm, now_ms: int) -> list[Span]:
    """The states an alarm was in, from its creation (as far as its history reaches) until now."""
    items = history(client, alarm["AlarmName"])
    found: list[Span] = []
    for i, item in enumerate(items):
        told = json.loads(item["HistoryData"])
        at = to_ms(item["Timestamp"])
        until = to_ms(items[i + 1]["Timestamp"]) if i + 1 < len(items) else now_ms
        if not found:
            before = told["oldState"]
            found.append(
                Span(_made(client, alarm, at), at, before["stateValue"], before.get("stateReason", ""))
            )
        new = told["newState"]
        found.append(Span(at, until, new["stateValue"], new.get("stateReason", "")))
    if not found:
        since = to_ms(alarm["StateUpdatedTimestamp"])
        found.append(Span(since, now_ms, alarm["StateValue"], alarm.get("StateReason", "")))
    return joined(found)


def joined(stretches: Iterable[Span]) -> list[Span]:
    """Neighbors in the same state as one (a composite writes an item also when only its suppression changes)."""
    found: list[Span] = []
    for span in stretches:
        if found and found[-1].word == span.word and found[-1].to_ms == span.from_ms:
            found[-1] = Span(found[-1].from_ms, span.to_ms, span.word, found[-1].why)
        else:
            found.append(span)
    return [s for s in found if s.to_ms > s.from_ms] or found[-1:]


def _made(client: Any, alarm: Alarm, first_ms: int) -> int:
    """When the alarm was created, as far as its history says; otherwise when its first state ended."""
    made = [
        to_ms(item["Timestamp"])
        for item in history(client, alarm["AlarmName"], "ConfigurationUpdate")
        if item["HistorySummary"].endswith("created")
    ]
    return min([*made, first_ms])


def in_alarm(states: Iterable[Span], start_ms: int) -> str:
    """How often and how long these states were ALARM since an instant: ``ALARM at 09:12, for 14 min``."""
    rang = [s for s in states if s.word == "ALARM" and s.to_ms > start_ms]
    if not rang:
        return "never in ALARM"
    inside = round(sum(s.to_ms - max(s.from_ms, start_ms) for s in rang) / 1000)
    lasted = f"{inside} s" if inside < 60 else f"{number(round(inside / 60, 1))} min"
    if len(rang) > 1:
        return f"ALARM {len(rang)} times, {lasted} in all"
    first = to_datetime(max(rang[0].from_ms, start_ms))
    return f"ALARM at {first:%H:%M:%S}".removesuffix(":00") + f", for {lasted}"


def strip(client: Any, alarm: Alarm, now_ms: int, label: str = "") -> Strip:
    """An alarm's states as a strip."""
    return Strip(label or alarm["AlarmName"], spans(client, alarm, now_ms))


def actions(client: Any, name: str) -> list[Mark]:
    """What an alarm did, from its history, as marks: where it went, and whether it arrived."""
    found = []
    for item in history(client, name, "Action"):
        told = json.loads(item["HistoryData"])
        good = told.get("actionState", "Succeeded") == "Succeeded"
        where = target(str(told.get("notificationResource") or ""))
        found.append(
            Mark(to_ms(item["Timestamp"]), where, "done" if good else "failed", str(item["HistorySummary"]))
        )
    return found


def target(arn: str) -> str:
    """What an action's ARN names, in two words.

    >>> target("arn:aws:sns:us-east-1:123456789012:ops")
    'SNS ops'
    >>> target("arn:aws:automate:us-east-1:ec2:stop")
    'EC2 stop'
    """
    parts = arn.split(":")
    if len(parts) < 6:
        return arn
    service, last = parts[2], parts[-1]
    if service == "autoscaling":
        return f"policy {arn.rsplit('policyName/', 1)[-1]}"
    return f"{ {'sns': 'SNS', 'lambda': 'function', 'automate': 'EC2'}.get(service, service) } {last}"


# What it watches ---------------------------------------------------------------------------------------------------


def plain(alarm: Alarm) -> Alarm:
    """The alarm itself, if it watches one metric with a fixed threshold.

    Raises:
        BadInput: it watches an expression, a band, or other alarms.
    """
    if "MetricName" not in alarm or "Threshold" not in alarm:
        raise BadInput(
            alarm["AlarmName"],
            "does not watch one metric with a fixed threshold.",
            "console.alarms(lab) and console.aftermath(lab, name) show every alarm.",
        )
    return alarm


def statistic(alarm: Alarm) -> str:
    return str(alarm.get("Statistic") or alarm["ExtendedStatistic"])


def breaches(alarm: Alarm, threshold: float | None = None) -> Callable[[float], bool]:
    """Whether a value breaches the alarm's threshold, or another one."""
    against = alarm["Threshold"] if threshold is None else threshold
    compare = COMPARE[alarm["ComparisonOperator"]][1]
    return lambda value: compare(value, against)


def points(
    client: Any, alarm: Alarm, start: datetime, end: datetime, period_s: int | None = None
) -> pd.DataFrame:
    """What an alarm watches, by its own statistic and period unless another is given: columns ``t`` and ``value``."""
    asked = reading.query(
        "q",
        alarm["Namespace"],
        alarm["MetricName"],
        alarm.get("Dimensions"),
        statistic(alarm),
        period_s or alarm["Period"],
        alarm.get("Unit"),
    )
    step = timedelta(hours=20 if (period_s or alarm["Period"]) >= 60 else 3)
    frames = []
    while start < end:  # the API takes so many datapoints at once
        until = min(start + step, end)
        frames.append(reading.answers(client, [asked], start, until)["q"])
        start = until
    full = [f for f in frames if len(f)]
    return pd.concat(full, ignore_index=True) if full else frames[0]
