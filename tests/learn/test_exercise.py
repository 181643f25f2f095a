import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.learn.exercise import Outcome, assess, blank


def answer_of(code: str):
    space: dict = {}
    exec(code.replace('lab.check("e1", answer)', ""), space)
    return space["answer"]


def test_the_starter_is_not_attempted_and_the_solution_is_right(topic):
    exercise = topic.exercise("e1")
    assert assess(exercise, answer_of(exercise.starter)).kind == "not attempted"
    found = assess(exercise, answer_of(exercise.solution))
    assert found.passed and found.seen == "2026-03-02T10:00:00Z"


def test_each_known_mistake_fails_with_its_own_hint(topic):
    exercise = topic.exercise("e1")
    for name, (wrong, hint) in exercise.mistakes.items():
        found = assess(exercise, wrong)
        assert (found.kind, found.mistake, found.hint) == ("not yet", name, hint)


def test_a_mistake_is_known_by_what_it_leads_to(topic):
    found = assess(topic.exercise("e1"), {"seconds": 60})
    assert found.mistake == "seconds", "another way to the same wrong instant earns the same hint"


def test_an_unknown_mistake_says_what_was_seen_and_wanted_and_no_hint(topic):
    found = assess(topic.exercise("e1"), {"minutes": 7})
    assert (found.seen, found.wanted, found.hint) == ("2026-03-02T09:07:00Z", "2026-03-02T10:00:00Z", "")


def test_an_error_of_the_answer_is_something_seen(topic):
    found = assess(topic.exercise("e1"), {"fortnights": 1})
    assert found.kind == "not yet" and "TypeError" in found.seen and found.wanted == "an answer that runs"


def test_checking_changes_nothing(topic):
    exercise = topic.exercise("e1")
    assert assess(exercise, {"minutes": 60}) == assess(exercise, {"minutes": 60})


leaves = st.none() | st.booleans() | st.integers() | st.text()
nested = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(nested, st.text())
def test_an_answer_is_blank_as_long_as_one_ellipsis_is_left_in_it(value, key):
    assert blank(...) and blank(None)
    assert blank({key: ..., "other": value}) and blank([value, ...])


@pytest.mark.parametrize("value", [0, 0.0, "", [], {}, False])
def test_zero_and_empty_are_answers(value):
    assert not blank(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_compare_is_right_for_equal_numbers(x):
    assert Outcome.compare(x, x).passed
    assert not Outcome.compare(x, x + abs(x) + 1).passed


def test_every_outcome_is_said_in_words(topic):
    exercise = topic.exercise("e1")
    said = [assess(exercise, a).view("e1").text for a in (..., {"minutes": 1}, {"minutes": 60})]
    assert [text.splitlines()[0][2:] for text in said] == ["e1: not attempted", "e1: not yet", "e1: right"]
    assert "Wanted: 2026-03-02T10:00:00Z" in said[1] and "That is a minute" in said[1]


def test_what_was_seen_is_shown_as_text(topic):
    shown = dataclasses.replace(Outcome.not_yet("<script>x</script>", "y")).view("e1")
    assert "<script>" not in shown.html and "&lt;script&gt;" in shown.html
