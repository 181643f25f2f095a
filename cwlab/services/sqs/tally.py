"""What is kept of a queue's past for its metrics: how full it was, what was done, when it was active.

Nothing runs on the clock. Each request first brings the books up to now: how full a queue was at each full minute
since the last request follows from its messages alone, and only changes are written down. So a queue that stands
still costs nothing, however long. ``turning`` keeps the sums that make a request cost the same in any queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.sqs import backlog, turning
from cwlab.services.sqs.backlog import EMPTY, Level
from cwlab.services.sqs.records import Message, Queue
from cwlab.services.sqs.turning import MINUTE_MS, NONE, Places

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
    """Where the books of a queue stand: settled up to when, the last level written, active since and until when, and
    where its messages were at the full minute before."""

    settled_ms: int
    level: Levels
    since_ms: int
    until_ms: int
    places: Places


def settle(call: Call, account: str, queue: Queue, messages: Mapping[str, Message]) -> list[str]:
    """Write down how full the queue was at each full minute since the last request, and that it is active.

    Returns:
        The ids of the messages that have expired by the last of these minutes: nobody sees them any more.
    """
    now_ms, books = call.now_ms, call.table("books", account=account)
    book: Book | None = books.get(queue.name)
    if book is None:
        books[queue.name] = Book(now_ms, Levels(*EMPTY), now_ms, now_ms, NONE)
        return []
    minute, before = now_ms // MINUTE_MS, book.settled_ms // MINUTE_MS
    if minute == before:
        if now_ms > book.settled_ms:
            books[queue.name] = replace(book, settled_ms=now_ms, until_ms=now_ms)
        return []
    last, levels = book.level, call.table(f"levels/{queue.name}", account=account)
    turns = call.table(f"turns/{queue.name}", account=account)
    for at, each in turning.course(book.places, turns, messages.values(), queue, before, minute):
        if Levels(*each) != last:
            levels[at] = last = Levels(*each)
    since_ms = book.since_ms
    until_ms = active_until(messages.values(), queue, book.until_ms, now_ms)
    if now_ms - until_ms > ACTIVE_MS:
        call.table(f"active/{queue.name}", account=account)[since_ms] = until_ms
        since_ms = now_ms
    places = book.places
    if done := turning.due(turns, before, minute):
        for at in done:
            places = places.plus(turns[at])
        turns.drop(done)
    many = places.expired
    books[queue.name] = Book(now_ms, last, since_ms, now_ms, replace(places, expired=0))
    return turning.outdated(messages.values(), queue, minute, many)


def moved(call: Call, account: str, queue: Queue, before: Message | None, after: Message | None) -> None:
    """Keep the sums when a message comes (there is none before), changes, or goes (there is none after)."""
    books, turns = call.table("books", account=account), call.table(f"turns/{queue.name}", account=account)
    book: Book = books[queue.name]
    places = book.places
    for message, times in ((before, -1), (after, 1)):
        if message is not None:
            here, later = turning.place(message, queue, book.settled_ms // MINUTE_MS)
            places = places.plus(here, times)
            for at, change in later:
                turns[at] = turns.get(at, NONE).plus(change, times)
    books[queue.name] = replace(book, places=places)


def recount(call: Call, account: str, queue: Queue, messages: Mapping[str, Message]) -> None:
    """Make the sums anew: many messages are gone, or another retention holds for all."""
    books, turns = call.table("books", account=account), call.table(f"turns/{queue.name}", account=account)
    book: Book = books[queue.name]
    places, later = turning.summed(messages.values(), queue, book.settled_ms // MINUTE_MS)
    turns.clear()
    turns.put(later)
    books[queue.name] = replace(book, places=places)


def close(call: Call, account: str, queue: Queue) -> None:
    """End the books of a queue that is deleted; what they hold stays readable."""
    books = call.table("books", account=account)
    book: Book = books.pop(queue.name)
    if book.level != Levels(*EMPTY):
        call.table(f"levels/{queue.name}", account=account)[call.now_ms // MINUTE_MS + 1] = Levels(*EMPTY)
    call.table(f"active/{queue.name}", account=account)[book.since_ms] = call.now_ms - ACTIVE_MS
    call.table(f"turns/{queue.name}", account=account).clear()


def active_until(messages: Iterable[Message], queue: Queue, touched_ms: int, now_ms: int) -> int:
    """When somebody last asked for the queue, or it last held a message, if nothing was done to it until now.

    As long as the one alone keeps the queue active, the other is not looked for.
    """
    if now_ms - touched_ms <= ACTIVE_MS:
        return touched_ms
    held = max((backlog.expires_ms(each, queue) for each in messages), default=0)
    return max(touched_ms, min(held, now_ms))


def history(
    messages: Iterable[Message], queue: Queue, after_ms: int, until_ms: int
) -> list[tuple[int, Level]]:
    """How full a queue nobody touches is at the full minutes in (after, until]: the first, and each that differs."""
    held = sorted(messages, key=lambda each: each.arrived_ms)
    after = after_ms // MINUTE_MS
    places, turns = turning.summed(held, queue, after)
    return turning.course(places, turns, held, queue, after, until_ms // MINUTE_MS)


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
