"""AWS/EC2 metrics, straight from an instance's history: when a point appears, what it holds, how instances add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.ec2.metrics import FIVE, METRICS, Machine, Points, merged, points
from cwlab.services.ec2.records import Impairment, Instance, Load, Since, StateChange

CPU = METRICS["CPUUtilization"]
BORN = 28_000_000 * 60  # a whole minute, and a whole five minutes
HOUR = 3600


def instance(monitoring: str = "basic", kind: str = "t3.micro", *, boots_s: int = 20) -> Instance:
    born = BORN * 1000
    return Instance(
        "i-1",
        "ami-1",
        kind,
        "vpc-1",
        "subnet-1",
        "us-east-1a",
        "eni-1",
        "10.0.0.4",
        (),
        "r-1",
        0,
        "1",
        None,
        born,
        (StateChange(born, "pending"), StateChange(born + boots_s * 1000, "running")),
        (Since(born, monitoring),),
        (Since(born, "web"),),
    )


def machine(monitoring: str = "basic", key: int = 99, **more: object) -> Machine:
    return Machine(replace(instance(monitoring), **more), (), (), key)


def watched(*changes: tuple[int, str]) -> Machine:
    history = tuple(Since((BORN + at) * 1000, level) for at, level in changes)
    return Machine(replace(instance(), monitoring=history), (), (), 99)


def then(item: Machine, seconds: int, state: str) -> Machine:
    change = StateChange((BORN + seconds) * 1000, state)
    return replace(item, instance=replace(item.instance, states=(*item.instance.states, change)))


def read(item: Machine, until_s: int, name: str = "CPUUtilization", **more: object) -> Points | None:
    return points(item, METRICS[name], BORN, BORN + 10 * HOUR, BORN + until_s, **more)  # type: ignore[arg-type]


def stamps(found: Points | None) -> list[int]:
    return [] if found is None else (found.stamp - BORN).tolist()


# When points appear --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("monitoring", "until_s", "expected"),
    [
        ("basic", 299, []),
        ("basic", 300, [0]),
        ("basic", 599, [0]),
        ("basic", 600, [0, 300]),
        ("detailed", 119, []),
        ("detailed", 120, [60]),
        ("detailed", 180, [60, 120]),
    ],
)
def test_a_point_appears_when_its_period_is_over(monitoring: str, until_s: int, expected: list[int]) -> None:
    assert stamps(read(machine(monitoring), until_s)) == expected


@pytest.mark.syllabus("M03")
def test_a_basic_point_holds_five_one_minute_samples() -> None:
    found = read(machine(), 900)
    assert found is not None
    assert found.count.tolist() == [4, 5, 5]  # in the first minute it was still booting


@given(st.integers(0, 2**63), st.integers(1, 400), st.integers(0, 59))
def test_basic_points_are_detailed_ones_added_up(key: int, minutes: int, boots_s: int) -> None:
    born = instance(boots_s=boots_s)
    load = (Load("cpu", BORN * 1000, 90_000, np.arange(0, 1_000_000, 37_000, dtype=np.int64)),)
    basic = read(Machine(born, load, (), key), minutes * 60)
    fine = read(Machine(instance("detailed", boots_s=boots_s), load, (), key), minutes * 60)
    if basic is None:
        return
    assert fine is not None
    for row, stamp in enumerate(basic.stamp.tolist()):
        inside = (fine.stamp >= stamp) & (fine.stamp < stamp + FIVE)
        assert basic.count[row] == fine.count[inside].sum()
        assert basic.total[row] == fine.total[inside].sum()
        assert basic.least[row] == fine.least[inside].min()
        assert basic.most[row] == fine.most[inside].max()


@given(st.integers(0, 36_000), st.integers(0, 36_000), st.sampled_from(["basic", "detailed"]))
def test_a_window_is_a_slice_of_the_whole(start: int, length: int, monitoring: str) -> None:
    item = machine(monitoring)
    whole = read(item, 10 * HOUR)
    part = points(item, CPU, BORN + start, BORN + start + length, BORN + 10 * HOUR)
    assert whole is not None
    inside = (whole.stamp >= BORN + start) & (whole.stamp < BORN + start + length)
    expected = dict(zip(whole.stamp[inside].tolist(), whole.total[inside].tolist(), strict=True))
    got = {} if part is None else dict(zip(part.stamp.tolist(), part.total.tolist(), strict=True))
    assert got == expected


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_what_has_appeared_never_changes(one: int, other: int) -> None:
    early, late = read(machine(), min(one, other)), read(machine(), max(one, other))
    if early is not None:
        assert late is not None
        assert late.total[: len(early.total)].tolist() == early.total.tolist()


# States and monitoring -----------------------------------------------------------------------------------------------


def test_a_stopped_instance_sends_nothing() -> None:
    item = then(machine("detailed"), 600, "stopping")
    assert stamps(read(item, HOUR))[-1] == 540
    again = then(then(item, 640, "stopped"), 1200, "pending")
    again = then(again, 1230, "running")
    assert [each for each in stamps(read(again, HOUR)) if 600 <= each < 1260] == []
    assert 1260 in stamps(read(again, HOUR))


def test_switching_to_detailed_monitoring_changes_the_grain_from_then_on() -> None:
    item = watched((0, "basic"), (420, "detailed"))
    found = read(item, HOUR)
    assert stamps(found)[:4] == [0, 300, 420, 480]
    assert found is not None
    assert found.count[:4].tolist() == [4, 2, 1, 1]


def test_to_and_fro_within_five_minutes_gives_one_point_for_each_stamp() -> None:
    changes = [(0, "basic"), (320, "detailed"), (420, "basic"), (480, "detailed")]
    item = watched(*changes)
    found = stamps(read(item, HOUR))
    assert found == sorted(set(found))


def test_status_checks_come_every_minute_whatever_the_monitoring() -> None:
    found = read(machine(), 600, "StatusCheckFailed")
    assert stamps(found) == list(range(60, 600, 60))
    assert found is not None and found.total.sum() == 0


@pytest.mark.parametrize(
    ("check", "failing"),
    [
        ("system", {"StatusCheckFailed", "StatusCheckFailed_System"}),
        ("instance", {"StatusCheckFailed", "StatusCheckFailed_Instance"}),
        ("attached-ebs", {"StatusCheckFailed", "StatusCheckFailed_AttachedEBS"}),
    ],
)
def test_a_failing_check_shows_in_its_metric_and_in_the_sum(check: str, failing: set[str]) -> None:
    trouble = Impairment(check, (BORN + 300) * 1000, (BORN + 420) * 1000)
    item = replace(machine(), impairments=(trouble,))
    for name in (each for each in METRICS if each.startswith("StatusCheck")):
        found = read(item, 900, name)
        assert found is not None
        assert found.total.sum() == (2 if name in failing else 0), name


@pytest.mark.parametrize("name", ["NetworkPacketsIn", "CPUCreditUsage", "CPUCreditBalance", "EBSIOBalance%"])
def test_some_metrics_stay_at_five_minutes_even_with_detailed_monitoring(name: str) -> None:
    assert stamps(read(machine("detailed"), 900, name)) == [0, 300, 600]


def test_only_burstable_types_have_credits_and_only_some_have_a_disk() -> None:
    assert read(Machine(instance(kind="m5.large"), (), (), 1), 900, "CPUCreditBalance") is None
    assert read(Machine(instance(kind="m5.large"), (), (), 1), 900, "DiskReadOps") is None
    assert read(Machine(instance(kind="m5d.large"), (), (), 1), 900, "DiskReadOps") is not None


def test_credit_usage_is_the_cpu_of_its_five_minutes() -> None:
    cpu, used = read(machine(), HOUR), read(machine(), HOUR, "CPUCreditUsage")
    assert cpu is not None and used is not None
    assert (used.total == 2 * cpu.total).all()  # two vCPUs; both in parts of the same size


@pytest.mark.syllabus("M04")
def test_nothing_from_inside_the_guest_is_here() -> None:
    names = " ".join(METRICS).lower()
    assert "memory" not in names and "swap" not in names and "diskspace" not in names


# Adding up -----------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("M15")
@given(st.lists(st.tuples(st.integers(0, 2**63), st.booleans(), st.integers(0, 20)), min_size=1, max_size=6))
def test_an_aggregate_is_the_sum_of_its_instances(members: list[tuple[int, bool, int]]) -> None:
    parts = []
    for key, is_detailed, late in members:
        found = read(machine("detailed" if is_detailed else "basic", key), 1200 + 60 * late, group="web")
        if found is not None:
            parts.append(found)
    whole = merged(parts)
    assert whole.stamp.tolist() == sorted({int(stamp) for part in parts for stamp in part.stamp})
    for row, stamp in enumerate(whole.stamp.tolist()):
        rows = [(part, int(np.flatnonzero(part.stamp == stamp)[0])) for part in parts if stamp in part.stamp]
        assert whole.count[row] == sum(part.count[at] for part, at in rows)
        assert whole.total[row] == sum(part.total[at] for part, at in rows)
        assert whole.least[row] == min(part.least[at] for part, at in rows)
        assert whole.most[row] == max(part.most[at] for part, at in rows)
        assert sorted(whole.sample[whole.of == row].tolist()) == sorted(
            value for part, at in rows for value in part.sample[part.of == at].tolist()
        )


def test_a_group_counts_only_the_minutes_of_membership() -> None:
    born = BORN * 1000
    item = machine("detailed", groups=(Since(born + 300_000, "web"), Since(born + 600_000, "")))
    assert stamps(read(item, HOUR, group="web")) == [300, 360, 420, 480, 540]
    assert read(item, HOUR, group="other") is None


def test_an_instance_with_basic_monitoring_is_in_no_aggregate_over_detailed_ones() -> None:
    assert read(machine("basic"), HOUR, detailed_only=True) is None
    assert read(machine("detailed"), HOUR, detailed_only=True) is not None


def test_fifteen_months_hold_together() -> None:
    """As many points as there were minutes, and no time worth speaking of: nothing is stored."""
    days = 455 * 86_400
    found = points(machine("detailed"), CPU, BORN, BORN + days, BORN + days)
    assert found is not None
    assert len(found.stamp) == 455 * 1440 - 1
