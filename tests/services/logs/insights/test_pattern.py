"""``pattern``: the documented examples, kinds of dynamic tokens, words that vary, severities; random lines agree with plain
Python that knows of each word what it is."""

import re
from collections import Counter
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab.services.logs.insights.patterns import MANY
from cwlab.shop.day import recording
from tests.services.logs.insights.asking import query, refused

PATTERN = "pattern @message"
ID = "2023-01-01 19:00:0{} [INFO] Calling DynamoDB to store for resource id {}-12345"


def patterns(*messages: str) -> dict[str, int]:
    return {row["@pattern"]: int(row["@sampleCount"]) for row in query(PATTERN, *messages)}


def test_the_documented_example():
    messages = [
        ID.format(n, value) for n, value in enumerate(["12342342k124", "324892398123", "3ff231242342"], 1)
    ]
    assert query(PATTERN, *messages) == [
        {
            "@pattern": "<Time-1> [INFO] Calling DynamoDB to store for resource id <ID-2>",
            "@ratio": "1",
            "@sampleCount": "3",
            "@severityLabel": "Info",
        }
    ]


def test_the_documented_query():
    """Causes that parse took, the rare first; lines without one are in no pattern."""
    text = "filter @message like /ERROR/ | parse @message 'Failed to do: *' as cause | pattern cause | sort @sampleCount asc"
    messages = [
        "ERROR Failed to do: write 5 rows",
        "ERROR Failed to do: write 17 rows",
        "INFO Failed to do: read",
        "ERROR Failed to do: connect to 10.0.0.7",
        "ERROR out of memory",
    ]
    assert query(text, *messages) == [
        {"@pattern": "connect to <IPAddress-1>", "@ratio": "0.3333333333333333", "@sampleCount": "1"},
        {"@pattern": "write <Number-1> rows", "@ratio": "0.6666666666666666", "@sampleCount": "2"},
    ]


BY_SHAPE = [
    ("took 35 ms", "took <Number-1> ms"),
    ("took 35ms, 1.5s, 1e-5", "took <Number-1>, <Number-2>, <Number-3>"),
    ("used 12.5MB of 2GiB", "used <Number-1> of <Number-2>"),
    ("Dec 10 06:55:46 LabSZ sshd[24200]: hi", "<Time-1> LabSZ sshd[<Number-2>]: hi"),
    ("Mar  1 20:00:45 hi", "<Time-1> hi"),
    ("2026-03-02T09:05:03.377Z hi", "<Time-1> hi"),
    ("2026-03-02 09:05:03,377 hi", "<Time-1> hi"),
    ("2026/03/02 09:05:03 [error] 7#7", "<Time-1> [error] <Number-2>#<Number-3>"),
    (
        '10.0.0.1 - - [02/Mar/2026:09:05:00 +0000] "GET / HTTP/1.1" 200 5',
        '<IPAddress-1> - - [<Time-2>] "GET / HTTP/<Number-3>" <Number-4> <Number-5>',
    ),
    ("Date: Mon, 02 Mar 2026 09:05:00 GMT", "Date: Mon, <Time-1>"),
    ("at 09:05:00.125 sharp", "at <Time-1> sharp"),
    ("cc95696d-7c3d-45da-a287-92f1864cfebf done", "<UUID-1> done"),
    ("from 2001:db8:0:0:0:0:0:1 and fe80::1", "from <IPAddress-1> and <IPAddress-2>"),
    (
        "mail ann.lee+x@shop.example, see https://shop.example/a?b=1 now",
        "mail <Email-1>, see <URL-2> now",
    ),
    ("s3://bucket/key gone", "<URL-1> gone"),
    ("i-0abc1234 user-4711 deadbeef 0x1f", "<ID-1> <ID-2> <ID-3> <ID-4>"),
    ("/shop/item/79190/edit", "/shop/item/<Number-1>/edit"),
    ("ssh2 utf8 café é12", "ssh2 utf8 café é<Number-1>"),
    ('{"status": "200", "ok": true}', '{"status": "<Number-1>", "ok": true}'),
    ("web-1 us-east-1", "web-<Number-1> us-east-<Number-2>"),
    ("plain words only.", "plain words only."),
    ("two  spaces\tand\na line", "two spaces\tand\na line"),
    ("\x1a sign <Time-1>", "? sign <Time-<Number-1>>"),
    ("{it's} 'quoted' \"x\" \\", "{it's} 'quoted' \"x\" \\"),
]


