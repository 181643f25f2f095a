"""The worked examples of the documentation, one row each, in tests/oracles/logs/patterns.txt."""

import json
import re
from pathlib import Path

import pytest

from cwlab.services.logs.chunk import build
from cwlab.services.logs.pattern import compiled

TEXT = (Path(__file__).parents[3] / "oracles" / "logs" / "patterns.txt").read_text(encoding="utf-8")
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
NAMED = dict(line.split(": ", 1) for line in LINES if re.match(r"\w+: ", line) and " ¦ " not in line)
CELLS = [line.split(" ¦ ") for line in LINES if " ¦ " in line]
ROWS = [
    (int(n), "" if p == "(empty)" else p, NAMED.get(m, m), match == "yes")
    for n, p, m, match, _ in (cells for cells in CELLS if len(cells) == 5)
]
EXTRACTED = [(p, NAMED.get(m, m), json.loads(v)) for p, m, v in (cells for cells in CELLS if len(cells) == 3)]


@pytest.mark.syllabus("L17")
def test_every_row_is_here():
    assert [row[0] for row in ROWS] == list(range(1, 110))


@pytest.mark.syllabus("L17")
@pytest.mark.parametrize(("number", "pattern", "message", "matches"), ROWS, ids=[str(row[0]) for row in ROWS])
def test_a_worked_example(number, pattern, message, matches):
    assert (compiled(pattern).match(message) is not None) == matches
    assert compiled(pattern).matches(message) == matches


@pytest.mark.parametrize(("number", "pattern", "message", "matches"), ROWS, ids=[str(row[0]) for row in ROWS])
def test_the_same_among_stored_events(number, pattern, message, matches):
    texts = ["", message, "other", message]
    chunk = build([1, 2, 3, 4], 4, [1, 2, 3, 4], [text.encode() for text in texts])
    wanted = [n for n, text in enumerate(texts) if compiled(pattern).matches(text)]
    assert compiled(pattern).rows(chunk, 0, 4).tolist() == wanted
    assert (1 in wanted) == matches
    assert compiled(pattern).rows(chunk, 1, 2).tolist() == ([1] if matches else [])


@pytest.mark.parametrize(("pattern", "message", "values"), EXTRACTED)
def test_what_is_extracted(pattern, message, values):
    assert compiled(pattern).match(message) == values
