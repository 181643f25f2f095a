"""Alarms on expressions and on SQL: looking ahead finds what evaluating at every tick finds, and sleeps where it can."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.cloudwatch.alarms.formulas import _pointwise
from tests.services.cloudwatch.alarms import two_ways
from tests.services.cloudwatch.alarms.two_ways import both

VALUES = st.sampled_from([-3.0, 0.1, 0.7, 1.0, 50.0, 99.0])
SHAPES = {
    "EvaluationPeriods": st.integers(1, 5),
    "Threshold": st.sampled_from([0.0, 50.0, 60.5]),
    "ComparisonOperator": st.sampled_from(["GreaterThanThreshold", "LessThanOrEqualToThreshold"]),
}
TREATED = {"TreatMissingData": st.sampled_from(["ignore", "breaching", "notBreaching"])}
configuration = st.fixed_dictionaries(SHAPES, optional=TREATED)
EXPRESSIONS = [
    "m1 * 2 - m2 / 3",
    "m1 / m2",
    "-ABS(m1) ^ 2 + CEIL(m2)",
    "IF(m1 > m2, m1, 5)",
    "IF(m1, m2)",
    "SUM([m1, m2])",
    "AVG([m1, m2, m1]) + MAX([m1, m2])",
    "FILL(m1, 70) + FILL(m2, 0)",
    "(m1 >= 1 AND m2 < 60) * 99",
    # Not point by point.
    "m1 - AVG(m1)",
    "RATE(m1) * 60",
    "FILL(m1, REPEAT)",
    "RUNNING_SUM(m1)",
]
QUERIES = [
    "SELECT MAX(m) FROM N",
    "SELECT AVG(m) FROM SCHEMA(N, Host) WHERE Host != 'b'",
    "SELECT SUM(m) FROM N GROUP BY Host ORDER BY MAX() DESC",
    "SELECT COUNT(m) FROM N GROUP BY Host ORDER BY SUM() ASC LIMIT 1",
]


def story(lab: Lab) -> Any:
    """All that can be told of a lab's alarms, the contributors of one included."""
    contributors = lab.client("cloudwatch").describe_alarm_contributors(AlarmName="a")["AlarmContributors"]
    return *two_ways.story(lab), contributors


def metric(id_: str, host: str, period: int, stat: str) -> dict[str, Any]:
    watched = {"Namespace": "N", "MetricName": "m", "Dimensions": dimensions(host)}
    return {"Id": id_, "ReturnData": False, "MetricStat": {"Metric": watched, "Period": period, "Stat": stat}}


def dimensions(host: str) -> list[dict[str, str]]:
    return [{"Name": "Host", "Value": host}]


