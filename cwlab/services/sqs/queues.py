"""Queues: making, finding, changing and deleting them.

Source: SQS API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.services.sqs import backlog, settings, tally
from cwlab.services.sqs.constraints import SYSTEM
from cwlab.services.sqs.errors import (
    bad_attribute,
    bad_value,
    deleted_recently,
    invalid,
    missing,
    no_such_queue,
    other_queue,
    over_limit,
    purging,
    unknown_attribute,
)
from cwlab.services.sqs.records import Queue
from cwlab.services.sqs.shelf import Shelf, looked_at, opened, policy_of, queue_arn

SECOND_MS = 1000
QUEUE_DELETED_MS = PURGE_MS = 60_000
PAGE, MAX_TAGS, MAX_PERMISSIONS, MAX_ACTIONS = 1000, 50, 20, 7
SHARED = (
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
)


def _named(call: Call, params: dict[str, Any]) -> str:
    account = params.get("QueueOwnerAWSAccountId", call.account)
    return arn("sqs", call.region, account, params["QueueName"])


def _policy_of_named(call: Call, params: dict[str, Any]) -> str | None:
    account = params.get("QueueOwnerAWSAccountId", call.account)
    found = call.table("queues", account=account).get(params["QueueName"])
    return None if found is None else found.settings.get("Policy") or None


@operation("sqs", "CreateQueue", resource=_named)
def create_queue(
    call: Call,
    *,
    QueueName: str,
    Attributes: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Create a queue. With the name of one there is: its URL, if no attribute given differs."""
    given = Attributes or {}
    if given.get("FifoQueue", "true") == "false":
        raise unknown_attribute("FifoQueue")  # AWS: only true is a valid value
    fifo = settings.check_name(QueueName, "FifoQueue" in given).endswith(".fifo")
    checked = settings.checked(given, fifo)
    queues = call.table("queues")
    if QueueName in queues:
        queue: Queue = queues[QueueName]
        for name, value in checked.items():
            if queue.settings.get(name, "") != value:
                raise other_queue(name)
        return {"QueueUrl": queue.url}
    deleted = call.table("deleted")
    if QueueName in deleted:
        if call.now_ms - deleted[QueueName] < QUEUE_DELETED_MS:
            raise deleted_recently()
        del deleted[QueueName]
    url = f"https://sqs.{call.region}.amazonaws.com/{call.account}/{QueueName}"
    defaults = settings.DEFAULTS | (settings.FIFO_DEFAULTS if fifo else {})
    own = arn("sqs", call.region, call.account, QueueName)
    queue = Queue(QueueName, own, url, defaults | checked, _tags({}, tags or {}), call.now_ms, call.now_ms)
    _check_target(call, queue)
    queues[QueueName] = queue
    opened(call, url)
    return {"QueueUrl": url}


