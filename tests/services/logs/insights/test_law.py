"""Random pipelines over random events agree with a slow evaluator over plain dictionaries."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.engine import Source, run
from cwlab.services.logs.insights.parse import parse
from tests.services.logs.insights import slow

FIELDS = ["a", "b.c", "d"]
VALUES = st.sampled_from(
    [
        "",
        "x",
        "X",
        "x=1;2",
        "0",
        "1",
        "01",
        "1.0",
        "2",
        "10",
        "-3",
        "2.5",
        "1e2",
        "a9",
        "a10",
        "9a",
        "é",
        "it's",
        "[1]",
        "true",
    ]
)
NUMBERS = st.sampled_from([0, 1, 2, 10, -3, 2.5, 404])
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES | NUMBERS | st.none(),
        "b": st.fixed_dictionaries({}, optional={"c": VALUES | NUMBERS}),
        "d": VALUES | st.booleans(),
        "e": st.just({"f": [1]}),
    },
)
EVENTS = st.lists(st.tuples(st.integers(0, 3), DOCUMENTS | st.sampled_from(["plain", "{broken"])), max_size=9)
FIELD = st.sampled_from(FIELDS)
SIGNS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
WORDS = st.sampled_from(["x", "10", "01", "2", "a9", "", "é", "-3"])
MIDDLE = st.one_of(
    st.tuples(st.just("fields"), FIELD),
    st.tuples(st.just("filter"), FIELD, SIGNS, WORDS, st.booleans()),
    st.tuples(st.just("like"), FIELD, st.sampled_from(["x", "1", "=", ""]), st.booleans()),
    st.tuples(st.just("add"), st.sampled_from(["n", "a"]), FIELD, FIELD),
    st.tuples(st.just("sort"), FIELD, st.booleans()),
    st.tuples(st.just("limit"), st.integers(1, 4)),
    st.tuples(
        st.just("parse"),
        FIELD,
        st.sampled_from(["x", "x=", "a"]),
        st.sampled_from(["=", ";", "1"]),
        st.just(["p", "q"]),
    ),
)
AGGREGATE = st.tuples(st.sampled_from(["count", "count_distinct", "sum", "avg", "min", "max"]), FIELD)
LAST = st.one_of(
    st.tuples(st.just("fields"), FIELD),
    st.tuples(st.just("dedup"), FIELD),
    st.tuples(
        st.just("stats"),
        st.lists(FIELD, unique=True, max_size=2),
        st.lists(AGGREGATE, unique=True, min_size=1, max_size=3),
    ),
)
PIPELINES = st.tuples(st.lists(MIDDLE, max_size=4), LAST).map(lambda parts: [*parts[0], parts[1]])


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(command: tuple[Any, ...]) -> str:
    name, *given = command
    match name:
        case "filter":
            field, sign, value, negated = given
            condition = f"{field} {sign} {quoted(value)}"
            return f"filter not ({condition})" if negated else f"filter {condition}"
        case "like":
            field, part, negated = given
            return f"filter {field} {'not ' if negated else ''}like {quoted(part)}"
        case "add":
            alias, a, b = given
            return f"fields {a} + {b} as {alias}"
        case "sort":
            return f"sort {given[0]} {'desc' if given[1] else 'asc'}"
        case "parse":
            field, before, between, aliases = given
            return f"parse {field} {quoted(f'{before}*{between}*')} as {', '.join(aliases)}"
        case "stats":
            keys, values = given
            by = f" by {', '.join(keys)}" if keys else ""
            return "stats " + ", ".join(f"{kind}({field})" for kind, field in values) + by
    return f"{name} {', '.join(map(str, given))}"


def plain(document: Any) -> dict[str, str]:
    """A document's fields as text."""
    if isinstance(document, str):
        return {}
    found = {"a": document.get("a"), "b.c": document.get("b", {}).get("c"), "d": document.get("d")}
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in found.items() if v is not None}


@given(EVENTS, PIPELINES)
def test_a_pipeline_gives_what_the_slow_evaluator_gives(events, commands):
    events = sorted(events, key=lambda pair: pair[0])
    texts = [document if isinstance(document, str) else json.dumps(document) for _, document in events]
    chunk = build(
        [stamp for stamp, _ in events] or [0],
        0,
        range(max(len(events), 1)),
        [t.encode() for t in texts] or [b""],
    )
    query = " | ".join(map(written, commands))
    plan = compiled(parse(query), 0)
    answer = run(plan, [Source("1:/g", "s", chunk, 0, len(events))] if events else [])
    names = [column.name for column in plan.columns]
    rows = [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in answer.rows]
    events_as_rows = [
        {0: stamp, 1: place, **plain(document)} for place, (stamp, document) in enumerate(events)
    ]
    wanted = slow.run(commands, events_as_rows)
    if not any(command[0] in ("fields", "add", "stats") for command in commands):
        wanted, rows = [{} for _ in wanted], [{} for _ in rows]  # @timestamp and @message, which others test
    assert rows == wanted, query
