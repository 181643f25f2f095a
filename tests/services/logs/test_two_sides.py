"""Logs have two sides: what comes in, and what looks on as it comes. Here the first is whole; of the second, what there is."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import NotModelled
from tests.services.logs.conftest import client, event, ms

DAY = 86_400_000
BATCHES = st.lists(
    st.lists(st.sampled_from(["ERROR a", "ok", "ERROR b", "too old"]), min_size=1, max_size=6),
    min_size=1,
    max_size=6,
)


@pytest.mark.syllabus("L01")
@settings(max_examples=20)
@given(BATCHES)
def test_what_is_accepted_is_stored_once_and_seen_once_by_what_looks_on(batches):
    lab = Lab()
    logs = client(lab)
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    for name, pattern in (("errors", "ERROR"), ("all", "")):
        change = {"metricName": name, "metricNamespace": "App", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName="/app", filterName=name, filterPattern=pattern, metricTransformations=[change]
        )
    kept = []
    for texts in batches:
        old = [event(ms(lab) - 15 * DAY, text) for text in texts if text == "too old"]
        new = [event(ms(lab), text) for text in texts if text != "too old"]
        for batch in filter(None, (old, new)):
            logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=batch)
        kept += [each["message"] for each in new]
        lab.advance(seconds=20)
    lab.advance(minutes=5)  # time alone brings nothing again
    found = logs.get_log_events(logGroupName="/app", logStreamName="web", startFromHead=True)["events"]
    assert [each["message"] for each in found] == kept
    assert count(lab, "all") == len(kept)
    assert count(lab, "errors") == sum("ERROR" in text for text in kept)


def count(lab: Lab, name: str) -> float:
    points = lab.client("cloudwatch").get_metric_statistics(
        Namespace="App",
        MetricName=name,
        StartTime=lab.start - timedelta(hours=1),
        EndTime=lab.now + timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


@pytest.mark.syllabus("L01")
def test_of_the_other_side_the_subscription_filter_is_refused_by_name(lab, logs):
    with pytest.raises(NotModelled, match="PutSubscriptionFilter"):
        logs.put_subscription_filter(
            logGroupName="/app",
            filterName="f",
            filterPattern="",
            destinationArn="arn:aws:lambda:us-east-1:123456789012:function:f",
        )
