"""Instances through boto3: launching, their states, monitoring, listing, and what is refused."""

from __future__ import annotations

import pytest

from cwlab import BadInput, NotModelled


def only(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def test_an_instance_is_pending_then_running(lab, ec2, image):
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=2, MaxCount=2)
    assert [each["State"] for each in made["Instances"]] == [{"Code": 0, "Name": "pending"}] * 2
    ids = [each["InstanceId"] for each in made["Instances"]]
    lab.advance(seconds=19)
    assert only(ec2, ids[0])["State"]["Name"] == "pending"
    lab.advance(seconds=21)
    assert only(ec2, ids[0])["State"] == {"Code": 16, "Name": "running"}
    assert only(ec2, ids[1])["AmiLaunchIndex"] == 1


def test_waiters_wait_on_the_virtual_clock(lab, ec2, image):
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[made])
    assert lab.now > lab.start
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[made])
    ec2.stop_instances(InstanceIds=[made])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[made])
    ec2.terminate_instances(InstanceIds=[made])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[made])


def test_the_default_launch_is_a_public_machine_of_the_default_vpc(ec2, launch):
    found = only(ec2, launch())
    subnet = ec2.describe_subnets(SubnetIds=[found["SubnetId"]])["Subnets"][0]
    assert subnet["DefaultForAz"] and found["PrivateIpAddress"] == "172.31.0.4"
    assert found["PublicIpAddress"].startswith("3.")
    assert (
        found["PublicDnsName"] == f"ec2-{found['PublicIpAddress'].replace('.', '-')}.compute-1.amazonaws.com"
    )
    assert found["PrivateDnsName"] == "ip-172-31-0-4.ec2.internal"
    assert [group["GroupName"] for group in found["SecurityGroups"]] == ["default"]
    assert found["Monitoring"] == {"State": "disabled"}


def test_stop_and_start_change_the_public_address_and_keep_the_private_one(lab, ec2, launch):
    key = launch()
    before = only(ec2, key)
    answer = ec2.stop_instances(InstanceIds=[key])["StoppingInstances"][0]
    assert (answer["PreviousState"]["Name"], answer["CurrentState"]["Name"]) == ("running", "stopping")
    lab.advance(minutes=1)
    stopped = only(ec2, key)
    assert stopped["State"] == {"Code": 80, "Name": "stopped"}
    assert "PublicIpAddress" not in stopped
    assert stopped["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    ec2.start_instances(InstanceIds=[key])
    lab.advance(minutes=1)
    after = only(ec2, key)
    assert after["State"]["Name"] == "running"
    assert after["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert after["PublicIpAddress"] != before["PublicIpAddress"]
    assert after["LaunchTime"] > before["LaunchTime"]


def test_a_terminated_instance_stays_in_sight_for_an_hour(lab, ec2, launch, refused):
    key = launch()
    ec2.terminate_instances(InstanceIds=[key])
    lab.advance(minutes=2)
    found = only(ec2, key)
    assert found["State"] == {"Code": 48, "Name": "terminated"}
    assert "PrivateIpAddress" not in found and found["NetworkInterfaces"] == []
    lab.advance(hours=1)
    code, message = refused(ec2.describe_instances, InstanceIds=[key])
    assert (code, message) == ("InvalidInstanceID.NotFound", f"The instance ID '{key}' does not exist")
    assert ec2.describe_instances()["Reservations"] == []


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound", "does not exist"),
        ({"ImageId": "x"}, "InvalidAMIID.Malformed", 'Invalid id: "x"'),
        ({"MinCount": 2, "MaxCount": 1}, "InvalidParameterValue", "minCount"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound", "The subnet ID 'subnet-"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound", "The security group 'sg-"),
        (
            {"IamInstanceProfile": {"Name": "nobody"}},
            "InvalidParameterValue",
            "Invalid IAM Instance Profile name",
        ),
        ({"Placement": {"AvailabilityZone": "us-east-1z"}}, "InvalidParameterValue", "us-east-1z"),
        ({"MaxCount": 1001}, "InstanceLimitExceeded", "1001"),
        (
            {"LaunchTemplate": {"LaunchTemplateName": "none"}},
            "InvalidLaunchTemplateName.NotFoundException",
            "none",
        ),
        ({"DryRun": True}, "DryRunOperation", "Request would have succeeded"),
    ],
)
def test_a_bad_launch_is_refused_and_leaves_nothing_behind(lab, ec2, image, refused, params, code, text):
    given = {"ImageId": image, "MinCount": 1, "MaxCount": 1, **params}
    got, message = refused(ec2.run_instances, **given)
    assert got == code
    assert text in message
    assert ec2.describe_instances()["Reservations"] == []
    assert lab.agenda() == []


def test_the_image_is_required(ec2, refused):
    assert refused(ec2.run_instances, MinCount=1, MaxCount=1)[0] == "MissingParameter"


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"InstanceType": "p5.48xlarge"}, "p5.48xlarge"),
        ({"UserData": "#!/bin/sh"}, "UserData"),
        ({"KeyName": "mine"}, "KeyName"),
        ({"BlockDeviceMappings": []}, "BlockDeviceMappings"),
        ({"CreditSpecification": {"CpuCredits": "standard"}}, "standard"),
        ({"Placement": {"Tenancy": "dedicated"}}, "dedicated"),
    ],
)
def test_what_is_not_modeled_is_refused_by_name(ec2, image, params, what):
    with pytest.raises(NotModelled, match=what):
        ec2.run_instances(**{"ImageId": image, "MinCount": 1, "MaxCount": 1, **params})


