"""Looking ahead finds what evaluating at every tick finds: the same states, at the same instants, for the same reasons."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab

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


def both() -> list[Lab]:
    """Two labs alike, of which the second evaluates every alarm at every tick."""
    labs = [Lab(), Lab()]
    labs[1].act("cloudwatch", "configure", every_tick=True)
    return labs


def story(lab: Lab) -> Any:
    """All that can be told of a lab's alarms."""
    client = lab.client("cloudwatch")
    pages = client.get_paginator("describe_alarm_history").paginate()
    history = [item for page in pages for item in page["AlarmHistoryItems"]]
    return client.describe_alarms()["MetricAlarms"], history


configuration = st.fixed_dictionaries(
    {
        "EvaluationPeriods": st.integers(1, 5),
        "Period": st.sampled_from([10, 30, 60, 120, 300]),
        "Statistic": st.sampled_from(["Average", "Sum", "SampleCount", "Maximum"]),
        "ComparisonOperator": st.sampled_from(["GreaterThanThreshold", "LessThanOrEqualToThreshold"]),
    },
    optional={"TreatMissingData": st.sampled_from(["ignore", "breaching", "notBreaching"])},
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
    st.tuples(st.just("advance"), st.integers(900, 9000)),
    st.tuples(st.just("alarm"), configuration),
    st.tuples(st.just("state"), st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"])),
    st.tuples(st.just("delay"), st.sampled_from([0, 30, 90, 400])),
)


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
            client.put_metric_alarm(AlarmName="a", **{**ALARM, **given_[0]})
            exists = True
        elif kind == "state" and exists:
            client.set_alarm_state(AlarmName="a", StateValue=given_[0], StateReason="test")
        elif kind == "delay":
            lab.act("cloudwatch", "configure", statistics_delay_s=given_[0])
    lab.advance(hours=1)


@given(configuration, st.lists(step, min_size=2, max_size=8))
@settings(max_examples=60)
def test_looking_ahead_is_evaluating_at_every_tick(first, steps):
    stories = []
    for lab in both():
        play(lab, [("alarm", first), *steps], exists=False)
        stories.append(story(lab))
    assert stories[0] == stories[1]
