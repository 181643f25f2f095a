"""Event ids, and the tokens of GetLogEvents.

An event id is a 56-digit number: the timestamp, shifted left by 144 bits, plus a suffix (so it is on AWS, by published
samples). Our suffix is the request's number (48 bits), a hash of the stream (60 bits) and the position in the
request (16 bits): so ids have the order in which events are read. Twenty bits above are free; a token keeps the minute
of its issue there, since it is good for 24 hours.
"""

from __future__ import annotations

import hashlib

from cwlab.timeline import DAY, MINUTE

PLACE_BITS = 16
_POSITION = (1 << PLACE_BITS) - 1
_ISSUED, _MINUTES = 124, 1 << 20  # where the minute of issue stands; it starts again after two years

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


def token(way: str, gap: Gap, stream_salt: int, now_ms: int) -> str:
    """A token of GetLogEvents: ``f`` for what follows the gap, ``b`` for what precedes it.

    >>> read_token(token("f", (60_000, 7), 1, 0), 1, 0)
    ('f', (60000, 7), False)
    """
    stamp, place = gap
    plain = int(event_id(max(stamp, 0), place if stamp >= 0 else 0, stream_salt))
    return f"{way}/{plain | (now_ms // MINUTE % _MINUTES) << _ISSUED:056d}/s"


def read_token(text: str, stream_salt: int, now_ms: int) -> tuple[str, Gap, bool] | None:
    """The way and gap of a token, and whether it is more than 24 hours old; None when it is no token of that stream."""
    way, _, rest = text.partition("/")
    digits = rest.removesuffix("/s")
    if way not in ("f", "b") or place_of(digits) is None or not rest.endswith("/s"):
        return None
    number = int(digits)
    issued = (number >> _ISSUED) % _MINUTES
    gap = place_of(f"{number ^ issued << _ISSUED:056d}")
    if gap is None or (number >> PLACE_BITS) & ((1 << 60) - 1) != stream_salt:
        return None
    return way, gap, (now_ms // MINUTE - issued) % _MINUTES > DAY // MINUTE
