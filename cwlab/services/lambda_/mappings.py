"""Event source mappings: a queue whose messages Lambda takes and hands to a function in batches.

Source: Lambda developer guide, "Using Lambda with Amazon SQS". Kinesis and DynamoDB streams come later.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, Request, handler, operation
from cwlab.arn import arn, parse
from cwlab.errors import AwsError, BadInput, NotModelled
from cwlab.services.lambda_ import report
from cwlab.services.lambda_.functions import invalid, page, revision
from cwlab.services.lambda_.invoke import Throttled, check_room, once, request_id
from cwlab.services.lambda_.naming import Params, Ref, function, ref, version
from cwlab.services.lambda_.records import Function, Mapping, Version
from cwlab.timeline import to_datetime

BATCH, MAX_BATCH, FIFO_BATCH, WINDOW_S = 10, 10_000, 10, 300
TAKE = 10  # messages of one ReceiveMessage
POLL_MS = 25  # from a message's arrival to its batch
PARTIAL = "ReportBatchItemFailures"


def _where(call: Call, made: Mapping) -> Ref:
    return Ref(call.account, call.region, made.function, made.qualifier)


def _show(call: Call, made: Mapping, state: str | None = None) -> Params:
    return {
        "UUID": made.uuid,
        "BatchSize": made.batch,
        "MaximumBatchingWindowInSeconds": made.window_s,
        "EventSourceArn": made.source,
        "FunctionArn": _where(call, made).arn,
        "LastModified": to_datetime(made.modified_ms),
        "LastProcessingResult": made.last_result,
        "State": state or ("Enabled" if made.enabled else "Disabled"),
        "StateTransitionReason": "USER_INITIATED",
        "FunctionResponseTypes": [PARTIAL] if made.partial else [],
        "EventSourceMappingArn": _mapping_arn(call, made.uuid),
    }


def _mapping_arn(call: Call, uuid: str) -> str:
    return arn("lambda", call.region, call.account, f"event-source-mapping:{uuid}")


def _mapping(call: Call, uuid: str) -> Mapping:
    found: Mapping | None = call.table("mappings").get(uuid)
    if found is None:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    return found


def _resource(call: Call, params: Params) -> str:
    return _mapping_arn(call, params.get("UUID", "*"))


def _check_batch(source: str, batch: int, window_s: int) -> None:
    if not 1 <= batch <= MAX_BATCH or (batch > TAKE and window_s == 0 and not source.endswith(".fifo")):
        raise invalid(
            f"Batch size {batch}: more than {TAKE} needs a MaximumBatchingWindowInSeconds of at least 1, and "
            f"{MAX_BATCH} is the most."
        )
    if source.endswith(".fifo") and batch > FIFO_BATCH:
        raise invalid(f"Batch size must be at most {FIFO_BATCH} for FIFO queues")


def _ask(call: Call, where: Ref, made: Version, source: str, name: str, params: Params) -> Params:
    """A call to SQS with the function's role."""
    at = parse(source)
    role = call.world.service_session(made.role, "lambda.amazonaws.com", where.name)
    url = f"https://sqs.{at.region}.amazonaws.com/{at.account}/{at.resource}"
    asked = {"QueueUrl": url, **params}
    return call.world.door(
        Request("sqs", name, asked, role, at.account, at.region, depth=call.request.depth + 1)
    )


def _visibility_s(call: Call, where: Ref, made: Version, source: str) -> int:
    answer = _ask(call, where, made, source, "GetQueueAttributes", {"AttributeNames": ["VisibilityTimeout"]})
    return int(answer["Attributes"]["VisibilityTimeout"])


