"""DescribeAlarmHistory, and the line that a creation, a change or a deletion leaves (see ``lines`` for all others)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import paging
from cwlab.services.cloudwatch.alarms import configuration, events, muting, phases, repeating
from cwlab.services.cloudwatch.alarms.composite import relations
from cwlab.services.cloudwatch.alarms.lines import RETENTION_MS, Item, add, walk
from cwlab.services.cloudwatch.alarms.records import Alarm, CompositeAlarm, State
from cwlab.services.cloudwatch.alarms.words import stamp
from cwlab.timeline import to_datetime, to_ms

PAGE = 100
CONTRIBUTOR_TYPES = ("AlarmContributorStateUpdate", "AlarmContributorAction")

Kind = Literal["Create", "Update", "Delete"]
Structure = dict[str, Any]


def configured(call: Call, kind: Kind, alarm: Alarm, before: Alarm | None) -> None:
    """An alarm was created, changed or deleted: the line, and the event "CloudWatch Alarm Configuration Change".

    Args:
        alarm: as it is now; of a deleted one, as it was. Its state must still stand in ``alarm_states``.
        before: as it was before a change.
    """
    state: State = call.table("alarm_states")[alarm.name]
    data: Structure = {"version": "1.0", "type": kind}
    told = configuration.full(alarm, state, _children(call, alarm))
    data[{"Create": "createdAlarm", "Update": "updatedAlarm", "Delete": "deletedAlarm"}[kind]] = told
    if kind == "Update" and before is not None:
        old = configuration.full(before, state, _children(call, before))
        data["originalUpdatedFields"] = {
            key: _original(key, old.get(key))
            for key in dict.fromkeys([*old, *told])
            if old.get(key) != told.get(key)
        }
    verb = {"Create": "created", "Update": "updated", "Delete": "deleted"}[kind]
    add(call, alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {verb}', data)
    events.configured(call, kind, alarm, before, state)
    if kind == "Delete":
        repeating.stop(call, alarm.name)
        phases.drop(call, alarm.name)
        for key in muting.held_of(call, alarm.name):
            muting.forget(call, key)
    else:
        repeating.follow(call, alarm, state)


def _children(call: Call, alarm: Alarm) -> list[Structure]:
    """The states of a composite's children."""
    if not isinstance(alarm, CompositeAlarm):
        return []
    found: list[Structure] = []
    for name in relations.named_in(call, alarm):
        state: State | None = call.table("alarm_states").get(name)
        told: Structure = {"arn": relations.alarm_arn(call, name)}
        if state is not None:
            told["state"] = {
                "value": state.value,
                "transitionTimestamp": stamp(state.transitioned_ms),
                "timestamp": stamp(state.updated_ms),
            }
        found.append(told)
    return found


def _original(key: str, value: Any) -> Any:
    """Of former children only the ARNs are told."""
    return [{"arn": child["arn"]} for child in value] if key == "childStates" and value else value


def _resource(call: Call, params: Mapping[str, Any]) -> str:
    return arn("cloudwatch", call.region, call.account, f"alarm:{params.get('AlarmName', '*')}")


def _refused(message: str) -> AwsError:
    return AwsError("ValidationError", message)


@operation("cloudwatch", "DescribeAlarmHistory", resource=_resource, readonly=True)
def describe_alarm_history(
    call: Call,
    *,
    AlarmName: str | None = None,
    AlarmContributorId: str | None = None,
    AlarmTypes: Sequence[str] | None = None,
    HistoryItemType: str | None = None,
    StartDate: datetime | None = None,
    EndDate: datetime | None = None,
    MaxRecords: int = PAGE,
    NextToken: str | None = None,
    ScanBy: str = "TimestampDescending",
) -> Structure:
    """The lines of the last 30 days, the newest first; of metric alarms only, unless types are named."""
    about_contributors = AlarmContributorId is not None or HistoryItemType in CONTRIBUTOR_TYPES
    if about_contributors and AlarmName is None:  # texts of these three: unconfirmed
        raise _refused("Alarm name must be provided to query history for alarm contributors.")
    if AlarmContributorId is not None and HistoryItemType not in (None, *CONTRIBUTOR_TYPES):
        raise _refused(f"{HistoryItemType} is not supported history item type for alarm contributor.")
    if about_contributors and "CompositeAlarm" in (AlarmTypes or ()):
        raise _refused("Alarm contributor history cannot be requested for composite alarm type.")
    start_ms = max(call.now_ms - RETENTION_MS + 1, to_ms(StartDate) if StartDate is not None else 0)
    end_ms = call.now_ms if EndDate is None else to_ms(EndDate)
    types = AlarmTypes or ["MetricAlarm"]
    request = (AlarmName, AlarmContributorId, sorted(types), HistoryItemType, StartDate, EndDate, ScanBy)
    ascending = ScanBy == "TimestampAscending"
    ends = call.table("history_ends")
    position = 0 if ascending else ends.get("next", 0)
    if NextToken is not None:
        found = paging.position_of(request, NextToken)
        if found is None:
            raise AwsError("InvalidNextToken", f"Invalid NextToken : {NextToken}")
        position = found

    def wanted(item: Item) -> bool:
        return (
            start_ms <= item.at_ms <= end_ms
            and AlarmName in (None, item.alarm)
            and ("CompositeAlarm" if item.composite else "MetricAlarm") in types
            and HistoryItemType in (None, item.type)
            and AlarmContributorId in (None, item.contributor.id if item.contributor else None)
        )

    items: list[Structure] = []
    for number, item in walk(call, position, ascending):
        if not wanted(item):
            continue
        if len(items) == MaxRecords:
            at = number if ascending else number + 1
            return {"AlarmHistoryItems": items, "NextToken": paging.token(request, at)}
        items.append(_described(item))
    return {"AlarmHistoryItems": items}


def _described(item: Item) -> Structure:
    told: Structure = {"AlarmName": item.alarm}
    if item.contributor is not None:
        told["AlarmContributorId"] = item.contributor.id
    told |= {
        "AlarmType": "CompositeAlarm" if item.composite else "MetricAlarm",
        "Timestamp": to_datetime(item.at_ms),
        "HistoryItemType": item.type,
        "HistorySummary": item.summary[:255],
        "HistoryData": item.data,
    }
    if item.contributor is not None:
        told["AlarmContributorAttributes"] = dict(item.contributor.attributes)
    return told
