"""Auto Scaling groups through boto3: they reach their size, keep it, and tell why."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def group(autoscaling, name="web-asg"):
    return autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def serving(autoscaling, name="web-asg"):
    return [
        each["InstanceId"]
        for each in group(autoscaling, name)["Instances"]
        if each["LifecycleState"] == "InService"
    ]


def test_a_group_launches_what_it_wants_over_its_zones(lab, autoscaling, create):
    create(DesiredCapacity=4)
    assert group(autoscaling)["Instances"] == []
    lab.advance(seconds=2)
    assert {each["LifecycleState"] for each in group(autoscaling)["Instances"]} == {"Pending"}
    lab.advance(minutes=1)
    found = group(autoscaling)["Instances"]
    assert {each["LifecycleState"] for each in found} == {"InService"}
    zones = [each["AvailabilityZone"] for each in found]
    assert sorted(zones) == ["us-east-1a", "us-east-1a", "us-east-1b", "us-east-1b"]


def test_its_instances_carry_the_group_and_its_tags(lab, ec2, autoscaling, create):
    tags = [
        {"Key": "Name", "Value": "web", "PropagateAtLaunch": True},
        {"Key": "cost", "Value": "1", "PropagateAtLaunch": False},
    ]
    create(Tags=tags)
    lab.advance(minutes=1)
    (key,) = serving(autoscaling)
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [key]}])["Tags"]
    assert {each["Key"]: each["Value"] for each in found} == {
        "Name": "web",
        "aws:autoscaling:groupName": "web-asg",
    }
    assert {each["Key"] for each in group(autoscaling)["Tags"]} == {"Name", "cost"}


def test_calls_to_ec2_are_in_the_journal_as_the_service(lab, create):
    create()
    lab.advance(minutes=1)
    runs = [entry for entry in lab.journal if entry.operation == "RunInstances"]
    assert [entry.caller.arn for entry in runs] == ["autoscaling.amazonaws.com"]


@pytest.mark.parametrize("how", ["terminate", "stop", "impair", "unhealthy"])
def test_an_unhealthy_instance_is_replaced(lab, ec2, autoscaling, create, how):
    create(DesiredCapacity=2)
    lab.advance(minutes=1)
    lost, kept = serving(autoscaling)
    if how == "terminate":
        ec2.terminate_instances(InstanceIds=[lost])
    elif how == "stop":
        ec2.stop_instances(InstanceIds=[lost])
    elif how == "impair":
        lab.act("ec2", "impair", instance_id=lost, check="instance", minutes=10)
    else:
        autoscaling.set_instance_health(InstanceId=lost, HealthStatus="Unhealthy")
    lab.advance(minutes=6)
    now = serving(autoscaling)
    assert len(now) == 2 and kept in now and lost not in now
    latest = autoscaling.describe_scaling_activities(AutoScalingGroupName="web-asg")["Activities"][:2]
    assert sorted(each["Description"].split(":")[0] for each in latest) == [
        "Launching a new EC2 instance",
        "Terminating EC2 instance",
    ]
    assert {each["StatusCode"] for each in latest} == {"Successful"}
    assert "unhealthy instance needing to be replaced" in " ".join(each["Cause"] for each in latest)
    assert "EC2 health check" in " ".join(each["Cause"] for each in latest)


def test_an_idle_group_puts_nothing_on_the_agenda(lab, create):
    create(DesiredCapacity=3)
    lab.advance(minutes=2)
    assert lab.agenda() == []


def test_capacity_up_and_down(lab, autoscaling, create):
    create()
    lab.advance(minutes=1)
    first = serving(autoscaling)
    autoscaling.set_desired_capacity(AutoScalingGroupName="web-asg", DesiredCapacity=3)
    lab.advance(minutes=1)
    assert len(serving(autoscaling)) == 3
    autoscaling.set_desired_capacity(AutoScalingGroupName="web-asg", DesiredCapacity=1)
    lab.advance(minutes=2)
    assert len(serving(autoscaling)) == 1 and serving(autoscaling) != first
    latest = autoscaling.describe_scaling_activities(AutoScalingGroupName="web-asg")["Activities"][0]
    assert "shrinking the capacity from 3 to 1" in latest["Cause"]


@pytest.mark.parametrize(("wanted", "text"), [(9, "is above max value 4"), (0, "is below min value 1")])
def test_capacity_stays_between_its_bounds(autoscaling, create, refused, wanted, text):
    create()
    code, message = refused(
        autoscaling.set_desired_capacity, AutoScalingGroupName="web-asg", DesiredCapacity=wanted
    )
    assert code == "ValidationError" and text in message


def test_a_cooldown_is_honored_only_if_asked(lab, autoscaling, create, refused):
    create()
    lab.advance(minutes=1)
    asked = {"AutoScalingGroupName": "web-asg", "DesiredCapacity": 2}
    assert (
        refused(autoscaling.set_desired_capacity, **asked, HonorCooldown=True)[0]
        == "ScalingActivityInProgress"
    )
    lab.advance(minutes=6)
    autoscaling.set_desired_capacity(**asked, HonorCooldown=True)
    autoscaling.set_desired_capacity(**{**asked, "DesiredCapacity": 3})


def test_new_bounds_move_the_capacity_along(lab, autoscaling, create, refused):
    create(DesiredCapacity=4)
    lab.advance(minutes=1)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="web-asg", MaxSize=2)
    lab.advance(minutes=2)
    assert group(autoscaling)["DesiredCapacity"] == 2 and len(serving(autoscaling)) == 2
    bad = {"AutoScalingGroupName": "web-asg", "MinSize": 3}
    assert "must be greater than or equal" in refused(autoscaling.update_auto_scaling_group, **bad)[1]


def test_a_new_template_counts_for_new_instances(lab, ec2, autoscaling, create):
    create()
    lab.advance(minutes=1)
    ec2.create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )
    new = {"LaunchTemplateName": "web", "Version": "$Latest"}
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="web-asg", LaunchTemplate=new, DesiredCapacity=2
    )
    lab.advance(minutes=1)
    assert [each["InstanceType"] for each in group(autoscaling)["Instances"]] == ["t3.micro", "t3.small"]


def test_one_instance_ended_by_name(lab, autoscaling, create, refused):
    create(DesiredCapacity=2)
    lab.advance(minutes=1)
    first, second = serving(autoscaling)
    done = autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=first, ShouldDecrementDesiredCapacity=True
    )
    assert done["Activity"]["StatusCode"] == "InProgress"
    lab.advance(minutes=2)
    assert serving(autoscaling) == [second] and group(autoscaling)["DesiredCapacity"] == 1
    less = {"InstanceId": second, "ShouldDecrementDesiredCapacity": True}
    assert (
        "violate group's min size" in refused(autoscaling.terminate_instance_in_auto_scaling_group, **less)[1]
    )
    autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=second, ShouldDecrementDesiredCapacity=False
    )
    lab.advance(minutes=2)
    assert len(serving(autoscaling)) == 1 and serving(autoscaling) != [second]


def test_instances_join_and_leave(lab, ec2, autoscaling, create, refused):
    create()
    made = ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateName": "web"})
    key = made["Instances"][0]["InstanceId"]
    asked = {"AutoScalingGroupName": "web-asg", "InstanceIds": [key]}
    assert "not in correct state" in refused(autoscaling.attach_instances, **asked)[1]
    lab.advance(minutes=1)
    autoscaling.attach_instances(**asked)
    assert key in serving(autoscaling) and group(autoscaling)["DesiredCapacity"] == 2
    assert "already part" in refused(autoscaling.attach_instances, **asked)[1]
    listed = autoscaling.describe_auto_scaling_instances(InstanceIds=[key])["AutoScalingInstances"]
    assert [each["AutoScalingGroupName"] for each in listed] == ["web-asg"]
    autoscaling.detach_instances(**asked, ShouldDecrementDesiredCapacity=True)
    assert key not in serving(autoscaling) and group(autoscaling)["DesiredCapacity"] == 1
    state = ec2.describe_instances(InstanceIds=[key])["Reservations"][0]["Instances"][0]
    assert state["State"]["Name"] == "running" and state["Tags"] == []


def test_deleting_needs_an_empty_group_or_force(lab, ec2, autoscaling, create, refused):
    create(DesiredCapacity=2)
    lab.advance(minutes=1)
    ids = serving(autoscaling)
    assert (
        refused(autoscaling.delete_auto_scaling_group, AutoScalingGroupName="web-asg")[0] == "ResourceInUse"
    )
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web-asg", ForceDelete=True)
    assert group(autoscaling)["Status"] == "Delete in progress"
    lab.advance(minutes=2)
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    states = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    assert {each["State"]["Name"] for r in states for each in r["Instances"]} == {"terminated"}


def test_a_launch_that_fails_is_told_and_tried_again(lab, ec2, autoscaling, create):
    lab.fault("ec2", "RunInstances", error="InsufficientInstanceCapacity", minutes=2)
    create()
    lab.advance(minutes=1)
    failed = autoscaling.describe_scaling_activities(AutoScalingGroupName="web-asg")["Activities"][0]
    assert failed["StatusCode"] == "Failed" and "Launching EC2 instance failed" in failed["StatusMessage"]
    lab.advance(minutes=5)
    assert len(serving(autoscaling)) == 1


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"DesiredCapacity": 9}, "ValidationError", "Desired capacity:9 must be between"),
        ({"MinSize": 5}, "ValidationError", "must be greater than or equal"),
        (
            {"LaunchTemplate": {"LaunchTemplateName": "none"}},
            "ValidationError",
            "valid fully-formed launch template",
        ),
        ({"AvailabilityZones": ["us-east-1z"]}, "ValidationError", "availability zones are invalid"),
        ({"VPCZoneIdentifier": "subnet-0123456789abcdef0"}, "ValidationError", "The subnet ID"),
        ({"Tags": [{"Key": "aws:x", "Value": "1"}]}, "ValidationError", "reserved"),
    ],
)
def test_a_bad_group_is_refused(autoscaling, create, refused, params, code, text):
    got, message = refused(create, **params)
    assert got == code and text in message
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_group_needs_a_template_and_a_place(autoscaling, refused):
    named = {"AutoScalingGroupName": "x", "MinSize": 0, "MaxSize": 1}
    assert refused(autoscaling.create_auto_scaling_group, **named)[0] == "ValidationError"
    template = {**named, "LaunchTemplate": {"LaunchTemplateName": "web"}}
    assert "At least one Availability Zone" in refused(autoscaling.create_auto_scaling_group, **template)[1]


def test_names_are_taken_once(create, refused):
    create()
    assert refused(create)[0] == "AlreadyExists"


def test_lists_come_in_pages(autoscaling, create):
    for number in range(5):
        create(f"g{number}", MinSize=0)
    pages = autoscaling.get_paginator("describe_auto_scaling_groups").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert [len(page["AutoScalingGroups"]) for page in pages] == [2, 2, 1]


def test_a_group_outlives_a_save(lab, autoscaling, create, tmp_path):
    from cwlab import Lab

    create(DesiredCapacity=2)
    lab.advance(minutes=1)
    again = Lab.open(lab.save(tmp_path / "group.cwlab"))
    assert group(again.client("autoscaling")) == group(autoscaling)


def test_within_the_grace_period_a_failing_check_is_passed_over(lab, autoscaling, create):
    create(HealthCheckGracePeriod=900)
    lab.advance(minutes=1)
    (first,) = serving(autoscaling)
    lab.act("ec2", "impair", instance_id=first, check="instance", minutes=60)
    lab.advance(minutes=13)
    assert serving(autoscaling) == [first]
    lab.advance(minutes=6)
    assert serving(autoscaling) != [first] and len(serving(autoscaling)) == 1
    assert lab.agenda() == []


@pytest.mark.parametrize(
    ("operation", "most"),
    [
        ("describe_auto_scaling_groups", 100),
        ("describe_auto_scaling_instances", 50),
        ("describe_policies", 100),
    ],
)
def test_a_page_has_as_many_as_documented(autoscaling, operation, most):
    ask = getattr(autoscaling, operation)
    ask(MaxRecords=most)
    for wrong, bound in ((most + 1, f"less than or equal to {most}"), (0, "greater than or equal to 1")):
        with pytest.raises(ClientError, match=bound):
            ask(MaxRecords=wrong)
