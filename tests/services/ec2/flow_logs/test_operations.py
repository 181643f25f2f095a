"""CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs; flows that cannot be; the role a flow log writes with."""

from __future__ import annotations

import json

import pytest

from cwlab import BadInput, Lab, NotModelled
from cwlab.services.ec2.flow_logs import fields
from cwlab.shop.flows import trust
from tests.services.ec2.flow_logs.world import CUSTOMER, GROUP, PUT_LOGS, clients, request


def test_describe_says_what_create_was_told(world):
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
    tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Team", "Value": "net"}]}]
    log_id = world.create(LogGroupName="other", TagSpecifications=tags, MaxAggregationInterval=60)
    usual = {"ResourceType": "Subnet", "ResourceIds": [world.subnet], "TrafficType": "REJECT"}
    made = world.ec2.create_flow_logs(**usual, LogDestination=f"{arn}:*", DeliverLogsPermissionArn=world.role)
    first, second = world.ec2.describe_flow_logs()["FlowLogs"]
    assert log_id.startswith("fl-") and len(log_id) == 20
    created = first.pop("CreationTime")
    assert created == world.lab.now
    assert first == {
        "FlowLogId": log_id,
        "ResourceId": world.vpc,
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": "other",
        "LogFormat": fields.DEFAULT,
        "MaxAggregationInterval": 60,
        "DeliverLogsPermissionArn": world.role,
        "DeliverLogsStatus": "SUCCESS",
        "FlowLogStatus": "ACTIVE",
        "Tags": [{"Key": "Team", "Value": "net"}],
    }
    assert (second["LogGroupName"], second["LogDestination"], second["MaxAggregationInterval"]) == (
        GROUP,
        f"{arn}:*",
        600,
    )
    for name, value, expected in [
        ("traffic-type", "REJECT", made["FlowLogIds"]),
        ("resource-id", world.vpc, [log_id]),
        ("log-group-name", "oth*", [log_id]),
        ("flow-log-id", log_id, [log_id]),
        ("log-destination-type", "cloud-watch-logs", [log_id, *made["FlowLogIds"]]),
        ("tag:Team", "net", [log_id]),
        ("tag-key", "None", []),
    ]:
        found = world.ec2.describe_flow_logs(Filter=[{"Name": name, "Values": [value]}])["FlowLogs"]
        assert [each["FlowLogId"] for each in found] == expected, name
    page = world.ec2.describe_flow_logs(MaxResults=1)
    rest = world.ec2.describe_flow_logs(MaxResults=1, NextToken=page["NextToken"])
    assert [each["FlowLogs"][0]["FlowLogId"] for each in (page, rest)] == [log_id, *made["FlowLogIds"]]
    assert "NextToken" not in rest
    world.ec2.create_tags(Resources=[log_id], Tags=[{"Key": "Team", "Value": "web"}])
    assert world.ec2.describe_tags()["Tags"][-1]["ResourceType"] == "vpc-flow-log"


def test_a_deleted_flow_log_still_writes_what_it_saw(world):
    log_id = world.create()
    world.send(request(world, 1, port=1_001), request(world, 70, port=1_002))
    world.lab.advance(seconds=65)
    assert world.ec2.delete_flow_logs(FlowLogIds=[log_id])["Unsuccessful"] == []
    assert world.ec2.describe_flow_logs()["FlowLogs"] == []
    world.lab.advance(minutes=60)
    assert [r[5] for r in world.records() if r[3] == CUSTOMER] == ["1001"]
    assert {r[13] for r in world.records()} == {"OK"}
    assert not [each for each in world.lab.agenda(50) if "flow_logs" in str(each)]


