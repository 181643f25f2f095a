"""How a query is written: words, names, strings, comments, operators, periods. Source: user guide, query syntax."""

import json

import pytest

from tests.services.logs.insights.asking import START, Event, ask, query, refused

DAY = 86_400_000


def value(expression: str, message: str = "m") -> str | None:
    (row,) = query(f"fields {expression} as x", message)
    return row.get("x")


def holds(condition: str, message: str = "m") -> bool:
    return query(f"filter {condition} | stats count(*) as n", message) == [{"n": "1"}]


@pytest.mark.parametrize(
    "text",
    [
        "FIELDS a AS x | FILTER a LIKE /1/ AND NOT a IN [2] OR FALSE | SORT a DESC | LIMIT 1",
        "Fields a As x | Filter a Like /1/ And Not a In [2] Or False | Sort a Desc | Limit 1",
        "fields\na\nas\nx\n|\nfilter a\tlike\t/1/ and not a in [2] or false\n\n|sort a desc|limit 1",
        "fields a as x # what it is | limit 0\n| filter a like /1/ # 'half\n# a line of its own\n| sort a desc | limit 1 # end",
    ],
)
def test_words_in_any_case_white_space_and_comments(text):
    assert query(text, '{"a": 1}') == [{"x": "1"}]


def test_a_comment_does_not_begin_in_a_string_an_expression_or_a_name():
    message = json.dumps({"a": "x # y", "# b": "c"})
    assert holds('a = "x # y"', message) and holds("a = 'x # y'", message)
    assert holds("a like /x # y/ # and so it is\n", message)
    assert query("fields `# b` # | limit 0", message) == [{"# b": "c"}]


def test_functions_have_no_case_and_fields_have():
    message = '{"a": 1, "A": 2}'
    for name in ("ispresent", "isPresent", "ISPRESENT"):
        assert value(f"{name}(a)", message) == "1"
    assert query("fields a, A", message) == [{"a": "1", "A": "2"}]
    assert query("stats MAX(a), Max(A), max(b)", message) == [{"MAX(a)": "1", "Max(A)": "2"}]


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("a_b2", {"a_b2": 1}),
        ("_a", {"_a": 1}),
        ("a.b.c", {"a": {"b": {"c": 1}}}),
        ("a.0.b.1", {"a": [{"b": [0, 1]}]}),
        ("a.b", {"a.b": 1}),
        ("@@a", {"@a": 1}),
        ("@@a.b", {"@a": {"b": 1}}),
        ("`foo-bar`", {"foo-bar": 1}),
        ("`detail-type`", {"detail-type": 1}),
        ("`a b`", {"a b": 1}),
        ("`a`", {"a": 1}),
        ("json.`user.id`", {"json": {"user.id": 1}}),
        ("json.`user-id`.x", {"json": {"user-id": {"x": 1}}}),
        ("`a/b`.`c~d`", {"a/b": {"c~d": 1}}),
        ("`é`", {"é": 1}),
        ("`1`", {"1": 1}),
        ("`a\"'|#`", {"a\"'|#": 1}),
    ],
)
def test_names(name, document):
    message = json.dumps(document)
    assert value(name, message) == "1"
    assert query(f"filter {name} = 1 | stats max({name}) as m by {name} as k", message) == [
        {"k": "1", "m": "1"}
    ]
    column = name.replace("`", "")
    assert query(f"fields {name}", message) == [{column: "1"}]


@pytest.mark.parametrize("name", ["foo-bar", "a b", "1a", "a:b", "é"])
def test_other_names_stand_in_backticks(name):
    message = json.dumps({name: "1"})
    assert value(f"`{name}`", message) == "1"
    assert name == "foo-bar" or refused(f"fields {name}")  # foo-bar is foo minus bar
    assert value("foo-bar", '{"foo": 3, "bar": 1, "foo-bar": 9}') == "2"


