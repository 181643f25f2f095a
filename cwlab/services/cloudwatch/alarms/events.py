"""What alarms tell EventBridge and functions: three kinds of event, and the payload of a function.

Events go out always, also when actions are disabled, suppressed or muted. Source: user guide,
``cloudwatch-and-eventbridge`` and ``alarms-and-actions-Lambda``; order and members as observed on the live service.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cwlab.api import Call, load
from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms import configuration
from cwlab.services.cloudwatch.alarms.lines import Contributor
from cwlab.services.cloudwatch.alarms.phases import Phase
from cwlab.services.cloudwatch.alarms.records import Alarm, State
from cwlab.services.cloudwatch.alarms.words import compact, stamp

STATE_CHANGE = "CloudWatch Alarm State Change"
CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change"
CONTRIBUTOR_CHANGE = "CloudWatch Alarm Contributor State Change"
PRINCIPAL = "cloudwatch.amazonaws.com"

Structure = dict[str, Any]


class Muting(NamedTuple):
    """The mute rule whose window an alarm is in: of several the newest, and how many others there are."""

    rule_arn: str
    rule_name: str
    start_ms: int
    end_ms: int
    others: int = 0


class Change(NamedTuple):
    """A change of an alarm's state or of what holds its actions back: how it was, how it is."""

    alarm: Alarm
    before: State
    after: State
    phase_before: Phase | None = None
    phase_after: Phase | None = None
    contributor: Contributor | None = None
    muting: Muting | None = None
    after_mute: bool = False  # the actions run late, at the end of a mute window


def state(told: State, phase: Phase | None) -> Structure:
    """A state as events and payloads write it."""
    found: Structure = {}
    if phase is not None:
        found = {"actionsSuppressedBy": phase.by, "actionsSuppressedReason": phase.reason}
    found |= {"value": told.value, "reason": told.reason}
    if told.data is not None:
        found["reasonData"] = told.data
    found["timestamp"] = stamp(told.updated_ms)
    if told.evaluation is not None:
        found["evaluationState"] = told.evaluation
    return found


def changed(call: Call, change: Change) -> None:
    """Send the event of a state change; of a contributor's, if it is one's."""
    detail = _detail(change)
    if change.muting is not None:
        detail["muteDetail"] = {
            "mutedByArn": change.muting.rule_arn,
            "muteWindowStart": stamp(change.muting.start_ms),
            "muteWindowEnd": stamp(change.muting.end_ms),
        }
    _send(call, CONTRIBUTOR_CHANGE if change.contributor else STATE_CHANGE, change.alarm, detail)


def configured(call: Call, kind: str, alarm: Alarm, before: Alarm | None, told: State) -> None:
    """Send the event of a creation, an update or a deletion."""
    state_told = {"value": told.value, "timestamp": stamp(told.updated_ms)}
    if kind == "Delete":
        state_told = {"value": told.value, "reason": told.reason, "timestamp": stamp(told.updated_ms)}
    detail: Structure = {
        "alarmName": alarm.name,
        "operation": kind.lower(),
        "state": state_told,
        "configuration": configuration.event(alarm),
    }
    if kind == "Update" and before is not None:
        detail["previousConfiguration"] = configuration.event(before)
    _send(call, CONFIGURATION_CHANGE, alarm, detail)


def payload(call: Call, change: Change) -> str:
    """The JSON a function is called with."""
    return compact(
        {
            "source": "aws.cloudwatch",
            "alarmArn": change.alarm.arn,
            "accountId": call.account,
            "time": stamp(change.after.updated_ms),
            "region": call.region,
            "alarmData": _detail(change),
        }
    )


def _detail(change: Change) -> Structure:
    detail: Structure = {"alarmName": change.alarm.name}
    if change.contributor is not None:
        detail["alarmContributor"] = {
            "id": change.contributor.id,
            "attributes": dict(change.contributor.attributes),
        }
    detail["state"] = state(change.after, change.phase_after)
    if change.contributor is None:
        detail["previousState"] = state(change.before, change.phase_before)
    detail["configuration"] = configuration.reduced(change.alarm)
    return detail


def _send(call: Call, detail_type: str, alarm: Alarm, detail: Structure) -> None:
    if not load("events"):
        return
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": detail_type,
        "Resources": [alarm.arn],
        "Time": call.now,
        "Detail": compact(detail),
    }
    try:
        call.invoke(
            "events", "PutEvents", {"Entries": [entry]}, service_principal=PRINCIPAL, source_arn=alarm.arn
        )
    except AwsError:
        return  # it is in the journal; an alarm does not wait for anyone who listens
