"""Alarms over many series: each series of a query with GROUP BY is a contributor, evaluated by itself.

The alarm is in ALARM while at least one contributor is. Source: user guide, ``alarm-metrics-insights``; texts as observed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cwlab.api import Call, operation
from cwlab.codec import record
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import insights
from cwlab.services.cloudwatch.alarms import lines, reasons
from cwlab.services.cloudwatch.alarms.decide import decide
from cwlab.services.cloudwatch.alarms.records import MetricAlarm, State, StateValue
from cwlab.services.cloudwatch.alarms.transitions import contributor_changed, reason_changed, transition
from cwlab.services.cloudwatch.alarms.watched import see, settings_of, sql_of
from cwlab.services.cloudwatch.alarms.words import compact, stamp
from cwlab.timeline import to_datetime

MAX_IN_ALARM = 100  # contributors that are told by name
GONE = "No data was returned for this contributor"


@record
class Contributor:
    """One series of an alarm over many, and the state it is in."""

    id: str
    attributes: tuple[tuple[str, str], ...]
    value: StateValue
    reason: str
    transitioned_ms: int


def evaluate(call: Call, alarm: MetricAlarm) -> bool:
    """Evaluate every contributor, and the alarm from them; returns whether there were more than an alarm looks at."""
    seen, settings = see(call, alarm), settings_of(alarm)
    names = [key.name for key in insights.parse(sql_of(alarm) or "").group]
    table = call.table("alarm_contributors")
    before: dict[str, Contributor] = {one.id: one for one in table.get(alarm.name, ())}
    now: dict[str, Contributor] = {}
    for view in seen.views:
        attributes = tuple(zip(names, view.group, strict=True))
        id_ = hashlib.blake2b(repr(attributes).encode(), digest_size=8).hexdigest()
        old = before.get(id_)
        was: StateValue = "OK" if old is None else old.value
        decision = decide(view.values, settings, was)
        value: StateValue = "ALARM" if decision.state == "ALARM" else "OK"
        if old is not None and old.value == value:
            now[id_] = old
        else:
            text = reasons.contributor_reason(decision, settings, view)
            now[id_] = Contributor(id_, attributes, value, text, call.now_ms)
    for id_, old in before.items():
        if id_ not in now and old.value == "ALARM":
            now[id_] = Contributor(id_, old.attributes, "OK", GONE, call.now_ms)
    alarming = sum(one.value == "ALARM" for one in now.values())
    table[alarm.name] = tuple(now.values())
    for id_, one in now.items():
        earlier = before.get(id_)
        if earlier is not one and (earlier is not None or one.value == "ALARM"):
            was_state = (
                State("OK", "", None, call.now_ms, call.now_ms) if earlier is None else _state(earlier)
            )
            contributor_changed(call, alarm, lines.Contributor(id_, one.attributes), was_state, _state(one))
    if not seen.views:
        transition(call, alarm, "INSUFFICIENT_DATA", _unknown(settings.n), None)
    else:
        counted = f"{MAX_IN_ALARM}+" if alarming > MAX_IN_ALARM else f"{alarming} out of {len(seen.views)}"
        reason = f"{counted} time series evaluated to ALARM"
        if not alarming:
            reason = f"{len(seen.views)} time series evaluated to OK"
        data = compact({"version": "1.0", "queryDate": stamp(call.now_ms)})
        reason_changed(call, alarm, "ALARM" if alarming else "OK", reason, data)
    return seen.partial


def _state(one: Contributor) -> State:
    return State(one.value, one.reason, None, one.transitioned_ms, one.transitioned_ms)


def _unknown(n: int) -> str:
    return f"Insufficient Data: {n} datapoint{'s were' if n > 1 else ' was'} unknown."


@operation("cloudwatch", "DescribeAlarmContributors", readonly=True)
def describe_alarm_contributors(
    call: Call, *, AlarmName: str, NextToken: str | None = None
) -> dict[str, object]:
    """The contributors of an alarm that are in ALARM."""
    if AlarmName not in call.table("alarms"):
        raise AwsError("ResourceNotFoundException", f"Alarm {AlarmName} does not exist", 404)  # unconfirmed
    if NextToken is not None:
        raise AwsError("InvalidNextToken", "")
    found: Sequence[Contributor] = call.table("alarm_contributors").get(AlarmName, ())
    return {
        "AlarmContributors": [
            {
                "ContributorId": one.id,
                "ContributorAttributes": dict(one.attributes),
                "StateReason": one.reason,
                "StateTransitionedTimestamp": to_datetime(one.transitioned_ms),
            }
            for one in found
            if one.value == "ALARM"
        ][:MAX_IN_ALARM]
    }
