"""The decision for many instants at once, in columns: what ``decide`` would say at each, without the evidence.

An alarm is evaluated each minute, mostly to find what it found a minute ago. So it is looked ahead, over all data that
are known, for the first instant at which something changes. That these columns agree with ``decide`` is tested.
"""

from __future__ import annotations

import numpy as np

from cwlab.services.cloudwatch.alarms.decide import BAND, Settings
from cwlab.services.cloudwatch.alarms.records import StateValue
from cwlab.services.cloudwatch.chunk import Bools, Floats, Ints

KEEPS, OK, ALARM, INSUFFICIENT = 0, 1, 2, 3
CODES: dict[StateValue, int] = {"OK": OK, "ALARM": ALARM, "INSUFFICIENT_DATA": INSUFFICIENT}


def breaching(values: Floats, settings: Settings) -> Bools:
    """Which values breach a fixed threshold."""
    assert settings.threshold is not None and settings.comparison not in BAND
    compare = {
        "GreaterThanThreshold": np.greater,
        "GreaterThanOrEqualToThreshold": np.greater_equal,
        "LessThanThreshold": np.less,
        "LessThanOrEqualToThreshold": np.less_equal,
    }[settings.comparison]
    found: Bools = compare(values, settings.threshold)
    return found


def outcomes(places: Ints, bad: Bools, weak: Bools, ends: Ints, size: int, settings: Settings) -> Ints:
    """The code of the state at each instant (``KEEPS`` where the state is kept, whatever it is).

    Args:
        places: the slots that have a point, ascending, on a grid that begins at 0.
        bad, weak: for each of these points, whether it breaches, and whether it has too few samples to count.
        ends: for each instant the slot after its newest one.
        size: slots in the range.
    """
    n, m = settings.n, settings.m
    bad = bad & ~weak
    last = places.searchsorted(ends)  # points before the end
    first = np.maximum(places.searchsorted(ends - size), last - n)  # the newest N of those in the range
    real = last - first
    bads, weaks = _totals(bad), _totals(weak)
    breach, few = bads[last] - bads[first], weaks[last] - weaks[first]
    fine = real - breach - few
    missing = n - real
    if settings.treatment == "breaching":
        rest = np.where(breach + missing >= m, ALARM, OK)
    elif settings.treatment == "notBreaching":
        rest = np.full(len(ends), OK)
    elif settings.treatment == "ignore":
        rest = np.where(fine > 0, OK, KEEPS)
    else:
        # The oldest breaching point in use; where there is none, the look-up is not used.
        at = np.flatnonzero(bad)
        oldest = np.append(places[at], ends.max(initial=0) + 1)[np.searchsorted(at, first)]
        ripe = np.where(ends - oldest >= m, ALARM, INSUFFICIENT)
        rest = np.where(fine > 0, OK, np.where(breach > 0, ripe, INSUFFICIENT))
    found: Ints = np.where(
        breach >= m, ALARM, np.where(fine >= n - m + 1, OK, np.where(few > 0, KEEPS, rest))
    )
    return found


def _totals(flags: Bools) -> Ints:
    return np.concatenate(([0], np.cumsum(flags)))
