"""The queue before a function: each event runs a little later, is tried again after an error, and goes to a dead-letter
queue or a destination in the end.

Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation" and "Capturing
records of Lambda asynchronous invocations".
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from cwlab.api import Call, Principal, Request, handler
from cwlab.arn import parse
from cwlab.errors import AwsError, CwlabError
from cwlab.services.lambda_ import report
from cwlab.services.lambda_.invoke import Throttled, check_room, once
from cwlab.services.lambda_.naming import Params, Ref, function, version
from cwlab.services.lambda_.records import EventConfig, Version
from cwlab.services.lambda_.runtime.run import Outcome
from cwlab.timeline import MINUTE, SECOND, iso

WAITS_MS = (MINUTE, 2 * MINUTE)  # before the second and the third attempt
RETRIES = 2
MAX_AGE_S = 6 * 3600
THROTTLE_MS = (
    SECOND,
    5 * MINUTE,
)  # a throttled event waits from one second, twice as long each time, up to five minutes
DEFAULTS = EventConfig(None, None, None, None, 0)


class Event(NamedTuple):
    """An event in the queue."""

    text: str  # JSON
    own_id: str
    accepted_ms: int
    attempt: int  # how many times the function ran with it


@handler("lambda", "deliver")
def deliver(
    call: Call,
    *,
    function: str,
    qualifier: str | None,
    event: str,
    own_id: str,
    accepted_ms: int,
    attempt: int = 0,
    throttled: int = 0,
    chain: int = 0,
) -> None:
    """Run a function with an event from its queue."""
    where = Ref(call.account, call.region, function, qualifier)
    given = Event(event, own_id, accepted_ms, attempt)
    try:
        found, made = _find(call, where)
    except AwsError:
        report.put(call, where, [("AsyncEventsDropped", 1, "Count")])
        return
    config: EventConfig = call.table("event_configs").get((function, qualifier or ""), DEFAULTS)
    retries = RETRIES if config.retries is None else config.retries
    max_age_s = MAX_AGE_S if config.max_age_s is None else config.max_age_s

    def again(at_ms: int, **changed: int) -> None:
        args = {"function": function, "qualifier": qualifier, "event": event, "own_id": own_id,
                "accepted_ms": accepted_ms, "attempt": attempt, "throttled": throttled, "chain": chain}  # fmt: skip
        call.schedule(at_ms, "deliver", **{**args, **changed})

    report.put(call, where, [("AsyncEventAge", call.now_ms - accepted_ms, "Milliseconds")])
    if call.now_ms - accepted_ms > max_age_s * SECOND:
        _give_up(call, where, made, config, given, "EventAgeExceeded", None)
        return
    try:
        check_room(call, where, found)
    except Throttled:
        report.put(call, where, [("Throttles", 1, "Count")])
        if found.reserved == 0:
            _give_up(call, where, made, config, given, "ZeroReservedConcurrency", None)
        else:
            first, most = THROTTLE_MS
            again(call.now_ms + min(first << min(throttled, 20), most), throttled=throttled + 1)
        return
    try:
        outcome = once(call, where, found, made, event, own_id, chain=chain).outcome
    except AwsError as refused:  # Lambda could not start it: no role, or invocations in circles
        body = json.dumps({"errorMessage": refused.message, "errorType": refused.code})
        outcome = Outcome(body, "Unhandled", "error", 0, ())
        if refused.code == "RecursiveInvocationException":
            retries = 0
    done = given._replace(attempt=attempt + 1)
    if outcome.error is None:
        if config.on_success:
            _send_record(call, where, made, config.on_success, done, "Success", outcome)
    elif attempt < retries:
        again(call.now_ms + WAITS_MS[min(attempt, len(WAITS_MS) - 1)], attempt=attempt + 1, throttled=0)
    else:
        _give_up(call, where, made, config, done, "RetriesExhausted", outcome)


def _find(call: Call, where: Ref) -> tuple[Any, Version]:
    return function(call, where), version(call, where)


def _give_up(
    call: Call,
    where: Ref,
    made: Version,
    config: EventConfig,
    event: Event,
    condition: str,
    outcome: Outcome | None,
) -> None:
    """The event's end: into the dead-letter queue, to the failure destination, or away."""
    if made.dead_letter:
        _bury(call, where, made, event, condition, outcome)
    if config.on_failure:
        _send_record(call, where, made, config.on_failure, event, condition, outcome)
    report.put(call, where, [("AsyncEventsDropped", 1, "Count")])


def _bury(
    call: Call, where: Ref, made: Version, event: Event, condition: str, outcome: Outcome | None
) -> None:
    """The event itself into the queue or topic of ``DeadLetterConfig``, with why as attributes."""
    words = condition if outcome is None else str(json.loads(outcome.payload).get("errorMessage", ""))
    code = "429" if outcome is None else "200"
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": event.own_id},
        "ErrorCode": {"DataType": "Number", "StringValue": code},
        "ErrorMessage": {"DataType": "String", "StringValue": words[:1024] or condition},
    }
    assert made.dead_letter is not None
    if not _deliver(call, where, made, made.dead_letter, event.text, attributes):
        report.put(call, where, [("DeadLetterErrors", 1, "Count")])


def _send_record(
    call: Call,
    where: Ref,
    made: Version,
    target: str,
    event: Event,
    condition: str,
    outcome: Outcome | None,
) -> None:
    """An invocation record to a destination."""
    record: Params = {
        "version": "1.0",
        "timestamp": iso(call.now_ms),
        "requestContext": {
            "requestId": event.own_id,
            "functionArn": f"{where.plain_arn}:{where.qualifier or made.version}",
            "condition": condition,
            "approximateInvokeCount": event.attempt,
        },
        "requestPayload": json.loads(event.text),
    }
    if outcome is not None:
        context = {"statusCode": 200, "executedVersion": made.version}
        record["responseContext"] = context | ({"functionError": outcome.error} if outcome.error else {})
        record["responsePayload"] = json.loads(outcome.payload)
    if not _deliver(call, where, made, target, json.dumps(record, separators=(",", ":")), None, condition):
        report.put(call, where, [("DestinationDeliveryFailures", 1, "Count")])


def _deliver(
    call: Call,
    where: Ref,
    made: Version,
    target: str,
    body: str,
    attributes: Params | None,
    condition: str = "",
) -> bool:
    """Send text to a queue, topic, function or event bus with the function's role; False when that was refused."""
    at = parse(target)
    more = {} if attributes is None else {"MessageAttributes": attributes}
    if at.service == "sqs":
        url = f"https://sqs.{at.region}.amazonaws.com/{at.account}/{at.resource}"
        asked: tuple[str, Params] = ("SendMessage", {"QueueUrl": url, "MessageBody": body, **more})
    elif at.service == "sns":
        asked = ("Publish", {"TopicArn": target, "Message": body, **more})
    elif at.service == "lambda":
        asked = ("Invoke", {"FunctionName": target, "InvocationType": "Event", "Payload": body.encode()})
    else:
        result = "Success" if condition == "Success" else "Failure"
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {result}",
            "Detail": body,
            "Resources": [target, where.plain_arn],
            "EventBusName": target,
        }
        asked = ("PutEvents", {"Entries": [entry]})
    try:
        role: Principal = call.world.service_session(made.role, "lambda.amazonaws.com", where.name)
        call.world.door(
            Request(at.service, asked[0], asked[1], role, at.account, at.region, depth=call.request.depth + 1)
        )
    except CwlabError:
        return False
    return True
