"""join and subqueries, against joins written plainly in Python; and how either is written wrongly."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights import engine, nodes
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.parse import parse

Rows = list[dict[str, str]]


def chunk(records: Sequence[dict[str, Any] | str]) -> engine.Source:
    """Events of a group, a second apart, the newest first in the list."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in records][::-1]
    stamps = [1000 * n for n in range(len(texts))]
    made = build(stamps, 5000, range(len(texts)), [text.encode() for text in texts])
    return engine.Source("1:/g", "s", made, 0, len(texts))


def ask(text: str, own: Sequence[Any], other: Sequence[Any]) -> Rows:
    """The rows of a query over two groups, its own and the one that SOURCE names."""
    plan = compiled(parse(text), 0)
    groups = {None: own, nodes.Subquery: other}
    inputs = [
        [chunk(groups[None if each.asked is None else type(each.asked)])] if groups else []
        for each in plan.inputs
    ]
    answer = engine.run(plan, *inputs)
    names = [column.name for column in plan.columns]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in answer.rows
    ]


JOIN = "join type={} left=a right=b where a.k=b.k (SOURCE '/other') | fields a.k, a.n, b.k, b.n"
OWN = [{"k": "x", "n": 1}, {"k": "y", "n": 2}, {"n": 3}, {"k": 5, "n": 4}]
OTHER = [{"k": "x", "n": 10}, {"k": "x", "n": 11}, {"k": "5.0", "n": 12}, {"n": 13}, {"k": "z", "n": 14}]


def test_an_inner_join_pairs_rows_with_equal_keys_and_numbers_are_equal_as_numbers():
    assert ask(JOIN.format("inner"), OWN, OTHER) == [
        {"a.k": "x", "a.n": "1", "b.k": "x", "b.n": "10"},
        {"a.k": "x", "a.n": "1", "b.k": "x", "b.n": "11"},
        {"a.k": "5", "a.n": "4", "b.k": "5.0", "b.n": "12"},
    ]
    assert ask(JOIN.format("inner").replace("type=inner ", ""), OWN, OTHER) == ask(
        JOIN.format("inner"), OWN, OTHER
    )


def test_a_left_join_keeps_rows_without_a_partner():
    assert ask(JOIN.format("left"), OWN, OTHER) == [
        {"a.k": "x", "a.n": "1", "b.k": "x", "b.n": "10"},
        {"a.k": "x", "a.n": "1", "b.k": "x", "b.n": "11"},
        {"a.k": "y", "a.n": "2"},
        {"a.n": "3"},
        {"a.k": "5", "a.n": "4", "b.k": "5.0", "b.n": "12"},
    ]


def test_the_documented_join():
    text = """filter status >= 500
| join type=inner left=api right=lambda
    where api.requestId=lambda.requestId
    (SOURCE '/aws/lambda/my-function')
| fields api.requestId, api.status, api.latency, lambda.duration, lambda.memoryUsed
| sort api.latency desc"""
    own = [
        {"requestId": "r1", "status": 502, "latency": 30},
        {"requestId": "r2", "status": 200, "latency": 90},
        {"requestId": "r3", "status": 500, "latency": 70},
    ]
    other = [{"requestId": f"r{n}", "duration": n * 10, "memoryUsed": 64} for n in (1, 2, 3, 4)]
    assert [list(row.values()) for row in ask(text, own, other)] == [
        ["r3", "500", "70", "30", "64"],
        ["r1", "502", "30", "10", "64"],
    ]


def test_either_side_may_be_a_query():
    text = """stats count(*) as n by k | join left=a right=b where a.k=b.k
    (SOURCE '/other' | filter n > 10 | stats max(n) as most by k) | display a.k, a.n, b.most"""
    assert ask(text, [*OWN, OWN[0]], OTHER) == [
        {"a.k": "x", "a.n": "2", "b.most": "11"},
        {"a.k": "5", "a.n": "1", "b.most": "12"},
    ]


def test_what_follows_a_join():
    whole = JOIN.format("left")
    assert ask(f"{whole} | filter b.n > 10 and n < 4 | display b.n + a.n as sum", OWN, OTHER) == [
        {"sum": "12"}
    ]
    assert ask(f"{whole} | sort b.n desc | limit 2 | display b.n", OWN, OTHER) == [
        {"b.n": "12"},
        {"b.n": "11"},
    ]
    assert [row.get("b.n") for row in ask(f"{whole} | sort a.k", OWN, OTHER)] == [
        "10",
        "11",
        None,
        "12",
        None,
    ]
    assert ask(f"{whole} | stats count(*) as pairs, count(b.n) as found by a.k", OWN, OTHER) == [
        {"a.k": "x", "pairs": "2", "found": "2"},
        {"a.k": "y", "pairs": "1", "found": "0"},
        {"a.k": "5", "pairs": "1", "found": "1"},
        {"pairs": "1", "found": "0"},
    ]
    assert ask(f"{whole} | display a.n, b.n | dedup a.k", OWN, OTHER) == [
        {"a.n": "1", "b.n": "10"},
        {"a.n": "2"},
        {"a.n": "3"},
        {"a.n": "4", "b.n": "12"},
    ]
    assert ask(f"{whole} | parse b.@message '\"n\": *}}' as m | display m", OWN[:1], OTHER[:1]) == [
        {"m": "10"}
    ]
    assert ask(f"{whole} | display @timestamp, b.@timestamp", OWN[:1], OTHER[:2]) == [
        {"@timestamp": "1970-01-01 00:00:00.000", "b.@timestamp": "1970-01-01 00:00:01.000"},
        {"@timestamp": "1970-01-01 00:00:00.000", "b.@timestamp": "1970-01-01 00:00:00.000"},
    ]


