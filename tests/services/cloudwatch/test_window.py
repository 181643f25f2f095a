"""Windows and retention, as pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.window import (
    FIVE_MINUTES_S,
    HIGH_RESOLUTION_S,
    ONE_HOUR_S,
    ONE_MINUTE_S,
    SHORT_PERIODS,
    tier,
    valid_period,
    window,
)

NOW = 1_772_442_000_000  # 2026-03-02T09:00:00Z

PERIODS = st.one_of(st.sampled_from(SHORT_PERIODS), st.integers(1, 200).map(lambda n: 60 * n))


@pytest.mark.syllabus("M19")
@pytest.mark.parametrize(
    ("age_s", "finest"),
    [
        (0, 1),
        (HIGH_RESOLUTION_S, 1),
        (HIGH_RESOLUTION_S + 1, 60),
        (ONE_MINUTE_S, 60),
        (ONE_MINUTE_S + 1, 300),
        (FIVE_MINUTES_S, 300),
        (FIVE_MINUTES_S + 1, 3600),
        (ONE_HOUR_S, 3600),
        (ONE_HOUR_S + 1, 0),
    ],
)
def test_the_four_tiers(age_s: int, finest: int) -> None:
    assert tier(age_s) == finest


def test_retention_in_days() -> None:
    assert [s / 86_400 for s in (HIGH_RESOLUTION_S, ONE_MINUTE_S, FIVE_MINUTES_S, ONE_HOUR_S)] == [
        0.125,
        15,
        63,
        455,
    ]


@pytest.mark.parametrize(
    ("period", "valid"),
    [
        (1, True),
        (5, True),
        (10, True),
        (20, True),
        (30, True),
        (60, True),
        (120, True),
        (86400, True),
        (2, False),
        (7, False),
        (61, False),
        (90, False),
        (0, False),
    ],
)
def test_periods(period: int, valid: bool) -> None:
    assert valid_period(period) is valid


@pytest.mark.syllabus("M18", "M19")
@given(st.integers(0, 500 * 86_400), st.integers(1, 90 * 86_400), PERIODS)
def test_laws_of_a_window(age_s: int, length_s: int, period: int) -> None:
    start_ms = NOW - age_s * 1000
    asked = window(start_ms, start_ms + length_s * 1000, NOW, period)
    rounding = start_ms // 1000 - asked.start_s
    step = (
        3600
        if age_s > FIVE_MINUTES_S
        else 300
        if age_s > ONE_MINUTE_S
        else 60
        if age_s > HIGH_RESOLUTION_S
        else min(period, 60)
    )
    assert 0 <= rounding < step
    assert asked.start_s % step == 0
    assert asked.end_s <= start_ms // 1000 + length_s  # every bucket lies wholly before the end
    assert asked.end_s - asked.start_s == asked.buckets * period
    assert asked.end_s + period > start_ms // 1000 + length_s or asked.buckets == 0
    if age_s > HIGH_RESOLUTION_S:
        assert asked.readable == (period % step == 0)
    else:
        assert asked.readable


def test_buckets_are_anchored_at_the_start() -> None:
    start = NOW - 22 * 60_000
    asked = window(start, NOW, NOW, 300)
    assert asked.start_s == start // 1000
    assert asked.buckets == 4
