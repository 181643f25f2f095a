"""Each topic: the key of every prediction is computed, every exercise, mistake and proof does what it says."""

from __future__ import annotations

import ast
import contextlib
import io

import pytest

from cwlab import Lab, open_lab
from cwlab.learn import topics
from cwlab.learn.exercise import NOT_ATTEMPTED, NOT_YET, assess


@pytest.fixture
def topic(topic_name):
    return topics.load(topic_name)


@pytest.fixture
def lab(topic, tmp_path):
    with contextlib.redirect_stdout(io.StringIO()):
        return open_lab(topic, folder=tmp_path)


class Checked:
    """Stands for the lab in a starter: keeps what was handed to ``check``."""

    def __init__(self, lab) -> None:
        self._lab, self.answers = lab, []

    def check(self, name, answer=None):
        self.answers.append((name, answer))

    def __getattr__(self, name):
        return getattr(self._lab, name)


def run(code: str, lab) -> dict:
    space: dict = {"lab": lab}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "<cell>", "exec"), space)
    return space


def test_the_key_of_every_prediction_is_found_out_by_the_model_and_the_same_twice(topic):
    for asked in topic.asked():
        made = []

        def fresh(name="", made=made, **settings):
            made.append(Lab(**settings))
            return made[-1]

        first = asked.read(asked.truth(fresh))
        assert made, f"{asked.id}: its truth runs no world, so the key is typed in"
        assert asked.read(asked.truth(fresh)) == first, asked.id
        assert asked.right(first, first)


def ends(asked) -> list:
    """Answers that lie as far apart as a prediction allows."""
    if asked.kind == "choice":
        return list(asked.options)
    return [asked.low, asked.high] if asked.kind == "number" else [asked.start, asked.end]


def test_every_prediction_has_a_wrong_answer_too(topic):
    for asked in topic.asked():
        truth = asked.read(asked.truth(lambda name="", **settings: Lab(**settings)))
        assert any(not asked.right(asked.read(one), truth) for one in ends(asked)), asked.id
        assert asked.why and asked.about and asked.asks, asked.id


def test_every_starter_runs_and_is_not_attempted(topic, lab):
    for exercise in topic.exercises:
        seen = Checked(lab)
        run(exercise.starter, seen)
        assert [name for name, _ in seen.answers] == [exercise.short], (
            f"{exercise.id}: the starter ends with lab.check"
        )
        assert assess(exercise, seen.answers[0][1]).kind == NOT_ATTEMPTED, exercise.id


def test_every_solution_is_right(topic, lab):
    for exercise in topic.exercises:
        found = assess(exercise, run(exercise.solution, Checked(lab))["answer"])
        assert found.passed, f"{exercise.id}: {found}"


def test_every_known_mistake_fails_and_earns_its_own_hint(topic):
    for exercise in topic.exercises:
        assert exercise.mistakes, exercise.id
        for name, (wrong, hint) in exercise.mistakes.items():
            found = assess(exercise, wrong)
            assert (found.kind, found.mistake, found.hint) == (NOT_YET, name, hint), (
                f"{exercise.id}, {name}: {found}"
            )
            assert found.seen and found.wanted, (
                f"{exercise.id}, {name}: say what was seen and what was wanted"
            )


def test_no_two_mistakes_of_an_exercise_look_the_same(topic):
    for exercise in topic.exercises:
        seen = [assess(exercise, wrong).seen for wrong, _ in exercise.mistakes.values()]
        assert len(set(seen)) == len(seen), f"{exercise.id}: {seen}"


def test_every_exercise_has_three_hints(topic):
    for exercise in topic.exercises:
        assert len(exercise.hints) == 3 and all(exercise.hints) and len(set(exercise.hints)) == 3, exercise.id


def test_every_trap_has_one_right_option_and_answers_each(topic):
    for trap in topic.traps:
        assert [o.right for o in trap.options.values()].count(True) == 1, trap.id
        assert all(o.feedback for o in trap.options.values()), trap.id


def test_every_proof_asserts_and_holds(topic, lab):
    for trap in topic.traps:
        assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(trap.proof))), (
            f"{trap.id} proves nothing"
        )
        run(trap.proof, lab)


def test_every_item_names_points_the_topic_promises(topic):
    for item in topic.items():
        assert set(item.points) <= set(topic.points), item.id


def test_the_code_for_aws_runs_with_plain_boto3(topic):
    with Lab().intercept() as aws:
        run(topic.aws_code, None)
    assert not topic.aws_code or any(entry.kind == "call" for entry in aws.journal)
    assert all(entry.error is None for entry in aws.journal if entry.depth == 0)
