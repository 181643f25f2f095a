"""What nobody should be able to do to a pattern: no expression is slow, no text breaks anything, and nothing grows without end."""

import json

import pytest

from cwlab.services.logs.pattern import compiled, explain
from cwlab.services.logs.pattern.errors import PatternError
from cwlab.services.logs.pattern.lines import cut, texts
from cwlab.services.logs.pattern.parse import MAX_PLACES, regex
from cwlab.services.logs.pattern.regex import KEPT

LONG = 262_000  # the bytes of the largest event


HEAVY = {
    "stars": "a*" * 200 + "b",
    "options": "a?" * 300 + "a{300}b",
    "anything": ".*.*.*.*.*.*b$",
    "classes": "^" + "[a-z]*" * 100 + "0",
    "counts": "a{0,2000}a{0,2000}b",
}


@pytest.mark.parametrize("name", HEAVY)
def test_expressions_that_keep_others_for_ever_take_one_pass(name):
    assert regex(HEAVY[name]).search("a" * LONG + "!") is False


def test_an_expression_with_a_million_states_keeps_a_few():
    found = regex("[ab]*a[ab]{24}c")
    text = "".join("ab"[(n * n // 7 + n // 3) % 2] for n in range(20_000))
    assert found.search(text) is False
    assert len(found._forward._states) <= KEPT
    assert found.search(text + "a" + "b" * 24 + "c")


def test_places_are_found_in_one_pass_too():
    assert regex("a*a*a*b").span("a" * 50_000 + "b") == (0, 50_001)
    assert explain("%a*a*a*b%", "a" * 50_000).matched is False


def test_counts_are_bounded():
    assert regex("a{4096}").search("a" * 4096)
    for text in ("a{4097}", "a{99999999999}", "[ab]{3000}|c{3000}"):
        with pytest.raises(PatternError, match="Invalid character"):
            regex(text)
    assert MAX_PLACES == 4096


@pytest.mark.parametrize(
    "line",
    ["[ " * 100_000, '" ' * 100_000, '"a' * 100_000, "[a]x " * 50_000 + "]y", '[ " ' * 50_000],
    ids=range(5),
)
def test_a_line_full_of_opening_signs_is_cut_in_one_pass(line):
    tokens = cut(line)
    assert texts(line) == [line[token.at : token.end] for token in tokens]
    assert all(token.start <= token.at <= token.end for token in tokens)


@pytest.mark.parametrize(
    "line", ['"a b" c', '"" x', "[a b] [c]", '"a"b', "[a]:", '"open', "[", '"', '[a "b]" c]']
)
def test_both_ways_to_cut_a_line_agree(line):
    assert texts(line) == [line[token.at : token.end] for token in cut(line)]


NASTY = [
    "\x00",
    "a\x00b",
    "\x1b[31mred\x1b[0m",
    "😀 ok 👩‍👩‍👧",
    "\u202eright to left",
    "<script>alert(1)</script>",
    "line one\nline two\r\n",
    "\ufeffbom",
    "é" * 1000,
    "",
]


@pytest.mark.parametrize("message", NASTY, ids=range(len(NASTY)))
def test_any_text_can_be_looked_through_and_looked_for(message):
    for pattern in (
        "%.%",
        "%^.*$%",
        "[a, ...]",
        "[]",
        '{ $.a = "x" }',
        "-zz",
        '"\x1b[31m"',
        '"😀"',
        '"<script>"',
        '"\x00"',
    ):
        found = compiled(pattern)
        told = explain(pattern, message)
        assert told.matched == found.matches(message) == (found.match(message) is not None)
    document = json.dumps({"a": message})
    assert compiled("{ $.a = * }").match(document) == {"$.a": message}
    quoted = json.dumps({"a": message}, ensure_ascii=False)
    if message and '"' not in message and not message.startswith("*") and "\\" not in message:
        assert compiled('{ $.a = "' + message[:900] + '*" }').matches(quoted)


def test_documents_that_are_too_much():
    for message in (
        "[" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1}{',
        "{",
    ):
        assert not compiled("{ $.a != 5 || $.b NOT EXISTS }").matches(message)
        assert not explain("{ $.a != 5 || $.b NOT EXISTS }", message).matched
    huge = '{"a": ' + "9" * 5000 + "}"
    assert compiled("{ $.a > 5 }").matches(huge) and explain("{ $.a > 5 }", huge).matched


def test_a_pattern_as_deep_as_it_can_be():
    depth = 500
    text = "{" + "(" * depth + "$.a=1" + ")" * depth + "}"
    assert compiled(text).matches('{"a": 1}')


def test_one_text_is_compiled_once():
    assert compiled("ERROR once") is compiled("ERROR once")
