"""Exercises: one record is the source of the learner's notebook, the solutions and the tests.

``check`` is pure: it gets the answer, builds its own fresh world, and looks at nothing else, so a variable
reused in the notebook cannot make it go wrong. It returns one of three outcomes. ``assess`` adds the rest: it
notices an untouched starter, turns an error of the answer into what was seen, and recognizes a known mistake.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cwlab.learn.display import View, box

NOT_ATTEMPTED, NOT_YET, RIGHT = "not attempted", "not yet", "right"


@dataclass(frozen=True)
class Outcome:
    """What a check found: one of three kinds, what was seen and what was wanted.

    Args:
        kind: ``not attempted``, ``not yet`` or ``right``.
        seen: what the answer led to, in words or numbers.
        wanted: what was asked for.
        mistake: the name of the known mistake, where the check itself can tell.
        hint: that mistake's own hint; filled in by ``assess``.
    """

    kind: str
    seen: str = ""
    wanted: str = ""
    mistake: str | None = None
    hint: str = ""

    @classmethod
    def right(cls, seen: object = "") -> Outcome:
        """The answer does what was asked; ``seen`` says what it did."""
        return cls(RIGHT, str(seen))

    @classmethod
    def not_yet(cls, seen: object, wanted: object, mistake: str | None = None) -> Outcome:
        """The answer does something else."""
        return cls(NOT_YET, str(seen), str(wanted), mistake)

    @classmethod
    def not_attempted(cls) -> Outcome:
        """The starter, as it was."""
        return cls(NOT_ATTEMPTED)

    @classmethod
    def compare(cls, seen: object, wanted: object, unit: str = "") -> Outcome:
        """Right when the two are equal; floats to nine digits.

        >>> Outcome.compare(0.1 + 0.2, 0.3).kind
        'right'
        """

        def spell(value: object) -> str:
            return f"{value:g} {unit}".strip() if isinstance(value, float) else f"{value} {unit}".strip()

        same = math.isclose(seen, wanted, rel_tol=1e-9) if _numbers(seen, wanted) else seen == wanted  # type: ignore[arg-type]
        return cls.right(spell(seen)) if same else cls.not_yet(spell(seen), spell(wanted))

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.kind == RIGHT

    def view(self, short: str) -> View:
        """The outcome as a cell shows it."""
        if self.kind == NOT_ATTEMPTED:
            return box(
                "held",
                f"{short}: not attempted",
                f'Replace each `...` in the cell, then run it again. `lab.hint("{short}")` tells you where to look.',
            )
        if self.kind == RIGHT:
            return box(
                "right",
                f"{short}: right",
                f'`lab.solution("{short}")` shows the reasoning and another way.',
                items=[("Seen", self.seen)] if self.seen else [],
            )
        more = f'`lab.hint("{short}")` helps in three steps; `lab.solution("{short}")` is open to you now.'
        return box(
            "not yet",
            f"{short}: not yet",
            self.hint,
            more,
            items=[("Seen", self.seen), ("Wanted", self.wanted)],
        )


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise, as data.

    Args:
        id: ``topic.short``, for example ``metrics.e2``.
        asks: the task, in a few sentences; becomes the markdown cell.
        starter: source of the learner's cell. It runs as it is, leaves ``...`` where the learner writes, and
            ends with ``lab.check("e2", answer)``.
        solution: source of the solved cell; must leave its result in ``answer``.
        why: the reasoning behind the solution.
        hints: exactly three: where to look, what to do, nearly there.
        mistakes: name to (the wrong answer, the hint for this mistake).
        check: answer to Outcome; pure, on its own fresh world.
        another_way: a different solution, in words or code; may be empty.
        points: syllabus points it practices.
    """

    id: str
    asks: str
    starter: str
    solution: str
    why: str
    hints: Sequence[str]
    mistakes: Mapping[str, tuple[Any, str]]
    check: Callable[[Any], Outcome]
    another_way: str = ""
    points: tuple[str, ...] = field(default=())

    @property
    def short(self) -> str:
        """The id within its topic: ``e2``."""
        return self.id.rpartition(".")[2]


def blank(answer: object) -> bool:
    """Whether an answer is still the starter's: ``None``, ``...``, or a ``...`` anywhere inside it.

    >>> blank({"Period": ..., "Stat": "Sum"})
    True
    >>> blank(0)
    False
    """
    if answer is None or answer is Ellipsis:
        return True
    if isinstance(answer, Mapping):
        return any(blank(v) for v in answer.values())
    if isinstance(answer, list | tuple | set):
        return any(
            one is Ellipsis or (isinstance(one, Mapping | list | tuple) and blank(one)) for one in answer
        )
    return False


def assess(exercise: Exercise, answer: object) -> Outcome:
    """The outcome of an answer, with the hint of the known mistake where it is one.

    A mistake is recognized when the check names it, when the answer equals the catalogued one, or when it
    leads to exactly what the catalogued one leads to.
    """
    if blank(answer):
        return Outcome.not_attempted()
    found = _run(exercise, answer)
    if found.kind != NOT_YET:
        return found
    name = found.mistake or _recognize(exercise, answer, found)
    if name is None:
        return found
    return replace(found, mistake=name, hint=exercise.mistakes[name][1])


def _run(exercise: Exercise, answer: object) -> Outcome:
    """The check's own outcome; an error raised by the answer is something seen, not a crash of the lesson."""
    try:
        return exercise.check(answer)
    except Exception as error:  # noqa: BLE001  a learner's answer may raise anything
        return Outcome.not_yet(f"{type(error).__name__}: {error}", "an answer that runs")


def _recognize(exercise: Exercise, answer: object, found: Outcome) -> str | None:
    for name, (wrong, _) in exercise.mistakes.items():
        if _same(answer, wrong):
            return name
    for name, (wrong, _) in exercise.mistakes.items():
        if _run(exercise, wrong).seen == found.seen:
            return name
    return None


def _same(one: object, other: object) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # noqa: BLE001  arrays and frames have no single truth value; then what they lead to decides
        return False


def _numbers(*values: object) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values) and any(
        isinstance(v, float) for v in values
    )
