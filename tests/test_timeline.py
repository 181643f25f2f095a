"""The virtual clock: order, inclusion, interruption, forks."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.errors import BadTime
from cwlab.table import UndoLog
from cwlab.timeline import Timeline, iso, to_datetime, to_ms


def timeline() -> tuple[Timeline, UndoLog]:
    log = UndoLog()
    return Timeline(0, log), log


def put(line: Timeline, at_ms: int, name: str = "x") -> int:
    return line.schedule(at_ms, "1", "r", "s", name, {})


@given(st.lists(st.integers(0, 1000), max_size=30), st.integers(0, 1000))
def test_entries_happen_in_order_of_time_then_of_making_and_the_target_is_included(times, target):
    line, _ = timeline()
    for n, at in enumerate(times):
        put(line, at, str(n))
    seen = []
    line.run_until(target, lambda e: seen.append((e.at_ms, int(e.handler), line.now_ms)))
    assert [(at, n) for at, n, _ in seen] == sorted((at, n) for n, at in enumerate(times) if at <= target)
    assert all(now == at for at, _, now in seen)
    assert line.now_ms == target
    assert [e.at_ms for e in line.agenda()] == sorted(at for at in times if at > target)


def test_an_entry_may_schedule_another_for_the_same_instant_and_it_still_happens():
    line, _ = timeline()
    put(line, 5, "first")
    seen = []

    def handle(entry):
        seen.append(entry.handler)
        if entry.handler == "first":
            put(line, 5, "second")

    line.run_until(5, handle)
    assert seen == ["first", "second"]


def test_an_instant_in_the_past_is_due_now():
    line, _ = timeline()
    line.run_until(100, lambda e: None)
    put(line, 3)
    assert line.next().at_ms == 100


def test_a_canceled_entry_does_not_happen_and_canceling_twice_says_so():
    line, _ = timeline()
    seq = put(line, 5)
    assert line.cancel(seq) is True
    assert line.cancel(seq) is False
    assert line.run_until(10, lambda e: pytest.fail("it happened")) == 0


def test_a_handler_that_raises_leaves_the_entry_on_the_agenda():
    line, _ = timeline()
    put(line, 5)

    def broken(entry):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        line.run_until(10, broken)
    assert line.now_ms == 5
    seen = []
    line.run_until(10, seen.append)
    assert len(seen) == 1


def test_a_stop_between_two_entries_leaves_the_clock_at_the_one_before():
    line, _ = timeline()
    for at in (1, 2, 3):
        put(line, at)
    assert line.run_until(9, lambda e: None, between=lambda done: done == 2) == 2
    assert line.now_ms == 2
    assert line.run_until(9, lambda e: None) == 1


def test_what_a_rolled_back_operation_scheduled_never_happens():
    line, log = timeline()
    with pytest.raises(ZeroDivisionError), log:
        put(line, 5)
        raise ZeroDivisionError
    assert line.next() is None
    assert line.agenda() == []


@given(st.lists(st.integers(0, 100), max_size=10), st.lists(st.integers(0, 100), max_size=10))
def test_forks_go_their_own_ways(before, after):
    line, _ = timeline()
    for at in before:
        put(line, at)
    twin = line.fork(UndoLog())
    for at in after:
        put(twin, at)
    twin.run_until(50, lambda e: None)
    assert [e.at_ms for e in line.agenda()] == sorted(before)
    assert [e.at_ms for e in twin.agenda()] == sorted(at for at in before + after if at > 50)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_instants_survive_the_way_to_milliseconds_and_back(when):
    ms = to_ms(when)
    assert to_datetime(ms) == when.replace(microsecond=when.microsecond // 1000 * 1000)
    assert to_ms(iso(ms)) == ms


def test_offsets_are_read_and_naive_instants_refused():
    assert to_ms("2026-03-02T10:00:00+01:00") == to_ms("2026-03-02T09:00:00Z")
    with pytest.raises(BadTime, match="names no time zone"):
        to_ms("2026-03-02T10:00:00")
    with pytest.raises(BadTime, match="names no time zone"):
        to_ms(datetime(2026, 3, 2))
    with pytest.raises(BadTime, match="not an ISO 8601 instant"):
        to_ms("next monday")
    with pytest.raises(BadTime, match="neither a text nor a datetime"):
        to_ms(12)  # type: ignore[arg-type]