step = st.one_of(
    st.tuples(
        st.just("put"),
        st.sampled_from("abc"),
        st.lists(st.tuples(st.integers(-1200, 600), VALUES), min_size=1, max_size=4),
        st.sampled_from(["None", "None", "Count"]),
    ),
    st.tuples(
        st.just("load"),
        st.sampled_from("abc"),
        st.integers(-600, 1800),
        st.lists(st.one_of(st.none(), VALUES), min_size=1, max_size=30),
    ),
    st.tuples(st.just("advance"), st.integers(1, 4000)),
    st.tuples(st.just("state"), st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"])),
    st.tuples(st.just("delay"), st.sampled_from([0, 90, 400])),
)


def play(lab: Lab, queries: list[dict[str, Any]], shape: dict[str, Any], steps: list[Any]) -> None:
    client = lab.client("cloudwatch")
    client.put_metric_alarm(AlarmName="a", Metrics=queries, **shape)
    for kind, *given_ in steps:
        now = int(lab.now.timestamp())
        if kind == "put":
            host, rows, unit = given_
            data = [
                {
                    "MetricName": "m",
                    "Dimensions": dimensions(host),
                    "Value": v,
                    "Timestamp": now + s,
                    "Unit": unit,
                }
                for s, v in rows
            ]
            client.put_metric_data(Namespace="N", MetricData=data)
        elif kind == "load":
            host, start, column = given_
            rows = [(now + start + 45 * i, v) for i, v in enumerate(column) if v is not None]
            lab.act(
                "cloudwatch",
                "load",
                namespace="N",
                metric="m",
                dimensions={"Host": host},
                stamps=[s for s, _ in rows],
                values=[v for _, v in rows],
            )
        elif kind == "advance":
            lab.advance(seconds=given_[0])
        elif kind == "state":
            client.set_alarm_state(AlarmName="a", StateValue=given_[0], StateReason="test")
        elif kind == "delay":
            lab.act("cloudwatch", "configure", statistics_delay_s=given_[0])
    lab.advance(minutes=40)


def agree(queries: list[dict[str, Any]], shape: dict[str, Any], steps: list[Any]) -> None:
    stories = []
    for lab in both():
        play(lab, queries, shape, steps)
        stories.append(story(lab))
    assert stories[0] == stories[1]


@given(
    st.sampled_from(EXPRESSIONS),
    configuration,
    st.sampled_from([60, 120, 300]),
    st.sampled_from(["Average", "Sum", "SampleCount", "p50"]),
    st.lists(step, min_size=2, max_size=7),
)
@settings(max_examples=15)
def test_of_expressions(expression, shape, period, stat, steps):
    queries = [metric("m1", "a", period, stat), metric("m2", "b", period, stat)]
    agree([*queries, {"Id": "e1", "Expression": expression}], shape, steps)


@given(
    st.sampled_from(QUERIES),
    configuration,
    st.sampled_from([60, 120, 300]),
    st.lists(step, min_size=2, max_size=7),
)
@settings(max_examples=15)
def test_of_sql(query, shape, period, steps):
    """Metrics the query has not seen before come up while it sleeps."""
    agree([{"Id": "q", "Expression": query, "Period": period}], shape, steps)


@given(configuration, st.lists(step, min_size=2, max_size=5))
@settings(max_examples=6)
def test_of_sql_in_expressions(shape, steps):
    queries = [
        {"Id": "q", "Expression": QUERIES[0], "Period": 60, "ReturnData": False},
        metric("m1", "a", 60, "Maximum"),
        {"Id": "e1", "Expression": "q + m1"},
    ]
    agree(queries, shape, steps)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_computed_point_by_point(expression):
    assert _pointwise(expression) is (expression in EXPRESSIONS[:9])


def test_by_the_hour_over_weeks_the_range_is_read_in_parts():
    queries = [metric("m1", "a", 5400, "Average"), {"Id": "e1", "Expression": "m1 * 2"}]
    shape = {"EvaluationPeriods": 17, "Threshold": 100.0, "ComparisonOperator": "GreaterThanThreshold"}
    stories = []
    for lab in both():
        now = int(lab.now.timestamp())
        stamps = [now + 3600 * i for i in range(24 * 40)]
        lab.act(
            "cloudwatch",
            "load",
            namespace="N",
            metric="m",
            dimensions={"Host": "a"},
            stamps=stamps,
            values=[99.0 if i % 200 > 100 else 1.0 for i in range(len(stamps))],
        )
        client = lab.client("cloudwatch")
        client.put_metric_alarm(AlarmName="a", Metrics=queries, **shape)
        lab.advance(days=42)
        stories.append(story(lab))
    assert stories[0] == stories[1]
    assert len(stories[0][1]) == 8


@pytest.mark.parametrize("query", QUERIES)
def test_alarms_on_sql_sleep_until_a_metric_comes_up(query):
    """Fifteen months go by at once; then a new metric of the query's is found within a minute."""
    lab = Lab()
    client = lab.client("cloudwatch")
    queries = [{"Id": "q", "Expression": query, "Period": 60}]
    shape = {"EvaluationPeriods": 1, "Threshold": 0.0, "ComparisonOperator": "GreaterThanThreshold"}
    client.put_metric_alarm(AlarmName="a", Metrics=queries, **shape)
    lab.advance(minutes=5)
    assert lab.agenda(1) == []
    again = lab.fork()
    for one in (lab, again):
        client = one.client("cloudwatch")
        one.advance(days=455)
        data = [{"MetricName": "m", "Dimensions": dimensions("a"), "Value": 5.0}]
        client.put_metric_data(Namespace="N", MetricData=data)
        one.advance(minutes=2)
        (alarm,) = client.describe_alarms()["MetricAlarms"]
        assert alarm["StateValue"] == "ALARM"
        client.delete_alarms(AlarmNames=["a"])
        client.put_metric_data(Namespace="N", MetricData=data)


def test_a_saved_lab_wakes_too(tmp_path):
    lab = Lab()
    queries = [{"Id": "q", "Expression": QUERIES[0], "Period": 60}]
    shape = {"EvaluationPeriods": 1, "Threshold": 0.0, "ComparisonOperator": "GreaterThanThreshold"}
    lab.client("cloudwatch").put_metric_alarm(AlarmName="a", Metrics=queries, **shape)
    lab.advance(minutes=5)
    lab.save(tmp_path / "lab")
    found = Lab.open(tmp_path / "lab")
    client = found.client("cloudwatch")
    client.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 5.0}])
    found.advance(minutes=2)
    assert client.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
