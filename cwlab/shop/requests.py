"""Every request of the shop, from a seed: when it came, how long it took, whether it failed or ended in an order.

Pure, and in whole numbers throughout, so that the bytes made of it are equal on every machine. A minute's numbers
depend on the seed and that minute alone, so a day starts wherever you like.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cwlab.shop.chance import RANGE, Ints, bell, through, uniform
from cwlab.shop.incidents import INCIDENTS
from cwlab.timeline import to_ms

Bools = NDArray[np.bool_]

MINUTES_A_DAY = 1_440
MOST = 1_024
"""Requests a minute at most; the shop is small."""

HOURLY = (18, 12, 9, 8, 8, 11, 20, 36, 52, 62, 66, 70, 80, 74, 66, 64, 68, 78, 90, 100, 96, 76, 48, 28)
"""Requests a minute at each full hour, UTC, on an ordinary day."""
WEEKLY = (95, 92, 96, 100, 108, 115, 120)
"""Percent of an ordinary day, Monday first."""
BUYING_PERMILLE = 60
TIMEOUT_MS, TIMEOUT_IN = 10_000, 600
"""One request in so many is given up after ten seconds: the outliers."""
REFUSED_MS = 6

QUANTILES = (0, 100, 250, 500, 750, 900, 950, 980, 990, 997, 1000)
LATENCY_MS = (18, 24, 30, 42, 62, 95, 130, 210, 320, 560, 1_400)
"""How long requests take: so many of 1,000 at most so many milliseconds. Right-skewed, as real ones are."""


class Requests(NamedTuple):
    """One row a request, in order of time. ``minute`` counts from 1970, ``number`` from 0 in each minute."""

    minute: Ints
    number: Ints
    latency_ms: Ints
    failed: Bools
    ordered: Bools


class Traffic(NamedTuple):
    """One row a minute. ``stamp`` is the minute's start in seconds since 1970."""

    stamp: Ints
    requests: Ints
    orders: Ints
    errors: Ints


def traffic(seed: int, day: str | date | datetime, minutes: int = MINUTES_A_DAY) -> Traffic:
    """What the shop counted in each minute: requests, and how many of them ended in an order or in an error.

    Args:
        seed: the same seed gives the same customers.
        day: a date, or the first instant (ISO text or aware datetime).
        minutes: how many.

    >>> monday = traffic(7, "2026-03-02")
    >>> int(monday.requests[4 * 60]) < int(monday.requests[19 * 60])
    True
    """
    first = first_minute(day)
    every = all_requests(seed, first, minutes)
    place = every.minute - first
    count = np.bincount(place, minlength=minutes)
    orders = np.bincount(place[every.ordered], minlength=minutes)
    errors = np.bincount(place[every.failed], minlength=minutes)
    return Traffic((first + np.arange(minutes, dtype=np.int64)) * 60, count, orders, errors)


def latencies(seed: int, day: str | date | datetime, minutes: int = MINUTES_A_DAY) -> list[list[int]]:
    """How long each request took, in milliseconds, a list for each minute. Arguments as for ``traffic``."""
    first = first_minute(day)
    every = all_requests(seed, first, minutes)
    ends = np.searchsorted(every.minute, first + np.arange(1, minutes))
    return [part.tolist() for part in np.split(every.latency_ms, ends)]


def all_requests(seed: int, first: int, minutes: int) -> Requests:
    """The requests of so many minutes from minute ``first`` since 1970."""
    minute = np.arange(first, first + minutes, dtype=np.int64)
    count = demand(seed, minute)
    each = np.repeat(minute, count)
    number = np.arange(len(each), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    index = each * MOST + number
    latency = through(np.array(QUANTILES) * RANGE, LATENCY_MS, uniform(seed, "latency", index) * 1_000)
    failed = uniform(seed, "timeout", index) * TIMEOUT_IN < RANGE
    latency[failed] = TIMEOUT_MS
    buys = np.full(len(each), BUYING_PERMILLE * 100, dtype=np.int64)  # of 100,000
    for incident in INCIDENTS:
        struck = (each >= incident.start_minute) & (each < incident.end_minute)
        chance = uniform(seed, incident.name, index) * 1_000 // RANGE
        slowed = struck & ~failed & (chance < incident.slowed_permille)
        latency[slowed] *= incident.slower
        refused = struck & (chance < incident.failed_permille)
        latency[refused] = REFUSED_MS
        failed |= refused
        buys[struck] = buys[struck] * incident.buying_percent // 100
    ordered = ~failed & (uniform(seed, "order", index) * 100_000 // RANGE < buys)
    return Requests(each, number, np.minimum(latency, TIMEOUT_MS), failed, ordered)


def demand(seed: int, minute: Ints) -> Ints:
    """Requests in each minute: the hour's and the weekday's usual number, a slow drift, and plain luck."""
    day, of_day = minute // MINUTES_A_DAY, minute % MINUTES_A_DAY
    hours = np.arange(25) * 60
    usual = through(hours, np.array((*HOURLY, HOURLY[0])) * 1_000, of_day)  # thousandths of a request
    usual = usual * np.array(WEEKLY)[(day + 3) % 7] // 100  # 1970 began on a Thursday
    half_hours = minute // 30
    drift = bell(seed, "drift", half_hours)
    drift = drift + (bell(seed, "drift", half_hours + 1) - drift) * (minute % 30) // 30
    usual = usual * (1_000 + drift * 40 // 1_000) // 1_000
    luck = bell(seed, "luck", minute) * np.sqrt(usual * 1_000).astype(np.int64) // 1_000
    return np.clip((usual + luck + 500) // 1_000, 0, MOST - 1)


def first_minute(day: str | date | datetime) -> int:
    """The minute since 1970 in which a day begins.

    Raises:
        BadTime: the text is no date and no instant with a time zone.
    """
    if isinstance(day, date) and not isinstance(day, datetime):
        day = day.isoformat()
    if isinstance(day, str) and len(day) == len("2026-03-02"):
        day += "T00:00:00Z"
    return to_ms(day) // 60_000