def test_what_is_dynamic_by_its_shape():
    """Lines and their patterns; in one query, for no two are equal but for a word."""
    assert patterns(*(line for line, _ in BY_SHAPE)) == Counter(pattern for _, pattern in BY_SHAPE)


def test_a_kind_is_that_of_all_values():
    assert patterns("from 10.0.0.1", "from 10.0.0.2") == {"from <IPAddress-1>": 2}
    assert patterns("id 17", "id 1a2b3c4d") == {"id <ID-1>": 2}
    assert patterns("id cc95696d-7c3d-45da-a287-92f1864cfebf", "id 12345678") == {"id <ID-1>": 2}
    assert patterns("from 10.0.0.1", "from 1234a") == {"from <Token-1>": 2}


USERS = ["root", "admin", "test", "oracle", "ubuntu", "guest"]


def test_many_words_at_one_place_are_a_token():
    lines = [f"Failed password for {user} from 10.0.0.{n}" for n, user in enumerate(USERS[:MANY])]
    assert patterns(*lines) == {"Failed password for <Token-1> from <IPAddress-2>": MANY}
    assert len(patterns(*lines[: MANY - 1])) == MANY - 1


def test_a_word_where_others_have_a_dynamic_token_is_a_value_of_it():
    assert patterns('{"product": 5}', '{"product": null}') == {'{"product": <Token-1>}': 2}
    assert patterns("host 10-0-0-7.example", "host ns.example") == {"host <Token-1>": 2}


def test_two_words_may_vary():
    lines = [f"{user} logged in to {host}" for user in USERS[:MANY] for host in ("a", "b", "c", "d", "e")]
    assert patterns(*lines) == {"<Token-1> logged in to <Token-2>": MANY * 5}


def test_severities_never_vary():
    levels = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE", "FATAL"]
    assert len(patterns(*(f"{level} done" for level in levels))) == len(levels)


SEVERITIES = [
    ("[INFO] retry after error", "Info"),
    ("WARN ERROR", "Warning"),
    ("WARNING: disk", "Warning"),
    ("FATAL: gone", "Error"),
    ("CRITICAL", "Error"),
    ("java.lang.NullPointerException: x", "Error"),
    ("an error, then a warning", "Error"),
    ('{"level": "debug"}', "Debug"),
    ("info", "Info"),
    ("notice", "Info"),
    ("all is well", None),
    ("errors and information", None),
    ("INFORMATION ERRORS", None),
]


def test_the_severity():
    found = {
        row["@pattern"]: row.get("@severityLabel")
        for row in query(PATTERN, *(line for line, _ in SEVERITIES))
    }
    assert found == dict(SEVERITIES)


def test_the_log_of_the_shop_s_ssh_server():
    """Six kinds of lines, as a person would sort them; an address or a port more makes no other."""
    said = "<Time-1> web-<Number-2> sshd[<Number-3>]: {} from <IPAddress-4> port <Number-5> ssh2"
    users = ["invalid user admin", "invalid user oracle", "invalid user test", "root", "ubuntu"]
    lines = recording("secure").read_text().splitlines()
    found = patterns(*lines)
    assert set(found) == {said.format(f"Failed password for {user}") for user in users} | {
        said.format("Accepted publickey for ada")
    }
    assert sum(found.values()) == len(lines)


