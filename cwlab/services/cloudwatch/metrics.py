"""The metrics of one account and Region: what was published and what services vend, read alike.

A metric is a namespace, a name and a set of dimensions; the unit is not part of it, but splits its data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from cwlab.api import PROVIDERS, Call
from cwlab.api import load as load_service
from cwlab.codec import register
from cwlab.services.cloudwatch.chunk import Chunk, from_columns, from_rows, join, singles, take
from cwlab.services.cloudwatch.ingest import Batch, Dimensions, Slot
from cwlab.services.cloudwatch.series import Series, empty
from cwlab.services.cloudwatch.settings import DEFAULTS, Settings
from cwlab.services.cloudwatch.statistics import Buckets, bucketize
from cwlab.services.cloudwatch.units import DEFAULT_UNIT
from cwlab.services.cloudwatch.window import ONE_HOUR_S, Window

Key = tuple[str, str, Dimensions]  # namespace, name, dimensions

LISTED_S = 14 * 86_400  # ListMetrics names metrics with data in the last two weeks


class Metric(NamedTuple):
    """One metric: its series by unit, and when it was first heard of. (A tuple: a busy request makes a thousand.)"""

    series: dict[str, Series]
    since_ms: int


register(Metric, list, lambda values: Metric(*values))


def settings_of(call: Call) -> Settings:
    return call.table("settings").get("settings", DEFAULTS)


def store(call: Call, namespace: str, batch: Batch) -> Collection[Key]:
    """Add the rows of a request to their series, and return the metrics that have grown."""
    table, settings, now_ms = call.table("metrics"), settings_of(call), call.now_ms
    delayed, changed = settings.delayed, {}
    for (name, dimensions), slots in batch.items():
        key = (namespace, name, dimensions)
        metric: Metric | None = table.get(key)
        if metric is None:
            series, since_ms = {}, now_ms
        else:
            series, since_ms = metric.series.copy(), metric.since_ms
        for unit, slot in slots.items():
            old = series.get(unit)
            if old is None:
                old = empty()
            if delayed:
                series[unit] = _delayed(old, slot, settings, now_ms // 1000)
            elif len(slot.stamps) == 1 and not slot.rows:
                series[unit] = old.append(slot.stamps[0], slot.values[0])
            else:
                series[unit] = _grown(old, slot)
        changed[key] = Metric(series, since_ms)
    table.put(changed)
    return changed


def _grown(series: Series, slot: Slot) -> Series:
    if len(slot.stamps) == 1:
        series = series.append(slot.stamps[0], slot.values[0])
    elif slot.stamps:
        series = series.append_many(slot.stamps, slot.values)
    return series.extend(from_rows(slot.rows)) if slot.rows else series


def _delayed(series: Series, slot: Slot, settings: Settings, now_s: int) -> Series:
    chunk = join([singles(slot.stamps, slot.values), from_rows(slot.rows)])
    due = np.array(
        [now_s + settings.delay_s(now_s - stamp) for stamp in chunk.stamp.tolist()], dtype=np.int64
    )
    return series.settled(now_s).extend_later(due, chunk)


def load(call: Call, key: Key, unit: str, rows: Chunk) -> None:
    """Store rows in bulk: past ones whatever their age, coming ones to appear as the clock reaches them."""
    table, now_s = call.table("metrics"), call.now_ms // 1000
    metric: Metric = table[key] if key in table else Metric({}, call.now_ms)
    split = int(rows.stamp.searchsorted(now_s, side="right"))
    past, coming = take(rows, slice(0, split)), take(rows, slice(split, len(rows)))
    series = metric.series[unit] if unit in metric.series else empty()
    series = series.settled(now_s).extend(past).extend_later(coming.stamp, coming)
    table[key] = Metric({**metric.series, unit: series}, metric.since_ms)


def read(call: Call, key: Key, window: Window, unit: str | None = None) -> dict[str, Buckets]:
    """The buckets of a metric that have data, by unit in alphabetical order.

    Args:
        unit: only data stored in this unit.
    """
    if not window.readable or not window.buckets:
        return {}
    now_s = call.now_ms // 1000
    start_s = max(window.start_s, now_s - ONE_HOUR_S)
    metric: Metric | None = call.table("metrics").get(key)
    parts: dict[str, list[Chunk]] = {}
    if metric is not None:
        for name, series in metric.series.items():
            if unit in (None, name):
                parts.setdefault(name, []).append(series.window(start_s, window.end_s, now_s))
    for name, rows in _vended(call, key, start_s, window.end_s, unit):
        parts.setdefault(name, []).append(rows)
    joined = {name: join([rows for rows in chunks if len(rows)]) for name, chunks in sorted(parts.items())}
    return {name: bucketize(rows, window) for name, rows in joined.items() if len(rows)}


def _vended(call: Call, key: Key, start_s: int, end_s: int, unit: str | None) -> Iterator[tuple[str, Chunk]]:
    found = call.provider(key[0])
    if found is None:
        return
    provider, theirs = found
    columns = provider.read(theirs, key[1], key[2], start_s, end_s)
    if columns is None or not len(columns["stamp"]):
        return
    name = columns.get("unit") or next(
        (v.unit for v in provider.list_metrics(theirs) if v.name == key[1]), DEFAULT_UNIT
    )
    if unit in (None, name):
        rows = from_columns(columns)
        first, last = rows.stamp.searchsorted((start_s, end_s)).tolist()
        yield name, take(rows, slice(first, last))


def listed(call: Call, namespace: str | None, recent_s: int) -> Iterator[tuple[Key, bool]]:
    """Every metric ListMetrics may know, and whether it had data in the last ``recent_s`` seconds.

    Args:
        namespace: only this one; native metrics of other namespaces are then not asked for.
    """
    settings, now_s, named = settings_of(call), call.now_ms // 1000, set()
    for key, metric in call.table("metrics").items():
        if namespace in (None, key[0]) and metric.since_ms // 1000 + settings.listing_delay_s <= now_s:
            newest = max(
                (s for s in (series.newest_at(now_s) for series in metric.series.values()) if s is not None),
                default=None,
            )
            if newest is not None:
                named.add(key)
                yield key, newest >= now_s - recent_s
    for native in _native_namespaces(call) if namespace is None else (namespace,):
        if found := call.provider(native):
            provider, theirs = found
            for vended in provider.list_metrics(theirs):
                key = (native, vended.name, tuple(sorted(vended.dimensions)))
                if key not in named:
                    # A provider lists what had data in two weeks; of less than that its data must tell.
                    active = recent_s >= LISTED_S or any(
                        _vended(call, key, now_s - recent_s, now_s + 1, None)
                    )
                    yield key, active


def known(call: Call, namespace: str | None = None) -> Iterator[Key]:
    """Every metric there is, by name alone: those published, then those services vend. (Whether one has data is for
    ``active`` to say, which costs more.)

    Args:
        namespace: only this one.
    """
    table = call.table("metrics")
    yield from table if namespace is None else (key for key in table if key[0] == namespace)
    for native in _native_namespaces(call) if namespace is None else (namespace,):
        if found := call.provider(native):
            provider, theirs = found
            for vended in provider.list_metrics(theirs):
                key = (native, vended.name, tuple(sorted(vended.dimensions)))
                if key not in table:
                    yield key


def active(call: Call, key: Key) -> bool:
    """Whether a known metric had data in the last two weeks, and is listed by now."""
    metric: Metric | None = call.table("metrics").get(key)
    if metric is None:
        return True  # a provider lists what had data in two weeks
    now_s = call.now_ms // 1000
    if metric.since_ms // 1000 + settings_of(call).listing_delay_s > now_s:
        return False
    newest = [stamp for series in metric.series.values() if (stamp := series.newest_at(now_s)) is not None]
    return bool(newest) and max(newest) >= now_s - LISTED_S


def _native_namespaces(call: Call) -> list[str]:
    """The namespaces of services that have anything here; others have no metrics either."""
    services = {service for account, _, service, _ in call.world.tables if account == call.account}
    present = {service for service in services if load_service(service)}
    return sorted(namespace for namespace, (service, _) in PROVIDERS.items() if service in present)
