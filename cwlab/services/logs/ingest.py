"""The rules of a PutLogEvents batch. Nothing here stores anything.

Source: API Reference PutLogEvents. A batch that is out of order, too large or longer than 24 hours is refused whole;
events too old, too new or expired are left out singly, and since the batch is in order they are its beginning and end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from operator import itemgetter, lt
from typing import Any, NamedTuple

from cwlab.services.logs.refusals import broken, invalid
from cwlab.timeline import DAY, HOUR

OVERHEAD = 26  # bytes each event counts more than its text
MAX_EVENTS, MAX_BATCH_BYTES, MAX_SPAN_MS = 10_000, 1_048_576, DAY
TOO_NEW_MS, TOO_OLD_MS = 2 * HOUR, 14 * DAY


class Batch(NamedTuple):
    """A batch that may be stored: events ``first`` to ``last`` (exclusive) of the request, and who was left out."""

    stamps: list[int]
    encoded: list[bytes]
    first: int
    last: int
    rejected: dict[str, int]
    as_sent: bool  # False when a text had to be mended to be UTF-8

    @property
    def whole(self) -> bool:
        """Whether what is stored is the request, nothing left out or changed."""
        return self.as_sent and not self.rejected


def utf8(text: str) -> bytes:
    """The text as UTF-8. Half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def check(
    events: Sequence[Mapping[str, Any]], now_ms: int, retention_ms: int | None, max_event_bytes: int
) -> Batch:
    """A batch as it will be stored.

    Args:
        events: as the request has them, ``timestamp`` in ms and ``message``.
        now_ms: the time of receipt.
        retention_ms: how long the group keeps events; None for ever.
        max_event_bytes: the largest event, its 26 bytes included.

    Raises:
        AwsError: the whole batch is refused.
    """
    if not 1 <= len(events) <= MAX_EVENTS:  # what services send is not checked by the model
        raise invalid(f"A batch holds 1 to {MAX_EVENTS:,} log events, not {len(events):,}.")
    stamps = list(map(itemgetter("timestamp"), events))
    texts = list(map(itemgetter("message"), events))
    as_sent = True
    try:
        encoded = list(map(str.encode, texts))
    except UnicodeEncodeError:
        encoded, as_sent = [utf8(text) for text in texts], False
    if not all(encoded):
        raise broken("", "logEvents.message", "Member must have length greater than or equal to 1")
    longest = max(map(len, encoded)) + OVERHEAD
    if longest > max_event_bytes:
        raise invalid(f"Log event too large: {longest} bytes exceeds limit of {max_event_bytes}")
    size = sum(map(len, encoded)) + OVERHEAD * len(encoded)
    if size > MAX_BATCH_BYTES:
        raise invalid(f"Upload too large: {size} bytes exceeds limit of {MAX_BATCH_BYTES}")
    if any(map(lt, stamps[1:], stamps)):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
    return Batch(stamps, encoded, *_accepted(stamps, now_ms, retention_ms), as_sent)


def _accepted(stamps: list[int], now_ms: int, retention_ms: int | None) -> tuple[int, int, dict[str, int]]:
    """Which events are neither too old, expired nor too new. Ends are exclusive, starts inclusive."""
    rejected: dict[str, int] = {}
    last = bisect_right(stamps, now_ms + TOO_NEW_MS)
    if last < len(stamps):
        rejected["tooNewLogEventStartIndex"] = last
    first = bisect_left(stamps, now_ms - TOO_OLD_MS)
    if first:
        rejected["tooOldLogEventEndIndex"] = first
    if retention_ms is not None:
        expired = bisect_left(stamps, now_ms - retention_ms)
        if expired > first:
            rejected["expiredLogEventEndIndex"] = expired
            first = expired
    if first < last and stamps[last - 1] - stamps[first] > MAX_SPAN_MS:  # those left out do not count
        raise invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    return first, max(first, last), rejected
