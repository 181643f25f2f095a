"""``anomaly``: each of the five kinds where it is and where it is not; the columns; random logs agree with plain Python."""

from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cwlab.services.logs.insights.unusual import LEAST, PARTS
from tests.services.logs.insights.asking import SECOND, Event, Row, ask, refused

TEXT = "pattern @message | anomaly"
Log = dict[int, list[str]]  # the messages of each part


def rows(log: Log, text: str = TEXT) -> list[Row]:
    """The rows over messages in the parts of a hundred seconds: one at the very beginning, one at the end."""
    events = [Event(0, "begin"), Event(PARTS * 10 * SECOND - 1, "begin")]
    for part, messages in log.items():
        events += [Event((part * 10 + 1) * SECOND + n, message) for n, message in enumerate(messages)]
    return ask(text, events)


def kinds(log: Log) -> dict[str, str]:
    return {row["@pattern"]: row["@anomaly"] for row in rows(log) if "@anomaly" in row}


def said(log: Log, pattern: str) -> tuple[str, str, str]:
    row = next(row for row in rows(log) if row["@pattern"] == pattern)
    return row["@anomaly"], row["@description"], row["@priority"]


def steady(message: str, times: int = 5, **parts: int) -> Log:
    """A message so many times in each part, and otherwise in those named (p3=9)."""
    return {part: [message] * parts.get(f"p{part}", times) for part in range(PARTS)}


def both(*logs: Log) -> Log:
    return {part: [message for log in logs for message in log.get(part, [])] for part in range(PARTS)}


def test_a_burst_and_a_silence():
    log = both(steady("all is well", 6), steady("retry", 4, p3=20), steady("beat", 25, p6=1))
    assert kinds(log) == {"retry": "Pattern frequency", "beat": "Pattern frequency"}
    assert said(log, "retry") == (
        "Pattern frequency",
        "20 events in part 4 of 10, 4.0 on average in the others.",
        "MEDIUM",
    )
    assert said(log, "beat") == (
        "Pattern frequency",
        "1 events in part 7 of 10, 25.0 on average in the others.",
        "LOW",
    )


def test_what_changes_always_is_not_unusual():
    log = {part: ["x"] * (1 if part % 2 else 20) for part in range(PARTS)}
    assert kinds(log) == {}
    assert kinds(steady("x", 2, p4=6)) == {}  # too few


def test_a_new_pattern_and_the_priority_of_errors():
    log = both(steady("order 7"), {8: ["ERROR no stock"], 9: ["WARN slow", "hello"]}, {7: ["late"]})
    assert said(log, "ERROR no stock") == ("New pattern", "First seen in part 9 of 10.", "HIGH")
    assert said(log, "WARN slow") == ("New pattern", "First seen in part 10 of 10.", "MEDIUM")
    assert said(log, "hello")[2] == "LOW"
    assert "late" not in kinds(log)


def test_a_token_with_a_value_never_seen():
    disks = {part: [f"disk {name} ok" for name in ("sda", "sdb", "1234a", "sdc")] for part in range(PARTS)}
    assert kinds(disks) == {}
    assert said(both(disks, {9: ["disk sdz ok"]}), "disk <Token-1> ok") == (
        "Token variation",
        "<Token-1> has a value not seen before part 8: sdz.",
        "LOW",
    )
    assert kinds(both(disks, {7: ["disk sdz ok"]})) == {}


def test_numbers_that_jump_and_numbers_that_rise():
    jump = {part: [f"took {n + (900 if part == 5 else 40)} ms" for n in range(6)] for part in range(PARTS)}
    assert said(jump, "took <Number-1> ms") == (
        "Numerical token",
        "<Number-1>: 902.5 on average in part 6 of 10, 42.5 in the others.",
        "MEDIUM",
    )
    assert kinds({part: [f"took {n + 40} ms" for n in range(6)] for part in range(PARTS)}) == {}
    rising = {part: [f"process {10_000 + part * (900 if part == 9 else 7)}"] * 6 for part in range(PARTS)}
    assert kinds(rising) == {}  # a counter


def test_units():
    same = {part: [f"took {900 if part == 5 else 40}ms"] * 6 for part in range(PARTS)}
    assert kinds(same) == {"took <Number-1>": "Numerical token"}
    mixed = {part: [f"took {'1.2s' if part == 5 else '900ms'}"] * 6 for part in range(PARTS)}
    assert kinds(mixed) == {}


@pytest.mark.parametrize(
    ("line", "pattern", "token"),
    [
        ('{{"status": "{}"}}', '{{"status": "{}"}}', "<Number-1>"),
        ("statusCode={} done", "statusCode={} done", "<Number-1>"),
        ("Status Code: {};", "Status Code: {};", "<Number-1>"),
        ('"GET / HTTP/1.1" {} -', '"GET / HTTP/<Number-1>" {} -', "<Number-2>"),
    ],
)
def test_http_error_codes(line, pattern, token):
    log = {
        part: [line.format(200)] * 10 + [line.format(500)] * (9 if part == 4 else 1) for part in range(PARTS)
    }
    assert said(log, pattern.format(token)) == (
        "HTTP error code",
        f"{token}: 9 error codes in part 5 of 10, 1.0 on average in the others.",
        "MEDIUM",
    )
    fewer = {
        part: [line.format(500)] * (1 if part == 4 else 9) + [line.format(200)] * 10 for part in range(PARTS)
    }
    assert kinds(fewer) == {}


