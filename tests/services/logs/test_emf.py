"""The embedded metric format: what becomes metrics, and what is refused and counted."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.logs import emf
from tests.services.logs.conftest import client, event, ms

NOW = 1_772_442_000_000


def document(**changes: Any) -> dict[str, Any]:
    """A valid event: latencies of a page."""
    directive = {
        "Namespace": "Shop",
        "Dimensions": [["Page"], ["Page", "Zone"], []],
        "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"}, {"Name": "Hits"}],
    }
    meta = {"Timestamp": NOW, "CloudWatchMetrics": [directive]}
    for name in list(changes):
        if name in directive:
            directive[name] = changes.pop(name)
        elif name in meta:
            meta[name] = changes.pop(name)
    return {
        "_aws": meta,
        "Page": "home",
        "Zone": "a",
        "Latency": [12, 15.5, 9],
        "Hits": 3,
        "requestId": "x",
    } | changes


def read(given: Any) -> list[tuple[str, dict[str, Any]]]:
    return emf.datums(given if isinstance(given, str) else json.dumps(given), NOW)


def put(lab: Lab, *messages: Any, group: str = "/app") -> None:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in messages]
    client(lab).put_log_events(
        logGroupName=group, logStreamName="web", logEvents=[event(ms(lab), text) for text in texts]
    )


def total(lab: Lab, namespace: str, name: str, statistic: str = "Sum", **dimensions: str) -> float | None:
    points = lab.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
        StartTime=lab.now - timedelta(hours=1),
        EndTime=lab.now + timedelta(minutes=1),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in points) if points else None


@pytest.mark.syllabus("L18")
def test_each_dimension_set_is_a_metric_and_arrays_keep_their_distribution(lab, logs):
    assert ms(lab) == NOW
    put(lab, document(), "a plain line", document(Page="cart"))
    assert total(lab, "Shop", "Latency", Page="home") == 36.5
    assert total(lab, "Shop", "Latency", "Maximum", Page="home", Zone="a") == 15.5
    assert total(lab, "Shop", "Latency", "SampleCount") == 6
    assert total(lab, "Shop", "Hits", Page="cart") == 3
    assert len(logs.filter_log_events(logGroupName="/app")["events"]) == 3
    assert total(lab, "AWS/Logs", "EMFValidationErrors", LogGroupName="/app") is None


def test_a_resolution_of_a_second_keeps_seconds():
    given = document(Metrics=[{"Name": "Hits", "StorageResolution": 1}], Dimensions=[["Page"]])
    assert read(given) == [
        (
            "Shop",
            {
                "MetricName": "Hits",
                "Unit": "None",
                "StorageResolution": 1,
                "Value": 3.0,
                "Timestamp": Lab().now,
                "Dimensions": [{"Name": "Page", "Value": "home"}],
            },
        )
    ]


def test_members_are_found_at_the_root_and_by_their_whole_name():
    given = document(
        **{"Dimensions": [["A.a"]], "Metrics": [{"Name": "B.b"}], "A.a": "x", "B.b": 1, "B": {"b": 2}}
    )
    ((_, datum),) = read(given)
    assert datum["Value"] == 1.0 and datum["Dimensions"] == [{"Name": "A.a", "Value": "x"}]


@pytest.mark.parametrize(
    "message",
    [
        "plain",
        "",
        '{"a": 1}',
        "[1]",
        '{"nested": {"_aws": {}}}',
        'text {"_aws": 1}',
        '{"text": "\\"_aws\\""}',
        '"_aws"',
    ],
)
def test_other_events_are_left_alone(message):
    assert read(message) == []


WRONG = {
    "no object": {"_aws": 1},
    "no time": document(Timestamp=None),
    "a time in words": document(Timestamp="now"),
    "a time that is true": document(Timestamp=True),
    "two weeks and more ago": document(Timestamp=NOW - 14 * 86_400_000 - 1),
    "two hours and more ahead": document(Timestamp=NOW + 7_200_001),
    "no directives": document(CloudWatchMetrics={}),
    "a directive that is none": document(CloudWatchMetrics=[1]),
    "no namespace": document(Namespace=None),
    "an empty namespace": document(Namespace=""),
    "a namespace of AWS": document(Namespace="AWS/Shop"),
    "a namespace with other letters": document(Namespace="größe"),
    "a long namespace": document(Namespace="n" * 256),
    "dimensions that are no array": document(Dimensions="Page"),
    "no dimension set": document(Dimensions=[]),
    "a set that is no array": document(Dimensions=["Page"]),
    "31 dimensions": document(Dimensions=[[f"k{n}" for n in range(31)]], **{f"k{n}": "x" for n in range(31)}),
    "a dimension twice": document(Dimensions=[["Page", "Page"]]),
    "a dimension that is nowhere": document(Dimensions=[["Nowhere"]]),
    "a dimension that is a number": document(Page=1),
    "an empty dimension": document(Page=""),
    "a long dimension": document(Page="p" * 1025),
    "a dimension with NUL": document(Page="a\x00"),
    "a dimension with an emoji": document(Page="😀"),
    "a name that is a number": document(Dimensions=[[1]]),
    "metrics that are no array": document(Metrics={}),
    "101 metrics": document(Metrics=[{"Name": "Hits"}] * 101),
    "a metric that is nowhere": document(Metrics=[{"Name": "Nowhere"}]),
    "a metric without a name": document(Metrics=[{}]),
    "a metric that is text": document(Hits="3"),
    "a metric that is true": document(Hits=True),
    "a metric that is null": document(Hits=None),
    "an empty array": document(Hits=[]),
    "101 values": document(Hits=[1] * 101),
    "an array with text": document(Hits=[1, "2"]),
    "a number beyond all metrics": document(Hits=1e200),
    "a whole number beyond all floats": document(Hits=10**400),
    "no unit": document(Metrics=[{"Name": "Hits", "Unit": "Furlongs"}]),
    "a unit that is none": document(Metrics=[{"Name": "Hits", "Unit": []}]),
    "a resolution of five": document(Metrics=[{"Name": "Hits", "StorageResolution": 5}]),
    "a resolution that is true": document(Metrics=[{"Name": "Hits", "StorageResolution": True}]),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_mistake_and_the_event_is_a_log_line(name):
    with pytest.raises(emf.Malformed) as caught:
        read(WRONG[name])
    assert caught.value.counted == "EMFValidationErrors" and str(caught.value)


@pytest.mark.parametrize(
    "message", ['{"_aws": ', '{"_aws": NaN}', '{"_aws": 1} x', "{" * 5000 + '"_aws"'], ids=range(4)
)
def test_what_begins_like_a_document_and_is_none(message):
    with pytest.raises(emf.NoJson):
        read(message)


def test_the_limits_themselves_are_fine():
    keys = {f"k{n}": "x" for n in range(30)}
    given = document(
        Dimensions=[list(keys)],
        Metrics=[{"Name": "Hits"}] * 100,
        Hits=list(range(100)),
        Page="p" * 1024,
        **keys,
    )
    assert len(read(given)) == 100


def test_mistakes_are_counted_by_group_and_the_rest_of_the_batch_goes_on(lab, logs):
    put(lab, document(Page=1), document(Namespace=""), '{"_aws": ', document())
    assert total(lab, "AWS/Logs", "EMFValidationErrors", LogGroupName="/app") == 2
    assert total(lab, "AWS/Logs", "EMFParsingErrors", LogGroupName="/app") == 1
    assert total(lab, "Shop", "Hits", Page="home") == 3
    assert total(lab, "AWS/Logs", "IncomingLogEvents", LogGroupName="/app") is None  # that minute is not over
    lab.advance(minutes=1)
    assert total(lab, "AWS/Logs", "IncomingLogEvents", LogGroupName="/app") == 4


def test_groups_of_other_classes_have_no_embedded_metrics(lab, logs):
    logs.create_log_group(logGroupName="/rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="/rare", logStreamName="web")
    put(lab, document(), group="/rare")
    assert total(lab, "Shop", "Hits", Page="home") is None


def test_a_writer_needs_no_permission_for_metrics(lab, logs):
    put(lab, document())
    (entry,) = [each for each in lab.journal if each.operation == "PutMetricData"]
    assert entry.caller.arn == "logs.amazonaws.com" and entry.error is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "Page", "Hits", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Timestamp",
                    "CloudWatchMetrics",
                    "Namespace",
                    "Dimensions",
                    "Metrics",
                    "Name",
                    "Hits",
                    "Page",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    JSON,
    st.sampled_from(
        ["_aws", "Timestamp", "CloudWatchMetrics", "Namespace", "Dimensions", "Metrics", "Hits", "Page"]
    ),
)
def test_no_document_does_worse_than_be_refused(value, member):
    try:
        found = read(document(**{member: value}))
    except emf.Malformed:
        return
    assert all(namespace and "MetricName" in datum for namespace, datum in found)
