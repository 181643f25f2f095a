"""The anomaly band on a recording: how many ordinary points it holds, and whether the plain anomalies lie outside.

    python -m benchmarks.band FILE.csv                                   any recording of ``timestamp,value``
    python -m benchmarks.band FILE.csv --anomaly 2014-02-24T18:00/2014-02-24T22:00

The recording is loaded into a lab and asked for with GetMetricData and ANOMALY_DETECTION_BAND(m1, 2), as anyone
would. What is ordinary and what is a plain anomaly is decided without the band, by the recording alone, in Tukey's
way: an hour of the day has its quartiles, over all days; a point within 1.5 interquartile ranges of them is ordinary,
one beyond 3 is a plain anomaly, and what lies between is neither. With ``--anomaly`` the periods you name are the
anomalies, and all else is ordinary.

``make bench`` takes two weeks of the shop's requests, made from a seed, with three incidents put in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from benchmarks.measure import Row, alternate, at_most, ms
from cwlab import Lab
from cwlab.services.cloudwatch.anomaly import model
from cwlab.services.cloudwatch.csvfile import read
from cwlab.shop.requests import traffic
from cwlab.timeline import to_datetime, to_ms

HELD, DAYS, PERIOD = 0.90, 14, 300
INCIDENTS = ((9 * 24 + 14.5, 0.5, 3.0), (11 * 24 + 20, 0.75, 0.1), (12 * 24 + 3, 0.5, 9.0))
"""Hours after the start, hours it lasts, how many times the usual: a rush, an outage, a crawler at night."""


class Judged(NamedTuple):
    """A recording in periods of five minutes: its points, which of them are ordinary, which plainly are not."""

    stamps: np.ndarray
    values: np.ndarray
    ordinary: np.ndarray
    anomalous: np.ndarray


class Outcome(NamedTuple):
    held: float  # share of the ordinary points inside the band
    caught: int  # plain anomalies outside
    anomalies: int


def tukey(stamps: np.ndarray, values: np.ndarray) -> Judged:
    """Ordinary and anomalous points of a recording, by the quartiles of their hour of the day."""
    ordinary, anomalous = np.zeros(len(values), bool), np.zeros(len(values), bool)
    hours = stamps // 3600 % 24
    for hour in np.unique(hours):
        there = hours == hour
        low, high = np.quantile(values[there], (0.25, 0.75))
        away = np.maximum(low - values[there], values[there] - high)
        ordinary[there], anomalous[there] = away <= 1.5 * (high - low), away > 3 * (high - low)
    return Judged(stamps, values, ordinary, anomalous)


def named(stamps: np.ndarray, values: np.ndarray, periods: Sequence[tuple[int, int]]) -> Judged:
    """The points of the named periods (seconds) are anomalous, all others ordinary."""
    anomalous = np.zeros(len(values), bool)
    for start, end in periods:
        anomalous |= (stamps >= start) & (stamps < end)
    return Judged(stamps, values, ~anomalous, anomalous)


def generated(seed: int = 7) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Two weeks of the shop's requests in five minutes each, with incidents; and when those were, in seconds."""
    made = traffic(seed, "2026-02-16T00:00:00Z", DAYS * 1_440)
    values = made.requests.reshape(-1, 5).sum(axis=1).astype(float)
    stamps = made.stamp[::5]
    periods = []
    for after, hours, times in INCIDENTS:
        start = int(stamps[0] + after * 3600)
        end = int(start + hours * 3600)
        values[(stamps >= start) & (stamps < end)] *= times
        periods.append((start, end))
    return stamps, values, periods


