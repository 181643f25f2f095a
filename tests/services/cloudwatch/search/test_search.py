"""SEARCH without a lab: tokens against the published tables, and laws of the terms."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.search import SearchError, parse, select
from cwlab.services.cloudwatch.search.select import Key
from cwlab.services.cloudwatch.search.tokens import found, parts, tokens

ORACLES = Path(__file__).parents[3] / "oracles" / "cloudwatch"

NAMES = st.sampled_from(
    [
        "CPUUtilization",
        "CustomCount1",
        "customcount1",
        "Errors",
        "network-errors",
        "SDBFailure",
        "p99",
        "a b",
        'x"y\\z',
    ]
)
KEYS = st.lists(
    st.tuples(
        NAMES,
        NAMES,
        st.dictionaries(NAMES, NAMES, max_size=3).map(lambda pairs: tuple(sorted(pairs.items()))),
    ),
    unique=True,
    max_size=12,
)
TERMS = st.recursive(
    st.sampled_from(
        [
            "count",
            "CustomCount",
            '"Errors"',
            "MetricName=errors",
            'Errors="p99"',
            "Namespace=(cpu OR sdb)",
            "99",
        ]
    ),
    lambda inner: st.one_of(
        inner.map(lambda t: f"(NOT {t})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} AND {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} OR {p[1]})"),
    ),
    max_leaves=4,
)


def chosen(text: str, keys: list[Key]) -> set[Key]:
    return set(select(parse(text), keys, "123456789012"))


def guide() -> tuple[dict[Key, str], list[tuple[str, str]]]:
    """The metrics of the guide's examples by their tags, and each search with what it finds."""
    metrics, found = dict[Key, str](), list[tuple[str, str]]()
    for line in lines("search_guide"):
        if line.startswith("metric "):
            tag, namespace, name, *pairs = [word.replace("_", " ") for word in line.split()[1:]]
            metrics[namespace, name, tuple((n, v) for n, v in (pair.split("=") for pair in pairs))] = tag
        elif line.startswith("="):
            found[-1] = (found[-1][0], line[1:].strip())
        else:
            found.append((line, ""))
    return metrics, found


def lines(name: str = "search_tokens") -> list[str]:
    text = (ORACLES / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("line", lines())
def test_partial_matches(line: str) -> None:
    name, sign, *terms = line.split()
    assert [term for term in terms if found(name, term) is not (sign == "+")] == []


METRICS, EXAMPLES = guide()


@pytest.mark.parametrize(("search", "wanted"), EXAMPLES)
def test_examples_of_the_guide(search: str, wanted: str) -> None:
    assert " ".join(METRICS[key] for key in select(parse(search), METRICS)) == wanted


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("CustomCount1", "customcount1 custom count 1"),
        ("SDBFailure", "sdbfailure sdb failure"),
        ("Project2-trial333", "project2trial333 project 2 trial 333"),
        ("Network-Errors_2", "networkerrors2 network errors 2"),
        ("--", ""),
    ],
)
def test_tokens_of_the_guide(name: str, made: str) -> None:
    assert [token for token in tokens(name) if token] == made.split()


@given(st.text(max_size=30))
def test_a_name_is_found_by_itself_by_each_part_and_by_its_whole_token(text: str) -> None:
    if parts(text):
        assert found(text, text)
        assert all(found(text, part) and found(text, part.lower()) for part in parts(text) if part.isascii())
        assert found(text, "".join(parts(text)))


@given(st.text(max_size=20), KEYS)
def test_a_quoted_name_is_found_letter_by_letter(name: str, keys: list[Key]) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert chosen(f'MetricName="{quoted}"', [*keys, ("n", name, ())]) == {
        key for key in [*keys, ("n", name, ())] if key[1] == name
    }


@given(TERMS, KEYS)
def test_not_finds_the_rest(term: str, keys: list[Key]) -> None:
    assert chosen(term, keys) | chosen(f"NOT {term}", keys) == set(keys)
    assert not chosen(term, keys) & chosen(f"NOT {term}", keys)


@given(TERMS, TERMS, KEYS)
def test_and_narrows_or_widens(a: str, b: str, keys: list[Key]) -> None:
    assert chosen(f"{a} AND {b}", keys) == chosen(f"{a} {b}", keys) == chosen(a, keys) & chosen(b, keys)
    assert chosen(f"{a} OR {b}", keys) == chosen(a, keys) | chosen(b, keys)


@given(TERMS, TERMS, TERMS, KEYS)
def test_and_binds_tighter_than_or(a: str, b: str, c: str, keys: list[Key]) -> None:
    assert chosen(f"{a} OR {b} AND {c}", keys) == chosen(f"{a} OR ({b} AND {c})", keys)


@given(TERMS, KEYS)
def test_a_schema_and_a_term_both_count(term: str, keys: list[Key]) -> None:
    in_schema = chosen('{Errors, "p99"}', keys)
    assert in_schema == {key for key in keys if key[0] == "Errors" and [n for n, _ in key[2]] == ["p99"]}
    assert chosen(f'{{Errors, "p99"}} {term}', keys) == in_schema & chosen(term, keys)


@given(TERMS, KEYS)
def test_results_keep_the_order_they_are_given_in(term: str, keys: list[Key]) -> None:
    found_keys = chosen(term, keys)
    assert list(select(parse(term), keys, "123456789012")) == [key for key in keys if key in found_keys]


@given(st.text(alphabet='ab="(){}, ANDORT\\', max_size=12))
def test_what_is_no_search_is_said_with_a_place_and_a_name(text: str) -> None:
    try:
        parse(text)
    except SearchError as error:
        assert error.message == f"Invalid SEARCH parameter: {text}"
        assert error.column is not None
        assert 1 <= error.column <= len(text) + 1
        assert error.mistake is not None


def test_a_search_has_1024_characters() -> None:
    parse("a" * 1024)
    with pytest.raises(SearchError) as caught:
        parse("a" * 1025)
    assert caught.value.mistake is not None
    assert caught.value.mistake.name == "a search of more than 1,024 characters"


def test_parentheses_as_deep_as_a_search_is_long() -> None:
    keys: list[Key] = [("n", "m", ())]
    assert chosen("(" * 500 + "m" + ")" * 500, keys) == set(keys)
    assert chosen("NOT " * 250 + "m", keys) == set(keys)


def test_nothing_asked_finds_everything() -> None:
    assert chosen("", [("n", "m", ())]) == {("n", "m", ())}


def test_a_search_in_double_quotation_marks_escapes_its_own() -> None:
    assert parse(r"{\"My App\"} MetricName=\"a\"") == parse('{"My App"} MetricName="a"')
