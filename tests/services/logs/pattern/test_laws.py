"""Random patterns over random lines: the package agrees with a slow matcher that shares nothing with it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab.services.logs.chunk import build
from cwlab.services.logs.pattern import compiled, explain
from cwlab.services.logs.pattern.errors import PatternError
from cwlab.services.logs.pattern.parse import regex
from tests.services.logs.pattern import slow

MANY = settings(max_examples=100)
MESSAGES = st.text(st.sampled_from('abcAB01_ :[]"\\-/().é😀\x00\x1b\n'), max_size=16)


@MANY
@given(slow.expressions(), MESSAGES)
def test_a_regular_expression_means_what_python_means_by_it(expression, message):
    assert regex(expression).search(message) == slow.found(slow.python(expression), message)


@MANY
@given(slow.expressions(), MESSAGES)
def test_where_an_expression_is_found_it_is_found(expression, message):
    span = regex(expression).span(message)
    assert (span is not None) == regex(expression).search(message)
    if span is not None:
        at, end = span
        inner = message[at:end]
        held = "|".join(
            f"^{each.removeprefix('^').removesuffix('$')}$" for each in slow.split(slow.python(expression))
        )
        assert slow.found(held, inner)
        anchored = regex(expression.replace("^", "")).span(message[:at])
        assert anchored is None or anchored[1] == at or "$" in expression or "^" in expression


@MANY
@given(slow.term_lists(), MESSAGES)
def test_a_text_pattern(terms, message):
    assert compiled(slow.text_pattern(terms)).matches(message) == slow.text_matches(terms, message)


@MANY
@given(slow.conditions(), slow.DOCUMENTS)
def test_a_json_pattern(condition, document):
    text = "{ " + slow.condition_pattern(condition) + " }"
    try:
        pattern = compiled(text)
    except PatternError as error:
        assert error.mistake.name.startswith(("more than two regular", "more than three wildcards"))
        return
    for message in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=1)):
        assert pattern.matches(message) == slow.json_matches(condition, document)
        assert not pattern.matches(message + " x")


@MANY
@given(slow.entries(), slow.LINES)
def test_a_space_delimited_pattern(entries, line):
    text = slow.space_pattern(entries)
    try:
        pattern = compiled(text)
    except PatternError as error:
        assert error.mistake.name.startswith("more than two regular")
        return
    assert pattern.match(line) == slow.space_extracts(entries, line)


PATTERNS = st.one_of(
    slow.term_lists().map(slow.text_pattern),
    slow.conditions().map(lambda node: "{" + slow.condition_pattern(node) + "}"),
    slow.entries().map(slow.space_pattern),
)
STORED = st.one_of(MESSAGES, slow.LINES, slow.DOCUMENTS.map(json.dumps))


@MANY
@given(PATTERNS, st.lists(STORED, min_size=1, max_size=6), st.data())
def test_rows_of_a_chunk_are_the_messages_that_match_one_by_one(text, messages, data):
    try:
        pattern = compiled(text)
    except PatternError:
        return
    chunk = build(
        list(range(len(messages))), 9, list(range(len(messages))), [each.encode() for each in messages]
    )
    first = data.draw(st.integers(0, len(messages)))
    last = data.draw(st.integers(first, len(messages)))
    wanted = [n for n in range(first, last) if pattern.matches(messages[n])]
    assert pattern.rows(chunk, first, last).tolist() == wanted


@MANY
@given(PATTERNS, STORED)
def test_an_explanation_agrees_with_the_match(text, message):
    told = explain(text, message)
    try:
        pattern = compiled(text)
    except PatternError as error:
        assert told.mistake == error.mistake and not told.matched and told.pointer() == error.pointer()
        return
    assert told.matched == pattern.matches(message) and told.mode == pattern.mode
    for part in told.parts:
        assert text[part.at : part.end] == part.text
        assert all(0 <= at <= end <= len(message) for at, end in part.spans)
    extracted = pattern.match(message)
    if extracted is not None and told.mode != "text":
        assert {field.name: field.value for field in told.fields} == extracted
    for field in told.fields:
        if told.mode == "space":
            assert message[field.span[0] : field.span[1]] == field.value
        else:
            shown = json.loads(message[field.span[0] : field.span[1]])
            assert field.value == (shown if isinstance(shown, str) else json.dumps(shown))
    if told.mode == "text" and told.parts:
        counting = [part for part in told.parts if part.counts]
        optional = all(part.text.startswith("?") for part in counting)
        assert told.matched == (any if optional and counting else all)(part.holds for part in counting)


@given(st.text(max_size=30))
def test_any_text_at_all_is_a_pattern_or_a_named_mistake(text):
    try:
        compiled(text)
    except PatternError as error:
        assert error.code == "InvalidParameterException"
        assert error.mistake.name and error.mistake.remedy
        assert 0 <= error.at <= len(text)


@MANY
@given(st.text(st.sampled_from('{}[]()$.*%"=!<>&|,?- ab1\\^IS NOTEXISTNULL'), max_size=24))
def test_any_heap_of_signs_is_a_pattern_or_a_named_mistake(text):
    for pattern in (text, "{" + text + "}", "[" + text + "]", "%" + text + "%", "{ $.a " + text + "}"):
        try:
            compiled(pattern).matches("a b 1")
        except PatternError as error:
            assert 0 <= error.at <= len(pattern)
