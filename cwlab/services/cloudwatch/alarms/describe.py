"""DescribeAlarms and DescribeAlarmsForMetric. Source: API reference; output forms as observed on the live service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, Params, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import paging
from cwlab.services.cloudwatch.alarms import composite
from cwlab.services.cloudwatch.alarms.records import Alarm, CompositeAlarm, MetricAlarm, State
from cwlab.services.cloudwatch.queries import exact_dimensions
from cwlab.timeline import to_datetime

PAGE = 50  # alarms on a page, unless MaxRecords says otherwise; unconfirmed
METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"

Structure = dict[str, Any]


def _any_alarm(call: Call, params: Params) -> str:
    return arn("cloudwatch", call.region, call.account, "alarm:*")


@operation("cloudwatch", "DescribeAlarms", resource=_any_alarm, readonly=True)
def describe_alarms(
    call: Call,
    *,
    AlarmNames: Sequence[str] | None = None,
    AlarmNamePrefix: str | None = None,
    AlarmTypes: Sequence[str] | None = None,
    ChildrenOfAlarmName: str | None = None,
    ParentsOfAlarmName: str | None = None,
    StateValue: str | None = None,
    ActionPrefix: str | None = None,
    MaxRecords: int = PAGE,
    NextToken: str | None = None,
) -> Structure:
    """Alarms by name, page by page: metric alarms only, unless AlarmTypes says otherwise."""
    filters = (AlarmNames, AlarmNamePrefix, AlarmTypes, StateValue, ActionPrefix)
    related = (ChildrenOfAlarmName, ParentsOfAlarmName)
    request = (*filters, *related)
    # Wordings of these refusals are unconfirmed.
    if AlarmNames is not None and AlarmNamePrefix is not None:
        raise AwsError("ValidationError", "AlarmNamePrefix and AlarmNames are mutually exclusive.")
    if any(related):
        if all(related) or any(f is not None for f in filters):
            raise AwsError(
                "ValidationError",
                "ChildrenOfAlarmName and ParentsOfAlarmName can only be used alone, with MaxRecords and NextToken.",
            )
        found = _related(call, ChildrenOfAlarmName, ParentsOfAlarmName)
    else:
        kinds = AlarmTypes or (METRIC,)
        found = [
            alarm
            for name, alarm in sorted(call.table("alarms").items())
            if kind_of(alarm) in kinds
            and (AlarmNames is None or name in AlarmNames)
            and name.startswith(AlarmNamePrefix or "")
            and StateValue in (None, call.table("alarm_states")[name].value)
            and (ActionPrefix is None or _acts(alarm, ActionPrefix))
        ]
    start = 0
    if NextToken is not None:
        position = paging.position_of(request, NextToken)
        if position is None:
            raise AwsError("InvalidNextToken", "")
        start = position
    answer: Structure = {"MetricAlarms": [], "CompositeAlarms": []}
    for alarm in found[start : start + MaxRecords]:
        composed = isinstance(alarm, CompositeAlarm)
        if ChildrenOfAlarmName:
            told = _short(call, alarm, with_state=True)
        elif ParentsOfAlarmName:
            told = _short(call, alarm, with_state=False)
        else:
            told = composite.view(call, alarm) if isinstance(alarm, CompositeAlarm) else view(call, alarm)
        answer["CompositeAlarms" if composed else "MetricAlarms"].append(told)
    if start + MaxRecords < len(found):
        answer["NextToken"] = paging.token(request, start + MaxRecords)
    return answer


def kind_of(alarm: Alarm) -> str:
    """AlarmType."""
    return COMPOSITE if isinstance(alarm, CompositeAlarm) else METRIC


def _acts(alarm: Alarm, prefix: str) -> bool:
    actions = alarm.actions
    return any(a.startswith(prefix) for a in (*actions.ok, *actions.alarm, *actions.insufficient_data))


def _related(call: Call, children_of: str | None, parents_of: str | None) -> list[Alarm]:
    names = (
        composite.children(call, children_of) if children_of else composite.parents(call, parents_of or "")
    )
    alarms = call.table("alarms")
    return [alarms[name] for name in sorted(names) if name in alarms]


def _short(call: Call, alarm: Alarm, *, with_state: bool) -> Structure:
    """What is told of relatives: the state of children, of parents only who they are."""
    told: Structure = {"AlarmName": alarm.name, "AlarmArn": alarm.arn}
    if with_state:
        state: State = call.table("alarm_states")[alarm.name]
        told |= {"StateValue": state.value, "StateUpdatedTimestamp": to_datetime(state.updated_ms)}
    return told


def view(call: Call, alarm: MetricAlarm) -> Structure:
    """A metric alarm as DescribeAlarms shows it: what was not given is absent, but for the lists."""
    told: Structure = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmDescription": alarm.description,
        "AlarmConfigurationUpdatedTimestamp": to_datetime(alarm.configured_ms),
        **actions_of(alarm),
        **state_of(call, alarm),
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "Statistic": alarm.statistic,
        "ExtendedStatistic": alarm.extended_statistic,
        "Dimensions": [{"Name": n, "Value": v} for n, v in alarm.dimensions],
        "Period": alarm.period,
        "Unit": alarm.unit,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": alarm.low_sample,
        "Metrics": list(alarm.metrics) or None,
        "ThresholdMetricId": alarm.threshold_metric_id,
    }
    return {key: value for key, value in told.items() if value is not None}


def actions_of(alarm: Alarm) -> Structure:
    """The members of an alarm's view that are about its actions."""
    return {
        "ActionsEnabled": alarm.actions.enabled,
        "OKActions": list(alarm.actions.ok),
        "AlarmActions": list(alarm.actions.alarm),
        "InsufficientDataActions": list(alarm.actions.insufficient_data),
    }


def state_of(call: Call, alarm: Alarm) -> Structure:
    """The members of an alarm's view that are about its state.

    An empty reason, as SetAlarmState may leave it, is absent after the next change of the configuration: observed.
    """
    state: State = call.table("alarm_states")[alarm.name]
    hidden = state.reason == "" and alarm.configured_ms > state.updated_ms
    return {
        "StateValue": state.value,
        "StateReason": None if hidden else state.reason,
        "StateReasonData": state.data,
        "StateUpdatedTimestamp": to_datetime(state.updated_ms),
        "StateTransitionedTimestamp": to_datetime(state.transitioned_ms),
        "EvaluationState": state.evaluation,
    }


@operation("cloudwatch", "DescribeAlarmsForMetric", resource=_any_alarm, readonly=True)
def describe_alarms_for_metric(
    call: Call,
    *,
    MetricName: str,
    Namespace: str,
    Statistic: str | None = None,
    ExtendedStatistic: str | None = None,
    Dimensions: Sequence[Structure] = (),
    Period: int | None = None,
    Unit: str | None = None,
) -> Structure:
    """The alarms on exactly this metric; never alarms on expressions, or composite ones."""
    dimensions = exact_dimensions(Dimensions)
    found = []
    for _, alarm in sorted(call.table("alarms").items()):
        if (
            isinstance(alarm, MetricAlarm)
            and (alarm.namespace, alarm.metric_name, alarm.dimensions) == (Namespace, MetricName, dimensions)
            and Statistic in (None, alarm.statistic)
            and ExtendedStatistic in (None, alarm.extended_statistic)
            and Period in (None, alarm.period)
            and Unit in (None, alarm.unit)
        ):
            found.append(view(call, alarm))
    return {"MetricAlarms": found}
