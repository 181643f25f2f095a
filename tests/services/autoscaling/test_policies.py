"""Scaling policies through boto3."""

from __future__ import annotations

GROUP = {"AutoScalingGroupName": "web-asg"}
STEPS = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 2},
]


def group(autoscaling):
    return autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])["AutoScalingGroups"][0]


def simple(autoscaling, adjustment=1, **more):
    asked = {"PolicyName": "out", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": adjustment}
    return autoscaling.put_scaling_policy(**GROUP, **{**asked, **more})["PolicyARN"]


def step(autoscaling, **more):
    asked = {
        "PolicyName": "steps",
        "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": STEPS,
    }
    return autoscaling.put_scaling_policy(**GROUP, **{**asked, **more})["PolicyARN"]


def as_alarm(lab, arn, metric=None, threshold=None, alarm="cpu-high"):
    """What an alarm's action does."""
    from cwlab.api import Request, service_principal

    asked = {"PolicyName": arn, "MetricValue": metric, "BreachThreshold": threshold}
    source = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{alarm}"
    asked = {key: value for key, value in asked.items() if value is not None}
    principal = service_principal("cloudwatch.amazonaws.com")
    request = Request("autoscaling", "ExecutePolicy", asked, principal, lab.account, lab.region)
    request.source_account, request.source_arn = lab.account, source
    lab.world.door(request)


def test_a_simple_policy_grows_the_group(lab, autoscaling, create):
    create()
    lab.advance(minutes=1)
    simple(autoscaling)
    autoscaling.execute_policy(**GROUP, PolicyName="out")
    lab.advance(minutes=1)
    assert [each["LifecycleState"] for each in group(autoscaling)["Instances"]] == ["InService"] * 2
    latest = autoscaling.describe_scaling_activities(**GROUP)["Activities"][0]
    assert latest["Cause"] == (
        "At 2026-03-02T09:01:00Z a user request executed policy out changing the desired capacity from 1 to 2.  "
        "At 2026-03-02T09:01:01Z an instance was started in response to a difference between desired and actual "
        "capacity, increasing the capacity from 1 to 2."
    )


def test_an_alarm_waits_for_the_cooldown_of_a_simple_policy(lab, autoscaling, create, refused):
    create(DefaultCooldown=0)
    lab.advance(minutes=1)
    arn = simple(autoscaling, Cooldown=120)
    as_alarm(lab, arn)
    assert group(autoscaling)["DesiredCapacity"] == 2
    as_alarm(lab, arn)
    assert group(autoscaling)["DesiredCapacity"] == 2  # an activity is going on
    lab.advance(minutes=2)
    as_alarm(lab, arn)
    assert group(autoscaling)["DesiredCapacity"] == 2  # launched, two minutes since have not passed
    asked = {**GROUP, "PolicyName": "out", "HonorCooldown": True}
    assert refused(autoscaling.execute_policy, **asked)[0] == "ScalingActivityInProgress"
    lab.advance(minutes=1)
    as_alarm(lab, arn)
    assert group(autoscaling)["DesiredCapacity"] == 3
    cause = autoscaling.describe_scaling_activities(**GROUP)["Activities"][0]["Cause"]
    assert (
        "a monitor alarm cpu-high in state ALARM triggered policy out changing the desired capacity" in cause
    )


def test_a_step_policy_answers_each_minute_but_counts_the_warming(lab, autoscaling, create):
    create(MaxSize=9, DesiredCapacity=2)
    lab.advance(minutes=1)
    arn = step(autoscaling, EstimatedInstanceWarmup=120)
    as_alarm(lab, arn, 75.0, 70.0)
    assert group(autoscaling)["DesiredCapacity"] == 3
    lab.advance(minutes=1)
    as_alarm(lab, arn, 75.0, 70.0)
    assert group(autoscaling)["DesiredCapacity"] == 3
    as_alarm(lab, arn, 90.0, 70.0)
    assert group(autoscaling)["DesiredCapacity"] == 4
    lab.advance(minutes=4)
    as_alarm(lab, arn, 75.0, 70.0)
    assert group(autoscaling)["DesiredCapacity"] == 5
