"""Queues under a key of KMS: who may send needs the key, and who receives does.

SQS asks KMS in the sender's and the receiver's name for a data key, and then reuses it for a while for the same caller
(five minutes unless the queue says otherwise); so a key that is disabled is missed only after that. A message stays under
the key it was sent with. Source: SQS developer guide, "Key management", "Understanding the data key reuse period".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cwlab.api import Call
from cwlab.codec import record
from cwlab.errors import AwsError
from cwlab.services.sqs.errors import key_refused
from cwlab.services.sqs.records import Message
from cwlab.services.sqs.shelf import Shelf

REUSE_S = 300
CONTEXT = "aws:sqs:arn"
Sealed = tuple[str, bytes]  # the ARN of the queue it was sent to, and the encrypted data key


@record
class DataKey:
    """A data key a caller sends with, and until when it is reused."""

    key: str
    sealed: tuple[str, bytes]
    until_ms: int


def sealed(shelf: Shelf) -> Sealed | None:
    """The data key a message of this caller goes under; None for a queue without a key.

    Raises:
        AwsError: KMS.AccessDeniedException and others: the caller may not use the key, or nobody can.
    """
    key = shelf.queue.settings.get("KmsMasterKeyId")
    if not key:
        return None
    call, kept = shelf.call, shelf.call.table("data_keys", account=shelf.account)
    mine = (shelf.name, call.principal.arn)
    found: DataKey | None = kept.get(mine)
    if found is not None and found.key == key and call.now_ms < found.until_ms:
        return found.sealed
    own = shelf.queue.arn
    answer = _ask(shelf, "GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256"}, own)
    fresh: Sealed = (own, answer["CiphertextBlob"])
    _open(shelf, [fresh])  # SQS checks the data key it got: a sender needs kms:Decrypt too
    kept[mine] = DataKey(key, fresh, _until(shelf))
    return fresh


def check(shelf: Shelf, messages: Iterable[Message]) -> None:
    """Let the caller have these messages, if it may use the keys they are under.

    Raises:
        AwsError: KMS.AccessDeniedException and others.
    """
    _open(shelf, [each.sealed for each in messages if each.sealed is not None])


def _open(shelf: Shelf, wanted: Iterable[Sealed]) -> None:
    call, kept = shelf.call, shelf.call.table("opened", account=shelf.account)
    mine = (shelf.name, call.principal.arn)
    before: tuple[tuple[Sealed, int], ...] = kept.get(mine, ())
    opened = {each: until_ms for each, until_ms in before if until_ms > call.now_ms}
    missing = [each for each in dict.fromkeys(wanted) if each not in opened]
    for each in missing:
        _ask(shelf, "Decrypt", {"CiphertextBlob": each[1]}, each[0])
        opened[each] = _until(shelf)
    if missing:
        kept[mine] = tuple(opened.items())


def _until(shelf: Shelf) -> int:
    period = int(shelf.queue.settings.get("KmsDataKeyReusePeriodSeconds") or REUSE_S)
    return shelf.call.now_ms + period * 1000


def _ask(shelf: Shelf, operation: str, params: dict[str, Any], own: str) -> dict[str, Any]:
    call: Call = shelf.call
    try:
        return call.invoke(
            "kms",
            operation,
            {**params, "EncryptionContext": {CONTEXT: own}},
            source_arn=call.request.source_arn,
            account=shelf.account,
        )
    except AwsError as problem:
        raise key_refused(problem) from problem
