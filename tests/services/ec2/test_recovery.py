"""Alarm actions on an instance: stop, terminate, reboot, recover; set off by alarms, proven through boto3."""

from __future__ import annotations

import pytest

from cwlab.api import Request, service_principal


def only(ec2, key):
    return ec2.describe_instances(InstanceIds=[key])["Reservations"][0]["Instances"][0]


def status(ec2, key):
    return ec2.describe_instance_status(InstanceIds=[key])["InstanceStatuses"][0]


def alarm(lab, key, action, metric="StatusCheckFailed_System"):
    lab.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{key} {action}",
        Namespace="AWS/EC2",
        MetricName=metric,
        Dimensions=[{"Name": "InstanceId", "Value": key}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=2,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[f"arn:aws:automate:us-east-1:ec2:{action}"],
    )


def history(lab):
    items = lab.client("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    return [each["HistorySummary"] for each in items]


def test_an_alarm_recovers_an_instance_with_all_it_was(lab, ec2, launch):
    key = launch()
    address = ec2.allocate_address()
    lab.advance(minutes=5)
    ec2.associate_address(InstanceId=key, AllocationId=address["AllocationId"])
    before = only(ec2, key)
    alarm(lab, key, "recover")
    lab.advance(minutes=5)
    lab.host(key).impair("system", minutes=600)
    lab.advance(minutes=2)
    assert status(ec2, key)["SystemStatus"]["Status"] == "impaired"
    lab.advance(minutes=5)
    assert status(ec2, key)["SystemStatus"]["Status"] == "ok"
    assert only(ec2, key) == before and before["PublicIpAddress"] == address["PublicIp"]
    assert any("Recover" in each and "completed successfully" in each for each in history(lab))


@pytest.mark.parametrize(("action", "state"), [("stop", "stopped"), ("terminate", "terminated")])
def test_an_alarm_stops_or_terminates(lab, ec2, launch, action, state):
    key = launch()
    lab.advance(minutes=5)
    alarm(lab, key, action, "StatusCheckFailed")
    lab.host(key).impair("instance", minutes=600)
    lab.advance(minutes=6)
    assert only(ec2, key)["State"]["Name"] == state


def test_an_alarm_reboots_and_the_instance_check_passes_again(lab, ec2, launch):
    key = launch()
    lab.advance(minutes=5)
    alarm(lab, key, "reboot", "StatusCheckFailed_Instance")
    lab.host(key).impair("instance", minutes=600)
    lab.advance(minutes=2)
    assert status(ec2, key)["InstanceStatus"]["Status"] == "impaired"
    lab.advance(minutes=4)
    assert (
        status(ec2, key)["InstanceStatus"]["Status"] == "ok" and only(ec2, key)["State"]["Name"] == "running"
    )


def test_protection_from_termination_holds_against_an_alarm(lab, ec2, launch):
    key = launch()
    lab.advance(minutes=5)
    ec2.modify_instance_attribute(InstanceId=key, DisableApiTermination={"Value": True})
    alarm(lab, key, "terminate", "StatusCheckFailed")
    lab.host(key).impair("instance", minutes=600)
    lab.advance(minutes=6)
    assert only(ec2, key)["State"]["Name"] == "running"
    assert any(
        "Failed to execute action" in each and "disableApiTermination" in each for each in history(lab)
    )


@pytest.mark.parametrize("operation", ["StopInstances", "RebootInstances", "TerminateInstances"])
def test_a_service_may_act_on_instances(lab, ec2, launch, operation):
    key = launch()
    lab.advance(minutes=1)
    principal = service_principal("events.amazonaws.com")
    lab.world.door(Request("ec2", operation, {"InstanceIds": [key]}, principal, lab.account, lab.region))


def test_a_stop_moves_the_instance_to_other_hardware(lab, ec2, launch):
    key = launch()
    lab.advance(minutes=5)
    lab.host(key).impair("system", minutes=600)
    ec2.stop_instances(InstanceIds=[key])
    lab.advance(minutes=2)
    ec2.start_instances(InstanceIds=[key])
    lab.advance(minutes=5)
    assert status(ec2, key)["SystemStatus"]["Status"] == "ok"


def test_what_cannot_be_recovered(lab, ec2, launch):
    from cwlab.errors import AwsError

    def attempt(key, text):
        with pytest.raises(AwsError, match=text):
            lab.act("ec2", "recover", instance=key)

    attempt("i-0123456789abcdef0", "does not exist")
    key = launch()
    ec2.stop_instances(InstanceIds=[key])
    attempt(key, "it is stopping, not running")
    key = launch()
    lab.advance(minutes=5)
    attempt(key, "its system status check does not fail")
    disk = launch(InstanceType="m5d.large")
    lab.advance(minutes=5)
    lab.host(disk).impair("system", minutes=60)
    attempt(disk, "instance store volumes")
    for _ in range(3):
        lab.host(key).impair("system", minutes=60)
        lab.act("ec2", "recover", instance=key)
        lab.advance(minutes=10)
    lab.host(key).impair("system", minutes=60)
    attempt(key, "3 attempts were made within a day")


def test_an_instance_store_root_cannot_be_stopped(lab, ec2, launch, refused):
    """Source: EC2 guide, "Stop and start Amazon EC2 instances"; user guide, actions to stop an instance."""
    images = ec2.describe_images(Filters=[{"Name": "root-device-type", "Values": ["instance-store"]}])[
        "Images"
    ]
    old = {"ImageId": images[0]["ImageId"]}
    asked = {**old, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    assert refused(ec2.run_instances, **asked)[0] == "InvalidParameterCombination"
    key = launch(**old, InstanceType="m3.medium")
    found = only(ec2, key)
    assert found["RootDeviceType"] == "instance-store" and found["BlockDeviceMappings"] == []
    lab.advance(minutes=5)
    alarm(lab, key, "stop", "StatusCheckFailed")
    lab.host(key).impair("instance", minutes=600)
    lab.advance(minutes=5)
    assert any("does not have an 'ebs' root device type" in each for each in history(lab))
    assert refused(ec2.stop_instances, InstanceIds=[key])[0] == "UnsupportedOperation"
    ec2.terminate_instances(InstanceIds=[key])
