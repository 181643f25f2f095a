"""The messages of one queue as time passes: which can be received, which are in flight, which have expired. Pure.

Source: SQS developer guide, "visibility timeout", "delay queues", "FIFO delivery logic".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cwlab.services.sqs.records import Message, Queue

POISONED = 3  # receives; source: developer guide, "Available CloudWatch metrics for Amazon SQS"


class Level(NamedTuple):
    """How full a queue is at one instant.

    Args:
        oldest_ms: when the oldest message came; None when there is none. A standard queue leaves out those received
            three times and more: they are put behind the others.
        groups: FIFO: the message groups with a message in flight.
    """

    visible: int
    in_flight: int
    delayed: int
    oldest_ms: int | None
    groups: int = 0


EMPTY = Level(0, 0, 0, None)


def expires_ms(message: Message, queue: Queue) -> int:
    """When the queue lets go of a message nobody deleted."""
    return message.sent_ms + queue.retention_ms


def expired(messages: Iterable[Message], queue: Queue, now_ms: int) -> list[Message]:
    """The messages whose retention period is over."""
    return [each for each in messages if expires_ms(each, queue) <= now_ms]


def receivable(messages: Iterable[Message], queue: Queue, now_ms: int, most: int) -> list[Message]:
    """What a receive gets now, in the order sent.

    In a FIFO queue, a message waits for those of its group before it: while one of them is in flight or delayed, the
    whole group waits.
    """
    found: list[Message] = []
    waiting: set[str | None] = set()
    if queue.fifo:
        messages = list(messages)
        waiting = {each.group for each in messages if each.handle and each.visible_ms > now_ms}
    for message in messages:
        if len(found) == most:
            break
        if message.visible_ms > now_ms:
            waiting.add(message.group)
        elif not (queue.fifo and message.group in waiting) and expires_ms(message, queue) > now_ms:
            found.append(message)
    return found


def next_visible_ms(messages: Iterable[Message], now_ms: int) -> int | None:
    """When the next message becomes visible by itself; None when time alone brings none."""
    return min((each.visible_ms for each in messages if each.visible_ms > now_ms), default=None)


def level(messages: Iterable[Message], queue: Queue, now_ms: int) -> Level:
    """How full the queue is at an instant, if nothing is done to it until then."""
    visible = in_flight = delayed = 0
    oldest: int | None = None
    groups: set[str | None] = set()
    for message in messages:
        if expires_ms(message, queue) <= now_ms:
            continue
        if message.visible_ms <= now_ms:
            visible += 1
        elif message.handle:
            in_flight += 1
            groups.add(message.group)
        else:
            delayed += 1
        if (queue.fifo or message.receives < POISONED) and (oldest is None or message.arrived_ms < oldest):
            oldest = message.arrived_ms
    return Level(visible, in_flight, delayed, oldest, len(groups) if queue.fifo else 0)