def test_what_cannot_be_made(world, refused):
    usual = {"ResourceType": "VPC", "ResourceIds": [world.vpc], "TrafficType": "ALL"}
    whole = usual | {"LogGroupName": GROUP, "DeliverLogsPermissionArn": world.role}
    create = world.ec2.create_flow_logs
    for params, words in [
        (
            usual | {"DeliverLogsPermissionArn": world.role},
            "LogDestination can't be empty if LogGroupName is not provided.",
        ),
        (usual | {"LogGroupName": GROUP}, "DeliverLogsPermissionArn can't be empty"),
        (
            whole | {"LogDestination": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"},
            "only provide LogGroupName",
        ),
        (whole | {"LogGroupName": ""}, "Invalid LogGroupName: ''"),
        (whole | {"LogGroupName": "my flows"}, "Invalid LogGroupName: 'my flows'"),
        (whole | {"LogGroupName": "x" * 513}, "Invalid LogGroupName"),
        (whole | {"MaxAggregationInterval": 300}, "Invalid Flow Log Max Aggregation Interval"),
        (whole | {"DeliverLogsPermissionArn": "flows"}, "Invalid DeliverLogsPermissionArn"),
        ({key: whole[key] for key in whole if key != "TrafficType"}, "TrafficType can't be empty"),
        (
            usual | {"LogDestination": "arn:aws:s3:::b", "DeliverLogsPermissionArn": world.role},
            "Invalid LogDestination",
        ),
    ]:
        code, message = refused(create, **params)
        assert (code, words in message) == ("InvalidParameter", True), message
    assert refused(create, **whole, DryRun=True)[0] == "DryRunOperation"
    for params, words in [
        ({"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b"}, "s3"),
        ({"LogDestinationType": "kinesis-data-firehose"}, "kinesis-data-firehose"),
        ({"ResourceType": "TransitGateway"}, "TransitGateway"),
        ({"DestinationOptions": {"FileFormat": "parquet"}}, "DestinationOptions"),
    ]:
        with pytest.raises(NotModelled, match=words):
            create(**whole | params)
    assert world.ec2.describe_flow_logs()["FlowLogs"] == []


def test_one_resource_that_is_not_there_does_not_keep_the_others(world, refused):
    whole = {
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogGroupName": GROUP,
        "DeliverLogsPermissionArn": world.role,
    }
    none = "vpc-0123456789abcdef0"
    made = world.ec2.create_flow_logs(**whole, ResourceIds=[none, world.vpc], ClientToken="once")
    assert len(made["FlowLogIds"]) == 1
    assert [(each["ResourceId"], each["Error"]["Code"]) for each in made["Unsuccessful"]] == [
        (none, "InvalidVpcID.NotFound")
    ]
    again = world.ec2.create_flow_logs(**whole, ResourceIds=[none, world.vpc], ClientToken="once")
    assert again["FlowLogIds"] == made["FlowLogIds"] and again["ClientToken"] == "once"
    create = world.ec2.create_flow_logs
    assert (
        refused(create, **whole, ResourceIds=[world.vpc], ClientToken="once")[0]
        == "IdempotentParameterMismatch"
    )
    assert (
        refused(create, **whole | {"TrafficType": "REJECT"}, ResourceIds=[world.vpc])[0]
        == "FlowLogAlreadyExists"
    )
    gone = world.ec2.delete_flow_logs(FlowLogIds=["fl-0123456789abcdef0", *made["FlowLogIds"]])[
        "Unsuccessful"
    ]
    assert [(each["ResourceId"], each["Error"]["Code"]) for each in gone] == [
        ("fl-0123456789abcdef0", "InvalidFlowLogId.NotFound")
    ]
    assert (
        refused(world.ec2.describe_flow_logs, FlowLogIds=made["FlowLogIds"])[0] == "InvalidFlowLogId.NotFound"
    )


GOOD = (CUSTOMER, 40_000, "172.31.0.4", 80, "tcp", 10, 2_000, 24, 30_000)


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, "nobody"), (0, 7), (2, "i-0123456789abcdef0"), (1, -1), (3, 65_536), (4, "sctp"), (4, 256), (5, 0), (6, -1), (7, 1.5),
     (8, True), (4, "icmp")],
)  # fmt: skip
def test_a_flow_that_cannot_be(world, place, value):
    flow = list(GOOD)
    flow[place] = value
    with pytest.raises(BadInput):
        world.send((1, *flow))
    with pytest.raises(BadInput):
        world.send((-1, *GOOD))
    with pytest.raises(BadInput):
        world.send((1, *GOOD, 90_000))
    with pytest.raises(BadInput):
        world.send((1, *GOOD[:-1]))
    for none in ((1,), 7, "flow"):
        with pytest.raises(BadInput):
            world.lab.act("ec2", "traffic", flows=[none])
    with pytest.raises(NotModelled, match="IPv6"):
        world.send((1, "2001:db8::1", *GOOD[1:]))


