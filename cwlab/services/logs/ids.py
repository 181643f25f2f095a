"""Event ids, and the tokens of GetLogEvents.

An event id is a 56-digit number: the timestamp, shifted left by 144 bits, plus a suffix (so it is on AWS, by published
samples). Our suffix is the request's number (48 bits), a hash of the stream (60 bits) and the position in the
request (16 bits): so ids have the order in which events are read.
"""

from __future__ import annotations

import hashlib

PLACE_BITS = 16
_POSITION = (1 << PLACE_BITS) - 1

Gap = tuple[int, int]  # timestamp and place; it lies before the event that has both
FIRST: Gap = (-(1 << 62), 0)
LAST: Gap = (1 << 62, 0)


def salt(*names: str) -> int:
    """60 bits that belong to a stream, so that ids of two streams do not look alike."""
    return int.from_bytes(hashlib.blake2b("\n".join(names).encode(), digest_size=8).digest(), "big") >> 4


def event_id(stamp: int, place: int, stream_salt: int) -> str:
    """The id of the event at a place.

    >>> len(event_id(1_772_442_000_000, (5 << 16) + 3, salt("group", "stream")))
    56
    """
    number = (stamp << 144) | ((place >> PLACE_BITS) << 76) | (stream_salt << 16) | (place & _POSITION)
    return f"{number:056d}"


def place_of(text: str) -> Gap | None:
    """Timestamp and place out of an event id; None when it is none."""
    if len(text) != 56 or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    rest = number & ((1 << 144) - 1)
    return number >> 144, ((rest >> 76) << PLACE_BITS) | (rest & _POSITION)


def token(way: str, gap: Gap, stream_salt: int) -> str:
    """A token of GetLogEvents: ``f`` for what follows the gap, ``b`` for what precedes it.

    >>> way_and_gap(token("f", (60_000, 7), 1), 1)
    ('f', (60000, 7))
    """
    stamp, place = gap
    return f"{way}/{event_id(max(stamp, 0), place if stamp >= 0 else 0, stream_salt)}/s"


def way_and_gap(text: str, stream_salt: int) -> tuple[str, Gap] | None:
    """What a token says; None when it is no token of that stream."""
    way, _, rest = text.partition("/")
    gap = place_of(rest.removesuffix("/s"))
    if way not in ("f", "b") or gap is None or not rest.endswith("/s"):
        return None
    if (int(rest.removesuffix("/s")) >> PLACE_BITS) & ((1 << 60) - 1) != stream_salt:
        return None
    return way, gap
