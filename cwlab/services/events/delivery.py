"""Bringing an event to a target: the call, the retries, the dead-letter queue.

EventBridge calls the target's own API, as itself (``events.amazonaws.com``, for the rule) or with the target's role; the
target's policy decides. What fails because the target is busy or broken is tried again for up to a day; what fails for
want of permission or of the target itself is not. Sources: EventBridge User Guide, "How EventBridge retries delivering
events", "Using dead-letter queues".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwlab.api import Call, handler
from cwlab.arn import Arn, parse
from cwlab.errors import AwsError, Unreachable
from cwlab.services.events.common import uuid
from cwlab.services.events.jsontext import Number, read, write
from cwlab.services.events.records import Rule, Target
from cwlab.services.events.shaping import BadShape, shape
from cwlab.services.events.tally import count
from cwlab.timeline import SECOND, iso, to_ms

SERVICE = "events.amazonaws.com"
FIRST_WAIT_S, LONGEST_WAIT_S = 1, 512
"""Waits double from one to the other; 185 of them fill the 24 hours. AWS tells no figures."""


@handler("events", "deliver")
def deliver(call: Call, *, bus: str, name: str, target: str, event: str, since_ms: int, attempt: int) -> None:
    """Call one target with one event. A rule or target that is gone by now is not called.

    Args:
        since_ms: when the event came in.
        attempt: how often it was tried already.
    """
    rule: Rule | None = call.table("rules").get((bus, name))
    found = None if rule is None else rule.target(target)
    if rule is None or found is None:
        return
    count(call, rule, "InvocationAttempts", overall=True)
    if attempt:
        count(call, rule, "RetryInvocationAttempts", overall=True)
    predefined = {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": iso(since_ms),
    }
    try:
        _send(call, rule, found, shape(found, event, predefined), event)
    except BadShape as problem:
        _give_up(call, rule, found, event, "INVALID_JSON", str(problem), attempt, None)
        return
    except (AwsError, Unreachable) as problem:
        _failed(call, rule, found, event, since_ms, attempt, problem)
        return
    count(call, rule, "Invocations", overall=True)


def _failed(
    call: Call,
    rule: Rule,
    target: Target,
    event: str,
    since_ms: int,
    attempt: int,
    problem: AwsError | Unreachable,
) -> None:
    """Try again later, or give up."""
    code = kind_of(problem)
    retries, age_s = target.retry_limits
    exhausted = None
    if code in RETRIED:
        wait_s = min(FIRST_WAIT_S * 2**attempt, LONGEST_WAIT_S) * (0.75 + 0.5 * call.draw("retry"))
        at_ms = call.now_ms + round(wait_s * SECOND)
        if attempt >= retries:
            exhausted = "MaximumRetryAttempts"
        elif at_ms > since_ms + age_s * SECOND:
            exhausted = "MaximumEventAgeInSeconds"
        else:
            call.schedule(
                at_ms,
                "deliver",
                bus=rule.bus,
                name=rule.name,
                target=target.target_id,
                event=event,
                since_ms=since_ms,
                attempt=attempt + 1,
            )
            return
    message = problem.message if isinstance(problem, AwsError) else problem.reason
    _give_up(call, rule, target, event, code, message, attempt, exhausted)


def _give_up(
    call: Call,
    rule: Rule,
    target: Target,
    event: str,
    code: str,
    message: str,
    attempt: int,
    exhausted: str | None,
) -> None:
    """The event does not reach its target: it goes to the dead-letter queue, if there is one."""
    count(call, rule, "Invocations", overall=True)
    count(call, rule, "FailedInvocations")
    if target.dead_letters is None:
        return
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target.arn,
        "ERROR_CODE": code,
        "ERROR_MESSAGE": message[:1000] or code,
        "RETRY_ATTEMPTS": str(attempt),
    }
    if exhausted is not None:
        told["EXHAUSTED_RETRY_CONDITION"] = exhausted
    attributes = {key: {"DataType": "String", "StringValue": value} for key, value in told.items()}
    queue = parse(target.dead_letters)
    message_params = {"QueueUrl": _queue_url(queue), "MessageBody": event, "MessageAttributes": attributes}
    try:
        _invoke(call, rule, None, queue, "sqs", "SendMessage", message_params)
    except (AwsError, Unreachable):
        count(call, rule, "InvocationsFailedToBeSentToDlq")
    else:
        count(call, rule, "InvocationsSentToDlq")


# What went wrong ------------------------------------------------------------------------------------------------------

RETRIED = ("THROTTLING", "ERROR_FROM_TARGET", "CONNECTION_FAILURE")
_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


def kind_of(problem: AwsError | Unreachable) -> str:
    """EventBridge's word for an error of a target; `RETRIED` are the ones it tries again.

    >>> kind_of(AwsError("ThrottlingException", "Rate exceeded"))
    'THROTTLING'
    """
    if isinstance(problem, Unreachable):
        return "CONNECTION_FAILURE"
    code = problem.code
    if code in _DENIED or code.startswith("KMS."):
        assuming = "sts:AssumeRole" in problem.message
        return "FAILED_TO_ASSUME_ROLE" if assuming else "NO_PERMISSIONS"
    if any(word in code for word in ("NotFound", "NonExistent", "DoesNotExist", "NoSuch")):
        return "NO_RESOURCE"
    if any(word in code for word in ("Throttl", "TooManyRequests", "LimitExceeded", "SlowDown")):
        return "THROTTLING"
    return "ERROR_FROM_TARGET" if problem.status >= 500 else "SDK_CLIENT_ERROR"


# Calling --------------------------------------------------------------------------------------------------------------


def _invoke(
    call: Call, rule: Rule, role: str | None, where: Arn, service: str, operation: str, params: dict[str, Any]
) -> None:
    call.invoke(
        service,
        operation,
        params,
        role=role,
        service_principal=None if role else SERVICE,
        source_arn=rule.arn,
        account=where.account,
        region=where.region,
    )


def _send(call: Call, rule: Rule, target: Target, text: str, event: str) -> None:
    where = parse(target.arn)
    for operation, params in _CALLS[where.service](call, where, target, text, event):
        _invoke(call, rule, target.role_arn, where, where.service, operation, params)


Calls = list[tuple[str, dict[str, Any]]]


def _queue_url(queue: Arn) -> str:
    return f"https://sqs.{queue.region}.amazonaws.com/{queue.account}/{queue.resource}"


def _to_sqs(call: Call, where: Arn, target: Target, text: str, event: str) -> Calls:
    params = {"QueueUrl": _queue_url(where), "MessageBody": text}
    if target.group is not None:
        params["MessageGroupId"] = target.group
    return [("SendMessage", params)]


def _to_sns(call: Call, where: Arn, target: Target, text: str, event: str) -> Calls:
    return [("Publish", {"TopicArn": target.arn, "Message": text})]


def _to_lambda(call: Call, where: Arn, target: Target, text: str, event: str) -> Calls:
    return [
        ("Invoke", {"FunctionName": target.arn, "InvocationType": "Event", "Payload": text.encode()}),
    ]


def _to_bus(call: Call, where: Arn, target: Target, text: str, event: str) -> Calls:
    """The event goes on as it is; a bus takes no other input."""
    body = read(event)
    entry = {
        "EventBusName": target.arn,
        "Source": body["source"],
        "DetailType": body["detail-type"],
        "Time": body["time"],
        "Resources": body["resources"],
        "Detail": write(body["detail"]),
    }
    return [("PutEvents", {"Entries": [entry]})]


def _to_logs(call: Call, where: Arn, target: Target, text: str, event: str) -> Calls:
    """One log stream for each event. A shaped input must be an object of timestamp and message."""
    group = where.resource.removeprefix("log-group:").removesuffix(":*")
    at_ms, message = to_ms(read(event)["time"]), text
    if target.constant is not None or target.template is not None:
        try:
            shaped = read(text)
            at_ms, message = int(shaped["timestamp"].value), _text(shaped["message"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AwsError(
                "InvalidParameterException", "The input for a log group needs timestamp and message."
            ) from None
    stream = uuid(call)
    return [
        ("CreateLogStream", {"logGroupName": group, "logStreamName": stream}),
        (
            "PutLogEvents",
            {
                "logGroupName": group,
                "logStreamName": stream,
                "logEvents": [{"timestamp": at_ms, "message": message}],
            },
        ),
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else value.text if isinstance(value, Number) else write(value)


_CALLS: dict[str, Callable[[Call, Arn, Target, str, str], Calls]] = {
    "sqs": _to_sqs,
    "sns": _to_sns,
    "lambda": _to_lambda,
    "events": _to_bus,
    "logs": _to_logs,
}
