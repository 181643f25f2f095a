"""What an alarm's notification says: the JSON for programs, a line for phones, a letter for people, the subject.

Source: observed on the live service (topics with a queue, and ``publishedMessage`` in the history). The mail's text for
dimensions, and TreatMissingData where it was not set, are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cwlab.api import Call
from cwlab.services.cloudwatch.alarms.configuration import STANDARD
from cwlab.services.cloudwatch.alarms.events import Change
from cwlab.services.cloudwatch.alarms.records import CompositeAlarm, MetricAlarm
from cwlab.services.cloudwatch.alarms.watched import period_of
from cwlab.services.cloudwatch.alarms.words import compact, region_name, spoken, stamp
from cwlab.services.cloudwatch.text import number
from cwlab.timeline import to_ms

MAX_SUBJECT, MAX_SMS_NAME, MAX_CHILDREN = 100, 90, 10
_FOREIGN = re.compile(r"[^ -~]+")

Structure = dict[str, Any]


def published(call: Call, change: Change) -> Structure:
    """The message for each protocol, as SNS takes it with MessageStructure ``json``."""
    return {
        "default": compact(document(call, change)),
        "sms": _headline(call, change, MAX_SMS_NAME),
        "email": letter(call, change),
    }


def subject(call: Call, change: Change) -> str:
    """One line of at most 100 printable ASCII characters; a long name is cut."""
    room = MAX_SUBJECT - len(_headline(call, change, 0))
    return _headline(call, change, max(room, 4))


def _headline(call: Call, change: Change, room: int) -> str:
    name = _FOREIGN.sub("_", change.alarm.name)
    shown = name if len(name) <= room else f"{name[: room - 3]}..." if room else ""
    return f'{change.after.value}: "{shown}" in {region_name(call.region)}'


def document(call: Call, change: Change) -> Structure:
    """The JSON for programs. Metric and composite alarms order their members differently."""
    alarm, after = change.alarm, change.after
    told: Structure = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": call.account,
    }
    if isinstance(alarm, MetricAlarm):
        told["AlarmConfigurationUpdatedTimestamp"] = stamp(alarm.configured_ms)
    told |= {
        "NewStateValue": after.value,
        "NewStateReason": after.reason,
        "StateChangeTime": stamp(after.updated_ms),
        "Region": region_name(call.region),
        "AlarmArn": alarm.arn,
    }
    lists = {
        "OKActions": list(alarm.actions.ok),
        "AlarmActions": list(alarm.actions.alarm),
        "InsufficientDataActions": list(alarm.actions.insufficient_data),
    }
    old = {"OldStateValue": change.before.value}
    late = {"ActionExecutedAfterMuteWindow": change.after_mute}
    if isinstance(alarm, CompositeAlarm):
        children = [
            {"Arn": arn, "State": {"Value": value, "Timestamp": at}} for arn, value, at in triggering(change)
        ]
        return told | lists | late | old | {"AlarmRule": alarm.rule, "TriggeringChildren": children}
    if change.contributor is not None:
        told |= late | old
        told["AlarmContributorId"] = change.contributor.id
        told["AlarmContributorAttributes"] = dict(change.contributor.attributes)
        return told | lists | {"Trigger": trigger(alarm)}
    return told | old | late | lists | {"Trigger": trigger(alarm)}


def triggering(change: Change) -> list[tuple[str, str, str]]:
    """ARN, state and since when, of the children that the reason's data name."""
    data = json.loads(change.after.data) if change.after.data else {}
    found = data.get("triggeringAlarms", ()) if isinstance(data, dict) else ()
    return [(child["arn"], child["state"]["value"], child["state"]["timestamp"]) for child in found]


