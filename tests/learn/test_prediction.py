import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import BadInput, BadTime
from cwlab.learn.prediction import CONFIDENCES, Committed, Mark, calibration, read_confidence


def test_the_key_is_what_the_model_finds_out(topic):
    keys = {p.short: p.read(p.truth(Lab)) for p in topic.asked()}
    assert keys == {"opening": "A", "m1": 1.5, "m2": "2026-03-02T09:20:00Z"}


def test_a_choice_is_read_by_letter_and_refused_with_the_letters_there_are(topic):
    asked = topic.prediction("opening")
    assert asked.read(" b ") == "B"
    with pytest.raises(BadInput, match="Choose one of A, B"):
        asked.read("C")


@given(st.floats(0, 4))
def test_a_number_is_right_within_its_distance(topic, value):
    asked = topic.prediction("m1")
    assert asked.right(asked.read(value), 1.5) == (abs(value - 1.5) <= 0.1)


@pytest.mark.parametrize("value", ["many", None, float("nan"), float("inf"), -0.1, 4.1, [1]])
def test_a_number_outside_its_scale_is_refused(topic, value):
    with pytest.raises(BadInput, match="Give a number from 0 to 4"):
        topic.prediction("m1").read(value)


@pytest.mark.parametrize("value", ["09:20", "09:20:00", "2026-03-02T09:20:00Z", "2026-03-02T10:20:00+01:00"])
def test_an_instant_is_read_as_a_clock_time_or_whole(topic, value):
    assert topic.prediction("m2").read(value) == "2026-03-02T09:20:00Z"


@pytest.mark.parametrize("value", ["9 o'clock", "08:59", "2026-03-02T09:20:00", 920, "25:00"])
def test_an_instant_off_the_timeline_is_refused(topic, value):
    with pytest.raises(BadTime):
        topic.prediction("m2").read(value)


@given(st.integers(0, 3600))
def test_a_mark_is_right_within_its_seconds(seconds):
    asked = Mark(
        id="x.m",
        asks="",
        truth=lambda f: None,
        why="",
        about="",
        start="2026-03-02T09:00:00Z",
        end="2026-03-02T10:00:00Z",
    )
    answer = asked.read(f"09:{seconds // 60:02d}:{seconds % 60:02d}" if seconds < 3600 else "10:00")
    assert asked.right(answer, "2026-03-02T09:20:00Z") == (abs(seconds - 1200) <= 60)


def test_the_prediction_is_drawn_beside_what_happened(topic):
    view = topic.prediction("m1").compared(1.0, 1.5)
    assert "you: 1 hour" in view.text and "what happened: 1.5 hours" in view.text
    assert view.text.index("◇") < view.text.index("●")
    choice = topic.prediction("opening").compared("B", "A")
    assert "A: where it was (what happened)" in choice.text and "B: elsewhere (you)" in choice.text


def test_the_calibration_names_what_the_misses_were_about():
    made = [Committed(f"m{i}", "units", "sure", True) for i in range(5)]
    made += [Committed("m5", "missing data", "sure", False), Committed("m6", "missing data", "guess", False)]
    text = calibration(made)
    assert text.startswith("Your predictions: 5 of 7 right. Both misses were about missing data.")
    assert (
        "Sure: 5 of 6." in text
        and "A guess: 0 of 1." in text
        and text.endswith("Sure and not right: m5. Look there again.")
    )


@given(st.lists(st.tuples(st.sampled_from(list(CONFIDENCES)), st.sampled_from([True, False, None]))))
def test_the_calibration_counts_only_what_was_compared(pairs):
    made = [Committed(f"m{i}", "x", sure, right) for i, (sure, right) in enumerate(pairs)]
    seen = [right for _, right in pairs if right is not None]
    text = calibration(made)
    assert (f"{sum(seen)} of {len(seen)} right" in text) if seen else ("No prediction" in text)


def test_a_confidence_is_one_of_three_words():
    with pytest.raises(BadInput, match="'guess', 'likely', 'sure'"):
        read_confidence(0.9)
