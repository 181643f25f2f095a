"""Publish and PublishBatch.

Source: SNS API reference; developer guide, "Message attributes", "Message deduplication for FIFO topics", "Encryption at
rest"; what an alarm meets at a topic with the key AWS manages was observed (the lab's spec, "Action ARNs").
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.services.sns import delivery, filters, tally
from cwlab.services.sns.access import policy_of, topic_arn
from cwlab.services.sns.errors import bad_value, invalid, key_refused
from cwlab.services.sns.records import Attribute, Message, Topic
from cwlab.services.sns.settings import MAX_MESSAGE
from cwlab.services.sns.topics import existing, save, subscriptions_of

DEDUPLICATION_MS = 5 * 60_000
MAX_BATCH = 10
FIRST_SEQUENCE = 10_000_000_000_000_000_000  # twenty digits, as AWS's
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ATTRIBUTE_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
KINDS = ("String", "String.Array", "Number", "Binary")


@operation("sns", "Publish", resource=topic_arn, policy=policy_of)
def publish(
    call: Call,
    *,
    Message: str,
    TopicArn: str | None = None,
    TargetArn: str | None = None,
    PhoneNumber: str | None = None,
    Subject: str | None = None,
    MessageStructure: str | None = None,
    MessageAttributes: Mapping[str, Any] | None = None,
    MessageDeduplicationId: str | None = None,
    MessageGroupId: str | None = None,
) -> dict[str, Any]:
    """Send a message to everybody subscribed to a topic."""
    if PhoneNumber is not None:
        raise NotModelled("sns:Publish(PhoneNumber=…)", "Modeled: TopicArn.")
    target = TopicArn or TargetArn
    if target is None:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    topic = existing(call, target, "TopicArn" if TopicArn else "TargetArn")
    draft = _draft(
        topic,
        call.now_ms,
        Message,
        Subject,
        MessageStructure,
        MessageAttributes or {},
        MessageDeduplicationId,
        MessageGroupId,
    )
    _check_size(_size(draft), topic)
    _encrypt(call, topic)
    return _send(call, topic, draft)


@operation("sns", "PublishBatch", action="sns:Publish", resource=topic_arn, policy=policy_of)
def publish_batch(
    call: Call, *, TopicArn: str, PublishBatchRequestEntries: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Send up to ten messages; each is accepted or refused by itself."""
    topic = existing(call, TopicArn)
    entries = PublishBatchRequestEntries
    _check_entries(entries)
    _encrypt(call, topic)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    drafts: list[tuple[str, Message]] = []
    for entry in entries:
        try:
            drafts.append((entry["Id"], _draft_of(topic, call.now_ms, entry)))
        except AwsError as problem:
            failed.append(
                {
                    "Id": entry["Id"],
                    "Code": problem.code,
                    "Message": problem.message,
                    "SenderFault": problem.status < 500,
                }
            )
    if sum(_size(draft) for _, draft in drafts) > _most(topic):
        raise AwsError(
            "BatchRequestTooLong", "The length of all the messages put together is more than the limit."
        )
    for entry_id, draft in drafts:
        done.append({"Id": entry_id, **_send(call, existing(call, TopicArn), draft)})
    return {"Successful": done, "Failed": failed}


def _draft_of(topic: Topic, now_ms: int, entry: Mapping[str, Any]) -> Message:
    return _draft(
        topic,
        now_ms,
        entry["Message"],
        entry.get("Subject"),
        entry.get("MessageStructure"),
        entry.get("MessageAttributes", {}),
        entry.get("MessageDeduplicationId"),
        entry.get("MessageGroupId"),
    )


def _check_entries(entries: Sequence[Mapping[str, Any]]) -> None:
    ids = [entry["Id"] for entry in entries]
    if not ids:
        raise AwsError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(ids) > MAX_BATCH:
        raise AwsError(
            "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."
        )
    if any(not _ENTRY_ID.fullmatch(each) for each in ids):
        raise AwsError(
            "InvalidBatchEntryId",
            "The Id of a batch entry in a batch request doesn't abide by the specification.",
        )
    if len(set(ids)) < len(ids):
        raise AwsError(
            "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."
        )


# What may be published -----------------------------------------------------------------------------------------------


def _draft(
    topic: Topic,
    now_ms: int,
    text: str,
    subject: str | None,
    structure: str | None,
    attributes: Mapping[str, Any],
    deduplication_id: str | None,
    group: str | None,
) -> Message:
    """A message that can be published, still without its id.

    Raises:
        AwsError: InvalidParameter or ParameterValueInvalid: what is wrong with it.
    """
    if not text:
        raise invalid("Empty message")
    return Message(
        message_id="",
        topic_arn=topic.arn,
        subject=_subject(subject),
        bodies=_bodies(text, structure),
        attributes=tuple(_attribute(name, attributes[name]) for name in sorted(attributes)),
        at_ms=now_ms,
        signature_version=topic.settings.get("SignatureVersion", "1"),
        group=_group(topic, group),
        deduplication_id=_deduplication_id(topic, deduplication_id, text),
    )


def _subject(subject: str | None) -> str | None:
    """A subject has up to 100 characters, no line breaks, no control characters, and does not begin with a blank."""
    if subject is not None and (
        not subject or len(subject) > 100 or _CONTROL.search(subject) or subject[0].isspace()
    ):
        raise invalid("Subject")
    return subject


