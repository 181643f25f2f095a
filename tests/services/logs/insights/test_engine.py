"""Copies of long chunks: kept, cut to the range asked for, dropped when there is too much."""

from cwlab.services.logs.chunk import Chunk, build
from cwlab.services.logs.insights import engine
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.engine import LONG, Source, run
from cwlab.services.logs.insights.parse import parse


def long_chunk(first: int = 0) -> Chunk:
    count = LONG + 10
    texts = [f'{{"n": {n}}}'.encode() for n in range(count)]
    return build(range(first, first + count), first, range(first, first + count), texts)


def one(text: str, *sources: Source) -> tuple[tuple[str | None, ...], ...]:
    return run(compiled(parse(text), 0), sources).rows


def test_a_long_chunk_is_cut_to_its_rows():
    chunk = long_chunk()
    text = "stats count(*) as c, min(n) as low, max(n) as high by @logStream"
    assert one(text, Source("1:/g", "a", chunk, 100, 200)) == (("a", "100", "100", "199"),)
    whole = str(LONG + 10)
    assert one(text, Source("1:/g", "a", chunk, 0, len(chunk))) == (("a", whole, "0", str(LONG + 9)),)


def test_long_and_short_chunks_and_one_chunk_in_two_streams():
    chunk, short = long_chunk(), build([5], 5, [99_999], [b'{"n": -1}'])
    sources = [
        Source("1:/g", "a", chunk, 0, 10),
        Source("1:/g", "b", chunk, 5, 10),
        Source("1:/g", "c", short, 0, 1),
    ]
    assert one("stats count(*) as c, min(n) as low by @logStream", *sources) == (
        ("a", "10", "0"),
        ("b", "5", "5"),
        ("c", "1", "-1"),
    )


def test_copies_are_dropped_and_made_again(monkeypatch):
    monkeypatch.setattr(engine, "KEPT_BYTES", 1)
    first, second = long_chunk(), long_chunk(1_000_000)
    for _ in range(2):
        for chunk in (first, second):
            source = Source("1:/g", "a", chunk, 0, len(chunk))
            assert one("stats count(*) as c", source) == ((str(LONG + 10),),)
    assert len(engine._copies().kept) <= 2