def banded(stamps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Lower and upper limit at each point, as GetMetricData answers them, and how long one answer takes (seconds)."""
    end = int(stamps[-1]) + PERIOD
    lab = Lab(start=to_datetime(end * 1000))
    lab.act("cloudwatch", "load", namespace="Bench", metric="Recording", stamps=stamps, values=values)
    stat = {"Metric": {"Namespace": "Bench", "MetricName": "Recording"}, "Period": PERIOD, "Stat": "Average"}
    client = lab.client("cloudwatch")

    def ask() -> list[dict]:
        return client.get_metric_data(
            MetricDataQueries=[
                {"Id": "m1", "MetricStat": stat, "ReturnData": False},
                {"Id": "e1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"},
            ],
            StartTime=to_datetime(end * 1000) - timedelta(days=DAYS),
            EndTime=to_datetime(end * 1000),
            ScanBy="TimestampAscending",
        )["MetricDataResults"]

    lower, upper = ask()
    at = [int(t.timestamp()) for t in lower["Timestamps"]]
    place = np.searchsorted(at, stamps)
    (seconds,) = alternate(ask, rounds=3)
    return np.array(lower["Values"])[place], np.array(upper["Values"])[place], seconds


def outcome(judged: Judged, lower: np.ndarray, upper: np.ndarray) -> Outcome:
    inside = (lower <= judged.values) & (judged.values <= upper)
    return Outcome(
        float(inside[judged.ordinary].mean()),
        int((~inside & judged.anomalous).sum()),
        int(judged.anomalous.sum()),
    )


def five_minutes(stamps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last two weeks, in averages on the five-minute grid, as GetMetricData answers them."""
    slots, which = np.unique(stamps - stamps % PERIOD, return_inverse=True)
    means = np.bincount(which, values) / np.bincount(which)
    recent = slots > slots[-1] - DAYS * 86_400
    return slots[recent], means[recent]


def rows() -> Iterator[Row]:
    stamps, values, periods = generated()
    yield from _rows("the shop's requests, made from a seed", named(stamps, values, periods))


def _rows(what: str, judged: Judged) -> Iterator[Row]:
    lower, upper, seconds = banded(judged.stamps, judged.values)
    found = outcome(judged, lower, upper)
    ordinary = f"{found.held:.1%} of {int(judged.ordinary.sum()):,}"
    yield Row(f"Band, {what}: ordinary points inside", ordinary, f"≥ {HELD:.0%}", found.held >= HELD)
    caught = f"{found.caught} of {found.anomalies}"
    yield Row("Band: plain anomalies outside", caught, "all", found.caught == found.anomalies)
    yield at_most("GetMetricData with a band, two weeks of five minutes", seconds, 200)


def main(arguments: list[str]) -> int:
    """Print the figures of a recording."""
    if not arguments or len(arguments) % 2 == 0 or any(a != "--anomaly" for a in arguments[1::2]):
        print(__doc__)
        return 2
    stamps, values = five_minutes(*map(np.asarray, read(arguments[0])))
    periods = []
    for text in arguments[2::2]:
        start, _, end = text.partition("/")
        periods.append((to_ms(_utc(start)) // 1000, to_ms(_utc(end)) // 1000))
    judged = named(stamps, values, periods) if periods else tukey(stamps, values)
    lower, upper, seconds = banded(stamps, values)
    found = outcome(judged, lower, upper)
    print(
        f"{arguments[0]}: {len(stamps):,} points of five minutes, {int(judged.ordinary.sum()):,} of them ordinary"
    )
    print(f"ordinary points inside the band   {found.held:.1%}   (target {HELD:.0%} or more)")
    print(f"plain anomalies outside the band  {found.caught} of {found.anomalies}")
    for i in np.flatnonzero(judged.anomalous)[:40]:
        side = "above" if values[i] > upper[i] else "below" if values[i] < lower[i] else "INSIDE"
        when = f"{to_datetime(int(stamps[i]) * 1000):%Y-%m-%d %H:%M}"
        print(f"  {when}  {values[i]:10.4g}  {side:6}  band {lower[i]:.4g} to {upper[i]:.4g}")
    ahead = _ahead(judged)
    print(f"learned from the first half alone, of the second half's ordinary points inside: {ahead:.1%}")
    print(f"one GetMetricData of two weeks with its band: {ms(seconds)}")
    return 0 if found.held >= HELD and found.caught == found.anomalies else 1


def _ahead(judged: Judged) -> float:
    """The share of the second half's ordinary points inside a band that has seen only the first half."""
    seen = judged.stamps < (judged.stamps[0] + judged.stamps[-1]) / 2
    coming = ~seen & judged.ordinary
    lower, upper = model.band(
        judged.stamps[coming], judged.values[coming], trained_on=(judged.stamps[seen], judged.values[seen])
    )
    return float(((lower <= judged.values[coming]) & (judged.values[coming] <= upper)).mean())


def _utc(text: str) -> str:
    return text if text.endswith("Z") or "+" in text else f"{text}Z"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