@pytest.mark.parametrize(
    ("literal", "wanted"),
    [
        ('"a"', "a"),
        ("'a'", "a"),
        ('"it\'s"', "it's"),
        ("'say \"a\"'", 'say "a"'),
        (r'"a\"b"', 'a"b'),
        (r"'it\'s'", "it's"),
        (r'"a\\b"', r"a\b"),
        ('"a|b"', "a|b"),
        ('""', ""),
        ("7", "7"),
        ("7.50", "7.5"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        ("-7", "-7"),
    ],
)
def test_strings_and_numbers(literal, wanted):
    assert value(literal) == wanted


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("a like /Error/", True),
        ("a like /error/", False),
        ("a like /(?i)error/", True),
        ("a =~ /^An/", True),
        ('a =~ "^An"', True),
        ("a like /\\//", True),
        ("a like /x\\|y/", True),
        ("a not like /Error/", False),
        ('a like "Error"', True),
        ('a like "error"', False),
        ('a like "Err%"', False),
        ('a like "E.ror"', False),
        ('a not like "E_ror"', True),
        ('a in ["An Error", "b"]', False),
        ('a in ["An Error /x|y"]', True),
        ('a not in ["An Error"]', True),
        ("n in [1, 2, 3]", True),
        ('n in ["2"]', True),
        ("n in [4]", False),
        ("none in [1]", False),
        ("none not in [1]", True),
        ("none like /x/", False),
        ("none not like /x/", True),
    ],
)
def test_patterns_and_lists(condition, wanted):
    assert holds(condition, '{"a": "An Error /x|y", "n": 2}') is wanted


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        ("2 + 3 * 4", "2 + (3 * 4)"),
        ("10 - 4 - 3", "(10 - 4) - 3"),
        ("24 / 4 / 2", "(24 / 4) / 2"),
        ("2 * 7 % 4", "(2 * 7) % 4"),
        ("-2 ^ 2", "-(2 ^ 2)"),
        ("2 ^ -1", "2 ^ (-1)"),
        ("2 ^ 3 ^ 2", "2 ^ (3 ^ 2)"),
        ("3 * 2 ^ 2", "3 * (2 ^ 2)"),
        ("-3 + 5", "(-3) + 5"),
        ("1 + 1 = 2", "(1 + 1) = 2"),
        ("2 > 1 and 1 > 2", "(2 > 1) and (1 > 2)"),
        ("true or true and false", "true or (true and false)"),
        ("not false and false", "(not false) and false"),
        ("not false or true", "(not false) or true"),
        ("not 1 = 2", "not (1 = 2)"),
        ("not 'a' like 'b'", "not ('a' like 'b')"),
        ("1 + 1 in [2]", "(1 + 1) in [2]"),
        ("not not true", "not (not true)"),
    ],
)
def test_what_binds_more_closely(expression, same):
    assert value(expression) == value(same) is not None


def test_as_everywhere():
    message = '{"a": 1, "b": "k=v"}'
    text = """fields a as x, a + 1 as y | parse b "*=*" as p, q | sort y as z desc | display p as r, z, x"""
    assert query(text, message) == [{"r": "k", "z": "2", "x": "1"}]
    assert query("stats sum(a) as total by b as key", message) == [{"key": "k=v", "total": "1"}]
    assert query("stats sum(a) as total by b as `the key`", message) == [{"the key": "k=v", "total": "1"}]


def test_a_column_without_as_is_called_as_it_is_typed():
    message = '{"a": 1}'
    assert query("fields a+1,  a  +  1, ABS( a )", message) == [{"a+1": "2", "a  +  1": "2", "ABS( a )": "1"}]
    assert query("stats Count( * ), sum(a)/2", message) == [{"Count( * )": "1", "sum(a)/2": "0.5"}]
    assert query("stats SUM(a) by bin( 5m ) | sort SUM(a) | filter SUM(a) > 0", message) == [
        {"bin( 5m )": "2026-03-02 09:00:00.000", "SUM(a)": "1"}
    ]


def test_parse_can_find_nothing_and_that_is_something():
    events = ['{"a": "x"}', '{"a": ""}', "no a"]
    assert query('parse a "*" as p | display p', *events) == [{}, {"p": ""}, {"p": "x"}]
    assert query("parse a /^(?<p>.?)(?<q>.*)$/ | display p, q", *events) == [
        {},
        {"p": "", "q": ""},
        {"p": "x", "q": ""},
    ]
    assert query('parse a "x*" as p | display p', *events) == [{}, {}, {"p": ""}]
    assert query("parse a /(?<p>z*)/ | display p", *events) == [{}, {"p": ""}, {"p": ""}]


# -- natural order ---------------------------------------------------------------------------------------------------
DOCUMENTED = ["!", "#", "*%04", "0#", "5A", "111A", "2345_", "@", "@_", "A", "A9876fghj", "a12345hfh"]
DOCUMENTED += ["0", "01", "1", "2", "3"]


@pytest.mark.parametrize("way", ["", " asc", " desc"])
def test_the_documented_order(way):
    events = [json.dumps({"v": word}) for word in sorted(DOCUMENTED, key=len)]
    wanted = DOCUMENTED[::-1] if way == " desc" else DOCUMENTED
    assert [row["v"] for row in query(f"fields v | sort v{way}", *events)] == wanted
    assert [row["v"] for row in query(f"stats count(*) by v | sort v{way}", *events)] == wanted


def test_the_first_and_last_in_the_documented_order():
    events = [json.dumps({"v": word}) for word in DOCUMENTED]
    assert query("stats sortsFirst(v) as f, sortsLast(v) as l", *events) == [{"f": "!", "l": "3"}]


