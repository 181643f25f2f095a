"""What a band is trained on."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.anomaly import model
from cwlab.services.cloudwatch.anomaly.training import before_the_hour

DAY = 86_400


def points(days: float, end: int, step: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Points at multiples of ``step`` in the days up to ``end``."""
    stamps = np.arange(end - int(days * DAY) + -(end - int(days * DAY)) % step, end, step)
    return stamps, stamps % 977.0


@given(st.integers(0, 3_599), st.integers(0, 3_599), st.sampled_from([60, 300]))
def test_within_an_hour_the_model_stays(a, b, step):
    """Asked at two instants of an hour, both after its first point, a band rests on the same points."""
    hour = 400 * DAY
    seen = [before_the_hour(*points(14, hour + max(each, step + 1), step)) for each in (a, b)]
    assert seen[0][0].tobytes() == seen[1][0].tobytes()
    assert seen[0][1].tobytes() == seen[1][1].tobytes()
    assert seen[0][0][-1] == hour - step


@given(st.integers(1, 22 * 3_600))
def test_with_less_than_a_day_all_points_count(seconds):
    stamps, values = points(seconds / DAY, 400 * DAY + 1_234)
    assert before_the_hour(stamps, values)[0] is stamps


def test_nothing_is_nothing():
    assert not len(before_the_hour(np.empty(0, np.int64), np.empty(0))[0])


def test_equal_points_are_learned_once():
    """And give the model they would give anyway."""
    stamps, values = points(3, 400 * DAY)
    first, second = model.fit(stamps, values), model.fit(stamps.copy(), values.copy())
    assert first is second and first is not None
    other = model.fit(stamps, values, strength="STRICT")
    assert other is not first
