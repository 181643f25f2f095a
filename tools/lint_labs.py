"""Says where a lab leaves the template every lab follows. See docs/writing-a-lab.md for the template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quick_nbformat import nbformat

from cwlab.learn import syllabus
from cwlab.learn.topic import Topic

CHART = "application/vnd.vegalite.v5+json"
PARTS = ("card", "setup", "opening", "loop", "break", "exercises", "traps", "recap")  # tags, in this order
DOORWAY_PARTS = ("card", "setup")
CELLS, WORDS, LINES, LOOPS = (35, 50), (900, 1600), (80, 130), (2, 6)
MINUTES = 40  # what these limits are made for; a lab whose card says more may have so much more of each


def lint(path: Path, topic: Topic) -> list[str]:
    """Every departure of a built and run notebook, one line each; empty when it follows the template."""
    nb = nbformat.read(path, as_version=4)
    doorway = path.stem.startswith("00")
    found = [
        *_headings(nb),
        *_rhythm(nb),
        *_shown(nb),
        *_tags(nb, topic),
        *_clean(nb),
        *_parts(nb, DOORWAY_PARTS if doorway else PARTS),
    ]
    if not doorway:
        found += [*_sizes(nb, topic), *_loops(nb, topic), *_record(topic)]
    return [f"{path.name}: {line}" for line in found]


def tags(cell: Any) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def words(nb: Any) -> int:
    """Words of prose: in markdown cells, code spans counted, markup not."""
    text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    return len(re.findall(r"\w[\w'’.-]*", re.sub(r"[#*`|>-]", " ", text)))


def lines(nb: Any) -> int:
    """Lines of code a learner sees."""
    return sum(1 for c in nb.cells if c.cell_type == "code" for one in c.source.splitlines() if one.strip())


def _room(most: int, topic: Topic) -> int:
    """The upper limit for a lab of so many minutes."""
    return most * max(topic.minutes, MINUTES) // MINUTES


def _sizes(nb: Any, topic: Topic) -> Iterator[str]:
    for what, value, (low, high) in (
        ("cells", len(nb.cells), CELLS),
        ("words", words(nb), WORDS),
        ("lines of code", lines(nb), LINES),
    ):
        most = _room(high, topic)
        if not low <= value <= most:
            yield f"has {value} {what}; a lab of {topic.minutes} minutes has {low} to {most}."


def _headings(nb: Any) -> Iterator[str]:
    level = 0
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type != "markdown":
            continue
        for hashes, title in re.findall(
            r"^(#{1,6}) (.+)$", re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL), flags=re.MULTILINE
        ):
            if len(hashes) > level + 1:
                yield f"cell {number}: heading {title!r} skips a level."
            if len(hashes) == 1 and level:
                yield f"cell {number}: {title!r} is a second title."
            level = len(hashes)
    if level == 0:
        yield "has no heading."


def _rhythm(nb: Any) -> Iterator[str]:
    run = 0
    for number, cell in enumerate(nb.cells, 1):
        run = run + 1 if cell.cell_type == "markdown" else 0
        if run == 3:
            yield f"cell {number}: three cells in a row with nothing to do."


def _shown(nb: Any) -> Iterator[str]:
    charts = [
        n for n, c in enumerate(nb.cells, 1) if any(CHART in o.get("data", {}) for o in c.get("outputs", []))
    ]
    panels = [
        n
        for n, c in enumerate(nb.cells, 1)
        if any(o.get("metadata", {}).get("cwlab", {}).get("controls") for o in c.get("outputs", []))
    ]
    if not charts or charts[0] > 5:
        yield "shows no chart within its first five cells."
    if not panels:
        yield "shows no panel."


def _tags(nb: Any, topic: Topic) -> Iterator[str]:
    known = {p.id for p in syllabus.points()}
    tagged = {t.removeprefix(syllabus.TAG) for c in nb.cells for t in tags(c) if t.startswith(syllabus.TAG)}
    for one in sorted(tagged - known):
        yield f"tag syllabus:{one} names no point."
    for one in topic.points:
        if one not in tagged:
            yield f"promises {one} and has no cell tagged syllabus:{one}."
    practiced = {p for item in topic.items() for p in item.points}
    for one in topic.points:
        if one not in practiced:
            yield f"promises {one} and has no prediction, exercise or trap about it (its points=)."


def _clean(nb: Any) -> Iterator[str]:
    for number, cell in enumerate(nb.cells, 1):
        for output in cell.get("outputs", []):
            text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                yield f"cell {number}: ends in an error without the tag raises-exception."
            if output.output_type == "stream" and output.name == "stderr":
                yield f"cell {number}: writes to stderr."
            if re.search(r"\bat 0x[0-9a-f]{6,}", text):
                yield f"cell {number}: shows a memory address, which differs run by run."
        if cell.cell_type == "code" and re.search(
            r"^\s*%%?(?!%?insights )\w|^\s*with out\b", cell.source, flags=re.MULTILINE
        ):
            yield f"cell {number}: uses a magic or `with out:`."


def _parts(nb: Any, wanted: tuple[str, ...]) -> Iterator[str]:
    at = {part: [n for n, c in enumerate(nb.cells) if part in tags(c)] for part in wanted}
    for part in wanted:
        if not at[part]:
            yield f"has no cell tagged {part!r}."
    there = [at[part][0] for part in wanted if at[part]]
    if there != sorted(there):
        yield f"has its parts out of order; they go {', '.join(wanted)}."


def _loops(nb: Any, topic: Topic) -> Iterator[str]:
    starts = [n for n, c in enumerate(nb.cells) if "loop" in tags(c)]
    ends = [n for n, c in enumerate(nb.cells) if "break" in tags(c)] or [len(nb.cells)]
    most = _room(LOOPS[1], topic)
    if not LOOPS[0] <= len(starts) <= most:
        yield f"has {len(starts)} loops; a lab of {topic.minutes} minutes has {LOOPS[0]} to {most}."
    for start, end in zip(starts, [*starts[1:], ends[0]], strict=True):
        code = "\n".join(c.source for c in nb.cells[start:end] if c.cell_type == "code")
        asked, shown = (
            re.findall(r'lab\.predict\("(\w+)"', code),
            re.findall(r'lab\.reveal\(\s*"(\w+)"', code),
        )
        if not asked or not set(asked) <= set(shown):
            yield f"the loop at cell {start + 1} must predict, and reveal what it asked (asks {asked}, reveals {shown})."


def _record(topic: Topic) -> Iterator[str]:
    for what, count, (low, high) in (
        ("exercises", len(topic.exercises), (3, 5 if topic.minutes <= 2 * MINUTES else 7)),
        ("traps", len(topic.traps), (3, 5)),
        ("abilities", len(topic.abilities), (3, 3)),
        ("recap sentences", len(topic.recap), (5, 5)),
    ):
        if not low <= count <= high:
            yield f"topic has {count} {what}; it takes {low} to {high}."
    if topic.opening is None:
        yield "topic has no opening question."
    for exercise in topic.exercises:
        if len(exercise.hints) != 3:
            yield f"{exercise.id} has {len(exercise.hints)} hints; it takes 3."
        if not exercise.mistakes:
            yield f"{exercise.id} knows no mistake."
    for trap in topic.traps:
        if sum(o.right for o in trap.options.values()) != 1:
            yield f"{trap.id} must have exactly one right option."
        if not all(o.feedback for o in trap.options.values()):
            yield f"{trap.id} must answer every option."
