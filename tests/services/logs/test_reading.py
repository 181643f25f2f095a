"""Chunks, the value that grows, pages and searches: each beside a plain list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cwlab.codec import Decoder, Encoder
from cwlab.services.logs import reading
from cwlab.services.logs.chunk import Chunk, build, merge
from cwlab.services.logs.find import rows_with
from cwlab.services.logs.ids import FIRST, LAST, event_id, place_of
from cwlab.services.logs.store import SEAL, Events

TEXT = st.text(st.sampled_from("abé😀 "), max_size=6)
ROWS = st.lists(st.tuples(st.integers(0, 12), TEXT), min_size=1, max_size=30)


def chunk_of(rows: list[tuple[int, str]], first_place: int = 0) -> Chunk:
    stamps = sorted(stamp for stamp, _ in rows)
    return build(
        stamps,
        1000 + first_place,
        range(first_place, first_place + len(rows)),
        [text.encode() for _, text in rows],
    )


def plain(chunks: list[Chunk]) -> list[tuple[int, int, str]]:
    """Timestamp, place and text of all rows, in reading order."""
    rows = [
        row
        for chunk in chunks
        for row in zip(chunk.stamp.tolist(), chunk.place.tolist(), chunk.messages(), strict=True)
    ]
    return sorted(rows)


def shown(page: reading.Page) -> list[tuple[int, int, str]]:
    return list(zip(page.stamp, page.place, page.message, strict=True))


CHUNKS = st.lists(ROWS, min_size=1, max_size=6).map(
    lambda many: [chunk_of(rows, number << 16) for number, rows in enumerate(many)]
)
GAPS = st.one_of(st.just(FIRST), st.just(LAST), st.tuples(st.integers(0, 12), st.integers(0, 5 << 16)))


@given(CHUNKS, GAPS, GAPS, st.integers(1, 40), st.booleans())
def test_a_page_is_the_first_or_last_of_what_lies_between_two_gaps(chunks, low, high, limit, newest):
    found = reading.pieces(3, chunks, low, high)
    wanted = [row for row in plain(chunks) if low <= row[:2] < high]
    page = reading.page(found, limit, newest=newest)
    assert shown(page) == (wanted[-limit:] if newest else wanted[:limit])
    assert page.source == [3] * len(page.stamp)


@given(CHUNKS, st.integers(1, 9), st.sampled_from(["a", "é", "ab", "aa", "😀"]), st.booleans())
def test_a_scan_finds_what_matches_page_by_page(chunks, limit, needle, newest):
    def match(chunk, first, last):
        return rows_with(chunk, needle.encode(), first, last)

    wanted = [row for row in plain(chunks) if needle in row[2]]
    found, low, high, more = [], FIRST, LAST, True
    while more:
        page, more = reading.scan(reading.pieces(0, chunks, low, high), limit, match, newest=newest)
        assert len(page.stamp) <= limit
        if page.stamp and newest:
            high = (page.stamp[0], page.place[0])
        elif page.stamp:
            low = (page.stamp[-1], page.place[-1] + 1)
        found = shown(page) + found if newest else found + shown(page)
        assert page.stamp or not more
    assert found == wanted


def test_a_page_holds_a_megabyte_and_at_least_one_event():
    half = chunk_of([(n, "x" * 500_000) for n in range(5)])
    found = reading.pieces(0, [half], FIRST, LAST)
    assert shown(reading.page(found, 10)) == plain([half])[:2]
    assert shown(reading.page(found, 10, newest=True)) == plain([half])[-2:]
    whole, more = reading.scan(found, 10, lambda chunk, first, last: np.arange(first, last))
    assert (shown(whole), more) == (plain([half])[:2], True)
    huge = chunk_of([(0, "x" * 2_000_000)])
    assert len(reading.page(reading.pieces(0, [huge], FIRST, LAST), 10).stamp) == 1


@given(
    st.lists(st.text(st.sampled_from("ab"), max_size=5), min_size=1, max_size=30),
    st.text(st.sampled_from("ab"), max_size=4),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_a_search_through_a_chunk_is_a_search_through_each_event(texts, needle, first, last):
    chunk = chunk_of([(0, text) for text in texts])
    first, last = min(first, len(texts)), min(last, len(texts))
    wanted = [row for row in range(first, last) if needle in texts[row]]
    assert rows_with(chunk, needle.encode(), first, last).tolist() == wanted


@given(CHUNKS)
def test_merging_keeps_every_row(chunks):
    assert plain([merge(chunks)]) == plain(chunks)


@given(st.lists(st.tuples(ROWS, st.integers(0, 2), st.booleans()), max_size=8))
def test_a_stream_that_grows_leaves_its_former_self_as_it_was(batches):
    events, log, former = Events(), [], []
    for number, (rows, key, big) in enumerate(batches):
        former.append((events, plain(events.chunks)))
        stamps = sorted(stamp for stamp, _ in rows)
        texts = [text.encode() for _, text in rows]
        places = [(number << 16) + n for n in range(len(rows))]
        if big:
            events = events.extend(build(stamps, number, places, texts, key))
        else:
            twin = events.add(stamps, number, places, [b"other"] * len(rows), key)
            events = events.add(stamps, number, places, texts, key)
            assert len(twin) == len(events)
        log += [(s, p, t.decode(), key) for s, p, t in zip(stamps, places, texts, strict=True)]
    assert plain(events.chunks) == [row[:3] for row in sorted(log)]
    keys = {place: chunk.key for chunk in events.chunks for place in chunk.place.tolist()}
    assert keys == {row[1]: row[3] for row in log}
    assert all(plain(old.chunks) == rows for old, rows in former)
    encoder = Encoder()
    packed = encoder.encode([events, events.chunks])
    back, chunks = Decoder(encoder.columns()).decode(packed)
    assert plain(back.chunks) == plain(chunks) == plain(events.chunks)
    more = events.add([5], 99, [99 << 16], [b"more"]), back.add([5], 99, [99 << 16], [b"more"])
    assert plain(more[0].chunks) == plain(more[1].chunks)


def test_single_events_gather_in_few_chunks():
    events = Events()
    for n in range(20 * SEAL):
        events = events.add([n], n, [n], [b"one"])
    assert len(events) == 20 * SEAL
    assert len(events.chunks) < 12


def test_a_shared_column_is_written_once():
    chunk = chunk_of([(n, "text") for n in range(100)])
    encoder = Encoder()
    encoder.encode([chunk, chunk])
    assert encoder.columns()["|u1"].size == chunk.nbytes == 400


@given(st.integers(0, 1 << 41), st.integers(0, 1 << 60), st.integers(0, (1 << 60) - 1))
def test_an_event_id_tells_timestamp_and_place(stamp, place, salt):
    text = event_id(stamp, place, salt)
    assert len(text) == 56 and place_of(text) == (stamp, place)
