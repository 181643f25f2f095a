"""Maps and lists: where they come from, their parts, and where they are no value."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.logs.insights.asking import query, refused

DOCUMENT = json.dumps(
    {
        "a": {"k": 1, "k.x": 7, "s": "str", "t": True, "n": None, "list": [1, "x", {"z": 5}], "@at": 2},
        "text": '{"inner": [10, 20]}',
        "0": "zero",
        'qu"ote/~': "odd",
    }
)
PARTS = {
    "m.a.k": "1",
    "m.a.`k.x`": "7",
    "m.a.@at": "2",
    "m.a.s": "str",
    "m.a.t": "true",
    "m.a.n": None,
    "m.nope": None,
    "m.a.k.deeper": None,
    "m.`0`": "zero",
    'm.`qu"ote/~`': "odd",
    "m.a.list[0]": "1",
    "m.a.list[1]": "x",
    "m.a.list[2].z": "5",
    "m.a.list.2.z": "5",
    "m.a.list[9]": None,
    "m[0]": None,
    "m.a.list": '[1,"x",{"z":5}]',
    "jsonParse(@message).a.k": "1",
    "jsonParse(@message).a.list[1]": "x",
    "jsonParse(m.text).inner[1]": "20",
    "jsonParse(m.text)": '{"inner":[10,20]}',
    "jsonParse(m.a.s)": None,
    'jsonParse("  [1, 2]")': "[1,2]",
    'jsonParse("[1, 2")': None,
    'jsonParse("3")': None,
    'jsonParse("")': None,
    "jsonParse(none)": None,
    "jsonStringify(m.a.list)": '[1,"x",{"z":5}]',
    "strlen(jsonStringify(m.a.list))": "15",
    "jsonStringify(1.5)": "1.5",
    'jsonStringify("a")': '"a"',
    "jsonArraySize(m.a.list)": "3",
    'jsonArraySize("[]")': "0",
    "jsonArraySize(m.a)": None,
    'jsonArrayContains(m.a.list, "x")': "1",
    "jsonArrayContains(m.a.list, 1)": "1",
    'jsonArrayContains(m.a.list, "1")': "1",
    "jsonArrayContains(m.a.list, 5)": "0",
    "jsonArrayContains(m.a, 1)": "0",
    'jsonArrayContains("none", 1)': "0",
    'jsonArraySize("none")': None,
    'split("a,b,,c", ",")': '["a","b","","c"]',
    'split("a,b", ",")[1]': "b",
    'jsonArraySize(split("a,b", ","))': "2",
    "m.a.k + 1": "2",
    'concat(m.a.s, "!")': "str!",
    "if(m.a.t, m.a.list, m.a)": '[1,"x",{"z":5}]',
    "coalesce(m.nope, m.a.s)": "str",
}
NO_VALUE = {
    "strlen(m)": None,
    "m + 1": None,
    'concat(m, "x")': None,
    "toMillis(m.a)": None,
    "m = m": "0",
    "m != 5": "0",
    "m.a != 5": "0",
    "m.a.list = 1": "0",
    'm.a like "k"': "0",
    "ispresent(m)": "1",
    "isempty(m)": "0",
    "isblank(m)": "0",
    'isempty(jsonParse("x"))': "1",
    'ispresent(jsonParse("x"))': "0",
    "ispresent(m.a.n)": "0",
}


@pytest.mark.parametrize("group", [PARTS, NO_VALUE], ids=["parts", "no value"])
def test_a_map_has_parts_and_is_no_value_itself(group):
    columns = ", ".join(f"{expression} as x{n}" for n, expression in enumerate(group))
    (row,) = query(f"fields jsonParse(@message) as m | fields {columns}", DOCUMENT)
    assert {e: row.get(f"x{n}") for n, e in enumerate(group)} == group


def test_a_part_is_a_value_like_any_other():
    events = [f'{{"a": {{"n": {n}, "s": "{s}"}}}}' for n, s in [(5, "x"), (10, "y"), (7, "x")]]
    start = "fields jsonParse(@message) as m | "
    rows = query(start + "filter m.a.n >= 6 | sort m.a.n desc | display m.a.n", *events)
    assert rows == [{"m.a.n": "10"}, {"m.a.n": "7"}]
    rows = query(start + "stats sum(m.a.n) as n, max(m.a.s) as most, latest(m.a.n) by m.a.s as s", *events)
    assert rows == [
        {"s": "x", "n": "12", "most": "x", "latest(m.a.n)": "7"},
        {"s": "y", "n": "10", "most": "y", "latest(m.a.n)": "10"},
    ]
    rows = query(start + "sort m.a.n | dedup m.a.s | limit 5", *events)
    assert [json.loads(row["m"])["a"]["n"] for row in rows] == [5, 10]
    assert query(start + 'parse m.a.s "*" as q | display q | limit 1', *events) == [{"q": "x"}]
    assert query('parse jsonParse(@message).a.s "x*" as q | stats count(q) as n', *events) == [{"n": "2"}]
    assert query(start + "stats count(*) by m.a.s | filter m.a.s = 'y'", *events) == [
        {"m.a.s": "y", "count(*)": "1"}
    ]


def test_a_name_of_the_query_goes_before_a_path():
    """``m.k`` is a part only where m is a map; a discovered field of that path is one where it is not."""
    assert query('fields "t" as m, m.k', '{"m": {"k": 3}}') == [{"m": "t", "m.k": "3"}]
    assert query("fields jsonParse('{\"k\": 1}') as m, m.k | display m.k", '{"m": {"k": 3}}') == [
        {"m.k": "1"}
    ]
    assert query("fields jsonParse('{\"k\": 1}') as m, 5 as m.k | display m.k", "x") == [{"m.k": "5"}]


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("sort m", "a map or list to sort by", "m"),
        ("dedup m", "a map or list to tell rows apart", "m"),
        ("stats count(m)", "a map or list in stats", "count(m)"),
        ("stats count(*) by m", "a map or list to group by", "m"),
        ("fields items[0]", "a part of what is neither map nor list", "items[0]"),
        ("fields m.k[x]", "an index that is no number", "x"),
        ("fields m.k[-1]", "an index that is no number", "-"),
        ("fields m.k[1.5]", "an index that is none", "1.5"),
        ("fields m.k[99999999999]", "an index that is none", "99999999999"),
        ("fields m.k[0", "a parenthesis or bracket that is not closed", ""),
    ],
)
def test_wrong_use_is_named_at_its_place(text, name, place):
    error = refused(f"fields jsonParse(@message) as m | {text}")
    assert error.mistake.name == name
    assert error.text[error.at :].startswith(place)


def test_depth_and_size_are_bounded_by_the_text():
    deep = "[" * 50_000 + "]" * 50_000
    assert query("fields strlen(jsonStringify(jsonParse(@message))) as n", deep) == [{"n": "100000"}]
    wide = "[" + ",".join(["1"] * 200_000) + "]"
    assert query("fields jsonArraySize(@message) as n", wide) == [{"n": "200000"}]


# -- a law -----------------------------------------------------------------------------------------------------------
KEYS = st.text("ab.c", min_size=1, max_size=2)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\é', max_size=3)
DOCUMENTS = st.recursive(
    LEAVES, lambda each: st.lists(each, max_size=3) | st.dictionaries(KEYS, each, max_size=3), max_leaves=8
)
STEPS = st.lists(st.integers(0, 2) | KEYS, min_size=1, max_size=3)


def stepped(document, steps):
    for step in steps:
        known = isinstance(document, list) if isinstance(step, int) else isinstance(document, dict)
        if not known or (step >= len(document) if isinstance(step, int) else step not in document):
            return None
        document = document[step]
    return document


def written(value) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@settings(max_examples=12)
@given(st.lists(DOCUMENTS, min_size=1, max_size=20), st.lists(STEPS, min_size=1, max_size=4))
def test_parts_are_those_python_finds(documents, paths):
    accesses = [
        "".join(f"[{step}]" if isinstance(step, int) else f".`{step}`" for step in steps) for steps in paths
    ]
    columns = ", ".join(f"m{access} as x{n}" for n, access in enumerate(accesses))
    messages = [json.dumps(each) for each in documents]
    rows = query(f"fields jsonParse(@message) as m, {columns}", *messages)[::-1]
    for document, row in zip(documents, rows, strict=True):
        whole = document if isinstance(document, dict | list) else None
        assert row.get("m") == written(whole)
        assert [row.get(f"x{n}") for n in range(len(paths))] == [
            written(stepped(whole, steps)) for steps in paths
        ]