def test_what_follows_sees_the_patterns():
    lines = ["a 1", "a 2", "a 3", "b", "b", "ERROR c"]
    rows = query(
        f"{PATTERN} | filter @sampleCount > 1 | fields @sampleCount * 10 as tens | sort tens", *lines
    )
    assert [(row["@pattern"], row["tens"]) for row in rows] == [("b", "20"), ("a <Number-1>", "30")]
    assert query(f"{PATTERN} | limit 1 | display @pattern", *lines) == [{"@pattern": "a <Number-1>"}]
    assert query(f"{PATTERN} | stats count(*) as n, sum(@sampleCount) as all by @severityLabel", *lines) == [
        {"@severityLabel": "Error", "n": "1", "all": "1"},
        {"n": "2", "all": "5"},
    ]


def test_pattern_is_no_stats():
    text = (
        f"{PATTERN} | filter @pattern != 'c' | stats count(*) as n by @severityLabel | stats max(n) as most"
    )
    assert query(text, "a", "b", "c") == [{"most": "2"}]
    assert "one stats too many" in refused(f"{text} | stats count(*)").message


def test_of_equal_patterns_the_first_by_its_text():
    assert list(patterns("b", "c", "a")) == ["a", "b", "c"]
    assert query(PATTERN) == []


def test_functions_and_fields_give_texts_too():
    assert query("pattern toupper(@message)", "a 1") == [
        {"@pattern": "A <Number-1>", "@ratio": "1", "@sampleCount": "1"}
    ]
    assert query("pattern m", '{"m": "x 5"}', '{"n": 1}')[0]["@pattern"] == "x <Number-1>"
    assert query("fields concat(m, '!') as it | pattern it", '{"m": "x 5"}')[0]["@pattern"] == "x <Number-1>!"
    assert query("parse @message '[*]' as x | pattern x", "[]") == [
        {"@pattern": "", "@ratio": "1", "@sampleCount": "1"}
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{PATTERN} | fields @message", "a field that pattern did not make: @message"),
        (f"{PATTERN} | stats count(*) by bin(5m)", "bin after stats"),
        (f"{PATTERN} | {PATTERN}", "pattern after pattern"),
        (f"stats count(*) by @message | {PATTERN}", "pattern after stats"),
        ("pattern @timestamp", "no text to make patterns of"),
        ("pattern strlen(@message)", "no text to make patterns of"),
        ("pattern", "pattern without a field"),
        ("pattern 'text'", "pattern without a field"),
    ],
)
def test_what_cannot_be(text, says):
    assert says in refused(text).message


def test_a_long_line_and_a_line_of_signs():
    long = "word 5 " * 20_000
    rows = query(PATTERN, long)
    assert rows[0]["@pattern"].startswith("word <Number-1> word <Number-2>")
    assert rows[0]["@pattern"].endswith("word <Number-20000> ")
    assert patterns("\x1a\x1a <script>") == {"?? <script>": 1}


# -- against plain Python ---------------------------------------------------------------------------------------------------
class Word(NamedTuple):
    """A piece of a line and what a person says it is: a kind of dynamic token, "" for a word, None for a delimiter."""

    text: str
    kind: str | None


WORDS = [
    *(Word(each, "") for each in ["root", "admin", "test", "guest", "ann", "bob", "ssh2", "no-op", "x.y"]),
    *(Word(each, "level") for each in ["ERROR", "info"]),
    *(Word(each, "Number") for each in ["7", "42", "3.5", "35ms", "123456789012"]),
    *(Word(each, "ID") for each in ["user-4711", "0x1f", "deadbeef", "1a2b3c4d", "12-34-56"]),
    *(Word(each, "IPAddress") for each in ["10.0.0.1", "203.0.113.255"]),
    *(Word(each, "Time") for each in ["2026-03-02T09:00:00Z", "Mar  2 09:00:00", "23:59:59"]),
    Word("cc95696d-7c3d-45da-a287-92f1864cfebf", "UUID"),
    Word("ann@shop.example", "Email"),
    Word("http://shop.example/x", "URL"),
]
GAPS = [(" ",), ("  ",), (",", " "), (" ", "[")]
LINES = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), min_size=1, max_size=4)


