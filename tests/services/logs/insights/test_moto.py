"""Queries beside moto, an independent model of the same API, where it follows the documentation.

It knows ``fields``, ``sort @timestamp`` and ``limit`` of the system fields, and passes over all other commands. Not
compared is what it has otherwise than the documentation: ``@timestamp`` as a number, ``@log`` without the account,
``sort`` downwards unless told, no order among equal timestamps.
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

GROUPS, STREAMS = ("/app", "/web"), ("one", "two")
EVENTS = st.dictionaries(
    st.integers(0, 9), st.tuples(st.sampled_from(GROUPS), st.sampled_from(STREAMS)), min_size=1
)
QUERIES = st.builds(
    lambda fields, way, limit: f"fields {', '.join(fields)}{way}{limit}",
    st.permutations(["@timestamp", "@message", "@logStream"]).flatmap(
        lambda names: st.integers(1, 3).map(lambda n: names[:n])
    ),
    st.sampled_from(["", " | sort @timestamp desc", " | sort @timestamp asc"]),
    st.sampled_from(["", " | limit 1", " | limit 3", " | limit 100"]),
)


@pytest.fixture(scope="module")
def theirs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("logs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def prepared(logs: Any, now_s: int, events: dict[int, tuple[str, str]]) -> None:
    for group in GROUPS:
        logs.create_log_group(logGroupName=group)
        for stream in STREAMS:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
    for place in {tuple(place) for place in events.values()}:
        stamps = sorted(second for second, at in events.items() if at == place)
        logs.put_log_events(
            logGroupName=place[0],
            logStreamName=place[1],
            logEvents=[{"timestamp": (now_s - 60 + s) * 1000, "message": f"message {s}"} for s in stamps],
        )


def told(logs: Any, now_s: int, text: str, groups: list[str], first: int, last: int, wait: Any) -> list[Any]:
    query_id = logs.start_query(
        logGroupNames=groups, startTime=now_s - 60 + first, endTime=now_s - 60 + last, queryString=text
    )["queryId"]
    wait()
    answer = logs.get_query_results(queryId=query_id)
    assert answer["status"] == "Complete"
    rows = []
    for row in answer["results"]:
        cells = {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"}
        if "@timestamp" in cells:
            cells["@timestamp"] = since(cells["@timestamp"], now_s)
        rows.append(cells)
    return rows


def since(written: str, now_s: int) -> int:
    """Seconds from 60 s before now, whichever way the time is written."""
    if written.isdigit():
        return int(written) // 1000 - now_s + 60
    at = datetime.strptime(written, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return round(at.timestamp()) - now_s + 60


@settings(max_examples=7)
@given(
    EVENTS,
    st.lists(QUERIES, min_size=1, max_size=4),
    st.sampled_from([["/app"], ["/web", "/app"]]),
    st.integers(0, 5),
    st.integers(3, 9),
)
def test_the_same_queries_tell_the_same(theirs, events, queries, groups, first, last):
    for group in theirs.describe_log_groups()["logGroups"]:
        theirs.delete_log_group(logGroupName=group["logGroupName"])
    lab = Lab()
    ours = client(lab)
    here, there = int(lab.now.timestamp()), int(datetime.now(UTC).timestamp())
    prepared(ours, here, events)
    prepared(theirs, there, events)
    last = max(first, last)
    for text in queries:
        mine = told(ours, here, text, groups, first, last, lambda: lab.advance(seconds=1))
        assert mine == told(theirs, there, text, groups, first, last, lambda: None), text
