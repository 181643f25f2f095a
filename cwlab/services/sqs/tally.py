"""What is kept of a queue's past for its metrics: how full it was, what was done, when it was active.

Nothing runs on the clock. Each request first brings the books up to now: how full a queue was at each full minute
since the last request follows from its messages alone, and only changes are written down. So a queue that stands
still costs nothing, however long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.sqs import backlog
from cwlab.services.sqs.backlog import EMPTY, Level
from cwlab.services.sqs.records import Message, Queue

MINUTE_MS = 60_000
ACTIVE_MS = 6 * 3_600_000  # source: SQS developer guide, "Monitoring queues using CloudWatch"


@record
class Levels:
    """How full the queue was at one full minute, and at each after it until the next entry."""

    visible: int
    in_flight: int
    delayed: int
    oldest_ms: int | None
    groups: int


@record
class Done:
    """What was done in one minute. ``sizes`` holds each size of a message sent, and how often."""

    sent: int = 0
    received: int = 0
    deleted: int = 0
    empty: int = 0
    deduplicated: int = 0
    sizes: tuple[tuple[int, int], ...] = ()


@record
class Book:
    """Where the books of a queue stand: settled up to when, the last level written, active since and until when."""

    settled_ms: int
    level: Levels
    since_ms: int
    until_ms: int


def settle(call: Call, account: str, queue: Queue, messages: Mapping[str, Message]) -> bool:
    """Write down how full the queue was at each full minute since the last request, and that it is active.

    Returns:
        Whether a minute has turned since.
    """
    now_ms, books = call.now_ms, call.table("books", account=account)
    book: Book | None = books.get(queue.name)
    if book is None:
        books[queue.name] = Book(now_ms, Levels(*EMPTY), now_ms, now_ms)
        return False
    if now_ms // MINUTE_MS == book.settled_ms // MINUTE_MS:
        if now_ms > book.settled_ms:
            books[queue.name] = Book(now_ms, book.level, book.since_ms, now_ms)
        return False
    held = list(messages.values())
    last, levels = book.level, call.table(f"levels/{queue.name}", account=account)
    for minute, each in history(held, queue, book.settled_ms, now_ms):
        if Levels(*each) != last:
            levels[minute] = last = Levels(*each)
    since_ms = book.since_ms
    if now_ms - active_until(held, queue, book.until_ms, now_ms) > ACTIVE_MS:
        call.table(f"active/{queue.name}", account=account)[since_ms] = active_until(
            held, queue, book.until_ms, now_ms
        )
        since_ms = now_ms
    books[queue.name] = Book(now_ms, last, since_ms, now_ms)
    return True


def close(call: Call, account: str, queue: Queue) -> None:
    """End the books of a queue that is deleted; what they hold stays readable."""
    books = call.table("books", account=account)
    book: Book = books.pop(queue.name)
    if book.level != Levels(*EMPTY):
        call.table(f"levels/{queue.name}", account=account)[call.now_ms // MINUTE_MS + 1] = Levels(*EMPTY)
    call.table(f"active/{queue.name}", account=account)[book.since_ms] = call.now_ms - ACTIVE_MS


def active_until(messages: Iterable[Message], queue: Queue, touched_ms: int, now_ms: int) -> int:
    """When somebody last asked for the queue, or it last held a message, if nothing was done to it until now."""
    held = max((backlog.expires_ms(each, queue) for each in messages), default=0)
    return max(touched_ms, min(held, now_ms))


def history(messages: list[Message], queue: Queue, after_ms: int, until_ms: int) -> list[tuple[int, Level]]:
    """How full a queue nobody touches is at the full minutes in (after, until]: the first, and each that differs."""
    first, last = after_ms // MINUTE_MS + 1, until_ms // MINUTE_MS
    if first > last:
        return []
    turns = {first}
    for message in messages:
        for at_ms in (message.visible_ms, backlog.expires_ms(message, queue)):
            minute = -(-at_ms // MINUTE_MS)
            if first < minute <= last:
                turns.add(minute)
    found: list[tuple[int, Level]] = []
    for minute in sorted(turns):
        each = backlog.level(messages, queue, minute * MINUTE_MS) if messages else EMPTY
        if not found or found[-1][1] != each:
            found.append((minute, each))
    return found


def add(
    call: Call,
    account: str,
    name: str,
    *,
    sent: int = 0,
    received: int = 0,
    deleted: int = 0,
    empty: int = 0,
    deduplicated: int = 0,
    size: int | None = None,
) -> None:
    """Count something that happened now."""
    table, minute = call.table(f"done/{name}", account=account), call.now_ms // MINUTE_MS
    before: Done = table.get(minute, Done())
    sizes = before.sizes
    if size is not None:
        counted = dict(sizes)
        counted[size] = counted.get(size, 0) + 1
        sizes = tuple(sorted(counted.items()))
    table[minute] = replace(
        before,
        sent=before.sent + sent,
        received=before.received + received,
        deleted=before.deleted + deleted,
        empty=before.empty + empty,
        deduplicated=before.deduplicated + deduplicated,
        sizes=sizes,
    )
