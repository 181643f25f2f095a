"""The command line: the same operations, the same data."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import BadInput, Lab, NotModelled, console


@pytest.fixture(scope="module")
def lab():
    lab = Lab()
    for value in (3, 5, 4):
        lab.cli(
            "aws cloudwatch put-metric-data --namespace Shop --metric-data "
            f"MetricName=Orders,Value={value},Unit=Count"
        )
        lab.advance(minutes=10)
    return lab


WINDOW = "--start-time 2026-03-02T09:00:00Z --end-time 2026-03-02T09:30:00Z"


@pytest.mark.syllabus("M07")
def test_the_console_the_command_line_and_the_api_show_the_same_data(lab):
    table = console.metric(lab, "Shop", "Orders", statistic="Sum", period=60, hours=0.5).table
    seen = dict(zip(table.iloc[:, 0], table.iloc[:, -1], strict=True))
    asked = {"Namespace": "Shop", "MetricName": "Orders", "Period": 60, "Statistics": ["Sum"]}
    span = {"StartTime": "2026-03-02T09:00:00Z", "EndTime": "2026-03-02T09:30:00Z"}
    api = lab.client("cloudwatch").get_metric_statistics(**asked, **span)["Datapoints"]
    printed = lab.cli(
        f"aws cloudwatch get-metric-statistics --namespace Shop --metric-name Orders --period 60 --statistics Sum {WINDOW}"
    )
    line = {one["Timestamp"]: one["Sum"] for one in json.loads(printed)["Datapoints"]}
    assert line == {one["Timestamp"].isoformat(): one["Sum"] for one in api}
    assert sorted(line.values()) == [3, 4, 5]
    assert sorted(seen.values()) == [3, 4, 5]
    assert {when.isoformat() for when in seen} == set(line)


def test_what_is_printed_is_json_and_is_shown_as_it_is(lab):
    printed = lab.cli("cloudwatch list-metrics --namespace Shop")
    assert json.loads(printed)["Metrics"][0]["MetricName"] == "Orders" and repr(printed) == printed
    assert (
        lab.cli("cloudwatch list-metrics --query Metrics[].MetricName --output json") == '[\n    "Orders"\n]'
    )


def test_all_pages_come_in_one():
    lab = Lab()
    logs = lab.client("logs")
    for n in range(60):
        logs.create_log_group(logGroupName=f"g{n}")
    assert len(json.loads(lab.cli("aws logs describe-log-groups"))["logGroups"]) == 60


def test_values_are_read_by_their_shape(lab):
    copy = lab.fork()
    copy.cli(
        "aws cloudwatch put-metric-alarm --alarm-name a --namespace Shop --metric-name Orders --statistic Sum --period 60 "
        "--evaluation-periods 1 --threshold 2.5 --comparison-operator GreaterThanThreshold --no-actions-enabled "
        '--dimensions Name=Till,Value=1 Name=Shop,Value=x \\\n --tags \'[{"Key": "k", "Value": "a b"}]\''
    )
    (alarm,) = copy.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["Threshold"] == 2.5 and alarm["ActionsEnabled"] is False
    assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {"Till": "1", "Shop": "x"}
    assert copy.cli("aws logs create-log-group --log-group-name=/x --region eu-west-1") == ""
    assert copy.client("logs", region="eu-west-1").describe_log_groups()["logGroups"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("aws", "is no command"),
        ("aws cloudwatch fly", "is no command of cloudwatch"),
        ("aws cloudwatch list-metrics --name x", "is no option of list-metrics"),
        ("aws cloudwatch list-metrics x", "stands before any option"),
        ("aws cloudwatch list-metrics --namespace 'x", "cannot be read"),
        ("aws cloudwatch list-metrics --namespace x --namespace y", "is there twice"),
        ("aws cloudwatch list-metrics --dimensions Till", "is no value for --dimensions"),
        ("aws cloudwatch list-metrics --dimensions [", "is no JSON"),
        ("aws logs start-query --start-time soon", "is no number"),
    ],
)
def test_a_mistake_is_said_with_the_value_and_the_remedy(lab, line, said):
    with pytest.raises(BadInput, match=said):
        lab.cli(line)


def test_the_rest_is_as_with_any_client(lab):
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        lab.cli("aws logs describe-log-streams --log-group-name /nowhere")
    with pytest.raises(NotModelled, match="The service 'nothing'"):
        lab.cli("aws nothing list-it")
    with pytest.raises(NotModelled, match="--output table"):
        lab.cli("aws cloudwatch list-metrics --output table")
