"""ReceiveMessage, and what a receiver then does with a message: delete it, or change how long others do not see it.

Source: SQS API reference; developer guide, "visibility timeout", "short and long polling", "dead-letter queues".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, NotYet, operation
from cwlab.errors import AwsError
from cwlab.services.sqs import backlog, digest, sealing, tally
from cwlab.services.sqs.errors import bad_handle, bad_value, not_in_flight
from cwlab.services.sqs.records import Message, Queue
from cwlab.services.sqs.sending import check_entries, failure
from cwlab.services.sqs.shelf import Shelf, opened, policy_of, queue_arn

MAX_MESSAGES, MAX_VISIBILITY_S, MAX_WAIT_S = 10, 43_200, 20


@operation("sqs", "ReceiveMessage", resource=queue_arn, policy=policy_of)
def receive_message(
    call: Call,
    *,
    QueueUrl: str,
    AttributeNames: Sequence[str] = (),
    MessageSystemAttributeNames: Sequence[str] = (),
    MessageAttributeNames: Sequence[str] = (),
    MaxNumberOfMessages: int = 1,
    VisibilityTimeout: int | None = None,
    WaitTimeSeconds: int | None = None,
) -> dict[str, Any]:
    """Take messages that can be received; nobody else sees them until their visibility timeout ends.

    With a wait, an empty queue is watched until a message comes or the wait is over: your clock moves on so long.
    """
    shelf = opened(call, QueueUrl)
    queue = shelf.queue
    if not 1 <= MaxNumberOfMessages <= MAX_MESSAGES:
        raise bad_value(MaxNumberOfMessages, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
    if VisibilityTimeout is not None:
        _check_visibility(VisibilityTimeout)
    if WaitTimeSeconds is not None and not 0 <= WaitTimeSeconds <= MAX_WAIT_S:
        raise bad_value(WaitTimeSeconds, "WaitTimeSeconds", f"Must be >= 0 and <= {MAX_WAIT_S}, if provided.")
    found = _received(shelf, MaxNumberOfMessages, VisibilityTimeout)
    wait_s = queue.number("ReceiveMessageWaitTimeSeconds") if WaitTimeSeconds is None else WaitTimeSeconds
    if not found and wait_s and call.request.patient:
        raise _not_yet(shelf, wait_s)
    tally.add(call, shelf.account, shelf.name, received=len(found), empty=0 if found else 1)
    wanted = {*AttributeNames, *MessageSystemAttributeNames}
    told = [_told(each, wanted, MessageAttributeNames) for each in found]
    return {"Messages": told} if told else {}


def _not_yet(shelf: Shelf, wait_s: int) -> NotYet:
    """Come back when time has brought a message, or somebody has sent one."""
    world, now_ms = shelf.call.world, shelf.call.now_ms
    account, region, name = shelf.account, shelf.call.region, shelf.name

    def ready() -> bool:
        queue: Queue | None = world.table(account, region, "sqs", "queues").get(name)
        messages = world.table(account, region, "sqs", f"messages/{name}").values()
        return queue is None or bool(backlog.receivable(messages, queue, world.timeline.now_ms, 1))

    return NotYet(wait_s * 1000, backlog.next_visible_ms(shelf.messages.values(), now_ms), ready)


def _received(shelf: Shelf, most: int, visibility_s: int | None) -> list[Message]:
    """Take messages off the top; those received too often already go to the dead-letter queue instead."""
    call, queue = shelf.call, shelf.queue
    wait_s = queue.number("VisibilityTimeout") if visibility_s is None else visibility_s
    redrive = queue.redrive
    target = shelf.other(redrive.target_arn) if redrive is not None else None
    while True:
        found = backlog.receivable(shelf.messages.values(), queue, call.now_ms, most)
        spent = [each for each in found if redrive is not None and each.receives >= redrive.most]
        if target is None or not spent:
            sealing.check(shelf, found)
            return [_take(shelf, message, wait_s) for message in found]
        for message in spent:
            _bury(shelf, message, target)


def _take(shelf: Shelf, message: Message, wait_s: int) -> Message:
    call = shelf.call
    receives = message.receives + 1
    taken = replace(
        message,
        receives=receives,
        first_received_ms=call.now_ms if message.first_received_ms is None else message.first_received_ms,
        received_ms=call.now_ms,
        visible_ms=call.now_ms + wait_s * 1000,
        handle=_handle(call, shelf, message),
    )
    shelf.keep(taken)
    return taken


def _bury(shelf: Shelf, message: Message, target: Shelf) -> None:
    """Move a message to the dead-letter queue: it keeps its id and, in a standard queue, the time it was sent."""
    shelf.remove(message)
    now_ms = shelf.call.now_ms
    target.keep(
        replace(
            message,
            sent_ms=now_ms if shelf.queue.fifo else message.sent_ms,
            visible_ms=now_ms,
            arrived_ms=now_ms,
            handle="",
            dead_letter_source=shelf.queue.arn,
        )
    )


def _handle(call: Call, shelf: Shelf, message: Message) -> str:
    """A receipt handle: which queue, which message, which receive."""
    text = f"{call.unique('', 8)} {shelf.queue.arn} {message.message_id} {message.receives + 1}"
    return base64.b64encode(text.encode()).decode()


def _told(message: Message, wanted: set[str], attribute_names: Sequence[str]) -> dict[str, Any]:
    """A message as its receiver sees it."""
    system: dict[str, str | None] = {
        "SenderId": message.sender,
        "SentTimestamp": str(message.sent_ms),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(message.first_received_ms),
        "SequenceNumber": message.sequence,
        "MessageDeduplicationId": message.deduplication_id,
        "MessageGroupId": message.group,
        "DeadLetterQueueSourceArn": message.dead_letter_source,
    } | {name: str(value) for name, _, value in message.system}
    told: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.handle,
        "MD5OfBody": digest.of_text(message.body),
        "Body": message.body,
    }
    chosen = {
        name: value
        for name, value in system.items()
        if value is not None and (name in wanted or "All" in wanted)
    }
    if chosen:
        told["Attributes"] = chosen
    attributes = tuple(each for each in message.attributes if _asked(each[0], attribute_names))
    if attributes:
        told["MD5OfMessageAttributes"] = digest.of_attributes(attributes)
        told["MessageAttributes"] = {
            name: {("BinaryValue" if isinstance(value, bytes) else "StringValue"): value, "DataType": kind}
            for name, kind, value in attributes
        }
    return told


def _asked(name: str, patterns: Sequence[str]) -> bool:
    """Whether an attribute was asked for: by name, ``All``, ``.*``, or a prefix with ``.*``."""
    return any(
        each in (name, "All", ".*") or (each.endswith(".*") and name.startswith(each[:-2]))
        for each in patterns
    )


# What a receipt handle is good for ------------------------------------------------------------------------------------


def _held(shelf: Shelf, handle: str) -> tuple[Message | None, bool]:
    """The message a receipt handle belongs to (None when it is gone), and whether the handle is of its last receive.

    Raises:
        AwsError: it is no receipt handle of this queue.
    """
    try:
        _, own, message_id, _ = base64.b64decode(handle, validate=True).decode().split(" ")
    except ValueError:
        raise bad_handle(handle) from None
    if own != shelf.queue.arn:
        raise bad_handle(handle)
    message: Message | None = shelf.messages.get(message_id)
    return message, message is not None and message.handle == handle


@operation("sqs", "DeleteMessage", resource=queue_arn, policy=policy_of)
def delete_message(call: Call, *, QueueUrl: str, ReceiptHandle: str) -> None:
    """Delete a message you received. One that is gone already is no error."""
    _delete(opened(call, QueueUrl), ReceiptHandle)


@operation("sqs", "DeleteMessageBatch", action="sqs:DeleteMessage", resource=queue_arn, policy=policy_of)
def delete_message_batch(
    call: Call, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Delete up to ten messages, each by itself."""
    shelf = opened(call, QueueUrl)
    check_entries(Entries, "DeleteMessageBatchRequestEntry")
    return _each(Entries, lambda entry: _delete(shelf, entry["ReceiptHandle"]))