def test_after_stats_the_sides_are_gone():
    with pytest.raises(QueryError, match=r"a field that stats did not make: b\.n"):
        parse_and_compile(f"{JOIN.format('left')} | stats count(*) | fields b.n")


def test_rows_of_a_join_are_no_events():
    plan = compiled(parse(JOIN.format("left")), 0)
    assert plan.pointed is False


def test_names_of_columns_do_not_meet():
    """A row of the other side is one value, whatever its columns are called."""
    text = "fields k as joined, n as other | join left=own right=other where own.k=other.k (SOURCE '/o') "
    text += "| fields joined, own.other, other.n, other.joined"
    other = [{"k": "x", "n": 10, "joined": "!"}]
    assert ask(text, OWN, other) == [
        {"joined": "x", "other": "1", "own.other": "1", "other.n": "10", "other.joined": "!"}
    ]


def test_a_subquery_says_which_rows_stay():
    text = "filter k in (SOURCE '/other' | filter n > 10 | fields k) | fields n"
    assert [row["n"] for row in ask(text, OWN, OTHER)] == ["1", "4"]
    assert [row["n"] for row in ask(text.replace("k in", "k not in"), OWN, OTHER)] == ["2", "3"]
    assert [row["n"] for row in ask(text.replace("k in", "not k in"), OWN, OTHER)] == ["2", "3"]


def test_the_documented_subqueries():
    text = """filter requestId in (
    SOURCE '/aws/lambda/payment-processor'
    | filter status = "FAILED"
    | stats count(*) as failureCount by requestId
    | filter failureCount > 3
    | fields requestId
)
| fields @timestamp, requestId, customerId, amount, failureReason
| sort @timestamp asc"""
    failed = [{"requestId": "a", "status": "FAILED"}] * 4 + [{"requestId": "b", "status": "FAILED"}] * 3
    own = [{"requestId": "a", "customerId": "c1", "amount": 5}, {"requestId": "b", "customerId": "c2"}]
    (row,) = ask(text, own, [*failed, {"requestId": "b", "status": "OK"}])
    assert (row["requestId"], row["customerId"], row["amount"]) == ("a", "c1", "5")
    text = """filter requestId in (
    SOURCE '/aws/lambda/database-service' | filter errorType = "DatabaseConnectionTimeout" | fields requestId
) | fields @timestamp, requestId, endpoint, userId, responseTime | sort @timestamp desc"""
    errors = [
        {"requestId": "b", "errorType": "DatabaseConnectionTimeout"},
        {"requestId": "a", "errorType": "x"},
    ]
    assert [row["requestId"] for row in ask(text, own, errors)] == ["b"]


def test_a_subquery_of_one_field_may_name_it_otherwise():
    text = "filter n in (SOURCE '/other' | fields n - 9 as m) | fields n"
    assert [row["n"] for row in ask(text, OWN, OTHER)] == ["1", "2", "3", "4"]


def test_a_subquery_beside_other_conditions_and_in_functions():
    text = "filter (k in (SOURCE '/other' | fields k) and n > 1) or n = 2 | fields n"
    assert [row["n"] for row in ask(text, OWN, OTHER)] == ["2", "4"]
    text = "fields n, k in (SOURCE '/other' | fields k) as known | sort n"
    assert [row["known"] for row in ask(text, OWN, OTHER)] == ["1", "0", "0", "1"]


def test_the_limit_of_a_subquery_is_its_own():
    text = "filter k in (SOURCE '/other' | sort n desc | limit 3 | fields k) | fields n"
    assert [row["n"] for row in ask(text, OWN, OTHER)] == ["4"]


# -- laws ---------------------------------------------------------------------------------------------------------------
VALUES = st.sampled_from(["x", "y", "5", "05", 5, 5.0, "5e0", -0.0, 0, "", " x", "X", None, True, "true", 1])
RECORDS = st.lists(st.fixed_dictionaries({}, optional={"k": VALUES, "n": st.integers(0, 3)}), max_size=6)


def equal(a: Any, b: Any) -> bool:
    """Two fields, as comparisons have it: as numbers where both look like one, else as texts; never with an absent one."""
    if a is None or b is None:
        return False
    a, b = (json.dumps(each).strip('"') for each in (a, b))
    try:
        return float(a) == float(b)
    except ValueError:
        return a == b


def shown(record: dict[str, Any], side: str) -> dict[str, str]:
    return {f"{side}.{name}": json.dumps(v).strip('"') for name, v in record.items() if v is not None}


