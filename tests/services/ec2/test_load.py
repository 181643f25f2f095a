"""What an instance does in a minute: told, idle, or both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.ec2.busy import beneath, until
from cwlab.services.ec2.load import QUANTITIES, noise, per_minute
from cwlab.services.ec2.records import Load

CPU, BYTES = QUANTITIES["cpu"], QUANTITIES["network_in"]
MINUTE = 60_000


def cpu(start_s: float, length_s: float, *percent: float) -> Load:
    values = np.array([round(each * 10_000) for each in percent], dtype=np.int64)
    return Load("cpu", round(start_s * 1000), round(length_s * 1000) // len(percent), values)


def splitmix(key: int, minute: int) -> int:
    """SplitMix64 in Python's own numbers, as its author published it."""
    whole = 2**64 - 1
    z = (key + minute * 0x9E3779B97F4A7C15) & whole
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & whole
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & whole
    return z >> 48


@given(st.integers(0, 2**64 - 1), st.integers(0, 40_000_000))
def test_noise_is_the_same_on_every_machine(key: int, minute: int) -> None:
    assert noise(key, np.array([minute], dtype=np.int64)).tolist() == [splitmix(key, minute)]


def test_any_minute_can_be_asked_for_alone() -> None:
    whole = per_minute([cpu(90, 300, 10, 60)], CPU, 42, 0, 20)
    assert [int(per_minute([cpu(90, 300, 10, 60)], CPU, 42, m, 1)[0]) for m in range(20)] == whole.tolist()


def test_an_idle_instance_is_nearly_idle() -> None:
    found = per_minute([], CPU, 42, 28_000_000, 1_000) / 10_000
    assert found.min() >= 0.8 and found.max() <= 2.6
    assert len(set(found.tolist())) > 900


@given(st.floats(0, 100), st.integers(0, 2**64 - 1))
def test_a_loaded_minute_is_within_one_part_in_a_hundred_of_what_it_was_told(
    percent: float, key: int
) -> None:
    found = per_minute([cpu(0, 600, percent)], CPU, key, 0, 10) / 10_000
    assert (abs(found - percent) <= percent / 100 + 0.0002).all()
    assert found.max() <= 100


def test_half_a_minute_counts_half() -> None:
    bare = per_minute([], CPU, 7, 0, 1)[0]
    half = per_minute([cpu(0, 30, 80)], CPU, 7, 0, 1)[0]
    assert abs(half - (400_000 + bare / 2)) <= 400_000 / 100 + 1


def test_two_loads_share_a_minute() -> None:
    found = per_minute([cpu(0, 30, 80), cpu(30, 30, 20)], CPU, 7, 0, 1)[0]
    assert abs(found - 500_000) <= 500_000 / 100 + 1


def test_the_newest_word_counts() -> None:
    found = per_minute([cpu(0, 600, 80), cpu(120, 60, 5)], CPU, 7, 0, 5) / 10_000
    assert [round(each, -1) for each in found.tolist()] == [80, 80, 10, 80, 80] or found[2] < 6


def test_a_list_shares_the_time_evenly() -> None:
    found = per_minute([cpu(0, 180, 10, 50, 90)], CPU, 7, 0, 3) / 10_000
    assert np.allclose(found, [10, 50, 90], rtol=0.0101)


def test_bytes_add_up_to_the_minute() -> None:
    busy = Load("network_in", 0, 60_000, np.array([1_000_000], dtype=np.int64))
    assert abs(per_minute([busy], BYTES, 7, 0, 1)[0] - 60_000_000) <= 600_000


loads = st.builds(
    lambda start, length, values: Load("cpu", start * 1000, length * 1000, np.array(values, dtype=np.int64)),
    st.integers(0, 1200),
    st.integers(1, 400),
    st.lists(st.integers(0, 1_000_000), min_size=1, max_size=5),
)


@given(st.lists(loads, max_size=5), st.integers(0, 2**63), st.integers(0, 30), st.integers(1, 20))
def test_a_window_is_a_slice_of_the_whole(found: list[Load], key: int, first: int, count: int) -> None:
    whole = per_minute(found, CPU, key, 0, 60)
    assert per_minute(found, CPU, key, first, count).tolist() == whole[first : first + count].tolist()
    assert (whole >= 0).all() and (whole <= 1_000_000).all()


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_says_its_unit(name: str) -> None:
    assert QUANTITIES[name].unit


spans = st.tuples(
    st.integers(0, 15), st.integers(1, 15), st.lists(st.integers(0, 100), min_size=1, max_size=3)
)


@given(st.lists(spans, min_size=1, max_size=5))
def test_what_newer_loads_cover_may_be_dropped(rows: list[tuple[int, int, list[int]]]) -> None:
    """Loads kept whole, the newest counting, and loads cut where a newer one covers the rest read the same."""
    whole: list[Load] = []
    cut: tuple[Load, ...] = ()
    for start, length, percent in rows:
        fresh = cpu(start * 60, length * 60 * len(percent), *percent)
        whole.append(fresh)
        cut = (*beneath(fresh, cut), fresh)
    assert len(cut) <= 2 * len(whole)
    assert per_minute(whole, CPU, 3, 0, 70).tolist() == per_minute(cut, CPU, 3, 0, 70).tolist()


@given(spans, st.integers(-5, 70))
def test_a_load_cut_at_an_instant_is_what_it_was_before_and_idle_after(
    row: tuple[int, int, list[int]], at: int
) -> None:
    start, length, percent = row
    load = cpu(start * 60, length * 60 * len(percent), *percent)
    parts = until(load, at * MINUTE)
    found = per_minute(parts, CPU, 3, 0, 70).tolist()
    before = max(at, 0)
    assert found[:before] == per_minute([load], CPU, 3, 0, 70).tolist()[:before]
    assert found[before:] == per_minute([], CPU, 3, 0, 70).tolist()[before:]
