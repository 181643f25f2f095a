"""``diff``: two windows compared by pattern; which windows; what is counted and paid for; what cannot be."""

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.engine import Answer, Source, run
from cwlab.services.logs.insights.parse import parse
from cwlab.services.logs.insights.windows import earlier
from cwlab.timeline import to_ms
from tests.services.logs.insights.asking import SECOND, START, refused


def answer(text: str, now: list[str], before: list[str]) -> tuple[list[dict[str, str]], Answer]:
    """The rows over the messages of the query's window and of the other."""
    plan = compiled(parse(text), START)
    inputs = []
    for first, messages in ((START, now), (0, before)):
        stamps = range(first, first + len(messages))
        chunk = build(stamps, START, range(len(messages)), [each.encode() for each in messages])
        inputs.append([Source("1:/app", "web", chunk, 0, len(chunk))] if messages else [])
    found = run(plan, *inputs)
    names = [column.name for column in plan.columns]
    return [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in found.rows], found


def changes(text: str, now: list[str], before: list[str]) -> list[tuple[str, ...]]:
    rows, _ = answer(text, now, before)
    columns = ("@pattern", "@sampleCount", "@diffEventCount", "@differenceDescription")
    return [tuple(row[name] for name in columns) for row in rows]


def test_each_pattern_of_either_window_the_greatest_change_first():
    now = ["a 1", "a 2", "a 3", "same", "ERROR new", "fewer", "fewer"]
    before = ["a 7", "same", "gone", "fewer", "fewer", "fewer"]
    rows, found = answer("diff", now, before)
    assert rows == [
        {
            "@pattern": "a <Number-1>",
            "@sampleCount": "3",
            "@diffEventCount": "2",
            "@differenceDescription": "200% more",
        },
        {
            "@pattern": "ERROR new",
            "@sampleCount": "1",
            "@diffEventCount": "1",
            "@differenceDescription": "New",
            "@severityLabel": "Error",
        },
        {
            "@pattern": "fewer",
            "@sampleCount": "2",
            "@diffEventCount": "-1",
            "@differenceDescription": "34% fewer",
        },
        {"@pattern": "gone", "@sampleCount": "0", "@diffEventCount": "-1", "@differenceDescription": "Gone"},
        {
            "@pattern": "same",
            "@sampleCount": "1",
            "@diffEventCount": "0",
            "@differenceDescription": "No change",
        },
    ]
    assert found.matched == len(now) + len(before)
    assert found.pointers is None


def test_a_word_that_varies_in_one_window_is_a_token_in_both():
    now = [f"hello {name}" for name in ("ann", "bob", "cat", "dan", "eve")]
    assert changes("diff", now, ["hello ann"]) == [("hello <Token-1>", "5", "4", "400% more")]


def test_filters_and_fields_hold_in_both_windows():
    text = "filter level = 'ERROR' | fields concat(m, '!') as said | pattern said | diff previousDay"
    now = ['{"level": "ERROR", "m": "x 1"}', '{"level": "INFO", "m": "y"}', '{"level": "ERROR"}']
    before = ['{"level": "INFO", "m": "z"}', '{"level": "ERROR", "m": "x 2"}']
    rows, found = answer(text, now, before)
    assert [(row["@pattern"], row["@diffEventCount"]) for row in rows] == [("x <Number-1>!", "0")]
    assert found.matched == 3


def test_empty_windows():
    assert answer("diff", [], [])[0] == []
    assert changes("diff", [], ["a"]) == [("a", "0", "-1", "Gone")]
    assert changes("diff", ["a"], []) == [("a", "1", "1", "New")]


LINES = st.lists(st.sampled_from(["a 1", "a 2", "b", "ERROR 5", "c  d", "e 10.0.0.1"]), max_size=8)
KNOWN = {"a 1": "a <Number-1>", "a 2": "a <Number-1>", "b": "b", "ERROR 5": "ERROR <Number-1>", "c  d": "c d"}
KNOWN["e 10.0.0.1"] = "e <IPAddress-1>"


@settings(max_examples=8)
@given(LINES, LINES)
def test_counts_are_those_of_each_window(now, before):
    rows, found = answer("diff", now, before)
    one, other = Counter(KNOWN[line] for line in now), Counter(KNOWN[line] for line in before)
    assert {row["@pattern"]: (row["@sampleCount"], row["@diffEventCount"]) for row in rows} == {
        pattern: (str(one[pattern]), str(one[pattern] - other[pattern])) for pattern in one | other
    }
    assert sum(int(row["@sampleCount"]) for row in rows) == len(now)
    assert sum(int(row["@diffEventCount"]) for row in rows) == len(now) - len(before)
    assert found.matched == len(now) + len(before)
    backwards = {row["@pattern"]: int(row["@diffEventCount"]) for row in answer("diff", before, now)[0]}
    assert backwards == {row["@pattern"]: -int(row["@diffEventCount"]) for row in rows}