def rest(own: Rows, other: Rows, keep: Callable[[Any, Any], bool]) -> Rows:
    return [{**shown(a, "a"), **shown(b, "b")} for a in own for b in other if keep(a, b)]


@settings(max_examples=15)
@given(RECORDS, RECORDS)
def test_a_join_is_all_pairs_with_equal_keys(own, other):
    same = rest(own, other, lambda a, b: equal(a.get("k"), b.get("k")))
    fields = " (SOURCE '/other') | fields a.k, a.n, b.k, b.n"
    text = f"join left=a right=b where b.k = a.k{fields}"
    assert ask(text, own, other) == same
    alone = [a for a in own if not any(equal(a.get("k"), b.get("k")) for b in other)]
    outer = ask(text.replace("join ", "join type=left "), own, other)
    assert len(outer) == len(same) + len(alone)
    assert [row for row in outer if not any(name.startswith("b.") for name in row)] == [
        shown(a, "a") for a in alone
    ]


@settings(max_examples=15)
@given(RECORDS, RECORDS)
def test_a_subquery_is_a_list_that_another_query_makes(own, other):
    text = "filter k in (SOURCE '/other' | filter n != 2 | fields k) | fields n, @message"
    chosen = [b.get("k") for b in other if b.get("n") not in (2, None)]
    kept = [json.dumps(a) for a in own if any(equal(a.get("k"), each) for each in chosen)]
    assert [row["@message"] for row in ask(text, own, other)] == kept
    opposite = ask(text.replace("k in", "k not in"), own, other)
    assert len(opposite) == len(own) - len(kept)


def test_too_many_pairs_are_not_made(monkeypatch):
    from cwlab.services.logs.insights.commands import other

    monkeypatch.setattr(other, "MOST_PAIRS", 9)
    same, text = [{"k": "x"}] * 3, JOIN.format("left")
    assert len(ask(text, [*same, {"k": "y"}], [*same, {"k": "z"}])) == 10
    with pytest.raises(duckdb.Error, match="more than 9 pairs of rows"):
        ask(text, [*same, same[0]], same)


# -- mistakes -----------------------------------------------------------------------------------------------------------
def parse_and_compile(text: str) -> None:
    compiled(parse(text), 0)


WHOLE = "join type=inner left=a right=b where a.k=b.k (SOURCE '/o')"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WHOLE.replace("inner", "outer"), "a join of type outer"),
        (WHOLE.replace("type=inner", "kind=inner"), "no setting of join"),
        (WHOLE.replace("left=a", "left!=a"), "no setting of join"),
        (WHOLE.replace("left=a ", ""), "sides have no names"),
        (WHOLE.replace("right=b ", "right=a "), "two sides of one name"),
        (WHOLE.replace("left=a", "left=a left=c"), "no setting of join"),
        (WHOLE.replace("b.k", "c.k"), "no comparison of the two sides"),
        (WHOLE.replace("b.k", "a.n"), "no comparison of the two sides"),
        (WHOLE.replace("b.k", "k"), "no comparison of the two sides"),
        (WHOLE.replace("a.k=", "a.k>"), "no comparison of the two sides"),
        (f"{WHOLE} | {WHOLE}", "a join beside a join"),
        (f"filter k in (SOURCE '/o' | {WHOLE} | fields k)", "a join inside a subquery"),
        (
            WHOLE.replace("'/o'", "'/o' | filter k in (SOURCE '/p' | fields k)"),
            "a subquery inside a subquery",
        ),
        ("filter k in (SOURCE '/o')", "a subquery that does not give k"),
        ("filter k in (SOURCE '/o' | fields a, b)", "a subquery that does not give k"),
        ("filter k in (SOURCE '/o' | dedup k | fields k)", "a command after dedup"),
        ("filter k in (SOURCE dataSource(['x']) | fields k)", "SOURCE dataSource is not modeled"),
    ],
)
def test_what_a_join_or_subquery_cannot_be(text, message):
    with pytest.raises(QueryError, match=message):
        parse_and_compile(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("join", "a join that lacks something"),
        ("join left=a right=b", "a join that lacks something"),
        ("fields k | join left=a right=b where a.k=b.k | limit 1", "a join that lacks something"),
        ("join left=a right=b where a.k=b.k ()", "a subquery that does not begin with SOURCE"),
        ("join left=a right=b where a.k=b.k (fields k)", "a subquery that does not begin with SOURCE"),
        ("join left=a right=b where a.k=b.k SOURCE '/o'", "a join that lacks something"),
        ("join left=a right=b where a.k=1 (SOURCE '/o')", "a join that lacks something"),
        ("filter k in (fields k)", "a subquery that does not begin with SOURCE"),
        ("filter k in (SOURCE '/o' | fields k", "a parenthesis or bracket that is not closed"),
        ("filter k in (SOURCE)", "SOURCE without log groups"),
        ("filter k in SOURCE '/o'", None),
        ("filter (SOURCE '/o' | fields k) = k", None),
        ("estimate 1", "something behind estimate"),
    ],
)
def test_what_is_half_written_is_named(text, message):
    with pytest.raises(QueryError, match=message):
        parse(text)
