"""The loop closed: load, metric, alarm, policy, instances, and the load on each falls again. Through boto3 only."""

from __future__ import annotations

import itertools

import pytest

GROUP = {"AutoScalingGroupName": "web-asg"}


def desired(autoscaling):
    return autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])["AutoScalingGroups"][
        0
    ]["DesiredCapacity"]


def watch(lab, autoscaling, minutes):
    """The desired capacity, minute by minute."""
    found = []
    for _ in range(minutes):
        lab.advance(minutes=1)
        found.append(desired(autoscaling))
    return found


def tracking(autoscaling, target=50.0, warmup=300, **more):
    config = {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "TargetValue": target,
        **more,
    }
    return autoscaling.put_scaling_policy(
        **GROUP,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration=config,
        EstimatedInstanceWarmup=warmup,
    )


def alarm(lab, name, policy, threshold, comparison="GreaterThanThreshold", periods=1):
    lab.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": "web-asg"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=periods,
        Threshold=threshold,
        ComparisonOperator=comparison,
        AlarmActions=[policy],
    )


@pytest.mark.syllabus("A06")
def test_an_alarm_drives_a_policy(lab, autoscaling, create_detailed):
    create_detailed()
    lab.advance(minutes=10)
    policy = autoscaling.put_scaling_policy(
        **GROUP, PolicyName="out", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
    )["PolicyARN"]
    alarm(lab, "cpu-high", policy, 60, periods=2)
    lab.group("web-asg").load(cpu=90, minutes=60)
    lab.advance(minutes=5)
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])["AutoScalingGroups"][
        0
    ]
    assert [each["LifecycleState"] for each in found["Instances"]] == ["InService"] * 2
    cause = autoscaling.describe_scaling_activities(**GROUP)["Activities"][0]["Cause"]
    assert (
        "a monitor alarm cpu-high in state ALARM triggered policy out changing the desired capacity from 1 to 2"
        in cause
    )
    listed = autoscaling.describe_policies(**GROUP)["ScalingPolicies"][0]["Alarms"]
    assert [each["AlarmName"] for each in listed] == ["cpu-high"]
    lab.advance(minutes=3)
    state = lab.client("cloudwatch").describe_alarms(AlarmNames=["cpu-high"])["MetricAlarms"][0]
    assert state["StateValue"] == "OK"  # 45 % each: the loop is closed


@pytest.mark.syllabus("A06", "M15", "M16")
def test_target_tracking_converges_and_stays(lab, autoscaling, create_detailed):
    create_detailed(MaxSize=10)
    lab.advance(minutes=5)
    made = tracking(autoscaling)["Alarms"]
    assert [each["AlarmName"].rsplit("-", 5)[0] for each in made] == [
        "TargetTracking-web-asg-AlarmHigh",
        "TargetTracking-web-asg-AlarmLow",
    ]
    lab.group("web-asg").load(cpu=240, hours=4)
    capacity = watch(lab, autoscaling, 60)
    assert capacity[-1] == 5 and capacity == sorted(capacity), (
        "240 % shared by five is 48 %, just below the target"
    )
    assert watch(lab, autoscaling, 120) == [5] * 120
    lab.group("web-asg").load(cpu=60, hours=4)
    back = watch(lab, autoscaling, 90)
    assert back[10] == 5 and back[-1] == 2 and back == sorted(back, reverse=True)


def test_too_short_a_warm_up_overshoots(lab, autoscaling, create_detailed):
    """The alarm's datapoints of three minutes ago still count, and so does each instance added since."""
    create_detailed(MaxSize=10)
    lab.advance(minutes=5)
    tracking(autoscaling, warmup=60)
    lab.group("web-asg").load(cpu=240, hours=4)
    capacity = watch(lab, autoscaling, 60)
    assert max(capacity) > 5 and capacity[-1] == 5


def test_badly_tuned_steps_flap(lab, autoscaling, create_detailed):
    """Out above 50 %, in below 40 %, with one instance at 60 % and two at 30 %: it never comes to rest."""
    create_detailed()
    lab.advance(minutes=5)

    def step(name, amount, bound):
        return autoscaling.put_scaling_policy(
            **GROUP,
            PolicyName=name,
            PolicyType="StepScaling",
            AdjustmentType="ChangeInCapacity",
            StepAdjustments=[{bound: 0, "ScalingAdjustment": amount}],
            EstimatedInstanceWarmup=0,
        )["PolicyARN"]

    alarm(lab, "high", step("out", 1, "MetricIntervalLowerBound"), 50)
    low = step("in", -1, "MetricIntervalUpperBound")
    alarm(lab, "low", low, 40, "LessThanThreshold")
    lab.group("web-asg").load(cpu=60, hours=3)
    capacity = watch(lab, autoscaling, 60)
    turns = sum(a != b for a, b in itertools.pairwise(capacity))
    assert {1, 2} <= set(capacity) and turns >= 10
    alarm(lab, "low", low, 25, "LessThanThreshold")
    lab.advance(minutes=10)
    assert set(watch(lab, autoscaling, 30)) == {2}