# -- windows ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("against", "start", "end", "first", "last"),
    [
        (
            "",
            "2026-03-02T09:00:00Z",
            "2026-03-02T09:59:59Z",
            "2026-03-02T08:00:00.999Z",
            "2026-03-02T08:59:59.999Z",
        ),
        (
            "previousDay",
            "2026-03-01T09:00:00Z",
            "2026-03-01T10:00:00Z",
            "2026-02-28T09:00:00Z",
            "2026-02-28T10:00:00Z",
        ),
        (
            "previousWeek",
            "2026-03-02T09:00:00Z",
            "2026-03-02T10:00:00Z",
            "2026-02-23T09:00:00Z",
            "2026-02-23T10:00:00Z",
        ),
        (
            "previousMonth",
            "2026-03-02T09:00:00Z",
            "2026-03-02T10:00:00Z",
            "2026-02-02T09:00:00Z",
            "2026-02-02T10:00:00Z",
        ),
        (
            "previousMonth",
            "2026-03-31T09:00:00Z",
            "2026-03-31T10:00:00Z",
            "2026-02-28T09:00:00Z",
            "2026-02-28T10:00:00Z",
        ),
        (
            "previousMonth",
            "2026-01-15T09:00:00Z",
            "2026-01-15T10:00:00Z",
            "2025-12-15T09:00:00Z",
            "2025-12-15T10:00:00Z",
        ),
    ],
)
def test_the_other_window(against, start, end, first, last):
    assert earlier((to_ms(start), to_ms(end)), against) == (to_ms(first), to_ms(last))


@given(
    st.integers(10**12, 2 * 10**12),
    st.integers(0, 10**10),
    st.sampled_from(["", "previousDay", "previousWeek", "previousMonth"]),
)
def test_a_window_is_as_long_and_earlier(start, length, against):
    first, last = earlier((start, start + length), against)
    assert last - first == length
    assert first < start
    assert against or last == start - 1


# -- a lab ------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def shop():
    """Ten lines an hour from 07:00, the eleventh in the last hour; ERROR only now."""
    lab = Lab(start="2026-03-02T07:00:00Z")
    logs = lab.client("logs")
    logs.create_log_group(logGroupName="/shop")
    logs.create_log_stream(logGroupName="/shop", logStreamName="web")
    for hour in range(3):
        at = int(lab.now.timestamp()) * SECOND
        events = [{"timestamp": at + n, "message": f"order {n}"} for n in range(10)]
        if hour == 2:
            events.append({"timestamp": at + 10, "message": "ERROR payment"})
        logs.put_log_events(logGroupName="/shop", logStreamName="web", logEvents=events)
        lab.advance(hours=1)
    return lab, logs


def asked(shop, text, start, end):
    lab, logs = shop
    at = [int(datetime.fromisoformat(each).timestamp()) for each in (start, end)]
    query = logs.start_query(logGroupName="/shop", startTime=at[0], endTime=at[1], queryString=text)[
        "queryId"
    ]
    lab.advance(seconds=5)
    return logs.get_query_results(queryId=query)


def test_both_windows_are_read_and_counted(shop):
    found = asked(shop, "diff", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")
    rows = [{cell["field"]: cell["value"] for cell in row} for row in found["results"]]
    assert [(row["@pattern"], row["@sampleCount"], row["@diffEventCount"]) for row in rows] == [
        ("ERROR payment", "1", "1"),
        ("order <Number-1>", "10", "0"),
    ]
    assert found["statistics"]["recordsMatched"] == found["statistics"]["recordsScanned"] == 21
    sizes = 20 * len("order 5") + len("ERROR payment")
    assert found["statistics"]["bytesScanned"] == sizes
    assert found["status"] == "Complete"


def test_what_is_before_the_group_is_empty(shop):
    found = asked(shop, "diff previousDay", "2026-03-02T09:00:00Z", "2026-03-02T09:59:59Z")
    rows = [{cell["field"]: cell["value"] for cell in row} for row in found["results"]]
    assert {row["@differenceDescription"] for row in rows} == {"New"}
    assert found["statistics"]["recordsScanned"] == 11


# -- refused ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("diff | limit 5", "a command after diff"),
        ("diff | diff", "a command after diff"),
        ("diff yesterday", "diff against yesterday"),
        ("stats count(*) by @logStream | diff", "diff after stats"),
        ("limit 5 | diff", "diff after limit"),
        ("pattern @message | sort @pattern | diff", "a command between pattern and diff"),
        ("pattern @timestamp | diff", "no text to make patterns of"),
        ("dedup @message | diff", "a command after dedup"),
        ("filter @message in (SOURCE '/x' | fields @message) | diff", "is not modeled"),
    ],
)
def test_what_cannot_be(text, says):
    assert says in refused(text).message


def test_words_in_any_case():
    assert parse("DIFF PreviousDay").commands[0].against == "previousDay"
