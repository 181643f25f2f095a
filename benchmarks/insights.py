"""Logs Insights: queries over a million JSON events beside SQL written by hand, and beside moto; the first of a session.

The SQL is what a skilled person writes against a table of the raw columns, ts and message, in an engine set as ours is:
one thread. Ours goes through boto3, and counts what matched as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from typing import Any

import boto3
import duckdb
from moto import mock_aws

from benchmarks.measure import Row, alternate, at_least, at_most, ms, seconds_of
from cwlab import Lab

MILLION, STREAMS, BATCH = 1_000_000, 10, 4_000
ROUNDS, RUNS = 5, 5
MOTO = 20_000
PAIRS = [
    (
        "stats count(*) by bin(5m), level",
        "SELECT ts // 300000 * 300000 AS t, message->>'$.level' AS level, COUNT(*) FROM raw GROUP BY 1, 2 ORDER BY 1 DESC, 2",
        1.5,
    ),
    (
        "filter status >= 500",
        "SELECT ts, message FROM raw WHERE CAST(message->>'$.status' AS DOUBLE) >= 500 ORDER BY ts DESC LIMIT 10000",
        2,
    ),
    (
        "filter level = 'ERROR' | stats count(*) by bin(5m)",
        "SELECT ts // 300000 * 300000 AS t, COUNT(*) FROM raw WHERE message->>'$.level' = 'ERROR' GROUP BY 1 ORDER BY 1 DESC",
        2,
    ),
    (
        "filter @message like /ERR.R/",
        "SELECT ts, message FROM raw WHERE regexp_matches(message, 'ERR.R') ORDER BY ts DESC LIMIT 10000",
        2,
    ),
    (
        """parse @message '"path": "/shop/item/*"' as item | stats count_distinct(item)""",
        """SELECT COUNT(DISTINCT NULLIF(regexp_extract(message, '"path": "/shop/item/([^"]*)"', 1), '')) FROM raw""",
        2,
    ),
    (
        """parse @message /"ms": (?<took>\\d+)/ | stats avg(took), max(took) by bin(5m)""",
        """SELECT t, avg(took), max(took) FROM (SELECT ts // 300000 * 300000 AS t,
           TRY_CAST(regexp_extract(message, '"ms": (\\d+)', 1) AS DOUBLE) AS took FROM raw) GROUP BY 1 ORDER BY 1 DESC""",
        2,
    ),
]
FIRST_QUERY = """
from time import process_time
from cwlab import Lab
lab = Lab()
client = lab.client("logs")
client.create_log_group(logGroupName="/g")
client.create_log_stream(logGroupName="/g", logStreamName="s")
now = round(lab.now.timestamp() * 1000)
events = [{"timestamp": now, "message": '{"a": %d, "level": "INFO"}' % n} for n in range(1000)]
client.put_log_events(logGroupName="/g", logStreamName="s", logEvents=events)
started = process_time()
client.start_query(logGroupName="/g", startTime=now // 1000 - 60, endTime=now // 1000,
                   queryString="filter a > 5 | stats count(*) by bin(5m), level")