def _bodies(text: str, structure: str | None) -> dict[str, str]:
    if structure is None:
        return {"default": text}
    if structure != "json":
        raise invalid("MessageStructure")
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(body.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return {name: value for name, value in body.items() if isinstance(value, str)}


def _attribute(name: str, given: Mapping[str, Any]) -> Attribute:
    if not _ATTRIBUTE_NAME.fullmatch(name) or name.lower().startswith(("aws.", "amazon.")):
        raise bad_value(f"The message attribute name '{name}' is invalid: it holds letters, digits, _, - and ., and does not start with AWS. or Amazon.")  # fmt: skip  # unconfirmed
    kind = given["DataType"]
    base = kind.split(".", 1)[0]
    if base not in ("String", "Number", "Binary"):
        raise bad_value(f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.")  # fmt: skip
    value = given.get("BinaryValue" if base == "Binary" else "StringValue")
    if not value:
        raise bad_value(f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{kind}'.")  # fmt: skip
    if base == "Number" and not _NUMBER.fullmatch(value):
        raise bad_value(f"Could not cast message attribute '{name}' value to number.")
    return Attribute(name, kind, value)


def _group(topic: Topic, group: str | None) -> str | None:
    if topic.fifo and not group:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if group is not None and not _ID.fullmatch(group):
        raise invalid("MessageGroupId")
    return group


def _deduplication_id(topic: Topic, given: str | None, text: str) -> str | None:
    if not topic.fifo:
        if given is not None:
            raise invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")  # fmt: skip
        return None
    if given is not None:
        if not _ID.fullmatch(given):
            raise invalid("MessageDeduplicationId")
        return given
    if topic.settings["ContentBasedDeduplication"] == "true":
        return hashlib.sha256(text.encode()).hexdigest()
    raise invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")  # fmt: skip


def _size(message: Message) -> int:
    """Bytes that count: the bodies, and each attribute's name, type and value."""
    return sum(len(body.encode()) for body in message.bodies.values()) + sum(
        len(each.name.encode())
        + len(each.kind.encode())
        + len(each.value if isinstance(each.value, bytes) else each.value.encode())
        for each in message.attributes
    )


def _most(topic: Topic) -> int:
    return int(topic.settings.get("MaximumMessageSize") or MAX_MESSAGE)


def _check_size(size: int, topic: Topic) -> None:
    if size > _most(topic):
        raise invalid("Message too long")


def _encrypt(call: Call, topic: Topic) -> None:
    """An encrypted topic needs its key for each message, and asks for it in the publisher's name.

    Raises:
        AwsError: KMSAccessDenied: the key does not let the publisher in. The key AWS manages, ``alias/aws/sns``, lets
            in the account's own users and roles, and no AWS service; nobody can change its policy. KMSDisabled and
            others: nobody can use the key.
    """
    key = topic.settings.get("KmsMasterKeyId")
    if not key:
        return
    common: dict[str, Any] = {"EncryptionContext": {"aws:sns:topicArn": topic.arn}}
    more: dict[str, Any] = {"source_arn": call.request.source_arn, "account": topic.account}
    try:
        asked = {"KeyId": key, "KeySpec": "AES_256", **common}
        answer = call.invoke("kms", "GenerateDataKey", asked, **more)
        call.invoke("kms", "Decrypt", {"CiphertextBlob": answer["CiphertextBlob"], **common}, **more)
    except AwsError as problem:
        raise key_refused(problem) from problem


# On its way ----------------------------------------------------------------------------------------------------------


def _send(call: Call, topic: Topic, draft: Message) -> dict[str, Any]:
    known = _known(call, topic, draft)
    if known is not None:
        return {"MessageId": known[0], "SequenceNumber": known[1]}
    message = draft._replace(message_id=_uuid(call))
    answer: dict[str, Any] = {"MessageId": message.message_id}
    if topic.fifo:
        number = str(FIRST_SEQUENCE + 1000 * (topic.sequence + 1))
        save(call, replace(topic, sequence=topic.sequence + 1))
        message = message._replace(sequence=number)
        answer["SequenceNumber"] = number
        call.table(f"deduplicated/{topic.name}", account=topic.account)[_scope(topic, draft)] = (
            call.now_ms,
            message.message_id,
            number,
        )
    tally.add(call, topic, "NumberOfMessagesPublished")
    tally.add(call, topic, "PublishSize", _size(message))
    for subscription in subscriptions_of(call, topic):
        if not subscription.confirmed:
            continue
        verdict = filters.decide(
            subscription.settings, message.attributes, message.body(subscription.protocol)
        )
        if verdict.passes:
            delivery.deliver(call, topic, subscription, message)
        else:
            tally.add(call, topic, "NumberOfNotificationsFilteredOut")
            if verdict.because:
                tally.add(call, topic, f"NumberOfNotificationsFilteredOut-{verdict.because}")
    return answer


def _scope(topic: Topic, draft: Message) -> str:
    own = topic.settings.get("FifoThroughputScope") == "MessageGroup"
    return f"{draft.group if own else ''}\n{draft.deduplication_id}"


def _known(call: Call, topic: Topic, draft: Message) -> tuple[str, str] | None:
    """Id and sequence number of the message this one repeats, within five minutes; None when it is new."""
    if not topic.fifo:
        return None
    table = call.table(f"deduplicated/{topic.name}", account=topic.account)
    outdated = []
    for key, (sent_ms, _, _) in table.items():  # in order of time
        if sent_ms + DEDUPLICATION_MS > call.now_ms:
            break
        outdated.append(key)
    if outdated:
        table.drop(outdated)
    found: tuple[int, str, str] | None = table.get(_scope(topic, draft))
    return None if found is None else found[1:]


def _uuid(call: Call) -> str:
    h = call.unique("", 32)
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:32]}"