def test_flows_that_last_too_long_together_are_refused_before_they_fill_the_memory(world):
    with pytest.raises(BadInput, match="more than 1000000"):
        world.send(*[(1, *GOOD, 86_400)] * 700)


def test_a_saved_lab_goes_on_where_it_was(world, tmp_path):
    world.create()
    world.send(
        (5, CUSTOMER, 40_000, world.instance, 80, "tcp", 50, 5_000, 50, 5_000, 200), request(world, 400)
    )
    world.lab.advance(seconds=90)
    world.lab.save(tmp_path / "lab.cwlab")
    later = clients(Lab.open(tmp_path / "lab.cwlab"), world)
    for each in (world, later):
        each.lab.advance(minutes=30)
    assert later.records() == world.records()
    assert len(world.records()) > 8


def test_a_role_that_may_not_write_is_an_access_error_until_it_may(world):
    world.iam.detach_role_policy(RoleName="flows", PolicyArn=PUT_LOGS)
    world.create()
    assert world.log()["DeliverLogsStatus"] == "SUCCESS"  # nothing was tried yet
    world.send(request(world), request(world, 600))
    world.lab.advance(minutes=7)
    found = world.log()
    assert (found["DeliverLogsStatus"], found["DeliverLogsErrorMessage"]) == ("FAILED", "Access error")
    failed = [{"Name": "deliver-log-status", "Values": ["FAILED"]}]
    assert len(world.ec2.describe_flow_logs(Filter=failed)["FlowLogs"]) == 1
    world.iam.attach_role_policy(RoleName="flows", PolicyArn=PUT_LOGS)
    world.lab.advance(minutes=10)
    assert world.log()["DeliverLogsStatus"] == "SUCCESS"
    assert "DeliverLogsErrorMessage" not in world.log()
    first = int(world.records()[0][10])
    assert first > found["CreationTime"].timestamp() + 30  # what was refused is lost


@pytest.mark.parametrize("why", ["another service", "another account", "another flow log", "no role"])
def test_the_role_must_trust_the_flow_logs_service_for_this_flow_log(world, why):
    document = trust(world.lab)
    statement = document["Statement"][0]
    if why == "another service":
        statement["Principal"] = {"Service": "ec2.amazonaws.com"}
    elif why == "another account":
        statement["Condition"]["StringEquals"]["aws:SourceAccount"] = "999999999999"
    elif why == "another flow log":
        statement["Condition"]["ArnLike"]["aws:SourceArn"] += "-other"
    world.iam.update_assume_role_policy(RoleName="flows", PolicyDocument=json.dumps(document))
    role = world.role.replace("role/flows", "role/none") if why == "no role" else world.role
    world.create(DeliverLogsPermissionArn=role)
    world.send(request(world))
    world.lab.advance(minutes=10)
    assert world.log()["DeliverLogsErrorMessage"] == "Access error"


@pytest.mark.parametrize(("error", "told"), [("throttling", "Rate limited"), ("outage", "Unknown error")])
def test_what_else_may_keep_it_from_writing(world, error, told):
    world.create()
    world.lab.fault("logs", "PutLogEvents", error=error, hours=1)
    world.send(request(world))
    world.lab.advance(minutes=10)
    assert world.log()["DeliverLogsErrorMessage"] == told


def test_who_makes_a_flow_log_needs_the_permission(world, refused):
    policy = {"Effect": "Allow", "Action": "ec2:DescribeFlowLogs", "Resource": "*"}
    trusted = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    arn = world.iam.create_role(RoleName="looker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    looks = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    world.iam.put_role_policy(RoleName="looker", PolicyName="looks", PolicyDocument=looks)
    looker = world.lab.client("ec2", role=arn)
    assert looker.describe_flow_logs()["FlowLogs"] == []
    code, message = refused(world._replace(ec2=looker).create)
    assert code == "UnauthorizedOperation"
    assert "ec2:CreateFlowLogs" in message