print(process_time() - started)
"""


def rows() -> Iterator[Row]:
    yield _first()
    lab, client, span = _filled()
    raw = _raw(span)
    copied = seconds_of(lambda: _ask(client, span, "limit 1"))
    yield Row(f"the first query over {MILLION:,} new events, which copies them", ms(copied))
    for text, written, target in PAIRS:
        ours, theirs = _answer(lab, client, _ask(client, span, text)), raw.execute(written).fetchall()
        assert len(ours) == len(theirs), (text, len(ours), len(theirs))
        a, b = alternate(
            lambda t=text: _ask(client, span, t),
            lambda w=written: raw.execute(w).fetchall(),
            rounds=ROUNDS,
        )
        yield Row(
            f"{text}: time against SQL by hand",
            f"{a / b:.2f}× ({ms(a)} to {ms(b)})",
            f"≤ {target:g}×",
            a / b <= target,
        )
    yield _against_moto(lab, client, span)


def line(number: int) -> str:
    """A message such as a service writes, about 190 bytes."""
    level = ("INFO", "WARN", "ERROR", "DEBUG")[number * 7919 % 4 if number % 5 == 0 else 0]
    return json.dumps(
        {
            "level": level,
            "status": 500 if number % 50 == 0 else 200,
            "path": f"/shop/item/{number * 7919 % 100_003}",
            "ms": number % 977,
            "user": {"id": f"u{number % 5_003}", "plan": "pro"},
            "requestId": f"{number:032x}",
        }
    )


def _stamp(number: int, now_ms: int) -> int:
    return now_ms - (MILLION - number) * 8  # over two hours and a quarter


def _filled() -> tuple[Lab, Any, tuple[int, int]]:
    lab = Lab()
    client = lab.client("logs")
    client.create_log_group(logGroupName="/bench")
    for number in range(STREAMS):
        client.create_log_stream(logGroupName="/bench", logStreamName=f"s{number}")
    lab.advance(hours=3)
    now = round(lab.now.timestamp() * 1000)
    for first in range(0, MILLION, BATCH):
        client.put_log_events(
            logGroupName="/bench",
            logStreamName=f"s{first // BATCH % STREAMS}",
            logEvents=[
                {"timestamp": _stamp(n, now), "message": line(n)} for n in range(first, first + BATCH)
            ],
        )
    return lab, client, (now // 1000 - 3 * 3600, now // 1000 + 1)


def _raw(span: tuple[int, int]) -> duckdb.DuckDBPyConnection:
    """The same events in a table of another engine."""
    import numpy as np

    now = (span[1] - 1) * 1000
    raw = duckdb.connect(":memory:")
    raw.execute("SET threads = 1")
    messages = np.empty(MILLION, dtype=object)
    messages[:] = [line(n) for n in range(MILLION)]
    raw.register("events", {"ts": np.array([_stamp(n, now) for n in range(MILLION)]), "message": messages})
    raw.execute("CREATE TABLE raw AS SELECT ts, CAST(message AS TEXT) AS message FROM events")
    raw.unregister("events")
    return raw


def _ask(client: Any, span: tuple[int, int], text: str) -> str:
    """Start a query: that is when its answer is settled."""
    started = client.start_query(
        logGroupName="/bench", startTime=span[0], endTime=span[1], queryString=text, limit=10_000
    )
    return started["queryId"]


def _answer(lab: Lab, client: Any, query_id: str) -> list[Any]:
    lab.advance(seconds=5)
    return client.get_query_results(queryId=query_id)["results"]


def _against_moto(lab: Lab, client: Any, span: tuple[int, int]) -> Row:
    text = "fields @timestamp, @message | limit 20"
    with mock_aws():
        theirs = boto3.client("logs", region_name="us-east-1")
        theirs.create_log_group(logGroupName="/bench")
        theirs.create_log_stream(logGroupName="/bench", logStreamName="s")
        now = round(datetime.now(UTC).timestamp() * 1000)
        for first in range(0, MOTO, BATCH):
            events = [{"timestamp": now, "message": line(n)} for n in range(first, first + BATCH)]
            theirs.put_log_events(logGroupName="/bench", logStreamName="s", logEvents=events)

        def moto() -> int:
            started = theirs.start_query(
                logGroupName="/bench", startTime=now // 1000 - 60, endTime=now // 1000 + 60, queryString=text
            )
            return len(theirs.get_query_results(queryId=started["queryId"])["results"])

        def ours() -> int:
            return len(_answer(lab, client, _ask(client, span, text)))

        assert ours() == moto() == 20
        a, b = alternate(ours, moto, rounds=ROUNDS)
    mine, other = MILLION / a, MOTO / b
    return at_least(
        f"{text}: events a second against moto's", mine / other, 50, f"{mine:,.0f} to {other:,.0f} events/s"
    )


def _first() -> Row:
    with tempfile.TemporaryDirectory() as cache:
        environment = {
            **os.environ,
            "PYTHONPYCACHEPREFIX": cache,
        }  # compiled once, as any second start finds it
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def taken() -> float:
            done = subprocess.run(
                [sys.executable, "-c", FIRST_QUERY],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            return float(done.stdout)

        taken()
        times = [taken() for _ in range(RUNS)]
    return at_most(
        f"the first query of a session, imports included: best of {RUNS}",
        min(times),
        1000,
        f"median {ms(median(times))}",
    )
