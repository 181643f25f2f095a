"""The seasonal model: what it holds, what it leaves out, what it ignores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.anomaly.model import DAY_S, ENOUGH, WIDTH, Bounds, band, fit

MONDAY = 1_772_409_600  # 2026-03-02T00:00:00Z
FIVE = 300


def days(n: float, start: int = MONDAY, step: int = FIVE) -> np.ndarray:
    return np.arange(start, start + int(n * DAY_S), step)


def noise(n: int) -> np.ndarray:
    """As good as chance, and the same everywhere: between -1 and 1."""
    return (np.arange(1, n + 1) * 0.6180339887498949 % 1) * 2 - 1


def daily(stamps: np.ndarray, height: float = 10.0) -> np.ndarray:
    return height * np.sin(stamps / DAY_S * 2 * np.pi)


def held(stamps: np.ndarray, values: np.ndarray, **how) -> np.ndarray:
    lower, upper = band(stamps, values, **how)
    return (lower <= values) & (values <= upper)


def test_hours_of_the_day_are_learned_and_the_band_is_narrow():
    stamps = days(10)
    values = 50 + daily(stamps) + noise(len(stamps))
    lower, upper = band(stamps, values)
    assert held(stamps, values).mean() >= 0.93
    assert np.median(upper - lower) < 5 < values.std() * 2  # no wider than the noise needs


def test_days_of_the_week_are_learned_from_two_weeks_and_not_from_one():
    stamps = days(14)
    weekend = (stamps - MONDAY) // DAY_S % 7 >= 5
    values = 100.0 - 60 * weekend + noise(len(stamps))
    model = fit(stamps, values)
    assert model is not None
    assert model.expected(stamps[weekend]).mean() == pytest.approx(40, abs=6)
    one = fit(stamps[: len(stamps) // 2], values[: len(stamps) // 2])
    assert one is not None and np.ptp(one.usual.reshape(7, 24), axis=0).max() == 0  # every day alike


def test_a_trend_is_followed_past_the_training_data():
    stamps = days(12)
    values = (stamps - MONDAY) / DAY_S * 5 + daily(stamps, 3)
    ahead = days(1, int(stamps[-1]) + FIVE)
    lower, upper = band(ahead, np.zeros(0), trained_on=(stamps, values))
    coming = (ahead - MONDAY) / DAY_S * 5 + daily(ahead, 3)
    assert ((lower <= coming) & (coming <= upper)).mean() > 0.9


def test_what_happened_once_moves_the_band_little_and_lies_outside_it():
    stamps = days(14)
    values = 50 + daily(stamps) + noise(len(stamps))
    plain = band(stamps, values)
    broken = values.copy()
    incident = (stamps >= MONDAY + 8 * DAY_S) & (stamps < MONDAY + 8 * DAY_S + 3 * 3600)
    broken[incident] += 40
    lower, upper = band(stamps, broken)
    assert not held(stamps, broken)[incident].any()
    assert np.abs(lower - plain[0]).max() < 2 and np.abs(upper - plain[1]).max() < 2


def test_excluded_ranges_are_not_learned_from():
    stamps = days(4)
    values = 50 + daily(stamps) + noise(len(stamps))
    spoiled = values.copy()
    bad = (stamps >= MONDAY + 2 * DAY_S) & (stamps < MONDAY + 3 * DAY_S)
    spoiled[bad] = 1e6
    ranges = [(MONDAY + 2 * DAY_S, MONDAY + 3 * DAY_S)]
    with_range = band(stamps, spoiled, excluded=ranges)
    without = band(stamps, values, trained_on=(stamps[~bad], values[~bad]))
    assert np.array_equal(with_range, without)


@given(st.floats(0.1, 8), st.integers(ENOUGH, 400))
def test_a_wider_band_holds_all_that_a_narrower_one_does(width, n):
    stamps = days(2)[:n]
    values = noise(n) * 10
    narrow, wide = band(stamps, values, width=width), band(stamps, values, width=width * 1.5)
    assert (wide[0] <= narrow[0]).all() and (narrow[0] <= narrow[1]).all() and (narrow[1] <= wide[1]).all()


@given(st.floats(-1e6, 1e6), st.floats(0.01, 1e4), st.integers(0, 3))
def test_another_scale_and_another_start_give_the_same_band_there(shift, scale, weeks):
    stamps = days(3)
    values = daily(stamps) + noise(len(stamps))
    lower, upper = band(stamps, values)
    moved = band(stamps + weeks * 7 * DAY_S, values * scale + shift)
    tolerance = 1e-6 * scale + 1e-9 * abs(shift)
    assert np.allclose(moved[0], lower * scale + shift, atol=tolerance)
    assert np.allclose(moved[1], upper * scale + shift, atol=tolerance)


@given(st.permutations(range(60)))
def test_the_order_of_the_data_does_not_matter(order):
    stamps, values = days(1)[:60], noise(60)
    assert np.array_equal(
        band(stamps, values, trained_on=(stamps[order], values[order])), band(stamps, values)
    )


def test_only_the_last_two_weeks_count():
    stamps = days(30)
    values = 50 + noise(len(stamps))
    old = stamps <= stamps[-1] - 14 * DAY_S
    other = np.where(old, -1e9, values)
    assert np.array_equal(band(stamps, values), band(stamps, other))


def test_a_constant_series_is_its_own_band():
    stamps = days(3)
    lower, upper = band(stamps, np.full(len(stamps), 7.0))
    assert np.allclose(lower, 7) and np.allclose(upper, 7) and held(stamps, np.full(len(stamps), 7.0)).all()


def test_too_little_data_give_no_band_and_no_error():
    for n in range(ENOUGH):
        stamps = days(1)[:n]
        lower, upper = band(stamps, noise(n))
        assert len(lower) == len(upper) == n and np.isnan(lower).all() and np.isnan(upper).all()
    holes = np.full(100, np.nan)
    assert fit(days(1)[:100], holes) is None


def test_finer_data_give_a_band_as_wide_as_they_stray():
    minutes = days(5, step=60)
    values = 50 + 5 * noise(len(minutes))
    assert held(minutes, values).mean() > 0.9
    averages = values.reshape(-1, 5).mean(axis=1)
    lower, upper = band(days(5), averages)
    fine = band(minutes, values)
    assert np.median(fine[1] - fine[0]) > 2 * np.median(upper - lower)


def test_bounds_cut_the_band():
    stamps = days(2)
    lower, upper = band(stamps, 50 + 60 * noise(len(stamps)), width=3, bounds=Bounds(0, 100))
    assert lower.min() == 0 and upper.max() == 100


def test_the_hours_are_those_of_the_metrics_own_zone():
    stamps = days(14, start=1_774_224_000)  # across 29 March 2026, when Berlin's clocks go forward
    local = stamps + np.where(stamps < 1_774_746_000, 3600, 7200)
    values = 100.0 * (local // 3600 % 24 == 9)  # busy from 9 to 10 there
    berlin, utc = fit(stamps, values, zone="Europe/Berlin"), fit(stamps, values)
    assert berlin is not None and utc is not None
    assert (berlin.usual.reshape(7, 24)[:, 9] == 100).all()
    assert berlin.points > utc.points, "in UTC the busy hour moved: a week of it is no rule there"


def test_spikes_that_are_normal_stay_inside_when_you_say_so():
    stamps = days(7)
    values = 10 + noise(len(stamps))
    values[::97] = 80
    assert not held(stamps, values)[::97].any()
    assert held(stamps, values, spikes=True).all()


def test_harder_filtering_makes_the_band_no_wider():
    stamps = days(7)
    values = noise(len(stamps)) ** 9 * 50
    widths = [
        np.median(np.subtract(*band(stamps, values, strength=s)[::-1]))
        for s in ("MINIMAL", "MODERATE", "STRICT")
    ]
    assert widths == sorted(widths, reverse=True)
    assert WIDTH == 2
