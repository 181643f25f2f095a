"""What a queue and a message are."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from cwlab.codec import record

FIFO_SUFFIX = ".fifo"
Attributes = tuple[tuple[str, str, str | bytes], ...]  # name, data type, value; in order of name


@record
class Queue:
    """A queue. ``settings`` holds its attributes as texts in AWS's spelling, defaults included."""

    name: str
    arn: str
    url: str
    settings: dict[str, str]
    tags: dict[str, str]
    created_ms: int
    modified_ms: int
    purged_ms: int | None = None
    sequence: int = 0  # of a FIFO queue: how many messages were ever sent

    @property
    def fifo(self) -> bool:
        return self.name.endswith(FIFO_SUFFIX)

    def number(self, name: str) -> int:
        """An attribute that is a whole number."""
        return int(self.settings[name])

    @property
    def retention_ms(self) -> int:
        return self.number("MessageRetentionPeriod") * 1000

    @property
    def redrive(self) -> Redrive | None:
        """Where messages go that are received too often; None when they stay."""
        text = self.settings.get("RedrivePolicy")
        if not text:
            return None
        body: dict[str, Any] = json.loads(text)
        return Redrive(body["deadLetterTargetArn"], int(body["maxReceiveCount"]))


class Redrive(NamedTuple):
    """A redrive policy, read."""

    target_arn: str
    most: int


@record
class Message:
    """A message in a queue.

    Args:
        arrived_ms: when it came into this queue; later than ``sent_ms`` in a dead-letter queue.
        visible_ms: when it can be received, next: after its delay, or when its visibility timeout ends.
        handle: the receipt handle of its latest receive from this queue; "" before the first. With ``visible_ms``
            ahead, a message with a handle is in flight, one without is delayed.
        sealed: in a queue with a key, which queue it was sent to, and its data key, encrypted.
    """

    message_id: str
    body: str
    attributes: Attributes
    system: Attributes
    sender: str
    sent_ms: int
    visible_ms: int
    arrived_ms: int
    receives: int = 0
    first_received_ms: int | None = None
    received_ms: int | None = None
    handle: str = ""
    group: str | None = None
    deduplication_id: str | None = None
    sequence: str | None = None
    dead_letter_source: str | None = None
    sealed: tuple[str, bytes] | None = None

    @property
    def size(self) -> int:
        """Bytes that count: the body, and each attribute's name, type and value."""
        return len(self.body.encode()) + sum(
            len(name.encode())
            + len(kind.encode())
            + len(value if isinstance(value, bytes) else value.encode())
            for name, kind, value in self.attributes
        )
