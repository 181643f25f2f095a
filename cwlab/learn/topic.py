"""A topic: everything one lab says and asks, as one record.

The notebook's source (``labs/src/``) holds the scenes and the calls; the topic holds what is asked, checked and
kept. ``tools/build_labs.py`` puts the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cwlab.errors import BadInput
from cwlab.learn.exercise import Exercise
from cwlab.learn.prediction import Prediction
from cwlab.learn.trap import Trap

Item = TypeVar("Item", Prediction, Exercise, Trap)


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One lab's worth of teaching.

    Args:
        name: what ``open_lab`` is called with (``metrics``); items' ids begin with it.
        notebook: the notebook's name without its ending (``01-metrics``).
        title: the heading of the lab.
        why: one line: why anyone should care.
        minutes: how long it takes.
        builds_on: names of topics that come before.
        abilities: what you will be able to *do*; three.
        opening: the question most people get wrong; answered in the recap.
        predictions, exercises, traps: in the order of the notebook.
        glossary: term to one line.
        recap: the sentences to keep; five.
        on_aws: what differs on the real service, beyond the ledger: delays, limits, price, permissions. Each
            entry is a label and a sentence.
        aws_code: the same calls for the real service, with clean-up.
        points: the syllabus points this lab promises to prove.
        next: the name of the next topic, or empty.
    """

    name: str
    notebook: str
    title: str
    why: str
    minutes: int
    builds_on: Sequence[str] = ()
    abilities: Sequence[str] = ()
    opening: Prediction | None = None
    predictions: Sequence[Prediction] = ()
    exercises: Sequence[Exercise] = ()
    traps: Sequence[Trap] = ()
    glossary: Mapping[str, str] = field(default_factory=dict)
    recap: Sequence[str] = ()
    on_aws: Mapping[str, str] = field(default_factory=dict)
    aws_code: str = ""
    points: tuple[str, ...] = ()
    next: str = ""

    def __post_init__(self) -> None:
        ids = [item.id for item in self.items()]
        for one in ids:
            if one.rpartition(".")[0] != self.name:
                raise BadInput(one, f"is not an id of topic {self.name!r}.", f'Begin it with "{self.name}.".')
            if ids.count(one) > 1:
                raise BadInput(one, "is used twice in one topic.", "Give each item its own id.")

    def items(self) -> Iterator[Prediction | Exercise | Trap]:
        """Everything that can be answered: the opening, predictions, exercises, traps."""
        yield from self.asked()
        yield from self.exercises
        yield from self.traps

    def asked(self) -> list[Prediction]:
        """All predictions, the opening question first."""
        return ([self.opening] if self.opening else []) + list(self.predictions)

    def prediction(self, short: str) -> Prediction:
        """The prediction with this short id. Raises BadInput with the ids there are."""
        return _find(short, self.asked(), "prediction", self.name)

    def exercise(self, short: str) -> Exercise:
        """The exercise with this short id."""
        return _find(short, self.exercises, "exercise", self.name)

    def trap(self, short: str) -> Trap:
        """The exam trap with this short id."""
        return _find(short, self.traps, "exam trap", self.name)


def _find(short: str, items: Sequence[Item], kind: str, topic: str) -> Item:
    for item in items:
        if short in (item.short, item.id):
            return item
    there = ", ".join(item.short for item in items) or "none"
    raise BadInput(short, f"is no {kind} of topic {topic!r}.", f"There are: {there}.")
