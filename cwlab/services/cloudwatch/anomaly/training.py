"""Which of the stored data a model learns from, and how a detector has it trained.

A band is trained at once, on two weeks that end where the question ends, with a detector or without; a detector only
adds its configuration. Once there is a day of data, it is trained again as each hour begins, on what lies before. So a
band is a function of what is stored, and an answer about the past stays what it was.
(AWS trains in the background: a new band appears there within hours, and is good after two weeks.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.cloudwatch import metrics
from cwlab.services.cloudwatch.anomaly import model
from cwlab.services.cloudwatch.anomaly.model import ANYWHERE, Bounds, Floats, Ints, Range
from cwlab.services.cloudwatch.metrics import Key
from cwlab.services.cloudwatch.statistics import Statistic, compute
from cwlab.services.cloudwatch.window import FIVE_MINUTES_S, HOUR_S, ONE_HOUR_S, ONE_MINUTE_S, window

_DAILY_S = model.DAY_S - HOUR_S  # a day of hourly points
_ENOUGH_S = 2 * model.DAY_S  # from here on a model knows hours of the day


@record
class Configuration:
    """How a detector is trained. Ranges are (start, end) in seconds."""

    excluded: tuple[tuple[int, int], ...] = ()
    zone: str | None = None
    speed: str | None = None
    strength: str | None = None


PLAIN = Configuration()


@record
class Detector:
    """A detector. ``metric`` is what makes it the one it is: see ``identity``."""

    id: str
    metric: tuple[Any, ...]
    configuration: Configuration
    given: bool  # a configuration came with the request
    spikes: bool | None
    created_ms: int


def identity(namespace: str, name: str, dimensions: Any, statistic: str) -> tuple[Any, ...]:
    """What tells the detector of one metric from others."""
    return ("SINGLE_METRIC", namespace, name, tuple(dimensions), statistic)


def detector_of(call: Call, metric: tuple[Any, ...]) -> Detector | None:
    """The detector of a metric, if there is one."""
    return call.table("anomaly_detectors").get(metric)


def training_data(
    call: Call, key: Key, statistic: Statistic, period: int, end_s: int, unit: str | None = None
) -> tuple[Ints, Floats]:
    """Two weeks of a metric up to ``end_s`` (not past the clock), as far as they can still be read in this period.

    Args:
        period: seconds; high-resolution periods train on minutes.
    """
    now_s = call.now_ms // 1000
    end_s, step = min(end_s, now_s), max(period, 60)
    kept_s = ONE_HOUR_S if step % 3600 == 0 else FIVE_MINUTES_S if step % 300 == 0 else ONE_MINUTE_S
    start_s = max(end_s - model.TRAINING_S, now_s - kept_s)
    start_s += -start_s % step
    asked = window(start_s * 1000, end_s * 1000, call.now_ms, step)
    by_unit = metrics.read(call, key, asked, unit)
    if not by_unit:
        return np.empty(0, np.int64), np.empty(0)
    buckets = next(iter(by_unit.values()))
    return buckets.stamp, compute(statistic, buckets, exact=metrics.settings_of(call).exact_percentiles)


def before_the_hour(stamps: Ints, values: Floats) -> tuple[Ints, Floats]:
    """The points a model was last trained on: those before the hour of the newest one, or all while they are few."""
    if not len(stamps):
        return stamps, values
    hour = int(stamps[-1]) // HOUR_S * HOUR_S
    first, last = stamps.searchsorted((hour + HOUR_S - model.TRAINING_S, hour)).tolist()
    if last - first < model.ENOUGH or stamps[last - 1] - stamps[first] < _DAILY_S:
        return stamps, values
    return stamps[first:last], values[first:last]


def configured_band(
    stamps: Ints,
    trained_on: tuple[Ints, Floats],
    detector: Detector | None,
    *,
    width: float = model.WIDTH,
    bounds: Bounds = ANYWHERE,
) -> tuple[Floats, Floats]:
    """The band at ``stamps``, trained as the detector says; without one, as a detector with no configuration would."""
    how = PLAIN if detector is None else detector.configuration
    return model.band(
        stamps,
        np.empty(0),
        trained_on=before_the_hour(*trained_on),
        width=width,
        excluded=how.excluded,
        zone=how.zone or "UTC",
        strength=how.strength or "MODERATE",
        spikes=bool(detector and detector.spikes),
        bounds=bounds,
    )


def bounds_of(call: Call, key: Key) -> Bounds:
    """Where a band is cut: AWS's own metrics are never negative, and those in percent never above 100."""
    if not key[0].startswith("AWS/"):
        return ANYWHERE
    metric = call.table("metrics").get(key)
    units = set(metric.series) if metric is not None else set()
    found = call.provider(key[0])
    if found is not None:
        provider, theirs = found
        units |= {v.unit for v in provider.list_metrics(theirs) if v.name == key[1]}
    return Bounds(0.0, 100.0) if units == {"Percent"} else Bounds(0.0)


def state_of(data: tuple[Ints, Floats], excluded: tuple[Range, ...]) -> str:
    """How far a detector's training is: the documented states, read off the data there are."""
    if not len(data[0]):
        return "PENDING_TRAINING"
    learned = model.fit(*data, excluded=excluded)
    if learned is None or learned.span_s < _ENOUGH_S:
        return "TRAINED_INSUFFICIENT_DATA"
    return "TRAINED"
