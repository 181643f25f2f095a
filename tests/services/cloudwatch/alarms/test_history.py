"""DescribeAlarmHistory: the lines, their JSON, the filters. The JSON is as recorded from the live service."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"


def test_a_creation_an_update_and_a_deletion(hand):
    hand.metric("cpu", AlarmDescription="hot", Statistic="Average", Unit="Percent")
    hand.lab.advance(minutes=1)
    hand.metric("cpu", AlarmDescription="hot", Statistic="Average", Unit="Percent", Threshold=2)
    hand.lab.advance(minutes=1)
    hand.cloudwatch.delete_alarms(AlarmNames=["cpu"])
    made, changed, gone = hand.history("cpu")
    assert [i["HistorySummary"] for i in (made, changed, gone)] == [
        'Alarm "cpu" created',
        'Alarm "cpu" updated',
        'Alarm "cpu" deleted',
    ]
    assert {i["HistoryItemType"] for i in (made, changed, gone)} == {"ConfigurationUpdate"}
    assert made["HistoryData"] == {
        "version": "1.0",
        "type": "Create",
        "createdAlarm": {
            "alarmName": "cpu",
            "alarmDescription": "hot",
            "alarmArn": f"{ARN}cpu",
            "alarmConfigurationUpdatedTimestamp": "2026-03-02T09:00:00.000+0000",
            "namespace": "N",
            "metricName": "M",
            "extendedStatistic": "AVERAGE",
            "period": 60,
            "unit": "Percent",
            "dimensions": [],
            "threshold": 1.0,
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "treatMissingData": "ignore",
            "stateValue": "INSUFFICIENT_DATA",
            "stateUpdatedTimestamp": "2026-03-02T09:00:00.000+0000",
            "actionsEnabled": True,
            "alarmActions": [],
            "insufficientDataActions": [],
            "okactions": [],
        },
    }
    assert list(made["HistoryData"]["createdAlarm"])[-4:] == [
        "actionsEnabled",
        "alarmActions",
        "insufficientDataActions",
        "okactions",
    ]
    assert changed["HistoryData"]["type"] == "Update"
    assert changed["HistoryData"]["originalUpdatedFields"] == {
        "alarmConfigurationUpdatedTimestamp": "2026-03-02T09:00:00.000+0000",
        "threshold": 1.0,
    }
    assert gone["HistoryData"]["deletedAlarm"]["threshold"] == 2.0


def test_a_composite_tells_of_its_children(hand):
    hand.metric("child", "OK")
    hand.composite("top", "FALSE")
    hand.lab.advance(minutes=1)
    hand.composite("top", 'ALARM("child")')
    hand.composite("top", "FALSE")
    updates = [i["HistoryData"] for i in hand.history("top", HistoryItemType="ConfigurationUpdate")]
    assert updates[0]["createdAlarm"]["childStates"] == []
    assert updates[1]["updatedAlarm"]["childStates"] == [
        {
            "arn": f"{ARN}child",
            "state": {
                "value": "OK",
                "transitionTimestamp": "2026-03-02T09:00:00.000+0000",
                "timestamp": "2026-03-02T09:00:00.000+0000",
            },
        }
    ]
    assert updates[1]["originalUpdatedFields"] == {
        "alarmConfigurationUpdatedTimestamp": "2026-03-02T09:00:00.000+0000",
        "alarmRule": "FALSE",
        "childStates": [],
    }
    assert updates[2]["originalUpdatedFields"]["childStates"] == [{"arn": f"{ARN}child"}]


def test_a_change_of_state_embeds_its_data_as_json(hand):
    hand.metric("cpu")
    hand.set("cpu", "ALARM", data={"nested": {"number": 7}})
    (line,) = hand.history("cpu", HistoryItemType="StateUpdate")
    assert line["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert json.dumps(line["HistoryData"]) == (
        '{"version": "1.0", "oldState": {"stateValue": "INSUFFICIENT_DATA", '
        '"stateReason": "Unchecked: Initial alarm creation"}, "newState": {"stateValue": "ALARM", '
        '"stateReason": "by hand", "stateReasonData": {"nested": {"number": 7}}}}'
    )


def test_metric_alarms_alone_unless_types_are_named_and_the_newest_first(hand):
    hand.metric("cpu")
    hand.composite("top", "ALARM(cpu)")
    hand.lab.advance(seconds=1)
    hand.set("cpu", "ALARM")
    plain = hand.cloudwatch.describe_alarm_history()["AlarmHistoryItems"]
    assert [i["HistorySummary"] for i in plain] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "cpu" created',
    ]
    assert {i["AlarmType"] for i in plain} == {"MetricAlarm"}
    composites = hand.cloudwatch.describe_alarm_history(AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert [i["HistorySummary"] for i in composites] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
        'Alarm "top" created',
    ]


def test_dates_types_and_names_filter(hand):
    for name in ("a", "b"):
        hand.metric(name)
    hand.lab.advance(hours=1)
    hand.set("a", "OK")
    hand.lab.advance(hours=1)
    hand.set("a", "ALARM")
    start = datetime(2026, 3, 2, 10, tzinfo=UTC)
    asked = hand.cloudwatch.describe_alarm_history
    assert len(asked(AlarmName="a", StartDate=start)["AlarmHistoryItems"]) == 2
    assert len(asked(StartDate=start, EndDate=start)["AlarmHistoryItems"]) == 1  # both ends count
    assert len(asked(EndDate=start - timedelta(minutes=1))["AlarmHistoryItems"]) == 2
    assert len(asked(HistoryItemType="ConfigurationUpdate")["AlarmHistoryItems"]) == 2
    assert asked(AlarmName="never")["AlarmHistoryItems"] == []


@pytest.mark.parametrize("order", ["TimestampAscending", "TimestampDescending"])
def test_page_by_page_nothing_is_lost_or_told_twice(hand, order: str):
    hand.metric("cpu")
    for n in range(30):
        hand.lab.advance(seconds=1)
        hand.set("cpu", "OK" if n % 2 else "ALARM")
    whole = hand.cloudwatch.describe_alarm_history(ScanBy=order)["AlarmHistoryItems"]
    pages = hand.cloudwatch.get_paginator("describe_alarm_history").paginate(
        ScanBy=order, PaginationConfig={"PageSize": 7}
    )
    found = [page["AlarmHistoryItems"] for page in pages]
    assert [len(page) for page in found] == [7, 7, 7, 7, 3]
    assert [item for page in found for item in page] == whole
    stamps = [item["Timestamp"] for item in whole]
    assert stamps == sorted(stamps, reverse=order == "TimestampDescending")


def test_a_page_is_not_moved_by_what_happens_meanwhile(hand):
    hand.metric("cpu")
    for n in range(4):
        hand.set("cpu", "OK" if n % 2 else "ALARM")
    first = hand.cloudwatch.describe_alarm_history(MaxRecords=2)
    hand.set("cpu", "INSUFFICIENT_DATA")
    second = hand.cloudwatch.describe_alarm_history(MaxRecords=100, NextToken=first["NextToken"])
    assert len(first["AlarmHistoryItems"] + second["AlarmHistoryItems"]) == 5


def test_a_token_of_another_request_is_refused(hand):
    hand.metric("cpu", "OK")
    token = hand.cloudwatch.describe_alarm_history(MaxRecords=1)["NextToken"]
    with pytest.raises(ClientError) as refused:
        hand.cloudwatch.describe_alarm_history(AlarmName="cpu", MaxRecords=1, NextToken=token)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidNextToken", f"Invalid NextToken : {token}")


@pytest.mark.parametrize(
    "request_",
    [
        {"AlarmContributorId": "abc"},
        {"HistoryItemType": "AlarmContributorAction"},
        {"AlarmName": "a", "AlarmContributorId": "abc", "HistoryItemType": "Action"},
        {"AlarmName": "a", "AlarmContributorId": "abc", "AlarmTypes": ["CompositeAlarm"]},
    ],
)
def test_contributors_are_asked_of_one_metric_alarm(hand, request_):
    with pytest.raises(ClientError, match="ValidationError"):
        hand.cloudwatch.describe_alarm_history(**request_)


def test_history_is_kept_for_thirty_days_and_outlives_the_alarm(hand):
    hand.metric("cpu", "OK")
    hand.cloudwatch.delete_alarms(AlarmNames=["cpu"])
    hand.lab.advance(days=29, hours=23)
    hand.metric("cpu", "ALARM")
    assert len(hand.history("cpu")) == 5
    hand.lab.advance(hours=1)
    assert [i["HistorySummary"] for i in hand.history("cpu")] == [
        'Alarm "cpu" created',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]
    hand.set("cpu", "OK")  # a new line makes room of the old ones
    assert len(hand.history("cpu")) == 3


def test_switching_actions_is_an_update(hand):
    hand.metric("cpu")
    hand.cloudwatch.disable_alarm_actions(AlarmNames=["cpu"])
    line = hand.history("cpu")[-1]
    assert line["HistoryData"]["originalUpdatedFields"]["actionsEnabled"] is True
