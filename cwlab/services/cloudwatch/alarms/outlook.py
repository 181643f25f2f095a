"""The decision for many instants at once, in columns: what ``decide`` would say at each, without the evidence.

An alarm is evaluated each minute, mostly to find what it found a minute ago. So it is looked ahead, over all data that
are known, for the first instant at which something changes. That these columns agree with ``decide`` is tested.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cwlab.codec import record
from cwlab.services.cloudwatch.alarms.decide import BAND, Settings
from cwlab.services.cloudwatch.alarms.records import StateValue
from cwlab.services.cloudwatch.chunk import Bools, Floats, Ints

KEEPS, OK, ALARM, INSUFFICIENT = 0, 1, 2, 3
CODES: dict[StateValue, int] = {"OK": OK, "ALARM": ALARM, "INSUFFICIENT_DATA": INSUFFICIENT}

FIRST_BLOCK, LAST_BLOCK = 64, 8192  # instants looked at in one go: each block is twice the one before
FAR = 4 * LAST_BLOCK  # instants after which it is time to look again


@record
class Outlook:
    """What was found by looking ahead, kept so that it need not be looked for after each change.

    Args:
        ticks, codes: where the state will change, and to which, if nothing is stored meanwhile.
        end_ms: the tick up to which, exclusively, this is known; ``final``: for good.
        block: how many ticks were looked at last.
    """

    ticks: Ints
    codes: Ints
    end_ms: int
    block: int
    final: bool

    def agrees(self, tick: int, value: StateValue) -> bool:
        """Whether the state before a tick is the one foreseen."""
        place = int(self.ticks.searchsorted(tick))
        return place == 0 or int(self.codes[place - 1]) == CODES[value]

    def change(self, tick: int, value: StateValue) -> int | None:
        """The next change from a tick on; None when none is known, or when the state is not the one foreseen."""
        if not self.agrees(tick, value):
            return None
        place = int(self.ticks.searchsorted(tick))
        if place == len(self.ticks) or int(self.codes[place]) == CODES[value]:
            return None
        return int(self.ticks[place])


def changes(ticks: Ints, codes: Ints, value: StateValue, end_ms: int, block: int) -> Outlook:
    """Where the outcome changes among these ticks (in seconds), of which those that keep the state say nothing."""
    told = np.flatnonzero(codes != KEEPS)
    heard = codes[told]
    changed = np.flatnonzero(heard != np.concatenate(([CODES[value]], heard[:-1])))
    return Outlook(ticks[told[changed]] * 1000, heard[changed], end_ms, block, False)


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


class Newest(NamedTuple):
    """The newest slot as it stands at each instant, where it may still grow: whether it has a point, and of which kind."""

    there: Bools
    bad: Bools
    weak: Bools


def outcomes(
    places: Ints,
    bad: Bools,
    weak: Bools,
    ends: Ints,
    size: int,
    settings: Settings,
    *,
    unit: int = 1,
    shown: Ints | None = None,
    newest: Newest | None = None,
) -> Ints:
    """The code of the state at each instant (``KEEPS`` where the state is kept, whatever it is).

    Args:
        places: the slots that have a point, ascending, on a grid that begins at 0.
        bad, weak: for each of these points, whether it breaches, and whether it has too few samples to count.
        ends: for each instant the slot after its newest one.
        size: slots in the range.
        unit: places, ends and size may also be in seconds, of which a slot has so many, where no slot has two points.
        shown: how many of the points have appeared at each instant; None: all that lie before its end.
        newest: the newest slot of each instant, where it is not yet what it will be.
    """
    n, m = settings.n, settings.m
    bad = bad & ~weak
    more: Ints | int = 0
    more_bad: Ints | int = 0
    more_weak: Ints | int = 0
    if newest is None:
        last = places.searchsorted(ends)  # points before the end
    else:
        last = places.searchsorted(ends - 1)
        more, more_weak = newest.there.astype(np.int64), (newest.there & newest.weak).astype(np.int64)
        more_bad = (newest.there & newest.bad & ~newest.weak).astype(np.int64)
    if shown is not None:
        last = np.minimum(last, shown)
    # The newest N of those in the range.
    first = np.minimum(np.maximum(places.searchsorted(ends - size), last + more - n), last)
    real = last - first + more
    bads, weaks = _totals(bad), _totals(weak)
    breach, few = bads[last] - bads[first] + more_bad, weaks[last] - weaks[first] + more_weak
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
        oldest = np.minimum(oldest, ends - 1)
        ripe = np.where(-((oldest - ends) // unit) >= m, ALARM, INSUFFICIENT)
        rest = np.where(fine > 0, OK, np.where(breach > 0, ripe, INSUFFICIENT))
    found: Ints = np.where(
        breach >= m, ALARM, np.where(fine >= n - m + 1, OK, np.where(few > 0, KEEPS, rest))
    )
    return found


def _totals(flags: Bools) -> Ints:
    return np.concatenate(([0], np.cumsum(flags)))
