"""Events and queries that mean harm, or are merely large: an answer, a refusal by name or a query that fails; never more."""

import json

import duckdb
import pytest

from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights import engine
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.documents import MOST
from cwlab.services.logs.insights.parse import parse
from cwlab.services.logs.insights.record import fields
from tests.services.logs.insights.asking import query, refused

MARKUP = "<script>alert('1')</script> \u202e\"`;--"
MEGABYTE = 1_000_000


def one(text: str, message: str) -> dict[str, str]:
    """The row of the only event."""
    (row,) = query(text, message)
    return row


def test_more_rows_than_can_be_had():
    count = 100_001
    chunk = build(range(count), 0, range(count), [b'{"n":%d}' % n for n in range(count)])
    source = engine.Source("1:/g", "s", chunk, 0, count)
    for text, limit, rows in [
        ("fields n", None, 10_000),
        ("fields n | limit 100000", None, 100_000),
        ("fields n | limit 20000", 5, 5),
    ]:
        answer = engine.run(compiled(parse(text), 0, limit), [source])
        assert (len(answer.rows), answer.matched) == (rows, count), text
    assert refused("limit 100001").mistake.name == "a limit that is none"


def test_a_message_of_a_megabyte():
    message = json.dumps({"x": "y" * MEGABYTE, "z": 1})
    assert one("filter strlen(x) > 5 | fields strlen(x) as n, z", message) == {"n": str(MEGABYTE), "z": "1"}
    assert one("filter @message like /y$/ or z = 1 | display z", message) == {"z": "1"}


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("/(a*)*b/", "a" * MEGABYTE),
        ("/(a|aa)+$/", "a" * 100_000 + "b"),
        ("/(x+x+)+y/", "x" * MEGABYTE),
        (r"/^(\w+\s?)*$/", "a " * 100_000 + "!"),
    ],
)
def test_a_regular_expression_that_explodes_elsewhere(condition, message):
    assert query(f"filter @message like {condition}", message) == []
    assert len(query(f"filter @message not like {condition}", message)) == 1


def test_a_glob_with_many_stars():
    assert (
        query("parse @message '*a*a*a*a*a*b' as q, r, s, t, u, v | filter ispresent(v)", "a" * 100_000) == []
    )


def test_an_expression_too_large_for_the_engine_is_refused():
    assert "invalid repetition size" in refused("filter @message like /(?:a{1,1000}){1,1000}/").message


def test_texts_do_not_grow_without_end():
    tenfold = "".join(f" | fields replace(x{n}, 'a', 'aaaaaaaaaa') as x{n + 1}" for n in range(9))
    many = ", ".join(["@message"] * 90)
    for text in (
        f"fields @message as x0 {tenfold} | display strlen(x9)",
        f"fields concat({many}) as x | fields concat({many.replace('@message', 'x')}) as y",
        f"fields regexReplace(@message, 'a*', '{'b' * 9000}') as x",
    ):
        with pytest.raises(duckdb.Error, match="more than 8388608 bytes"):
            query(text, "a" * 1200)


def test_numbers_beyond_all_numbers():
    messages = ['{"x": 1e400}', '{"x": -1e400}', '{"x": 1e-400}', '{"x": 5}']
    (row,) = query("stats sum(x) as s, max(x) as m, count(x) as n", *messages)
    assert row["s"] == "5" and row["n"] == "4"
    assert query("filter x = 5 | fields x", *messages) == [{"x": "5"}]
    assert refused("filter x < 1e400").mistake.name == "a number that is too large"


def test_ten_thousand_levels():
    deep = '{"a":' * 10_000 + "1" + "}" * 10_000
    lists = '{"x": 1, "a":' + "[" * 10_000 + "]" * 10_000 + "}"
    assert one("fields x, a.a", deep) == {}
    assert one("fields x", lists) == {"x": "1"}
    assert one("fields jsonParse(@message) as j | display j.x", lists) == {"j.x": "1"}
    path = ".".join(["a"] * 1000)
    assert one(f"fields {path} as a, 1 as b", deep) == {"b": "1"}


