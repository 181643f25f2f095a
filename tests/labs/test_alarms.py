"""Lab 02: what its prose says is so, found out by the model; and its cells are those the key was computed with."""

import itertools
from datetime import timedelta

import build_labs
import pytest

from cwlab import Lab, console, shop
from cwlab.learn.topics import alarms


class Stand:
    """Stands for the lab: fresh worlds, and reveals that keep what they show."""

    def __init__(self) -> None:
        self.views: dict[str, tuple] = {}
        self.worlds: list[Lab] = []

    def fresh(self, name="", **settings):
        self.worlds.append(Lab(**settings))
        return self.worlds[-1]

    def reveal(self, name, *views):
        self.views[name] = tuple(view() for view in views)

    def predict(self, name):
        return None


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """All code cells from the first to the break, run once: what each loop's reveal shows, and its world."""
    stand = Stand()
    space: dict = {"open_lab": lambda topic: stand}
    source = (build_labs.SOURCES / "02-alarms.py").read_text(encoding="utf-8")
    worlds = {}
    for piece in build_labs.parse(source):
        if piece.kind != "code":
            continue
        text = piece.text.replace("from cwlab import console, open_lab", "from cwlab import console")
        cell = tmp_path_factory.mktemp("cell") / "cell.py"  # a function's source can be found in a file
        cell.write_text(text, encoding="utf-8")
        exec(compile(text, str(cell), "exec"), space)
        if "world" in space:
            worlds.setdefault("first", space["world"])
        for name in set(stand.views) - set(worlds):
            worlds[name] = space["world"]
        if "break" in piece.tags:
            break
    return space, stand.views, worlds


def since(world, name, state="ALARM"):
    return [f"{at:%H:%M:%S}" for at in alarms.entered(world, name, state)]


def test_the_cells_tell_what_the_key_says(played):
    space, _, worlds = played
    assert since(worlds["m1"], "cpu-high") == ["09:12:00"]
    assert len(alarms.alarm_mails(worlds["m3"])) == alarms.mails_in_half_an_hour(Lab) == 1
    assert alarms.log_lines(worlds["m5"]) == ["cpu-high is ALARM"] and not alarms.alarm_mails(worlds["m5"])
    assert (since(worlds["m6"], "minute"), since(worlds["m6"], "ten-seconds")) == ([], ["09:02:20"])
    assert len(alarms.alarm_mails(worlds["m7"])) == alarms.mails_of_a_storm(Lab) == 1
    assert len(space["pages"]) == alarms.STORM


def test_every_picture_of_a_reveal_is_drawn(played):
    _, views, _ = played
    for name, made in views.items():
        for view in made:
            assert repr(view), name
    assert views["m4"][0].picture.title.startswith("cpu-more: ALARM 8 times")
    assert (
        views["m5"][1].title
        == "cpu-more: ALARM at 09:05, for 3 min; 3 scaling activities, 1 mail, 1 log line"
    )
    assert views["m7"][0].title == "13 of 14 alarms in ALARM, 1 mail"


def test_the_first_alarm_of_the_lab_told_of_one_thing_by_luck_and_sixteen_times_of_nothing(played):
    _, _, worlds = played
    picture = console.score(worlds["first"], "cpu-high", shop.INCIDENTS)
    assert picture.title == "cpu-high: 1 of 2 incidents caught, at once; 16 false alarms"


def test_two_of_four_alarms_ring_for_ever_for_a_machine_that_is_gone(played):
    space, _, worlds = played
    said = {t: alarms.state(worlds["opening"], t) for t in space["treatments"]}
    assert said == {
        "missing": "INSUFFICIENT_DATA", "ignore": "ALARM", "breaching": "ALARM", "notBreaching": "OK"
    }  # fmt: skip


def test_only_the_default_treatment_leads_to_insufficient_data():
    panel = console.missing_data(Lab())
    told = set()
    for came in itertools.islice(itertools.product(("breaching", "fine", "missing"), repeat=5), 0, None, 11):
        table = panel.set(**{f"p{i}": c for i, c in enumerate(came, 1)}).table
        told |= {
            t
            for t, s in zip(table["treatment"], table["it decides"], strict=True)
            if s == "INSUFFICIENT_DATA"
        }
    assert told == {"missing"}


