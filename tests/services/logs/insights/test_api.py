"""StartQuery to GetLogRecord, as a client sees them."""

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab, NotModelled
from tests.services.logs.conftest import client, event, ms


def put(logs: Any, lab: Lab, *messages: str, group: str = "/app", ago_ms: int = 5000) -> int:
    first = ms(lab) - ago_ms
    logs.put_log_events(
        logGroupName=group,
        logStreamName="web",
        logEvents=[event(first + n, message) for n, message in enumerate(messages)],
    )
    return first


def started(logs: Any, lab: Lab, text: str, **more: Any) -> str:
    now_s = ms(lab) // 1000
    asked = {"logGroupName": "/app", "startTime": now_s - 3600, "endTime": now_s, **more}
    return logs.start_query(queryString=text, **asked)["queryId"]


def answered(logs: Any, lab: Lab, text: str, **more: Any) -> dict[str, Any]:
    query_id = started(logs, lab, text, **more)
    lab.advance(seconds=1)
    return logs.get_query_results(queryId=query_id)


def refusal(function: Any, /, **params: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        function(**params)
    return caught.value.response


def test_a_query_is_scheduled_then_running_then_complete(lab, logs):
    put(logs, lab, "a", "b")
    query_id = started(logs, lab, "stats count(*)")
    seen = []
    for _ in range(6):
        seen.append(logs.get_query_results(queryId=query_id)["status"])
        lab.advance(seconds=0.25)
    assert seen == ["Scheduled", "Running", "Running", "Running", "Complete", "Complete"]


def test_rows_leave_out_what_an_event_has_not(lab, logs):
    put(logs, lab, '{"a": 1}', "plain")
    answer = answered(logs, lab, "fields a, @message | filter @message != 'x' | sort a")
    rows = [
        {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in answer["results"]
    ]
    assert rows == [{"a": "1", "@message": '{"a": 1}'}, {"@message": "plain"}]
    assert all(row[-1]["field"] == "@ptr" for row in answer["results"])


def test_statistics_count_what_was_looked_at_and_what_matched_before_the_limit(lab, logs):
    put(logs, lab, "error 1", "fine", "error 2")
    answer = answered(logs, lab, "filter @message like 'error' | limit 1")
    assert len(answer["results"]) == 1
    found = answer["statistics"]
    assert (found["recordsMatched"], found["recordsScanned"], found["bytesScanned"]) == (2.0, 3.0, 18.0)


def test_what_comes_after_the_start_is_not_in_the_answer(lab, logs):
    put(logs, lab, "a")
    query_id = started(logs, lab, "stats count(*) as n")
    put(logs, lab, "b")
    lab.advance(seconds=2)
    assert logs.get_query_results(queryId=query_id)["results"] == [[{"field": "n", "value": "1"}]]


def test_both_ends_of_the_range_are_included(lab, logs):
    first = put(logs, lab, "a")
    second = first // 1000
    text = "stats count(*) as n"
    assert first % 1000 == 0
    assert answered(logs, lab, text, startTime=second, endTime=second)["results"] != []
    assert answered(logs, lab, text, startTime=second + 1, endTime=second + 2)["results"] == []


def test_several_groups(lab, logs):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="web")
    put(logs, lab, "a")
    put(logs, lab, "b", group="/other")
    now_s = ms(lab) // 1000
    query_id = logs.start_query(
        logGroupNames=["/app", "/other"],
        startTime=now_s - 60,
        endTime=now_s,
        queryString="stats count(*) as n by @log",
    )["queryId"]
    lab.advance(seconds=1)
    answer = logs.get_query_results(queryId=query_id)
    assert [row[0]["value"] for row in answer["results"]] == ["123456789012:/app", "123456789012:/other"]
    assert answer["statistics"]["logGroupsScanned"] == 2.0


def test_an_empty_group_gives_no_rows(lab, logs):
    assert answered(logs, lab, "fields @message")["results"] == []
    assert answered(logs, lab, "stats count(*)")["results"] == []


def test_expired_events_are_not_queried(lab, logs):
    put(logs, lab, "old")
    logs.put_retention_policy(logGroupName="/app", retentionInDays=1)
    lab.advance(days=2)
    answer = answered(logs, lab, "stats count(*)", startTime=0)
    assert (answer["results"], answer["statistics"]["recordsScanned"]) == ([], 0.0)


def test_a_long_answer_comes_in_pages(lab, logs):
    put(logs, lab, *(str(n) for n in range(10)))
    query_id = started(logs, lab, "fields @message | sort @message")
    lab.advance(seconds=1)
    seen, token = [], {}
    while True:
        answer = logs.get_query_results(queryId=query_id, maxItems=4, **token)
        seen += [row[0]["value"] for row in answer["results"]]
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert seen == [str(n) for n in range(10)]


def test_the_smaller_limit_counts(lab, logs):
    put(logs, lab, *"abcd")
    assert len(answered(logs, lab, "fields @message | limit 3", limit=2)["results"]) == 2
    assert len(answered(logs, lab, "fields @message | limit 3", limit=100)["results"]) == 3


def test_a_query_can_be_stopped_while_it_runs(lab, logs):
    query_id = started(logs, lab, "fields @message")
    assert logs.stop_query(queryId=query_id)["success"] is True
    lab.advance(seconds=5)
    assert logs.get_query_results(queryId=query_id)["status"] == "Cancelled"
    assert refusal(logs.stop_query, queryId=query_id)["Error"]["Code"] == "InvalidParameterException"


def test_queries_are_listed_newest_first(lab, logs):
    first = started(logs, lab, "limit 1")
    lab.advance(seconds=2)
    second = started(logs, lab, "limit 2")
    listed = logs.describe_queries(logGroupName="/app")["queries"]
    assert [(q["queryId"], q["status"]) for q in listed] == [(second, "Scheduled"), (first, "Complete")]
    assert [q["queryId"] for q in logs.describe_queries(status="Complete")["queries"]] == [first]


def test_a_malformed_query_says_where(lab, logs):
    response = refusal(
        logs.start_query,
        logGroupName="/app",
        startTime=0,
        endTime=1,
        queryString="fields a\n| filter b = = 1",
    )
    assert response["Error"]["Code"] == "MalformedQueryException"
    assert response["queryCompileError"]["location"] == {"startCharOffset": 22, "endCharOffset": 23}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"logGroupName": "/app", "logGroupNames": ["/app"]},
        {"logGroupNames": [f"/g{n}" for n in range(51)]},
        {"logGroupName": "/app", "startTime": 10, "endTime": 9},
    ],
)
def test_requests_that_make_no_sense(lab, logs, more):
    params = {"startTime": 0, "endTime": 1, "queryString": "limit 1", **more}
    assert refusal(logs.start_query, **params)["Error"]["Code"] == "InvalidParameterException"


