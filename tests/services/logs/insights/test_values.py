"""Values without a schema: numbers in text, what is missing, natural order, periods, functions, and bad input."""

import pytest

from cwlab.errors import AwsError
from tests.services.logs.insights.asking import START, query, refused


def value(expression: str, message: str = "m") -> str | None:
    """What an expression gives for one event."""
    (row,) = query(f"fields {expression} as x", message)
    return row.get("x")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("2^3", "8"),
        ("10%3", "1"),
        ("2 + 3 * 4", "14"),
        ("-2^2", "-4"),
        ("1/0", None),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1e300 * 1e300", None),
        ("sqrt(-1)", None),
        ("log(0)", None),
        ("sqrt(16)", "4"),
        ("abs(-2.5)", "2.5"),
        ("ceil(1.2)", "2"),
        ("greatest(1, 3, 2)", "3"),
        ("greatest(1, none)", None),
        ("least(1, 3, 2)", "1"),
        ('ltrim("xyZxyfooxyZ","xyZ")', "fooxyZ"),
        ('rtrim("xyZfooxyxyZ","xyZ")', "xyZfoo"),
        ('trim("xyZxyfooxyxyZ","xyZ")', "foo"),
        ('substr("xyZfooxyZ",3,3)', "foo"),
        ('substr("xyZfooxyZ",6)', "xyZ"),
        ('strlen("é😀")', "2"),
        ('concat("a", 1, 2.5)', "a12.5"),
        ('replace("aXbX", "X", "-")', "a-b-"),
        ('toupper("aé")', "AÉ"),
        ('strcontains("abc", "b")', "1"),
        ('isempty("")', "1"),
        ("isempty(none)", "1"),
        ('isblank(" \t")', "1"),
        ('isblank("x")', "0"),
        ("ispresent(none)", "0"),
        ('coalesce(none, "b")', "b"),
        ("coalesce(none, 2)", "2"),
        ("none + 1", None),
        ('"a" + 1', None),
        ('"2" + 1', "3"),
        ("tomillis(@timestamp)", str(START)),
        ("frommillis(0)", "1970-01-01 00:00:00.000"),
        ("now()", str(START // 1000)),
        ('isValidIp("10.0.0.1")', "1"),
        ('isValidIpV4("10.0.0.256")', "0"),
        ('isValidIpV6("::1")', "1"),
        ('isIpv4InSubnet("10.1.2.3", "10.1.0.0/16")', "1"),
        ('isIpv4InSubnet("10.2.2.3", "10.1.0.0/16")', "0"),
    ],
)
def test_functions_and_operators(expression, wanted):
    assert value(expression) == wanted


@pytest.mark.parametrize(
    ("period", "wanted"),
    [
        ("5m", "09:05:00.000"),
        ("300s", "09:07:00.000"),
        ("1h", "09:00:00.000"),
        ("90m", "09:00:00.000"),
        ("5000ms", "09:07:31.000"),
        ("1d", "00:00:00.000"),
    ],
)
def test_bin_rounds_down_and_lowers_what_is_above_the_cap(period, wanted):
    message = "m"
    (row,) = query(f"fields datefloor(frommillis({START + 451_250}), {period}) as x", message)
    assert row["x"] == f"2026-03-02 {wanted}"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("datefloor(t, 1w)", "2026-03-02"),
        ("datefloor(t, 1mo)", "2026-03-01"),
        ("datefloor(t, 1q)", "2026-01-01"),
        ("datefloor(t, 1y)", "2026-01-01"),
        ("dateceil(t, 1mo)", "2026-04-01"),
        ("dateceil(t, 1w)", "2026-03-09"),
        ("dateceil(datefloor(t, 1d), 1d)", "2026-03-03"),
    ],
)
def test_the_calendar(expression, wanted):
    (row,) = query(f"fields frommillis({START + 86_400_000}) as t, {expression} as x", "m")
    assert row["x"] == f"{wanted} 00:00:00.000"


def test_natural_order_puts_text_before_numbers():
    words = ["!", "#", "*%04", "0#", "5A", "111A", "2345_", "@", "@_", "A", "A9876fghj", "a12345hfh"]
    words += ["0", "01", "1", "2", "3"]
    events = [f'{{"v": "{word}"}}' for word in reversed(words)]
    assert [row["v"] for row in query("fields v | sort v", *events)] == words
    assert [row["v"] for row in query("fields v | sort v desc", *events)] == words[::-1]


def test_missing_fields_compare_as_false_and_sort_last():
    events = ['{"a": 1}', '{"b": 2}', '{"a": null}']
    assert query("filter a != 5 | stats count(*) as n", *events) == [{"n": "1"}]
    assert query("filter not a = 1 | stats count(*) as n", *events) == [{"n": "2"}]
    assert query("fields a | sort a desc", *events) == [{"a": "1"}, {}, {}]


@pytest.mark.parametrize("condition", ["ok = true", "ok = 1", 'ok = "true"', "ok in [1]"])
def test_json_s_true(condition):
    assert query(f"filter {condition} | stats count(*) as n", '{"ok": true}', '{"ok": false}') == [{"n": "1"}]


