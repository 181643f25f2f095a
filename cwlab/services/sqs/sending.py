"""SendMessage and SendMessageBatch.

Source: SQS API reference; developer guide, "Amazon SQS message metadata", "exactly-once processing".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, Principal, operation
from cwlab.errors import AwsError
from cwlab.services.sqs import digest, sealing, tally
from cwlab.services.sqs.errors import (
    bad_contents,
    bad_entry_id,
    bad_value,
    batch_too_long,
    empty_batch,
    invalid,
    missing,
    too_many,
    twice,
)
from cwlab.services.sqs.records import Attributes, Message, Queue
from cwlab.services.sqs.shelf import Shelf, opened, policy_of, queue_arn

DEDUPLICATION_MS = 5 * 60_000
MAX_BATCH, MAX_ATTRIBUTES = 10, 10
FIRST_SEQUENCE = 18_850_000_000_000_000_000  # twenty digits, as AWS's; the start is of no meaning

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_GROUP = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_ALLOWED = "#x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]"


@operation("sqs", "SendMessage", resource=queue_arn, policy=policy_of)
def send_message(
    call: Call,
    *,
    QueueUrl: str,
    MessageBody: str,
    DelaySeconds: int | None = None,
    MessageAttributes: Mapping[str, Any] | None = None,
    MessageSystemAttributes: Mapping[str, Any] | None = None,
    MessageDeduplicationId: str | None = None,
    MessageGroupId: str | None = None,
) -> dict[str, Any]:
    """Put a message into a queue."""
    shelf = opened(call, QueueUrl)
    message = _draft(
        call,
        shelf.queue,
        MessageBody,
        DelaySeconds,
        MessageAttributes,
        MessageSystemAttributes,
        MessageDeduplicationId,
        MessageGroupId,
    )
    return _put(shelf, message)


@operation("sqs", "SendMessageBatch", action="sqs:SendMessage", resource=queue_arn, policy=policy_of)
def send_message_batch(call: Call, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put up to ten messages into a queue; each is accepted or refused by itself."""
    shelf = opened(call, QueueUrl)
    check_entries(Entries, "SendMessageBatchRequestEntry")
    drafts: list[tuple[str, Message | AwsError]] = []
    for entry in Entries:
        try:
            drafts.append((entry["Id"], _draft_of(call, shelf.queue, entry)))
        except AwsError as problem:
            drafts.append((entry["Id"], problem))
    size = sum(draft.size for _, draft in drafts if isinstance(draft, Message))
    most = 1_048_576
    if size > most:
        raise batch_too_long(most, size)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry_id, draft in drafts:
        if isinstance(draft, Message):
            done.append({"Id": entry_id, **_put(shelf, draft)})
        else:
            failed.append(failure(entry_id, draft))
    return {"Successful": done, "Failed": failed}


def _draft_of(call: Call, queue: Queue, entry: Mapping[str, Any]) -> Message:
    return _draft(
        call,
        queue,
        entry["MessageBody"],
        entry.get("DelaySeconds"),
        entry.get("MessageAttributes"),
        entry.get("MessageSystemAttributes"),
        entry.get("MessageDeduplicationId"),
        entry.get("MessageGroupId"),
    )


def check_entries(entries: Sequence[Mapping[str, Any]], kind: str) -> None:
    """A batch has one to ten entries, each with an id of its own."""
    if not entries:
        raise empty_batch(kind)
    if len(entries) > MAX_BATCH:
        raise too_many(len(entries))
    seen: set[str] = set()
    for entry in entries:
        if not _ENTRY_ID.fullmatch(entry["Id"]):
            raise bad_entry_id()
        if entry["Id"] in seen:
            raise twice(entry["Id"])
        seen.add(entry["Id"])


def failure(entry_id: str, problem: AwsError) -> dict[str, Any]:
    """How a batch tells that one of its entries was refused."""
    return {
        "Id": entry_id,
        "SenderFault": problem.status < 500,
        "Code": problem.code,
        "Message": problem.message,
    }


def _draft(
    call: Call,
    queue: Queue,
    body: str,
    delay: int | None,
    attributes: Mapping[str, Any] | None,
    system: Mapping[str, Any] | None,
    deduplication_id: str | None,
    group: str | None,
) -> Message:
    """A message that can be sent, not yet in the queue.

    Raises:
        AwsError: what is wrong with it.
    """
    if not body:
        raise missing("MessageBody")
    if bad := _FORBIDDEN.search(body):
        raise bad_contents(
            f"Invalid binary character '#x{ord(bad[0]):X}' was found in the message body, the set of allowed characters is {_ALLOWED}"
        )
    if delay is not None and not 0 <= delay <= 900:
        raise bad_value(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
    if queue.fifo and delay:
        raise bad_value(
            delay, "DelaySeconds", "The request include parameter that is not valid for this queue type."
        )
    wait = queue.number("DelaySeconds") if delay is None else delay
    message = Message(
        message_id="",
        body=body,
        attributes=_attributes(attributes or {}),
        system=_system(system or {}),
        sender=sender_id(call.principal),
        sent_ms=call.now_ms,
        visible_ms=call.now_ms + wait * 1000,
        arrived_ms=call.now_ms,
        group=_group(queue, group),
        deduplication_id=_deduplication_id(queue, deduplication_id, body),
    )
    if message.size > queue.number("MaximumMessageSize"):
        raise invalid(
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.settings['MaximumMessageSize']} bytes."
        )
    return message


