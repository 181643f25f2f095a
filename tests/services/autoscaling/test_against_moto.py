"""moto as a second opinion on policies, processes and scheduled actions: the same calls, the same answers but for ids."""

from __future__ import annotations

import importlib.util

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is not installed")

GROUP = {"AutoScalingGroupName": "web-asg"}


@pytest.fixture(scope="module")
def theirs():
    """One for all tests here: moto's EC2 takes seconds to begin."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        keys = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        ec2, client = boto3.client("ec2", **keys), boto3.client("autoscaling", **keys)
        image = ec2.describe_images()["Images"][0]["ImageId"]
        data = {"ImageId": image, "InstanceType": "t3.micro"}
        ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        client.create_auto_scaling_group(
            **GROUP,
            MinSize=0,
            MaxSize=9,
            LaunchTemplate={"LaunchTemplateName": "web"},
            AvailabilityZones=["us-east-1a", "us-east-1b"],
        )
        yield client


def plain(item):
    """A thing described, without what differs by nature: ids, and what moto leaves out or fills in on its own."""
    passing = ("PolicyARN", "ScheduledActionARN", "Time", "StartTime", "Alarms", "Enabled", "StepAdjustments")
    return {
        key: value for key, value in item.items() if key not in passing and value not in (None, "", [], {})
    }


POLICIES = [
    {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 2, "Cooldown": 60},
    {
        "AdjustmentType": "PercentChangeInCapacity",
        "ScalingAdjustment": 25,
        "MinAdjustmentMagnitude": 2,
        "Cooldown": 5,
    },
    {
        "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        "MetricAggregationType": "Maximum",
        "EstimatedInstanceWarmup": 90,
    },
]


@pytest.mark.parametrize("policy", POLICIES)
def test_policies_are_described_alike(autoscaling, theirs, create, policy):
    create(MinSize=0)
    told = []
    for client in (autoscaling, theirs):
        client.put_scaling_policy(**GROUP, PolicyName="p", **policy)
        told.append(client.describe_policies(**GROUP)["ScalingPolicies"][0])
        client.delete_policy(**GROUP, PolicyName="p")
        assert client.describe_policies(**GROUP)["ScalingPolicies"] == []
    mine, other = told
    assert plain(mine) == plain(other)
    assert mine["StepAdjustments"] == other.get("StepAdjustments", [])


def test_executing_moves_the_capacity_alike(autoscaling, theirs, create):
    """Within the bounds: moto's policies pass over the maximum."""
    create(MinSize=0, MaxSize=9)
    moves = [("ChangeInCapacity", 3), ("ChangeInCapacity", 3), ("ChangeInCapacity", -1), ("ExactCapacity", 2)]
    told = []
    for client in (autoscaling, theirs):
        sizes = []
        for kind, amount in moves:
            client.put_scaling_policy(**GROUP, PolicyName="p", AdjustmentType=kind, ScalingAdjustment=amount)
            client.execute_policy(**GROUP, PolicyName="p")
            found = client.describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])[
                "AutoScalingGroups"
            ]
            sizes.append(found[0]["DesiredCapacity"])
        told.append(sizes)
    assert told[0] == told[1] == [3, 6, 5, 2]


def test_scheduled_actions_and_processes_are_described_alike(autoscaling, theirs, create):
    create(MinSize=0)
    told = []
    for client in (autoscaling, theirs):
        client.put_scheduled_update_group_action(
            **GROUP,
            ScheduledActionName="up",
            Recurrence="0 8 * * 1-5",
            MinSize=1,
            MaxSize=3,
            DesiredCapacity=2,
        )
        client.suspend_processes(**GROUP, ScalingProcesses=["Launch"])
        group = client.describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])["AutoScalingGroups"][0]
        actions = client.describe_scheduled_actions(**GROUP)["ScheduledUpdateGroupActions"]
        told.append(
            (
                [plain(each) for each in actions],
                [each["ProcessName"] for each in group["SuspendedProcesses"]],
            )
        )
    assert told[0] == told[1]