def _check_target(call: Call, queue: Queue) -> None:
    """A redrive policy names a queue that is there, of the same kind, and willing."""
    redrive = queue.redrive
    if redrive is None:
        return
    text = queue.settings["RedrivePolicy"]
    account, name = redrive.target_arn.split(":")[-2:] if ":" in redrive.target_arn else ("", "")
    target: Queue | None = call.table("queues", account=account or None).get(name)
    if target is None or target.arn != redrive.target_arn:
        raise bad_value(text, "RedrivePolicy", f"Dead letter target does not exist: {redrive.target_arn}.")
    if target.fifo != queue.fifo:
        raise bad_value(text, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source.")
    if not settings.may_redrive(target, queue.arn):
        raise bad_value(text, "RedrivePolicy", f"Queue {queue.arn} does not have permissions to use {target.arn} as a dead letter queue.")  # fmt: skip


@operation("sqs", "GetQueueUrl", resource=_named, policy=_policy_of_named, readonly=True)
def get_queue_url(call: Call, *, QueueName: str, QueueOwnerAWSAccountId: str | None = None) -> dict[str, Any]:
    """The URL of a queue by its name."""
    found = call.table("queues", account=QueueOwnerAWSAccountId).get(QueueName)
    if found is None:
        raise no_such_queue()
    return {"QueueUrl": found.url}


@operation("sqs", "DeleteQueue", resource=queue_arn, policy=policy_of)
def delete_queue(call: Call, *, QueueUrl: str) -> None:
    """Delete a queue with all its messages."""
    shelf = opened(call, QueueUrl)
    shelf.empty()
    shelf.deduplicated.drop(list(shelf.deduplicated))
    tally.close(call, shelf.account, shelf.queue)
    del call.table("queues", account=shelf.account)[shelf.name]
    call.table("deleted", account=shelf.account)[shelf.name] = call.now_ms


def page(names: list[str], token: str | None, most: int | None) -> tuple[list[str], str | None]:
    """One page of a sorted list, and the token of the next. Without a maximum, the first thousand and no token."""
    if most is not None and not 1 <= most <= PAGE:
        raise bad_value(most, "MaxResults", "MaxResults must be an integer between 1 and 1000.")
    start = 0
    if token is not None:
        if most is None:
            raise missing("MaxResults")
        try:
            after = base64.b64decode(token, validate=True).decode()
        except ValueError:
            raise invalid("Invalid or expired next token.") from None
        start = next((n for n, name in enumerate(names) if name > after), len(names))
    found = names[start : start + (most or PAGE)]
    more = most is not None and start + most < len(names)
    return found, base64.b64encode(found[-1].encode()).decode() if more else None


@operation("sqs", "ListQueues", readonly=True)
def list_queues(
    call: Call,
    *,
    QueueNamePrefix: str = "",
    NextToken: str | None = None,
    MaxResults: int | None = None,
) -> dict[str, Any]:
    """The URLs of your queues in this Region, in order of name."""
    names = sorted(
        each.url for each in call.table("queues").values() if each.name.startswith(QueueNamePrefix)
    )
    urls, token = page(names, NextToken, MaxResults)
    # An answer without queues has no list at all, as on AWS.
    return ({"QueueUrls": urls} if urls else {}) | ({"NextToken": token} if token else {})


@operation("sqs", "GetQueueAttributes", resource=queue_arn, policy=policy_of, readonly=True)
def get_queue_attributes(call: Call, *, QueueUrl: str, AttributeNames: Sequence[str] = ()) -> dict[str, Any]:
    """Attributes of a queue, those asked for by name, or ``All``. The three counts are exact here, and are of now."""
    shelf = looked_at(call, QueueUrl)
    for name in AttributeNames:
        if name in SYSTEM:
            raise unknown_attribute(name)
    queue = shelf.queue
    level = backlog.level(shelf.messages.values(), queue, call.now_ms)
    values = {name: value for name, value in queue.settings.items() if value} | {
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(queue.created_ms // SECOND_MS),
        "LastModifiedTimestamp": str(queue.modified_ms // SECOND_MS),
        "ApproximateNumberOfMessages": str(level.visible),
        "ApproximateNumberOfMessagesNotVisible": str(level.in_flight),
        "ApproximateNumberOfMessagesDelayed": str(level.delayed),
    }
    wanted = values if "All" in AttributeNames else AttributeNames
    found = {name: values[name] for name in wanted if name in values}
    return {"Attributes": found} if found else {}


@operation("sqs", "SetQueueAttributes", resource=queue_arn, policy=policy_of)
def set_queue_attributes(call: Call, *, QueueUrl: str, Attributes: Mapping[str, str]) -> None:
    """Change attributes of a queue; they hold at once."""
    shelf = opened(call, QueueUrl)
    if "FifoQueue" in Attributes:
        raise bad_attribute("FifoQueue") if shelf.queue.fifo else unknown_attribute("FifoQueue")
    checked = settings.checked(Attributes, shelf.queue.fifo)
    queue = replace(shelf.queue, settings=shelf.queue.settings | checked, modified_ms=call.now_ms)
    if "RedrivePolicy" in checked:
        _check_target(call, queue)
    shelf.change(queue)


@operation("sqs", "PurgeQueue", resource=queue_arn, policy=policy_of)
def purge_queue(call: Call, *, QueueUrl: str) -> None:
    """Delete every message of a queue, those in flight too. Here all go at once; AWS takes up to a minute."""
    shelf = opened(call, QueueUrl)
    last = shelf.queue.purged_ms
    if last is not None and call.now_ms - last < PURGE_MS:
        raise purging(shelf.name)
    shelf.empty()
    shelf.save(replace(shelf.queue, purged_ms=call.now_ms))


# Permissions ---------------------------------------------------------------------------------------------------------


def _document(shelf: Shelf) -> dict[str, Any]:
    text = shelf.queue.settings.get("Policy")
    if text:
        body: dict[str, Any] = json.loads(text)
        return body
    return {"Version": "2012-10-17", "Id": f"{shelf.queue.arn}/SQSDefaultPolicy", "Statement": []}


def _keep_policy(shelf: Shelf, body: dict[str, Any]) -> None:
    text = json.dumps(body, separators=(",", ":")) if body["Statement"] else ""
    shelf.save(
        replace(
            shelf.queue,
            settings=shelf.queue.settings | {"Policy": text},
            modified_ms=shelf.call.now_ms,
        )
    )


def _statements(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = body["Statement"]
    return list(found) if isinstance(found, list) else [found]


@operation("sqs", "AddPermission", resource=queue_arn, policy=policy_of)
def add_permission(
    call: Call, *, QueueUrl: str, Label: str, AWSAccountIds: Sequence[str], Actions: Sequence[str]
) -> None:
    """Add a statement to the queue's policy: these accounts may do that."""
    shelf = opened(call, QueueUrl)
    body = _document(shelf)
    statements = _statements(body)
    if not Label:
        raise missing("Label")
    if not AWSAccountIds:
        raise missing("PrincipalId")
    if not Actions:
        raise missing("Actions")
    for action in Actions:
        if action != "*" and action not in SHARED:
            raise bad_value(
                f"SQS:{action}", "ActionName", "Only the queue owner is allowed to invoke this action."
            )
    if any(each.get("Sid") == Label for each in statements):
        raise bad_value(Label, "Label", "Already exists.")
    if len(Actions) > MAX_ACTIONS:
        raise over_limit(f"{len(Actions)} Actions were found, maximum allowed is {MAX_ACTIONS}.")
    if len(statements) >= MAX_PERMISSIONS:
        raise over_limit(
            f"{len(statements) + 1} Statements were found, maximum allowed is {MAX_PERMISSIONS}."
        )
    who = [f"arn:aws:iam::{account}:root" for account in AWSAccountIds]
    what = [f"SQS:{action}" for action in Actions]
    statements.append(
        {
            "Sid": Label,
            "Effect": "Allow",
            "Principal": {"AWS": who[0] if len(who) == 1 else who},
            "Action": what[0] if len(what) == 1 else what,
            "Resource": shelf.queue.arn,
        }
    )
    _keep_policy(shelf, body | {"Statement": statements})


@operation("sqs", "RemovePermission", resource=queue_arn, policy=policy_of)
def remove_permission(call: Call, *, QueueUrl: str, Label: str) -> None:
    """Take a statement out of the queue's policy, by its label."""
    shelf = opened(call, QueueUrl)
    body = _document(shelf)
    statements = _statements(body)
    kept = [each for each in statements if each.get("Sid") != Label]
    if len(kept) == len(statements):
        raise bad_value(Label, "Label", "can't find label on existing policy.")
    _keep_policy(shelf, body | {"Statement": kept})


# Tags ----------------------------------------------------------------------------------------------------------------


def _tags(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    tags = {**before, **given}
    if len(tags) > MAX_TAGS:
        raise invalid(f"Too many tags added for queue. Maximum is {MAX_TAGS}.")  # unconfirmed
    for key, value in given.items():
        if not 1 <= len(key) <= 128:
            raise invalid("Tag keys must be between 1 and 128 characters in length.")
        if len(value) > 256:
            raise invalid("Tag values must be between 0 and 256 characters in length.")
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys that start with 'aws:' are reserved.")  # unconfirmed
    return tags


@operation("sqs", "TagQueue", resource=queue_arn, policy=policy_of)
def tag_queue(call: Call, *, QueueUrl: str, Tags: Mapping[str, str]) -> None:
    """Add tags to a queue, or change their values."""
    shelf = opened(call, QueueUrl)
    if not Tags:
        raise missing("Tags")
    shelf.save(replace(shelf.queue, tags=_tags(shelf.queue.tags, Tags)))


@operation("sqs", "UntagQueue", resource=queue_arn, policy=policy_of)
def untag_queue(call: Call, *, QueueUrl: str, TagKeys: Sequence[str]) -> None:
    """Take tags off a queue; keys it does not have are no error."""
    shelf = opened(call, QueueUrl)
    if not TagKeys:
        raise missing("TagKeys")
    shelf.save(replace(shelf.queue, tags={k: v for k, v in shelf.queue.tags.items() if k not in TagKeys}))


@operation("sqs", "ListQueueTags", resource=queue_arn, policy=policy_of, readonly=True)
def list_queue_tags(call: Call, *, QueueUrl: str) -> dict[str, Any]:
    """The tags of a queue."""
    tags = looked_at(call, QueueUrl).queue.tags
    return {"Tags": dict(tags)} if tags else {}
