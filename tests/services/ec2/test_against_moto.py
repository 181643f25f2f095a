"""moto as a second opinion on plain EC2 behavior: the same calls, the same codes and the same shape of answers."""

from __future__ import annotations

import importlib.util

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is not installed")


@pytest.fixture(scope="module")
def theirs():
    """One for all tests here: moto's EC2 takes seconds to begin."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        yield boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def code(call, **params):
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


FLOW_LOG = {"ResourceIds": ["vpc-0123456789abcdef0"], "ResourceType": "VPC", "TrafficType": "ALL"}
REFUSED = [
    ("create_vpc", {"CidrBlock": "10.0.0.0/8"}),
    ("create_subnet", {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.0.0/24"}),
    ("describe_vpcs", {"VpcIds": ["vpc-0123456789abcdef0"]}),
    ("describe_subnets", {"SubnetIds": ["subnet-0123456789abcdef0"]}),
    ("describe_instances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ("terminate_instances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ("describe_route_tables", {"RouteTableIds": ["rtb-0123456789abcdef0"]}),
    ("describe_internet_gateways", {"InternetGatewayIds": ["igw-0123456789abcdef0"]}),
    ("describe_security_groups", {"GroupIds": ["sg-0123456789abcdef0"]}),
    ("release_address", {"AllocationId": "eipalloc-0123456789abcdef0"}),
    ("delete_security_group", {"GroupId": "sg-0123456789abcdef0"}),
    ("create_flow_logs", FLOW_LOG),
    ("create_flow_logs", FLOW_LOG | {"LogGroupName": "flows", "LogDestinationType": "cloud-watch-logs"}),
    ("create_flow_logs", FLOW_LOG | {"LogGroupName": "flows", "MaxAggregationInterval": 300}),
]


@pytest.mark.parametrize(("name", "params"), REFUSED, ids=[name for name, _ in REFUSED])
def test_the_same_refusals(ec2, theirs, name, params):
    mine = code(getattr(ec2, name), **params)
    assert mine is not None
    assert mine == code(getattr(theirs, name), **params)


def build(client):
    """A VPC with a public and a private subnet, told without its ids."""
    vpc = client.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    public = client.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZone="us-east-1a")["Subnet"]
    client.create_subnet(VpcId=vpc, CidrBlock="10.1.2.0/24", AvailabilityZone="us-east-1b")
    gateway = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = client.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    client.associate_route_table(RouteTableId=table, SubnetId=public["SubnetId"])
    client.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    group = client.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    tables = client.describe_route_tables(Filters=mine)["RouteTables"]
    groups = client.describe_security_groups(Filters=mine)["SecurityGroups"]
    acls = client.describe_network_acls(Filters=mine)["NetworkAcls"]
    subnets = client.describe_subnets(Filters=mine)["Subnets"]
    return {
        "subnets": sorted(
            (s["CidrBlock"], s["AvailabilityZone"], s["AvailableIpAddressCount"]) for s in subnets
        ),
        "routes": sorted(
            sorted((r["DestinationCidrBlock"], r["GatewayId"].split("-")[0], r["State"]) for r in t["Routes"])
            for t in tables
        ),
        "groups": sorted(
            (g["GroupName"], [p["IpProtocol"] for p in g["IpPermissionsEgress"]])
            for g in groups  # what comes in is left out: moto's default group lacks the rule for its own members
        ),
        "entries": sorted(
            (e["RuleNumber"], e["Egress"], e["RuleAction"]) for a in acls for e in a["Entries"]
        ),
    }


def test_the_same_network(ec2, theirs):
    assert build(ec2) == build(theirs)
