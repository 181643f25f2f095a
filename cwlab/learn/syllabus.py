"""The syllabus: the statements the labs must let a learner see, and where each one is proven.

``syllabus.json`` holds the 89 points. A point counts as proven when a test carries
``@pytest.mark.syllabus("M19")`` and a lab cell carries the tag ``syllabus:M19``.

    python -m cwlab.learn.syllabus [--root FOLDER] [--strict]

prints the table of points, tests, cells and what is missing. With ``--strict`` it exits with 1 when a lab that
is present lacks a test or a cell for one of the points its topic promises.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

TAG = "syllabus:"


@dataclass(frozen=True)
class Point:
    """One statement: its id (``M19``), the letter of its topic and the sentence."""

    id: str
    topic: str
    point: str


@dataclass(frozen=True)
class Proof:
    """Where a point is proven: tests as ``file::name``, cells as ``notebook#cell``."""

    point: Point
    tests: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def missing(self) -> str:
        """What is missing, in words; empty when nothing is."""
        return " and ".join(word for word, found in (("test", self.tests), ("cell", self.cells)) if not found)


@cache
def points() -> tuple[Point, ...]:
    """All points, in the syllabus's order."""
    return tuple(Point(**row) for row in _data()["points"])


@cache
def topics() -> dict[str, str]:
    """The six topics: letter to title."""
    return {row["id"]: row["title"] for row in _data()["topics"]}


def _data() -> dict[str, list[dict[str, str]]]:
    text = files("cwlab.learn").joinpath("syllabus.json").read_text(encoding="utf-8")
    data: dict[str, list[dict[str, str]]] = json.loads(text)
    return data


def marked_tests(folder: Path) -> dict[str, list[str]]:
    """Every test under ``folder`` that carries a syllabus mark, by point; found without importing anything."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for name, ids in _marked(tree):
            for one in ids:
                found.setdefault(one, []).append(f"{path.relative_to(folder.parent).as_posix()}::{name}")
    return found


def _marked(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """(test name, point ids) of each marked function; a mark on a class or on ``pytestmark`` holds for all in it."""
    shared = [
        one
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for one in _ids(node.value)
    ]
    yield from _marked_in(tree.body, shared)


def _marked_in(body: list[ast.stmt], inherited: list[str]) -> Iterator[tuple[str, list[str]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _marked_in(node.body, inherited + [i for d in node.decorator_list for i in _ids(d)])
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            own = inherited + [i for d in node.decorator_list for i in _ids(d)]
            if own:
                yield node.name, list(dict.fromkeys(own))


def _ids(node: ast.expr) -> list[str]:
    """The ids given to every ``….mark.syllabus(…)`` inside an expression."""
    calls = (n for n in ast.walk(node) if isinstance(n, ast.Call))
    return [
        arg.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "syllabus"
        for arg in call.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]


def tagged_cells(folder: Path) -> dict[str, list[str]]:
    """Every cell of the notebooks in ``folder`` tagged with a point, by point."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for tag in cell.get("metadata", {}).get("tags", []):
                if tag.startswith(TAG):
                    found.setdefault(tag.removeprefix(TAG), []).append(f"{path.stem}#{cell.get('id', '?')}")
    return found


def proofs(root: Path) -> list[Proof]:
    """Every point with the tests and cells that prove it, for a project folder with ``tests/`` and ``labs/``."""
    tests, cells = marked_tests(root / "tests"), tagged_cells(root / "labs")
    return [Proof(p, tuple(tests.get(p.id, ())), tuple(cells.get(p.id, ()))) for p in points()]


def unknown(root: Path) -> list[str]:
    """Marks and tags that name no point: a typing mistake that would otherwise prove nothing."""
    known = {p.id for p in points()}
    found: dict[str, list[str]] = {}
    for source in (marked_tests(root / "tests"), tagged_cells(root / "labs")):
        for one, places in source.items():
            found.setdefault(one, []).extend(places)
    return [
        f"{one} is no point of the syllabus: {places[0]}"
        for one, places in sorted(found.items())
        if one not in known
    ]


def promised(root: Path) -> dict[str, tuple[str, ...]]:
    """The points each lab that is present promises: notebook name to ids."""
    from cwlab.learn import topics as registry

    held = {topic.notebook: topic.points for topic in map(registry.load, registry.names())}
    return {path.stem: held.get(path.stem, ()) for path in sorted((root / "labs").glob("*.ipynb"))}


def gaps(root: Path) -> list[str]:
    """What the labs that are present still owe, one line each; empty when they keep their promise."""
    by_id = {proof.point.id: proof for proof in proofs(root)}
    owed = [
        f"{one} lacks a {by_id[one].missing} (promised by {lab})"
        for lab, ids in promised(root).items()
        for one in ids
        if by_id[one].missing
    ]
    return owed + unknown(root)


def report(found: list[Proof], gap_lines: list[str]) -> str:
    """The table as text, with a count at its end."""
    width = max(len(p.point.point) for p in found)
    lines = [f"{'id':<4} {'tests':>5} {'cells':>5}  {'missing':<13} point", "-" * (32 + min(width, 76))]
    for proof in found:
        text = proof.point.point if len(proof.point.point) <= 76 else proof.point.point[:75] + "…"
        lines.append(
            f"{proof.point.id:<4} {len(proof.tests):>5} {len(proof.cells):>5}  {proof.missing or '-':<13} {text}"
        )
    done = sum(not p.missing for p in found)
    lines += ["", f"{done} of {len(found)} points have a test and a cell."]
    lines += [f"owed: {line}" for line in gap_lines] or [
        "The labs that are present keep every point they promise."
    ]
    return "\n".join(lines)


def where(found: list[Proof]) -> str:
    """Every proof by name: the long form of the table."""
    lines: list[str] = []
    for proof in found:
        if proof.tests or proof.cells:
            lines += [
                f"{proof.point.id} {proof.point.point}",
                *(f"    {place}" for place in (*proof.tests, *proof.cells)),
            ]
    return "\n".join(lines)


def by_id(wanted: Mapping[str, object] | tuple[str, ...] | list[str]) -> list[Point]:
    """The points with these ids, in the syllabus's order."""
    return [p for p in points() if p.id in wanted]


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m cwlab.learn.syllabus", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the project's folder (default: this one)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 when a lab that is present owes a point"
    )
    parser.add_argument("--where", action="store_true", help="name every test and cell")
    given = parser.parse_args(argv)
    found, owed = proofs(given.root), gaps(given.root)
    print(report(found, owed))
    if given.where:
        print("\n" + where(found))
    return 1 if given.strict and owed else 0


if __name__ == "__main__":
    sys.exit(main())
