"""``unnest``: a row for each item of a list."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.logs.insights.asking import Event, answer, query, refused

EVENTS = json.dumps({"events": [{"name": "exception"}, {"name": "user action"}], "one": {"k": 1}, "s": "x"})


def test_the_guide_s_example():
    text = "fields jsonParse(@message) as json_message | unnest json_message.events into event | display event.name"
    assert query(text, EVENTS) == [{"event.name": "exception"}, {"event.name": "user action"}]


def test_the_guide_s_filter_and_sum():
    document = '{"accounts": [{"type": "internal", "id": 1, "n": 5}, {"type": "x", "id": 1, "n": 7}, {"type": "internal", "id": 2, "n": 9}]}'
    start = 'fields jsonParse(@message) as js | unnest js.accounts into account | filter account.type = "internal"'
    assert query(start + " | display account.id", document) == [{"account.id": "1"}, {"account.id": "2"}]
    rows = query(start + " | stats sum(account.n) as n by account.id | sort n desc | limit 10", document)
    assert rows == [{"account.id": "2", "n": "9"}, {"account.id": "1", "n": "5"}]


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        ("m.one", ['{"k":1}']),
        ("m.s", ["x"]),
        ("@message", [EVENTS]),
        ("strlen('abc')", ["3"]),
        ("jsonParse('[]')", []),
        ("jsonParse('no list')", []),
        ("m.nope", []),
        ("nope", []),
        ("jsonParse('[1, null, [2]]')", ["1", None, "[2]"]),
        ("split('b,a,b', ',')", ["b", "a", "b"]),
    ],
)
def test_what_is_no_list_is_one_item_and_nothing_gives_no_row(items, wanted):
    rows = query(f"fields jsonParse(@message) as m | unnest {items} into item | display item", EVENTS)
    assert [row.get("item") for row in rows] == wanted


def test_items_keep_their_order_and_their_event_s_fields():
    rows = query(
        "unnest split(@message, ' ') into w | fields w, strlen(@message) as n, @timestamp", "c b a", "z"
    )
    assert [(row["w"], row["n"]) for row in rows] == [("z", "1"), ("c", "5"), ("b", "5"), ("a", "5")]
    assert rows[0]["@timestamp"] > rows[1]["@timestamp"] == rows[3]["@timestamp"]
    rows = query("unnest split(@message, ' ') into w | fields w | sort n", "c b a", "z")
    assert [row["w"] for row in rows] == ["z", "c", "b", "a"]


def test_an_item_can_be_unnested_again_and_take_a_name_that_was_there():
    text = "fields jsonParse(@message) as m | unnest m into m | unnest m into m | display m"
    assert [row["m"] for row in query(text, "[[1, 2], [3]]")] == ["1", "2", "3"]


def test_after_stats():
    text = "stats count(*) as n by @message | unnest split(@message, ',') into w | display w, n"
    assert query(text, "a,b", "a,b") == [{"w": "a", "n": "2"}, {"w": "b", "n": "2"}]


def test_rows_point_at_their_event_and_events_are_counted_once():
    _, found = answer(
        "filter @message like 'a' | unnest split(@message, ',') into w | filter w = 'a'",
        [Event(0, "a,b,a"), Event(1, "b")],
    )
    assert found.matched == 1
    assert found.pointers is not None and len(found.pointers) == 2 and len(set(found.pointers)) == 1


@pytest.mark.parametrize("text", ["unnest a", "unnest a into", "unnest a as b", "unnest a | limit 1"])
def test_without_a_name_it_is_refused(text):
    assert refused(text).mistake.name == "unnest without a name for an item"


@settings(max_examples=8)
@given(
    st.lists(st.lists(st.integers(0, 3) | st.sampled_from("ab"), max_size=4), min_size=1, max_size=12),
)
def test_it_gives_a_row_for_each_item_newest_event_first(lists):
    text = "fields jsonParse(@message) as m | unnest m into x | display x, jsonArraySize(m) as n"
    wanted = [{"x": str(item), "n": str(len(each))} for each in reversed(lists) for item in each]
    assert query(text, *map(json.dumps, lists)) == wanted