@pytest.mark.parametrize(
    "words",
    [
        ["a2", "a10", "a010", "a100"],  # digits by length, then value
        ["v1.9", "v1.10", "v2.1"],
        ["a9", "a!9", "a!10"],  # letters and signs are one run
        ["A", "Z", "a", "z", "é"],
        ["x", "-5", "-1", "0.5", "1e1", "11"],
        ["", "a", "1"],
    ],
)
def test_natural_order(words):
    events = [json.dumps({"v": word}) for word in words[::-1]]
    assert [row["v"] for row in query("fields v | sort v", *events)] == words


def test_what_is_absent_comes_last_both_ways_and_equals_the_newest_first():
    events = [Event(0, '{"v": 1, "n": "a"}'), Event(1, "x"), Event(2, '{"v": "1", "n": "b"}'), Event(2, "y")]
    assert ask("sort v | display n, @message | limit 3", events) == [
        {"n": "b", "@message": events[2].message},
        {"n": "a", "@message": events[0].message},
        {"@message": "y"},
    ]
    assert [row["@message"] for row in ask("sort v desc | display @message", events)][2:] == ["y", "x"]


# -- periods ---------------------------------------------------------------------------------------------------------
UNITS = {
    "ms": ["ms", "mss", "msec", "msecs", "millisecond", "milliseconds"],
    "s": ["s", "sec", "secs", "second", "seconds"],
    "m": ["m", "min", "mins", "minute", "minutes"],
    "h": ["h", "hr", "hrs", "hour", "hours"],
    "d": ["d", "day", "days"],
    "w": ["w", "week", "weeks"],
    "mo": ["mo", "mos", "mon", "mons", "month", "months"],
    "q": ["q", "qtr", "qtrs", "quarter", "quarters"],
    "y": ["y", "yr", "yrs", "year", "years"],
}
INSTANT = 3 * DAY + 451_250  # Thursday, 2026-03-05 09:07:31.250
ONE = {
    "ms": "2026-03-05 09:07:31.250",
    "s": "2026-03-05 09:07:31.000",
    "m": "2026-03-05 09:07:00.000",
    "h": "2026-03-05 09:00:00.000",
    "d": "2026-03-05 00:00:00.000",
    "w": "2026-03-02 00:00:00.000",
    "mo": "2026-03-01 00:00:00.000",
    "q": "2026-01-01 00:00:00.000",
    "y": "2026-01-01 00:00:00.000",
}


def binned(*periods: str) -> list[str]:
    text = "fields " + ", ".join(f"bin({period}) as p{n}" for n, period in enumerate(periods))
    (row,) = ask(text, [Event(INSTANT, "m")])
    return list(row.values())


@pytest.mark.parametrize("unit", UNITS)
def test_every_spelling_of_a_unit(unit):
    spellings = [f"1{word}" for word in UNITS[unit]]
    spellings += [f"1 {UNITS[unit][-1]}".replace(" ", ""), f"1{UNITS[unit][-1].upper()}"]
    assert set(binned(*spellings)) == {ONE[unit]}


@pytest.mark.parametrize(
    ("period", "same"),
    [
        ("1000ms", "1000ms"),
        ("1001ms", "1000ms"),
        ("60s", "60s"),
        ("61s", "60s"),
        ("300s", "60s"),
        ("300s", "1m"),
        ("60m", "60m"),
        ("90m", "60m"),
        ("24h", "1d"),
        ("25h", "24h"),
        ("48h", "1d"),
    ],
)
def test_a_number_above_its_cap_is_lowered_without_a_word(period, same):
    assert len(set(binned(period, same))) == 1


def test_below_the_cap_and_where_there_is_none():
    wanted = [
        "2026-03-05 09:07:31.000",
        "2026-03-05 09:07:30.000",
        "2026-03-05 09:05:00.000",
        "2026-03-05 06:00:00.000",
    ]
    assert binned("500ms", "30s", "5m", "6h") == wanted
    assert binned("2mo", "6mo", "5y") == [
        "2026-03-01 00:00:00.000",
        "2026-01-01 00:00:00.000",
        "2025-01-01 00:00:00.000",
    ]
    assert len(set(binned("1d", "2d", "30d"))) >= 2


def test_rounding_up_and_down_at_the_edge():
    at = f"fromMillis({START})"  # on the hour
    text = f"fields datefloor({at}, 1h) as a, dateceil({at}, 1h) as b, dateceil(fromMillis({START + 1}), 1h) as c, datefloor(fromMillis({START - 1}), 1h) as d"
    (row,) = query(text, "m")
    hours = {name: stamp[11:13] for name, stamp in row.items()}
    assert hours == {"a": "09", "b": "09", "c": "10", "d": "08"}


@pytest.mark.parametrize("period", ["0m", "m", "5", "-5m", "5x", '"5m"', "5.5m", "5 m"])
def test_what_is_no_period(period):
    assert refused(f"stats count(*) by bin({period})").mistake.name
