"""What expressions compute with: scalars, strings, and series in columns.

A :class:`Series` holds one series (TS in the user guide) or an array of them (TS[]): one column of stamps for all,
and a row of values for each. A missing point is NaN; a point with a value that is not finite does not exist, so
nothing else is NaN. The stamps are at least the whole grid of every row's period, with or without data on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from cwlab.services.cloudwatch.chunk import Floats, Ints


class NamedSeries(NamedTuple):
    """One series that goes in or out: what there is of it, and what it is called.

    ``stamps`` are seconds, ascending; ``values`` hold no NaN. ``properties`` are what ``${PROP('…')}`` in a label
    can tell of it.
    """

    label: str
    period: int
    stamps: Ints
    values: Floats
    properties: Mapping[str, str] = {}


class Name(NamedTuple):
    """What a row is called."""

    label: str
    properties: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Rows of values over common stamps.

    ``single`` tells TS from TS[] (an array may have one row, or none). ``full`` is True when it is known that no
    point is missing; False says nothing.
    """

    stamps: Ints
    values: Floats
    periods: tuple[int, ...]
    names: tuple[Name, ...]
    single: bool
    full: bool = field(default=False)

    def __len__(self) -> int:
        return len(self.periods)

    @property
    def kind(self) -> str:
        return "TimeSeries" if self.single else "TimeSeries[]"

    @property
    def there(self) -> np.ndarray:
        """Which points exist."""
        return np.ones(self.values.shape, bool) if self.full else ~np.isnan(self.values)

    @property
    def zeroed(self) -> Floats:
        """The values, 0 where a point is missing."""
        return self.values if self.full else np.where(np.isnan(self.values), 0.0, self.values)

    def with_values(self, values: Floats, *, full: bool | None = None) -> Series:
        """The same rows with other values; those that are not finite become missing points."""
        if full is not None:
            return replace(self, values=values, full=full)
        finite = np.isfinite(values)
        if finite.all():
            return replace(self, values=values, full=True)
        infinite = np.isinf(values)
        if infinite.any():
            np.copyto(values, np.nan, where=infinite)
        return replace(self, values=values, full=False)

    def rows(self, which: Sequence[int], *, single: bool = False) -> Series:
        """Some of the rows, in that order."""
        chosen = list(which)
        return Series(
            self.stamps,
            self.values[chosen],
            tuple(self.periods[i] for i in chosen),
            tuple(self.names[i] for i in chosen),
            single,
            self.full,
        )

    def named(self) -> list[NamedSeries]:
        """The rows, each with the points it has."""
        if self.full:
            return [
                NamedSeries(name.label, period, self.stamps, row, name.properties)
                for name, period, row in zip(self.names, self.periods, self.values, strict=True)
            ]
        return [
            NamedSeries(name.label, period, self.stamps[there], row[there], name.properties)
            for name, period, row, there in zip(
                self.names, self.periods, self.values, self.there, strict=True
            )
        ]


Value = float | str | list[str] | Series


class Choice(str):
    """A word that a function offers, such as DESC."""

    __slots__ = ()


def kind(value: Value) -> str:
    """What a value is, as AWS's messages call it. (Scalar and String are observed, the others are not.)"""
    if isinstance(value, Series):
        return value.kind
    if isinstance(value, Choice):
        return str(value)
    if isinstance(value, str):
        return "String"
    return "String[]" if isinstance(value, list) else "Scalar"


def lay(found: Sequence[NamedSeries], grid: Ints, *, single: bool) -> Series:
    """Series of one period, laid on its grid; stamps beside it are added."""
    names = tuple(Name(series.label, series.properties) for series in found)
    periods = tuple(series.period for series in found)
    if (
        all(len(series.stamps) == len(grid) for series in found)
        and (np.array([series.stamps for series in found]) == grid).all()
    ):
        values = np.array([series.values for series in found], dtype=float)
        return Series(grid, values, periods, names, single, True)
    stamps, places = grid, [_places(series, grid) for series in found]
    if any(place is None for place in places):
        stamps = np.unique(np.concatenate([grid, *(series.stamps for series in found)]))
        places = [stamps.searchsorted(series.stamps) for series in found]
    values = np.full((len(found), len(stamps)), np.nan)
    for row, place, series in zip(values, places, found, strict=True):
        row[place] = series.values
    return Series(stamps, values, periods, names, single)


def _places(series: NamedSeries, grid: Ints) -> Ints | None:
    """Where on the grid of its period a series has points; None when one lies beside it."""
    stamps = series.stamps
    if not len(stamps):
        return stamps
    if not len(grid) or stamps[0] < grid[0] or stamps[-1] > grid[-1]:
        return None
    places = (stamps - grid[0]) // series.period
    return places if (grid[places] == stamps).all() else None


def _same(stamps: Ints, others: Ints) -> bool:
    return len(stamps) == len(others) and bool((stamps == others).all())


def spread(series: Series, stamps: Ints) -> Series:
    """The same series over more stamps."""
    if series.stamps is stamps or _same(series.stamps, stamps):
        return series
    values = np.full((len(series), len(stamps)), np.nan)
    values[:, stamps.searchsorted(series.stamps)] = series.values
    return replace(series, stamps=stamps, values=values, full=False)


def common(parts: Sequence[Series]) -> list[Series]:
    """Several series over the union of their stamps."""
    first = parts[0].stamps
    if all(part.stamps is first or _same(part.stamps, first) for part in parts):
        return list(parts)
    stamps = first
    for part in parts[1:]:
        stamps = np.union1d(stamps, part.stamps)
    return [spread(part, stamps) for part in parts]


def stack(parts: Sequence[Series], empty: Ints) -> Series:
    """One array of all rows. ``empty`` are the stamps where there is no row at all."""
    if not parts:
        return Series(empty, np.empty((0, len(empty))), (), (), False, True)
    parts = common(parts)
    return Series(
        parts[0].stamps,
        np.concatenate([part.values for part in parts]),
        tuple(period for part in parts for period in part.periods),
        tuple(name for part in parts for name in part.names),
        False,
        all(part.full for part in parts),
    )
