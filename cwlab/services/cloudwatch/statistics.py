"""Statistics: their names, and what each makes of the datapoints of one period.

Names and meanings: user guide, ``statistics-definitions``. That percentile-based statistics come from a base-1.1
histogram, interpolated as below, is observed on the live service.

    >>> parse("tm90") == parse("TM(:90%)")
    True
    >>> parse("p101") is None
    True
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cwlab.services.cloudwatch.chunk import Chunk, Floats, Ints, histogram
from cwlab.services.cloudwatch.histogram import edges_of
from cwlab.services.cloudwatch.window import Window

BASIC = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

Bin = tuple[float, float, float]  # lowest value, highest value, weight

_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d{1,10})?)")
_SHORT = re.compile(r"(tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)")
_BOUND = r"(\d+(?:\.\d+)?)?(%)?"
_LONG = re.compile(rf"(TM|WM|TC|TS|PR)\({_BOUND}:{_BOUND}\)")


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic. ``family`` is a basic name, ``p``, ``TM``, ``WM``, ``TC``, ``TS`` or ``PR``; bounds that were
    left out are None; ``percent`` says what the bounds count in. The name it was asked by does not matter."""

    name: str = field(compare=False)
    family: str
    low: float | None = None
    high: float | None = None
    percent: bool = False

    @property
    def extended(self) -> bool:
        """True for statistics that need the distribution of values."""
        return self.family not in BASIC


def parse(name: str) -> Statistic | None:
    """The statistic of that name, or None when there is none.

    Lower-case forms take one number (``p99.9``, ``tm90``); forms with parentheses are upper case, with both bounds
    in percent or both as values, and at least one of them given.
    """
    if name in BASIC:
        return Statistic(name, name)
    if name == "IQM":
        return Statistic(name, "TM", 25.0, 75.0, True)
    if found := _PERCENTILE.fullmatch(name):
        p = float(found[1])
        return Statistic(name, "p", high=p, percent=True) if p <= 100 else None
    if found := _SHORT.fullmatch(name):
        p = float(found[2])
        return Statistic(name, found[1].upper(), high=p, percent=True) if p <= 100 else None
    if found := _LONG.fullmatch(name):
        return _bounded(name, *found.groups())
    return None


def _bounded(
    name: str,
    family: str,
    low: str | None,
    low_percent: str | None,
    high: str | None,
    high_percent: str | None,
) -> Statistic | None:
    if (low is None and (high is None or low_percent)) or (high is None and high_percent):
        return None
    if low is not None and high is not None and low_percent != high_percent:
        return None
    percent = bool(low_percent or high_percent)
    a = None if low is None else float(low)
    b = None if high is None else float(high)
    if percent and (family == "PR" or max(a or 0.0, b or 0.0) > 100):
        return None
    if a is not None and b is not None and a > b:
        return None
    return Statistic(name, family, a, b, percent)


class Bins(NamedTuple):
    """The bins of many buckets: the bucket each belongs to, its lowest and highest value, its weight; in order."""

    group: Ints
    low: Floats
    high: Floats
    weight: Floats


class Buckets:
    """The datapoints of a query, one entry a period that has data: its start, and what is asked of it."""

    def __init__(self, rows: Chunk, stamp: Ints, starts: Ints, sizes: Ints) -> None:
        self.stamp = stamp
        self._rows, self._starts, self._sizes = rows, starts, sizes
        self._bins: dict[bool, Bins] = {}

    def __len__(self) -> int:
        return len(self.stamp)

    @cached_property
    def count(self) -> Floats:
        if self._rows.count.strides == (0,):  # one sample a row
            return self._sizes.astype(np.float64)
        return np.add.reduceat(self._rows.count, self._starts)

    @cached_property
    def sum(self) -> Floats:
        return np.add.reduceat(self._rows.sum, self._starts)

    @cached_property
    def min(self) -> Floats:
        return np.minimum.reduceat(self._rows.min, self._starts)

    @cached_property
    def max(self) -> Floats:
        return np.maximum.reduceat(self._rows.max, self._starts)

    @cached_property
    def spoiled(self) -> np.ndarray:
        if self._rows.spoiled is None:
            return np.zeros(len(self), bool)
        return np.logical_or.reduceat(self._rows.spoiled, self._starts)

    def columns(self, *, exact: bool = False) -> Bins:
        """The histograms of all buckets, each clamped to its minimum and maximum."""
        if exact not in self._bins:
            found = histogram(self._rows, np.repeat(np.arange(len(self)), self._sizes), exact=exact)
            if exact:
                low = high = found.value
            else:
                low, high = edges_of(found.bin)
                # Bins end where the data end; the last clip keeps a bin of tiny values below 1.1**-7000 in order.
                low = np.maximum(low, self.min[found.group])
                high = np.maximum(np.minimum(high, self.max[found.group]), 0.0)
                low = np.minimum(low, high)
            self._bins[exact] = Bins(found.group, low, high, found.weight)
        return self._bins[exact]

    def bins(self, *, exact: bool = False) -> list[list[Bin]]:
        """The histogram of each bucket."""
        found = self.columns(exact=exact)
        flat = list(zip(found.low.tolist(), found.high.tolist(), found.weight.tolist(), strict=True))
        ends = np.searchsorted(found.group, np.arange(len(self) + 1)).tolist()
        return [flat[a:b] for a, b in pairwise(ends)]