def test_a_map_is_no_value_and_a_key_may_have_dots():
    assert query("fields a, a.b, `c.d`", '{"a": {"b": 1}, "c.d": 2}') == [{"a.b": "1", "c.d": "2"}]
    assert query("fields @@x, `a b`.c", '{"@x": 1, "a b": {"c": 2}}') == [{"@@x": "1", "a b.c": "2"}]


def test_documents_inside_a_function_s_lines():
    line = '2026-03-02T09:00:00.000Z\t11111111-1111-1111-1111-111111111111\tINFO\tgot {"n": 5} and {"n": 6}\n'
    assert query("fields @requestId, n", line) == [
        {"@requestId": "11111111-1111-1111-1111-111111111111", "n": "5"}
    ]


def test_percentiles_take_the_nearest_rank():
    events = [f'{{"v": {n}}}' for n in range(1, 11)]
    text = "stats pct(v, 0) as p0, pct(v, 10) as p10, pct(v, 11) as p11, pct(v, 50) as p50, pct(v, 99) as p99, pct(v, 100) as p100"
    assert query(text, *events) == [
        {"p0": "1", "p10": "1", "p11": "2", "p50": "5", "p99": "10", "p100": "10"}
    ]


def test_first_and_last_by_time_and_by_order():
    events = ['{"v": "b"}', '{"v": "10"}', "x", '{"v": "9"}', "y"]
    text = "stats earliest(v) as e, latest(v) as l, sortsFirst(v) as f, sortsLast(v) as s"
    assert query(text, *events) == [{"e": "b", "l": "9", "f": "b", "s": "10"}]


def test_half_a_document_is_text():
    assert query('fields a | filter @message like "{"', '{"a": 1', '{"a": 2} x', "{") == [{}, {}, {}]


def test_a_megabyte_and_markup():
    big = "x" * 1_000_000
    markup = '{"a": "<script>alert(1)</script>\'; DROP TABLE events; --"}'
    assert query("fields strlen(@message) as n", big) == [{"n": "1000000"}]
    assert query("fields a", markup) == [{"a": "<script>alert(1)</script>'; DROP TABLE events; --"}]


def test_text_of_a_query_never_becomes_sql():
    hostile = "x' OR 1=1; DROP TABLE gathered; --"
    assert query(f'filter @message = "{hostile}" | stats count(*)', "a") == []
    assert query('fields @message as `a"b; --`', "m") == [{'a"b; --': "m"}]
    assert query("fields @message as ts, strlen(@message) as place, 1 as found", "m") == [
        {"ts": "m", "place": "1", "found": "1"}
    ]


def test_an_expression_that_would_explode_elsewhere_is_quick():
    assert query("filter @message like /(a+)+$/ | stats count(*)", "a" * 5000 + "!") == []


def test_a_thousand_conditions():
    text = "filter " + " or ".join(f"a={n}" for n in range(1000)) + " | stats count(*) as n"
    assert query(text, '{"a": 999}', '{"a": 1000}') == [{"n": "1"}]


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ('filter a = "x', "a string that is not closed", '"'),
        ("filter a like /(?=x)/", "looking ahead or behind", "("),
        (r"filter a like /(x)\1/", "a reference back to a group", "\\"),
        ("stats count(*) | stats count(*) | stats count(*)", "one stats too many", "stats count(*)"),
        ("stats sum(max(a))", "max inside sum", "max(a)"),
        ("filter count(*) > 1", "count outside stats", "count(*)"),
        ("stats a by b", "a field outside an aggregate: a", "a"),
        ("stats count(*) | sort x", "a field that stats did not make: x", "x"),
        ("dedup a | sort b", "a command after dedup", "sort b"),
        (
            "stats count(*) as n by a | sort n | stats max(n)",
            "sort or limit before the second stats",
            "stats max(n)",
        ),
        ("limit 100001", "a limit that is none", "100001"),
        ("fields substr(a)", "substr with 1 arguments", "substr(a)"),
        ("fields nosuch(a)", "no function nosuch", "nosuch(a)"),
        ("fields bin(a)", "bin without a period", "a"),
        ('parse @message "* *" as a', "2 * and 1 names", "a"),
        ("parse @message /x/", "an expression without named groups", "/x/"),
        ("fields a b", "two things side by side", "b"),
        ("fields a limit 5", "two commands without | between them", "limit"),
        ("explode a", "not a command", "explode"),
    ],
)
def test_mistakes_are_named_at_their_place(text, name, place):
    error = refused(text)
    assert error.mistake.name == name
    assert error.text[error.at : error.end] == place or error.text[error.at :].startswith(place)
    assert "^ " in error.pointer()


def test_nothing_nests_without_end():
    for text in ("fields " + "(" * 4000 + "1" + ")" * 4000, "fields " + "-" * 3000 + "1"):
        try:
            query(text, "m")
        except AwsError as error:
            assert error.code == "MalformedQueryException"
    deep = "a"
    for _ in range(60):
        deep = f"dateceil({deep}, 1mo)"
    assert refused(f"fields {deep}").mistake.name.startswith("too many")
