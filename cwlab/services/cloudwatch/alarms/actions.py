"""Running an alarm's actions: each on its own, through the door, with a line of history for each.

An action that fails leaves a line and disturbs nothing. Source: user guide, ``alarm-actions``; the lines and the texts of
refusals as observed on the live service, those of EC2 and Auto Scaling refusals excepted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from statistics import fmean
from typing import Any

from cwlab.api import WORLD, Call, Request
from cwlab.errors import AwsError, CwlabError
from cwlab.services.cloudwatch.alarms import events, messages
from cwlab.services.cloudwatch.alarms.action_arns import Action, read
from cwlab.services.cloudwatch.alarms.events import Change, Muting
from cwlab.services.cloudwatch.alarms.lines import add
from cwlab.services.cloudwatch.alarms.records import MetricAlarm, StateValue
from cwlab.services.cloudwatch.alarms.watched import many_series, see
from cwlab.services.cloudwatch.alarms.words import compact

PRINCIPAL = "cloudwatch.amazonaws.com"
LAMBDA_PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"
FOR_EACH_SERIES = ("sns", "lambda")  # an alarm over many series notifies of each series, not of itself

AGGREGATES: dict[str, Callable[[list[float]], float]] = {"Average": fmean, "Minimum": min, "Maximum": max}
INSTANCES = {"stop": "StopInstances", "terminate": "TerminateInstances", "reboot": "RebootInstances"}
DENIED = ("AuthorizationError", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def follow(call: Call, change: Change) -> bool:
    """What follows from a change: the actions of the state that was entered run, or their being held back is noted.

    Returns:
        Whether a mute rule held any back.
    """
    alarm, value = change.alarm, change.after.value
    arns = _due(change)
    if not alarm.actions.enabled or not arns:
        return False
    for arn in arns:
        if change.phase_after is not None:
            _note(call, change, arn, "Suppressed", f"Suppressed action {arn}")
        elif change.muting is not None:
            _note(call, change, arn, "Muted", _muted(change.muting, arn, value))
        else:
            execute(call, change, arn)
    return change.phase_after is None and change.muting is not None


def _due(change: Change) -> tuple[str, ...]:
    alarm = change.alarm
    arns = alarm.actions.entering(change.after.value)
    if not isinstance(alarm, MetricAlarm) or not many_series(alarm):
        return arns
    return tuple(
        arn for arn in arns if (read(arn).kind in FOR_EACH_SERIES) == (change.contributor is not None)
    )


def _muted(muting: Muting, arn: str, value: StateValue) -> str:
    others = f" and {muting.others} other rule(s)" if muting.others else ""
    return f"Muted {value} action {arn} by {muting.rule_name}{others}"


def execute(call: Call, change: Change, arn: str) -> None:
    """Run one action, and write down how it went."""
    action = read(arn)
    try:
        published = _RUN[action.kind](call, change, action)
    except CwlabError as problem:
        failed(call, change, arn, problem)
        return
    summary = f"Successfully executed action {arn}"
    if action.kind == "ec2":
        instance = _instance(change)
        summary = f"{action.verb.capitalize()} EC2 Instance '{instance}' action completed successfully"
    _note(call, change, arn, "Succeeded", summary, published=published)


def failed(call: Call, change: Change, arn: str, problem: CwlabError) -> None:
    """Write down that an action failed, and why."""
    error = _refusal(read(arn), problem)
    _note(
        call, change, arn, "Failed", f'Failed to execute action {arn}. Received error: "{error}"', error=error
    )


def _note(
    call: Call,
    change: Change,
    arn: str,
    state: str,
    summary: str,
    *,
    published: str | None = None,
    error: str | None = None,
) -> None:
    data = {
        "actionState": state,
        "stateUpdateTimestamp": change.after.updated_ms,
        "notificationResource": arn,
        "publishedMessage": published,
        "error": error,
        "muteWindowEndTimestamp": change.muting.end_ms if change.muting is not None else None,
    }
    kind = "Action" if change.contributor is None else "AlarmContributorAction"
    add(call, change.alarm, kind, summary, data, change.contributor)


def _refusal(action: Action, problem: CwlabError) -> str:
    """Why an action failed, as the history says it."""
    if isinstance(problem, AwsError):
        if problem.code in DENIED and action.kind == "sns":
            return f"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource:{action.arn}"
        if problem.code in DENIED and action.kind == "lambda":
            return (
                "CloudWatch Alarms is not authorized to perform: lambda:InvokeFunction on the resource because no "
                "resource-based policy allows the lambda:InvokeFunction action"
            )
        if problem.code.startswith("KMS") and action.kind == "sns":
            return "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
        return problem.message
    return str(problem)


# Each kind --------------------------------------------------------------------------------------------------------


def _publish(call: Call, change: Change, action: Action) -> str:
    message = compact(messages.published(call, change))
    request: dict[str, Any] = {
        "TopicArn": action.arn,
        "Subject": messages.subject(call, change),
        "Message": message,
        "MessageStructure": "json",
    }
    if action.arn.endswith(".fifo"):
        request["MessageGroupId"] = hashlib.blake2b(change.alarm.arn.encode(), digest_size=16).hexdigest()
        # Alarms and series that change at the same instant are told of each by itself.
        request["MessageDeduplicationId"] = call.unique("", 32)
    _ask(call, change, action, "sns", "Publish", request, PRINCIPAL)
    return message


def _invoke(call: Call, change: Change, action: Action) -> None:
    request = {
        "FunctionName": action.arn,
        "InvocationType": "Event",
        "Payload": events.payload(call, change).encode(),
    }
    _ask(call, change, action, "lambda", "Invoke", request, LAMBDA_PRINCIPAL)


def _scale(call: Call, change: Change, action: Action) -> None:
    scale(call, change, action.arn, policy_of(call, change, action.arn))


def policy_of(call: Call, change: Change, arn: str) -> tuple[str, str]:
    """The type of a scaling policy, and how it wants the metric's recent datapoints put together; "" where there is no
    such policy, which it is for Auto Scaling to say."""
    request = {"PolicyNames": [arn]}
    found = _ask(call, change, read(arn), "autoscaling", "DescribePolicies", request, PRINCIPAL)
    if not found["ScalingPolicies"]:
        return "", ""
    (policy,) = found["ScalingPolicies"]
    return policy["PolicyType"], policy.get("MetricAggregationType", "Average")


def scale(call: Call, change: Change, arn: str, policy: tuple[str, str]) -> None:
    """Execute a scaling policy, with the metric as it is now: a step policy picks its step by it.

    Args:
        policy: what ``policy_of`` told.

    Raises:
        AwsError: Auto Scaling refused, or there are no datapoints.
    """
    alarm, (kind, aggregation) = change.alarm, policy
    assert isinstance(alarm, MetricAlarm)  # action_arns.check
    request: dict[str, Any] = {"PolicyName": arn}
    if kind == "SimpleScaling":
        request["HonorCooldown"] = True
    elif kind:
        points = datapoints(call, change)
        if not points:
            raise AwsError(
                "ValidationError", "The alarm's state has no datapoints from which to pick a scaling step."
            )
        request["MetricValue"] = float(AGGREGATES[aggregation](points))
        if alarm.threshold is not None:
            request["BreachThreshold"] = float(alarm.threshold)
    _ask(call, change, read(arn), "autoscaling", "ExecutePolicy", request, PRINCIPAL)


def datapoints(call: Call, change: Change) -> list[float]:
    """The alarm's recent datapoints: those of StateReasonData in the minute of the transition, later those it sees now."""
    alarm, after = change.alarm, change.after
    if call.now_ms == after.updated_ms:
        data = json.loads(after.data) if after.data else None
        recent = data.get("recentDatapoints") if isinstance(data, dict) else None
        return [float(v) for v in recent if isinstance(v, int | float)] if isinstance(recent, list) else []
    assert isinstance(alarm, MetricAlarm)
    views = see(call, alarm).views
    real = [v for v in views[0].values if v is not None] if views else []
    return real[-alarm.evaluation_periods :]


def _instance(change: Change) -> str:
    assert isinstance(change.alarm, MetricAlarm)  # action_arns.check
    return next(value for name, value in change.alarm.dimensions if name == "InstanceId")


def _instances(call: Call, change: Change, action: Action) -> None:
    if action.verb != "recover":
        request = {"InstanceIds": [_instance(change)]}
        _ask(call, change, action, "ec2", INSTANCES[action.verb], request, PRINCIPAL)
        return
    # Recovery is no API: it moves the instance to other hardware.
    call.world.door(
        Request(
            "ec2",
            "recover",
            {"instance": _instance(change)},
            WORLD,
            call.account,
            call.region,
            kind="verb",
            depth=call.request.depth + 1,
        )
    )


def _ask(
    call: Call,
    change: Change,
    action: Action,
    service: str,
    operation: str,
    request: dict[str, Any],
    principal: str,
) -> dict[str, Any]:
    """Call a service for the alarm, in the account that owns the target."""
    return call.invoke(
        service,
        operation,
        request,
        service_principal=principal,
        source_arn=change.alarm.arn,
        account=action.account or call.account,
        region=action.region,
    )


_RUN: dict[str, Any] = {"sns": _publish, "lambda": _invoke, "autoscaling": _scale, "ec2": _instances}