def test_the_same_client_token_launches_once(ec2, image):
    first = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, ClientToken="once")
    again = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, ClientToken="once")
    assert first["Instances"][0]["InstanceId"] == again["Instances"][0]["InstanceId"]


@pytest.mark.parametrize(
    ("ids", "code", "message"),
    [
        (
            ["i-0123456789abcdef0"],
            "InvalidInstanceID.NotFound",
            "The instance ID 'i-0123456789abcdef0' does not exist",
        ),
        (
            ["i-0123456789abcdef0", "i-0123456789abcdef1"],
            "InvalidInstanceID.NotFound",
            "The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist",
        ),
        (["web-1"], "InvalidInstanceID.Malformed", 'Invalid id: "web-1" (expecting "i-...")'),
    ],
)
def test_instances_that_are_not_there(ec2, refused, ids, code, message):
    for call in (ec2.describe_instances, ec2.start_instances, ec2.terminate_instances, ec2.monitor_instances):
        assert refused(call, InstanceIds=ids) == (code, message)


def test_a_pending_instance_cannot_be_stopped(ec2, image, refused):
    key = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert refused(ec2.stop_instances, InstanceIds=[key])[0] == "IncorrectInstanceState"


def test_protection_from_termination(ec2, launch, refused):
    key = launch(DisableApiTermination=True)
    assert refused(ec2.terminate_instances, InstanceIds=[key])[0] == "OperationNotPermitted"
    ec2.modify_instance_attribute(InstanceId=key, DisableApiTermination={"Value": False})
    assert ec2.terminate_instances(InstanceIds=[key])["TerminatingInstances"]


def test_monitoring_is_switched_and_told(ec2, launch):
    key = launch()
    on = ec2.monitor_instances(InstanceIds=[key])["InstanceMonitorings"][0]
    assert on == {"InstanceId": key, "Monitoring": {"State": "pending"}}
    assert only(ec2, key)["Monitoring"] == {"State": "enabled"}
    off = ec2.unmonitor_instances(InstanceIds=[key])["InstanceMonitorings"][0]
    assert off["Monitoring"] == {"State": "disabling"}


def test_lists_are_filtered(ec2, launch):
    one, two = launch("web-1", InstanceType="t3.micro"), launch("db-1", InstanceType="m5.large")

    def ids(*filters):
        found = ec2.describe_instances(Filters=[{"Name": name, "Values": values} for name, values in filters])
        return [each["InstanceId"] for group in found["Reservations"] for each in group["Instances"]]

    assert ids(("tag:Name", ["web-*"])) == [one]
    assert ids(("tag:Name", ["*-1"])) == [one, two]
    assert ids(("tag-key", ["Name"]), ("instance-type", ["m5.*"])) == [two]
    assert ids(("instance-state-name", ["running", "stopped"])) == [one, two]
    assert ids(("instance-state-code", ["80"])) == []
    with pytest.raises(NotModelled, match="hypervisor"):
        ids(("hypervisor", ["xen"]))


