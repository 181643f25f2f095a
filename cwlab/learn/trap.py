"""Exam traps: tempting wording, feedback on every option, and a cell that proves the claim.

The proof is source the learner runs in the notebook; it must hold an ``assert``. A test runs each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cwlab.errors import BadInput
from cwlab.learn.display import View, box


@dataclass(frozen=True)
class Option:
    """One option: its text, whether it is right, and what to say to those who choose it."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True, kw_only=True)
class Trap:
    """One exam question whose wording misleads.

    Args:
        id: ``topic.short``, for example ``metrics.t1``.
        asks: the question, worded as an exam words it.
        options: letter to Option; exactly one is right.
        proof: source of a cell that proves it: runs as it stands with ``lab`` open, and asserts.
        points: syllabus points it tests.
    """

    id: str
    asks: str
    options: Mapping[str, Option]
    proof: str
    points: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The id within its topic: ``t1``."""
        return self.id.rpartition(".")[2]

    @property
    def key(self) -> str:
        """The letter of the right option."""
        return next(letter for letter, option in self.options.items() if option.right)

    def read(self, answer: object) -> str:
        """An answer as one of the letters. Raises BadInput otherwise."""
        letter = str(answer).strip().upper()
        if letter not in self.options:
            raise BadInput(
                answer, f"is not an option of {self.short!r}.", f"Choose one of {', '.join(self.options)}."
            )
        return letter

    def question(self) -> View:
        """The question as it stands in the notebook."""
        return box("ask", "Exam trap", self.asks, items=[(k, o.text) for k, o in self.options.items()])

    def twin(self) -> str:
        """How to answer in Python."""
        letters = " | ".join(f'"{letter}"' for letter in self.options)
        return f'To answer: lab.trap("{self.short}", {letters})'

    def feedback(self, answer: str) -> View:
        """What an answer earns; the right one earns the word on every option."""
        chosen = self.options[answer]
        if not chosen.right:
            return box(
                "not yet",
                f"{answer}: not this one",
                chosen.feedback,
                "The next cell proves it. Choose again.",
            )
        rest = [(f"{k}, not this one", o.feedback) for k, o in self.options.items() if not o.right]
        return box("right", f"{answer}: right", chosen.feedback, "The next cell proves it.", items=rest)
