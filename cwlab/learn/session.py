"""One learner at one lab: what the cells ``lab.predict(…)``, ``lab.check(…)`` and the others do.

The session joins a topic (data), a factory of fresh worlds (the model) and a store (the learner's progress).
Every method returns something to show; nothing is printed and no variable of the notebook is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cwlab.errors import BadInput
from cwlab.learn import ledger, topics
from cwlab.learn.display import Stack, View, Widget, box, source, table
from cwlab.learn.exercise import NOT_ATTEMPTED, RIGHT, assess
from cwlab.learn.map import progress_map
from cwlab.learn.prediction import (
    CONFIDENCES,
    DEFAULT_CONFIDENCE,
    Committed,
    Fresh,
    Prediction,
    calibration,
    read_confidence,
)
from cwlab.learn.progress import Item, Store, completed, from_token
from cwlab.learn.topic import Topic
from cwlab.learn.trap import Trap


class LearnSession:
    """What a learner does with one topic.

    Args:
        topic: the topic.
        fresh: makes a fresh world; used to compute what is true.
        store: where progress is kept.
        commit_truth: a hook for tests: every prediction is committed with the true answer as soon as it is
            asked, so that everything after a prediction runs too.
    """

    def __init__(self, topic: Topic, fresh: Fresh, store: Store, commit_truth: bool = False) -> None:
        self.topic, self.store = topic, store
        self._fresh, self._commit_truth = fresh, commit_truth
        self._truths: dict[str, str | float] = {}

    # -- predictions ------------------------------------------------------------------------------------------

    def predict(self, name: str, answer: object = None, confidence: str = DEFAULT_CONFIDENCE) -> Stack | View:
        """Ask a question, or commit an answer to it. A commitment may be changed until its reveal was seen.

        Args:
            name: the prediction's short id.
            answer: a letter, a number or an instant; without it the question and its controls are shown.
            confidence: ``guess``, ``likely`` or ``sure``.

        Raises:
            BadInput: there is no such prediction, or the answer is none; says what would be.
        """
        asked = self.topic.prediction(name)
        if answer is not None:
            return self._commit(asked, answer, confidence)
        if self._commit_truth and not self._item(asked.id):
            self._commit(asked, self.truth(asked), "sure")
        item = self._item(asked.id)
        kept = (item.answer, item.confidence or DEFAULT_CONFIDENCE) if item else None
        controls = Widget(lambda: self._controls(asked, kept), asked.twin())
        return Stack(asked.question(), self._committed(asked, item) if item else None, controls)

    def _controls(self, asked: Prediction, kept: tuple[Any, str] | None) -> Any:
        from cwlab.learn.widgets import prediction_controls

        return prediction_controls(asked, lambda answer, sure: self._commit(asked, answer, sure), kept)

    def _commit(self, asked: Prediction, answer: object, confidence: str) -> View:
        value, sure = asked.read(answer), read_confidence(confidence)
        kept = self._item(asked.id)
        if kept and kept.seen and kept.answer is not None:
            if (value, sure) == (kept.answer, kept.confidence):
                return self._committed(asked, kept)
            return box(
                "held",
                f"Kept: {asked.spell(kept.answer)} ({_sure(kept)})",
                "You have seen what happens, so your first prediction stands. `lab.start_over()` clears this lab.",
            )
        item = Item("prediction", value, sure, tries=(kept.tries if kept else 0) + 1)
        self._keep(asked.id, item)
        return self._committed(asked, item)

    def _committed(self, asked: Prediction, item: Item) -> View:
        assert item.answer is not None
        then = (
            "The recap comes back to it."
            if asked == self.topic.opening
            else f'`lab.reveal("{asked.short}")` is open to you now.'
        )
        return box("plain", f"Committed: {asked.spell(item.answer)} ({_sure(item)})", then)

    def reveal(self, name: str, *views: object) -> Stack | View:
        """What happens, held back until the prediction is committed.

        Args:
            name: the prediction's short id.
            views: further things to show once it is; a function without arguments is called only then.
        """
        asked = self.topic.prediction(name)
        if self._commit_truth and not self._item(asked.id):
            self._commit(asked, self.truth(asked), "sure")
        item = self._item(asked.id)
        if item is None or item.answer is None:
            return box(
                "held",
                "Held back: commit a prediction first",
                f'Answer `{asked.short}` above, with its controls or with `lab.predict("{asked.short}", …)`. '
                "Then run this cell again.",
            )
        truth = self.truth(asked)
        right = asked.right(item.answer, truth)
        self._keep(asked.id, replace(item, right=right, seen=True))
        shown = [_made(view) for view in views]
        return Stack(self._verdict(asked, item, truth, right), asked.compared(item.answer, truth), *shown)

    def _verdict(self, asked: Prediction, item: Item, truth: str | float, right: bool) -> View:
        assert item.answer is not None
        lines = [
            ("You said", f"{asked.spell(item.answer)} ({_sure(item)})"),
            ("What happens", asked.spell(truth)),
        ]
        lines += [("Source", asked.source)] if asked.source else []
        title = "As you predicted" if right else "Not as you predicted"
        return box("right" if right else "not yet", title, asked.why, items=lines)

    def truth(self, asked: Prediction) -> str | float:
        """What the model says, in the form an answer has; found out once."""
        if asked.id not in self._truths:
            self._truths[asked.id] = asked.read(asked.truth(self._fresh))
        return self._truths[asked.id]

    def committed(self, name: str) -> bool:
        """Whether this prediction is committed."""
        return self._item(self.topic.prediction(name).id) is not None

    # -- exercises --------------------------------------------------------------------------------------------

    def check(self, name: str, answer: object = None) -> View:
        """Check an answer: not attempted, not yet (what was seen, what was wanted, a hint), or right."""
        exercise = self.topic.exercise(name)
        outcome = assess(exercise, answer)
        if outcome.kind != NOT_ATTEMPTED:
            item = self._item(exercise.id) or Item("exercise")
            right = outcome.kind == RIGHT or bool(item.right)
            self._keep(exercise.id, replace(item, right=right, tries=item.tries + 1))
        return outcome.view(exercise.short)

    def hint(self, name: str, step: int | None = None) -> View:
        """The next hint of three, or the one asked for."""
        exercise = self.topic.exercise(name)
        item = self._item(exercise.id) or Item("exercise")
        last = len(exercise.hints)
        step = min(item.hints + 1, last) if step is None else step
        if not isinstance(step, int) or not 1 <= step <= last:
            raise BadInput(
                step,
                f"is not a step of the hints of {exercise.short!r}.",
                f"Give 1 to {last}, or leave it out.",
            )
        self._keep(exercise.id, replace(item, hints=max(item.hints, step)))
        more = f'`lab.hint("{exercise.short}")` goes on.' if step < last else "That was the last one."
        return box("ask", f"{exercise.short}: hint {step} of {last}", exercise.hints[step - 1], more)

    def solution(self, name: str) -> Stack | View:
        """The solution with its reasoning and another way; open after the first attempt."""
        exercise = self.topic.exercise(name)
        item = self._item(exercise.id)
        if item is None or item.tries == 0:
            return box(
                "held",
                f"{exercise.short}: try it once first",
                f'The solution opens after one attempt, right or not. `lab.hint("{exercise.short}")` tells you where to look.',
            )
        self._keep(exercise.id, replace(item, seen=True))
        other = box("plain", "Another way", exercise.another_way) if exercise.another_way else None
        return Stack(
            source(f"**{exercise.short}: one solution**", exercise.solution),
            box("plain", "Why", exercise.why),
            other,
        )

    # -- exam traps -------------------------------------------------------------------------------------------

    def trap(self, name: str, answer: object = None) -> Stack | View:
        """Ask an exam question, or answer it: feedback on the option you chose. The first answer counts."""
        trap = self.topic.trap(name)
        if answer is None:
            return Stack(trap.question(), Widget(lambda: self._trap_controls(trap), trap.twin()))
        return self._choose(trap, answer)

    def _choose(self, trap: Trap, answer: object) -> View:
        letter = trap.read(answer)
        item = self._item(trap.id)
        if item is None:
            item = Item("trap", letter, right=trap.options[letter].right)
        self._keep(trap.id, replace(item, tries=item.tries + 1, seen=item.seen or trap.options[letter].right))
        return trap.feedback(letter)

    def _trap_controls(self, trap: Trap) -> Any:
        from cwlab.learn.widgets import trap_controls

        return trap_controls(
            {k: o.text for k, o in trap.options.items()}, lambda letter: self._choose(trap, letter)
        )

    # -- the whole --------------------------------------------------------------------------------------------

    def recap(self) -> Stack:
        """What to keep, how you did, the opening question answered, and what differs on real AWS."""
        topic = self.topic
        opening = (
            self.reveal(topic.opening.short) if topic.opening else None
        )  # first, so that it counts below
        keep = box(
            "plain",
            "Five sentences to keep" if len(topic.recap) == 5 else "To keep",
            items=[(f"{i}", line) for i, line in enumerate(topic.recap, 1)],
        )
        asked = box("plain", "The opening question", topic.opening.asks) if topic.opening else None
        did = box("plain", "How you did", self.calibration(), self._counts())
        real = (
            table(("On AWS", "What to know"), topic.on_aws.items(), "Before you do this on AWS")
            if topic.on_aws
            else None
        )
        code = (
            source("**The same calls for the real service, with clean-up**", topic.aws_code)
            if topic.aws_code
            else None
        )
        last = f'`open_lab("{topic.next}")` opens the next one.' if topic.next else ""
        token = box(
            "plain",
            "Your progress token",
            "Copy it to carry your progress to another machine; `lab.progress(token=…)` reads it there.",
            last,
            items=[("Token", f"`{self.store.get().token()}`")],
        )
        return Stack(keep, did, asked, opening, ledger.table_for(topic.name), real, code, token)

    def calibration(self) -> str:
        """Your predictions against what happened, in words."""
        made = [
            Committed(p.short, p.about, item.confidence or DEFAULT_CONFIDENCE, item.right)
            for p in self.topic.asked()
            if (item := self._item(p.id))
        ]
        return calibration(made)

    def _counts(self) -> str:
        kept, topic = self.store.get(), self.topic
        parts: list[tuple[str, Iterable[str], int]] = [
            ("predictions compared", [p.id for p in topic.asked()], len(topic.asked())),
            ("exercises solved", [e.id for e in topic.exercises], len(topic.exercises)),
            ("exam traps passed", [t.id for t in topic.traps], len(topic.traps)),
        ]
        return ", ".join(f"{completed(kept, ids)} of {n} {words}" for words, ids, n in parts if n) + "."

    def progress(self, token: str | None = None, learner: str | None = None) -> Stack:
        """The map over the syllabus and your token.

        Args:
            token: a token from another machine, merged into what is here.
            learner: your name, as your teacher's table shall show it.
        """
        if token is not None:
            self.store.take(from_token(token))
        if learner is not None:
            if not isinstance(learner, str) or len(learner) > 80:
                raise BadInput(learner, "is not a name of at most 80 characters.", "Give a short text.")
            self.store.put(self.topic.name, replace(self.store.get(), learner=learner))
        kept = self.store.get()
        view = progress_map(kept, map(topics.load, topics.names()))
        return Stack(view, box("plain", "Your progress token", items=[("Token", f"`{kept.token()}`")]))

    def glossary(self) -> View:
        """The lab's terms, one line each."""
        return table(("Term", "Meaning"), self.topic.glossary.items(), f"Terms of {self.topic.title}")

    def start_over(self) -> View:
        """Forget what was answered in this lab; other labs keep theirs."""
        self.store.put(self.topic.name, self.store.get().without(self.topic.name))
        return box("plain", "This lab is as new", "Its predictions, exercises and exam traps are open again.")

    def welcome(self, version: str, widgets: bool, aws: bool = False) -> View:
        """What the set-up cell prints: ready, version, progress, and whether controls can be shown."""
        if aws:
            where = "**This is AWS itself.** Every call reaches your account and may cost money; time passes as it does there."
        else:
            where = "A model of AWS on a virtual clock. No account, no bill, nothing leaves this machine."
        price = (
            [("What it may cost", self.topic.on_aws["Price"])] if aws and "Price" in self.topic.on_aws else []
        )
        controls = (
            ""
            if widgets
            else "Controls cannot be shown here; every question says how to answer in Python, which does the same."
        )
        return box(
            "not yet" if aws else "plain",
            f"Ready: {self.topic.title} (cwlab {version})",
            where,
            controls,
            self.store.note,
            items=[*price, ("Progress", self._counts())],
        )

    def _item(self, name: str) -> Item | None:
        return self.store.get().items.get(name)

    def _keep(self, name: str, item: Item) -> None:
        if self._item(name) != item:
            self.store.put(self.topic.name, self.store.get().with_item(name, item))


def _made(view: object) -> object:
    """The view a function makes; what can show itself is taken as it is."""
    shows = ("_repr_mimebundle_", "_ipython_display_", "_repr_html_")
    return view() if callable(view) and not any(hasattr(type(view), one) for one in shows) else view


def _sure(item: Item) -> str:
    return CONFIDENCES[item.confidence or DEFAULT_CONFIDENCE]
