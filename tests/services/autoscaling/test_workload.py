"""Work a group shares: each machine's part, and what happens when machines come and go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import BadInput
from cwlab.services.autoscaling.records import Work
from cwlab.services.autoscaling.workload import QUANTITIES, parts


def cpu(lab, dimension, value, minutes=1, statistic="Average"):
    """What CloudWatch has of the last minutes."""
    answer = lab.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=lab.now - timedelta(minutes=minutes),
        EndTime=lab.now,
        Period=60,
        Statistics=[statistic],
    )
    return [
        round(each[statistic]) for each in sorted(answer["Datapoints"], key=lambda each: each["Timestamp"])
    ]


@pytest.mark.syllabus("M15", "M16")
def test_cpu_falls_when_an_instance_joins(lab, autoscaling, create_detailed):
    create_detailed(DesiredCapacity=1)
    lab.advance(minutes=2)
    lab.group("web-asg").load(cpu=90, minutes=60)
    lab.advance(minutes=3)
    assert cpu(lab, "AutoScalingGroupName", "web-asg") == [90]
    autoscaling.set_desired_capacity(AutoScalingGroupName="web-asg", DesiredCapacity=3)
    lab.advance(minutes=4)
    assert [cpu(lab, "InstanceId", host.id) for host in lab.group("web-asg").hosts] == [[30], [30], [30]]
    assert cpu(lab, "AutoScalingGroupName", "web-asg") == [30]
    autoscaling.set_desired_capacity(AutoScalingGroupName="web-asg", DesiredCapacity=2)
    lab.advance(minutes=3)
    assert cpu(lab, "AutoScalingGroupName", "web-asg") == [45]
    lab.advance(minutes=60)
    assert cpu(lab, "AutoScalingGroupName", "web-asg")[0] < 5


def test_a_machine_does_at_most_a_hundred_percent(lab, autoscaling, create_detailed):
    create_detailed(DesiredCapacity=2)
    lab.advance(minutes=2)
    lab.group("web-asg").load(cpu=500, minutes=10)
    lab.advance(minutes=2)
    assert cpu(lab, "AutoScalingGroupName", "web-asg") in ([99], [100])


def test_a_shape_goes_on_where_it_was(lab, autoscaling, create_detailed):
    create_detailed(DesiredCapacity=1)
    lab.advance(until="2026-03-02T09:02:00Z")
    lab.group("web-asg").load(cpu=[20, 80], minutes=20)
    lab.advance(minutes=6)
    autoscaling.set_desired_capacity(AutoScalingGroupName="web-asg", DesiredCapacity=2)
    lab.advance(minutes=10)
    assert cpu(lab, "AutoScalingGroupName", "web-asg", 16)[:6] == [20] * 6
    assert cpu(lab, "AutoScalingGroupName", "web-asg", 8)[2:] == [40] * 6


def test_a_warming_instance_works_but_does_not_count(lab, autoscaling, create_detailed):
    create_detailed(DesiredCapacity=1, DefaultInstanceWarmup=0)
    lab.advance(minutes=2)
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="web-asg", DefaultInstanceWarmup=300, DesiredCapacity=2
    )
    lab.advance(minutes=2)
    lab.group("web-asg").hosts[1].load(cpu=100, minutes=60)
    lab.advance(minutes=2)
    assert cpu(lab, "AutoScalingGroupName", "web-asg", statistic="Maximum")[0] < 5
    lab.advance(minutes=5)
    assert cpu(lab, "AutoScalingGroupName", "web-asg", statistic="Maximum")[0] > 95


def test_who_leaves_alive_stops_working(lab, autoscaling, create_detailed):
    create_detailed(DesiredCapacity=2, MinSize=0)
    lab.advance(minutes=2)
    lab.group("web-asg").load(cpu=100, minutes=60)
    lab.advance(minutes=1)
    left = lab.group("web-asg").hosts[0].id
    autoscaling.detach_instances(
        AutoScalingGroupName="web-asg", InstanceIds=[left], ShouldDecrementDesiredCapacity=True
    )
    lab.advance(minutes=3)
    assert cpu(lab, "InstanceId", left)[0] < 5
    assert cpu(lab, "AutoScalingGroupName", "web-asg") in ([99], [100])


def test_fork_rewind_and_save_keep_the_work(lab, autoscaling, create_detailed, tmp_path):
    create_detailed(DesiredCapacity=1)
    lab.advance(minutes=2)
    lab.group("web-asg").load(cpu=80, minutes=60)
    lab.advance(minutes=1)
    before = lab.now
    twin, saved = lab.fork(), Lab.open(lab.save(tmp_path / "work.cwlab"))
    lab.advance(seconds=1)  # a rewind keeps the calls made at its instant
    autoscaling.set_desired_capacity(AutoScalingGroupName="web-asg", DesiredCapacity=2)
    lab.advance(minutes=4)
    assert cpu(lab, "AutoScalingGroupName", "web-asg") == [40]
    for other in (twin, saved):
        other.advance(minutes=4)
        assert cpu(other, "AutoScalingGroupName", "web-asg") == [80]
    lab.rewind(to=before)
    lab.advance(minutes=4)
    assert cpu(lab, "AutoScalingGroupName", "web-asg") == [80]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"minutes": 0, "cpu": 10}, "no span of time"),
        ({"minutes": 5}, "says nothing to do"),
        ({"minutes": 5, "memory": 10}, "is nothing a group can be told"),
        ({"minutes": 5, "cpu": -1}, "is no amount"),
        ({"minutes": 5, "cpu": [1] * 7}, "do not share"),
        ({"minutes": 5, "cpu": 1, "start": "2026-03-02T08:00:00Z"}, "lies in the past"),
    ],
)
def test_work_that_cannot_be_is_refused(lab, create, args, text):
    create()
    with pytest.raises(BadInput, match=text):
        lab.group("web-asg").load(**args)
    with pytest.raises(BadInput, match="is not an Auto Scaling group"):
        lab.group("none")


def test_a_group_can_be_told_what_an_instance_can():
    from cwlab.services.ec2.load import QUANTITIES as OF_AN_INSTANCE

    assert tuple(OF_AN_INSTANCE) == QUANTITIES


@given(st.integers(1, 9), st.integers(1, 10), st.integers(0, 100))
def test_what_is_left_of_a_work_is_what_it_was_at_every_instant(steps, step_ms, now):
    work = Work("cpu", 5, step_ms, tuple(float(n) for n in range(steps)))
    if work.end_ms <= now:
        return
    found = {}
    for start, end, values in parts(work, now):
        assert (end - start) % len(values) == 0
        for at in range(start, end):
            assert at not in found
            found[at] = values[(at - start) // ((end - start) // len(values))]
    expected = {at: float((at - 5) // step_ms) for at in range(max(now, 5), work.end_ms)}
    assert found == expected