@operation("lambda", "CreateEventSourceMapping")
def create_event_source_mapping(
    call: Call,
    *,
    FunctionName: str,
    EventSourceArn: str | None = None,
    Enabled: bool = True,
    BatchSize: int | None = None,
    MaximumBatchingWindowInSeconds: int = 0,
    FunctionResponseTypes: Sequence[str] = (),
    Tags: dict[str, str] | None = None,
) -> Params:
    """Feed a function from a queue."""
    where = ref(call, FunctionName)
    made = version(call, where)
    if EventSourceArn is None:
        raise invalid("Unrecognized event source, must be kinesis, dynamodb stream or sqs")
    try:
        at = parse(EventSourceArn)
    except BadInput:
        raise invalid("Unrecognized event source, must be kinesis, dynamodb stream or sqs") from None
    if at.service != "sqs":
        raise NotModelled(f"An event source of {at.service}", "Modeled: SQS queues.")
    for held in call.table("mappings").values():
        if (held.source, held.function, held.qualifier) == (EventSourceArn, where.name, where.qualifier):
            raise AwsError(
                "ResourceConflictException",
                "An event source mapping with SQS arn (\" " + EventSourceArn + " \") and function (\" " + where.arn
                + f' ") already exists. Please update or delete the existing mapping with UUID {held.uuid}',
                409,
            )  # fmt: skip
    batch = BATCH if BatchSize is None else BatchSize
    _check_batch(EventSourceArn, batch, MaximumBatchingWindowInSeconds)
    try:
        visible_s = _visibility_s(call, where, made, EventSourceArn)
    except AwsError as refused:
        if refused.code.endswith(("NonExistentQueue", "QueueDoesNotExist")):
            raise invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                "SQS Error Message: The specified queue does not exist for this wsdl version."
            ) from None
        raise invalid(
            "The provided execution role does not have permissions to call ReceiveMessage on SQS"
        ) from None
    if visible_s < made.timeout_s:
        raise invalid(
            f"Queue visibility timeout: {visible_s} seconds is less than Function timeout: {made.timeout_s} seconds"
        )
    new = Mapping(
        uuid=revision(call),
        source=EventSourceArn,
        function=where.name,
        qualifier=where.qualifier,
        batch=batch,
        window_s=MaximumBatchingWindowInSeconds,
        enabled=Enabled,
        partial=PARTIAL in FunctionResponseTypes,
        modified_ms=call.now_ms,
        last_result="No records processed",
        tags=tuple(sorted((Tags or {}).items())),
    )
    call.table("mappings")[new.uuid] = new
    _follow(call, new)
    return _show(call, new, "Creating" if Enabled else None)


def _follow(call: Call, made: Mapping) -> None:
    """Begin or end watching the queue."""
    if made.enabled:
        call.watch(made.source, "wake", uuid=made.uuid)
        wake(call, uuid=made.uuid)
    else:
        call.unwatch(made.source, "wake", uuid=made.uuid)


@operation("lambda", "GetEventSourceMapping", resource=_resource, readonly=True)
def get_event_source_mapping(call: Call, *, UUID: str) -> Params:
    return _show(call, _mapping(call, UUID))


@operation("lambda", "ListEventSourceMappings", readonly=True)
def list_event_source_mappings(
    call: Call,
    *,
    EventSourceArn: str | None = None,
    FunctionName: str | None = None,
    Marker: str | None = None,
    MaxItems: int = 100,
) -> Params:
    of = None if FunctionName is None else ref(call, FunctionName)
    if of is not None:
        function(call, of)
    held = [
        _show(call, each)
        for each in call.table("mappings").values()
        if EventSourceArn in (None, each.source)
        and (of is None or (each.function == of.name and of.qualifier in (None, each.qualifier)))
    ]
    return page(held, "EventSourceMappings", Marker, min(MaxItems, 100))


@operation("lambda", "UpdateEventSourceMapping", resource=_resource)
def update_event_source_mapping(
    call: Call,
    *,
    UUID: str,
    FunctionName: str | None = None,
    Enabled: bool | None = None,
    BatchSize: int | None = None,
    MaximumBatchingWindowInSeconds: int | None = None,
    FunctionResponseTypes: Sequence[str] | None = None,
) -> Params:
    found = _mapping(call, UUID)
    where = _where(call, found) if FunctionName is None else ref(call, FunctionName)
    version(call, where)
    batch = found.batch if BatchSize is None else BatchSize
    window_s = found.window_s if MaximumBatchingWindowInSeconds is None else MaximumBatchingWindowInSeconds
    _check_batch(found.source, batch, window_s)
    changed = replace(
        found,
        function=where.name,
        qualifier=where.qualifier,
        enabled=found.enabled if Enabled is None else Enabled,
        batch=batch,
        window_s=window_s,
        partial=found.partial if FunctionResponseTypes is None else PARTIAL in FunctionResponseTypes,
        modified_ms=call.now_ms,
    )
    call.table("mappings")[UUID] = changed
    _follow(call, changed)
    return _show(call, changed, "Updating")


@operation("lambda", "DeleteEventSourceMapping", resource=_resource)
def delete_event_source_mapping(call: Call, *, UUID: str) -> Params:
    found = _mapping(call, UUID)
    _follow(call, replace(found, enabled=False))
    del call.table("mappings")[UUID]
    return _show(call, found, "Deleting")