def bucketize(rows: Chunk, window: Window) -> Buckets:
    """Put rows (those of the window, in order of time, at least one) into the window's buckets."""
    stamp, period, first = rows.stamp, window.period, window.start_s
    low, high = (int(stamp[0]) - first) // period, (int(stamp[-1]) - first) // period
    if high - low < len(stamp) // 4:
        slots = np.arange(low, high + 1)
        edges = stamp.searchsorted(first + np.arange(low, high + 2) * period)
        starts, sizes = edges[:-1], np.diff(edges)
        if not sizes.all():
            filled = sizes > 0
            slots, starts, sizes = slots[filled], starts[filled], sizes[filled]
    else:
        slot = (stamp - first) // period
        starts = np.concatenate(([0], np.flatnonzero(slot[1:] != slot[:-1]) + 1))
        slots, sizes = slot[starts], np.diff(np.append(starts, len(stamp)))
    return Buckets(rows, first + slots * period, starts, sizes)


def compute(statistic: Statistic, buckets: Buckets, *, exact: bool = False) -> Floats:
    """The statistic of each bucket; NaN where there is none.

    Args:
        exact: reckon with the values themselves as far as they are still known, not with their histogram.
    """
    family = statistic.family
    if family == "Sum":
        return buckets.sum
    if family == "SampleCount":
        return buckets.count
    if family == "Minimum" or (family == "p" and statistic.high == 0):
        return buckets.min
    if family == "Maximum" or (family == "p" and statistic.high == 100):
        return buckets.max
    if family == "Average":
        return np.divide(buckets.sum, buckets.count, out=np.zeros(len(buckets)), where=buckets.count > 0)
    if family == "p":
        assert statistic.high is not None
        return _percentile(buckets, statistic.high, exact=exact)
    result = np.full(len(buckets), math.nan)
    todo = np.flatnonzero(_available(buckets)) if statistic.percent else np.arange(len(buckets))
    if not len(todo):
        return result
    bins, counts = buckets.bins(exact=exact), buckets.count.tolist()
    lows, highs = buckets.min.tolist(), buckets.max.tolist()
    for i in todo.tolist():
        if bins[i]:
            result[i] = of_bins(statistic, bins[i], counts[i], lows[i], highs[i])
    return result


def _available(buckets: Buckets) -> np.ndarray:
    """Where percentiles exist: every value known, none negative, at least one whole sample."""
    return ~buckets.spoiled & (buckets.min >= 0) & (buckets.count >= 1)


def _percentile(buckets: Buckets, p: float, *, exact: bool) -> Floats:
    """The value at rank ``p`` percent of each bucket, geometrically interpolated inside its bin."""
    flat = buckets.min == buckets.max
    result = np.where(flat, buckets.min, math.nan)
    wanted = ~flat & _available(buckets)
    if not wanted.any():
        return result
    group, low, high, weight = buckets.columns(exact=exact)
    result[wanted] = buckets.max[wanted]  # where rounding leaves the rank beyond the last bin
    # Running totals within each bucket, and the first bin of each that reaches the rank.
    upto = np.cumsum(weight)
    begins = np.searchsorted(group, np.arange(len(buckets)))
    upto -= np.concatenate(([0.0], upto))[begins][group]
    rank = (p / 100 * buckets.count)[group]
    reached = np.flatnonzero((rank <= upto) & wanted[group])
    owner = group[reached]
    first = reached[np.concatenate(([True], owner[1:] != owner[:-1]))] if len(reached) else reached
    owner, lo, hi = group[first], low[first], high[first]
    part = np.maximum(rank[first] - (upto[first] - weight[first]), 0.0) / weight[first]
    open_ = (lo > 0.0) & (lo < hi)
    safe = np.where(open_, lo, 1.0)
    value = np.where(open_, np.exp(np.log(safe) + np.log(np.where(open_, hi / safe, 1.0)) * part), lo)
    result[owner] = np.clip(value, buckets.min[owner], buckets.max[owner])
    return result


