"""Lines of a file become log events. Pure.

Source: agent configuration, "logs section"; sizes and the second of waiting as in the agent's public source.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cwlab.hosts import timeformat
from cwlab.hosts.agent import regex
from cwlab.hosts.agent.records import LogFile

WAIT_MS = 1_000  # an event of several lines is whole when no line came for so long
MOST_BYTES = 262_144 - 26  # of one event; the rest is cut off
CUT = "[Truncated...]"


@dataclass(slots=True)
class Event:
    """A log event, and where in the file its last line ends."""

    stamp_ms: int
    text: str
    end: int


@dataclass(slots=True)
class Read:
    """What a stretch of a file holds.

    Args:
        events: whole ones that pass the filters, in the order of the file.
        end: as far as lines are used up, by events and by the filters.
        open_ms: when the first line of what is not yet whole was written; None when nothing is left.
        stamp_ms: the last time found in a line, 0 for none.
        left_out: events the filters dropped.
    """

    events: list[Event]
    end: int
    open_ms: int | None
    stamp_ms: int
    left_out: int = 0


@dataclass(slots=True)
class _Line:
    text: str
    end: int
    at_ms: int


def read(
    item: LogFile,
    data: bytes,
    base: int,
    cuts: Sequence[int],
    stamps: Sequence[int],
    *,
    now_ms: int,
    since_ms: int,
    last_ms: int,
    closing: bool = False,
    more: bool = False,
) -> Read:
    """The events in a stretch of a file.

    Args:
        data: its bytes, from the place ``base`` on.
        cuts, stamps: where writes began, and when they were.
        since_ms: when the agent began to read; what was written before counts as read then.
        last_ms: the last time found before, 0 for none.
        closing: nothing will come after this: an event need not wait for its next line, nor a line for its end.
        more: the file goes on after this, so that its last event is not known whole.
    """
    lines, rest_ms = _lines(item, data, base, cuts, stamps, since_ms, closing)
    begins = _begins(item)
    found = Read([], base, None, last_ms)
    group = list[_Line]()
    for line in lines:
        if group and (line.at_ms - group[-1].at_ms > WAIT_MS or begins(line.text)):
            _close(item, group, found, now_ms)
            group = []
        group.append(line)
    waited = rest_ms is None and not more and bool(group) and now_ms - group[-1].at_ms >= WAIT_MS
    if group and (closing or waited):
        _close(item, group, found, now_ms)
        group = []
    if group:
        found.open_ms = group[-1].at_ms
    elif rest_ms is not None:
        found.open_ms = rest_ms
    return found


def _lines(
    item: LogFile,
    data: bytes,
    base: int,
    cuts: Sequence[int],
    stamps: Sequence[int],
    since_ms: int,
    closing: bool,
) -> tuple[list[_Line], int | None]:
    """The whole lines, and when the beginning of one that has no end yet was written."""

    def written(place: int) -> int:
        row = bisect_right(cuts, place) - 1
        return max(stamps[row] if row >= 0 else since_ms, since_ms)

    feed = "\n".encode(item.encoding)
    out, start = list[_Line](), 0
    while start < len(data):
        at = data.find(feed, start)
        while at > 0 and (at - start) % len(feed):  # between two signs of a wide encoding
            at = data.find(feed, at + 1)
        if at < 0:
            if not closing:
                return out, written(base + start)
            at = len(data)
        text = data[start:at].decode(item.encoding, "replace")
        out.append(
            _Line(text.removesuffix("\r"), base + min(at + len(feed), len(data)), written(base + start))
        )
        start = at + len(feed)
    return out, None


@lru_cache(maxsize=256)
def _starts(pattern: str, time_format: str) -> Callable[[str], bool]:
    if pattern == "{timestamp_format}":
        time = timeformat.compiled(time_format).pattern
        return lambda line: time.search(line) is not None
    if pattern:
        return regex.compiled(pattern).search
    return lambda line: bool(line) and not line[0].isspace()


def _begins(item: LogFile) -> Callable[[str], bool]:
    return _starts(item.start_pattern, item.time_format)


def _close(item: LogFile, group: list[_Line], found: Read, now_ms: int) -> None:
    """Lines that belong together become an event, or nothing."""
    text, end = "\n".join(line.text for line in group).rstrip("\n"), group[-1].end
    found.end = end
    if not text:
        return
    stamp_ms = group[0].at_ms
    if item.time_format:
        time = timeformat.compiled(item.time_format).find(text, now_ms)
        if time is not None:
            stamp_ms, first, last = time
            found.stamp_ms = stamp_ms
            if item.trim:
                text = (text[:first] + text[last:]).strip(" ")
        elif found.stamp_ms:
            stamp_ms = found.stamp_ms
    for each in item.filters:
        if regex.compiled(each.expression).search(text) != (each.kind == "include"):
            found.left_out += 1
            return
    if not text:
        return
    if len(text) * 4 > MOST_BYTES and len(raw := text.encode("utf-8", "replace")) > MOST_BYTES:
        text = raw[: MOST_BYTES - len(CUT)].decode("utf-8", "ignore") + CUT
    found.events.append(Event(max(stamp_ms, 0), text, end))