def test_a_zero_byte_and_halves_of_characters():
    assert one("filter @message like 'b' | fields strlen(@message) as n", "a\0b") == {"n": "3"}
    assert one("fields x", '{"x": "a\\u0000b"}') == {"x": "a\0b"}
    assert one("fields x", '{"x": "1"}\0') == {}
    assert one("fields y", '{"x": "\\ud800", "y": 1}') in ({}, {"y": "1"})
    assert one("fields a, 1 as b", 'START RequestId: x {"a": "\\ud800"}') == {"b": "1"}
    for text in ("filter x = '\ud800'", "fields `\udfff`", "filter @message like /\ud800/"):
        assert refused(text).mistake.name == "half of a character"


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("{half", None),
        ('{"a": 1', None),
        ('{"a": 1}}', None),
        ('{"a": 1} and more', None),
        ('[{"a": 1}]', None),
        ('"a"', None),
        ("{}", None),
        ("", None),
        (' \n{"a": 2}', "2"),
        ('{"a": 01}', None),
        ("{'a': 1}", None),
        ('{"a": {"b": 1}}', None),
        ('{"a": "{b}"}', "{b}"),
        ('{"a": "[b"}', "[b"),
        ('{"a": "zebra"}', "zebra"),
        ('{"a": null}', None),
    ],
)
def test_events_that_are_half_json(message, found):
    row = one("fields a, 1 as one", message)
    assert row == ({"one": "1"} if found is None else {"a": found, "one": "1"})
    assert fields(message).get("a") == found


def test_markup_everywhere():
    name = MARKUP.replace("`", "")
    message = json.dumps({"x": MARKUP, name: MARKUP})
    assert one(f"fields `{name}`, x as `{name}2`", message) == {name: MARKUP, f"{name}2": MARKUP}
    quoted = MARKUP.replace('"', '\\"')
    assert query(f'filter x = "{quoted}" | stats count(*) as `{name}` by x', message) == [
        {"x": MARKUP, name: "1"}
    ]


def test_nothing_to_look_at():
    for text, rows in [
        ("filter a = 1", []),
        ("stats count(*)", []),
        ("stats count(*) by bin(1h)", []),
        ("parse @message '* *' as a, b | sort a | limit 5", []),
    ]:
        answer = engine.run(compiled(parse(text), 0), [])
        assert (list(answer.rows), answer.matched) == (rows, 0)


def wide(count: int) -> str:
    return json.dumps({"n": None, **{f"k{n}": {"v": [n]} for n in range(count)}})


@pytest.mark.parametrize("shape", ["{}", "2026 x {}", "START RequestId: x {}"])
def test_an_event_has_at_most_two_hundred_fields(shape):
    message = shape.format(wide(300))
    asked = "fields k0.v.0 as first, k199.v.0 as last, k200.v.0 as over"
    found = {"first": "0", "last": "199"} if shape != "2026 x {}" else {}
    assert one(asked, message) == found
    assert one("""parse @message '"k250": {"v": [*]}' as v | fields v""", message) == {"v": "250"}
    most = fields(message)
    assert most.get("k199.v.0") == found.get("last") and "k200.v.0" not in most


def test_two_hundred_fields_are_all_there():
    assert one(f"fields k{MOST - 1}.v.0 as last", wide(MOST)) == {"last": str(MOST - 1)}


def test_what_matched_is_told_whatever_is_answered():
    messages = [f'{{"n": {n}}}' for n in range(10)]
    chunk = build(range(10), 0, range(10), [each.encode() for each in messages])
    source = engine.Source("1:/g", "s", chunk, 0, 10)
    for text, matched, rows in [
        ("filter n > 3", 6, 6),
        ("filter n > 3 | filter n < 6 | limit 1", 2, 1),
        ("filter n > 30", 0, 0),
        ("filter n > 30 | stats count(*)", 0, 0),
        ("filter n > 3 | stats count(*) as c by n % 2 as odd | filter c > 99", 6, 0),
        ("filter n > 3 | stats count(*) as c by n % 2 as odd | stats sum(c)", 6, 1),
        ("filter n > 3 | fields n % 2 as odd | dedup odd", 6, 2),
        ("limit 3 | filter n > 100", 10, 0),
        ("stats count(*) as c | filter c > 100", 10, 0),
    ]:
        answer = engine.run(compiled(parse(text), 0), [source])
        assert (answer.matched, len(answer.rows)) == (matched, rows), text


def test_lists_do_not_multiply_without_end():
    message = json.dumps({"a": list(range(1500))})
    text = "fields jsonParse(@message) as j | unnest j.a into x | unnest j.a into y | stats count(*)"
    with pytest.raises(duckdb.Error, match="more than 1000000 rows"):
        query(text, message)
    assert query(text, json.dumps({"a": list(range(30))})) == [{"count(*)": "900"}]
