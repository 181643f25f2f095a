"""The decision against the documented tables, and the laws it keeps."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.alarms.decide import (
    BAND,
    Settings,
    breaches,
    counterfactuals,
    decide,
    judge,
    verdicts_of,
)
from cwlab.services.cloudwatch.alarms.outlook import CODES, KEEPS, outcomes

ORACLE = Path(__file__).parents[3] / "oracles" / "alarms" / "missing.txt"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
SIGNS = {"0": "fine", "X": "breaching", "-": "missing", "?": "too few samples"}
VALUES = {"0": 1.0, "X": 99.0, "-": None, "?": 99.0}


def rows():
    for line in ORACLE.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            m, points, filled, *states = (part.strip() for part in line.split("|"))
            yield pytest.param(int(m[2:]), points.split(), int(filled), states, id=f"{m} {points}")


def rule(m: int, treatment: str = "missing", n: int = 3, samples: float | None = None) -> Settings:
    return Settings("GreaterThanThreshold", 50.0, n, m, treatment, samples)


@pytest.mark.syllabus("A03")
@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize(("m", "points", "filled", "states"), list(rows()))
def test_the_documented_rows(m: int, points: list[str], filled: int, states: list[str], treatment: str):
    wanted = states[TREATMENTS.index(treatment)]
    for current in STATES:
        found = decide([VALUES[p] for p in points], rule(m, treatment), current)
        assert found.state == {"CUR": current, "INS": "INSUFFICIENT_DATA"}.get(wanted, wanted)
        assert found.missing == filled == sum(slot.filled for slot in found.slots)
        assert [slot.verdict for slot in found.slots] == [SIGNS[p] for p in points]


def test_the_oracle_is_whole():
    assert len(list(rows())) >= 40


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_comparisons(comparison: str, breaching: list[bool]):
    settings = rule(1)._replace(comparison=comparison)
    assert [breaches(value, settings) for value in (49.0, 50.0, 51.0)] == breaching


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    list(
        zip(
            BAND, ([True, False, False, False, True], [True, *[False] * 4], [*[False] * 4, True]), strict=True
        )
    ),
)
def test_a_band_is_breached_strictly(comparison: str, breaching: list[bool]):
    settings = rule(1)._replace(comparison=comparison, threshold=None)
    assert [breaches(value, settings, (10.0, 20.0)) for value in (9.0, 10.0, 15.0, 20.0, 21.0)] == breaching


def test_a_point_without_its_band_is_missing():
    settings = Settings(BAND[0], None, 2, 1)
    assert verdicts_of([1.0, 1.0], settings, bounds=[None, (2.0, 3.0)]) == ["missing", "breaching"]


@pytest.mark.syllabus("A03")
def test_too_few_samples_keep_the_state_and_just_enough_count():
    settings = rule(1, n=1, samples=20.0)
    for current in STATES:
        found = decide([99.0], settings, current, counts=[19.0])
        assert (found.state, found.rule) == (current, "too few samples")
        assert decide([99.0], settings, current, counts=[20.0]).state == "ALARM"


verdict = st.sampled_from(list(SIGNS.values()))
window = st.lists(verdict, min_size=3, max_size=14)


@given(st.data(), window, st.sampled_from(TREATMENTS), st.sampled_from(STATES))
def test_the_columns_say_what_the_decision_says(data, verdicts, treatment, current):
    """``outlook`` looks at many instants at once, and must agree with ``judge`` at each."""
    n = data.draw(st.integers(1, 6))
    settings = rule(data.draw(st.integers(1, n)), treatment, n, samples=1.0)
    size = n + data.draw(st.integers(0, 3))
    places = np.array([i for i, v in enumerate(verdicts) if v != "missing"], np.int64)
    bad = np.array([verdicts[i] == "breaching" for i in places], bool)
    weak = np.array([verdicts[i] == "too few samples" for i in places], bool)
    ends = np.arange(len(verdicts) + 3)
    found = outcomes(places, bad, weak, ends, size, settings)
    padded = ["missing"] * size + verdicts + ["missing"] * 3
    for end, code in zip(ends.tolist(), found.tolist(), strict=True):
        state, reason, _ = judge(padded[end : end + size], settings, current)
        kept = reason in ("too few samples", "missing ignored")
        assert code == (KEEPS if kept else CODES[state])


@given(window, st.sampled_from(TREATMENTS), st.sampled_from(STATES), st.integers(1, 5), st.data())
def test_what_would_have_changed_the_outcome(verdicts, treatment, current, n, data):
    """Each counterfactual leads elsewhere, and none is left out."""
    settings = rule(data.draw(st.integers(1, n)), treatment, n)
    verdicts = ["missing" if v == "too few samples" else v for v in verdicts]
    outcome, _, _ = judge(verdicts, settings, current)
    found = {(c.age, c.to): c.state for c in counterfactuals(verdicts, settings, current)}
    for place, was in enumerate(verdicts):
        for other in ("breaching", "fine", "missing"):
            changed = [*verdicts[:place], other, *verdicts[place + 1 :]]
            state, _, _ = judge(changed, settings, current)
            key = (len(verdicts) - place, other)
            assert (key in found) == (other != was and state != outcome)
            if key in found:
                assert found[key] == state


@given(window, st.integers(1, 5), st.data(), st.sampled_from(TREATMENTS))
def test_older_points_than_the_newest_n_do_not_matter(verdicts, n, data, treatment):
    settings = rule(data.draw(st.integers(1, n)), treatment, n)
    real = [place for place, v in enumerate(verdicts) if v != "missing"]
    if len(real) > n:
        turned = list(verdicts)
        turned[real[0]] = "fine" if verdicts[real[0]] == "breaching" else "breaching"
        assert judge(turned, settings, "OK")[0] == judge(verdicts, settings, "OK")[0]


def test_what_the_points_counted_for():
    found = decide([1.0, None, 99.0, None, None], rule(2, "breaching"), "OK")
    assert [slot.age for slot in found.slots] == [5, 4, 3, 2, 1]
    assert [slot.used for slot in found.slots] == [True, False, True, False, False]
    assert [slot.filled for slot in found.slots] == [False, False, False, False, True]
    assert (found.breaching, found.fine, found.missing, found.rule) == (1, 1, 1, "filled as breaching")
    assert not found.keeps
