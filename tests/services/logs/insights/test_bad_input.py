"""What nobody should send: half-written queries, hostile ones, odd events; and what each operation refuses.

What a mistake is called is in ``test_values.py``, sizes and times of the engine in ``test_engine.py``.
"""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.parse import parse
from tests.services.logs.conftest import client, event, ms
from tests.services.logs.insights.asking import START, query, refused
from tests.services.logs.insights.documented import QUERIES

# -- text that is no query -------------------------------------------------------------------------------------------
PIECES = [
    '"', "'", "`", "|", "(", ")", "[", "]", "/", "\\", "*", ",", "#", "@", ".", "5", "5m", "=", "=~", "!", "-", "^", "{", "$",
    "\n", "\x00", "\u2028", "é", "stats ", "limit ", "as ", "by ", "not ", "in ", "like ", "sort ", "dedup ", "fields ", "parse ",
    "SOURCE ", "unnest ", "pattern ", "max(", "count(*)", "bin(5m)", "jsonParse(",
]  # fmt: skip
CHANGE = st.tuples(st.floats(0, 1), st.integers(0, 8), st.just("") | st.sampled_from(PIECES))


@settings(max_examples=120)
@given(st.sampled_from(list(QUERIES.values())), st.lists(CHANGE, min_size=1, max_size=3))
def test_a_spoilt_query_is_a_query_or_its_mistake_is_named_at_its_place(text, changes):
    for place, cut, piece in changes:
        at = round(place * len(text))
        text = text[:at] + piece + text[at + cut :]
    try:
        compiled(parse(text), START)
    except QueryError as error:
        assert error.code == "MalformedQueryException"
        assert 0 <= error.at <= len(text) and error.at < error.end <= len(text) + 1, text
        assert error.mistake.name and error.mistake.remedy
        told = re.search(r" at line (\d+), position (\d+)\. ", error.message)
        assert told is not None, error.message
        line, position = int(told[1]), int(told[2])
        lines = text.split("\n")
        assert sum(len(each) + 1 for each in lines[: line - 1]) + position - 1 == error.at
        assert error.pointer().split("\n")[1].startswith(" " * (position - 1) + "^ ")


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("filter @message like 'half", "a string that is not closed", "'half"),
        ("filter @message like /half", "an expression that is not closed", "/half"),
        ("fields `half", "a backtick that is not closed", "`half"),
        ("stats count(*) | filter stats(a) > 1", "no function stats", "stats(a)"),
        ("filter stats count(*) > 1", "two things side by side", "count"),
        ("stats sum(stats count(*))", "a parenthesis or bracket that is not closed", "count"),
        ("stats avg(count(*))", "count inside avg", "count(*)"),
        ("limit 100001", "a limit that is none", "100001"),
        ("limit 0", "a limit that is none", "0"),
        ("limit 2.5", "a limit that is none", "2.5"),
        ("filter a =\n  and b = 1", "an operator without its right side", "b = 1"),
        ("fields a | fields a,, b", "a comma too many", ", b"),
        ("filter (a = 1 or b = 2", "a parenthesis or bracket that is not closed", ""),
        ("parse @message /(?<a>.", "an expression that is not closed", "/"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(text, name, place):
    error = refused(text)
    assert error.mistake.name == name
    assert error.text[error.at :].startswith(place)


COMMANDS = [
    "fields", "display", "filter", "stats", "sort", "limit", "parse", "dedup", "pattern", "diff", "anomaly", "unmask", "unnest",
    "lookup", "join", "source", "estimate", "filterIndex", "by", "as", "asc", "desc", "any",
]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_field_may_be_called_like_a_command(name):
    event = json.dumps({name: 1, "x": {name: 2}})
    assert query(f"fields {name}, x.{name}", event) == [{name: "1", f"x.{name}": "2"}]
    assert query(f"filter {name} = 1 | sort {name} desc | dedup {name} | limit 5", event) != []
    assert query(f"stats max({name}) as {name} by x.{name}", event) == [{name: "1", f"x.{name}": "2"}]


@pytest.mark.parametrize("name", ["and", "or", "not", "in", "like"])
def test_a_field_called_like_an_operator_is_one_in_backticks(name):
    assert query(f"fields `{name}` | filter `{name}` = 1", json.dumps({name: 1})) == [{name: "1"}]


EXPLOSIVE = ["(a+)+$", "(a|aa)+$", "(a|a)*b", "(.*a){12}$", "(x+x+)+y", "([a-zA-Z]+)*$"]


@pytest.mark.parametrize("regex", EXPLOSIVE)
def test_expressions_that_explode_elsewhere_do_not_here(regex):
    text = "a" * 20_000 + "!"
    (row,) = query(f"filter @message not like /^{regex}/ | stats count(*) as n", text) or [{"n": "0"}]
    assert row["n"] in ("0", "1")


def test_repetitions_without_end_are_refused():
    error = refused("filter @message like /((a{100}){100}){100}/")
    assert error.mistake.name.startswith("an expression that cannot be read")


HALF = [
    '{"a": 1',
    '{"a": 1}}',
    '{"a": 1} {"a": 2}',
    "{'a': 1}",
    '{"a": 01}',
    '{"a": "x\ty"}',
    '{"a": "\\ud800"}',
    "[" * 3000,
    '{"a": ' * 3000,
    '{"a"}',
    "{}",
    '["a", 1]',
    "null",
    '"a"',
    "{",
    "\ufeff" + '{"a": 1}',
]


@pytest.mark.parametrize("message", HALF, ids=lambda m: m[:12])
def test_half_a_document_is_text(message):
    assert query("fields a, @message", message) == [{"@message": message}]


MARKUP = [
    "<script>alert(1)</script>",
    "'; DROP TABLE events; --",
    '"><img src=x onerror=alert(1)>',
    "${jndi:ldap://x}",
    "{{7*7}}",
]
MARKUP += ["\x1b[31m", "a\u202eb", "\x00", "=cmd|' /C calc'!A0", "%s%n", "\\", "`"]


@pytest.mark.parametrize("markup", MARKUP)
def test_markup_in_every_field_is_only_text(markup):
    message = json.dumps({"a": markup, "b": {"c": markup}, markup: markup})
    assert query("fields a, concat(b.c, a) as both, @message | filter a = b.c", message) == [
        {"a": markup, "both": markup * 2, "@message": message}
    ]
    assert query("stats count(*) as n, max(a) as m by b.c", message) == [
        {"b.c": markup, "n": "1", "m": markup}
    ]
    assert query('parse @message "*" as whole | display whole', markup) == [{"whole": markup}]
    if "`" not in markup:
        assert query(f"fields `{markup}` as x", message) == [{"x": markup}]
        assert query(f"fields a as `{markup}` | sort `{markup}`", message) == [{markup: markup}]


# -- what operations refuse ------------------------------------------------------------------------------------------
class Service:
    """A lab with a group, an event, and a query that is over."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.logs = client(self.lab)
        self.logs.create_log_group(logGroupName="/app")
        self.logs.create_log_stream(logGroupName="/app", logStreamName="web")
        self.put('{"a": 1}', "b", "c")
        self.done = self.start()
        self.lab.advance(seconds=2)
        self.token = self.logs.get_query_results(queryId=self.done, maxItems=1)["nextToken"]

    def put(self, *messages: str) -> None:
        stamp = ms(self.lab) - 1000
        self.logs.put_log_events(
            logGroupName="/app",
            logStreamName="web",
            logEvents=[event(stamp, message) for message in messages],
        )

    def asked(self, **more: Any) -> dict[str, Any]:
        now_s = ms(self.lab) // 1000
        asked = {"startTime": now_s - 60, "endTime": now_s, "queryString": "fields @message", **more}
        if not any(name.startswith("logGroup") for name in more) and "SOURCE" not in asked["queryString"]:
            asked["logGroupName"] = "/app"
        return asked

    def start(self, **more: Any) -> str:
        found: str = self.logs.start_query(**self.asked(**more))["queryId"]
        return found

    def rows(self, text: str, **more: Any) -> list[dict[str, str]]:
        query_id = self.start(queryString=text, **more)
        self.lab.advance(seconds=2)
        answer = self.logs.get_query_results(queryId=query_id)
        assert answer["status"] == "Complete"
        return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]

    def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            getattr(self.logs, operation)(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


GROUP_ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/app"
INVALID, MISSING, MALFORMED = (
    "InvalidParameterException",
    "ResourceNotFoundException",
    "MalformedQueryException",
)


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({"queryString": "fields @message #" + "x" * 10_000}, INVALID, "less than or equal to 10000"),
        ({"queryString": ""}, MALFORMED, "nothing to run"),
        ({"queryString": "filter a = 'x"}, MALFORMED, "a string that is not closed at line 1, position 12"),
        ({"queryString": "limit 100001"}, MALFORMED, "a limit that is none at line 1, position 7"),
        ({"limit": 100_001}, INVALID, "less than or equal to 100000"),
        ({"logGroupName": "/none"}, MISSING, "log group does not exist"),
        ({"logGroupName": GROUP_ARN}, INVALID, "regular expression"),
        ({"logGroupName": "/app", "logGroupNames": ["/app"]}, INVALID, "Exactly one"),
        ({"logGroupName": "/app", "logGroupIdentifiers": ["/app"]}, INVALID, "Exactly one"),
        ({"logGroupNames": []}, INVALID, "Between 1 and 50"),
        ({"logGroupNames": [f"/g{n}" for n in range(51)]}, INVALID, "50"),
        ({"logGroupIdentifiers": [f"/g{n}" for n in range(51)]}, INVALID, "50"),
        ({"logGroupIdentifiers": [f"{GROUP_ARN}:*"]}, INVALID, "regular expression"),
        ({"logGroupNames": ["/app", "/none"]}, MISSING, "log group does not exist"),
        ({"startTime": 10, "endTime": 9}, INVALID, "before start time"),
        ({"queryLanguage": "CWL"}, INVALID, "[CWLI, SQL, PPL]"),
        (
            {"queryString": "SOURCE logGroups(namePrefix: ['/a']) | limit 1", "logGroupName": "/app"},
            INVALID,
            "SOURCE",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_queries_that_are_not_started(service, more, code, said):
    before = len(service.logs.describe_queries()["queries"])
    got, message = service.refusal("start_query", **service.asked(**more))
    assert got == code and said in message
    assert len(service.logs.describe_queries()["queries"]) == before


def test_the_longest_query_and_the_highest_limit(service):
    text = "fields @message | sort @message #"
    found = service.rows(text + "x" * (10_000 - len(text)), limit=100_000)
    assert [row["@message"] for row in found] == ["b", "c", '{"a": 1}']
    assert len(service.rows("fields @message", logGroupIdentifiers=[GROUP_ARN])) == 3


@pytest.mark.parametrize(
    ("operation", "params", "code", "said"),
    [
        ("get_query_results", {"queryId": "none"}, MISSING, "not found"),
        ("get_query_results", {"queryId": "x" * 257}, INVALID, "length"),
        ("get_query_results", {"queryId": "DONE", "maxItems": 10_001}, INVALID, "10000"),
        ("get_query_results", {"queryId": "DONE", "nextToken": "x"}, INVALID, "nextToken"),
        ("stop_query", {"queryId": "none"}, MISSING, "not found"),
        ("stop_query", {"queryId": "DONE"}, INVALID, "already ended with status: Complete"),
        ("describe_queries", {"logGroupName": "/none"}, MISSING, "log group does not exist"),
        ("describe_queries", {"status": "Done"}, INVALID, "Cancelled"),
        ("describe_queries", {"maxResults": 1001}, INVALID, "1000"),
        ("describe_queries", {"nextToken": "x"}, INVALID, "nextToken"),
        ("get_log_record", {"logRecordPointer": "x"}, INVALID, "pointer"),
        ("get_log_group_fields", {}, INVALID, "logGroupName"),
        (
            "get_log_group_fields",
            {"logGroupName": "/app", "logGroupIdentifier": "/app"},
            INVALID,
            "both",
        ),
        ("get_log_group_fields", {"logGroupName": "/none"}, MISSING, "log group does not exist"),
        ("put_query_definition", {"name": "n" * 256, "queryString": "limit 1"}, INVALID, "255"),
        ("put_query_definition", {"name": "n", "queryString": "x" * 10_001}, INVALID, "10000"),
        (
            "put_query_definition",
            {"name": "n", "queryString": "limit 1", "queryDefinitionId": "none"},
            MISSING,
            "query definition",
        ),
        ("describe_query_definitions", {"maxResults": 1001}, INVALID, "1000"),
        ("describe_query_definitions", {"nextToken": "x"}, INVALID, "nextToken"),
        ("delete_query_definition", {"queryDefinitionId": "none"}, MISSING, "query definition"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_the_other_operations_refuse(service, operation, params, code, said):
    asked = {name: service.done if value == "DONE" else value for name, value in params.items()}
    got, message = service.refusal(operation, **asked)
    assert got == code and said in message


def test_a_page_of_nothing_and_a_token_of_another_query(service):
    assert service.logs.get_query_results(queryId=service.done, maxItems=0)["results"] == []
    other = service.start()
    service.lab.advance(seconds=2)
    got, message = service.refusal("get_query_results", queryId=other, nextToken=service.token)
    assert (got, message) == (INVALID, "The specified nextToken is invalid.")


def test_a_token_is_good_for_an_hour():
    service = Service()
    service.lab.advance(minutes=59)
    assert len(service.logs.get_query_results(queryId=service.done, nextToken=service.token)["results"]) == 2
    service.lab.advance(minutes=2)
    got, message = service.refusal("get_query_results", queryId=service.done, nextToken=service.token)
    assert (got, "expired" in message) == (INVALID, True)


def test_odd_events_come_back_as_they_were_put():
    service = Service()
    big = json.dumps({"a": "x" * 1_000_000})
    service.put(big, '{"a": ', "<b>&amp;</b>\x1b[0m", "\u202e")
    rows = service.rows(
        "fields strlen(@message) as n, @message, a | filter @message != 'b' and not a = 1 | sort n desc"
    )
    assert [row["@message"] for row in rows] == [big, "<b>&amp;</b>\x1b[0m", '{"a": ', "\u202e", "c"]
    assert len(rows[0]["a"]) == 1_000_000 and "a" not in rows[1]
    record = service.logs.get_log_record(logRecordPointer=rows[0]["@ptr"])["logRecord"]
    assert record["a"] == rows[0]["a"] and record["@message"] == big
