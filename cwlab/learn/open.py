"""``open_lab``: a lab that also teaches.

``LearningLab`` is a Lab with the learner's methods; ``LearningTwin`` has the same methods on AWS itself, where
``client`` is boto3's own and ``advance`` says how long the real thing takes.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from cwlab.errors import BadInput
from cwlab.lab import ACCOUNT, REGION, START, Lab
from cwlab.learn import topics
from cwlab.learn.display import has_widgets, show, this_shell
from cwlab.learn.progress import FOLDER, Store
from cwlab.learn.session import LearnSession
from cwlab.learn.topic import Topic
from cwlab.learn.twin import AwsTwin
from cwlab.query import load_ipython_extension

if TYPE_CHECKING:
    from cwlab.learn.display import Stack, View

FOLDER_VARIABLE = "CWLAB_FOLDER"  # the learner's folder; tests point it at a temporary one
COMMIT_VARIABLE = "CWLAB_COMMIT"  # "truth": every prediction is committed with the true answer; for tests


class Learning:
    """The learner's methods, each handed on to the session."""

    learn: LearnSession

    def predict(self, name: str, answer: object = None, confidence: str = "likely") -> Stack | View:
        """Ask a question, or commit an answer: ``lab.predict("m1", "B", confidence="sure")``."""
        return self.learn.predict(name, answer, confidence)

    def reveal(self, name: str, *views: object) -> Stack | View:
        """What happens, once your prediction is committed: ``lab.reveal("m1", lambda: a_picture)``."""
        return self.learn.reveal(name, *views)

    def committed(self, name: str) -> bool:
        """Whether a prediction is committed."""
        return self.learn.committed(name)

    def check(self, name: str, answer: object = None) -> View:
        """Check the answer to an exercise: not attempted, not yet, or right."""
        return self.learn.check(name, answer)

    def hint(self, name: str, step: int | None = None) -> View:
        """The next of an exercise's three hints."""
        return self.learn.hint(name, step)

    def solution(self, name: str) -> Stack | View:
        """An exercise's solution, after your first try."""
        return self.learn.solution(name)

    def trap(self, name: str, answer: object = None) -> Stack | View:
        """Ask an exam question, or answer it."""
        return self.learn.trap(name, answer)

    def recap(self) -> Stack:
        """What to keep, how you did, and what differs on real AWS."""
        return self.learn.recap()

    def glossary(self) -> View:
        """This lab's terms, one line each."""
        return self.learn.glossary()

    def progress(self, token: str | None = None, learner: str | None = None) -> Stack:
        """Your map over the syllabus and your token; with ``token=…`` read another machine's in."""
        return self.learn.progress(token, learner)

    def start_over(self) -> View:
        """Forget what you answered in this lab."""
        return self.learn.start_over()


class LearningLab(Learning, Lab):
    """A lab opened for a topic. Made by ``open_lab``."""

    def fresh(self, name: str = "", **settings: Any) -> Lab:
        """A new world, so that a loop of the lab can be run again in any order.

        Args:
            name: what the loop is about; for the reader.
            settings: what ``Lab`` takes; the lab's own seed, start, account and Region by default.
        """
        return Lab(
            **{
                "seed": self.seed,
                "start": self.start,
                "account": self.account,
                "region": self.region,
                **settings,
            }
        )


class LearningTwin(Learning, AwsTwin):
    """The same lab on AWS itself. Made by ``open_lab(topic, target="aws")``."""

    def fresh(self, name: str = "", **settings: Any) -> LearningTwin:
        """AWS has one world only: this one."""
        return self


@overload
def open_lab(
    topic: str | Topic,
    target: Literal["lab"] = "lab",
    folder: str | os.PathLike[str] | None = None,
    *,
    seed: int = ...,
    start: str | datetime = ...,
    account: str = ...,
    region: str = ...,
) -> LearningLab: ...


@overload
def open_lab(
    topic: str | Topic,
    target: Literal["aws"],
    folder: str | os.PathLike[str] | None = None,
    *,
    seed: int = ...,
    start: str | datetime = ...,
    account: str = ...,
    region: str | None = ...,
) -> LearningTwin: ...


def open_lab(
    topic: str | Topic,
    target: str = "lab",
    folder: str | os.PathLike[str] | None = None,
    *,
    seed: int = 7,
    start: str | datetime = START,
    account: str = ACCOUNT,
    region: str | None = None,
) -> LearningLab | LearningTwin:
    """Open the lab of a topic: says that it is ready and how far you are.

    What you do is kept in ``.cwlab`` under the learner's folder: your progress, and the lab's journal, from
    which ``Lab.recover(path)`` brings it back after a crash. Worlds made by ``lab.fresh()`` are not kept; their
    cells make them again.

    Args:
        topic: its name, as ``"metrics"``.
        target: ``"lab"``, or ``"aws"`` for AWS itself: your own credentials, real time, real costs.
        folder: the learner's folder; by default the one you work in (or ``CWLAB_FOLDER``).
        seed, start, account, region: as for ``Lab``. On AWS only ``region`` counts.

    Raises:
        BadInput: there is no such topic or target.
    """
    if target not in ("lab", "aws"):
        raise BadInput(target, "is not a target.", 'Use "lab" or "aws".')
    found = topic if isinstance(topic, Topic) else topics.load(topic)
    home = Path(folder or os.environ.get(FOLDER_VARIABLE) or Path.cwd())
    settings: dict[str, Any] = {"seed": seed, "start": start, "account": account, "region": region or REGION}
    lab: LearningLab | LearningTwin = LearningLab(**settings) if target == "lab" else LearningTwin(region)
    store = Store(home)
    commit = os.environ.get(COMMIT_VARIABLE) == "truth"
    lab.learn = LearnSession(found, lambda name="", **other: Lab(**{**settings, **other}), store, commit)
    if isinstance(lab, LearningLab):
        _autosave(lab, home / FOLDER, found.name, store)
    if (shell := this_shell()) is not None:
        load_ipython_extension(shell)  # %%insights
    from cwlab import __version__

    show(lab.learn.welcome(__version__, has_widgets(), aws=target == "aws"))
    return lab


def _autosave(lab: Lab, folder: Path, name: str, store: Store) -> None:
    """Keep the journal of this lab on file; what the lab before it left there is moved aside, never lost unsaid."""
    path, before = folder / f"{name}.journal", folder / f"{name}-before.journal"
    try:
        if path.is_file() and path.read_bytes().count(b"\n") > 1:
            path.replace(before)
            said = f'The lab you had open here before can be brought back: `Lab.recover("{before}")`.'
            store.note = f"{store.note} {said}".strip()
        lab.autosave(path)
    except OSError as error:
        said = f"This folder cannot be written ({error.strerror}), so the lab is kept in memory only. `lab.save(path)` writes it elsewhere."
        store.note = f"{store.note} {said}".strip()