def _group(queue: Queue, group: str | None) -> str | None:
    if queue.fifo and not group:
        raise missing("MessageGroupId")
    if group is not None and not _GROUP.fullmatch(group):
        raise bad_value(
            group,
            "MessageGroupId",
            "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        )
    return group


def _deduplication_id(queue: Queue, given: str | None, body: str) -> str | None:
    if not queue.fifo:
        if given is not None:
            raise bad_value(
                given,
                "MessageDeduplicationId",
                "The request includes a parameter that is not valid for this queue type.",
            )
        return None
    if given is not None:
        if not _GROUP.fullmatch(given):
            raise bad_value(
                given,
                "MessageDeduplicationId",
                "MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
            )
        return given
    if queue.settings["ContentBasedDeduplication"] == "true":
        return hashlib.sha256(body.encode()).hexdigest()
    raise invalid(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )


def _attributes(given: Mapping[str, Any]) -> Attributes:
    """Message attributes as they are kept: in order of name."""
    if len(given) > MAX_ATTRIBUTES:
        raise invalid(
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum [{MAX_ATTRIBUTES}]."
        )
    return tuple(
        sorted(((name, *_attribute(name, value)) for name, value in given.items()), key=lambda a: a[0])
    )


def _attribute(name: str, given: Mapping[str, Any]) -> tuple[str, str | bytes]:
    if not _ATTRIBUTE_NAME.fullmatch(name) or name.lower().startswith(("aws.", "amazon.")):
        raise invalid(
            "The message attribute name can contain the alphanumeric characters (A-Z, a-z, 0-9), underscores (_), hyphens (-), "
            "and periods (.). It must not start or end with a period, repeat periods, or start with AWS. or Amazon."
        )
    kind = given["DataType"]
    base = kind.split(".", 1)[0]
    if base not in ("String", "Number", "Binary"):
        raise invalid(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        )
    value = given.get("BinaryValue" if base == "Binary" else "StringValue")
    if not value:
        raise invalid(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{base}'."
        )
    if base == "Number" and not _NUMBER.fullmatch(value):
        raise invalid(f"Can't cast the value of message attribute '{name}' to a number.")
    return kind, value


def _system(given: Mapping[str, Any]) -> Attributes:
    for name, value in given.items():
        if name != "AWSTraceHeader" or value["DataType"] != "String":
            raise invalid(f"Message system attribute name {name} is invalid.")  # unconfirmed
    return tuple((name, "String", value["StringValue"]) for name, value in given.items())


def sender_id(principal: Principal) -> str:
    """What SQS tells of a sender: an id in the form of IAM's, always the same for the same caller."""
    if principal.kind == "root":
        return principal.account
    name, prefix, session = principal.arn, "AIDA", ""
    if principal.kind == "role":
        name, _, session = principal.arn.rpartition("/")
        prefix = "AROA"
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=11).digest(), "big")
    letters = ""
    for _ in range(17):
        number, k = divmod(number, 32)
        letters += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[k]
    return f"{prefix}{letters}" + (f":{session}" if session else "")


def _put(shelf: Shelf, draft: Message) -> dict[str, Any]:
    """Give a message its id and put it into the queue; in a FIFO queue only if it is no duplicate."""
    call, queue = shelf.call, shelf.queue
    known = _known(shelf, draft)
    if known is None:
        message = replace(draft, message_id=_uuid(call), sealed=sealing.sealed(shelf))
        if queue.fifo:
            message = replace(message, sequence=str(FIRST_SEQUENCE + 256 * (queue.sequence + 1)))
            shelf.save(replace(queue, sequence=queue.sequence + 1))
            shelf.deduplicated[_scope(queue, draft)] = (call.now_ms, message.message_id, message.sequence)
        shelf.keep(message)
        call.arrived(queue.arn, message.visible_ms)  # a function that takes from this queue is woken
        tally.add(call, shelf.account, shelf.name, sent=1, size=message.size)
        told = (message.message_id, message.sequence)
    else:
        tally.add(call, shelf.account, shelf.name, deduplicated=1)
        told = known
    answer: dict[str, Any] = {"MD5OfMessageBody": digest.of_text(draft.body), "MessageId": told[0]}
    if draft.attributes:
        answer["MD5OfMessageAttributes"] = digest.of_attributes(draft.attributes)
    if draft.system:
        answer["MD5OfMessageSystemAttributes"] = digest.of_attributes(draft.system)
    if told[1] is not None:
        answer["SequenceNumber"] = told[1]
    return answer


def _scope(queue: Queue, draft: Message) -> str:
    own = queue.settings.get("DeduplicationScope") == "messageGroup"
    return f"{draft.group}\n{draft.deduplication_id}" if own else f"\n{draft.deduplication_id}"


def _known(shelf: Shelf, draft: Message) -> tuple[str, str | None] | None:
    """Id and sequence number of the message this one repeats, within five minutes; None when it is new."""
    if not shelf.queue.fifo:
        return None
    now_ms = shelf.call.now_ms
    outdated = []
    for key, (sent_ms, _, _) in shelf.deduplicated.items():  # in order of time
        if sent_ms + DEDUPLICATION_MS > now_ms:
            break
        outdated.append(key)
    if outdated:
        shelf.deduplicated.drop(outdated)
    found: tuple[int, str, str | None] | None = shelf.deduplicated.get(_scope(shelf.queue, draft))
    return None if found is None else found[1:]


def _uuid(call: Call) -> str:
    h = call.unique("", 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"