def _delete(shelf: Shelf, handle: str) -> None:
    message, latest = _held(shelf, handle)
    if message is None:
        return
    if shelf.queue.fifo and not (latest and message.visible_ms > shelf.call.now_ms):
        raise bad_value(handle, "ReceiptHandle", "The receipt handle has expired.")
    if latest:  # of an older receive, the request succeeds and the message stays
        shelf.remove(message)
        tally.add(shelf.call, shelf.account, shelf.name, deleted=1)


@operation("sqs", "ChangeMessageVisibility", resource=queue_arn, policy=policy_of)
def change_message_visibility(
    call: Call, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
) -> None:
    """Let a message you hold be seen again in so many seconds from now; 0 gives it back at once."""
    _check_visibility(VisibilityTimeout)
    _change(opened(call, QueueUrl), ReceiptHandle, VisibilityTimeout)


@operation(
    "sqs",
    "ChangeMessageVisibilityBatch",
    action="sqs:ChangeMessageVisibility",
    resource=queue_arn,
    policy=policy_of,
)
def change_message_visibility_batch(
    call: Call, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Change the visibility of up to ten messages, each by itself."""
    shelf = opened(call, QueueUrl)
    check_entries(Entries, "ChangeMessageVisibilityBatchRequestEntry")

    def change(entry: Mapping[str, Any]) -> None:
        seconds = entry.get("VisibilityTimeout", shelf.queue.number("VisibilityTimeout"))
        _check_visibility(seconds)
        _change(shelf, entry["ReceiptHandle"], seconds)

    return _each(Entries, change)


def _change(shelf: Shelf, handle: str, seconds: int) -> None:
    message, latest = _held(shelf, handle)
    now_ms = shelf.call.now_ms
    if message is None or not latest or message.visible_ms <= now_ms:
        raise not_in_flight(handle)
    assert message.received_ms is not None
    if now_ms + seconds * 1000 - message.received_ms > MAX_VISIBILITY_S * 1000:
        raise bad_value(
            seconds,
            "VisibilityTimeout",
            f"Total VisibilityTimeout for the message is beyond the limit [{MAX_VISIBILITY_S} seconds]",
        )
    shelf.keep(replace(message, visible_ms=now_ms + seconds * 1000))


def _check_visibility(seconds: int) -> None:
    if not 0 <= seconds <= MAX_VISIBILITY_S:
        raise bad_value(
            seconds, "VisibilityTimeout", f"Must be between 0 and {MAX_VISIBILITY_S}, if provided."
        )


def _each(entries: Sequence[Mapping[str, Any]], do: Any) -> dict[str, Any]:
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            do(entry)
        except AwsError as problem:
            failed.append(failure(entry["Id"], problem))
        else:
            done.append({"Id": entry["Id"]})
    return {"Successful": done, "Failed": failed}
