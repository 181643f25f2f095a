"""An alarm's configuration as history, events and function payloads spell it. Source: observed on the live service.

Three spellings: ``full`` in history (camelCase, standard statistics in capitals), ``reduced`` in state events and
function payloads, ``event`` in configuration events. Dimensions are a map in the last two.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

from cwlab.services.cloudwatch.alarms.records import Alarm, CompositeAlarm, MetricAlarm, State
from cwlab.services.cloudwatch.alarms.words import stamp

STANDARD = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}

Structure = dict[str, Any]


def _given(structure: Structure) -> Structure:
    return {key: value for key, value in structure.items() if value is not None}


def camel(value: Any) -> Any:
    """AWS's structures with the first letter of each member's name small."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: camel(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [camel(each) for each in value]
    return value


def full(alarm: Alarm, state: State, children: list[Structure]) -> Structure:
    """As in ``createdAlarm`` of the history; what was not given is left out.

    Args:
        children: a composite's ``childStates``.
    """
    told: Structure = {
        "alarmName": alarm.name,
        "alarmDescription": alarm.description,
        "alarmArn": alarm.arn,
        "alarmConfigurationUpdatedTimestamp": stamp(alarm.configured_ms),
    }
    if isinstance(alarm, MetricAlarm):
        told |= {
            "namespace": alarm.namespace,
            "metricName": alarm.metric_name,
            # Standard statistics stand here too, in capitals: observed.
            "extendedStatistic": STANDARD[alarm.statistic] if alarm.statistic else alarm.extended_statistic,
            "period": alarm.period,
            "unit": alarm.unit,
            "dimensions": [{"name": n, "value": v} for n, v in alarm.dimensions],
            "metrics": camel(alarm.metrics) if alarm.metrics else None,
            "threshold": alarm.threshold,
            "thresholdMetricId": alarm.threshold_metric_id,
            "comparisonOperator": alarm.comparison_operator,
            "evaluationPeriods": alarm.evaluation_periods,
            "datapointsToAlarm": alarm.datapoints_to_alarm,
            "treatMissingData": alarm.treat_missing_data,
            "evaluateLowSampleCountPercentile": alarm.low_sample,
        }
    else:
        told |= {"alarmRule": alarm.rule} | suppressor(alarm)
    told |= {
        "stateValue": state.value,
        "stateUpdatedTimestamp": stamp(state.updated_ms),
        "actionsEnabled": alarm.actions.enabled,
        "alarmActions": list(alarm.actions.alarm),
        "insufficientDataActions": list(alarm.actions.insufficient_data),
        "childStates": children if isinstance(alarm, CompositeAlarm) else None,
        "okactions": list(alarm.actions.ok),
    }
    return _given(told)


def suppressor(alarm: CompositeAlarm) -> Structure:
    """The suppressor's three members, where there is one."""
    return _given(
        {
            "actionsSuppressor": alarm.suppressor,
            "actionsSuppressorWaitPeriod": alarm.suppressor_wait_s,
            "actionsSuppressorExtensionPeriod": alarm.suppressor_extension_s,
        }
    )


def reduced(alarm: Alarm) -> Structure:
    """As in state events and function payloads."""
    told: Structure = {}
    if isinstance(alarm, MetricAlarm):
        told["metrics"] = metrics(alarm)
    else:
        told |= {"alarmRule": alarm.rule} | suppressor(alarm)
    return told | ({} if alarm.description is None else {"description": alarm.description})


def event(alarm: Alarm) -> Structure:
    """As in configuration events."""
    told: Structure = {}
    if isinstance(alarm, MetricAlarm):
        told = {
            "evaluationPeriods": alarm.evaluation_periods,
            "datapointsToAlarm": alarm.datapoints_to_alarm,
            "threshold": _plain(alarm.threshold),
            "comparisonOperator": alarm.comparison_operator,
            "treatMissingData": alarm.treat_missing_data,
            "evaluateLowSampleCountPercentile": alarm.low_sample,
            "thresholdMetricId": alarm.threshold_metric_id,
            "metrics": metrics(alarm),
        }
    else:
        told = {"alarmRule": alarm.rule} | suppressor(alarm)
    told |= {
        "alarmName": alarm.name,
        "description": alarm.description,
        "actionsEnabled": alarm.actions.enabled,
        "timestamp": stamp(alarm.configured_ms),
        "okActions": list(alarm.actions.ok),
        "alarmActions": list(alarm.actions.alarm),
        "insufficientDataActions": list(alarm.actions.insufficient_data),
    }
    return _given(told)


def _plain(number: float | None) -> float | None:
    """A number as events write it: 10, not 10.0. To a pattern of EventBridge the two differ."""
    return int(number) if number is not None and number == int(number) else number


def metrics(alarm: MetricAlarm) -> list[Structure]:
    """The metrics an alarm watches; a plain one's gets an id of its own, the same for the same metric."""
    if alarm.metrics:
        return [_query(query) for query in alarm.metrics]
    stat = _given(
        {
            "metric": _metric(alarm.namespace, alarm.metric_name, dict(alarm.dimensions)),
            "period": alarm.period,
            "stat": alarm.statistic or alarm.extended_statistic,
            "unit": alarm.unit,
        }
    )
    return [{"id": _own_id(alarm), "metricStat": stat, "returnData": True}]


def _query(query: Mapping[str, Any]) -> Structure:
    told: Structure = {"id": query["Id"]}
    if "MetricStat" in query:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", ())}
        told["metricStat"] = _given(
            {
                "metric": _metric(metric.get("Namespace"), metric.get("MetricName"), dimensions),
                "period": stat["Period"],
                "stat": stat["Stat"],
                "unit": stat.get("Unit"),
            }
        )
    names = {
        "Expression": "expression",
        "Label": "label",
        "ReturnData": "returnData",
        "Period": "period",
        "AccountId": "accountId",
    }
    asked = {"ReturnData": True, **query}
    return told | {small: asked[name] for name, small in names.items() if asked.get(name) is not None}


def _metric(namespace: str | None, name: str | None, dimensions: dict[str, str]) -> Structure:
    return {"namespace": namespace, "name": name, "dimensions": dimensions}


def _own_id(alarm: MetricAlarm) -> str:
    """A UUID that changes with the configuration, though not when actions are switched on or off: observed."""
    kept = dataclasses.replace(
        alarm, actions=dataclasses.replace(alarm.actions, enabled=True), configured_ms=0
    )
    text = hashlib.blake2b(repr(kept).encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
