"""Plain behavior beside moto, an independent model of the same API: events, pages of a stream, lists.

Not compared is what moto has otherwise than the documentation: it counts a stream's bytes, knows no retention, minds
``interleaved``, and orders equal timestamps by its own event ids.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from cwlab import Lab
from tests.services.logs.conftest import client

STREAMS = ("db", "web")
STEP = st.tuples(st.sampled_from(STREAMS), st.lists(st.integers(0, 3_000), min_size=1, max_size=6))


def story(logs: Any, now: int, batches: list[tuple[str, list[int]]], limit: int) -> Any:
    """Does the same with either client; returns what they answered, without what belongs to one of them."""
    logs.create_log_group(logGroupName="/app", tags={"team": "shop"})
    for name in STREAMS:
        logs.create_log_stream(logGroupName="/app", logStreamName=name)
    logs.put_retention_policy(logGroupName="/app", retentionInDays=7)
    stamp = now - 60_000
    used: set[int] = set()
    for number, (stream, offsets) in enumerate(batches):
        own = sorted({o for o in offsets if o not in used})
        used.update(own)
        if own:
            logs.put_log_events(
                logGroupName="/app",
                logStreamName=stream,
                logEvents=[{"timestamp": stamp + o, "message": f"{number}/{o}"} for o in own],
            )
    told: list[Any] = []
    for name in STREAMS:
        ask: dict[str, Any] = {
            "logGroupName": "/app",
            "logStreamName": name,
            "startFromHead": True,
            "limit": limit,
        }
        for _ in range(4):
            page = logs.get_log_events(**ask)
            told.append([(e["timestamp"] - now, e["message"]) for e in page["events"]])
            ask["nextToken"] = page["nextForwardToken"]
        window = logs.get_log_events(
            logGroupName="/app", logStreamName=name, startTime=stamp + 500, endTime=stamp + 2500
        )
        told.append([(e["timestamp"] - now, e["message"]) for e in window["events"]])
    found = logs.filter_log_events(logGroupName="/app", interleaved=True)["events"]
    told.append([(e["timestamp"] - now, e["logStreamName"], e["message"]) for e in found])
    for how in ({}, {"orderBy": "LogStreamName", "descending": True}, {"logStreamNamePrefix": "w"}):
        listed = logs.describe_log_streams(logGroupName="/app", **how)["logStreams"]
        told.append([(s["logStreamName"], s["arn"].split(":", 5)[5]) for s in listed])
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/a")["logGroups"]
    told.append({k: group[k] for k in ("logGroupName", "retentionInDays", "metricFilterCount")})
    told.append(logs.list_tags_log_group(logGroupName="/app")["tags"])
    return told


@pytest.fixture
def theirs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("logs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


@settings(max_examples=8)
@given(st.lists(STEP, min_size=1, max_size=5), st.integers(1, 5))
def test_the_same_calls_tell_the_same(theirs, batches, limit):
    if theirs.describe_log_groups()["logGroups"]:
        theirs.delete_log_group(logGroupName="/app")
    lab = Lab()
    here = round(lab.now.timestamp() * 1000)
    there = round(datetime.now(UTC).timestamp() * 1000)
    assert story(client(lab), here, batches, limit) == story(theirs, there, batches, limit)
