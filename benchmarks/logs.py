"""PutLogEvents through boto3, beside moto; reading and searching a million events; what they weigh."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
from moto import mock_aws

from benchmarks.measure import Row, alternate, at_least, at_most, ms
from cwlab import Lab
from cwlab.services.logs.find import rows_with

BATCH, BATCHES, BATCHES_MOTO = 9_000, 3, 1
MILLION, STREAMS = 1_000_000, 10
ROUNDS = 5


def rows() -> Iterator[Row]:
    yield _against_moto()
    lab, texts = _filled()
    yield from _searched(lab, texts)
    yield from _read(lab)
    del lab, texts
    yield _weighed()


def line(number: int) -> str:
    """A line such as a web server writes, about a hundred bytes."""
    status = "500 ERROR" if number % 1_009 == 0 else "200"
    return f"10.0.{number % 256}.17 GET /shop/item/{number * 7919 % 100_003} {status} {number % 977} ms user-{number % 5_003} Mozilla/5.0"


def batch(first: int, now_ms: int, size: int = BATCH) -> list[dict]:
    return [{"timestamp": now_ms - size + i, "message": line(first + i)} for i in range(size)]


def _client(lab: Lab, streams: int = 1):
    client = lab.client("logs")
    client.create_log_group(logGroupName="/bench")
    for number in range(streams):
        client.create_log_stream(logGroupName="/bench", logStreamName=f"s{number}")
    return client


def _against_moto() -> Row:
    ours = _client(lab := Lab())
    with mock_aws():
        theirs = boto3.client("logs", region_name="us-east-1")
        theirs.create_log_group(logGroupName="/bench")
        theirs.create_log_stream(logGroupName="/bench", logStreamName="s0")
        mine = batch(0, round(lab.now.timestamp() * 1000))
        moto = batch(0, round(datetime.now(UTC).timestamp() * 1000))

        def put(client, events: list[dict], times: int) -> None:
            for _ in range(times):
                client.put_log_events(logGroupName="/bench", logStreamName="s0", logEvents=events)

        a, b = alternate(
            lambda: put(ours, mine, BATCHES), lambda: put(theirs, moto, BATCHES_MOTO), rounds=ROUNDS
        )
    rate, other = BATCH * BATCHES / a, BATCH * BATCHES_MOTO / b
    return at_least(
        f"PutLogEvents, {BATCH:,} events a request: rate against moto's",
        rate / other,
        3,
        f"{rate:,.0f} to {other:,.0f} events/s",
    )


def _filled() -> tuple[Lab, list[str]]:
    """A lab with a million events in ten streams, and their texts."""
    client = _client(lab := Lab(), STREAMS)
    now, texts = round(lab.now.timestamp() * 1000), list[str]()
    for number in range(MILLION // 5_000):
        events = batch(number * 5_000, now - number // STREAMS * 5_000, 5_000)
        texts += [each["message"] for each in events]
        client.put_log_events(logGroupName="/bench", logStreamName=f"s{number % STREAMS}", logEvents=events)
    return lab, texts


def _searched(lab: Lab, texts: list[str]) -> Iterator[Row]:
    chunks = [
        chunk
        for key, table in lab.world.tables.items()
        if key[3] == "streams//bench"
        for stream in table.values()
        for chunk in stream.events.chunks
    ]

    def ours(term: str) -> int:
        return sum(len(rows_with(chunk, term.encode(), 0, len(chunk))) for chunk in chunks)

    for term in ("ERROR", "GET"):
        wanted = sum(term in text for text in texts)
        assert ours(term) == wanted
        a, b = alternate(
            lambda t=term: ours(t), lambda t=term: sum(t in text for text in texts), rounds=ROUNDS
        )
        what = f"a term in {MILLION:,} events, found in {wanted:,}: time against Python's `in`"
        yield Row(what, f"{a / b:.2f}× ({ms(a)} to {ms(b)})", "≤ 3×", a / b <= 3)


def _read(lab: Lab) -> Iterator[Row]:
    client = lab.client("logs")

    def first_page() -> int:
        return len(client.filter_log_events(logGroupName="/bench", limit=100)["events"])

    def whole_page() -> int:
        return len(client.filter_log_events(logGroupName="/bench")["events"])

    def newest() -> int:
        return len(client.get_log_events(logGroupName="/bench", logStreamName="s3", limit=100)["events"])

    a, b, c = alternate(first_page, whole_page, newest, rounds=ROUNDS)
    told = f"of {MILLION:,} in {STREAMS} streams"
    yield at_most(f"FilterLogEvents, 100 events {told}", a, 20)
    yield Row(f"FilterLogEvents, a full page {told}", f"{10_000 / b:,.0f} events/s")
    yield at_most("GetLogEvents, the newest 100 of a stream", c, 10)
    yield at_most(f"fork, {MILLION:,} events", alternate(lab.fork, rounds=15)[0], 50)


def _weighed() -> Row:
    """Memory of everything a lab holds after a quarter of a million events, the journal included."""
    count, size = MILLION // 4, 5_000
    client = _client(lab := Lab())
    client.put_log_events(
        logGroupName="/bench", logStreamName="s0", logEvents=batch(0, round(lab.now.timestamp() * 1000), 100)
    )
    now, raw = round(lab.now.timestamp() * 1000), 0
    gc.collect()
    tracemalloc.start()
    for number in range(count // size):
        events = batch(number * size, now, size)
        raw += sum(len(each["message"].encode()) for each in events)
        client.put_log_events(logGroupName="/bench", logStreamName="s0", logEvents=events)
        del events
    lab._keep()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    what = f"memory of {count:,} events, journal included: against their text"
    return Row(what, f"{held / raw:.2f}× ({held / 1e6:,.1f} to {raw / 1e6:,.1f} MB)", "≤ 3×", held / raw <= 3)