def of_bins(statistic: Statistic, bins: Sequence[Bin], count: float, low: float, high: float) -> float:
    """A trimmed or winsorized statistic or a percentile rank of one bucket; NaN where there is none.

    Args:
        bins: the histogram, in order, clamped to ``low`` and ``high``.
        count, low, high: SampleCount, Minimum and Maximum of the bucket.
    """
    a, b = statistic.low, statistic.high
    if statistic.family == "PR":
        return 100 * (_below(bins, b, math.inf) - _below(bins, a, -math.inf)) / count if count else math.nan
    if statistic.percent:
        from_ = 0.0 if a is None else a / 100 * count
        to = count if b is None else b / 100 * count
        inside = to - from_
        total = _sum_of(_ranked(bins, from_, to), bins)
        if statistic.family == "WM":
            tails = from_ * _edge(bins, from_, low, high, lower=True) + (count - to) * _edge(
                bins, to, low, high, lower=False
            )
            return (total + tails) / count
    else:
        pieces = _between(bins, -math.inf if a is None else a, math.inf if b is None else b)
        inside = sum(piece[1] for piece in pieces)
        total = _sum_of(pieces, bins)
        if statistic.family == "WM":
            everything = sum(c for _, _, c in bins)
            under, over = _below(bins, a, -math.inf), everything - _below(bins, b, math.inf)
            return (total + under * (a or 0.0) + over * (b or 0.0)) / everything
    if statistic.family == "TC":
        return inside
    if statistic.family == "TS":
        return total
    return total / inside if inside > 0 else math.nan


Piece = tuple[int, float, float, float]  # index of the bin, weight, left, right


def _ranked(bins: Sequence[Bin], from_: float, to: float) -> list[Piece]:
    """What lies between two ranks, each bin's part with its linearly interpolated edges."""
    pieces, prior = [], 0.0
    for i, (lo, hi, c) in enumerate(bins):
        start, end = max(prior, from_), min(prior + c, to)
        if end > start:
            pieces.append(
                (i, end - start, lo + (hi - lo) * (start - prior) / c, lo + (hi - lo) * (end - prior) / c)
            )
        prior += c
    return pieces


def _between(bins: Sequence[Bin], a: float, b: float) -> list[Piece]:
    """What lies in ``(a, b]``; a bin counts by the part of its width."""
    pieces = []
    for i, (lo, hi, c) in enumerate(bins):
        if lo == hi:
            if a < lo <= b:
                pieces.append((i, c, lo, lo))
            continue
        left, right = max(lo, a), min(hi, b)
        if right > left:
            pieces.append((i, c * (right - left) / (hi - lo), left, right))
    return pieces


def _sum_of(pieces: list[Piece], bins: Sequence[Bin]) -> float:
    """Weights times representative values: the middle in the first and last piece, the geometric mean elsewhere."""
    total = 0.0
    for place, (i, weight, left, right) in enumerate(pieces):
        if place in (0, len(pieces) - 1):
            total += weight * ((left + right) / 2)
        else:
            lo, hi, _ = bins[i]
            total += weight * (math.sqrt(lo) * math.sqrt(hi))
    return total


def _below(bins: Sequence[Bin], x: float | None, default: float) -> float:
    """How many samples are at or below ``x``, with a bin counted by the part of its width."""
    x = default if x is None else x
    total = 0.0
    for lo, hi, c in bins:
        if x >= hi:
            total += c
        elif x > lo:
            total += c * (x - lo) / (hi - lo)
    return total


def _edge(bins: Sequence[Bin], rank: float, low: float, high: float, *, lower: bool) -> float:
    """The value that winsorizing puts in place of what lies beyond ``rank``."""
    prior = 0.0
    for i, (lo, hi, c) in enumerate(bins):
        if rank <= prior + c or i == len(bins) - 1:
            if lo == hi:
                return lo
            part = (rank - prior) / c
            exponent = (1.0 if part == 1 else c - part) if lower else c - 1 + part
            return min(max(lo * 1.1 ** min(max(exponent, 0.0), 1.0), low), high)
        prior += c
    return high
