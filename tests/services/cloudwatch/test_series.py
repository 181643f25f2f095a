"""Series grow without touching what others hold, and however they grew they read the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.codec import Decoder, Encoder
from cwlab.services.cloudwatch.chunk import Row, coarsen, from_rows, singles, take
from cwlab.services.cloudwatch.series import AGE_FROM, SEAL, Series, aged, empty

POINTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 99).map(float)), max_size=400)


def grown(points: list[tuple[int, float]], series: Series | None = None) -> Series:
    series = series or empty()
    for stamp, value in points:
        series = series.append(stamp, value)
    return series


def read(series: Series, start: int = -1, end: int = 10**12) -> list[tuple[int, float]]:
    rows = series.window(start, end)
    return list(zip(rows.stamp.tolist(), rows.sum.tolist(), strict=True))


def in_order(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return sorted(points, key=lambda p: p[0])  # stable: of one second, in the order recorded


@given(POINTS)
def test_what_is_put_is_read_back(points: list[tuple[int, float]]) -> None:
    series = grown(points)
    assert read(series) == in_order(points)
    assert len(series) == len(points)


@given(POINTS, st.integers(0, 500), st.integers(0, 500))
def test_a_window_includes_its_start_and_not_its_end(
    points: list[tuple[int, float]], start: int, end: int
) -> None:
    assert read(grown(points), start, end) == in_order([p for p in points if start <= p[0] < end])


@given(POINTS, POINTS, POINTS)
def test_forks_go_their_own_ways(
    before: list[tuple[int, float]], mine: list[tuple[int, float]], theirs: list[tuple[int, float]]
) -> None:
    shared = grown(before)
    read(shared)
    a = grown(mine, shared)
    b = grown(theirs, shared)
    c = grown(mine, shared)
    assert read(shared) == in_order(before)
    assert read(a) == read(c) == in_order(before + mine)
    assert read(b) == in_order(before + theirs)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 500), st.integers(0, 99).map(float)), max_size=150), max_size=6
    ),
    st.data(),
)
def test_however_it_grew_it_reads_the_same(batches: list[list[tuple[int, float]]], data: Any) -> None:
    one_by_one, mixed = empty(), empty()
    for batch in batches:
        one_by_one = grown(batch, one_by_one)
        if not batch:
            continue
        stamps, values = [s for s, _ in batch], [v for _, v in batch]
        if data.draw(st.booleans()):
            mixed = mixed.append_many(stamps, values)
        else:
            # A chunk is in order of time by itself; rows of one second keep theirs.
            mixed = mixed.extend(singles(stamps, values))
        if data.draw(st.booleans()):
            read(mixed)
    assert read(one_by_one) == read(mixed)


def test_there_are_only_a_few_chunks() -> None:
    series = grown([(n, float(n)) for n in range(40 * SEAL)])
    assert len(series._chunks) <= 6


def test_reading_between_writes_changes_no_bit() -> None:
    points = [(n % 7, 0.1 * n) for n in range(3 * SEAL)]
    quiet, watched = empty(), empty()
    for stamp, value in points:
        quiet, watched = quiet.append(stamp, value), watched.append(stamp, value)
        watched.window(0, 10)
    a, b = quiet.window(0, 10), watched.window(0, 10)
    assert np.add.reduce(a.sum).tobytes() == np.add.reduce(b.sum).tobytes()
    assert a.sum.tobytes() == b.sum.tobytes()


def test_rows_that_come_later_appear_when_they_are_due() -> None:
    series = empty().append(0, 1.0).extend_later(np.array([60, 120]), singles([60, 120], [2.0, 3.0]))
    assert [series.window(0, 1000, now).sum.tolist() for now in (59, 60, 119, 120)] == [
        [1.0],
        [1.0, 2.0],
        [1.0, 2.0],
        [1.0, 2.0, 3.0],
    ]
    assert [series.newest_at(now) for now in (59, 60, 120)] == [0, 60, 120]
    assert empty().extend_later(np.array([60]), singles([60], [2.0])).newest_at(0) is None


@pytest.mark.syllabus("M20")
def test_old_rows_are_aggregated_as_retention_aggregated_them() -> None:
    now = 500 * 86_400
    stamps = np.arange(now - 100 * 86_400, now, 60)
    fresh = singles(stamps, (np.arange(len(stamps)) % 17).astype(float))
    old = aged(fresh)
    assert len(old) < 16 * 1440 + 48 * 288 + 38 * 24
    for age_days, step in ((99, 3600), (50, 300), (10, 60)):
        start = now - age_days * 86_400
        mine, theirs = (coarsen(take(chunk, chunk.stamp >= start), step) for chunk in (old, fresh))
        for column in ("stamp", "count", "sum", "min", "max"):
            assert np.array_equal(getattr(mine, column), getattr(theirs, column)), (age_days, column)


def test_a_short_series_is_left_as_it_is() -> None:
    chunk = singles(np.arange(AGE_FROM - 1) * 3600, np.ones(AGE_FROM - 1))
    assert aged(chunk) is chunk


def test_a_long_life_stays_small() -> None:
    series = empty()
    for day in range(0, 500, 5):
        stamps = np.arange(day * 86_400, (day + 5) * 86_400, 60)
        series = series.extend(singles(stamps, stamps % 7))
    assert len(series) < 120_000  # of 720,000 recorded


@given(POINTS)
def test_a_save_file_keeps_a_series_and_it_grows_on(points: list[tuple[int, float]]) -> None:
    series = grown(points).extend(from_rows([Row(7, 2, 6, 2, 4, ((2, 1), (4, 1)))]))
    series = grown([(8, 1.0)], series).extend_later(np.array([900]), singles([900], [9.0]))
    encoder = Encoder()
    data = encoder.encode(series)
    back: Series = Decoder(encoder.columns()).decode(data)
    assert read(back) == read(series)
    assert back.newest == series.newest
    assert back.window(0, 1000, 900).sum.tolist() == series.window(0, 1000, 900).sum.tolist()
    assert read(back.append(9, 5.0)) == read(series.append(9, 5.0))


def test_settling_changes_nothing_that_can_be_read() -> None:
    series = empty().append(0, 1.0)
    for n in range(5):
        series = series.extend_later(np.array([60 * n]), singles([60 * n], [float(n)]))
    settled = series.settled(120)
    assert len(settled.later) == 2
    for now in (120, 500):
        assert sorted(read_at(settled, now)) == sorted(read_at(series, now))
    assert settled.settled(120) is settled


def read_at(series: Series, now: int) -> list[tuple[int, float]]:
    rows = series.window(-1, 10**12, now)
    return list(zip(rows.stamp.tolist(), rows.sum.tolist(), strict=True))
