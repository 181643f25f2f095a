"""What an alarm's actions may be: the ARN of each kind, and which alarm may have which.

Only the form is looked at when an alarm is saved; whether the target exists shows when the action runs. Source: API
reference, PutMetricAlarm; user guide, ``alarm-actions``. Texts other than "Invalid arn syntax" and "Autoscaling actions
are not available…" are ours.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from cwlab.api import Call
from cwlab.arn import PARTITION
from cwlab.arn import parse as parse_arn
from cwlab.errors import AwsError, BadInput, NotModelled
from cwlab.services.cloudwatch.alarms.records import Alarm, CompositeAlarm, MetricAlarm
from cwlab.services.cloudwatch.alarms.watched import many_series

Kind = Literal["sns", "lambda", "autoscaling", "ec2"]

_EC2 = re.compile(r"ec2:(stop|terminate|reboot|recover)")
_EC2_BY_ROLE = re.compile(r"action/actions/AWS_EC2\.InstanceId\.(Stop|Terminate|Reboot|Recover)/1\.0")
_POLICY = re.compile(r"scalingPolicy:[^:]+:autoScalingGroupName/(.+):policyName/(.+)")
_FUNCTION = re.compile(r"function:[A-Za-z0-9_-]{1,140}(:[A-Za-z0-9$_-]{1,128})?")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?")
# Services that AWS has as actions and the lab has not.
_ELSEWHERE = {
    "ssm": ("An OpsItem as an alarm's action", re.compile(r"opsitem:[1-4](#CATEGORY=\w+)?")),
    "ssm-incidents": ("An incident as an alarm's action", re.compile(r"(responseplan|response-plan)/.+")),
    "aiops": ("An investigation as an alarm's action", re.compile(r"investigation-group:.+")),
}


class Action(NamedTuple):
    """An action's ARN, taken apart.

    Args:
        verb: of EC2 actions, ``stop``, ``terminate``, ``reboot`` or ``recover``.
    """

    kind: Kind
    arn: str
    region: str
    account: str
    verb: str = ""


def _invalid(arn: str) -> AwsError:
    return AwsError("ValidationError", f"Invalid arn syntax: {arn}")


def read(arn: str) -> Action:
    """Take an action's ARN apart.

    Raises:
        AwsError: it is none.
        NotModelled: AWS has actions of this kind, and the lab has not.

    >>> read("arn:aws:automate:us-east-1:ec2:recover").verb
    'recover'
    """
    try:
        partition, service, region, account, resource = parse_arn(arn)
    except BadInput:
        raise _invalid(arn) from None
    if partition != PARTITION:
        raise _invalid(arn)
    # arn:aws:automate:REGION:ec2:stop has no account: "ec2" stands where it would.
    if service == "automate" and (found := _EC2.fullmatch(f"{account}:{resource}")):
        return Action("ec2", arn, region, "", found[1])
    if not re.fullmatch(r"\d{12}", account) and service != "automate":
        raise _invalid(arn)
    if service == "swf" and (found := _EC2_BY_ROLE.fullmatch(resource)):
        return Action("ec2", arn, region, account, found[1].lower())
    if service == "sns" and _TOPIC.fullmatch(resource):
        return Action("sns", arn, region, account)
    if service == "lambda" and _FUNCTION.fullmatch(resource):
        return Action("lambda", arn, region, account)
    if service == "autoscaling" and _POLICY.fullmatch(resource):
        return Action("autoscaling", arn, region, account)
    if service in _ELSEWHERE and _ELSEWHERE[service][1].fullmatch(resource):
        raise NotModelled(
            _ELSEWHERE[service][0], "Modeled actions: SNS topics, Lambda functions, scaling policies, EC2."
        )
    raise _invalid(arn)


def check(call: Call, alarm: Alarm) -> None:
    """Refuse an alarm with actions it may not have, also where actions are not enabled.

    Raises:
        AwsError: ValidationError, naming the ARN or the rule.
        NotModelled: an action of a kind the lab has not.
    """
    for arn in (*alarm.actions.ok, *alarm.actions.alarm, *alarm.actions.insufficient_data):
        action = read(arn)
        if action.region != call.region:
            raise AwsError(
                "ValidationError",
                f"Invalid region {action.region} specified. Only {call.region} is supported.",
            )
        if action.kind in ("ec2", "autoscaling"):
            _check_narrow(call, alarm, action)


def _check_narrow(call: Call, alarm: Alarm, action: Action) -> None:
    """The rules of actions that only some alarms may have."""
    what = "EC2" if action.kind == "ec2" else "Autoscaling"
    if isinstance(alarm, CompositeAlarm):
        raise AwsError(
            "ValidationError", f"{what} actions are not supported for Composite Alarms: {action.arn}"
        )
    if many_series(alarm):
        raise AwsError("ValidationError", f"{what} actions are not available for Multi Time Series alarms")
    if action.account not in ("", call.account):
        raise AwsError(
            "ValidationError", f"{what} actions of account {action.account} cannot be used: {action.arn}"
        )
    if action.kind == "autoscaling":
        if alarm.threshold_metric_id is not None:
            raise AwsError(
                "ValidationError", "Autoscaling actions are not available for Anomaly Detection alarms"
            )
        return
    _check_instance(alarm, action)


def _check_instance(alarm: MetricAlarm, action: Action) -> None:
    if alarm.metrics:
        raise AwsError("ValidationError", "EC2 actions are not available for Metric Math alarms")
    if not any(name == "InstanceId" for name, _ in alarm.dimensions):
        raise AwsError(
            "ValidationError",
            f"An alarm with the action {action.arn} needs a metric with the dimension InstanceId",
        )
    if action.verb == "recover" and alarm.metric_name == "StatusCheckFailed_Instance":
        raise AwsError(
            "ValidationError", "The recover action is not supported for the metric StatusCheckFailed_Instance"
        )
