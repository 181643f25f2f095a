"""Lab 01: what its prose says is so, found out by the model."""

import contextlib
from datetime import timedelta

import build_labs
import pytest

from cwlab import Lab, console, shop
from cwlab.learn.topics import metrics
from cwlab.learn.worlds import read


@pytest.fixture(scope="module")
def played():
    """The world of each fault, made by the very cell of the notebook."""

    class Stand:
        def fresh(self, name):
            return Lab()

        def reveal(self, name, *views):
            return None

    source = (build_labs.SOURCES / "01-metrics.py").read_text(encoding="utf-8")
    cell = next(piece.text for piece in build_labs.parse(source) if "def send(" in piece.text)
    space = {"lab": Stand(), "console": console, "timedelta": timedelta, "suppress": contextlib.suppress}
    exec(cell, space)
    worlds = {fault: space["play"](fault) for fault in space["faults"]}
    return {fault: (world, space["orders"](world).table) for fault, world in worlds.items()}


def test_the_goal_of_the_break_is_what_the_healthy_till_shows(played):
    assert played["none"][1]["Sum (Count)"].tolist() == [5.0] * 20
    assert played["throttling"][1]["Sum (Count)"].sum() == 100


def test_four_faults_look_exactly_alike_and_one_of_them_left_an_error(played):
    alike = [fault for fault, (_, table) in played.items() if len(table) == 8]
    assert alike == ["stopped", "wrong unit", "wrong dimension", "refusal"]
    assert [fault for fault in alike if any(entry.error for entry in played[fault][0].journal)] == ["refusal"]


def test_late_data_lie_in_the_past(played):
    assert min(played["late"][1]["time (UTC)"]).strftime("%H:%M") == "08:08"


def test_the_cell_and_the_key_know_the_same_faults(played):
    assert [fault for fault in played if fault != "none"] == list(metrics.FAULTS)
    assert metrics.faults_that_raise(Lab) == 1  # what the text says: only a refusal reaches the caller


@pytest.mark.parametrize(("outliers", "moves"), [(1, "Average"), (3, "p99"), (11, "p95")])
def test_the_first_outlier_moves_the_average_the_third_p99_the_eleventh_p95(outliers, moves):
    def drawn(n):
        table = console.statistics(Lab(), outliers=n).picture.table
        return dict(zip(table["statistic"], table["value"], strict=True))

    before, after = drawn(outliers - 1), drawn(outliers)
    assert after[moves] / before[moves] > 1.1
    for later in {"p99": ["p95"], "Average": ["p99", "p95"]}.get(moves, []):
        assert after[later] / before[later] < 1.11


@pytest.mark.parametrize(
    ("days", "answers"), [(15, [60, 300, 3600]), (16, [300, 3600]), (64, [3600]), (456, [])]
)
def test_the_ages_at_which_a_period_falls_silent(days, answers):
    panel = console.retention(Lab())
    seen = [
        p for p in (1, 60, 300, 3600) if "no datapoints" not in panel.set(age_hours=days * 24, period=p).title
    ]
    assert seen == answers


def test_the_group_answers_once_it_is_sent_and_its_number_is_the_senders():
    world = Lab()
    group = [{"Name": "AutoScalingGroupName", "Value": "web"}]
    world.client("cloudwatch").put_metric_data(
        Namespace="Shop/Hosts",
        MetricData=[{"MetricName": "CPUUtilization", "Value": 40, "Dimensions": group}],
    )
    world.advance(minutes=1)
    got = read(world, "Shop/Hosts", "CPUUtilization", "Average", dimensions={"AutoScalingGroupName": "web"})
    assert [value for _, value in got] == [40.0]


def test_the_native_group_counts_two_samples_a_minute_and_nobody_called_put_metric_data():
    world = Lab()
    metrics.start_group(world)
    world.advance(minutes=10)
    samples = read(
        world, "AWS/EC2", "CPUUtilization", "SampleCount", dimensions={"AutoScalingGroupName": "web"}
    )
    assert {value for _, value in samples} == {2.0}
    assert not [entry for entry in world.journal if entry.operation == "PutMetricData"]


@pytest.mark.parametrize("statistic", ["p90", "p95"])
def test_either_percentile_solves_the_last_exercise(statistic):
    assert metrics.check_telling_statistic(statistic).passed


def test_the_recording_the_learner_loads_has_a_line_a_request():
    world = Lab()
    path = shop.recording("latency")
    rows = world.load_metrics(path, namespace="Shop", metric="Latency", unit="Milliseconds", shift=True)
    assert rows == len(path.read_text().splitlines()) - 1
    assert world.now - timedelta(days=1) <= read(world, "Shop", "Latency", "Sum")[0][0]
