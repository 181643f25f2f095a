import pytest

from cwlab import Lab
from cwlab.errors import BadInput
from cwlab.learn.display import Stack
from cwlab.learn.progress import Store
from cwlab.learn.session import LearnSession


def test_a_reveal_is_held_back_until_its_prediction_is_committed(session):
    made = []
    held = session.reveal("m1", lambda: made.append("looked"))
    assert "Held back: commit a prediction first" in repr(held) and 'lab.predict("m1", …)' in repr(held)
    assert made == [] and not session.committed("m1"), "what comes after is not even made"
    session.predict("m1", 2, confidence="guess")
    shown = repr(session.reveal("m1", lambda: made.append("looked"), "a view"))
    assert made == ["looked"] and "a view" in shown
    assert (
        "Not as you predicted" in shown
        and "You said: 2 hours (a guess)" in shown
        and "What happens: 1.5 hours" in shown
    )
    assert "Sixty minutes" in shown and "Source: Sumer" in shown and "you: 2 hours" in shown


def test_asking_shows_the_question_and_the_python_twin(session):
    text = repr(session.predict("opening"))
    assert "where is the minute hand" in text and "B: elsewhere" in text
    assert 'To answer: lab.predict("opening", "A" | "B", confidence="guess" | "likely" | "sure")' in text


def test_a_prediction_may_be_changed_until_it_is_revealed(session):
    session.predict("m1", 3)
    session.predict("m1", 1.5, confidence="sure")
    assert "As you predicted" in repr(session.reveal("m1"))
    assert "your first prediction stands" in repr(session.predict("m1", 2))
    assert "Committed: 1.5 hours (sure)" in repr(session.predict("m1", 1.5, confidence="sure")), (
        "a cell can be run again"
    )
    assert "As you predicted" in repr(session.reveal("m1"))


def test_the_test_hook_commits_what_the_model_says(topic):
    session = LearnSession(topic, Lab, Store(None), commit_truth=True)
    session.predict("opening")
    for asked in topic.asked():
        assert "As you predicted" in repr(session.reveal(asked.short))
    assert "3 of 3 right" in repr(session.recap())


def test_an_exercise_goes_from_not_attempted_to_right(session):
    assert "not attempted" in repr(session.check("e1"))
    assert "try it once first" in repr(session.solution("e1")), "no attempt, no solution"
    assert "not yet" in repr(session.check("e1", {"minutes": 1}))
    assert 'answer = {"minutes": 60}' in repr(session.solution("e1")) and "An hour has 60" in repr(
        session.solution("e1")
    )
    assert "e1: right" in repr(session.check("e1", {"minutes": 60}))
    session.check("e1", {"minutes": 1})
    assert session.store.get().items["sample.e1"].right, "once solved it stays solved"


def test_hints_come_in_three_steps(session):
    said = [repr(session.hint("e1")) for _ in range(4)]
    assert [
        "hint 1 of 3" in said[0],
        "hint 2 of 3" in said[1],
        "hint 3 of 3" in said[2],
        said[3] == said[2],
    ] == [True] * 4
    assert "How many minutes?" in repr(session.hint("e1", step=1))
    with pytest.raises(BadInput, match="Give 1 to 3"):
        session.hint("e1", step=4)


def test_every_option_of_a_trap_is_answered_and_the_first_answer_counts(session):
    assert "It stands until you move it." in repr(session.trap("t1", "A"))
    right = repr(session.trap("t1", "b"))
    assert "Only then." in right and "A, not this one: It stands" in right
    item = session.store.get().items["sample.t1"]
    assert (item.answer, item.right, item.state) == ("A", False, "done")


def test_the_recap_answers_the_opening_and_judges_the_predictions(session):
    session.predict("opening", "A", confidence="sure")
    session.predict("m1", 4, confidence="sure")
    session.reveal("m1")
    text = repr(session.recap())
    for part in (
        "1: One.",
        "1 of 2 right",
        "The miss was about hours.",
        "As you predicted",
        "An hour costs an hour.",
        "import boto3",
        "progress1.",
    ):
        assert part in text


def test_progress_is_the_same_after_opening_again_and_on_another_machine(topic, tmp_path):
    session = LearnSession(topic, Lab, Store(tmp_path))
    session.predict("m1", 1.5)
    session.reveal("m1")
    again = LearnSession(topic, Lab, Store(tmp_path))
    assert "As you predicted" in repr(again.reveal("m1"))
    elsewhere = LearnSession(topic, Lab, Store(None))
    elsewhere.progress(token=again.store.get().token())
    assert elsewhere.committed("m1")
    again.start_over()
    assert not LearnSession(topic, Lab, Store(tmp_path)).committed("m1")


def test_a_learner_may_give_a_name(session):
    session.progress(learner="Ada")
    assert session.store.get().learner == "Ada"
    with pytest.raises(BadInput):
        session.progress(learner="x" * 81)


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("predict", "prediction"),
        ("reveal", "prediction"),
        ("check", "exercise"),
        ("hint", "exercise"),
        ("solution", "exercise"),
        ("trap", "exam trap"),
    ],
)
def test_an_unknown_name_says_which_there_are(session, method, kind):
    with pytest.raises(BadInput, match=f"is no {kind} of topic 'sample'. There are: "):
        getattr(session, method)("zz")


def test_two_learners_in_one_process_share_nothing(topic):
    one, other = LearnSession(topic, Lab, Store(None)), LearnSession(topic, Lab, Store(None))
    one.predict("m1", 1)
    assert one.committed("m1") and not other.committed("m1")


def test_everything_shown_is_shown_in_order(session):
    session.predict("m1", 1)
    shown = session.reveal("m1", "first", lambda: "second")
    assert isinstance(shown, Stack) and shown.parts[-2:] == ("first", "second")
