"""Statistics against an independent evaluator that knows nothing but a list of samples."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.chunk import Row, from_rows, join, singles
from cwlab.services.cloudwatch.statistics import bucketize, compute, parse
from cwlab.services.cloudwatch.window import Window

VALUES = st.one_of(st.integers(0, 1000).map(float), st.floats(1e-3, 1e6))
SAMPLES = st.lists(st.tuples(VALUES, st.integers(1, 5)), min_size=1, max_size=25)
PERCENT = st.floats(0, 100, allow_subnormal=False).map(lambda p: round(p, 2))
HOUR = Window(0, 3600, 3600, True)


def one(name: str, samples: list[tuple[float, int]], *, exact: bool = False) -> float:
    """A statistic of these samples, given one by one to the model."""
    rows = [Row(7, c, v * c, v, v) for v, c in samples]
    statistic = parse(name)
    assert statistic is not None
    return float(compute(statistic, bucketize(from_rows(rows), HOUR), exact=exact)[0])


def spread(samples: list[tuple[float, int]]) -> list[float]:
    return sorted(v for v, c in samples for _ in range(c))


@pytest.mark.syllabus("M21")
@given(SAMPLES)
def test_the_five_basics(samples: list[tuple[float, int]]) -> None:
    every = spread(samples)
    assert one("SampleCount", samples) == len(every)
    assert one("Sum", samples) == pytest.approx(math.fsum(every))
    assert one("Average", samples) == pytest.approx(math.fsum(every) / len(every))
    assert one("Minimum", samples) == every[0]
    assert one("Maximum", samples) == every[-1]


def rank_range(every: list[float], p: float) -> tuple[float, float]:
    """The samples on either side of the rank; rounding may fall to either."""
    rank = p / 100 * len(every)
    return every[max(math.ceil(rank - 1e-9) - 1, 0)], every[min(math.floor(rank + 1e-9), len(every) - 1)]


@pytest.mark.syllabus("M22")
@given(SAMPLES, PERCENT)
def test_a_percentile_is_off_by_a_tenth_at_most(samples: list[tuple[float, int]], p: float) -> None:
    every = spread(samples)
    low, high = rank_range(every, p)
    got = one(f"p{p}", samples)
    assert low / 1.1 * (1 - 1e-9) <= got <= high * 1.1 * (1 + 1e-9)
    assert every[0] <= got <= every[-1]


@given(SAMPLES)
def test_percentiles_never_fall(samples: list[tuple[float, int]]) -> None:
    got = [one(f"p{p}", samples) for p in (0, 1, 25, 50, 75, 99, 100)]
    assert all(a <= b * (1 + 1e-12) for a, b in itertools.pairwise(got))
    assert got[0] == min(v for v, _ in samples)
    assert got[-1] == max(v for v, _ in samples)


@given(SAMPLES, PERCENT)
def test_exact_mode_gives_a_value_that_was_there(samples: list[tuple[float, int]], p: float) -> None:
    every = spread(samples)
    assert one(f"p{p}", samples, exact=True) in rank_range(every, p) or p in (0, 100)


@given(st.floats(1e-3, 1e6), st.integers(1, 9), PERCENT)
def test_equal_samples_have_no_error(value: float, count: int, p: float) -> None:
    for name in (f"p{p}", "tm90", "wm90", "IQM", "TM(:100%)", "WM(10%:90%)"):
        assert one(name, [(value, count)]) == pytest.approx(value, rel=1e-12)


@given(SAMPLES, st.floats(0.5, 900), st.floats(0.5, 900))
def test_trimming_by_value(samples: list[tuple[float, int]], a: float, b: float) -> None:
    a, b = sorted((round(a, 3), round(b, 3)))
    assume(a < b)
    count, total = one(f"TC({a}:{b})", samples), one(f"TS({a}:{b})", samples)
    mean = one(f"TM({a}:{b})", samples)
    everything = sum(c for _, c in samples)
    # What lies more than a bin's width inside counts, what lies more than that outside does not.
    surely = sum(c for v, c in samples if a * 1.1 < v < b / 1.1)
    maybe = sum(c for v, c in samples if a / 1.1 <= v <= b * 1.1)
    assert surely - 1e-6 <= count <= maybe + 1e-6
    if count > 0:
        assert mean == pytest.approx(total / count)
    else:
        assert math.isnan(mean)
    assert one(f"PR({a}:{b})", samples) <= 100 * (maybe + 1e-6) / everything
    inside = one(f"PR(:{a})", samples) + one(f"PR({a}:{b})", samples) + one(f"PR({b}:)", samples)
    assert inside == pytest.approx(100)


@given(SAMPLES, st.integers(0, 49), st.integers(51, 100))
def test_trimming_by_percent(samples: list[tuple[float, int]], low: int, high: int) -> None:
    every = spread(samples)
    bounds = f"({low}%:{high}%)"
    count = one("TC" + bounds, samples)
    assert count == pytest.approx((high - low) / 100 * len(every))
    assert one("TM" + bounds, samples) == pytest.approx(one("TS" + bounds, samples) / count)
    first, _ = rank_range(every, low)
    _, last = rank_range(every, high)
    assert first / 1.1001 <= one("TM" + bounds, samples) <= last * 1.1001
    assert first / 1.2101 <= one("WM" + bounds, samples) <= last * 1.2101


@given(
    st.lists(st.tuples(st.integers(0, 3599), VALUES), min_size=1, max_size=80),
    st.sampled_from([60, 300, 3600]),
)
def test_buckets_are_the_samples_of_their_period(points: list[tuple[int, float]], period: int) -> None:
    rows = singles([s for s, _ in points], [v for _, v in points])
    buckets = bucketize(rows, Window(0, 3600, period, True))
    wanted: dict[int, list[float]] = {}
    for stamp, value in points:
        wanted.setdefault(stamp - stamp % period, []).append(value)
    assert buckets.stamp.tolist() == sorted(wanted)
    assert buckets.count.tolist() == [len(wanted[s]) for s in sorted(wanted)]
    assert buckets.min.tolist() == [min(wanted[s]) for s in sorted(wanted)]
    assert buckets.max.tolist() == [max(wanted[s]) for s in sorted(wanted)]
    assert buckets.sum.tolist() == pytest.approx([math.fsum(wanted[s]) for s in sorted(wanted)])
    for n, stamp in enumerate(sorted(wanted)):
        alone = one("p90", [(v, 1) for v in wanted[stamp]])
        assert compute(parse("p90"), buckets)[n] == pytest.approx(alone, rel=1e-12)  # type: ignore[arg-type]


@given(
    SAMPLES,
    SAMPLES,
    st.sampled_from(["p50", "tm90", "wm95", "IQM", "PR(1:100)", "TC(10%:90%)", "Sum", "Average"]),
)
def test_merging_two_equals_recording_together(a: Any, b: Any, name: str) -> None:
    def rows(samples: Any) -> list[Row]:
        return [Row(7, c, v * c, v, v) for v, c in samples]

    statistic = parse(name)
    assert statistic is not None
    merged = compute(statistic, bucketize(join([from_rows(rows(a)), from_rows(rows(b))]), HOUR))
    together = compute(statistic, bucketize(from_rows(rows([*a, *b])), HOUR))
    assert merged[0] == pytest.approx(together[0], rel=1e-9)


@pytest.mark.parametrize("name", ["p99", "tm90", "PR(1:2)", "WM(5:9)"])
def test_a_bucket_without_known_samples_has_none(name: str) -> None:
    statistic = parse(name)
    assert statistic is not None
    buckets = bucketize(from_rows([Row(0, 3, 15, 1, 9, (), True)]), HOUR)
    assert np.isnan(compute(statistic, buckets)).all()


def test_values_below_the_floor_of_the_bins_stay_within_their_bounds() -> None:
    for name in ("p10", "p50", "tm90", "wm90", "TM(:100%)"):
        assert 0 <= one(name, [(5e-324, 1), (1e-300, 2)]) <= 1e-300
