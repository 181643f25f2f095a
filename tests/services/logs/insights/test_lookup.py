"""``lookup``: the documented sample, what matches, what it does to fields, and against plain Python."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights import engine
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.parse import parse
from cwlab.services.logs.lookups import columns_of, parsed
from tests.services.logs.conftest import client
from tests.services.logs.insights.test_api import answered, put, started

USERS = """user_id,username,email,department,k1,n
u1,ann,ann@example.com,Engineering,x,1
u2,bob,,Sales,y,2
u1,second,,Never,z,3
U3,"Cy, of 3",cy@example.com,Engineering,w,4
"""
ARN = "arn:aws:logs:us-east-1:123456789012:lookup-table:user_data"


@pytest.fixture(scope="module")
def shop() -> tuple[Lab, Any]:
    lab = Lab()
    logs = client(lab)
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    logs.create_lookup_table(lookupTableName="user_data", tableBody=USERS)
    put(
        logs, lab,
        '{"user_id": "u1", "action": "login", "email": "mine"}',
        '{"user_id": "u2", "action": "buy", "k1": "own"}',
        '{"user_id": "u3", "action": "look", "email": "kept?"}',
        '{"action": "none", "n": 2}',
    )  # fmt: skip
    return lab, logs


def rows(shop: tuple[Lab, Any], text: str) -> list[dict[str, str]]:
    lab, logs = shop
    return [
        {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"}
        for row in answered(logs, lab, text)["results"]
    ]


def test_the_documented_sample(shop):
    """User guide, sample 43."""
    assert rows(
        shop,
        "fields user_id, action | lookup user_data user_id OUTPUT username, email, department "
        '| filter department = "Engineering"',
    ) == [
        {
            "user_id": "u1",
            "action": "login",
            "username": "ann",
            "email": "ann@example.com",
            "department": "Engineering",
        }
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "fields user_id, email | lookup user_data user_id OUTPUT email | sort action",
            [
                {"user_id": "u2", "email": ""},
                {"user_id": "u1", "email": "ann@example.com"},
                {"user_id": "u3"},
                {},
            ],
        ),
        (
            "fields toupper(user_id) as id | LOOKUP user_data user_id AS id OUTPUT username | filter id = 'U3'",
            [{"id": "U3", "username": "Cy, of 3"}],
        ),
        (
            "fields action | lookup user_data user_id, k1 as k1 OUTPUT username | filter ispresent(username)",
            [],
        ),
        ("fields k1, n | lookup user_data n OUTPUT k1 | filter n = 2 ", [{"k1": "y", "n": "2"}]),
        ("lookup user_data user_id OUTPUT username | stats count(*) as c by username | sort username",
         [{"username": "ann", "c": "1"}, {"username": "bob", "c": "1"}, {"c": "2"}]),
        ("stats count(*) as c by user_id | lookup user_data user_id OUTPUT username | filter username = 'ann'",
         [{"user_id": "u1", "c": "1", "username": "ann"}]),
        ("display action | lookup user_data user_id OUTPUT username | filter action = 'buy'",
         [{"action": "buy", "username": "bob"}]),
        ("fields action | lookup user_data user_id OUTPUT n | filter n + 1 = 3",
         [{"action": "buy", "n": "2"}]),
        ("lookup user_data user_id OUTPUT username | lookup user_data username OUTPUT n | display username, n | filter n = 2",
         [{"username": "bob", "n": "2"}]),
    ],
)  # fmt: skip
def test_lookup(shop, text, expected):
    assert rows(shop, text) == expected


def test_what_is_looked_up_stands_beside_what_is_shown_anyway(shop):
    found = rows(shop, "lookup user_data user_id OUTPUT username | filter username = 'bob'")
    assert list(found[0]) == ["@timestamp", "@message", "username"]


def test_a_lookup_changes_no_statistics(shop):
    lab, logs = shop
    found = answered(logs, lab, "lookup user_data user_id OUTPUT username | filter username = 'bob'")[
        "statistics"
    ]
    assert (found["recordsScanned"], found["recordsMatched"]) == (4.0, 1.0)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("lookup none user_id OUTPUT username", 7),
        ("lookup user_data nothing OUTPUT username", 17),
        ("lookup user_data user_id OUTPUT nothing", 32),
        ("lookup user_data User_id OUTPUT username", 17),
        ("lookup user_data user_id", 24),
        ("lookup user_data user_id OUTPUT", 31),
        ("lookup user_data OUTPUT username", 24),
        ("lookup", 6),
        ("fields jsonParse(@message) as m | lookup user_data user_id as m OUTPUT username", 62),
        ("stats count(*) as c | lookup user_data user_id OUTPUT username", 39),
    ],
)
def test_a_lookup_that_is_none(shop, text, at):
    lab, logs = shop
    with pytest.raises(ClientError) as caught:
        started(logs, lab, text)
    assert caught.value.response["Error"]["Code"] == "MalformedQueryException"
    assert caught.value.response["queryCompileError"]["location"]["startCharOffset"] == at


def test_a_query_has_the_table_of_its_start(lab, logs):
    logs.create_lookup_table(lookupTableName="user_data", tableBody="id,name\n1,a\n")
    put(logs, lab, '{"id": 1}')
    query_id = started(logs, lab, "fields id | lookup user_data id OUTPUT name")
    logs.update_lookup_table(lookupTableArn=ARN, tableBody="id,name\n1,b\n")
    again = started(logs, lab, "fields id | lookup user_data id OUTPUT name")
    logs.delete_lookup_table(lookupTableArn=ARN)
    lab.advance(seconds=1)
    found = [logs.get_query_results(queryId=each)["results"][0][1]["value"] for each in (query_id, again)]
    assert found == ["a", "b"]
    with pytest.raises(ClientError, match="no lookup table"):
        started(logs, lab, "lookup user_data id OUTPUT name")


def test_an_empty_table_and_a_long_one(lab, logs):
    logs.create_lookup_table(lookupTableName="none", tableBody="id,name\n")
    logs.create_lookup_table(
        lookupTableName="many", tableBody="id,name\n" + "".join(f"{n},n{n}\n" for n in range(20_000))
    )
    put(logs, lab, '{"id": 19999}')
    found = answered(logs, lab, "fields id | lookup none id OUTPUT name")["results"][0]
    assert [cell["field"] for cell in found] == ["id", "@ptr"]
    found = answered(logs, lab, "fields id | lookup many id OUTPUT name")["results"][0]
    assert found[1]["value"] == "n19999"


WORD = st.sampled_from(["", "a", "A", "b", "1", "01", "true", "'", 'x"y', "é"])
TABLE = st.lists(st.tuples(WORD, WORD, WORD), max_size=5)
EVENTS = st.lists(st.dictionaries(st.sampled_from(["p", "q", "r"]), WORD, max_size=3), min_size=1, max_size=5)


@settings(max_examples=40)
@given(TABLE, EVENTS, st.booleans())
def test_lookup_agrees_with_a_dictionary(table, events, both):
    """The law, by plain Python: the first row with those keys, or nothing."""
    body = "p,q,r\n" + "".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in table
    )
    keys = ["p", "q"] if both else ["p"]
    chunk = build(range(len(events)), 5, range(len(events)), [json.dumps(each).encode() for each in events])
    plan = compiled(parse(f"fields p, q | lookup t {', '.join(keys)} OUTPUT r | sort @timestamp"), 0)
    given_ = columns_of(parsed(body), keys, ["r"])
    answer = engine.run(plan, [engine.Source("1:/g", "s", chunk, 0, len(chunk))], given_)
    expected = []
    for each in events:
        hits = [row for row in table if all(each.get(key) == row["pqr".index(key)] for key in keys)]
        expected.append((each.get("p"), each.get("q"), hits[0][2] if hits else None))
    assert list(answer.rows) == expected
