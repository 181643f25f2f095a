"""Metric filters at work, through boto3 and the clock."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import NotModelled
from tests.services.logs.conftest import client, event, ms

MINUTE = 60_000
PLAIN = {"metricName": "Errors", "metricNamespace": "App", "metricValue": "1"}


def add(lab: Lab, pattern: str, name: str = "f", **more: Any) -> None:
    client(lab).put_metric_filter(
        logGroupName="/app", filterName=name, filterPattern=pattern, metricTransformations=[{**PLAIN, **more}]
    )


def put(lab: Lab, *messages: str, stream: str = "web", ago_ms: int = 0) -> None:
    events = [event(ms(lab) - ago_ms, message) for message in messages]
    client(lab).put_log_events(logGroupName="/app", logStreamName=stream, logEvents=events)


def minutes(
    lab: Lab, name: str = "Errors", namespace: str = "App", **dimensions: str
) -> dict[int, tuple[float, float]]:
    """Sum and count of each minute that has data; minutes counted from the lab's start."""
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
        StartTime=START - timedelta(hours=4),
        EndTime=START + timedelta(hours=12),
        Period=60,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return {
        round((each["Timestamp"] - START).total_seconds() / 60): (each["Sum"], each["SampleCount"])
        for each in found
    }


START = Lab().now


@pytest.mark.syllabus("L17", "L18")
def test_a_filter_sees_all_streams_of_its_group_and_feeds_an_ordinary_metric(lab, logs):
    logs.create_log_stream(logGroupName="/app", logStreamName="db")
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="web")
    add(lab, "ERROR")
    put(lab, "ERROR one", "fine")
    put(lab, "ERROR two", stream="db")
    logs.put_log_events(logGroupName="/other", logStreamName="web", logEvents=[event(ms(lab), "ERROR three")])
    assert minutes(lab) == {0: (2, 2)}
    listed = lab.client("cloudwatch").list_metrics(Namespace="App")["Metrics"]
    assert [each["MetricName"] for each in listed] == ["Errors"]


@pytest.mark.syllabus("L19")
def test_failed_ssh_logins_become_a_metric_an_alarm_and_a_message(lab, logs):
    add(lab, '"Failed password"', metricName="FailedLogins", metricNamespace="SSH", defaultValue=0)
    topic = lab.client("sns").create_topic(Name="ops")["TopicArn"]
    queues = lab.client("sqs")
    queue = queues.create_queue(QueueName="ops")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    queues.set_queue_attributes(
        QueueUrl=queue,
        Attributes={
            "Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}'
        },
    )
    lab.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    alarms = lab.client("cloudwatch")
    alarms.put_metric_alarm(
        AlarmName="ssh",
        Namespace="SSH",
        MetricName="FailedLogins",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=3,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )

    def state() -> str:
        return alarms.describe_alarms(AlarmNames=["ssh"])["MetricAlarms"][0]["StateValue"]

    put(lab, "Accepted password for deploy from 10.0.0.7 port 22 ssh2")
    lab.advance(minutes=1, seconds=1)
    assert state() == "OK"
    for n in range(4):
        put(lab, f"Failed password for invalid user admin{n} from 203.0.113.9 port 4{n} ssh2")
        lab.advance(seconds=5)
    lab.advance(minutes=1)
    assert state() == "ALARM"
    (message,) = queues.receive_message(QueueUrl=queue)["Messages"]
    assert "FailedLogins" in message["Body"]


def test_only_events_that_come_after_the_filter_count_and_deleting_it_keeps_the_data(lab, logs):
    put(lab, "ERROR before")
    add(lab, "ERROR")
    put(lab, "ERROR", ago_ms=MINUTE)
    logs.delete_metric_filter(logGroupName="/app", filterName="f")
    put(lab, "ERROR after")
    assert minutes(lab) == {-1: (1, 1)}


def test_the_documented_minutes_two_matches_none_and_no_events(lab, logs):
    add(lab, "ERROR", defaultValue=0)
    put(lab, "ERROR", "ERROR")
    lab.advance(minutes=1)
    put(lab, "fine", "fine")
    lab.advance(minutes=3)
    assert minutes(lab) == {0: (2, 2), 1: (0, 1)}


def test_a_default_waits_for_the_end_of_its_minute_and_gives_way_to_a_match(lab, logs):
    add(lab, "ERROR", defaultValue=5)
    put(lab, "fine")
    lab.advance(seconds=30)
    assert minutes(lab) == {}
    put(lab, "ERROR")
    lab.advance(minutes=2)
    assert minutes(lab) == {0: (1, 1)}
    put(lab, "fine", ago_ms=2 * MINUTE)  # late: that minute has had its match
    put(lab, "fine", ago_ms=MINUTE)  # late: that one had no event until now
    put(lab, "fine")
    put(lab, "fine", ago_ms=-5 * MINUTE)  # early
    lab.advance(minutes=1)
    assert minutes(lab) == {0: (1, 1), 1: (5, 1), 2: (5, 1)}
    put(lab, "fine", ago_ms=MINUTE)  # has its default
    lab.advance(minutes=10)
    assert minutes(lab) == {0: (1, 1), 1: (5, 1), 2: (5, 1), 7: (5, 1)}


