"""A class at a glance: learners' progress files gathered into one table, on this machine.

Put the files (or the folders that hold them) under one folder. A file is a ``progress.json`` as the labs write
it, or a text file holding one token. A file that cannot be read is named with what is wrong; the rest counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwlab.errors import BadFile, BadInput
from cwlab.learn import syllabus, topics
from cwlab.learn.display import Stack, View, box, table
from cwlab.learn.map import states
from cwlab.learn.progress import FILE, FOLDER, MAX_BYTES, TOKEN, Progress, completed, from_token, read

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ClassReport:
    """One row per learner, and the files that could not be read.

    Args:
        columns: the heads.
        rows: one per learner, by name.
        problems: (file, what is wrong and what to do).
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    problems: tuple[tuple[str, str], ...]

    def frame(self) -> pd.DataFrame:
        """The table as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame([list(row) for row in self.rows], columns=list(self.columns))

    def _views(self) -> list[View]:
        heading = f"{len(self.rows)} learner{'' if len(self.rows) == 1 else 's'}"
        views = [
            table(
                self.columns,
                self.rows,
                heading,
                right=[c for c in self.columns if c not in ("learner", "file")],
            )
        ]
        if self.problems:
            views.append(box("not yet", f"{len(self.problems)} not read", items=list(self.problems)))
        return views

    def __str__(self) -> str:
        return "\n\n".join(view.text for view in self._views())

    def __repr__(self) -> str:
        return str(self)

    def _ipython_display_(self) -> None:
        Stack(*self._views())._ipython_display_()


def class_table(folder: str | Path) -> ClassReport:
    """The table of all learners' progress under a folder.

    Raises:
        BadInput: there is no such folder, or it holds no progress file at all.
    """
    root = Path(folder)
    if not root.is_dir():
        raise BadInput(
            str(folder), "is not a folder.", "Give the folder that holds the learners' progress files."
        )
    read_in: list[tuple[str, str, Progress]] = []
    problems: list[tuple[str, str]] = []
    for path in _candidates(root):
        name = path.relative_to(root).as_posix()
        try:
            progress = _load(path)
        except BadFile as error:
            problems.append((name, f"{error.rule} {error.remedy}".strip()))
        except OSError as error:
            problems.append((name, f"cannot be read ({error.strerror})."))
        else:
            read_in.append((progress.learner or _owner(path, root), name, progress))
    if not read_in and not problems:
        raise BadInput(
            str(folder),
            "holds no progress file.",
            f"A learner's file is {FOLDER}/{FILE} in the folder of their labs; a token saved as .txt will do as well.",
        )
    return _table(sorted(read_in, key=lambda one: (one[0].casefold(), one[1])), problems)


def _candidates(root: Path) -> list[Path]:
    """JSON files, and text files, in a fixed order; links are not followed out of the folder."""
    inside = root.resolve()
    found = [
        path
        for path in root.rglob("*")
        if path.is_file()
        and path.resolve().is_relative_to(inside)
        and (path.suffix == ".json" or path.suffix == ".txt")
        and path.name not in ("copied.json", "progress-damaged.json")
    ]
    return sorted(found)


def _load(path: Path) -> Progress:
    if path.suffix == ".json":
        return read(path)
    if path.stat().st_size > MAX_BYTES:
        raise BadFile(path, None, "text", "is too large for a progress token.", "Is it another file?")
    text = path.read_bytes().decode("utf-8", errors="replace").strip()
    if not text.startswith(TOKEN):
        raise BadFile(path, None, "text", "is not a progress token.", "A token begins with progress1.")
    try:
        return from_token(text)
    except BadInput as error:
        raise BadFile(path, None, error.value, error.rule, error.remedy) from None


def _owner(path: Path, root: Path) -> str:
    """A learner's name from where the file lies: the folder above ``.cwlab``, else the file's own name."""
    parts = [part for part in path.relative_to(root).parts[:-1] if part != FOLDER]
    return parts[-1] if path.name == FILE and parts else path.stem


def _table(found: list[tuple[str, str, Progress]], problems: list[tuple[str, str]]) -> ClassReport:
    known = [topics.load(name) for name in topics.names()]
    heads: list[str] = ["learner"]
    cells: list[Callable[[Progress], Any]] = []
    for topic in known:
        for word, ids in (
            ("predictions", [p.id for p in topic.asked()]),
            ("exercises", [e.id for e in topic.exercises]),
            ("traps", [t.id for t in topic.traps]),
        ):
            if ids:
                heads.append(f"{topic.name} {word}")
                cells.append(lambda p, ids=ids: f"{completed(p, ids)}/{len(ids)}")  # type: ignore[misc]
    heads += ["predicted right", f"points of {len(syllabus.points())}", "file"]
    cells += [_predicted, lambda p: sum(1 for s in states(p, known).values() if s == "done")]
    rows = tuple((name, *(cell(progress) for cell in cells), file) for name, file, progress in found)
    return ClassReport(tuple(heads), rows, tuple(problems))


def _predicted(progress: Progress) -> str:
    made = [i for i in progress.items.values() if i.kind == "prediction" and i.right is not None]
    return f"{sum(bool(i.right) for i in made)}/{len(made)}"