def test_the_newest_slot_fine_changes_the_mind_of_the_default_alone():
    panel = console.missing_data(Lab())
    before = panel.picture.table["it decides"].tolist()
    after = panel.set(p5="fine").table["it decides"].tolist()
    assert (before[0], after[0]) == ("ALARM", "OK")


def test_with_ok_actions_one_mail_comes_before_anything_happened(played):
    space, _, _ = played
    world = Lab()
    topic = space["ops_topic"](world)
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="cpu-high", AlarmActions=[topic], OKActions=[topic], **space["hosts"], **space["half"]
    )
    space["feed"](world, [20] * 5 + [80] * 30 + [20] * 5)
    assert [m.subject.split(":")[0] for m in alarms.alarm_mails(world)] == ["OK", "ALARM", "OK"]


def test_the_group_settles_when_the_thresholds_lie_far_enough_apart(played):
    space, _, _ = played

    def late(**settings):
        world = space["play"](**settings)
        return alarms.activities(world, world.now - timedelta(minutes=30)), world.group("web").desired

    flapping, _ = late()
    slower, _ = late(cooldown=600)
    assert flapping > slower > 0
    assert late(less_below=40) == (0, 3)
    assert late(more_above=70) == (0, 2)


def test_with_actions_enabled_both_are_told_and_without_permission_nobody_runs(played):
    space, _, _ = played

    def run(start):
        world = Lab()
        alarm = {"AlarmName": "cpu-high", "AlarmActions": [space["ops_topic"](world)]}
        world.client("cloudwatch").put_metric_alarm(**alarm, **space["hosts"], **space["half"])
        start(world)
        space["feed"](world, [20] * 3 + [80] * 5)
        return len(alarms.alarm_mails(world)), alarms.log_lines(world)

    def without_permission(world):
        space["start_function"](world)
        world.client("lambda").remove_permission(FunctionName="triage", StatementId="rule")

    assert run(space["start_function"]) == (1, ["cpu-high is ALARM"])
    assert run(without_permission) == (1, [])


def test_by_its_maximum_the_minute_sees_the_spike_when_it_is_over():
    world = Lab()
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="minute", **alarms.CPU, **(alarms.HALF | {"Statistic": "Maximum", "EvaluationPeriods": 1})
    )
    alarms.spike(world)
    assert since(world, "minute") == ["09:03:00"]


def test_maintenance_longer_than_the_storm_means_no_mail_at_all():
    world = Lab()
    topic = alarms.ops_topic(world)
    names = alarms.storm_alarms(world)
    alarms.maintenance_alarm(world)
    alarms.one_for_all(world, names, topic)
    alarms.work(world, 40)
    world.advance(minutes=5)
    alarms.storm(world, names, 20)
    world.advance(minutes=30)
    assert alarms.alarm_mails(world) == []


@pytest.mark.parametrize("treatment", ["missing", "breaching", "ignore", "notBreaching"])
def test_one_word_makes_the_till_ring_for_each_fault_and_never_when_it_is_healthy(treatment):
    rang = set()
    for fault in alarms.FAULTS:
        world = Lab()
        alarms.play_till(world, fault, TreatMissingData=treatment)
        if alarms.entered(world, "few-orders"):
            rang.add(fault)
    assert "none" not in rang
    assert (rang == set(alarms.FAULTS) - {"none"}) is (treatment == "breaching")


def test_the_cell_of_the_break_and_the_key_know_the_same_faults(played):
    space, _, _ = played
    source = (build_labs.SOURCES / "02-alarms.py").read_text(encoding="utf-8")
    cell = next(piece.text for piece in build_labs.parse(source) if "def sell(" in piece.text)
    exec(cell, space)
    assert set(space["faults"]) == set(alarms.FAULTS)
    for fault in ("stopped", "too few"):
        mine = Lab()
        alarms.play_till(mine, fault)
        assert alarms.state(space["play_till"](fault), "few-orders") == alarms.state(mine, "few-orders")


@pytest.mark.parametrize(
    "other", [{"ExtendedStatistic": "p90"}, {"Threshold": 400}, {"EvaluationPeriods": 5}]
)
def test_the_other_ways_to_solve_the_last_exercise(other):
    assert alarms.check_slow({**alarms._SLOW, **other}).passed
