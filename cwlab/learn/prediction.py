"""Predictions: a question asked before the cell that answers it.

A prediction is a record: what is asked, how an answer is read, and a function that lets the *model* find out
what is true. The key is never typed in. Three kinds:

    Choice   one of a few options, by letter
    Number   a number with a unit; right when it is within a stated distance
    Mark     an instant on a timeline; right when it is within a stated distance

``truth`` gets a factory of fresh worlds and returns what happened, in the form an answer has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cwlab.errors import BadInput, BadTime
from cwlab.learn.display import View, box, strip
from cwlab.timeline import iso, to_datetime, to_ms

if TYPE_CHECKING:
    from cwlab.lab import Lab

Fresh = Callable[..., "Lab"]  # fresh("name") is a new world; keyword arguments go to Lab

# How sure a learner is. Words, since nobody feels a percentage; in the order from least to most.
CONFIDENCES: dict[str, str] = {"guess": "a guess", "likely": "likely", "sure": "sure"}
DEFAULT_CONFIDENCE = "likely"


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One question, before its answer. Use Choice, Number or Mark.

    Args:
        id: ``topic.short``, for example ``metrics.m1``.
        asks: the question, one or two sentences.
        truth: lets the model find out: gets a factory of fresh worlds, returns the answer.
        why: the rule in one sentence, and why a sensible person guesses otherwise; shown with the reveal.
        source: where the rule is written ("CloudWatch user guide, Metrics retention").
        about: two or three words for the recap ("missing data").
        points: syllabus points it lets you see.
    """

    kind: ClassVar[str] = ""
    id: str
    asks: str
    truth: Callable[[Fresh], Any]
    why: str
    about: str
    source: str = ""
    points: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The id within its topic: ``m1``."""
        return self.id.rpartition(".")[2]

    def read(self, answer: object) -> str | float:
        """An answer in its one stored form. Raises BadInput with the remedy when it is none."""
        raise NotImplementedError

    def spell(self, answer: str | float) -> str:
        """A stored answer in words."""
        raise NotImplementedError

    def right(self, answer: str | float, truth: str | float) -> bool:
        """Whether the answer counts as right."""
        return answer == truth

    def example(self) -> str:
        """Python for some answer, ready to edit."""
        raise NotImplementedError

    def compared(self, answer: str | float, truth: str | float) -> View | None:
        """The prediction drawn beside what happened; None where words do."""
        return None

    def question(self) -> View:
        """The question as it stands in the notebook."""
        return box("ask", "Predict", self.asks)

    def twin(self) -> str:
        """How to answer in Python."""
        words = " | ".join(f'"{word}"' for word in CONFIDENCES)
        return f'To answer: lab.predict("{self.short}", {self.example()}, confidence={words})'


@dataclass(frozen=True, kw_only=True)
class Choice(Prediction):
    """One of a few options.

    Args:
        options: letter to text, for example ``{"A": "nothing", "B": "one datapoint"}``.
    """

    kind: ClassVar[str] = "choice"
    options: Mapping[str, str]

    def read(self, answer: object) -> str:
        letter = str(answer).strip().upper()
        if letter not in self.options:
            raise BadInput(
                answer, f"is not an option of {self.short!r}.", f"Choose one of {', '.join(self.options)}."
            )
        return letter

    def spell(self, answer: str | float) -> str:
        return f"{answer}, {self.options[str(answer)]}"

    def example(self) -> str:
        return " | ".join(f'"{letter}"' for letter in self.options)

    def question(self) -> View:
        return box("ask", "Predict", self.asks, items=self.options.items())

    def compared(self, answer: str | float, truth: str | float) -> View | None:
        def mark(letter: str) -> str:
            words = [
                word for word, here in (("you", letter == answer), ("what happened", letter == truth)) if here
            ]
            return f" **({' and '.join(words)})**" if words else ""

        return box("plain", "The options", items=[(k, f"{v}{mark(k)}") for k, v in self.options.items()])


@dataclass(frozen=True, kw_only=True)
class Number(Prediction):
    """A number.

    Args:
        unit: what it counts ("datapoints", "ms").
        low, high: the ends of the scale it is drawn on; answers outside are refused.
        within: how far from the truth still counts as right.
    """

    kind: ClassVar[str] = "number"
    unit: str
    low: float
    high: float
    within: float = 0.0

    def read(self, answer: object) -> float:
        try:
            value = float(answer)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise BadInput(
                answer,
                f"is not a number, and {self.short!r} asks for {self.unit}.",
                f"Give a number from {self.low:g} to {self.high:g}.",
            ) from None
        if not self.low <= value <= self.high:  # also refuses NaN
            raise BadInput(
                answer,
                f"is outside the scale of {self.short!r}.",
                f"Give a number from {self.low:g} to {self.high:g} {self.unit}.",
            )
        return value

    def spell(self, answer: str | float) -> str:
        one = float(answer) == 1 and len(self.unit) > 2  # "1 second", and "1 ms"
        return f"{float(answer):,.12g} {self.unit.removesuffix('s') if one else self.unit}"

    def right(self, answer: str | float, truth: str | float) -> bool:
        return abs(float(answer) - float(truth)) <= self.within

    def example(self) -> str:
        return f"{(self.low + self.high) / 2:g}"

    def question(self) -> View:
        near = f" Within {self.within:g} counts as right." if self.within else ""
        return box(
            "ask", "Predict", self.asks, f"A number from {self.low:g} to {self.high:g} {self.unit}.{near}"
        )

    def compared(self, answer: str | float, truth: str | float) -> View | None:
        return _on_axis(
            self, answer, truth, self.low, self.high, float, f"{self.low:g}", f"{self.high:g} {self.unit}"
        )


@dataclass(frozen=True, kw_only=True)
class Mark(Prediction):
    """An instant on a timeline.

    Args:
        start, end: the ends of the timeline, ISO texts in UTC.
        step_s: seconds between the places of the control.
        within_s: how many seconds from the truth still count as right.
    """

    kind: ClassVar[str] = "mark"
    start: str
    end: str
    step_s: int = 60
    within_s: int = 60

    def read(self, answer: object) -> str:
        """An ISO text in UTC. ``"09:05"`` is that time on the day the timeline starts."""
        text = answer
        if isinstance(answer, str) and len(answer) in (5, 8) and answer[2] == ":":
            text = f"{iso(to_ms(self.start))[:10]}T{answer}{':00' if len(answer) == 5 else ''}Z"
        try:
            at_ms = to_ms(text)  # type: ignore[arg-type]
        except BadTime:
            raise BadTime(
                answer,
                f"is not an instant, and {self.short!r} asks for one.",
                f'Write it as "{clock(to_ms(self.start))}" or "{iso(to_ms(self.start))}".',
            ) from None
        if not to_ms(self.start) <= at_ms <= to_ms(self.end):
            raise BadTime(
                answer,
                f"is outside the timeline of {self.short!r}.",
                f"Give an instant from {self.start} to {self.end}.",
            )
        return iso(at_ms)

    def spell(self, answer: str | float) -> str:
        return f"{clock(to_ms(str(answer)))} UTC"

    def right(self, answer: str | float, truth: str | float) -> bool:
        return abs(to_ms(str(answer)) - to_ms(str(truth))) <= self.within_s * 1000

    def example(self) -> str:
        middle = (to_ms(self.start) + to_ms(self.end)) // 2
        return f'"{clock(middle - middle % (self.step_s * 1000))}"'

    def question(self) -> View:
        return box(
            "ask",
            "Predict",
            self.asks,
            f"An instant from {clock(to_ms(self.start))} to {clock(to_ms(self.end))} UTC; "
            f"within {self.within_s} s counts as right.",
        )

    def compared(self, answer: str | float, truth: str | float) -> View | None:
        low, high = to_ms(self.start), to_ms(self.end)
        return _on_axis(
            self, answer, truth, low, high, lambda a: to_ms(str(a)), clock(low), f"{clock(high)} UTC"
        )


def clock(at_ms: int) -> str:
    """An instant as a clock shows it: ``09:05``, with seconds only where there are any."""
    at = to_datetime(at_ms)
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")


def _on_axis(
    what: Prediction,
    answer: str | float,
    truth: str | float,
    low: float,
    high: float,
    place: Callable[[Any], float],
    start: str,
    end: str,
) -> View:
    span = (high - low) or 1
    marks = [
        ("◇", f"you: {what.spell(answer)}", (place(answer) - low) / span),
        ("●", f"what happened: {what.spell(truth)}", (place(truth) - low) / span),
    ]
    return strip("Your prediction beside what happened", start, end, marks)


@dataclass(frozen=True)
class Committed:
    """A prediction that was made: how sure, whether right (None while nobody looked), what it was about."""

    short: str
    about: str
    confidence: str
    right: bool | None


def calibration(made: Iterable[Committed]) -> str:
    """What your predictions say about you, in two or three sentences.

    >>> calibration([Committed("m1", "ageing", "sure", False), Committed("m2", "units", "guess", True)])
    'Your predictions: 1 of 2 right. The miss was about ageing. Sure: 0 of 1. A guess: 1 of 1. Sure and not right: m1. Look there again.'
    """
    seen = [one for one in made if one.right is not None]
    if not seen:
        return "No prediction has been compared yet."
    misses = [one for one in seen if not one.right]
    lines = [f"Your predictions: {len(seen) - len(misses)} of {len(seen)} right."]
    lines += [_about(misses)] if misses else []
    for word, spoken in reversed(CONFIDENCES.items()):
        of = [one for one in seen if one.confidence == word]
        if of:
            lines.append(f"{spoken.capitalize()}: {sum(bool(one.right) for one in of)} of {len(of)}.")
    rash = [one.short for one in misses if one.confidence == "sure"]
    lines += [f"Sure and not right: {', '.join(rash)}. Look there again."] if rash else []
    return " ".join(lines)


def _about(misses: list[Committed]) -> str:
    subjects = list(dict.fromkeys(one.about for one in misses))
    if len(misses) == 1:
        return f"The miss was about {subjects[0]}."
    every = "Both" if len(misses) == 2 else "All" if len(subjects) == 1 else "The"
    if len(subjects) == 1:
        return f"{every} misses were about {subjects[0]}."
    return f"The misses were about {', '.join(subjects[:-1])} and {subjects[-1]}."


def read_confidence(word: object) -> str:
    """One of the three words. Raises BadInput otherwise."""
    if word not in CONFIDENCES:
        raise BadInput(word, "is not a confidence.", f"Use one of {', '.join(map(repr, CONFIDENCES))}.")
    return str(word)