def test_lists_come_in_pages(ec2, image, refused):
    ec2.run_instances(ImageId=image, MinCount=12, MaxCount=12)
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
    assert [sum(len(r["Instances"]) for r in page["Reservations"]) for page in pages] == [5, 5, 2]
    ids = {i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]}
    assert len(ids) == 12
    assert refused(ec2.describe_instances, MaxResults=2)[0] == "InvalidParameterValue"
    assert (
        refused(ec2.describe_instances, MaxResults=5, InstanceIds=[min(ids)])[0]
        == "InvalidParameterCombination"
    )
    assert refused(ec2.describe_instances, NextToken="nonsense!")[0] == "InvalidParameterValue"


def test_status_checks_initialize_then_pass_and_can_fail(lab, ec2, launch):
    key = launch()

    def status():
        return ec2.describe_instance_status(InstanceIds=[key])["InstanceStatuses"][0]

    assert status()["InstanceStatus"]["Status"] == "initializing"
    lab.advance(minutes=3)
    assert status()["SystemStatus"] == {
        "Status": "ok",
        "Details": [{"Name": "reachability", "Status": "passed"}],
    }
    lab.act("ec2", "impair", instance_id=key, check="system", minutes=5)
    assert status()["SystemStatus"]["Status"] == "impaired"
    assert status()["InstanceStatus"]["Status"] == "ok"
    lab.advance(minutes=5)
    assert status()["SystemStatus"]["Status"] == "ok"
    ec2.stop_instances(InstanceIds=[key])
    assert ec2.describe_instance_status(InstanceIds=[key])["InstanceStatuses"] == []
    everything = ec2.describe_instance_status(InstanceIds=[key], IncludeAllInstances=True)["InstanceStatuses"]
    assert everything[0]["InstanceStatus"]["Status"] == "not-applicable"


def test_reboot_changes_no_state(ec2, launch):
    key = launch()
    before = only(ec2, key)
    ec2.reboot_instances(InstanceIds=[key])
    assert only(ec2, key) == before


def test_one_network_interface_may_be_spelled_out(ec2, launch, image, refused):
    subnet = ec2.describe_subnets()["Subnets"][1]
    nic = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "AssociatePublicIpAddress": False}
    found = only(ec2, launch(NetworkInterfaces=[nic]))
    assert found["SubnetId"] == subnet["SubnetId"]
    assert "PublicIpAddress" not in found
    both = {
        "ImageId": image,
        "MinCount": 1,
        "MaxCount": 1,
        "NetworkInterfaces": [nic],
        "SubnetId": subnet["SubnetId"],
    }
    assert refused(ec2.run_instances, **both)[0] == "InvalidParameterCombination"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"instance_id": "i-0", "minutes": 1, "cpu": 1}, "is not an instance"),
        ({"minutes": 0, "cpu": 1}, "no span of time"),
        ({"minutes": float("nan"), "cpu": 1}, "no span of time"),
        ({"minutes": 1}, "says nothing to do"),
        ({"minutes": 1, "cpu": 101}, "from 0 to 100"),
        ({"minutes": 1, "cpu": float("nan")}, "from 0 to 100"),
        ({"minutes": 1, "cpu": True}, "from 0 to 100"),
        ({"minutes": 1, "memory": 5}, "nothing an instance can be told"),
        ({"minutes": 1, "cpu": [1, 2, 3, 4, 5, 6, 7]}, "evenly"),
        ({"minutes": 1, "cpu": 1, "start_ms": 0}, "lies in the past"),
    ],
)
def test_a_load_that_cannot_be_is_refused(lab, ec2, launch, args, text):
    key = launch()
    with pytest.raises(BadInput, match=text):
        lab.act("ec2", "load", **{"instance_id": key, **args})


def test_a_forked_lab_goes_its_own_way(lab, ec2, launch):
    key = launch()
    other = lab.fork()
    other.client("ec2").terminate_instances(InstanceIds=[key])
    other.advance(minutes=5)
    assert only(ec2, key)["State"]["Name"] == "running"


def test_rewinding_brings_an_instance_back(lab, ec2, launch):
    key = launch()
    at = lab.now
    lab.advance(minutes=1)
    ec2.terminate_instances(InstanceIds=[key])
    lab.advance(minutes=5)
    lab.rewind(to=at)
    assert only(ec2, key)["State"]["Name"] == "running"
