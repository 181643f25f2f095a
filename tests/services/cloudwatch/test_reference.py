"""The whole way from PutMetricData to GetMetricData beside a slow model that loops over lists.

The slow model is written from the published rules alone (windows, retention, histogram statistics); it shares no code
with the service.
"""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab

Sample = tuple[datetime, float, float]  # stored stamp, value, weight
DAY = 86_400


def reference_window(start: float, end: float, now: float, period: int) -> tuple[float, int] | None:
    age = now - start
    if age > 63 * DAY:
        step, ok = 3600, period % 3600 == 0
    elif age > 15 * DAY:
        step, ok = 300, period % 300 == 0
    elif age > 3 * 3600:
        step, ok = 60, period % 60 == 0
    else:
        step, ok = min(period, 60), True
    first = math.floor(start / step) * step
    return (first, math.floor((end - first) / period)) if ok else None


def reference_bins(samples: list[tuple[float, float]]) -> list[list[float]]:
    low, high = min(v for v, _ in samples), max(v for v, _ in samples)
    weights: dict[int | None, float] = {}
    for value, weight in samples:
        k = None if value == 0 else math.floor(math.log(value) / math.log(1.1))
        weights[k] = weights.get(k, 0.0) + weight
    bins = []
    for k, weight in weights.items():
        edges = [0.0, 0.0] if k is None else [1.1**k, 1.1 ** (k + 1)]
        bins.append(
            [max(low, edges[0]), min(high, edges[1]), weight] if k is not None else [0.0, 0.0, weight]
        )
    return sorted(bins)


def reference_statistic(name: str, samples: list[tuple[float, float]]) -> float | None:
    n = sum(w for _, w in samples)
    values = [v for v, _ in samples]
    low, high = min(values), max(values)
    basic = {"SampleCount": n, "Sum": sum(v * w for v, w in samples), "Minimum": low, "Maximum": high}
    if name in basic:
        return basic[name]
    if name == "Average":
        return basic["Sum"] / n
    bins = reference_bins(samples)
    if name.startswith("p"):
        target, prior = float(name[1:]) / 100 * n, 0.0
        if low == high or target == 0:
            return low
        for a, b, c in bins:
            if target <= prior + c:
                inside = a if a in (b, 0) else math.exp(math.log(a) + math.log(b / a) * (target - prior) / c)
                return min(max(inside, low), high)
            prior += c
        return high
    family, bounds = name[:2], name[3:-1]
    if bounds.endswith("%"):
        first, last = (float(x) / 100 * n for x in bounds.replace("%", "").split(":"))
        pieces, prior = [], 0.0
        for a, b, c in bins:
            start, end = max(prior, first), min(prior + c, last)
            if end > start:
                left, right = (a + (b - a) * (x - prior) / c for x in (start, end))
                pieces.append([end - start, left, right, a, b])
            prior += c
        count = last - first
    else:
        x, y = (float(z) for z in bounds.split(":"))
        if family == "PR":
            return 100 * (reference_rank(bins, y) - reference_rank(bins, x)) / n
        pieces = []
        for a, b, c in bins:
            if a == b and x < a <= y:
                pieces.append([c, a, a, a, b])
            elif min(b, y) > max(a, x):
                left, right = max(a, x), min(b, y)
                pieces.append([c * (right - left) / (b - a), left, right, a, b])
        count = sum(p[0] for p in pieces)
    total = 0.0
    for i, (weight, left, right, a, b) in enumerate(pieces):
        total += weight * ((left + right) / 2 if i in (0, len(pieces) - 1) else math.sqrt(a * b))
    if family == "TC":
        return count
    if family == "TS":
        return total
    return total / count if count else None


def reference_rank(bins: list[list[float]], x: float) -> float:
    return sum(c if x >= b else c * (x - a) / (b - a) if x > a else 0.0 for a, b, c in bins)


def reference(
    samples: list[Sample], start: datetime, end: datetime, now: datetime, period: int, name: str
) -> dict[float, float]:
    window = reference_window(start.timestamp(), end.timestamp(), now.timestamp(), period)
    if window is None:
        return {}
    first, buckets = window
    found = {}
    for i in range(buckets):
        begins = first + i * period
        mine = [(v, w) for t, v, w in samples if begins <= t.timestamp() < begins + period]
        value = reference_statistic(name, mine) if mine else None
        if value is not None:
            found[begins] = value
    return found


VALUES = st.one_of(st.integers(0, 300).map(float), st.sampled_from([0.0, 0.25, 0.7, 1.0, 999.5]))
DATUM = st.tuples(
    st.integers(0, 7000),
    st.lists(st.tuples(VALUES, st.integers(1, 4)), min_size=1, max_size=3),
    st.sampled_from([1, 60]),
)
STATISTICS = [
    "SampleCount",
    "Sum",
    "Average",
    "Minimum",
    "Maximum",
    "p0",
    "p10",
    "p50",
    "p99.9",
    "p100",
    "TM(10%:90%)",
    "TC(0%:75%)",
    "TS(20%:100%)",
    "TM(1:50)",
    "TC(5:200)",
    "TS(0:100)",
    "PR(0:20)",
    "PR(3:250)",
]


@pytest.mark.syllabus("M12", "M18", "M21", "M22")
@settings(max_examples=40)
@given(
    datums=st.lists(DATUM, min_size=1, max_size=25),
    start=st.integers(0, 7200),
    length=st.integers(1, 7200),
    period=st.sampled_from([1, 5, 30, 60, 120, 300, 3600]),
    later=st.sampled_from([0, 0, 4 * 3600, 16 * DAY, 64 * DAY]),
    names=st.lists(st.sampled_from(STATISTICS), min_size=3, max_size=3, unique=True),
)
def test_both_ways_lead_to_the_same(
    datums: Any, start: int, length: int, period: int, later: int, names: list[str]
) -> None:
    lab = Lab()
    client, base = lab.client("cloudwatch"), lab.now - timedelta(hours=2)
    samples: list[Sample] = []
    for second, values, resolution in datums:
        stored = second if resolution == 1 else second - second % 60
        samples += [(base + timedelta(seconds=stored), v, float(c)) for v, c in values]
        client.put_metric_data(
            Namespace="Shop",
            MetricData=[
                {
                    "MetricName": "m",
                    "Values": [v for v, _ in values],
                    "Counts": [c for _, c in values],
                    "StorageResolution": resolution,
                    "Timestamp": base + timedelta(seconds=second),
                }
            ],
        )
    if later:
        lab.advance(seconds=later)
    window = {
        "StartTime": base + timedelta(seconds=start),
        "EndTime": base + timedelta(seconds=start + length),
    }
    metric = {"Namespace": "Shop", "MetricName": "m"}
    answer = client.get_metric_data(
        MetricDataQueries=[
            {"Id": f"q{n}", "MetricStat": {"Metric": metric, "Period": period, "Stat": s}}
            for n, s in enumerate(names)
        ],
        ScanBy="TimestampAscending",
        **window,
    )
    for name, result in zip(names, answer["MetricDataResults"], strict=True):
        wanted = reference(samples, window["StartTime"], window["EndTime"], lab.now, period, name)
        got = {t.timestamp(): v for t, v in zip(result["Timestamps"], result["Values"], strict=True)}
        assert got.keys() == wanted.keys(), name
        assert [got[t] for t in sorted(got)] == pytest.approx(
            [wanted[t] for t in sorted(wanted)], rel=1e-9, abs=1e-9
        ), name
