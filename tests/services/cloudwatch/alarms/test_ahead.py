"""Looking ahead finds what evaluating at every tick finds: the same states, at the same instants, for the same reasons."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from tests.services.cloudwatch.alarms.two_ways import both, story

VALUES = st.sampled_from([1.0, 50.0, 99.0])
ALARM = {
    "Namespace": "N",
    "MetricName": "m",
    "Threshold": 50.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 3,
    "Period": 60,
    "Statistic": "Average",
}


configuration = st.fixed_dictionaries(
    {
        "EvaluationPeriods": st.integers(1, 5),
        "Period": st.sampled_from([10, 30, 60, 120, 300]),
        "Statistic": st.sampled_from(["Average", "Sum", "SampleCount", "Maximum"]),
        "ComparisonOperator": st.sampled_from(["GreaterThanThreshold", "LessThanOrEqualToThreshold"]),
    },
    optional={"TreatMissingData": st.sampled_from(["ignore", "breaching", "notBreaching"])},
)
percentile = st.fixed_dictionaries(
    {
        "ExtendedStatistic": st.sampled_from(["p50", "p10", "tm90", "TC(40:)"]),
        "Period": st.sampled_from([60, 300]),
        "EvaluationPeriods": st.integers(1, 3),
    }
)
hourly = st.fixed_dictionaries(
    {
        "Period": st.sampled_from([3600, 7200, 43_200]),
        "EvaluationPeriods": st.sampled_from([3, 13, 14]),
        "DatapointsToAlarm": st.integers(1, 3),
    }
)
seconds = st.integers(1, 900)
step = st.one_of(
    st.tuples(st.just("put"), st.lists(st.tuples(st.integers(-1200, 600), VALUES), min_size=1, max_size=4)),
    st.tuples(
        st.just("load"),
        st.integers(-600, 1800),
        st.lists(st.one_of(st.none(), VALUES), min_size=1, max_size=40),
    ),
    st.tuples(st.just("advance"), seconds),
    st.tuples(st.just("advance"), st.integers(900, 4000)),
    st.tuples(st.just("alarm"), configuration),
    st.tuples(st.just("state"), st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"])),
    st.tuples(st.just("delay"), st.sampled_from([0, 30, 90, 400])),
)


def alarm_of(given_: dict[str, Any]) -> dict[str, Any]:
    request = {**ALARM, **given_}
    if "ExtendedStatistic" in request:
        del request["Statistic"]
        if request["ExtendedStatistic"].startswith("p"):
            request["EvaluateLowSampleCountPercentile"] = "ignore"
    return request


def play(lab: Lab, steps: list[Any], exists: bool) -> None:
    client = lab.client("cloudwatch")
    for kind, *given_ in steps:
        now = int(lab.now.timestamp())
        if kind == "put":
            client.put_metric_data(
                Namespace="N",
                MetricData=[
                    {"MetricName": "m", "Value": v, "Timestamp": now + s, "StorageResolution": 1}
                    for s, v in given_[0]
                ],
            )
        elif kind == "load":
            start, column = given_
            rows = [(now + start + 30 * i, v) for i, v in enumerate(column) if v is not None]
            stamps, values = [s for s, _ in rows], [v for _, v in rows]
            lab.act(
                "cloudwatch", "load", namespace="N", metric="m", stamps=stamps, values=values, resolution=1
            )
        elif kind == "advance":
            lab.advance(seconds=given_[0])
        elif kind == "alarm":
            client.put_metric_alarm(AlarmName="a", **alarm_of(given_[0]))
            exists = True
        elif kind == "state" and exists:
            client.set_alarm_state(AlarmName="a", StateValue=given_[0], StateReason="test")
        elif kind == "delay":
            lab.act("cloudwatch", "configure", statistics_delay_s=given_[0])
    lab.advance(minutes=30)


@given(configuration, st.lists(step, min_size=2, max_size=8))
@settings(max_examples=40)
def test_looking_ahead_is_evaluating_at_every_tick(first, steps):
    stories = []
    for lab in both():
        play(lab, [("alarm", first), *steps], exists=False)
        stories.append(story(lab))
    assert stories[0] == stories[1]


samples = st.lists(st.sampled_from([1.0, 45.0, 55.0, 99.0]), min_size=1, max_size=4)


@given(
    percentile,
    st.lists(
        st.one_of(st.none(), st.tuples(samples, st.sampled_from([1, 7, 0.5, 30]))), min_size=5, max_size=25
    ),
    st.sampled_from([30, 60, 90]),
)
@settings(max_examples=15)
def test_of_percentiles_too(configuration_, column, apart):
    """With samples whole and fractional, enough and too few."""
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        client.put_metric_alarm(AlarmName="a", **alarm_of(configuration_))
        for one in column:
            if one is not None:
                values, count = one
                distinct = sorted(set(values))
                datum = {"MetricName": "m", "Values": distinct, "Counts": [float(count)] * len(distinct)}
                client.put_metric_data(Namespace="N", MetricData=[datum])
            lab.advance(seconds=apart)
        lab.advance(minutes=30)
        stories.append(story(lab))
    assert stories[0] == stories[1]


@given(
    hourly,
    st.lists(st.one_of(st.none(), VALUES), min_size=10, max_size=60),
    st.sampled_from([1200, 3600, 7200]),
)
@settings(max_examples=10)
def test_of_alarms_by_the_hour_too(configuration_, column, apart):
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        now = int(lab.now.timestamp())
        rows = [(now + apart * (i - 8), v) for i, v in enumerate(column) if v is not None]
        stamps, values = [s for s, _ in rows], [v for _, v in rows]
        lab.act("cloudwatch", "load", namespace="N", metric="m", stamps=stamps, values=values)
        client.put_metric_alarm(AlarmName="a", **{**ALARM, **configuration_})
        lab.advance(seconds=apart * len(column))
        stories.append(story(lab))
    assert stories[0] == stories[1]


@given(st.lists(st.one_of(st.none(), VALUES), min_size=3, max_size=30), st.integers(0, 40), st.integers(1, 3))
@settings(max_examples=10)
def test_of_expressions_too_which_sleep_while_there_are_no_data(column, later, n):
    """Rows to arrive after a while, then a stop."""
    metrics = [
        {
            "Id": "m1",
            "ReturnData": False,
            "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"},
        },
        {"Id": "e1", "Expression": "m1 * 2 - 40", "ReturnData": True},
    ]
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        now = int(lab.now.timestamp())
        rows = [(now + 60 * (i + later), v) for i, v in enumerate(column) if v is not None]
        stamps, values = [s for s, _ in rows], [v for _, v in rows]
        lab.act("cloudwatch", "load", namespace="N", metric="m", stamps=stamps, values=values)
        request = {k: ALARM[k] for k in ("Threshold", "ComparisonOperator")}
        client.put_metric_alarm(AlarmName="a", Metrics=metrics, EvaluationPeriods=n, **request)
        lab.advance(minutes=80)
        stories.append(story(lab))
    assert stories[0] == stories[1]


def test_of_units_that_compete_for_the_place_too():
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        client.put_metric_alarm(AlarmName="a", **ALARM)
        for minute in range(30):
            unit, value = (("Bytes", 99.0), ("Count", 1.0))[minute // 10 % 2]
            client.put_metric_data(
                Namespace="N", MetricData=[{"MetricName": "m", "Value": value, "Unit": unit}]
            )
            lab.advance(minutes=1)
        lab.advance(hours=1)
        stories.append(story(lab))
    assert stories[0] == stories[1]
    assert len(stories[0][1]) > 3


def test_storing_meanwhile_wakes_an_alarm_that_sleeps():
    """What was foreseen is forgotten when something is stored, also for the past."""
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        now = int(lab.now.timestamp())
        stamps = [now + 60 * i for i in range(300)]
        lab.act("cloudwatch", "load", namespace="N", metric="m", stamps=stamps, values=[1.0] * 300)
        client.put_metric_alarm(AlarmName="a", **ALARM)
        lab.advance(minutes=100)
        data = [{"MetricName": "m", "Value": 999.0, "Timestamp": now + 60 * i} for i in (98, 99, 100, 101)]
        client.put_metric_data(Namespace="N", MetricData=data)
        lab.advance(hours=6)
        stories.append(story(lab))
    assert stories[0] == stories[1]
    assert sum(item["HistorySummary"].endswith("to ALARM") for item in stories[0][1]) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 60, 240, 3000, 7260]), st.lists(VALUES, min_size=1, max_size=6)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([60, 300]),
)
@settings(max_examples=20)
def test_over_gaps_too(spells, period):
    """Rows that are to arrive in spells, with minutes or hours between them."""
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        stamps, values, at = [], [], int(lab.now.timestamp())
        for gap, column in spells:
            at += gap
            for value in column:
                stamps.append(at)
                values.append(value)
                at += 60
        lab.act("cloudwatch", "load", namespace="N", metric="m", stamps=stamps, values=values)
        client.put_metric_alarm(AlarmName="a", **{**ALARM, "EvaluationPeriods": 2, "Period": period})
        lab.advance(until=f"{lab.now.date()}T18:00:00Z")
        stories.append(story(lab))
    assert stories[0] == stories[1]


def test_over_data_that_are_seen_late_too():
    """Points of the next minutes that stay hidden for longer than the range is: the alarm loses sight, and finds it again."""
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        client.put_metric_alarm(AlarmName="a", **ALARM)
        start = int(lab.now.timestamp())
        for minutes, delay in ((range(-4, 0), 0), (range(25), 480)):
            lab.act("cloudwatch", "configure", statistics_delay_s=delay)
            data = [{"MetricName": "m", "Value": 1.0, "Timestamp": start + 60 * i} for i in minutes]
            client.put_metric_data(Namespace="N", MetricData=data)
        lab.advance(hours=1)
        stories.append(story(lab))
    assert stories[0] == stories[1]
    states = [item["HistorySummary"].rpartition(" ")[2] for item in stories[0][1]]
    assert states == ["INSUFFICIENT_DATA", "OK", "INSUFFICIENT_DATA", "OK", "created"]


def test_an_earlier_evaluation_than_the_one_planned_is_made():
    """An alarm that expects nothing for hours is evaluated at the next tick when something is stored."""
    stories = []
    for lab in both():
        client = lab.client("cloudwatch")
        now = int(lab.now.timestamp())
        stamps = [now + 60 * i for i in range(400)]
        values = [1.0 if i < 300 else 99.0 for i in range(400)]
        lab.act("cloudwatch", "load", namespace="N", metric="m", stamps=stamps, values=values)
        client.put_metric_alarm(AlarmName="a", **{**ALARM, "EvaluationPeriods": 1})
        lab.advance(minutes=10, seconds=30)
        client.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 999.0}])
        lab.advance(minutes=20)
        stories.append(story(lab))
    assert stories[0] == stories[1]
    assert [i["HistorySummary"].rpartition(" ")[2] for i in stories[0][1]] == ["OK", "ALARM", "OK", "created"]
