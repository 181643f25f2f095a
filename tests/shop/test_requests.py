"""The shop's requests: the same everywhere, in any part, and shaped as told."""

from datetime import UTC, date, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cwlab.shop import INCIDENTS, burst, latencies, traffic
from cwlab.shop.burst import SECONDS, STUCK, STUCK_AT
from cwlab.shop.chance import bell, through, uniform
from cwlab.shop.requests import MINUTES_A_DAY, TIMEOUT_MS, all_requests, first_minute

SEEDS = st.integers(-(2**40), 2**40)
STARTS = st.integers(0, 400_000_000)
DAY = "2026-03-01T09:00:00Z"


@given(SEEDS, STARTS, st.integers(1, 200), st.integers(0, 199))
def test_a_part_is_what_it_is_in_the_whole(seed, minute, minutes, skip):
    skip = min(skip, minutes - 1)
    whole, part = all_requests(seed, minute, minutes), all_requests(seed, minute + skip, minutes - skip)
    keep = whole.minute >= minute + skip
    for of_whole, of_part in zip(whole, part, strict=True):
        assert np.array_equal(of_whole[keep], of_part)


@given(SEEDS, STARTS)
def test_every_request_is_counted_once(seed, minute):
    start = datetime.fromtimestamp(minute * 60, UTC)
    day, lists = traffic(seed, start, 60), latencies(seed, start, 60)
    assert [len(each) for each in lists] == day.requests.tolist()
    assert (day.orders + day.errors <= day.requests).all()
    assert (day.orders >= 0).all() and (day.errors >= 0).all()
    assert all(0 < value <= TIMEOUT_MS for each in lists for value in each)


@given(st.integers(0, 2**32), st.integers(-1000, 1000))
def test_numbers_stay_in_their_range(seed, first):
    index = np.arange(first, first + 100)
    assert ((uniform(seed, "a", index) >= 0) & (uniform(seed, "a", index) < 65_536)).all()
    assert (np.abs(bell(seed, "a", index)) <= 3_465).all()


def test_streams_and_seeds_are_apart_and_spread_evenly():
    index = np.arange(60_000)
    one, other, third = uniform(7, "a", index), uniform(7, "b", index), uniform(8, "a", index)
    for each in (one, other, third):
        assert abs(each.mean() / 32_767.5 - 1) < 0.01
        assert np.bincount(each // 4096, minlength=16).min() > 3_500
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02 and abs(np.corrcoef(one, third)[0, 1]) < 0.02


def test_bell_is_one_thousand_wide():
    sample = bell(7, "a", np.arange(60_000))
    assert abs(sample.mean()) < 20 and abs(sample.std() - 1_000) < 20


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=6))
def test_a_line_goes_through_its_knots(values):
    knots = np.arange(len(values)) * 10
    assert through(knots, values, knots).tolist() == values


def test_a_day_may_be_a_date_a_text_or_an_instant():
    expected = first_minute("2026-03-02T00:00:00Z")
    for day in ("2026-03-02", date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)):
        assert first_minute(day) == expected


def test_the_first_numbers_of_the_recorded_day_are_fixed():
    """The same on every machine: a change here changes every lab's output."""
    day = traffic(7, DAY, 8)
    assert day.stamp[0] == 1_772_355_600
    assert (day.requests.tolist(), day.orders.tolist()) == FIRST


FIRST = ([100, 84, 89, 81, 66, 71, 70, 89], [6, 9, 2, 6, 3, 4, 1, 3])


def test_evenings_are_busy_and_nights_are_quiet():
    hours = traffic(7, DAY).requests.reshape(24, 60).mean(axis=1)
    assert hours.argmax() == 10  # 19:00
    assert hours.argmin() in (17, 18, 19)  # 02:00 to 04:00
    assert hours.max() > 8 * hours.min()


def test_latencies_are_skewed_with_rare_outliers():
    values = np.concatenate(latencies(7, DAY))
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    assert p50 < values.mean() < p95 < p99
    assert 0.0005 < (values == TIMEOUT_MS).mean() < 0.004


def test_incidents_show_as_they_are_told():
    day, lists = traffic(7, DAY), latencies(7, DAY)
    first = first_minute(DAY)
    slow, bad = ((i.start_minute - first, i.end_minute - first) for i in INCIDENTS)

    def quantile(q, start, end):
        return np.percentile(np.concatenate(lists[start:end]), q)

    usual = (slow[0] - 60, slow[0])
    assert quantile(50, *slow) < 1.6 * quantile(50, *usual)
    assert 3.5 < quantile(95, *slow) / quantile(95, *usual) < 6.5
    assert day.orders[slice(*slow)].sum() / 25 < 0.5 * day.orders[slice(*usual)].sum() / 60
    assert day.errors[slice(*bad)].sum() > 0.7 * day.requests[slice(*bad)].sum()
    assert quantile(50, *bad) < 0.5 * quantile(50, bad[0] - 60, bad[0])
    assert day.errors[: bad[0]].sum() < 0.005 * day.requests[: bad[0]].sum()
    assert min(slow[0], bad[0]) >= 0 and max(slow[1], bad[1]) <= MINUTES_A_DAY


def test_a_second_of_trouble_is_hidden_by_its_minute():
    requests = burst(7).requests
    assert len(requests) == SECONDS
    assert requests[STUCK_AT] >= STUCK
    minute = requests[60:120]
    assert minute.mean() < 5 < minute.max() / 10
