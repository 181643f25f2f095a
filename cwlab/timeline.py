"""The virtual clock. Read this first.

Time is one number: milliseconds since 1970 in UTC. The agenda holds what is due and when. ``run_until`` is
the whole simulator: take the earliest entry, set the clock to it, hand it over, repeat; then set the clock to
the target. What is due at the target instant is included. Two entries for one instant keep the order in which
they were made.

Entries are data: an instant, a sequence number, an account, a Region, a service, the *name* of a handler and
plain arguments. The handler is looked up when the entry falls due. So the agenda can be copied, compared and
written to a file, which closures and generators cannot.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cwlab.errors import BadTime
from cwlab.table import Table, UndoLog

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
# English whatever the machine speaks; the calendar's own follow its locale.
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(when: str | datetime) -> int:
    """An instant as whole milliseconds since 1970 UTC (finer parts are dropped).

    Args:
        when: an ISO 8601 text with ``Z`` or an offset, or an aware datetime.

    Raises:
        BadTime: the text cannot be read, or names no time zone.

    >>> to_ms("1970-01-01T00:00:01Z")
    1000
    """
    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when)
        except ValueError:
            raise BadTime(
                when, "is not an ISO 8601 instant.", 'Write it as "2026-03-02T09:00:00Z".'
            ) from None
    if not isinstance(when, datetime):
        raise BadTime(
            when, "is neither a text nor a datetime.", 'Give "2026-03-02T09:00:00Z" or an aware datetime.'
        )
    if when.tzinfo is None:
        raise BadTime(
            when.isoformat(), "names no time zone.", "End it with Z, or pass datetime(..., tzinfo=UTC)."
        )
    return (when - EPOCH) // _MILLISECOND


def to_datetime(ms: float) -> datetime:
    """The aware UTC datetime of an instant in milliseconds."""
    return EPOCH + timedelta(milliseconds=ms)


def iso(ms: int) -> str:
    """An instant as AWS writes it: ``2026-03-02T09:00:00Z``, with milliseconds only where there are any."""
    text = to_datetime(ms).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % SECOND:03d}Z" if ms % SECOND else f"{text}Z"


class Entry(NamedTuple):
    """One thing that is due: plain data from end to end."""

    at_ms: int
    seq: int
    account: str
    region: str
    service: str
    handler: str
    args: dict[str, Any]


class Timeline:
    """Now, and what comes next."""

    __slots__ = ("_entries", "_heap", "_numbers", "now_ms")

    def __init__(self, start_ms: int, log: UndoLog) -> None:
        self.now_ms = start_ms
        self._entries = Table(log)  # seq -> Entry, so that a failed operation's entries vanish with it
        self._heap: list[tuple[int, int]] = []  # (at_ms, seq); a pair without an entry was canceled
        self._numbers = Table(log, {"next": 0})  # a table too: a failed operation leaves no gap

    def schedule(
        self, at_ms: int, account: str, region: str, service: str, handler: str, args: dict[str, Any]
    ) -> int:
        """Put an entry on the agenda and return its number. An instant in the past is due now."""
        seq = self._numbers["next"]
        self._numbers["next"] = seq + 1
        entry = Entry(max(int(at_ms), self.now_ms), seq, account, region, service, handler, args)
        self._entries[seq] = entry
        heapq.heappush(self._heap, (entry.at_ms, seq))
        return seq

    def cancel(self, seq: int) -> bool:
        """Take an entry off the agenda; False when it is no longer there."""
        return self._entries.pop(seq, None) is not None

    def next(self) -> Entry | None:
        """The entry that falls due first, or None. It stays on the agenda."""
        while self._heap:
            entry = self._entries.get(self._heap[0][1])
            if entry is not None:
                return entry
            heapq.heappop(self._heap)
        return None

    def next_besides(self, service: str, handler: str) -> int | None:
        """When the first thing falls due that is not this service's handler of that name; None: nothing else is due."""
        others = (e.at_ms for e in self._entries.values() if e.service != service or e.handler != handler)
        return min(others, default=None)

    def agenda(self) -> list[Entry]:
        """Everything that is due, in the order in which it will happen."""
        return sorted(self._entries.values())

    def run_until(
        self,
        target_ms: int,
        handle: Callable[[Entry], None],
        *,
        steps: int | None = None,
        between: Callable[[int], bool] | None = None,
    ) -> int:
        """Hand over every entry due up to and including ``target_ms``, then set the clock to it.

        Args:
            handle: called with each entry, the clock standing at its instant. If it raises, the entry is
                put back and the clock stays where it is.
            steps: handle so many entries at most (a replay of a run that was interrupted).
            between: called before each entry, and after the last, with the number handled so far; True stops the
                run there, the clock standing at the entry before.

        Returns:
            The number of entries handled. ``now_ms`` tells how far the clock came.
        """
        done = 0
        while (entry := self.next()) is not None and entry.at_ms <= target_ms:
            if steps is not None and done >= steps:
                break
            if between is not None and between(done):
                return done
            heapq.heappop(self._heap)
            del self._entries[entry.seq]
            self.now_ms = entry.at_ms
            try:
                handle(entry)
            except BaseException:
                self._entries[entry.seq] = entry
                heapq.heappush(self._heap, (entry.at_ms, entry.seq))
                raise
            done += 1
        if done and between is not None and between(done):
            return done
        self.now_ms = max(self.now_ms, target_ms)
        return done

    def fork(self, log: UndoLog) -> Timeline:
        """A copy that goes its own way."""
        twin = Timeline(self.now_ms, log)
        twin._entries = self._entries.fork(log)
        twin._heap = self._heap.copy()
        twin._numbers = self._numbers.fork(log)
        return twin

    def state(self) -> tuple[int, int, list[Entry]]:
        """What a save file keeps: now, the next number, the agenda."""
        return self.now_ms, self._numbers["next"], self.agenda()

    def restore(self, now_ms: int, next_seq: int, entries: list[Entry]) -> None:
        """Take over what ``state`` returned."""
        self.now_ms = now_ms
        self._numbers["next"] = next_seq
        for entry in entries:
            self._entries[entry.seq] = entry
        self._heap = [(entry.at_ms, entry.seq) for entry in entries]
        heapq.heapify(self._heap)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.agenda())

    def __repr__(self) -> str:
        return f"Timeline(now={iso(self.now_ms)}, {len(self._entries)} due)"