def pieces(line: list[tuple[Word, tuple[str, ...]]]) -> list[Word]:
    """Words and delimiters in turn; several spaces are one."""
    made = []
    for n, (word, gap) in enumerate(line):
        made.append(word)
        if n + 1 < len(line):
            made += [Word(" " if part == "  " else part, None) for part in gap]
    return made


def said(line: list[tuple[Word, tuple[str, ...]]]) -> str:
    return "".join(
        word.text + ("".join(gap) if n + 1 < len(line) else "") for n, (word, gap) in enumerate(line)
    )


def expected(lines: list[list[Word]]) -> dict[str, int]:
    """Patterns and how many lines have them, by comparing each with each."""
    shapes = {
        id(line): tuple("*" if w.kind not in ("", "level", None) else w.text for w in line) for line in lines
    }
    fixed = {id(line): [w.kind in ("level", None) for w in line] for line in lines}
    now = dict(shapes)
    for _ in range(2):
        frozen = {now[key]: fixed[key] for key in now}
        varies: dict[tuple[str, ...], set[int]] = {shape: set() for shape in frozen}
        for shape in frozen:
            for place in range(len(shape)):
                if frozen[shape][place]:
                    continue
                alike = [
                    other
                    for other in frozen
                    if len(other) == len(shape)
                    and not frozen[other][place]
                    and other[:place] + other[place + 1 :] == shape[:place] + shape[place + 1 :]
                ]
                dynamic = any(other[place] == "*" for other in alike) and len(alike) > 1
                if len(alike) >= MANY or dynamic:
                    varies[shape].add(place)
        now = {
            key: tuple("*" if place in varies[shape] else part for place, part in enumerate(shape))
            for key, shape in now.items()
        }
    counts: dict[tuple[str, ...], list[list[Word]]] = {}
    for line in lines:
        counts.setdefault(now[id(line)], []).append(line)
    found: dict[str, int] = {}
    for shape, members in counts.items():
        text, number = "", 0
        for place, part in enumerate(shape):
            if part != "*":
                text += part
                continue
            number += 1
            kinds = {line[place].kind or "" for line in members}
            name = kinds.pop() if len(kinds) == 1 else "ID" if kinds <= {"Number", "ID", "UUID"} else ""
            text += f"<{name or 'Token'}-{number}>"
        found[text] = found.get(text, 0) + len(members)
    return found


@settings(max_examples=16)
@given(st.lists(LINES, min_size=4, max_size=24))
def test_random_lines_agree_with_plain_python(lines):
    assert patterns(*map(said, lines)) == expected([pieces(line) for line in lines])


@settings(max_examples=10)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | LINES.map(said),
        min_size=1,
        max_size=12,
    )
)
def test_every_event_is_in_one_pattern_and_fits_it(lines):
    rows: list[dict[str, Any]] = query(PATTERN, *lines)
    assert sum(int(row["@sampleCount"]) for row in rows) == len(lines)
    assert sum(float(row["@ratio"]) for row in rows) == pytest.approx(1)
    for line in lines:
        assert any(fits(line, row["@pattern"]) for row in rows)


def fits(line: str, pattern: str) -> bool:
    """Whether a line may be one of a pattern: any text where the pattern has a dynamic token."""
    parts = re.split(r"<[A-Za-z]+-\d+>", re.sub(" +", " ", pattern))
    line = re.sub(" +", " ", line.replace("\x1a", "?"))
    return re.fullmatch(".+".join(map(re.escape, parts)), line, re.DOTALL) is not None


def test_lines_that_differ_in_more_than_a_word_are_told_apart():
    lines = ["a", "a b", "a,b", "A", "a  b c", "[a]", "a: b"]
    assert patterns(*lines) == {re.sub(" +", " ", line): 1 for line in lines}