def test_numbers_that_are_no_codes():
    log = {part: ["took 200 ms"] * 10 + ["took 500 ms"] * (9 if part == 4 else 1) for part in range(PARTS)}
    assert "HTTP error code" not in kinds(log).values()


def test_several_kinds_at_once():
    line = 'status: "{}" took {} ms'
    log = {part: [line.format(200, 40)] * 12 for part in range(PARTS)}
    log[2] = [line.format(503, 900)] * 60
    row = next(row for row in rows(log) if row["@pattern"].startswith("status"))
    assert row["@anomaly"] == "Pattern frequency, Numerical token, HTTP error code"
    assert row["@description"].count(" part 3 of 10") == 3


def test_too_little_to_judge_and_nothing_at_all():
    few = {9: ["ERROR x"] * (LEAST - 3)}
    assert kinds(few) == {}
    assert kinds({9: ["ERROR x"] * (LEAST - 2)}) == {"ERROR x": "New pattern"}
    assert ask(TEXT, []) == []
    assert "@anomaly" not in ask(TEXT, [Event(0, "x")] * 50)[0]  # all at one instant


def test_inputs_stay_and_what_follows_sees_the_columns():
    log = both(steady("order 7"), {9: ["ERROR no stock"]})
    found = rows(log)
    assert [row["@pattern"] for row in found] == ["order <Number-1>", "begin", "ERROR no stock"]
    assert found[2] | {"@ratio": ""} == {
        "@pattern": "ERROR no stock",
        "@ratio": "",
        "@sampleCount": "1",
        "@severityLabel": "Error",
        "@anomaly": "New pattern",
        "@description": "First seen in part 10 of 10.",
        "@priority": "HIGH",
    }
    text = f"{TEXT} | filter ispresent(@anomaly) | display @pattern, @priority"
    assert rows(log, text) == [{"@pattern": "ERROR no stock", "@priority": "HIGH"}]
    between = "filter @message like /ERROR|order/ | pattern @message | filter @sampleCount < 5 | fields @sampleCount + 1 as n | anomaly"
    log[0] = ["ERROR no stock", *log[0]]
    assert rows(log, between)[0]["n"] == "3"
    assert rows(log, f"{TEXT} | stats count(*) as n by @priority | limit 1") == [{"n": "3"}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("anomaly", "anomaly without pattern"),
        ("stats count(*) by @logStream | anomaly", "anomaly without pattern"),
        ("pattern @message | stats count(*) | anomaly", "anomaly without pattern"),
        ("pattern @message | anomaly | anomaly", "a second anomaly"),
        ("pattern @message | anomaly | fields @message", "a field that pattern did not make"),
        ("pattern @message | anomaly | diff", "a command between pattern and diff"),
    ],
)
def test_what_cannot_be(text, says):
    assert says in refused(text).message


# -- against plain Python ---------------------------------------------------------------------------------------------------
COUNTS = st.lists(st.sampled_from([0, 0, 1, 3, 4, 5, 6, 7, 12, 30]), min_size=PARTS, max_size=PARTS)
NUMBERS = st.lists(
    st.lists(st.sampled_from([1, 2, 3, 40, 41, 500]), max_size=8), min_size=PARTS, max_size=PARTS
)


def jumps(counts: list[int]) -> tuple[bool, bool]:
    """Whether one part is unusual, and whether one is upwards."""
    found = [False, False]
    for part, count in enumerate(counts):
        others = counts[:part] + counts[part + 1 :]
        mean = fmean(others)
        sigma = max(pstdev(others), mean**0.5, 1)
        assume(abs(abs(count - mean) - 3 * sigma) > 1e-6)
        if abs(count - mean) >= 5 and abs(count - mean) > 3 * sigma:
            found[0] = True
            found[1] |= count > mean
    return found[0], found[1]


def moved(numbers: list[list[int]]) -> bool:
    means = [fmean(each) for each in numbers if each]
    if len(means) >= 4 and all(b > a for a, b in pairwise(means)):
        return False
    for part, own in enumerate(numbers):
        rest = [x for n, each in enumerate(numbers) if n != part for x in each]
        if len(own) < 5 or len(rest) < 20:
            continue
        sigma = max(pstdev(rest), fmean(rest) / 100)
        away = abs(fmean(own) - fmean(rest))
        assume(abs(away - 3 * sigma) > 1e-6)
        if away > 3 * sigma:
            return True
    return False


@settings(max_examples=8)
@given(COUNTS, COUNTS, NUMBERS)
def test_random_logs_agree_with_plain_python(plain, errors, numbers):
    log = {
        part: ["plain"] * plain[part]
        + [f"status={code}" for code in [500] * errors[part] + [200] * 3]
        + [f"took {x} ms" for x in numbers[part]]
        for part in range(PARTS)
    }
    expected: dict[str, list[str]] = {}

    def note(pattern: str, counts: list[int], more: list[tuple[bool, str]]) -> None:
        found = []
        if sum(counts):
            new = not sum(counts[:8])
            if new:
                found.append("New pattern")
            elif jumps(counts)[0]:
                found.append("Pattern frequency")
        found += [kind for there, kind in more if there]
        if found:
            expected[pattern] = found

    note("plain", plain, [])
    note(
        "status=<Number-1>", [n + 3 for n in errors], [(any(errors) and jumps(errors)[1], "HTTP error code")]
    )
    note("took <Number-1> ms", [len(each) for each in numbers], [(moved(numbers), "Numerical token")])
    assert kinds(log) == {pattern: ", ".join(found) for pattern, found in expected.items()}
