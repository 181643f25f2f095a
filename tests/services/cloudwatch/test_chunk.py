"""Columns add up: in any grouping, in any order, at any step."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.codec import Decoder, Encoder
from cwlab.services.cloudwatch.chunk import (
    Chunk,
    Row,
    coarsen,
    from_columns,
    from_rows,
    histogram,
    join,
    singles,
    take,
)

VALUES = st.one_of(st.integers(-5, 50).map(float), st.floats(1e-3, 1e6))
COUNTS = st.integers(1, 5).map(float)


@st.composite
def rows(draw: Any) -> Row:
    stamp = draw(st.integers(0, 7200))
    if draw(st.integers(0, 5)) == 0:
        low, high = sorted((draw(VALUES), draw(VALUES)))
        count = draw(COUNTS)
        return Row(stamp, count, count * (low + high) / 2, low, high, (), low != high)
    samples = draw(st.lists(st.tuples(VALUES, COUNTS), min_size=1, max_size=4))
    values = [v for v, _ in samples]
    same = min(values) == max(values)
    return Row(
        stamp,
        sum(c for _, c in samples),
        sum(v * c for v, c in samples),
        min(values),
        max(values),
        () if same else tuple(samples),
    )


CHUNKS = st.lists(rows(), min_size=1, max_size=12).map(from_rows)


def facts(chunk: Chunk, step: int) -> dict[int, Any]:
    """What can be told of each stretch of ``step`` seconds."""
    group = chunk.stamp // step
    bins = histogram(chunk, group)
    spoiled = np.zeros(len(chunk), bool) if chunk.spoiled is None else chunk.spoiled
    return {
        int(g): (
            round(float(chunk.sum[group == g].sum()), 6),
            float(chunk.count[group == g].sum()),
            float(chunk.min[group == g].min()),
            float(chunk.max[group == g].max()),
            bool(spoiled[group == g].any()),
            dict(zip(bins.bin[bins.group == g].tolist(), bins.weight[bins.group == g].tolist(), strict=True)),
        )
        for g in np.unique(group)
    }


@pytest.mark.syllabus("M20")
@given(CHUNKS, st.sampled_from([60, 300, 3600]))
def test_coarsening_loses_nothing_but_time(chunk: Chunk, step: int) -> None:
    coarse = coarsen(chunk, step)
    assert facts(coarse, 3600) == facts(chunk, 3600)
    assert facts(coarse, step) == facts(chunk, step)
    assert (np.diff(coarse.stamp) > 0).all()
    assert (coarse.stamp % step == 0).all()


@given(CHUNKS)
def test_coarsening_in_steps_equals_coarsening_at_once(chunk: Chunk) -> None:
    assert facts(coarsen(coarsen(coarsen(chunk, 60), 300), 3600), 3600) == facts(coarsen(chunk, 3600), 3600)


@given(CHUNKS, CHUNKS)
def test_joining_two_equals_recording_together(a: Chunk, b: Chunk) -> None:
    both = join([a, b])
    assert len(both) == len(a) + len(b)
    assert (np.diff(both.stamp) >= 0).all()
    mine, theirs, all_of = facts(a, 600), facts(b, 600), facts(both, 600)
    for group, whole in all_of.items():
        parts = [f[group] for f in (mine, theirs) if group in f]
        assert whole[0] == pytest.approx(sum(p[0] for p in parts), abs=1e-5)
        assert whole[1] == sum(p[1] for p in parts)
        assert whole[2:5] == (min(p[2] for p in parts), max(p[3] for p in parts), any(p[4] for p in parts))
        assert whole[5] == {
            k: sum(p[5].get(k, 0) for p in parts) for p in parts for k in {**parts[0][5], **parts[-1][5]}
        }


@given(CHUNKS, st.integers(0, 30), st.integers(0, 30))
def test_a_slice_is_the_rows_of_the_slice(chunk: Chunk, first: int, last: int) -> None:
    cut = take(chunk, slice(first, last))
    one_by_one = take(chunk, np.arange(len(chunk))[first:last])
    for mine, theirs in ((cut, one_by_one),):
        assert mine.stamp.tolist() == theirs.stamp.tolist() == chunk.stamp[first:last].tolist()
        if chunk.offset is not None:
            assert mine.offset.tolist() == theirs.offset.tolist()
            assert mine.value.tolist() == theirs.value.tolist()
            assert mine.weight.tolist() == theirs.weight.tolist()


@given(CHUNKS)
def test_a_save_file_keeps_a_chunk(chunk: Chunk) -> None:
    for one in (chunk, singles(chunk.stamp, chunk.min)):
        encoder = Encoder()
        data = encoder.encode(one)
        back = Decoder(encoder.columns()).decode(data)
        assert facts(back, 60) == facts(one, 60)
        assert len(back) == len(one)


def test_single_samples_share_their_columns() -> None:
    chunk = singles([120, 60], [2.0, 1.0])
    assert chunk.stamp.tolist() == [60, 120]
    assert chunk.sum is chunk.min is chunk.max
    assert chunk.count.tolist() == [1.0, 1.0]
    assert chunk.count.strides == (0,)


def test_columns_of_a_provider() -> None:
    chunk = from_columns(
        {
            "stamp": [300, 0],
            "count": [2, 1],
            "sum": [5, 7],
            "min": [1, 7],
            "max": [4, 7],
            "values": ([0, 0, 1], [1, 4, 7], [1, 1, 1]),
        }
    )
    assert chunk.stamp.tolist() == [0, 300]
    assert histogram(chunk, np.array([0, 1])).weight.tolist() == [1.0, 1.0, 1.0]
    assert chunk.spoiled is None


def test_columns_of_a_provider_without_values_are_spoiled_where_minimum_and_maximum_differ() -> None:
    chunk = from_columns(
        {"stamp": [0, 300], "count": [2, 1], "sum": [5, 7], "min": [1, 7], "max": [4, 7], "values": None}
    )
    assert chunk.spoiled is not None
    assert chunk.spoiled.tolist() == [True, False]


def test_nothing_joined_is_nothing() -> None:
    assert len(join([])) == 0
    assert len(coarsen(join([]), 60)) == 0