def test_a_group_that_is_not_there(lab, logs):
    response = refusal(logs.start_query, logGroupName="/none", startTime=0, endTime=1, queryString="limit 1")
    assert response["Error"]["Code"] == "ResourceNotFoundException"


def test_other_languages_are_refused_by_name(lab, logs):
    with pytest.raises(NotModelled, match="PPL"):
        logs.start_query(logGroupName="/app", startTime=0, endTime=1, queryString="x", queryLanguage="PPL")


def test_a_record_by_its_pointer(lab, logs):
    first = put(logs, lab, '{"user": {"id": 7}, "ok": true}')
    (row,) = answered(logs, lab, "fields @message")["results"]
    record = logs.get_log_record(logRecordPointer=row[-1]["value"])["logRecord"]
    assert record["user.id"] == "7"
    assert record["@timestamp"] == str(first)
    assert record["@log"] == "123456789012:/app"


@pytest.mark.parametrize("text", ["x", "", "!!", base64.b64encode(b"1:2:x:y").decode()])
def test_a_pointer_that_is_none(lab, logs, text):
    code = refusal(logs.get_log_record, logRecordPointer=text)["Error"]["Code"]
    assert code == "InvalidParameterException"


def test_the_fields_of_a_group(lab, logs):
    put(logs, lab, '{"a": 1}', '{"a": 2, "b": {"c": 3}}')
    found = {
        f["name"]: f["percent"] for f in logs.get_log_group_fields(logGroupName="/app")["logGroupFields"]
    }
    assert (found["a"], found["b.c"], found["@message"]) == (100, 50, 100)


def test_saved_queries(lab, logs):
    made = logs.put_query_definition(name="web/errors", queryString="filter a = 1", logGroupNames=["/app"])
    assert made == logs.put_query_definition(
        name="web/errors", queryString="limit 1", queryDefinitionId=made["queryDefinitionId"]
    ) | {"ResponseMetadata": made["ResponseMetadata"]}
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="web/")["queryDefinitions"]
    assert found["queryString"] == "limit 1"
    assert logs.delete_query_definition(queryDefinitionId=made["queryDefinitionId"])["success"] is True
    assert logs.describe_query_definitions()["queryDefinitions"] == []


def test_a_fork_and_a_saved_lab_keep_the_answer(lab, logs, tmp_path):
    put(logs, lab, "a")
    query_id = started(logs, lab, "fields @message")
    twin = lab.fork()
    opened = Lab.open(lab.save(tmp_path / "lab.cwlab"))
    for each in (lab, twin, opened):
        each.advance(seconds=1)
    answers = [client(each).get_query_results(queryId=query_id)["results"] for each in (lab, twin, opened)]
    assert answers[0] == answers[1] == answers[2] != []


def test_a_frame_has_numbers_and_times(lab, logs):
    put(logs, lab, '{"ms": 7, "path": "/a", "zip": "007"}', '{"ms": 9.5, "zip": "1"}')
    frame = lab.query("/app", "fields @timestamp, ms, path, zip | sort ms")
    assert frame["ms"].tolist() == [7, 9.5]
    assert str(frame["@timestamp"].dtype).startswith("datetime64")
    assert frame["zip"].tolist() == ["007", "1"]
    assert frame.attrs["statistics"]["recordsScanned"] == 2.0
