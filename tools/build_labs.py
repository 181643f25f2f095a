"""Builds ``labs/*.ipynb`` from ``labs/src/*.py`` and runs each from a fresh kernel, outputs stored.

    python tools/build_labs.py                    build and run every lab
    python tools/build_labs.py 01-metrics         only this one
    python tools/build_labs.py --no-run           sources only; outputs of unchanged cells are kept
    python tools/build_labs.py --check            say which committed notebooks are not what their source says
    python tools/build_labs.py --lint             say where a lab leaves the template
    python tools/build_labs.py --solutions DIR    write the solutions edition there

A source is Python in the percent format. docs/writing-a-lab.md says how one is written.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import re
import shlex
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quick_nbformat import nbformat

new_code_cell, new_markdown_cell = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
new_notebook, output_from_msg = nbformat.v4.new_notebook, nbformat.v4.output_from_msg

ROOT = Path(__file__).resolve().parent.parent
SOURCES, LABS = ROOT / "labs" / "src", ROOT / "labs"
sys.path.insert(0, str(ROOT))

from cwlab.learn import topics  # noqa: E402  the package beside this folder, installed or not
from cwlab.learn.display import WIDGET_MIME  # noqa: E402
from cwlab.learn.exercise import Exercise  # noqa: E402
from cwlab.learn.topic import Topic  # noqa: E402
from cwlab.learn.trap import Trap  # noqa: E402

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
CELL_SECONDS = 60


@dataclass(frozen=True)
class Piece:
    """One ``# %%`` piece of a source: what kind, its text, its tags."""

    kind: str  # "code", "markdown" or "build"
    text: str
    tags: tuple[str, ...]
    line: int


class SourceError(ValueError):
    """A lab source that cannot be read: names the file and the line."""


# -- reading a source ------------------------------------------------------------------------------------------

HEAD = re.compile(r"# %%(?P<words>(?: +(?!tags=)\S+)*)(?: +tags=(?P<tags>\[.*\]))?\s*$")


def parse(text: str, name: str = "source") -> list[Piece]:
    """The pieces of a percent-format text. What stands before the first ``# %%`` is left out."""
    pieces: list[Piece] = []
    head: tuple[str, tuple[str, ...], int] | None = None
    body: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("# %%") or line.startswith("# %%insights"):
            body.append(line)
            continue
        if head:
            pieces.append(_piece(*head, body, name))
        body = []
        found = HEAD.match(line)
        if not found:
            raise SourceError(
                f'{name}, line {number}: {line!r} is not a cell\'s head. Write # %% [markdown] tags=["…"].'
            )
        tags = ast.literal_eval(found["tags"]) if found["tags"] else []
        head = (found["words"].strip(), tuple(map(str, tags)), number)
    if head:
        pieces.append(_piece(*head, body, name))
    return pieces


def _piece(words: str, tags: tuple[str, ...], line: int, body: list[str], name: str) -> Piece:
    if words == "":
        return Piece("code", "\n".join(body).strip("\n").rstrip(), tags, line)
    if words == "[magic]":
        if any(one.strip() and not one.startswith("#") for one in body):
            raise SourceError(f"{name}, line {line}: a magic cell holds only lines that begin with #.")
        text = "\n".join(one.removeprefix("#").removeprefix(" ") for one in body)
        return Piece("code", text.strip("\n").rstrip(), tags, line)
    if words == "[markdown]":
        lines = [one for one in body if one.strip()]
        if any(not one.startswith("#") for one in lines):
            raise SourceError(f"{name}, line {line}: a markdown cell holds only lines that begin with #.")
        text = "\n".join(one.removeprefix("#").removeprefix(" ") for one in body if one.startswith("#"))
        return Piece("markdown", text.strip(), tags, line)
    if words.startswith("build "):
        if any(one.strip() for one in body):
            raise SourceError(
                f"{name}, line {line}: a build piece has no text of its own; it comes from the topic."
            )
        return Piece("build", words.removeprefix("build "), tags, line)
    raise SourceError(
        f"{name}, line {line}: {words!r} is no kind of cell. There are: nothing (code), [magic], [markdown], build …."
    )


# -- from pieces to cells --------------------------------------------------------------------------------------


def expand(pieces: list[Piece], topic: Topic, solved: bool = False, name: str = "source") -> list[Piece]:
    """Every build piece replaced by the cells the topic has for it."""
    out: list[Piece] = []
    for piece in pieces:
        if piece.kind != "build":
            out.append(piece)
            continue
        what, _, which = piece.text.partition(" ")
        makers = {
            "card": lambda: _card(topic),
            "opening": lambda: _opening(),
            "exercises": lambda: _exercises(topic, solved),
            "exercise": lambda w=which: _exercise(
                topic.exercise(w), list(topic.exercises).index(topic.exercise(w)) + 1, solved
            ),
            "traps": lambda: _traps(topic),
            "trap": lambda w=which: _trap(topic.trap(w)),
            "recap": lambda: _recap(),
        }
        if what not in makers:
            raise SourceError(
                f"{name}, line {piece.line}: cannot build {what!r}. There are: {', '.join(makers)}."
            )
        made = list(makers[what]())
        out += [
            Piece(m.kind, m.text, (*m.tags, *piece.tags) if i == 0 else m.tags, piece.line)
            for i, m in enumerate(made)
        ]
    return out


