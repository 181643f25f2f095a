"""Text to nodes: once, at any depth, and every refusal has a place and a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.math import MathError, parse
from cwlab.services.cloudwatch.math import nodes as n
from cwlab.services.cloudwatch.math.mistakes import BY_EXAMPLE, OTHER


def test_an_expression_becomes_data():
    assert parse("-m1 * FILL(m2, REPEAT)") == n.Operation(
        4,
        22,
        "*",
        n.Negative(0, 3, n.Reference(1, 3, "m1")),
        n.Call(6, 22, "FILL", (n.Reference(11, 13, "m2"), n.Word(15, 21, "REPEAT"))),
    )
    assert parse("[m1,'a']") == n.Array(0, 8, (n.Reference(1, 3, "m1"), n.Text(4, 7, "a")))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("m1+m2", " m1\n+\tm2 "),
        ("m1 && m2 || m3", "m1 AND m2 OR m3"),
        ("((m1))", "m1"),
        ("SUM([m1,m2])", "SUM( [ m1 , m2 ] )"),
        ("METRICS('a')", 'METRICS("a")'),
    ],
)
def test_spelling_does_not_matter(text, same):
    assert shape(parse(text)) == shape(parse(same))


def shape(node):
    """A node without places."""
    own = [getattr(node, name) for name in ("value", "id", "name", "operator") if hasattr(node, name)]
    return type(node).__name__, own, [shape(child) for child in n.children(node)]


def test_the_same_text_is_parsed_once():
    assert parse("m1 + 41") is parse("m1 + 41")


@pytest.mark.parametrize("text", ["-" * 2046 + "m1", "(" * 1023 + "m1" + ")" * 1023, "+".join(["m1"] * 682)])
def test_depth_is_no_matter(text, compute, column):
    (found,) = compute(text, {"m1": [1.0]})
    assert column(found, 1) == [682.0 if "+" in text else 1.0]


@pytest.mark.parametrize("mistake", BY_EXAMPLE, ids=lambda mistake: mistake.name)
def test_every_example_of_a_mistake_earns_that_name(mistake):
    for example in BY_EXAMPLE[mistake]:
        with pytest.raises(MathError) as caught:
            parse(example)
        assert caught.value.mistake == mistake or "= " in example, example


WORDS = [
    "m1",
    "m2",
    "2",
    "0.5",
    "SUM",
    "AVG",
    "+",
    "-",
    "*",
    "/",
    "^",
    "<",
    "==",
    "AND",
    "OR",
    "&&",
    "(",
    ")",
    "[",
    "]",
]
WORDS += [",", "'a'", "METRICS()", "FILL(m1, REPEAT)", "=", "%", "'", "NOT", "é", "SUM("]


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_whatever_is_refused_has_a_place_and_a_name(words):
    text = " ".join(words)
    try:
        parse(text)
    except MathError as error:
        assert error.reason == "Invalid syntax"
        assert 1 <= error.column <= len(text) + 1
        assert error.mistake != OTHER
        assert error.pointer().splitlines()[-1].startswith(" " * (error.column - 1) + "^ ")


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text):
    try:
        parse(text)
    except MathError as error:
        assert error.column <= len(text) + 1
