"""A query over a few events, without a lab: compiled and run on short chunks."""

from typing import NamedTuple

import pytest

from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.engine import Answer, Source, run
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.parse import parse

START = 1_772_442_000_000  # 2026-03-02 09:00:00 UTC
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
LOG = "123456789012:/app"
Row = dict[str, str]


class Event(NamedTuple):
    """A message, so many ms after START, in a stream."""

    at: int
    message: str
    stream: str = "web"


def answer(text: str, events: list[Event], now_ms: int = START) -> tuple[list[Row], Answer]:
    """The rows of a query as maps without what is absent, and all the engine said. Events arrive in the order given."""
    sources = []
    for stream in dict.fromkeys(event.stream for event in events):
        held = sorted(
            (START + event.at, place, event.message.encode())
            for place, event in enumerate(events)
            if event.stream == stream
        )
        chunk = build(
            [at for at, _, _ in held], START, [place for _, place, _ in held], [m for *_, m in held]
        )
        sources.append(Source(LOG, stream, chunk, 0, len(chunk)))
    plan = compiled(parse(text), now_ms)
    found = run(plan, sources)
    names = [column.name for column in plan.columns]
    rows = [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in found.rows
    ]
    return rows, found


def ask(text: str, events: list[Event], now_ms: int = START) -> list[Row]:
    """The rows of a query."""
    return answer(text, events, now_ms)[0]


def query(text: str, *messages: str, step: int = MINUTE, now_ms: int = START) -> list[Row]:
    """The rows of a query over messages a step apart."""
    return ask(text, [Event(n * step, message) for n, message in enumerate(messages)], now_ms)


def refused(text: str) -> QueryError:
    """How a query is refused."""
    with pytest.raises(QueryError) as caught:
        compiled(parse(text), START)
    assert caught.value.code == "MalformedQueryException"
    return caught.value
