"""The arithmetic of scaling policies: the guide's examples as oracles, laws over any group."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.autoscaling.scaling import (
    ADJUSTMENTS,
    CHANGE,
    EXACT,
    PERCENT,
    Situation,
    Step,
    adjusted,
    gradual,
    percent_of,
    simple,
    step_for,
    step_problem,
    together,
    tracked,
)

OUT = (Step(0, 10, 0), Step(10, 20, 10), Step(20, None, 30))
IN = (Step(-10, 0, 0), Step(-20, -10, -10), Step(None, -20, -30))


def idle(capacity: int, least: int = 0, most: int = 100) -> Situation:
    return Situation(capacity, least, most, capacity)


@pytest.mark.parametrize(
    ("steps", "capacity", "metric", "after"),
    [
        (OUT, 10, 60, 11),
        (OUT, 11, 70, 14),
        (IN, 14, 40, 13),
        (IN, 13, 30, 10),
        (OUT, 10, 55, 10),
        (IN, 10, 50, 10),
    ],
)
def test_the_guides_worked_example(steps, capacity, metric, after):
    step = step_for(steps, metric - 50)
    assert gradual(idle(capacity), PERCENT, step.adjustment).capacity == after


def test_the_guides_example_of_warm_up():
    """Ten instances, one warming: the same step adds none, the next adds what is missing, scale-in waits."""
    warming = Situation(11, 0, 100, serving=10, warming=1)
    assert gradual(warming, PERCENT, 10).capacity == 11
    assert gradual(warming, PERCENT, 30).capacity == 13
    assert gradual(warming, PERCENT, -30).capacity == 11
    leaving = Situation(10, 0, 100, serving=10, leaving=1)
    assert gradual(leaving, CHANGE, -1).capacity == 10


def test_min_adjustment_magnitude():
    """Source: APIREF PutScalingPolicy, 25 % of 4 with a magnitude of 2."""
    assert adjusted(4, PERCENT, 25) == 5
    assert adjusted(4, PERCENT, 25, 2) == 6
    assert adjusted(40, PERCENT, 25, 2) == 50
    assert adjusted(4, PERCENT, -25, 2) == 2
    assert adjusted(4, PERCENT, 0, 2) == 4


@given(st.integers(0, 500), st.integers(-400, 400))
def test_percentages_round_as_the_guide_says(capacity, percent):
    """Against exact fractions: above 1 down, 0 to 1 up, 0 to -1 down, below -1 up."""
    exact = Fraction(capacity * percent, 100)
    if exact == 0:
        expected = 0
    elif 0 < exact < 1:
        expected = 1
    elif -1 < exact < 0:
        expected = -1
    else:
        expected = math.floor(exact) if exact > 0 else math.ceil(exact)
    assert percent_of(capacity, percent) == expected


@pytest.mark.parametrize(
    ("breach", "amount"),
    [(0, 0), (9.99, 0), (10, 10), (19.99, 10), (20, 30), (1e9, 30)],
)
def test_a_range_above_the_threshold_holds_its_lower_bound(breach, amount):
    assert step_for(OUT, breach).adjustment == amount


@pytest.mark.parametrize(
    ("breach", "amount"), [(0, 0), (-9.99, 0), (-10, -10), (-19.99, -10), (-20, -30), (-1e9, -30)]
)
def test_a_range_below_the_threshold_holds_its_upper_bound(breach, amount):
    assert step_for(IN, breach).adjustment == amount


def test_a_breach_outside_every_range_has_no_step():
    assert step_for(OUT, -1) is None and step_for(IN, 1) is None


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([(None, None)], "cannot be left unspecified"),
        ([(None, 0), (None, 5)], "At most one step adjustment can have an unspecified lower bound"),
        ([(0, None), (5, None)], "At most one step adjustment can have an unspecified upper bound"),
        ([(5, 5), (5, None)], "must be greater than the lower bound"),
        ([(-10, 0)], "when one StepAdjustment has a negative lower bound"),
        ([(0, 10)], "when one StepAdjustment has a positive upper bound"),
        ([(0, 10), (5, None)], "can't overlap"),
        ([(0, 10), (15, None)], "gap"),
        ([(None, 10), (5, None)], "can't overlap"),
    ],
)
def test_bad_steps_are_named(steps, text):
    assert text in step_problem([Step(lower, upper, 1) for lower, upper in steps])


def test_good_steps_in_any_order():
    assert step_problem(OUT) is None and step_problem(tuple(reversed(IN))) is None
    assert step_problem([Step(0, None, 1)]) is None and step_problem([Step(None, 0, -1)]) is None
    assert step_problem([*OUT, *IN]) is None


bounds = st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True).map(sorted)


@given(bounds, st.floats(-100, 100))
def test_good_steps_from_end_to_end_hold_every_breach_once(cuts, breach):
    edges = [None, *cuts, None]
    steps = [Step(a, b, n) for n, (a, b) in enumerate(itertools.pairwise(edges))]
    assert step_problem(steps) is None
    assert step_for(steps, breach) is not None


situations = st.builds(
    lambda least, more, serving, warming, leaving, part: Situation(
        least + part % (more + 1), least, least + more, serving, warming, leaving
    ),
    st.integers(0, 20),
    st.integers(0, 30),
    st.integers(0, 40),
    st.integers(0, 10),
    st.integers(0, 10),
    st.integers(0, 1000),
)
amounts = st.integers(-200, 200)


@given(situations, st.sampled_from(ADJUSTMENTS), amounts, st.none() | st.integers(1, 9))
def test_capacity_stays_between_its_bounds(now, kind, amount, magnitude):
    amount = abs(amount) if kind == EXACT else amount
    for rule in (simple, gradual):
        assert now.least <= rule(now, kind, amount, magnitude).capacity <= now.most


@given(situations, st.floats(0, 1e6), st.floats(0.1, 1e4))
def test_tracking_stays_between_bounds_and_goes_the_right_way(now, metric, target):
    wanted = tracked(now, metric, target).capacity
    assert now.least <= wanted <= now.most
    assert wanted >= now.desired if metric > target else wanted <= now.desired
    if now.warming:
        assert wanted >= now.desired


@given(situations, st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.1, 1e4))
def test_a_higher_metric_never_wants_less(now, one, other, target):
    low, high = sorted((one, other))
    assert tracked(now, low, target).capacity <= tracked(now, high, target).capacity


@given(situations, st.lists(st.integers(0, 100), min_size=3, max_size=3).map(sorted), st.data())
def test_a_bigger_breach_never_gives_a_smaller_scale_out(now, sizes, data):
    steps = (Step(0, 10, sizes[0]), Step(10, 20, sizes[1]), Step(20, None, sizes[2]))
    one, other = sorted(data.draw(st.tuples(st.floats(0, 50), st.floats(0, 50))))
    kind = data.draw(st.sampled_from((CHANGE, PERCENT)))
    small, large = (gradual(now, kind, step_for(steps, each).adjustment).capacity for each in (one, other))
    assert small <= large


@given(st.integers(1, 60), st.floats(0.5, 100), st.floats(1, 100))
def test_tracking_meets_its_target_when_the_work_is_shared(capacity, metric, target):
    """Work stays, capacity changes: afterwards the metric is at its target or below, and one fewer would be above."""
    now = idle(capacity, 0, 10**6)
    wanted = tracked(now, metric, target).capacity
    work = capacity * metric
    assert work / max(wanted, 1) <= target * (1 + 1e-6) or wanted == 0
    if wanted > 1:
        assert work / (wanted - 1) > target * (1 - 1e-6)
    again = tracked(replace(now, desired=wanted, serving=wanted), work / max(wanted, 1), target).capacity
    assert again <= wanted


@given(st.integers(0, 30), st.integers(0, 30), st.lists(st.integers(0, 30), max_size=4))
def test_of_several_policies_the_largest_capacity_wins(desired, wanted, others):
    got = together(desired, wanted, others)
    assert got >= wanted
    if wanted < desired:
        assert got == min(desired, max([wanted, *others]))
        assert together(desired, wanted, others, all_trackers_agree=False) == desired
