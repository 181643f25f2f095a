"""The controls do what their Python twins do. A kernel is not needed: a widget's traits are moved by hand."""

import pytest

from cwlab.learn.widgets import prediction_controls, trap_controls

w = pytest.importorskip("ipywidgets")


def parts(form):
    *controls, button, status = form.children
    return controls, button, status


def test_a_commit_by_hand_is_a_commit_in_python(session):
    (answer, sure), button, status = parts(session._controls(session.topic.prediction("opening"), None))
    button.click()
    assert "Choose an answer first" in status.value and not session.committed("opening")
    answer.value, sure.value = "B", "sure"
    button.click()
    assert "Committed: B, elsewhere (sure)" in status.value
    by_hand = session.store.get().items["sample.opening"]
    session.start_over()
    session.predict("opening", "B", confidence="sure")
    assert session.store.get().items["sample.opening"] == by_hand


@pytest.mark.parametrize(
    ("name", "value", "kept"), [("m1", 2.5, 2.5), ("m2", "2026-03-02T09:20:00Z", "2026-03-02T09:20:00Z")]
)
def test_numbers_and_instants_have_a_control_of_their_own(session, name, value, kept):
    (answer, _), button, _ = parts(session._controls(session.topic.prediction(name), None))
    answer.value = value
    button.click()
    assert session.store.get().items[f"sample.{name}"].answer == kept


def test_a_control_shows_what_was_committed_before(session):
    session.predict("m2", "09:30", confidence="guess")
    (answer, sure), _, _ = parts(
        session._controls(session.topic.prediction("m2"), ("2026-03-02T09:30:00Z", "guess"))
    )
    assert (answer.value, sure.value) == ("2026-03-02T09:30:00Z", "guess")


def test_an_answer_after_the_reveal_is_told_so_in_the_form(session):
    session.predict("opening", "A")
    session.reveal("opening")
    (answer, _), button, status = parts(
        session._controls(session.topic.prediction("opening"), ("A", "likely"))
    )
    answer.value = "B"
    button.click()
    assert "your first prediction stands" in status.value


def test_a_trap_answers_in_the_form(session):
    (radio,), button, status = parts(session._trap_controls(session.topic.trap("t1")))
    radio.value = "A"
    button.click()
    assert "It stands until you move it." in status.value
    assert session.store.get().items["sample.t1"].answer == "A"


def test_every_control_has_a_label(session):
    forms = [session._controls(asked, None) for asked in session.topic.asked()] + [
        session._trap_controls(session.topic.trap("t1"))
    ]
    for form in forms:
        assert all(child.description for child in form.children if not isinstance(child, w.HTML))


def test_a_bad_answer_is_said_not_raised(session):
    form = prediction_controls(
        session.topic.prediction("m1"), lambda value, sure: session.predict("m1", 99), None
    )
    (_, _), button, status = parts(form)
    button.click()
    assert "outside the scale" in status.value


def test_the_button_says_what_it_will_do():
    (answer,), button, _ = parts(trap_controls({"A": "yes", "B": "no"}, lambda a: None))
    assert answer.tooltips == ("yes", "no") and button.description == "Answer"
    answer.value = "B"
    assert button.description == "Answer: B"


def test_no_control_needs_the_arrow_keys_that_jupyterlab_keeps_for_itself(session):
    forms = [session._controls(asked, None) for asked in session.topic.asked()]
    for control in (c for form in forms for c in form.children):
        assert not isinstance(control, w.RadioButtons | w.Dropdown | w.Select)