# -- taking messages -------------------------------------------------------------------------------------------


@handler("lambda", "wake")
def wake(call: Call, *, uuid: str) -> None:
    """Something is in the queue: take it after the batching window, unless that is already planned."""
    found: Mapping | None = call.table("mappings").get(uuid)
    if found is not None and found.enabled:
        _plan(call, found, call.now_ms + POLL_MS + found.window_s * 1000)


def _plan(call: Call, made: Mapping, at_ms: int) -> None:
    planned = call.table("polls")
    if not call.now_ms <= planned.get(made.uuid, -1) <= at_ms:
        planned[made.uuid] = at_ms
        call.schedule(at_ms, "poll", uuid=made.uuid)


@handler("lambda", "poll")
def poll(call: Call, *, uuid: str) -> None:
    """Take a batch, run the function with it, delete what it dealt with."""
    found: Mapping | None = call.table("mappings").get(uuid)
    if call.table("polls").get(uuid) == call.now_ms:
        del call.table("polls")[uuid]
    if found is None or not found.enabled:
        return
    where = _where(call, found)
    try:
        owner, made = function(call, where), version(call, where)
        messages = _take(call, where, made, found)
    except AwsError as refused:
        _note(call, found, f"PROBLEM: {refused.message}")
        return
    if not messages:
        return
    result = _process(call, where, owner, made, found, messages)
    _note(call, found, result)
    if result != "OK":  # they come back when their visibility timeout ends
        back_ms = call.now_ms + _visibility_s(call, where, made, found.source) * 1000
        _plan(call, found, back_ms + POLL_MS)
    if len(messages) >= min(found.batch, TAKE):
        _plan(call, found, call.now_ms + POLL_MS)


def _note(call: Call, made: Mapping, result: str) -> None:
    call.table("mappings")[made.uuid] = replace(made, last_result=result)


def _take(call: Call, where: Ref, made: Version, of: Mapping) -> list[Params]:
    taken: list[Params] = []
    while len(taken) < of.batch:
        asked = {
            "MaxNumberOfMessages": min(TAKE, of.batch - len(taken)),
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
            "WaitTimeSeconds": 0,
        }
        got = _ask(call, where, made, of.source, "ReceiveMessage", asked).get("Messages", [])
        taken += got
        if len(got) < TAKE:
            break
    return taken


def _process(
    call: Call, where: Ref, owner: Function, made: Version, of: Mapping, messages: list[Params]
) -> str:
    """Run the function with a batch; how it ended, in AWS's words."""
    try:
        check_room(call, where, owner)
        event = json.dumps({"Records": [_event_record(each, of.source) for each in messages]})
        outcome = once(call, where, owner, made, event, request_id(call)).outcome
    except Throttled:
        report.put(call, where, [("Throttles", 1, "Count")])
        return "PROBLEM: Function call was throttled"
    except AwsError as refused:
        return f"PROBLEM: {refused.message}"
    if outcome.error is not None:
        return "PROBLEM: Function call failed"
    failed = _failures(json.loads(outcome.payload), messages) if of.partial else set()
    done = [each for each in messages if each["MessageId"] not in failed]
    for start in range(0, len(done), TAKE):
        entries = [
            {"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]}
            for n, each in enumerate(done[start : start + TAKE])
        ]
        try:
            _ask(call, where, made, of.source, "DeleteMessageBatch", {"Entries": entries})
        except AwsError as refused:
            return f"PROBLEM: {refused.message}"
    return "PROBLEM: Function call failed for some messages" if failed else "OK"


def _failures(answer: Any, messages: list[Params]) -> set[str]:
    """The message ids a function reports as failed; all of them when its report cannot be read."""
    everything = {each["MessageId"] for each in messages}
    listed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if listed is None or listed == []:
        return set()
    ids = (
        {each.get("itemIdentifier") for each in listed if isinstance(each, dict)}
        if isinstance(listed, list)
        else set()
    )
    return {str(each) for each in ids} if ids and ids <= everything else everything


def _event_record(message: Params, source: str) -> Params:
    """A message as the event tells it."""
    attributes = {
        name: {
            **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
            **({"binaryValue": value["BinaryValue"].decode("latin-1")} if "BinaryValue" in value else {}),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": value["DataType"],
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": parse(source).region,
    }
