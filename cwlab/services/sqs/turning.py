"""How full a queue will be at each full minute to come, kept as sums, so that a change costs the same in any queue.

A message nobody touches changes its place at most twice: it becomes visible, it expires. So a queue is told by how
many messages are where at one full minute, and by what changes at each full minute after it. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from cwlab.codec import record
from cwlab.services.sqs import backlog
from cwlab.services.sqs.backlog import EMPTY, Level
from cwlab.services.sqs.records import Message, Queue

MINUTE_MS = 60_000


@record
class Places:
    """How many messages are where; in a turn, how many more. ``expired`` only grows."""

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    expired: int = 0

    def plus(self, other: Places, times: int = 1) -> Places:
        return Places(
            self.visible + times * other.visible,
            self.in_flight + times * other.in_flight,
            self.delayed + times * other.delayed,
            self.expired + times * other.expired,
        )


NONE = Places()
_VISIBLE, _FLYING, _DELAYED = Places(visible=1), Places(in_flight=1), Places(delayed=1)
Turns = Mapping[int, Places]  # full minute -> what changes at it


def place(message: Message, queue: Queue, minute: int) -> tuple[Places, list[tuple[int, Places]]]:
    """Where a message is at a full minute, and the turns it takes after it if nobody touches it."""
    seen, gone = _up(message.visible_ms), _up(backlog.expires_ms(message, queue))
    if gone <= minute:
        return NONE, []
    here = _VISIBLE if seen <= minute else _FLYING if message.handle else _DELAYED
    turns: list[tuple[int, Places]] = []
    last = here
    if minute < seen < gone:
        turns.append((seen, _VISIBLE.plus(here, -1)))
        last = _VISIBLE
    turns.append((gone, Places(expired=1).plus(last, -1)))
    return here, turns


def outdated(messages: Iterable[Message], queue: Queue, minute: int, many: int) -> list[str]:
    """The ids of the messages expired at a full minute, of whom there are so many; the oldest are looked at first."""
    found: list[str] = []
    for message in messages:
        if len(found) == many:
            break
        if backlog.expires_ms(message, queue) <= minute * MINUTE_MS:
            found.append(message.message_id)
    return found


def _up(at_ms: int) -> int:
    """The first full minute not before an instant."""
    return -(-at_ms // MINUTE_MS)


def summed(messages: Iterable[Message], queue: Queue, minute: int) -> tuple[Places, dict[int, Places]]:
    """The places of all messages at a full minute, and all their turns after it."""
    now, turns = NONE, dict[int, Places]()
    for message in messages:
        here, later = place(message, queue, minute)
        now = now.plus(here)
        for at, change in later:
            turns[at] = turns.get(at, NONE).plus(change)
    return now, turns


def due(turns: Turns, after: int, last: int) -> list[int]:
    """The full minutes in (after, last] with a turn, in order."""
    if last - after < len(turns):
        return [minute for minute in range(after + 1, last + 1) if minute in turns]
    return sorted(minute for minute in turns if after < minute <= last)


def course(
    now: Places, turns: Turns, messages: Collection[Message], queue: Queue, after: int, last: int
) -> list[tuple[int, Level]]:
    """How full a queue nobody touches is at the full minutes in (after, last]: the first, and each that differs.

    Args:
        now: where messages are at the full minute ``after``.
        messages: in the order of their arrival.
    """
    if after >= last:
        return []
    oldest = _Oldest(messages, queue)
    flying: list[Message] | None = None
    found: list[tuple[int, Level]] = []
    minutes = due(turns, after, last)
    if not minutes or minutes[0] != after + 1:
        minutes.insert(0, after + 1)
    for minute in minutes:
        now = now.plus(turns.get(minute, NONE))
        groups = 0
        if queue.fifo and now.in_flight:
            if flying is None:
                flying = [each for each in messages if each.handle]
            groups = backlog.level(flying, queue, minute * MINUTE_MS).groups
        level = EMPTY
        if now.visible or now.in_flight or now.delayed:
            level = Level(now.visible, now.in_flight, now.delayed, oldest.at(minute * MINUTE_MS), groups)
        if not found or found[-1][1] != level:
            found.append((minute, level))
    return found


class _Oldest:
    """The oldest message at instants that only grow. Messages come in the order of their arrival."""

    def __init__(self, messages: Iterable[Message], queue: Queue) -> None:
        self._rest: Iterator[Message] = iter(messages)
        self._queue, self._first = queue, next(self._rest, None)

    def at(self, now_ms: int) -> int | None:
        while self._first is not None and not self._counts(self._first, now_ms):
            self._first = next(self._rest, None)
        return None if self._first is None else self._first.arrived_ms

    def _counts(self, message: Message, now_ms: int) -> bool:
        poisoned = not self._queue.fifo and message.receives >= backlog.POISONED
        return not poisoned and backlog.expires_ms(message, self._queue) > now_ms
