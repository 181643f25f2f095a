"""The benchmarks measure what they say. Nothing here is timed: what a machine makes of them is for `make bench`."""

import importlib

import pytest

from benchmarks import measure, reading, run, worlds, worlds_copied
from benchmarks.measure import Row, alternate, at_least, at_most, table


def test_works_are_run_in_turn_and_warm_runs_do_not_count():
    order = []
    ticks = iter(range(1_000))
    medians = alternate(
        lambda: order.append("a"), lambda: order.append("b"), rounds=3, warm=2, clock=lambda: next(ticks)
    )
    assert order == ["a", "b"] * 5
    assert medians == (1, 1)


def test_the_median_is_taken(monkeypatch):
    times = iter([9, 5, 1, 100])
    monkeypatch.setattr(measure, "seconds_of", lambda work, clock: next(times))
    assert alternate(lambda: None, rounds=3, warm=1) == (5,)


@pytest.mark.parametrize(("ratio", "good"), [(9.9, False), (10, True), (11, True)])
def test_a_ratio_has_a_floor(ratio, good):
    assert at_least("rate", ratio, 10, "detail").good is good


@pytest.mark.parametrize(("seconds", "good"), [(0.049, True), (0.05, True), (0.051, False)])
def test_a_time_has_a_ceiling(seconds, good):
    assert at_most("fork", seconds, 50).good is good


def test_the_table_says_what_is_missed():
    text = table([at_least("rate", 3, 10, "3 to 1"), at_most("fork", 0.001, 50), Row("save", "2 ms")])
    head, line, rate, fork, save = text.splitlines()
    assert head.split() == ["what", "measured", "target"] and set(line) == {"-"}
    assert rate.split() == ["rate", "3.0×", "(3", "to", "1)", "≥", "10×", "MISS"]
    assert fork.split() == ["fork", "1", "ms", "≤", "50", "ms", "ok"]
    assert save.split() == ["save", "2", "ms", "—"]


def test_every_part_has_rows():
    for part in run.PARTS:
        assert callable(importlib.import_module(f"benchmarks.{part}").rows)


def test_an_unknown_part_is_refused(capsys):
    assert run.main(["weather"]) == 2
    assert "weather: no such part. There are starting" in capsys.readouterr().out


def test_a_filled_world_holds_what_was_put_in():
    lab, stamps, columns = worlds.filled(3, 120)
    assert stamps[-1] == lab.now.timestamp() - 60
    for i, column in enumerate(columns):
        answer = reading.queries([f"m{i}"], 60)
        found = lab.client("cloudwatch").get_metric_data(
            MetricDataQueries=answer, StartTime=lab.start.replace(hour=7), EndTime=lab.now
        )["MetricDataResults"][0]
        assert found["Values"] == column[::-1].tolist()


def test_reading_asks_all_three_for_the_same(monkeypatch):
    monkeypatch.setattr(reading, "SERIES", 2)
    monkeypatch.setattr(reading, "POINTS", 240)
    monkeypatch.setattr(reading, "MOTO_SERIES", 1)
    monkeypatch.setattr(reading, "MOTO_POINTS", 1_000)
    monkeypatch.setattr(reading, "alternate", run_once)
    rows = list(reading.rows())  # it checks by itself that each side answers all that was asked
    assert [row.good for row in rows] == [False, True, False, True, None]


def run_once(*works, rounds):
    """Runs each, and says that each took a second."""
    for work in works:
        work()
    return [1.0 for _ in works]


def test_a_fork_is_written_on_both_sides():
    lab, _, _ = worlds.filled(2, 10)
    before = len(lab.journal)
    assert worlds_copied._fork_and_write(lab) > 0
    assert len(lab.journal) == before + 16  # one write on this side each run; the other side's are its own