def test_an_alarm_at_the_minute_sees_the_default_of_the_minute_before(lab, logs):
    add(lab, "ERROR", defaultValue=0)
    lab.client("cloudwatch").put_metric_alarm(
        AlarmName="quiet",
        Namespace="App",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="LessThanOrEqualToThreshold",
    )
    put(lab, "fine")
    lab.advance(minutes=1)
    (alarm,) = lab.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"


def test_without_a_default_a_minute_without_a_match_has_no_data(lab, logs):
    add(lab, "ERROR")
    put(lab, "fine")
    lab.advance(minutes=2)
    assert minutes(lab) == {}


def test_a_filter_put_anew_takes_the_place_of_the_old(lab, logs):
    add(lab, "ERROR", defaultValue=0)
    put(lab, "fine")
    add(lab, "WARN", metricName="Warnings")
    put(lab, "ERROR", "WARN")
    lab.advance(minutes=2)
    assert minutes(lab) == {} and minutes(lab, "Warnings") == {0: (1, 1)}
    (told,) = logs.describe_metric_filters()["metricFilters"]
    assert (
        told["filterPattern"] == "WARN"
        and logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    )


BATCHES = st.lists(
    st.tuples(
        st.integers(1, 90),
        st.lists(st.tuples(st.integers(-3, 2), st.sampled_from(["ERROR", "x"])), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25)
@given(BATCHES)
def test_the_sum_is_right_at_every_instant(batches):
    lab = Lab()
    logs = client(lab)
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    add(lab, "ERROR", metricValue="2")
    add(lab, "ERROR", "with", metricName="Default", defaultValue=0)
    wanted: Counter[int] = Counter()
    seen: set[int] = set()
    for seconds, events in batches:
        lab.advance(seconds=seconds)
        given_events = sorted((ms(lab) + shift * MINUTE, message) for shift, message in events)
        logs.put_log_events(
            logGroupName="/app",
            logStreamName="web",
            logEvents=[event(stamp, text) for stamp, text in given_events],
        )
        for stamp, text in given_events:
            minute = (stamp - round(START.timestamp() * 1000)) // MINUTE
            seen.add(minute)
            wanted[minute] += text == "ERROR"
        assert {minute: count / 2 for minute, (count, _) in minutes(lab).items()} == {
            k: v for k, v in wanted.items() if v
        }
    lab.advance(minutes=5)
    found = minutes(lab, "Default")
    assert set(found) == seen and {minute: total for minute, (total, _) in found.items()} == wanted


# -- values and dimensions ---------------------------------------------------------------------------------------------
def test_values_come_from_fields_and_what_is_no_number_is_left_out(lab, logs):
    add(lab, "[ip, size]", metricValue="$size", unit="Bytes")
    put(
        lab,
        "1.1.1.1 10",
        "1.1.1.1 -",
        "1.1.1.1 1.5e1",
        "1.1.1.1",
        "1.1.1.1 nan",
        "1.1.1.1 1e999",
        "1.1.1.1 5 more",
    )
    assert minutes(lab) == {0: (25, 2)}
    (point,) = lab.client("cloudwatch").get_metric_statistics(
        Namespace="App",
        MetricName="Errors",
        StartTime=START,
        EndTime=START + timedelta(minutes=1),
        Period=60,
        ExtendedStatistics=["p50"],
        Unit="Bytes",
    )["Datapoints"]
    assert 10 <= point["ExtendedStatistics"]["p50"] <= 15


def test_values_come_from_json_members_numbers_or_their_text(lab, logs):
    add(lab, "{ $.latency = * }", metricValue="$.latency")
    put(
        lab,
        '{"latency": 50, "requestType": "GET"}',
        '{"latency": "7.5"}',
        '{"latency": true}',
        '{"latency": null}',
        "50",
    )
    assert minutes(lab) == {0: (57.5, 2)}


def test_a_position_is_a_variable_too(lab, logs):
    add(lab, "[..., size]", metricValue="$2")
    put(lab, "a 3 x", "a 4 y z")
    assert minutes(lab) == {0: (7, 2)}


def test_more_than_150_different_values_in_a_minute(lab, logs):
    add(lab, "[n]", metricValue="$n")
    put(lab, *map(str, range(1000)), *map(str, range(200)))
    assert minutes(lab) == {0: (sum(range(1000)) + sum(range(200)), 1200)}


def test_each_set_of_dimensions_is_a_metric_and_an_event_without_one_gives_none(lab, logs):
    add(lab, '{ $.type = "*" }', dimensions={"Type": "$.type", "User": "$.user.name"})
    put(
        lab,
        '{"type": "a", "user": {"name": "x"}}',
        '{"type": "a", "user": {"name": "x"}}',
        '{"type": "b", "user": {"name": "x"}}',
        '{"type": "a"}',
        '{"type": "a", "user": {"name": ["x"]}}',
        '{"type": "a", "user": {"name": ""}}',
        '{"type": "a", "user": {"name": "é"}}',
        '{"type": "a", "user": {"name": "\\u0000"}}',
    )
    assert minutes(lab, Type="a", User="x") == {0: (2, 2)}
    assert minutes(lab, Type="b", User="x") == {0: (1, 1)}
    assert len(lab.client("cloudwatch").list_metrics(Namespace="App")["Metrics"]) == 2


def test_more_than_a_thousand_metrics_of_one_batch(lab, logs):
    add(lab, "[user]", dimensions={"User": "$user"})
    put(lab, *(f"u{n}" for n in range(1100)))
    assert minutes(lab, User="u1099") == {0: (1, 1)}


@pytest.mark.parametrize("pattern", ["", " ", '" "', "[]"])
def test_a_pattern_that_takes_everything_counts_every_event(lab, logs, pattern):
    add(lab, pattern)
    put(lab, "a", "b c", "\x00\x1b[31m😀")
    assert minutes(lab) == {0: (3, 3)}


def test_events_at_the_edges_of_two_weeks_and_two_hours_count(lab, logs):
    lab.advance(seconds=59)
    add(lab, "x", defaultValue=0)
    events = [event(ms(lab) - 14 * 24 * 60 * MINUTE, "x")], [event(ms(lab) + 120 * MINUTE, "x")]
    for each in events:
        logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=each)
    assert not [entry for entry in lab.journal if entry.error]
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace="App",
        MetricName="Errors",
        StartTime=lab.now - timedelta(days=15),
        EndTime=lab.now + timedelta(hours=3),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(each["Sum"] for each in found) == 2


# -- through the door --------------------------------------------------------------------------------------------------
def test_the_logs_service_publishes_and_the_journal_shows_it(lab, logs):
    add(lab, "ERROR")
    put(lab, "ERROR")
    (entry,) = [each for each in lab.journal if each.operation == "PutMetricData"]
    assert entry.depth == 1 and entry.caller.arn == "logs.amazonaws.com"


def test_a_metric_that_is_refused_does_not_fail_the_events(lab, logs):
    add(lab, "ERROR", defaultValue=0)
    lab.fault("cloudwatch", "PutMetricData", error="InternalServiceError", rate=1.0, minutes=10)
    put(lab, "ERROR", "fine")
    lab.advance(minutes=2)
    assert len(logs.filter_log_events(logGroupName="/app")["events"]) == 2
    assert minutes(lab) == {}


def test_a_fork_and_a_saved_lab_go_on_alike(lab, logs, tmp_path):
    add(lab, "ERROR", defaultValue=0)
    put(lab, "fine")
    lab.save(tmp_path / "a.cwlab")
    others = [lab.fork(), Lab.open(tmp_path / "a.cwlab")]
    for each in (lab, *others):
        put(each, "fine", ago_ms=MINUTE)
        each.advance(minutes=2)
        assert minutes(each) == {-1: (0, 1), 0: (0, 1)}


def test_deleting_the_group_deletes_its_filters(lab, logs):
    add(lab, "ERROR", defaultValue=0)
    put(lab, "fine")
    logs.delete_log_group(logGroupName="/app")
    assert logs.describe_metric_filters()["metricFilters"] == []
    logs.create_log_group(logGroupName="/app")
    lab.advance(minutes=2)
    assert minutes(lab) == {} and logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 0


# -- the operations ----------------------------------------------------------------------------------------------------
def test_filters_are_listed_by_name_by_group_and_by_metric(lab, logs):
    logs.create_log_group(logGroupName="/b")
    for group, name in (("/app", "beta"), ("/app", "alpha"), ("/b", "Gamma")):
        logs.put_metric_filter(
            logGroupName=group,
            filterName=name,
            filterPattern="x",
            metricTransformations=[{**PLAIN, "metricName": name, "unit": "Count", "defaultValue": 0.5}],
        )

    def names(**asked: Any) -> list[str]:
        pages = logs.get_paginator("describe_metric_filters").paginate(
            **asked, PaginationConfig={"PageSize": 2}
        )
        return [each["filterName"] for page in pages for each in page["metricFilters"]]

    assert names() == ["Gamma", "alpha", "beta"]
    assert names(logGroupName="/app") == ["alpha", "beta"]
    assert names(logGroupName="/app", filterNamePrefix="al") == ["alpha"]
    assert names(filterNamePrefix="al") == ["Gamma", "alpha", "beta"]
    assert names(metricName="beta", metricNamespace="App") == ["beta"]
    (told,) = logs.describe_metric_filters(logGroupName="/b")["metricFilters"]
    assert told == {
        "filterName": "Gamma",
        "filterPattern": "x",
        "metricTransformations": [
            {
                "metricName": "Gamma",
                "metricNamespace": "App",
                "metricValue": "1",
                "defaultValue": 0.5,
                "unit": "Count",
            }
        ],
        "creationTime": ms(lab),
        "logGroupName": "/b",
        "applyOnTransformedLogs": False,
    }


def test_a_hundred_filters_to_a_group_and_five_of_them_with_regular_expressions(lab, logs):
    for n in range(5):
        add(lab, "%a+%", f"re{n}")
    with pytest.raises(ClientError, match="LimitExceededException"):
        add(lab, "[a=%b%]", "re5")
    add(lab, "%b+%", "re4")
    for n in range(95):
        add(lab, "x", f"f{n}")
    with pytest.raises(ClientError, match="LimitExceededException"):
        add(lab, "x", "one more")
    add(lab, "y", "f94")


def test_what_is_not_modeled_is_refused_by_name(lab, logs):
    for more in (
        {"applyOnTransformedLogs": True},
        {"fieldSelectionCriteria": "x"},
        {"emitSystemFieldDimensions": ["a"]},
    ):
        with pytest.raises(NotModelled, match=next(iter(more))):
            logs.put_metric_filter(
                logGroupName="/app", filterName="f", filterPattern="x", metricTransformations=[PLAIN], **more
            )


def test_a_refused_pattern_shows_the_place_and_the_mistake(lab, logs):
    with pytest.raises(ClientError) as caught:
        add(lab, "{ $.level IS NOT NULL }")
    assert "Invalid metric filter pattern" in str(caught.value)
    (note,) = caught.value.__notes__
    assert note.splitlines()[0] == "{ $.level IS NOT NULL }"
    assert note.splitlines()[1].startswith("             ^ IS NOT does not exist.")


def test_trying_a_pattern_numbers_messages_from_zero_and_tells_what_is_extracted(lab, logs):
    found = logs.test_metric_filter(filterPattern="[w1=ERROR, w2]", logEventMessages=["INFO a", "ERROR b c"])
    assert found["matches"] == [
        {"eventNumber": 1, "eventMessage": "ERROR b c", "extractedValues": {"$w1": "ERROR", "$w2": "b c"}}
    ]
    assert logs.test_metric_filter(filterPattern="x", logEventMessages=["y"])["matches"] == []
    with pytest.raises(ClientError, match="validation error"):
        logs.test_metric_filter(filterPattern="x", logEventMessages=["y"] * 51)


def test_filter_log_events_reads_what_matches_across_streams_page_by_page(lab, logs):
    logs.create_log_stream(logGroupName="/app", logStreamName="db")
    for n in range(10):
        put(lab, f'{{"n": {n}}}', stream=("web", "db")[n % 2])
        lab.advance(seconds=1)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/app", filterPattern="{ $.n >= 3 && $.n != 5 }", PaginationConfig={"PageSize": 2}
    )
    assert [each["message"] for page in pages for each in page["events"]] == [
        f'{{"n": {n}}}' for n in (3, 4, 6, 7, 8, 9)
    ]


def test_settings_where_aws_leaves_room(lab, logs):
    """Whether the last field takes the rest of the line, and from which number messages are counted."""
    for n, found in ((0, ["a b", "a b c"]), (1, ["a b"])):
        lab.act("logs", "configure", exact_fields=bool(n), first_event_number=n)
        tried = logs.test_metric_filter(filterPattern="[x, y]", logEventMessages=["a", "a b", "a b c"])[
            "matches"
        ]
        assert [each["eventMessage"] for each in tried] == found and tried[0]["eventNumber"] == 1 + n
        add(lab, "[x, y]", metricName=f"m{n}")
        put(lab, "a", "a b", "a b c")
        assert minutes(lab, f"m{n}") == {0: (len(found), len(found))}
    assert len(logs.filter_log_events(logGroupName="/app", filterPattern="[x, y]")["events"]) == 2
    assert len(logs.filter_log_events(logGroupName="/app", filterPattern="[x, y, ...]")["events"]) == 4
