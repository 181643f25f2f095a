"""Target tracking: what may be tracked, and the two alarms Auto Scaling makes for it.

Source: EC2 Auto Scaling guide "Target tracking scaling policies"; APIREF TargetTrackingConfiguration. The alarms' counts
(3 and 15 minutes, 90 % of the target) are widely seen, not documented.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.errors import NotModelled
from cwlab.services.autoscaling.common import Params, invalid, uuid
from cwlab.services.autoscaling.records import Policy

SERVICE = "autoscaling.amazonaws.com"
PREDEFINED = {
    "ASGAverageCPUUtilization": "CPUUtilization",
    "ASGAverageNetworkIn": "NetworkIn",
    "ASGAverageNetworkOut": "NetworkOut",
}
HIGH_PERIODS, LOW_PERIODS, LOW_SHARE = 3, 15, 0.9
HIGH = ("AlarmHigh", "GreaterThanThreshold", HIGH_PERIODS, 1.0)
LOW = ("AlarmLow", "LessThanThreshold", LOW_PERIODS, LOW_SHARE)
LEAST_TARGET, MOST_TARGET = 8.515920e-109, 1.174271e108
MINUTE_S = 60


def check(asked: Params) -> None:
    """Refuse what cannot be tracked.

    Raises:
        AwsError: the configuration is not complete, or says two things.
        NotModelled: a metric of a service the lab does not have.
    """
    ready_made, own = asked.get("PredefinedMetricSpecification"), asked.get("CustomizedMetricSpecification")
    if (ready_made is None) == (own is None):
        raise invalid(
            "You must specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification"
        )
    if not LEAST_TARGET <= asked["TargetValue"] <= MOST_TARGET:
        raise invalid(f"TargetValue must be from {LEAST_TARGET:e} to {MOST_TARGET:e}")
    if ready_made is not None:
        kind = ready_made["PredefinedMetricType"]
        if kind not in PREDEFINED:
            raise NotModelled(f"PredefinedMetricType={kind!r}", f"Modeled: {', '.join(PREDEFINED)}.")
        if "ResourceLabel" in ready_made:
            raise invalid(f"ResourceLabel is not supported for predefined metric type {kind}")
    if own is not None:
        plain = {"MetricName", "Namespace", "Statistic"}
        if "Metrics" in own:
            if plain & set(own):
                raise invalid("Metrics can't be combined with MetricName, Namespace, Statistic")
        elif not plain <= set(own):
            raise invalid("A customized metric needs MetricName, Namespace and Statistic, or Metrics")
        if own.get("Period", MINUTE_S) not in (10, 30, MINUTE_S):
            raise invalid("Period must be 10, 30 or 60")


def make_alarms(call: Call, policy: Policy) -> tuple[str, ...]:
    """Put the two alarms of a policy, the high one first; returns their names."""
    assert policy.tracking is not None
    names = policy.alarms
    if not names:
        names = tuple(f"TargetTracking-{policy.group}-{side[0]}-{uuid(call)}" for side in (HIGH, LOW))
    for name, (_, comparison, periods, share) in zip(names, (HIGH, LOW), strict=True):
        alarm = {
            "AlarmName": name,
            "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
            "AlarmActions": [policy.arn],
            "ComparisonOperator": comparison,
            "EvaluationPeriods": periods,
            "Threshold": float(f"{policy.tracking['TargetValue'] * share:.12g}"),
            **_metric(policy),
        }
        call.invoke("cloudwatch", "PutMetricAlarm", alarm, service_principal=SERVICE)
    return names


def _metric(policy: Policy) -> dict[str, Any]:
    """The part of an alarm that says what is watched."""
    assert policy.tracking is not None
    ready_made = policy.tracking.get("PredefinedMetricSpecification")
    if ready_made is not None:
        return {
            "Namespace": "AWS/EC2",
            "MetricName": PREDEFINED[ready_made["PredefinedMetricType"]],
            "Dimensions": [{"Name": "AutoScalingGroupName", "Value": policy.group}],
            "Statistic": "Average",
            "Period": MINUTE_S,
        }
    own = policy.tracking["CustomizedMetricSpecification"]
    if "Metrics" not in own:
        return {"Period": MINUTE_S, **own}
    return {"Metrics": [_query(each) for each in own["Metrics"]]}


def _query(asked: Params) -> Params:
    """A query of a policy as an alarm takes it: every metric has a period."""
    query = {key: value for key, value in asked.items() if key != "Period"}
    if "MetricStat" in query:
        period = asked.get("Period", MINUTE_S)
        query["MetricStat"] = {"Period": period, **query["MetricStat"]}
    return query


def drop_alarms(call: Call, policy: Policy) -> None:
    """Delete the alarms of a policy."""
    call.invoke("cloudwatch", "DeleteAlarms", {"AlarmNames": list(policy.alarms)}, service_principal=SERVICE)


def listed(call: Call, names: tuple[str, ...]) -> list[Params]:
    """Alarms as Auto Scaling lists them."""
    return [
        {"AlarmName": name, "AlarmARN": arn("cloudwatch", call.region, call.account, f"alarm:{name}")}
        for name in names
    ]


def pointing_at(call: Call, policy_arn: str) -> list[Params]:
    """The alarms with a policy among their actions."""
    asked = {"ActionPrefix": policy_arn}
    try:
        found = call.invoke("cloudwatch", "DescribeAlarms", asked, service_principal=SERVICE)
    except NotModelled:
        return []
    return listed(call, tuple(each["AlarmName"] for each in found["MetricAlarms"]))
