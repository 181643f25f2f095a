"""AWS/SQS: a queue's metrics, one point a minute while it is active, computed when somebody reads them.

A point stamped t tells of the minute [t, t + 60 s): counts of what was done in it, and how full the queue was at its
end. It appears when the minute is over. A queue is active while it holds messages or somebody asks for it, and for six
hours after; then its metrics stop.

Source: SQS developer guide, "Available CloudWatch metrics for Amazon SQS", with when each of them is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cwlab.api import Call, vends
from cwlab.services.sqs import turning
from cwlab.services.sqs.backlog import EMPTY
from cwlab.services.sqs.records import FIFO_SUFFIX, Message, Queue
from cwlab.services.sqs.tally import ACTIVE_MS, Book, Done, Levels, active_until
from cwlab.services.sqs.turning import MINUTE_MS

RECENT_S = 14 * 86_400
Whole = npt.NDArray[np.int64]
LEVELS: dict[str, Callable[[Levels], int]] = {
    "ApproximateNumberOfMessagesVisible": lambda level: level.visible,
    "ApproximateNumberOfMessagesNotVisible": lambda level: level.in_flight,
    "ApproximateNumberOfMessagesDelayed": lambda level: level.delayed,
    "ApproximateNumberOfGroupsWithInflightMessages": lambda level: level.groups,
}
COUNTS: dict[str, Callable[[Done], int]] = {
    "NumberOfMessagesSent": lambda done: done.sent,
    "NumberOfMessagesReceived": lambda done: done.received,
    "NumberOfMessagesDeleted": lambda done: done.deleted,
    "NumberOfEmptyReceives": lambda done: done.empty,
    "NumberOfDeduplicatedSentMessages": lambda done: done.deduplicated,
}
AGE, SIZE = "ApproximateAgeOfOldestMessage", "SentMessageSize"
ONLY_SOME = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")  # told when not 0
ONLY_FIFO = ("ApproximateNumberOfGroupsWithInflightMessages", "NumberOfDeduplicatedSentMessages")
UNITS = {**dict.fromkeys([*LEVELS, *COUNTS], "Count"), AGE: "Seconds", SIZE: "Bytes"}


class Vended(NamedTuple):
    """One series in the list of metrics."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


@vends("AWS/SQS", "sqs")
class SqsMetrics:
    """The provider of AWS/SQS in one account and Region. A queue that is gone keeps its past."""

    def list_metrics(self, call: Call) -> Iterable[Vended]:
        """Every series with a point in the last two weeks."""
        now_s = call.now_ms // 1000
        found = []
        for queue in _known(call):
            for name, unit in UNITS.items():
                if self.read(call, name, (("QueueName", queue),), now_s - RECENT_S, now_s) is not None:
                    found.append(Vended(name, (("QueueName", queue),), unit))
        return sorted(found)

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> dict[str, Any] | None:
        """The points of one series stamped in [start_s, end_s), as columns; None if there are none."""
        if name not in UNITS or len(dimensions) != 1 or dimensions[0][0] != "QueueName":
            return None
        queue = dimensions[0][1]
        if name in ONLY_FIFO and not queue.endswith(FIFO_SUFFIX):
            return None
        minute = _active_minutes(call, queue, start_s, end_s)
        if not len(minute):
            return None
        if name == SIZE:
            return _sizes(call, queue, minute)
        if name in COUNTS:
            done = call.table(f"done/{queue}")
            values = _filled(minute, {at: COUNTS[name](each) for at, each in done.items()})
            return _columns(minute, values, UNITS[name])
        minute, levels = _levels(call, queue, minute)
        if name == AGE:
            came = np.array([-1 if each.oldest_ms is None else each.oldest_ms for each in levels])
            some = came >= 0
            return _columns(minute[some], ((minute[some] + 1) * MINUTE_MS - came[some]) // 1000, UNITS[name])
        values = np.array([LEVELS[name](each) for each in levels], dtype=np.int64)
        some = values > 0 if name in ONLY_SOME else values >= 0
        return _columns(minute[some], values[some], UNITS[name])

    def lag(self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...]) -> int | None:
        """How long after its stamp a point appears, in seconds: when its minute is over."""
        return 60


