"""Lab 01: what its prose says is so, found out by the model."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import build_labs
import pytest
from lint_labs import LINES, WORDS, _room

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


def notebook_cell(holding: str, **space: object) -> dict[str, object]:
    """What a cell of the notebook leaves behind, run in a lab whose reveals show nothing."""

    class Stand:
        def fresh(self, name):
            return Lab()

        def reveal(self, name, *views):
            return None

    source = (build_labs.SOURCES / "01-metrics.py").read_text(encoding="utf-8")
    text = next(piece.text for piece in build_labs.parse(source) if holding in piece.text)
    left: dict[str, object] = {"lab": Stand(), "console": console, **space}
    exec(text, left)
    return left


def test_silence_of_the_errors_looks_like_a_good_minute_and_division_by_nothing_is_left_out():
    left = notebook_cell("counters =")
    assert tuple(left["minutes"]) == metrics.MINUTES
    table = console.bench(
        left["world"], left["counters"], "errors / requests * 100", statistic="Sum", hours=1 / 6
    ).picture.table
    rate = dict(zip(table["time (UTC)"].dt.strftime("%H:%M"), table["e1"], strict=True))
    assert [rate[m] for m in ("09:01", "09:03", "09:04")] == [0, 0, 0]
    assert [m for m, value in rate.items() if value != value] == ["09:06", "09:08"]
    assert metrics.error_rates(Lab) == 8


def test_fill_repeat_invents_what_nobody_counted():
    world = Lab()
    metrics.count_errors(world)
    filled = metrics.rates(world, "FILL(errors, REPEAT) / requests * 100")
    assert filled[3:5] == [4, 4]


def test_the_other_way_to_solve_the_last_exercise():
    assert not metrics.check_silence_stays_silent("errors / requests * 100").passed
    assert metrics.check_silence_stays_silent("errors / (requests * (errors >= 0)) * 100").passed


def test_the_fleet_in_the_notebook_is_the_one_of_the_key():
    left = notebook_cell("four =")
    assert left["ways"] == metrics.WAYS
    for way in metrics.WAYS:
        table = console.bench(left["world"], left["four"], left["ways"][way], hours=1 / 3).picture.table
        world = Lab()
        metrics.run_fleet(world)
        assert table["e1"].tolist() == metrics.fleet_average(world, way)


def test_only_the_search_changes_its_past_when_a_machine_joins():
    before, after = Lab(), Lab()
    metrics.run_fleet(before)
    metrics.run_fleet(after, joins=True)
    at_five = {
        w: (metrics.fleet_average(before, w)[5], metrics.fleet_average(after, w)[5]) for w in metrics.WAYS
    }
    assert at_five == {"by hand": (60, 60), "SEARCH": (60, 48), "Metrics Insights": (60, 60)}
    last = {
        w: (metrics.fleet_average(before, w)[-1], metrics.fleet_average(after, w)[-1]) for w in metrics.WAYS
    }
    assert last == {"by hand": (30, 30), "SEARCH": (30, 42), "Metrics Insights": (60, 70)}


def test_grouped_each_machine_is_a_series_of_its_own():
    left = notebook_cell("four =")
    query = left["ways"]["Metrics Insights"] + " GROUP BY InstanceId"
    panel = console.bench(left["world"], left["four"], query, hours=1 / 3)
    assert panel.why == "The answer is 4 series."


def test_a_lab_with_more_minutes_on_its_card_may_be_longer():
    short, long = (replace(metrics.TOPIC, minutes=minutes) for minutes in (40, 60))
    assert (_room(WORDS[1], short), _room(WORDS[1], long)) == (1600, 2400)
    assert _room(LINES[1], replace(metrics.TOPIC, minutes=10)) == LINES[1]


@pytest.fixture(scope="module")
def senders():
    """The cell that makes three machines, as the notebook has it."""

    class Stand:
        def fresh(self, name):
            return Lab()

        def reveal(self, name, *views):
            return [view() for view in views]

    source = (build_labs.SOURCES / "01-metrics.py").read_text(encoding="utf-8")
    cell = next(piece.text for piece in build_labs.parse(source) if "def senders(" in piece.text)
    space = {
        "lab": Stand(),
        "console": console,
        "shop": shop,
        "suppress": contextlib.suppress,
        "latest": metrics.LATEST,
    }
    exec(cell, space)
    return space["senders"]


@pytest.mark.parametrize(
    ("settings", "heard"),
    [
        ({}, ["till-7", "web-1"]),
        ({"endpoint": "interface"}, ["db-1", "till-7", "web-1"]),
        ({"till_7": "offline"}, ["web-1"]),
    ],
)
@pytest.mark.syllabus("M02", "M05", "M08", "M09")
def test_who_reaches_the_endpoint_is_heard_in_aws_or_not(senders, settings, heard):
    world = senders(**settings)
    listed = world.client("cloudwatch").list_metrics(Namespace="CWAgent")["Metrics"]
    names = {world.host(name).id: name for name in ("web-1", "db-1")} | {"till-7": "till-7"}
    hosts = {world.host(name).private_ip.replace(".", "-"): name for name in ("web-1", "db-1", "till-7")}
    found = []
    for one in listed:
        (value,) = (d["Value"] for d in one["Dimensions"])
        found.append(next(name for key, name in {**names, **hosts}.items() if key in value))
    assert sorted(found) == heard
    orders = world.client("cloudwatch").list_metrics(Namespace="Shop", MetricName="Orders")["Metrics"]
    assert bool(orders) == ("till-7" in heard)
    native = world.client("cloudwatch").list_metrics(Namespace="AWS/EC2")["Metrics"]
    assert native and not [one for one in native if "mem" in one["MetricName"].lower()]


def test_the_cell_of_the_three_machines_is_that_of_the_key(senders):
    assert len(
        senders().client("cloudwatch").list_metrics(Namespace="CWAgent")["Metrics"]
    ) == metrics.machines_heard(Lab)
