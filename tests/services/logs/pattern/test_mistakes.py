"""Patterns that are refused, in tests/oracles/logs/pattern_mistakes.txt: the place, AWS's words, the mistake by its name."""

from pathlib import Path

import pytest

from cwlab.naming import Mistake
from cwlab.services.logs.pattern import explain
from cwlab.services.logs.pattern import mistakes as named
from cwlab.services.logs.pattern.errors import PatternError
from cwlab.services.logs.pattern.parse import parse

TEXT = (Path(__file__).parents[3] / "oracles" / "logs" / "pattern_mistakes.txt").read_text(encoding="utf-8")
ROWS = [line.split(" ¦ ") for line in TEXT.splitlines() if line and not line.startswith("#")]
SAID = {"filter": "Invalid filter pattern", "term": "Invalid character(s) in term '"}


@pytest.mark.parametrize(("pattern", "at", "kind", "name"), ROWS, ids=[row[0] for row in ROWS])
def test_a_mistake_is_named_at_its_place(pattern, at, kind, name):
    with pytest.raises(PatternError) as caught:
        parse(pattern)
    error = caught.value
    assert (error.at, error.mistake.name) == (int(at), name)
    assert error.code == "InvalidParameterException" and error.message.startswith(SAID[kind])
    line, caret = error.pointer().splitlines()
    assert line == pattern and caret.index("^") == error.at and str(error.mistake) in caret
    assert error.__notes__ == [error.pointer()]
    told = explain(pattern, "a line")
    assert (told.mistake, told.at, told.refusal, told.matched) == (
        error.mistake,
        error.at,
        error.message,
        False,
    )


def test_every_name_of_a_mistake_comes_up():
    of_examples = {name for table in (named.TEXT, named.JSON, named.SPACE, named.REGEX) for name in table}
    alone = {each for each in vars(named).values() if isinstance(each, Mistake)}
    missing = {each.name for each in of_examples | alone} - {row[3] for row in ROWS}
    assert missing == {"this cannot stand here", "a pattern of more than 1,024 characters"}


def test_a_pattern_that_is_too_long_is_shown_by_its_beginning():
    with pytest.raises(PatternError, match="Invalid filter pattern") as caught:
        parse("x" * 1025)
    assert len(caught.value.pointer().splitlines()[0]) < 70
    assert explain("x" * 1025, "x").pointer().startswith("x" * 60)