def _md(text: str, *tags: str) -> Piece:
    return Piece("markdown", textwrap.dedent(text).strip(), tags, 0)


def _code(text: str, *tags: str) -> Piece:
    return Piece("code", textwrap.dedent(text).strip(), tags, 0)


def _card(topic: Topic) -> Iterator[Piece]:
    before = ", ".join(topics.load(one).title for one in topic.builds_on) or "nothing"
    able = "\n".join(f"- {one}" for one in topic.abilities)
    yield _md(
        f"# {topic.title}\n\n{topic.why}\n\n**{topic.minutes} minutes**, builds on {before}. "
        f"Afterwards you will be able to\n\n{able}",
        "card",
    )


def _opening() -> Iterator[Piece]:
    yield _md(
        "## A question first\n\nMost people get this one wrong. Commit to an answer; the recap comes back to it.",
        "opening",
    )
    yield _code('lab.predict("opening")')


def _exercises(topic: Topic, solved: bool) -> Iterator[Piece]:
    yield _md(
        "## Exercises\n\nEach cell runs as it is. Replace the `...`, run it, and read what came of it. "
        '`lab.hint("e1")` gives help in three steps, `lab.solution("e1")` the solution after your first try.',
        "exercises",
    )
    for number, exercise in enumerate(topic.exercises, 1):
        yield from _exercise(exercise, number, solved)


def _exercise(exercise: Exercise, number: int, solved: bool) -> Iterator[Piece]:
    yield _md(f"### Exercise {number}\n\n{textwrap.dedent(exercise.asks).strip()}")
    if not solved:
        yield _code(exercise.starter, f"exercise:{exercise.short}")
        return
    solution = textwrap.dedent(exercise.solution).strip()
    yield _code(f'{solution}\nlab.check("{exercise.short}", answer)', f"exercise:{exercise.short}")
    yield _md(
        f"**Why.** {exercise.why}"
        + (f"\n\n**Another way.** {exercise.another_way}" if exercise.another_way else "")
    )


def _traps(topic: Topic) -> Iterator[Piece]:
    yield _md(
        "## Exam traps\n\nRead every word. Answer first; the cell below each question proves it.", "traps"
    )
    for trap in topic.traps:
        yield from _trap(trap)


def _trap(trap: Trap) -> Iterator[Piece]:
    yield _code(f'lab.trap("{trap.short}")', f"trap:{trap.short}")
    yield _code(trap.proof, f"proof:{trap.short}")


def _recap() -> Iterator[Piece]:
    yield _md("## Recap", "recap")
    yield _code("lab.recap()")


def notebook(pieces: list[Piece]) -> Any:
    """The notebook of expanded pieces, not run. A cell's id comes from its text, so it stays when others change."""
    cells, used = [], set()
    for piece in pieces:
        stem = hashlib.sha256(f"{piece.kind}\n{piece.text}".encode()).hexdigest()[:8]
        name = next(n for i in range(1, 100) if (n := stem if i == 1 else f"{stem}-{i}") not in used)
        used.add(name)
        metadata = {"tags": list(piece.tags)} if piece.tags else {}
        make = new_markdown_cell if piece.kind == "markdown" else new_code_cell
        cells.append(make(piece.text, id=name, metadata=metadata))
    return new_notebook(cells=cells, metadata=METADATA, nbformat_minor=5)


def build(source: Path, solved: bool = False) -> Any:
    """The notebook a source and its topic make, not run."""
    topic = topics.load(source.stem)
    return notebook(
        expand(parse(source.read_text(encoding="utf-8"), source.name), topic, solved, source.name)
    )


# -- running -----------------------------------------------------------------------------------------------------


