"""Copies of long chunks: kept, cut to the range asked for, dropped when there is too much."""

from typing import Any

import pytest
import sqlglot

from cwlab.services.logs.chunk import Chunk, build
from cwlab.services.logs.insights import copies, engine, nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.commands import APPLY
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.copies import LONG, Source
from cwlab.services.logs.insights.engine import run
from cwlab.services.logs.insights.parse import parse
from cwlab.services.logs.insights.tree import column
from cwlab.services.logs.insights.values import Value


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
    monkeypatch.setattr(copies, "KEPT_BYTES", 1)
    first, second = long_chunk(), long_chunk(1_000_000)
    for _ in range(2):
        for chunk in (first, second):
            source = Source("1:/g", "a", chunk, 0, len(chunk))
            assert one("stats count(*) as c", source) == ((str(LONG + 10),),)
    assert len(engine._copies().kept) == 1


def both(chain: Chain, command: Any) -> None:
    """A made-up command: beside each event the newest of other events with its ``n``, and a word from a table."""
    other = chain.beside(command, [nodes.Filter(0, 0, nodes.Call(0, 0, "ispresent", (N,)))])
    mine, theirs = chain.lookup(N).sql.sql("duckdb"), other.lookup(N).sql.sql("duckdb")
    words = chain.table(command)
    joined = sqlglot.parse_one(
        f"""SELECT a.*, b.message AS other, w."the word" AS word FROM {chain.last()} a
            JOIN {other.last()} b ON b.{theirs} = a.{mine} LEFT JOIN {words} w ON w.n = a.{mine}""",
        read="duckdb",
    )
    chain.step(joined)
    chain.known |= {name: Value(column(name), "text") for name in ("other", "word")}


N = nodes.Field(0, 0, "n", ("n",))


def test_a_command_may_read_other_events_and_tables(monkeypatch):
    class Both(nodes.Node):
        pass

    monkeypatch.setitem(APPLY, Both, both)
    asks = Both(0, 0)
    last = parse("fields n, other, word | filter n > 1").commands
    plan = compiled(nodes.Query("", (asks, *last)), 0)
    assert [(each.table, each.asked, each.events) for each in plan.inputs] == [
        ("events", None, True),
        ("events2", asks, True),
        ("table1", asks, False),
    ]
    mine = build([1, 2, 3], 5, [1, 2, 3], [b'{"n": 1}', b'{"n": 2}', b'{"n": 3}'])
    theirs = build([1, 2], 5, [1, 2], [b'{"n": 3, "x": "far"}', b'{"n": 2}'])
    answer = run(
        plan,
        [Source("1:/g", "a", mine, 0, 3)],
        [Source("1:/h", "a", theirs, 0, 2)],
        {"n": ["3", None], "the word": ["three", None]},
    )
    assert answer.rows == (("3", '{"n": 3, "x": "far"}', "three"), ("2", '{"n": 2}', None))
    assert answer.pointers == (("1:/g", "a", 3, 3), ("1:/g", "a", 2, 2))


def tenths(first: int) -> Chunk:
    """Numbers whose sum depends on their order in the last bit."""
    count = LONG
    texts = [b'{"x": %d.%d}' % (10 ** (n % 12), n % 10) for n in range(first, first + count)]
    return build(range(first, first + count), first, range(first, first + count), texts)


@pytest.mark.parametrize("before", [(), (2,), (2, 1), (1, 0), (2, 0, 1)])
def test_a_sum_is_the_same_to_the_last_bit_whatever_was_asked_before(before):
    text = "stats sum(x) as s, count(*) as n"
    chunks = [tenths(n * 1000) for n in range(3)]
    sources = [Source("1:/g", f"s{n}", chunk, 0, len(chunk)) for n, chunk in enumerate(chunks)]
    engine._copies.cache_clear()
    wanted = one(text, *sources)
    engine._copies.cache_clear()
    for n in before:
        one(text, sources[n])
    assert one(text, *sources) == wanted


def test_many_pieces_of_many_chunks():
    chunks = [tenths(n * 1000) for n in range(20)]
    sources = [Source("1:/g", f"s{n}", chunk, 0, len(chunk)) for n, chunk in enumerate(chunks)]
    for order in (sources, sources[::-1], sources[::2], [*sources, *sources]):
        assert one("stats count(*)", *order) == ((str(LONG * len(order)),),)
    some = [source._replace(first=n, last=n + 2) for n, source in enumerate(sources)]
    assert one("stats count(*) as n by @log", *some) == (("1:/g", "40"),)
    found = one("filter x > 0 | fields @timestamp, @logStream", *some, *some)
    assert len(found) == 80
    assert {stream for _, stream in found} == {f"s{n}" for n in range(20)}
