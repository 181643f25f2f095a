"""Filter patterns over stored events, and what metric filters cost a PutLogEvents."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.logs import MILLION, batch, line
from benchmarks.measure import Row, alternate, at_most, ms
from cwlab import Lab
from cwlab.services.logs.chunk import Chunk, build
from cwlab.services.logs.pattern import compiled
from cwlab.services.logs.pattern.parse import regex

CHUNK, DOCUMENTS, ROUNDS = 10_000, 200_000, 5
KINDS = ("GET", "PUT", "POST", "DELETE")


def rows() -> Iterator[Row]:
    yield from _terms()
    yield from _documents()
    yield from _lines()
    yield _bounded()
    yield _filtered()


def _chunks(texts: list[str]) -> list[Chunk]:
    out = []
    for at in range(0, len(texts), CHUNK):
        part = [text.encode() for text in texts[at : at + CHUNK]]
        numbers = list(range(at, at + len(part)))
        out.append(build(numbers, 0, numbers, part))
    return out


def _count(pattern: str, chunks: list[Chunk]) -> int:
    found = compiled(pattern)
    return sum(len(found.rows(chunk, 0, len(chunk))) for chunk in chunks)


def _terms() -> Iterator[Row]:
    texts = [line(n) for n in range(MILLION)]
    chunks = _chunks(texts)
    cases = (
        ("ERROR", lambda text: "ERROR" in text),
        ("GET -ERROR", lambda text: "GET" in text and "ERROR" not in text),
        ("?ERROR ?977", lambda text: "ERROR" in text or "977" in text),
    )
    for pattern, plain in cases:
        wanted = sum(map(plain, texts))
        assert _count(pattern, chunks) == wanted
        if pattern == "ERROR":
            a, b = alternate(
                lambda: _count("ERROR", chunks), lambda: sum("ERROR" in text for text in texts), rounds=ROUNDS
            )
        else:
            a, b = alternate(
                lambda p=pattern: _count(p, chunks), lambda f=plain: sum(map(f, texts)), rounds=ROUNDS
            )
        yield Row(
            f"pattern {pattern} over {MILLION:,} events, {wanted:,} match: time against Python's `in`",
            f"{a / b:.2f}× ({ms(a)} to {ms(b)})",
            "≤ 3×",
            a / b <= 3,
        )


def document(number: int) -> str:
    """An event such as a service writes, about 190 bytes."""
    return json.dumps(
        {
            "time": 1_772_442_000_000 + number,
            "level": "ERROR" if number % 97 == 0 else "INFO",
            "method": KINDS[number % 4],
            "path": f"/shop/item/{number * 7919 % 100_003}",
            "status": 500 if number % 97 == 0 else 200,
            "latency": number % 977 / 10,
            "user": {"id": number % 5_003, "email": f"user{number % 5_003}@example.com"},
        }
    )


def _documents() -> Iterator[Row]:
    chunks = _chunks([document(n) for n in range(DOCUMENTS)])
    for pattern in (
        '{ $.level = "ERROR" }',
        "{ $.latency > 90 }",
        '{ $.status = 200 && $.method != "GET" && ($.user.id >= 2500 || $.path = *7*) }',
        "{ $.user.email = %user1[0-9]*@% }",
    ):
        (taken,) = alternate(lambda p=pattern: _count(p, chunks), rounds=ROUNDS)
        rate = DOCUMENTS / taken
        yield Row(f"pattern {pattern}", f"{rate:,.0f} events/s", "≥ 200,000", rate >= 200_000)


def _lines() -> Iterator[Row]:
    texts = [
        f'10.0.{n % 256}.17 - user{n % 503} [02/Mar/2026:09:00:00 +0000] "GET /item/{n} HTTP/1.1" {404 if n % 97 == 0 else 200} {n % 9_973}'
        for n in range(DOCUMENTS)
    ]
    chunks = _chunks(texts)
    for pattern in (
        "[ip, id, user, time, request, status=4*, size]",
        "[..., status=200, size > 9000]",
        "%item/[0-9]+9 HTTP%",
        "%[45]04 [0-9]+$%",
    ):
        (taken,) = alternate(lambda p=pattern: _count(p, chunks), rounds=ROUNDS)
        yield Row(f"pattern {pattern}", f"{DOCUMENTS / taken:,.0f} lines/s")


def _bounded() -> Row:
    """An expression that would keep Python's re for longer than the universe has been, over one line of 256 KB."""
    found, text = regex("a*a*a*a*a*a*a*a*a*a*a*a*b"), "a" * 262_000
    (taken,) = alternate(lambda: found.search(text), rounds=3)
    return at_most("%a*a*a*a*a*a*a*a*a*a*a*a*b% over 262,000 a's", taken, 500)


def _filtered() -> Row:
    """PutLogEvents into a group with three filters against one without."""

    def lab(filters: int):
        client = Lab().client("logs")
        client.create_log_group(logGroupName="/bench")
        client.create_log_stream(logGroupName="/bench", logStreamName="s0")
        for n, pattern in enumerate(("ERROR", "[ip, method, path, status=5*, ...]", "%[45]00%")[:filters]):
            client.put_metric_filter(
                logGroupName="/bench",
                filterName=f"f{n}",
                filterPattern=pattern,
                metricTransformations=[
                    {
                        "metricName": f"m{n}",
                        "metricNamespace": "Bench",
                        "metricValue": "1",
                        "defaultValue": 0.0,
                    }
                ],
            )
        return client

    plain, filtered = lab(0), lab(3)
    events = batch(0, round(Lab().now.timestamp() * 1000), 5_000)

    def put(client) -> None:
        client.put_log_events(logGroupName="/bench", logStreamName="s0", logEvents=events)

    a, b = alternate(lambda: put(filtered), lambda: put(plain), rounds=ROUNDS)
    return Row(
        "PutLogEvents, 5,000 events, through three metric filters",
        f"{5_000 / a:,.0f} events/s ({5_000 / b:,.0f} without)",
    )