def run(nb: Any, cwd: Path, commit: bool = False) -> Any:
    """Run every cell in a fresh kernel, outputs stored in the notebook.

    Controls are taken out of the stored outputs (a saved control is dead until its cell runs); the text that
    stands for them stays. Progress goes to a temporary folder.

    Args:
        cwd: the kernel's folder.
        commit: commit every prediction with the true answer, so that everything after it is shown.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "CWLAB_PROGRESS": "off",
            "CWLAB_FOLDER": folder,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        }
        env.pop("CWLAB_COMMIT", None)
        if commit:
            env["CWLAB_COMMIT"] = "truth"
        # No folders: only the kernel of this very Python, whatever else is installed under its name.
        manager = KernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
        manager.start_kernel(cwd=str(cwd), env=env)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=CELL_SECONDS)
            for number, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), 1):
                _run_cell(client, cell, number)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return nb


def _run_cell(client: Any, cell: Any, number: int) -> None:
    outputs: list[Any] = []

    def keep(message: Any) -> None:
        if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            outputs.append(_without_controls(output_from_msg(message)))
        elif message["msg_type"] in ("update_display_data", "clear_output"):
            raise RuntimeError(
                f"cell {number} sends {message['msg_type']}, which nbval cannot compare:\n{cell.source}"
            )

    reply = client.execute_interactive(cell.source, output_hook=keep, timeout=CELL_SECONDS, allow_stdin=False)
    cell.execution_count = number
    cell.outputs = _joined(outputs)
    if reply["content"]["status"] == "error" and "raises-exception" not in cell.metadata.get("tags", []):
        trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(reply["content"]["traceback"]))
        raise RuntimeError(f"cell {number} failed:\n{cell.source}\n{trace}")


def _without_controls(output: Any) -> Any:
    if WIDGET_MIME in output.get("data", {}):
        del output.data[WIDGET_MIME]
        output.metadata = {"cwlab": {"controls": True}}
    return output


def _joined(outputs: list[Any]) -> list[Any]:
    """Streams of one name that follow one another, joined: how they were cut depends on timing."""
    out: list[Any] = []
    for output in outputs:
        if (
            output.output_type == "stream"
            and out
            and out[-1].output_type == "stream"
            and out[-1].name == output.name
        ):
            out[-1].text += output.text
        else:
            out.append(output)
    return out


def write(nb: Any, path: Path) -> None:
    """Write a notebook, checked, ending in a newline."""
    nbformat.validate(nb)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(nb, version=4) + "\n", encoding="utf-8")


# -- is it what its source says ------------------------------------------------------------------------------------


def stale(source: Path, labs: Path = LABS) -> str:
    """Why the committed notebook is not what its source says; empty when it is."""
    path = labs / f"{source.stem}.ipynb"
    if not path.is_file():
        return f"{path.name} is missing. Run tools/build_labs.py {source.stem}."
    held, wanted = nbformat.read(path, as_version=4), build(source)
    if [_told(c) for c in held.cells] != [_told(c) for c in wanted.cells]:
        changed = next(
            (
                i
                for i, (a, b) in enumerate(zip(held.cells, wanted.cells, strict=False), 1)
                if _told(a) != _told(b)
            ),
            min(len(held.cells), len(wanted.cells)) + 1,
        )
        return f"{path.name} is not what its source says, from cell {changed} on. Run tools/build_labs.py {source.stem}."
    if any(c.cell_type == "code" and c.execution_count is None for c in held.cells):
        return f"{path.name} has cells that were not run. Run tools/build_labs.py {source.stem}."
    return ""


def _told(cell: Any) -> tuple[Any, ...]:
    return (cell.cell_type, cell.id, cell.source, tuple(cell.metadata.get("tags", [])))


def _keep_outputs(nb: Any, path: Path) -> None:
    if not path.is_file():
        return
    held = {c.id: c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"}
    for cell in nb.cells:
        if cell.cell_type == "code" and cell.id in held:
            cell.outputs, cell.execution_count = held[cell.id].outputs, held[cell.id].execution_count


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("labs", nargs="*", help="names of labs; all by default")
    parser.add_argument(
        "--no-run", action="store_true", help="do not run; keep the outputs of unchanged cells"
    )
    parser.add_argument("--check", action="store_true", help="only say which notebooks are out of date")
    parser.add_argument("--lint", action="store_true", help="only say where a lab leaves the template")
    parser.add_argument("--solutions", type=Path, metavar="DIR", help="write the solutions edition there")
    given = parser.parse_args(argv)
    sources = [s for s in sorted(SOURCES.glob("*.py")) if not given.labs or s.stem in given.labs]
    if unknown := set(given.labs) - {s.stem for s in sources}:
        parser.error(f"no source for {', '.join(sorted(unknown))} in {SOURCES.relative_to(ROOT)}/")
    if given.check or given.lint:
        from lint_labs import lint

        found = [line for s in sources if (line := stale(s))] if given.check else []
        found += (
            [line for s in sources for line in lint(LABS / f"{s.stem}.ipynb", topics.load(s.stem))]
            if given.lint
            else []
        )
        print("\n".join(found) or "The labs are as they should be.")
        return 1 if found else 0
    for source in sources:
        target = (given.solutions or LABS) / f"{source.stem}.ipynb"
        nb = build(source, solved=bool(given.solutions))
        if given.no_run:
            _keep_outputs(nb, target)
        else:
            run(nb, LABS)
        write(nb, target)
        print(f"{shlex.quote(target.name)}: {len(nb.cells)} cells")
    return 0


if __name__ == "__main__":
    sys.exit(main())
