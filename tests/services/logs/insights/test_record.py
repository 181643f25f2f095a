"""The fields of one event are those that a query finds in it."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cwlab.services.logs.insights.record import fields
from tests.services.logs.insights.asking import Event, ask

NUMBERS = [
    "0",
    "-0",
    "1",
    "1.0",
    "1.50",
    "-2.5",
    "1e2",
    "1E5",
    "1e16",
    "1.5e22",
    "1e-5",
    "1.0e-7",
    "12e-9",
    "1e400",
]
NUMBERS += ["123456789.125", "12345678901234567890123", "100.0", "0.1"]
TEXTS = ["", "x", "1.50", "null", "é😀", 'q"\\/', "\t", "[1]"]
NAMES = ["a", "b", "@c", "x-y", "0"]


def document(dice: Random, depth: int = 3) -> str:
    """A JSON object as text, with numbers written in every way, now and then a name twice."""

    def one(depth: int) -> str:
        match dice.choice(["number", "number", "text", "word"] + ["list", "map"] * (depth > 0)):
            case "number":
                return dice.choice(NUMBERS)
            case "text":
                return json.dumps(dice.choice(TEXTS), ensure_ascii=dice.random() < 0.5)
            case "word":
                return dice.choice(["true", "false", "null"])
            case "list":
                return "[" + ",".join(one(depth - 1) for _ in range(dice.randrange(3))) + "]"
        return document(dice, depth - 1)

    pairs = [f"{json.dumps(dice.choice(NAMES))}: {one(depth)}" for _ in range(dice.randrange(4))]
    return "{" + ", ".join(pairs) + "}"


def quoted(name: str) -> str:
    return "`" + name.replace(".", "`.`") + "`"


@settings(max_examples=25, phases=[Phase.generate])
@given(st.integers(0, 2**32))
def test_a_record_has_what_queries_find(seed):
    message = document(Random(seed))
    found = {name: value for name, value in fields(message).items() if not name.startswith("@@")}
    if not found:
        return
    names = list(found)
    text = "fields " + ", ".join(f"{quoted(name)} as v{n}" for n, name in enumerate(names))
    (row,) = ask(text, [Event(0, message)])
    seen: dict[str, Any] = {name: row.get(f"v{n}") for n, name in enumerate(names)}
    assert seen == found, message


@pytest.mark.parametrize("typed", NUMBERS)
def test_numbers_are_written_alike(typed):
    message = f'{{"a": {typed}}}'
    assert [fields(message)] == ask("fields a", [Event(0, message)])


def test_of_a_name_twice_the_first_counts():
    message = '{"a": 1, "a": 2, "b": {"c": 3, "c": 4}}'
    assert fields(message) == {"a": "1", "b.c": "3"}
    assert ask("fields a, b.c", [Event(0, message)]) == [{"a": "1", "b.c": "3"}]
