"""A body's start and end: an instant, or a duration back from now such as ``-PT3H``.

Source: "Dashboard Body Structure and Syntax". A month counts 30 days, a year 365.
"""

from __future__ import annotations

import re

from cwlab.errors import BadTime
from cwlab.timeline import DAY, HOUR, MINUTE, SECOND, to_ms

DEFAULT = "-PT3H"
_DURATION = re.compile(
    r"-?P(?:(?P<Y>\d+)Y)?(?:(?P<O>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?:(?P<H>\d+)H)?(?:(?P<M>\d+)M)?(?:(?P<S>\d+)S)?)?"
)
_SIZES = {"Y": 365 * DAY, "O": 30 * DAY, "W": 7 * DAY, "D": DAY, "H": HOUR, "M": MINUTE, "S": SECOND}


def window(start: object, end: object, now_ms: int) -> tuple[int, int]:
    """From when to when, in milliseconds. What cannot be read counts as left out: the last three hours, up to now.

    >>> window("-PT1H", None, 7_200_000)
    (3600000, 7200000)
    """
    until = _instant(end, now_ms)
    until = now_ms if until is None else until
    since = _instant(start, now_ms)
    if since is None or since >= until:
        since = until - 3 * HOUR
    return since, until


def _instant(given: object, now_ms: int) -> int | None:
    if not isinstance(given, str):
        return None
    found = _DURATION.fullmatch(given)
    if found:
        return now_ms - sum(int(n) * _SIZES[k] for k, n in found.groupdict().items() if n)
    try:
        return to_ms(given)
    except BadTime:
        return None


def readable(period_s: int, start_ms: int, now_ms: int) -> int:
    """The period to ask for: data of that age may exist only in longer ones."""
    age = now_ms - start_ms
    least = 1 if age <= 3 * HOUR else 60 if age <= 15 * DAY else 300 if age <= 63 * DAY else 3600
    return -(-max(period_s, least) // least) * least