def trigger(alarm: MetricAlarm) -> Structure:
    """What the alarm watches and how it judges."""
    told: Structure = {}
    if not alarm.metrics:
        told = {"MetricName": alarm.metric_name, "Namespace": alarm.namespace}
        if alarm.statistic:
            told |= {"StatisticType": "Statistic", "Statistic": STANDARD[alarm.statistic]}
        else:
            told |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
        told |= {"Unit": alarm.unit, "Dimensions": [{"value": v, "name": n} for n, v in alarm.dimensions]}
    told |= {"Period": period_of(alarm), "EvaluationPeriods": alarm.evaluation_periods}
    if alarm.datapoints_to_alarm is not None:
        told["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    told["ComparisonOperator"] = alarm.comparison_operator
    if alarm.threshold is not None:
        told["Threshold"] = float(alarm.threshold)
    if alarm.threshold_metric_id is not None:
        told["ThresholdMetricId"] = alarm.threshold_metric_id
    told |= {
        "TreatMissingData": alarm.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": alarm.low_sample or "",
    }
    if alarm.metrics:
        told["Metrics"] = [_query(query) for query in alarm.metrics]
    return told


def _query(query: Mapping[str, Any]) -> Structure:
    told: Structure = {key: query[key] for key in ("Expression", "Id", "Label") if key in query}
    if "MetricStat" in query:
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        told["MetricStat"] = {
            "Metric": {
                "Dimensions": [
                    {"value": d["Value"], "name": d["Name"]} for d in metric.get("Dimensions", ())
                ],
                "MetricName": metric.get("MetricName"),
                "Namespace": metric.get("Namespace"),
            },
            **{key: stat[key] for key in ("Period", "Stat", "Unit") if stat.get(key) is not None},
        }
    asked = {"ReturnData": True, **query}
    return told | {
        key: asked[key] for key in ("ReturnData", "AccountId", "Period") if asked.get(key) is not None
    }


# The letter -------------------------------------------------------------------------------------------------------


def letter(call: Call, change: Change) -> str:
    """The mail's text."""
    alarm, after, series = change.alarm, change.after, change.contributor
    when, region = spoken(after.updated_ms), region_name(call.region)
    who = f'"{alarm.name}"' + (f' contributor "{series.id}"' if series is not None else "")
    if isinstance(alarm, CompositeAlarm):
        entered = f'has transitioned to {after.value} state on {when}, because "{after.reason}".'
    else:
        entered = f'has entered the {after.value} state, because "{after.reason}" at "{when}".'
    moved = [_row("State Change", f"{change.before.value} -> {after.value}")]
    why = [_row("Reason for State Change", after.reason), _row("Timestamp", when)]
    rule = [_row("Alarm Rule", alarm.rule)] if isinstance(alarm, CompositeAlarm) else []
    lines = [
        f"You are receiving this email because your Amazon CloudWatch Alarm {who} in the {region} region {entered}",
        "",
        "View this alarm in the AWS Management Console:",
        _link(call, change),
        "",
        "Alarm Details:",
        _row("Name", alarm.name),
        _row("Description", alarm.description or ""),
        *([*moved, *rule, *why] if series is None else []),
        _row("AWS Account", call.account),
        _row("Alarm Arn", alarm.arn),
        "",
    ]
    if series is not None:
        lines += ["Contributor Details:", _row("Id", series.id), *moved, *why, "", "Contributor Attributes:"]
        lines += [f"- {name:<26}{value}" for name, value in series.attributes]
        lines += [""]
    if isinstance(alarm, MetricAlarm):
        lines += _judged(alarm)
    else:
        lines += ["Triggering children (max. 10):"]
        lines += [
            f"- {arn}   {value:<20}{spoken(to_ms(at))}"
            for arn, value, at in triggering(change)[:MAX_CHILDREN]
        ]
    lines += [
        "",
        "State Change Actions:",
        f"- OK: {_listed(alarm.actions.ok)}",
        f"- ALARM: {_listed(alarm.actions.alarm)}",
        f"- INSUFFICIENT_DATA: {_listed(alarm.actions.insufficient_data)}",
        "",
    ]
    return "\n".join(lines)


def _link(call: Call, change: Change) -> str:
    """The address of the alarm, or of one of its series, in the console."""
    host, name = f"https://{call.region}.console.aws.amazon.com/cloudwatch", quote(change.alarm.name, safe="")
    if change.contributor is None:
        return f"{host}/deeplink.js?region={call.region}#alarmsV2:alarm/{name}"
    at = stamp(change.after.updated_ms).replace("+0000", "Z").replace(":", "*3a")
    wanted = f"~(propertyKey~'ContributorId~operator~'*3d~value~'{change.contributor.id})"
    shown = f"~(contributorAttributesFilter~(tokens~({wanted})~operation~'and)~timestamp~'{at})"
    return f"{host}/home?region={call.region}#alarmsV2:alarm/{name}?{shown}"


def _row(name: str, value: str, width: int = 28) -> str:
    return f"- {name + ':':<{width}}{value}"


def _listed(arns: tuple[str, ...]) -> str:
    return " ".join(f"[{each}]" for each in arns)


def _judged(alarm: MetricAlarm) -> list[str]:
    n = alarm.evaluation_periods
    level = number(alarm.threshold) if alarm.threshold is not None else str(alarm.threshold_metric_id)
    m = alarm.datapoints_to_alarm or n
    often = f"for at least {m} of the last {n} period(s) of {period_of(alarm)} seconds"
    lines = [
        "Threshold:",
        f"- The alarm is in the ALARM state when the metric is {alarm.comparison_operator} {level} {often}. ",
        "",
    ]
    if alarm.metrics:
        lines.append("Monitored Metrics:")
        for query in alarm.metrics:
            if query.get("ReturnData", True) and "Expression" in query:
                lines += [
                    _row("MetricExpression", query["Expression"]),
                    _row("MetricLabel", query.get("Label", "No Label")),
                ]
        return lines
    dimensions = ", ".join(f"{n} = {v}" for n, v in alarm.dimensions)
    return [
        *lines,
        "Monitored Metric:",
        _row("MetricNamespace", str(alarm.namespace), 37),
        _row("MetricName", str(alarm.metric_name), 37),
        _row("Dimensions", f"[{dimensions}]" if dimensions else "", 37),
        _row("Period", f"{period_of(alarm)} seconds", 37),
        _row("Statistic", str(alarm.statistic or alarm.extended_statistic), 37),
        _row("Unit", alarm.unit or "not specified", 37),
        _row("TreatMissingData", alarm.treat_missing_data or "missing", 37),
        "",
    ]
