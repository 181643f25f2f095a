"""Scaling policies through boto3."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab, NotModelled

AMAZON_LINUX = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"

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


SIMPLE = {"PolicyName": "p", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
STEPPED = {
    "PolicyName": "p",
    "PolicyType": "StepScaling",
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": STEPS,
}
CPU = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
OWN = {"MetricName": "Jobs", "Namespace": "Shop", "Statistic": "Average"}
TRACKED = {
    "PolicyName": "p",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingConfiguration": {**CPU, "TargetValue": 50.0},
}


def with_config(**config):
    return {**TRACKED, "TargetTrackingConfiguration": {"TargetValue": 50.0, **config}}


def without(params, *names):
    return {key: value for key, value in params.items() if key not in names}


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (without(SIMPLE, "AdjustmentType"), "AdjustmentType is required for policy type SimpleScaling"),
        (without(SIMPLE, "ScalingAdjustment"), "ScalingAdjustment is required for policy type SimpleScaling"),
        ({**SIMPLE, "AdjustmentType": "Double"}, "AdjustmentType Double is not valid"),
        ({**SIMPLE, "AdjustmentType": "ExactCapacity", "ScalingAdjustment": -1}, "must not be negative"),
        (
            {**SIMPLE, "MinAdjustmentMagnitude": 2},
            "only supported for AdjustmentType PercentChangeInCapacity",
        ),
        (
            {**SIMPLE, "AdjustmentType": "PercentChangeInCapacity", "MinAdjustmentMagnitude": 0},
            "greater than 0",
        ),
        ({**SIMPLE, "Cooldown": -1}, "Cooldown must not be negative"),
        (
            {**SIMPLE, "StepAdjustments": STEPS},
            "StepAdjustments is not supported for policy type SimpleScaling",
        ),
        ({**SIMPLE, "EstimatedInstanceWarmup": 60}, "EstimatedInstanceWarmup is not supported"),
        ({**SIMPLE, "MetricAggregationType": "Average"}, "MetricAggregationType is not supported"),
        ({**SIMPLE, "PolicyType": "Slow"}, "PolicyType Slow is not valid"),
        (without(STEPPED, "StepAdjustments"), "StepAdjustments is required for policy type StepScaling"),
        ({**STEPPED, "StepAdjustments": []}, "must not be empty"),
        ({**STEPPED, "Cooldown": 60}, "Cooldown is not supported for policy type StepScaling"),
        (
            {**STEPPED, "ScalingAdjustment": 1},
            "ScalingAdjustment is not supported for policy type StepScaling",
        ),
        ({**STEPPED, "MetricAggregationType": "Sum"}, "must be one of Average, Minimum, Maximum"),
        ({**STEPPED, "EstimatedInstanceWarmup": -1}, "must not be negative"),
        ({**STEPPED, "StepAdjustments": [{"ScalingAdjustment": 1}]}, "cannot be left unspecified"),
        (
            {
                **STEPPED,
                "StepAdjustments": [
                    {"MetricIntervalLowerBound": n, "MetricIntervalUpperBound": n + 1, "ScalingAdjustment": 1}
                    for n in range(20)
                ]
                + [{"MetricIntervalLowerBound": 20, "ScalingAdjustment": 1}],
            },
            "at most 20 step adjustments",
        ),
        ({**TRACKED, "Cooldown": 5}, "Cooldown is not supported for policy type TargetTrackingScaling"),
        (without(TRACKED, "TargetTrackingConfiguration"), "TargetTrackingConfiguration is required"),
        (with_config(), "either a PredefinedMetricSpecification or"),
        (with_config(**CPU, CustomizedMetricSpecification=OWN), "either a PredefinedMetricSpecification or"),
        (with_config(**CPU, TargetValue=0.0), "TargetValue must be from"),
        (
            with_config(CustomizedMetricSpecification=without(OWN, "Statistic")),
            "needs MetricName, Namespace and Statistic",
        ),
        (with_config(CustomizedMetricSpecification={**OWN, "Period": 20}), "Period must be 10, 30 or 60"),
        (
            with_config(
                PredefinedMetricSpecification={
                    "PredefinedMetricType": "ASGAverageCPUUtilization",
                    "ResourceLabel": "app/x",
                }
            ),
            "ResourceLabel is not supported",
        ),
    ],
)
def test_a_bad_policy_is_refused(autoscaling, create, refused, params, text):
    create()
    code, message = refused(autoscaling.put_scaling_policy, **GROUP, **params)
    assert code == "ValidationError" and text in message
    assert autoscaling.describe_policies(**GROUP)["ScalingPolicies"] == []


def test_what_the_model_forbids_comes_under_the_code_of_the_service(autoscaling, create, refused):
    create()
    asked = with_config(PredefinedMetricSpecification={"PredefinedMetricType": "Foo"})
    code, message = refused(autoscaling.put_scaling_policy, **GROUP, **asked)
    assert code == "ValidationError"
    assert message.startswith("1 validation error detected: Value 'Foo' at 'targetTrackingConfiguration.")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"PolicyName": "p", "PolicyType": "PredictiveScaling"}, "PredictiveScaling"),
        (
            with_config(PredefinedMetricSpecification={"PredefinedMetricType": "ALBRequestCountPerTarget"}),
            "ALBRequestCountPerTarget",
        ),
        ({**SIMPLE, "MinAdjustmentStep": 1}, "MinAdjustmentStep"),
    ],
)
def test_what_is_not_modeled_is_refused_by_name(autoscaling, create, params, text):
    create()
    with pytest.raises(NotModelled, match=text):
        autoscaling.put_scaling_policy(**GROUP, **params)


def test_policies_are_listed_replaced_and_deleted(autoscaling, create, refused):
    create()
    first = simple(autoscaling)
    step(autoscaling, MetricAggregationType="Maximum")
    listed = autoscaling.describe_policies(**GROUP)["ScalingPolicies"]
    assert [each["PolicyName"] for each in listed] == ["out", "steps"]
    assert listed[0]["PolicyARN"] == first and ":scalingPolicy:" in first
    assert first.endswith(":autoScalingGroupName/web-asg:policyName/out")
    assert listed[1]["MetricAggregationType"] == "Maximum" and len(listed[1]["StepAdjustments"]) == 2
    assert simple(autoscaling, 3) == first
    by_type = autoscaling.describe_policies(**GROUP, PolicyTypes=["SimpleScaling"])["ScalingPolicies"]
    assert [each["ScalingAdjustment"] for each in by_type] == [3]
    assert autoscaling.describe_policies(PolicyNames=[first])["ScalingPolicies"] == by_type
    autoscaling.delete_policy(PolicyName=first)
    autoscaling.delete_policy(**GROUP, PolicyName="steps")
    assert autoscaling.describe_policies()["ScalingPolicies"] == []
    assert "not found" in refused(autoscaling.delete_policy, **GROUP, PolicyName="steps")[1]
    assert refused(autoscaling.execute_policy, PolicyName="steps")[0] == "ValidationError"
    assert len(autoscaling.describe_adjustment_types()["AdjustmentTypes"]) == 3


def test_executing_takes_what_the_type_needs(autoscaling, create, refused):
    create()
    simple(autoscaling)
    step(autoscaling)
    with_metric = {**GROUP, "MetricValue": 75.0, "BreachThreshold": 70.0}
    assert "not supported" in refused(autoscaling.execute_policy, **with_metric, PolicyName="out")[1]
    assert "are required" in refused(autoscaling.execute_policy, **GROUP, PolicyName="steps")[1]
    below = {**with_metric, "MetricValue": 60.0}
    assert "No step adjustment found" in refused(autoscaling.execute_policy, **below, PolicyName="steps")[1]
    autoscaling.execute_policy(**with_metric, PolicyName="steps")
    assert (
        "HonorCooldown"
        in refused(autoscaling.execute_policy, **with_metric, PolicyName="steps", HonorCooldown=True)[1]
    )
    autoscaling.put_scaling_policy(**GROUP, **TRACKED)
    assert "not supported" in refused(autoscaling.execute_policy, **with_metric, PolicyName="p")[1]


def test_suspended_disabled_and_bounded(lab, autoscaling, create):
    create(MaxSize=2)
    lab.advance(minutes=1)
    arn = step(autoscaling, EstimatedInstanceWarmup=0)
    autoscaling.suspend_processes(**GROUP, ScalingProcesses=["AlarmNotification"])
    as_alarm(lab, arn, 95.0, 70.0)
    assert group(autoscaling)["DesiredCapacity"] == 1
    autoscaling.resume_processes(**GROUP)
    step(autoscaling, Enabled=False)
    as_alarm(lab, arn, 95.0, 70.0)
    assert group(autoscaling)["DesiredCapacity"] == 1
    step(autoscaling, EstimatedInstanceWarmup=0)
    as_alarm(lab, arn, 95.0, 70.0)
    assert group(autoscaling)["DesiredCapacity"] == 2


def test_target_tracking_makes_its_alarms_and_takes_them_along(lab, autoscaling, create):
    create()
    cloudwatch = lab.client("cloudwatch")
    made = autoscaling.put_scaling_policy(**GROUP, **TRACKED)
    high, low = cloudwatch.describe_alarms(AlarmNames=[each["AlarmName"] for each in made["Alarms"]])[
        "MetricAlarms"
    ]
    assert (high["Threshold"], high["EvaluationPeriods"], high["ComparisonOperator"]) == (
        50.0,
        3,
        "GreaterThanThreshold",
    )
    assert (low["Threshold"], low["EvaluationPeriods"], low["ComparisonOperator"]) == (
        45.0,
        15,
        "LessThanThreshold",
    )
    assert high["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": "web-asg"}]
    assert high["AlarmActions"] == [made["PolicyARN"]] and [each["AlarmARN"] for each in made["Alarms"]] == [
        high["AlarmArn"],
        low["AlarmArn"],
    ]
    assert autoscaling.describe_policies(**GROUP)["ScalingPolicies"][0]["Alarms"] == made["Alarms"]
    caller = [entry.caller.arn for entry in lab.journal if entry.operation == "PutMetricAlarm"]
    assert caller == ["autoscaling.amazonaws.com"] * 2
    again = autoscaling.put_scaling_policy(**GROUP, **with_config(**CPU, TargetValue=70.0))
    assert again == {**made, "ResponseMetadata": again["ResponseMetadata"]}
    assert [each["Threshold"] for each in cloudwatch.describe_alarms()["MetricAlarms"]] == [70.0, 63.0]
    autoscaling.delete_policy(**GROUP, PolicyName="p")
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    "own",
    [
        OWN,
        {
            "Metrics": [
                {
                    "Id": "jobs",
                    "MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": "Jobs"}, "Stat": "Sum"},
                    "ReturnData": False,
                },
                {"Id": "each", "Expression": "jobs / 2", "ReturnData": True},
            ]
        },
    ],
)
def test_a_metric_of_your_own_is_tracked(lab, autoscaling, create, own):
    create(MaxSize=4)
    lab.advance(minutes=2)
    autoscaling.put_scaling_policy(
        **GROUP, **with_config(CustomizedMetricSpecification=own, TargetValue=10.0), EstimatedInstanceWarmup=0
    )
    for _ in range(6):
        datum = {"MetricName": "Jobs", "Value": 50, "Timestamp": lab.now}
        lab.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[datum])
        lab.advance(minutes=1)
    assert group(autoscaling)["DesiredCapacity"] == 4


def test_deleting_a_group_takes_policies_and_actions_along(lab, autoscaling, create):
    create()
    autoscaling.put_scaling_policy(**GROUP, **TRACKED)
    autoscaling.put_scheduled_update_group_action(
        **GROUP, ScheduledActionName="s", Recurrence="0 8 * * *", DesiredCapacity=2
    )
    lab.advance(minutes=1)
    autoscaling.delete_auto_scaling_group(**GROUP, ForceDelete=True)
    assert autoscaling.describe_policies()["ScalingPolicies"] == []
    assert lab.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    lab.advance(minutes=5)
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == [] and lab.agenda() == []


def test_scale_in_needs_all_trackers_and_the_largest_capacity_wins(lab, autoscaling, create):
    create(MaxSize=10, DesiredCapacity=8)
    lab.advance(minutes=5)
    one = autoscaling.put_scaling_policy(**GROUP, **{**TRACKED, "PolicyName": "one"})["PolicyARN"]
    two = autoscaling.put_scaling_policy(**GROUP, **{**TRACKED, "PolicyName": "two"})["PolicyARN"]
    as_alarm(lab, one, 10.0)
    assert group(autoscaling)["DesiredCapacity"] == 8
    as_alarm(lab, two, 25.0)  # one wants 2, two wants 4
    assert group(autoscaling)["DesiredCapacity"] == 4
    as_alarm(lab, one, 90.0)
    assert group(autoscaling)["DesiredCapacity"] > 4


asked = st.tuples(
    st.sampled_from(["out", "in", "steps", "wait", "desired"]),
    st.integers(-5, 5),
    st.sampled_from([70.0, 85.0]),
)


@settings(max_examples=12)
@given(st.lists(asked, min_size=3, max_size=8), st.integers(0, 2), st.integers(3, 6))
def test_whatever_is_asked_capacity_stays_between_its_bounds_and_is_reached(rows, least, most):
    lab = Lab()
    client = lab.client("autoscaling")
    lab.client("ec2").create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMAZON_LINUX, "InstanceType": "t3.micro"}
    )
    client.create_auto_scaling_group(
        **GROUP,
        MinSize=least,
        MaxSize=most,
        LaunchTemplate={"LaunchTemplateName": "web"},
        AvailabilityZones=["us-east-1a"],
    )
    lab.advance(minutes=1)
    for what, amount, metric in rows:
        if what == "wait":
            lab.advance(seconds=20 * abs(amount) + 1)
        elif what == "desired":
            client.set_desired_capacity(**GROUP, DesiredCapacity=least + abs(amount) % (most - least + 1))
        elif what == "steps":
            as_alarm(lab, step(client, EstimatedInstanceWarmup=30), metric, 70.0)
        else:
            as_alarm(lab, simple(client, amount, PolicyName=what, Cooldown=30))
        assert least <= group(client)["DesiredCapacity"] <= most
    lab.advance(minutes=10)
    now = group(client)
    states = [each["LifecycleState"] for each in now["Instances"]]
    assert states == ["InService"] * now["DesiredCapacity"] and lab.agenda() == []