def _known(call: Call) -> list[str]:
    """The queues there are, and those there were."""
    old = [
        name.removeprefix("active/")
        for account, region, service, name in call.world.tables
        if (account, region, service) == (call.account, call.region, "sqs") and name.startswith("active/")
    ]
    return sorted({*call.table("queues"), *old})


def _present(call: Call, name: str) -> tuple[Queue, Book, Collection[Message]] | None:
    queue, book = call.table("queues").get(name), call.table("books").get(name)
    if queue is None or book is None:
        return None
    return queue, book, call.table(f"messages/{name}").values()


def _active_minutes(call: Call, name: str, start_s: int, end_s: int) -> Whole:
    """The minutes in [start, end) that are over and in which the queue was active."""
    spans = dict(call.table(f"active/{name}").items())
    if (now := _present(call, name)) is not None:
        queue, book, messages = now
        spans[book.since_ms] = active_until(messages, queue, book.until_ms, call.now_ms)
    last = min(-(-end_s // 60), call.now_ms // MINUTE_MS)
    parts = []
    for since_ms, until_ms in spans.items():
        first = max(-(-start_s // 60), since_ms // MINUTE_MS)
        parts.append(np.arange(first, max(first, min(last, (until_ms + ACTIVE_MS) // MINUTE_MS + 1))))
    return np.unique(np.concatenate(parts)).astype(np.int64) if parts else np.zeros(0, np.int64)


def _levels(call: Call, name: str, minute: Whole) -> tuple[Whole, list[Levels]]:
    """How full the queue was at the end of each of these minutes."""
    rows: dict[int, Levels] = dict(call.table(f"levels/{name}").items())
    if (now := _present(call, name)) is not None:
        queue, book, messages = now
        turns, span = call.table(f"turns/{name}"), (book.settled_ms // MINUTE_MS, call.now_ms // MINUTE_MS)
        rows |= {at: Levels(*each) for at, each in turning.course(book.places, turns, messages, queue, *span)}
    starts = np.array(sorted(rows), dtype=np.int64)
    which = np.searchsorted(starts, minute + 1, side="right") - 1
    empty = Levels(*EMPTY)
    return minute, [rows[int(starts[n])] if n >= 0 else empty for n in which]


def _filled(minute: Whole, counted: dict[int, int]) -> Whole:
    return np.array([counted.get(int(each), 0) for each in minute], dtype=np.int64)


def _columns(minute: Whole, values: npt.NDArray[Any], unit: str) -> dict[str, Any] | None:
    if not len(minute):
        return None
    value = values.astype(np.float64)
    ones = np.ones(len(minute))
    return {"stamp": minute * 60, "count": ones, "sum": value, "min": value, "max": value, "unit": unit}


def _sizes(call: Call, name: str, minute: Whole) -> dict[str, Any] | None:
    """How large messages were, in the minutes in which some were sent."""
    wanted = set(minute.tolist())
    rows = [
        (at, each.sizes) for at, each in call.table(f"done/{name}").items() if each.sizes and at in wanted
    ]
    if not rows:
        return None
    return {
        "stamp": np.array([at * 60 for at, _ in rows], dtype=np.int64),
        "count": np.array([float(sum(n for _, n in sizes)) for _, sizes in rows]),
        "sum": np.array([float(sum(size * n for size, n in sizes)) for _, sizes in rows]),
        "min": np.array([float(sizes[0][0]) for _, sizes in rows]),
        "max": np.array([float(sizes[-1][0]) for _, sizes in rows]),
        "values": [(n, size, times) for n, (_, sizes) in enumerate(rows) for size, times in sizes],
        "unit": "Bytes",
    }
