"""DescribeAlarms, DescribeAlarmsForMetric, SetAlarmState, the switches, DeleteAlarms and tags, through boto3."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

PLAIN: dict[str, Any] = {
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 50.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def cw(lab: Lab) -> Any:
    return lab.client("cloudwatch")


def names(answer: dict[str, Any], kind: str = "MetricAlarms") -> list[str]:
    return [alarm["AlarmName"] for alarm in answer[kind]]


def refused(operation: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        operation(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_filters(cw: Any, lab: Lab):
    topic = f"arn:aws:sns:us-east-1:{lab.account}:ops"
    for name in ("web-2", "db", "web-1"):
        cw.put_metric_alarm(AlarmName=name, **PLAIN, **({"OKActions": [topic]} if name == "db" else {}))
    cw.set_alarm_state(AlarmName="web-2", StateValue="OK", StateReason="")
    assert names(cw.describe_alarms()) == ["db", "web-1", "web-2"]
    assert names(cw.describe_alarms(AlarmNamePrefix="web")) == ["web-1", "web-2"]
    assert names(cw.describe_alarms(AlarmNames=["web-1", "none", "db"])) == ["db", "web-1"]
    assert names(cw.describe_alarms(StateValue="OK")) == ["web-2"]
    assert names(cw.describe_alarms(ActionPrefix="arn:aws:sns")) == ["db"]
    assert names(cw.describe_alarms(ActionPrefix="arn:aws:lambda")) == []
    assert cw.describe_alarms(AlarmTypes=["CompositeAlarm"])["MetricAlarms"] == []
    code, _ = refused(cw.describe_alarms, AlarmNames=["a"], AlarmNamePrefix="a")
    assert code == "ValidationError"
    code, _ = refused(cw.describe_alarms, ChildrenOfAlarmName="a", AlarmNamePrefix="a")
    assert code == "ValidationError"


def test_composite_alarms_are_told_only_when_asked_for(cw: Any):
    cw.put_metric_alarm(AlarmName="child", **PLAIN)
    cw.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("child")')
    both = cw.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert (names(both), names(both, "CompositeAlarms")) == (["child"], ["all"])
    assert names(cw.describe_alarms(AlarmNames=["all"])) == []
    (child,) = cw.describe_alarms(ChildrenOfAlarmName="all")["MetricAlarms"]
    assert set(child) == {"AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp"}
    (parent,) = cw.describe_alarms(ParentsOfAlarmName="child")["CompositeAlarms"]
    assert set(parent) == {"AlarmName", "AlarmArn"}
    assert "another type" in refused(cw.put_metric_alarm, AlarmName="all", **PLAIN)[1]


def test_pages(cw: Any):
    wanted = [f"a{i:03}" for i in range(120)]
    for name in reversed(wanted):
        cw.put_metric_alarm(AlarmName=name, **PLAIN)
    first = cw.describe_alarms()
    assert len(first["MetricAlarms"]) == 50
    found, token = [], None
    while True:
        page = cw.describe_alarms(MaxRecords=33, **({"NextToken": token} if token else {}))
        found += names(page)
        token = page.get("NextToken")
        if token is None:
            break
    assert found == wanted
    assert refused(cw.describe_alarms, NextToken="x")[0] == "InvalidNextToken"
    assert [n for p in cw.get_paginator("describe_alarms").paginate() for n in names(p)] == wanted


def test_waiters_find_an_alarm(cw: Any):
    cw.put_metric_alarm(AlarmName="a", **PLAIN)
    cw.get_waiter("alarm_exists").wait(AlarmNames=["a"])


def test_alarms_of_a_metric_are_those_on_exactly_it(cw: Any):
    host = [{"Name": "Host", "Value": "web-1"}]
    cw.put_metric_alarm(AlarmName="plain", **PLAIN)
    cw.put_metric_alarm(AlarmName="host", **PLAIN, Dimensions=host)
    cw.put_metric_alarm(AlarmName="sum", **PLAIN | {"Statistic": "Sum", "Period": 300, "Unit": "Count"})
    metric = {"Namespace": "N", "MetricName": "m"}
    assert names(cw.describe_alarms_for_metric(**metric)) == ["plain", "sum"]
    assert names(cw.describe_alarms_for_metric(**metric, Dimensions=host)) == ["host"]
    for narrower in ({"Statistic": "Sum"}, {"Period": 300}, {"Unit": "Count"}):
        assert names(cw.describe_alarms_for_metric(**metric, **narrower)) == ["sum"]
    assert names(cw.describe_alarms_for_metric(**metric, ExtendedStatistic="p90")) == []


def test_setting_a_state(cw: Any, lab: Lab):
    cw.put_metric_alarm(AlarmName="a", **PLAIN)
    lab.advance(seconds=5)
    cw.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="one", StateReasonData='[ {"a":  1} ]')
    (first,) = cw.describe_alarms()["MetricAlarms"]
    assert (first["StateReason"], first["StateReasonData"]) == ("one", '[ {"a":  1} ]')
    assert first["StateUpdatedTimestamp"] == first["StateTransitionedTimestamp"] == lab.now
    lab.advance(seconds=5)
    cw.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="two")
    assert cw.describe_alarms()["MetricAlarms"] == [first]
    cw.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="")
    (now,) = cw.describe_alarms()["MetricAlarms"]
    assert now["StateReason"] == ""
    assert "StateReasonData" not in now
    lab.advance(seconds=1)
    cw.put_metric_alarm(AlarmName="a", **PLAIN | {"Threshold": 51.0})
    assert "StateReason" not in cw.describe_alarms()["MetricAlarms"][0]


def test_states_that_cannot_be_set(cw: Any):
    cw.put_metric_alarm(AlarmName="a", **PLAIN)
    state = {"AlarmName": "a", "StateValue": "OK", "StateReason": "x"}
    assert refused(cw.set_alarm_state, **state | {"StateValue": "INVALID"}) == (
        "ValidationError",
        (
            "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must satisfy "
            "enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
        ),
    )
    assert refused(cw.set_alarm_state, **state | {"AlarmName": "none"}) == ("ResourceNotFound", "")
    for bad in ("{", "1", '"text"'):
        assert refused(cw.set_alarm_state, **state, StateReasonData=bad) == ("InvalidFormat", "")
    assert cw.describe_alarms()["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"


def test_switching_actions_is_a_change_of_the_configuration(cw: Any, lab: Lab):
    cw.put_metric_alarm(AlarmName="a", **PLAIN)
    lab.advance(seconds=1)
    cw.disable_alarm_actions(AlarmNames=["a", "none"])
    (off,) = cw.describe_alarms()["MetricAlarms"]
    assert (off["ActionsEnabled"], off["AlarmConfigurationUpdatedTimestamp"]) == (False, lab.now)
    lab.advance(seconds=1)
    cw.disable_alarm_actions(AlarmNames=["a"])
    assert cw.describe_alarms()["MetricAlarms"] == [off]
    cw.enable_alarm_actions(AlarmNames=["a"])
    items = cw.describe_alarm_history(HistoryItemType="ConfigurationUpdate")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items] == ['Alarm "a" updated'] * 2 + ['Alarm "a" created']


def test_deleting(cw: Any):
    for name in ("a", "b"):
        cw.put_metric_alarm(AlarmName=name, **PLAIN)
    cw.delete_alarms(AlarmNames=["a", "none"])
    assert names(cw.describe_alarms()) == ["b"]
    history = cw.describe_alarm_history(AlarmName="a")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == ['Alarm "a" deleted', 'Alarm "a" created']


def test_a_deleted_alarm_is_never_evaluated(cw: Any, lab: Lab):
    cw.put_metric_alarm(AlarmName="a", **PLAIN)
    cw.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 99}])
    cw.delete_alarms(AlarmNames=["a"])
    cw.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 99}])
    lab.advance(minutes=10)
    assert not cw.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]


def test_an_alarm_that_a_composite_needs_stays(cw: Any):
    for name in ("a", "b"):
        cw.put_metric_alarm(AlarmName=name, **PLAIN)
    cw.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(a)")
    message = "Cannot delete a as there are composite alarm(s) depending on it."
    for together in (["b", "a"], ["a", "all"]):
        assert refused(cw.delete_alarms, AlarmNames=together) == ("ValidationError", message)
    assert names(cw.describe_alarms()) == ["a", "b"]
    cw.delete_alarms(AlarmNames=["all"])
    cw.delete_alarms(AlarmNames=["a", "b"])
    assert names(cw.describe_alarms()) == []


def test_tags(cw: Any):
    cw.put_metric_alarm(AlarmName="a", **PLAIN, Tags=[{"Key": "team", "Value": "x"}])
    arn = cw.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    cw.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "y"}, {"Key": "env", "Value": ""}])
    found = cw.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert found == [{"Key": "team", "Value": "y"}, {"Key": "env", "Value": ""}]
    cw.untag_resource(ResourceARN=arn, TagKeys=["team", "none"])
    assert cw.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "env", "Value": ""}]
    many = [{"Key": str(i), "Value": ""} for i in range(50)]
    assert refused(cw.tag_resource, ResourceARN=arn, Tags=many)[0] == "ValidationError"
    for wrong in (arn + "x", "arn:aws:sns:us-east-1:123456789012:a"):
        assert refused(cw.list_tags_for_resource, ResourceARN=wrong)[0] == "ResourceNotFoundException"


def test_tags_of_a_dashboard(cw: Any, lab: Lab):
    cw.put_dashboard(DashboardName="d", DashboardBody='{"widgets":[]}')
    arn = f"arn:aws:cloudwatch::{lab.account}:dashboard/d"
    cw.tag_resource(ResourceARN=arn, Tags=[{"Key": "env", "Value": "prod"}])
    assert cw.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "env", "Value": "prod"}]


def test_alarms_are_regional(cw: Any, lab: Lab):
    cw.put_metric_alarm(AlarmName="a", **PLAIN)
    assert names(lab.client("cloudwatch", region="eu-west-1").describe_alarms()) == []
    assert names(lab.client("cloudwatch", account="222222222222").describe_alarms()) == []
