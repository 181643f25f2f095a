"""Datapoints in columns: what was recorded at a second, and how it adds up.

One row is one recorded datum: its second, SampleCount, Sum, Minimum and Maximum. A row whose minimum and maximum
differ may also keep its distribution, as pairs of value and weight in compressed rows; a row that came as a
statistic set has none and is *spoiled* for percentiles. Rows are in order of time, and rows of one second in the
order in which they were recorded. Chunks are never changed.

Adding up rows loses nothing but time: sums, counts, minima, maxima and histograms of the parts give those of the
whole. Ageing rests on that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cwlab.codec import record, register
from cwlab.services.cloudwatch.histogram import HIGHEST, NEGATIVE, bins_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@record
class Chunk:
    """Rows in columns. ``offset``, ``value`` and ``weight`` hold the distributions: those of row ``i`` are at
    ``offset[i]:offset[i + 1]``; all three are None when no row has one. ``spoiled`` is None when no row is."""

    stamp: Ints
    count: Floats
    sum: Floats
    min: Floats
    max: Floats
    offset: Ints | None = None
    value: Floats | None = None
    weight: Floats | None = None
    spoiled: Bools | None = None

    def __len__(self) -> int:
        return len(self.stamp)


def _pack(chunk: Chunk) -> list[Any]:
    """For save files: single samples need two columns, not five."""
    if chunk.sum is chunk.min and chunk.sum is chunk.max and chunk.count.strides == (0,):
        return [chunk.stamp, chunk.sum]
    return [
        chunk.stamp,
        chunk.count,
        chunk.sum,
        chunk.min,
        chunk.max,
        chunk.offset,
        chunk.value,
        chunk.weight,
        chunk.spoiled,
    ]


def _unpack(columns: list[Any]) -> Chunk:
    return singles(*columns) if len(columns) == 2 else Chunk(*columns)


register(Chunk, _pack, _unpack)


class Row(NamedTuple):
    """One datum that is more than a single value."""

    stamp: int
    samples: float
    total: float
    low: float
    high: float
    pairs: tuple[tuple[float, float], ...] = ()
    spoiled: bool = False


def singles(stamps: Any, values: Any) -> Chunk:
    """Rows of one sample each. Sum, minimum and maximum are one and the same column."""
    stamp = np.asarray(stamps, dtype=np.int64)
    value = np.asarray(values, dtype=np.float64)
    if len(stamp) > 1 and (stamp[1:] < stamp[:-1]).any():
        order = np.argsort(stamp, kind="stable")
        stamp, value = stamp[order], value[order]
    return Chunk(stamp, np.broadcast_to(1.0, len(stamp)), value, value, value)


def from_rows(rows: Sequence[Row]) -> Chunk:
    """A chunk of datums with counts, distributions or statistic sets."""
    rows = sorted(rows, key=lambda row: row.stamp)
    stamp = np.array([row.stamp for row in rows], dtype=np.int64)
    count, total, low, high = np.array([row[1:5] for row in rows], dtype=np.float64).reshape(-1, 4).T.copy()
    pairs = [pair for row in rows for pair in row.pairs]
    offset = value = weight = None
    if pairs:
        offset = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row.pairs) for row in rows], out=offset[1:])
        value, weight = np.array(pairs, dtype=np.float64).T.copy()
    spoiled = np.array([row.spoiled for row in rows]) if any(row.spoiled for row in rows) else None
    return Chunk(stamp, count, total, low, high, offset, value, weight, spoiled)


def take(chunk: Chunk, rows: slice | Ints | Bools) -> Chunk:
    """Some rows of a chunk, in the order given."""
    spoiled = None if chunk.spoiled is None else chunk.spoiled[rows]
    basics = (chunk.stamp[rows], chunk.count[rows], chunk.sum[rows], chunk.min[rows], chunk.max[rows])
    if chunk.offset is None:
        return Chunk(*basics, None, None, None, spoiled)
    assert chunk.value is not None and chunk.weight is not None
    if isinstance(rows, slice) and (rows.step or 1) == 1:
        first, last, _ = rows.indices(len(chunk))
        ends = chunk.offset[first : max(first, last) + 1]
        return Chunk(
            *basics,
            ends - ends[0],
            chunk.value[ends[0] : ends[-1]],
            chunk.weight[ends[0] : ends[-1]],
            spoiled,
        )
    starts, sizes = chunk.offset[:-1][rows], np.diff(chunk.offset)[rows]
    offset = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=offset[1:])
    picked = np.repeat(starts - offset[:-1], sizes) + np.arange(offset[-1])
    return Chunk(*basics, offset, chunk.value[picked], chunk.weight[picked], spoiled)


def join(chunks: Sequence[Chunk]) -> Chunk:
    """All rows of several chunks in order of time; of one second, those of the earlier chunk first."""
    if len(chunks) == 1:
        return chunks[0]
    if not chunks:
        return singles((), ())
    stamp = np.concatenate([c.stamp for c in chunks])
    plain = all(c.sum is c.min and c.sum is c.max for c in chunks)
    total = np.concatenate([c.sum for c in chunks])
    low = total if plain else np.concatenate([c.min for c in chunks])
    high = total if plain else np.concatenate([c.max for c in chunks])
    count = np.concatenate([c.count for c in chunks])
    offset = value = weight = spoiled = None
    if any(c.offset is not None for c in chunks):
        sizes = np.concatenate(
            [np.zeros(len(c), np.int64) if c.offset is None else np.diff(c.offset) for c in chunks]
        )
        offset = np.zeros(len(stamp) + 1, dtype=np.int64)
        np.cumsum(sizes, out=offset[1:])
        value = np.concatenate([c.value for c in chunks if c.value is not None])
        weight = np.concatenate([c.weight for c in chunks if c.weight is not None])
    if any(c.spoiled is not None for c in chunks):
        spoiled = np.concatenate([np.zeros(len(c), bool) if c.spoiled is None else c.spoiled for c in chunks])
    if (stamp[1:] < stamp[:-1]).any():
        order = np.argsort(stamp, kind="stable")
        if plain and offset is None and spoiled is None:
            total = total[order]
            return Chunk(stamp[order], count[order], total, total, total)
        return take(Chunk(stamp, count, total, low, high, offset, value, weight, spoiled), order)
    return Chunk(stamp, count, total, low, high, offset, value, weight, spoiled)


def samples(chunk: Chunk, group: Ints) -> tuple[Ints, Floats, Floats]:
    """The known samples of a chunk as (group, value, weight), given the group of each row.

    A row with minimum equal to maximum is ``count`` samples of that value; others give their distribution. Spoiled
    rows give nothing, since nobody knows their samples.
    """
    flat = (chunk.min == chunk.max) & (chunk.count > 0)
    if chunk.spoiled is not None:
        flat &= ~chunk.spoiled
    if chunk.offset is None:
        if flat.all():
            return group, chunk.min, chunk.count
        return group[flat], chunk.min[flat], chunk.count[flat]
    assert chunk.value is not None and chunk.weight is not None
    spread = np.repeat(group, np.diff(chunk.offset))
    return (
        np.concatenate((group[flat], spread)),
        np.concatenate((chunk.min[flat], chunk.value)),
        np.concatenate((chunk.count[flat], chunk.weight)),
    )


class Histogram(NamedTuple):
    """Weights by group and bin, in that order, and a value that lies in the bin."""

    group: Ints
    bin: Ints
    value: Floats
    weight: Floats


def histogram(chunk: Chunk, group: Ints, *, exact: bool = False) -> Histogram:
    """The distribution of each group of rows; negative samples are left out.

    Args:
        group: the group of each row, from 0 up.
        exact: keep values apart instead of binning them (each value then is its own bin).
    """
    owner, value, weight = samples(chunk, group)
    bin_ = bins_of(value)
    keep = (bin_ != NEGATIVE) & (weight > 0)
    if not keep.all():
        owner, value, weight, bin_ = owner[keep], value[keep], weight[keep], bin_[keep]
    order = (
        np.lexsort((value, owner))
        if exact
        else np.argsort(owner * (HIGHEST - NEGATIVE + 1) + (bin_ - NEGATIVE), kind="stable")
    )
    owner, value, weight, bin_ = owner[order], value[order], weight[order], bin_[order]
    if not len(owner):
        return Histogram(owner, bin_, value, weight)
    apart = value[1:] != value[:-1] if exact else bin_[1:] != bin_[:-1]
    starts = np.concatenate(([0], np.flatnonzero((owner[1:] != owner[:-1]) | apart) + 1))
    return Histogram(
        owner[starts], bin_[starts], np.minimum.reduceat(value, starts), np.add.reduceat(weight, starts)
    )


def coarsen(chunk: Chunk, step_s: int) -> Chunk:
    """The same data with one row for each ``step_s`` seconds that has any.

    Counts, sums, minima, maxima and histograms of any longer stretch stay what they were (sums up to rounding).
    """
    if not len(chunk):
        return chunk
    slot = chunk.stamp - chunk.stamp % step_s
    starts = np.concatenate(([0], np.flatnonzero(slot[1:] != slot[:-1]) + 1))
    if len(starts) == len(chunk):
        return replace(chunk, stamp=slot)
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(chunk))))
    low, high = np.minimum.reduceat(chunk.min, starts), np.maximum.reduceat(chunk.max, starts)
    count, total = np.add.reduceat(chunk.count, starts), np.add.reduceat(chunk.sum, starts)
    spoiled = None if chunk.spoiled is None else np.logical_or.reduceat(chunk.spoiled, starts)
    bins = histogram(chunk, group)
    # A row needs no distribution when all its samples are known to be equal.
    spread = low != high
    if spoiled is not None:
        spread |= spoiled
    keep = spread[bins.group]
    if not keep.any():
        return Chunk(slot[starts], count, total, low, high, None, None, None, spoiled)
    offset = np.zeros(len(starts) + 1, dtype=np.int64)
    np.cumsum(np.bincount(bins.group[keep], minlength=len(starts)), out=offset[1:])
    return Chunk(slot[starts], count, total, low, high, offset, bins.value[keep], bins.weight[keep], spoiled)


def from_columns(columns: dict[str, Any]) -> Chunk:
    """A chunk from plain columns, as a provider of native metrics gives them.

    Args:
        columns: ``stamp``, ``count``, ``sum``, ``min``, ``max``, and maybe ``values``: the distributions as three
            arrays (row, value, count) or a list of such triples.
    """
    stamp = np.asarray(columns["stamp"], dtype=np.int64)
    count, total, low, high = (
        np.asarray(columns[name], dtype=np.float64) for name in ("count", "sum", "min", "max")
    )
    values = columns.get("values")
    offset = value = weight = None
    if values is not None and len(values):
        triple = values if isinstance(values, tuple) else tuple(zip(*values, strict=True))
        row = np.asarray(triple[0], dtype=np.int64)
        order = np.argsort(row, kind="stable")
        order = order[(low != high)[row[order]]]  # a row of equal samples needs no distribution
        row = row[order]
        value, weight = (np.asarray(part, dtype=np.float64)[order] for part in triple[1:])
        offset = np.zeros(len(stamp) + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=len(stamp)), out=offset[1:])
    known = np.zeros(len(stamp), bool) if offset is None else np.diff(offset) > 0
    spoiled = (low != high) & ~known
    chunk = Chunk(stamp, count, total, low, high, offset, value, weight, spoiled if spoiled.any() else None)
    if (stamp[1:] < stamp[:-1]).any():
        chunk = take(chunk, np.argsort(stamp, kind="stable"))
    return chunk
