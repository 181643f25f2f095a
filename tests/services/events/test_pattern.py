"""The pattern language: tables as published, and laws over any pattern and event."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab.services.events.jsontext import Number, read, write
from cwlab.services.events.matching import explain, fields_of, matches
from cwlab.services.events.operators import PatternError
from cwlab.services.events.pattern import compile_pattern

ORACLES = Path(__file__).parents[2] / "oracles" / "events"


def rows(name: str, columns: int) -> list[list[str]]:
    lines = (ORACLES / name).read_text("utf-8").splitlines()
    kept = [line for line in lines if line.strip() and not line.startswith("#")]
    parts = [line.split(" | ", columns - 1) for line in kept]
    assert all(len(each) == columns for each in parts)
    return [[each.strip() for each in row] for row in parts]


def answer(pattern: str, event: str) -> bool:
    return matches(compile_pattern(pattern), fields_of(read(event)))


@pytest.mark.parametrize(("leaves", "event", "expected"), rows("patterns.txt", 3))
def test_what_a_field_matches(leaves, event, expected):
    pattern = f'{{"a": {leaves}}}'
    assert answer(pattern, event) is (expected == "yes")
    explained = explain(compile_pattern(pattern), read(event))
    assert explained.matched is explained.parts[0].matched is (expected == "yes")


@pytest.mark.parametrize(("pattern", "event", "expected"), rows("whole_patterns.txt", 3))
def test_what_a_pattern_matches(pattern, event, expected):
    assert answer(pattern, event) is (expected == "yes")
    assert explain(compile_pattern(pattern), read(event)).matched is (expected == "yes")


@pytest.mark.parametrize(("pattern", "reason"), rows("refused_patterns.txt", 2))
def test_what_is_refused_and_why(pattern, reason):
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert caught.value.reason == reason


def test_or_makes_at_most_a_thousand_combinations():
    three = [{"x": [n]} for n in range(10)]
    good = {"a": {"$or": three}, "b": {"$or": three}, "c": {"$or": three}}
    assert len(compile_pattern(json.dumps(good)).branches) == 1000
    bad = {**good, "d": {"$or": three[:2]}}
    with pytest.raises(PatternError, match="1000"):
        compile_pattern(json.dumps(bad))


def test_a_pattern_of_many_stars_is_answered_at_once():
    pattern = json.dumps({"a": [{"wildcard": "*a" * 60 + "*b"}]})
    assert not answer(pattern, json.dumps({"a": "a" * 100_000}))


def test_an_explanation_names_what_did_not_match():
    pattern = compile_pattern(
        '{"source": ["aws.ec2"], "detail": {"state": ["stopped"], "on": [{"exists": true}]}}'
    )
    found = explain(pattern, read('{"source": "aws.ec2", "detail": {"state": "running"}}'))
    assert found.why == (
        'detail.on asks for {"exists":true}, but the event has nothing there. '
        'detail.state asks for "stopped", but the event has "running".'
    )
    apart = compile_pattern('{"u": {"n": ["ana"], "r": [1]}}')
    assert "same element" in explain(apart, read('{"u": [{"n": "ana"}, {"r": 1}]}')).why
    branches = compile_pattern('{"$or": [{"a": [1], "b": [1]}, {"a": [2], "c": [1]}]}')
    assert "closest" in explain(branches, read('{"a": 2}')).why
    assert "an object there" in explain(compile_pattern('{"d": [1]}'), read('{"d": {"e": 1}}')).why


# Laws -----------------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["", "a", "b", "ab", "aab", "bab", "A", "a*b", "10.0.0.7", "10.0.0.9"])
NUMBERS = st.sampled_from(["0", "1", "1.0", "2", "-3", "2.5", "10e0", "9000000000"]).map(Number)
VALUES = st.one_of(WORDS, NUMBERS, st.none(), st.booleans())
NAMES = st.sampled_from(["a", "b", "c"])
EVENTS = st.dictionaries(
    NAMES,
    st.recursive(
        VALUES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=3,
)
TEXTS = st.sampled_from(["a", "b", "ab", "A"])
GLOBS = (
    st.lists(st.sampled_from(["a", "b", "\\*", "ab"]), max_size=3)
    .flatmap(lambda parts: st.sampled_from(["*".join(parts), "*" + "*".join(parts), "*".join(parts) + "*"]))
    .filter(lambda text: "**" not in text)
)
SMALL = st.sampled_from(["0", "1", "2.5"]).map(Number)
OPERATORS = st.one_of(
    st.builds(lambda k, v: {k: v}, st.sampled_from(["prefix", "suffix", "equals-ignore-case"]), TEXTS),
    st.builds(lambda k, v: {k: {"equals-ignore-case": v}}, st.sampled_from(["prefix", "suffix"]), TEXTS),
    st.builds(lambda v: {"wildcard": v}, GLOBS),
    st.builds(lambda o, v: {"numeric": [o, v]}, st.sampled_from(["=", "<", "<=", ">", ">="]), SMALL),
    st.builds(
        lambda lo, hi: {"numeric": [lo, Number("0"), hi, Number("2")]},
        st.sampled_from([">", ">="]),
        st.sampled_from(["<", "<="]),
    ),
    st.builds(lambda v: {"anything-but": v}, TEXTS | SMALL | st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(
        lambda k, v: {"anything-but": {k: v}},
        st.sampled_from(["prefix", "suffix", "equals-ignore-case", "wildcard"]),
        TEXTS | st.lists(TEXTS, min_size=1, max_size=2),
    ),
    st.builds(lambda v: {"exists": v}, st.booleans()),
    st.just({"cidr": "10.0.0.0/29"}),
)
LEAVES = st.lists(VALUES | OPERATORS, min_size=1, max_size=3)
PATTERNS = st.recursive(
    st.dictionaries(NAMES, LEAVES, min_size=1, max_size=3),
    lambda inner: st.one_of(
        st.dictionaries(NAMES, LEAVES | inner, min_size=1, max_size=3),
        st.builds(
            lambda both, more: {**more, "$or": both},
            st.lists(inner, min_size=2, max_size=2),
            st.dictionaries(NAMES, LEAVES, max_size=1),
        ),
    ),
    max_leaves=4,
)


def slow_match(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """The same question by brute force: every choice of a branch, and of a value for each field."""
    return any(_slow_branch(branch, _slow_fields(event, "", {})) for branch in _slow_branches(pattern, ""))


def _slow_branches(pattern: dict[str, Any], path: str) -> list[dict[str, list[Any]]]:
    """Each way to take one member of every $or."""
    ways: list[dict[str, list[Any]]] = [{}]
    for key, value in pattern.items():
        if key == "$or":
            more = [way for each in value for way in _slow_branches(each, path)]
        elif isinstance(value, dict):
            more = _slow_branches(value, path + key + ".")
        else:
            more = [{path + key: value}]
        ways = [{**one, **other} for one, other in itertools.product(ways, more)]
    return ways


def _slow_fields(
    value: Any, path: str, chosen: dict[str, int], where: str = ""
) -> list[tuple[str, Any, dict]]:
    if isinstance(value, dict):
        return [
            found
            for key, each in value.items()
            for found in _slow_fields(each, f"{path}.{key}" if path else key, chosen, f"{where}/{key}")
        ]
    if isinstance(value, list):
        return [
            found
            for n, each in enumerate(value)
            for found in _slow_fields(each, path, {**chosen, where: n}, f"{where}/{n}")
        ]
    return [(path, value, chosen)]


def _slow_branch(branch: dict[str, list[Any]], fields: list[tuple[str, Any, dict]]) -> bool:
    names = sorted(branch)
    options = [[f for f in fields if f[0] == name] + [None] for name in names]
    for choice in itertools.product(*options):
        chosen: dict[str, int] = {}
        for name, field in zip(names, choice, strict=True):
            if field is None:
                near = [f for f in fields if f[0] == name and _slow_agree(chosen, f[2])]
                if near or {"exists": False} not in branch[name]:
                    break
            else:
                if not _slow_agree(chosen, field[2]):
                    break
                if not any(_slow_leaf(leaf, field[1]) for leaf in branch[name]):
                    break
                chosen |= field[2]
        else:
            return True
    return False


def _slow_agree(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(one[key] == other[key] for key in one.keys() & other.keys())


def _slow_leaf(leaf: Any, value: Any) -> bool:
    if not isinstance(leaf, dict):
        return type(leaf) is type(value) and leaf == value
    ((kind, wanted),) = leaf.items()
    text = value if isinstance(value, str) else None
    number = float(value.text) if isinstance(value, Number) and abs(float(value.text)) <= 5e9 else None
    if kind == "exists":
        return wanted
    if kind == "anything-but":
        if isinstance(wanted, dict):
            ((inner, listed),) = wanted.items()
            return not any(
                _slow_leaf({inner: each}, value)
                for each in (listed if isinstance(listed, list) else [listed])
            )
        listed = wanted if isinstance(wanted, list) else [wanted]
        return not any(
            _slow_leaf({"numeric": ["=", each]} if isinstance(each, Number) else each, value)
            for each in listed
        )
    if kind == "numeric":
        tests = {
            "=": lambda x, y: x == y,
            "<": lambda x, y: x < y,
            "<=": lambda x, y: x <= y,
            ">": lambda x, y: x > y,
            ">=": lambda x, y: x >= y,
        }
        pairs = zip(wanted[::2], wanted[1::2], strict=True)
        return number is not None and all(tests[op](number, float(bound.text)) for op, bound in pairs)
    if text is None:
        return False
    if kind == "cidr":
        return text == "10.0.0.7"
    if isinstance(wanted, dict):
        return _slow_leaf({kind: wanted["equals-ignore-case"].lower()}, text.lower())
    if kind == "wildcard":
        return _slow_glob(wanted, text)
    tests = {
        "prefix": text[: len(wanted)] == wanted,
        "suffix": len(text) >= len(wanted) and text[len(text) - len(wanted) :] == wanted,
        "equals-ignore-case": text.casefold() == wanted.casefold(),
    }
    return tests[kind]


def _slow_glob(glob: str, text: str) -> bool:
    if not glob:
        return not text
    if glob[0] == "*":
        return any(_slow_glob(glob[1:], text[n:]) for n in range(len(text) + 1))
    plain, rest = (glob[1], glob[2:]) if glob[0] == "\\" else (glob[0], glob[1:])
    return text[:1] == plain and _slow_glob(rest, text[1:])


@settings(max_examples=400)
@given(PATTERNS, EVENTS)
def test_the_matcher_agrees_with_brute_force(pattern, event):
    text = write(pattern)
    assert answer(text, write(event)) is slow_match(read(text), event)


@given(PATTERNS, EVENTS)
def test_an_explanation_agrees_with_the_match(pattern, event):
    compiled = compile_pattern(write(pattern))
    found = explain(compiled, event)
    assert found.matched is matches(compiled, fields_of(event))
    assert found.why
    if found.matched:
        assert all(part.matched for part in found.parts)


@given(EVENTS)
def test_json_is_written_as_it_was_read(event):
    assert read(write(event)) == event
    assert json.loads(write(event)) is not None


@given(
    st.text(max_size=80) | PATTERNS.map(write).flatmap(lambda t: st.integers(0, len(t)).map(lambda n: t[:n]))
)
def test_a_pattern_compiles_or_is_refused_with_a_reason(text):
    try:
        compile_pattern(text)
    except PatternError as problem:
        assert problem.reason
