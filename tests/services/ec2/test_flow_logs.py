"""Flow logs: what is written, when, by whose permission; and that it is what came and what the filters said of it."""

from __future__ import annotations

import json
from collections import Counter
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import BadInput, Lab, NotModelled
from cwlab.services.ec2.flow_logs import fields
from cwlab.services.ec2.flow_logs.records import Window
from cwlab.shop.flows import trust

AMAZON_LINUX = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
CUSTOMER, STRANGER, SERVER = "203.0.113.12", "198.51.100.7", "192.0.2.80"
GROUP = "flows"
PUT_LOGS = "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess"


class World(NamedTuple):
    """A web machine in the default VPC that lets port 80 in, a role for flow logs, and the clients."""

    lab: Lab
    ec2: Any
    logs: Any
    iam: Any
    instance: str
    nic: str
    ip: str
    vpc: str
    subnet: str
    group: str
    role: str

    def create(self, **params: Any) -> str:
        usual = {
            "ResourceIds": [self.vpc],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": GROUP,
            "DeliverLogsPermissionArn": self.role,
        }
        log_id: str = self.ec2.create_flow_logs(**usual | params)["FlowLogIds"][0]
        return log_id

    def send(self, *flows: tuple[Any, ...]) -> None:
        """Flows whose first value is in seconds from now."""
        self.lab.act("ec2", "traffic", flows=[(self.ms + round(1_000 * at), *rest) for at, *rest in flows])

    @property
    def ms(self) -> int:
        return round(self.lab.now.timestamp() * 1_000)

    @property
    def s(self) -> int:
        return self.ms // 1_000

    def events(self, stream: str | None = None, group: str = GROUP) -> list[dict[str, Any]]:
        stream = stream or f"{self.nic}-all"
        found: list[dict[str, Any]] = self.logs.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True
        )["events"]
        return found

    def records(self, stream: str | None = None, group: str = GROUP) -> list[list[str]]:
        return [each["message"].split(" ") for each in self.events(stream, group)]

    def seen(self, stream: str | None = None) -> list[tuple[str, str, str]]:
        """Source, destination and action of each record of traffic."""
        return [(r[3], r[4], r[12]) for r in self.records(stream) if r[13] == "OK"]

    def acl(self) -> str:
        found = self.ec2.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [self.subnet]}]
        )
        acl_id: str = found["NetworkAcls"][0]["NetworkAclId"]
        return acl_id

    def log(self) -> dict[str, Any]:
        (found,) = self.ec2.describe_flow_logs()["FlowLogs"]
        return dict(found)


def clients(lab: Lab, old: World) -> World:
    return old._replace(lab=lab, ec2=lab.client("ec2"), logs=lab.client("logs"), iam=lab.client("iam"))


def opened(port: int, cidr: str = "0.0.0.0/0", protocol: str = "tcp") -> dict[str, Any]:
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}


@pytest.fixture(scope="module")
def prepared() -> World:
    lab = Lab()
    ec2, iam = lab.client("ec2"), lab.client("iam")
    role = iam.create_role(RoleName="flows", AssumeRolePolicyDocument=json.dumps(trust(lab)))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="flows", PolicyArn=PUT_LOGS)
    made = ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1)["Instances"][0]
    group = made["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[opened(80)])
    lab.advance(minutes=2)
    return World(
        lab,
        ec2,
        lab.client("logs"),
        iam,
        made["InstanceId"],
        made["NetworkInterfaces"][0]["NetworkInterfaceId"],
        made["PrivateIpAddress"],
        made["VpcId"],
        made["SubnetId"],
        group,
        role,
    )


@pytest.fixture
def world(prepared: World) -> World:
    return clients(prepared.lab.fork(), prepared)


def request(
    world: World, at: float = 1, source: str = CUSTOMER, port: int = 40_000, to: int = 80
) -> tuple[Any, ...]:
    return (at, source, port, world.instance, to, "tcp", 10, 2_000, 24, 30_000)


# The story -----------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("L08")
def test_what_passes_a_vpc_and_what_does_not_comes_to_a_log_group(world):
    world.create()
    start = world.s
    world.send(request(world), request(world, 2, STRANGER, 40_001, 22))
    world.lab.advance(seconds=359)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.events()  # the group is made when there is something to write
    world.lab.advance(seconds=1)
    first, second, third = world.events()
    usual = f"2 123456789012 {world.nic}"
    assert (
        first["message"]
        == f"{usual} {CUSTOMER} {world.ip} 40000 80 6 10 2000 {start + 1} {start + 1} ACCEPT OK"
    )
    assert (
        second["message"]
        == f"{usual} {world.ip} {CUSTOMER} 80 40000 6 24 30000 {start + 1} {start + 1} ACCEPT OK"
    )
    assert (
        third["message"]
        == f"{usual} {STRANGER} {world.ip} 40001 22 6 4 240 {start + 2} {start + 2} REJECT OK"
    )
    assert [each["timestamp"] // 1_000 for each in (first, second, third)] == [
        start + 1,
        start + 1,
        start + 2,
    ]
    assert {each["ingestionTime"] // 1_000 for each in (first, second, third)} == {start + 360}
    assert world.log()["DeliverLogsStatus"] == "SUCCESS"


@pytest.mark.syllabus("L08")
def test_rejects_can_be_counted_by_a_metric_filter(world):
    """The pattern AWS documents for SSH attempts that were turned away."""
    world.create()
    world.logs.create_log_group(logGroupName=GROUP)
    pattern = (
        '[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, '
        'windowend, action="REJECT", flowlogstatus]'
    )
    counted = {"metricName": "SSH", "metricNamespace": "Net", "metricValue": "1"}
    world.logs.put_metric_filter(
        logGroupName=GROUP, filterName="ssh", filterPattern=pattern, metricTransformations=[counted]
    )
    world.send(*(request(world, 1 + n, STRANGER, 40_000 + n, 22) for n in range(7)), request(world, 3))
    world.lab.advance(minutes=10)
    found = world.lab.client("cloudwatch").get_metric_statistics(
        Namespace="Net", MetricName="SSH", StartTime=world.lab.now.replace(minute=0), EndTime=world.lab.now.replace(hour=10, minute=0),
        Period=3600, Statistics=["Sum"],
    )["Datapoints"]  # fmt: skip
    assert [each["Sum"] for each in found] == [7.0]


@pytest.mark.syllabus("L08")
def test_insights_knows_the_fields_of_a_flow_log(world):
    world.create()
    world.send(
        *(request(world, 1 + n, CUSTOMER, 40_000 + n) for n in range(3)), request(world, 5, STRANGER, 9, 22)
    )
    world.lab.advance(minutes=10)

    def ask(text: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in world.lab.query(GROUP, text).itertuples(index=False)]

    by = "stats sum(packets) as packetsTransferred by srcAddr, dstAddr | sort packetsTransferred desc | limit 15"
    rows = [(a, b, float(n)) for a, b, n in ask(by)]
    assert rows == [(world.ip, CUSTOMER, 72.0), (CUSTOMER, world.ip, 30.0), (STRANGER, world.ip, 4.0)]
    rows = ask('filter action="REJECT" | fields srcAddr, dstPort, protocol, logStatus, interfaceId | limit 5')
    assert [tuple(map(str, row[:5])) for row in rows] == [(STRANGER, "22", "6", "OK", world.nic)]
    subnet = 'filter isIpv4InSubnet(srcAddr, "203.0.113.0/24") | stats sum(bytes) as n by dstAddr'
    assert [(a, float(n)) for a, n in ask(subnet)] == [(world.ip, 6_000.0)]
    assert [float(n) for (n,) in ask('filter logStatus="NODATA" | stats count(*) as n')] in ([], [0.0])


# Records ---------------------------------------------------------------------------------------------------------------


def written(text: str, row: tuple[Any, ...], **window: Any) -> str:
    usual = {
        "flow_log_id": "fl-0",
        "interface_id": "eni-1235b8ca123456789",
        "start_s": 1418530010,
        "interval_s": 60,
    }
    usual |= {
        "vpc_id": "vpc-abcdefab012345678",
        "subnet_id": "subnet-aaaaaaaa012345678",
        "zone_id": "apse2-az3",
    }
    usual |= {"instance_id": "i-01234567890123456", "rows": (row,)}
    at = Window(**usual | window)
    ((_, line),) = fields.lines(fields.parse(text), at, "123456789010", "ap-southeast-2")
    return line


DOCUMENTED = [
    "172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
    "172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
    "203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
    "172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
]


@pytest.mark.parametrize("sample", DOCUMENTED)
def test_the_documented_records(sample):
    """VPC User Guide, "Flow log record examples"."""
    src, dst, sport, dport, protocol, packets, size, start, end, action, _ = sample.split(" ")
    row = (
        src,
        int(sport),
        dst,
        int(dport),
        int(protocol),
        action,
        "ingress",
        *map(int, (packets, size, start, end, 0)),
    )
    assert written(fields.DEFAULT, row) == f"2 123456789010 eni-1235b8ca123456789 {sample}"


def test_the_documented_record_with_tcp_flags():
    names = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr "
    names += "pkt-dstaddr protocol bytes packets start end action tcp-flags log-status"
    row = (
        "52.213.180.42",
        43416,
        "10.0.0.62",
        5001,
        6,
        "ACCEPT",
        "ingress",
        8,
        568,
        1566848875,
        1566848933,
        2,
    )
    assert written(" ".join(f"${{{name}}}" for name in names.split()), row) == (
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 "
        "52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK"
    )


def test_a_window_without_traffic():
    at = Window("fl-0", "eni-1235b8ca123456789", 1431280876, 59, "vpc-1", "subnet-1", "use1-az1", "-", ())
    line = fields.no_data(fields.parse(fields.DEFAULT), at, "123456789010", "us-east-1")
    assert line == "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"


def test_every_field_is_modeled_or_refused_by_name():
    """The table of the user guide, versions 2 to 10."""
    assert len(fields.FIELDS) + len(fields.UNMODELED) == 42
    assert not fields.UNMODELED.intersection(fields.FIELDS)
    for name in fields.UNMODELED:
        with pytest.raises(NotModelled, match=name):
            fields.parse(f"${{srcaddr}} ${{{name}}}")


@pytest.mark.parametrize(
    "text", ["", " ", "srcaddr", "${srcaddr}  ${dstaddr}", "${srcaddr},${dstaddr}", "${no}", "${}"]
)
def test_a_format_that_is_none(world, refused, text):
    if text:
        code, _ = refused(world.create, LogFormat=text)
        assert code == "InvalidParameter"
    else:
        world.create(LogFormat=text)  # as if it were not there
        assert world.log()["LogFormat"] == fields.DEFAULT


def test_a_format_of_ones_own(world):
    names = (
        "version",
        "interface-id",
        "instance-id",
        "az-id",
        "region",
        "flow-direction",
        "tcp-flags",
        "dstport",
        "action",
    )
    world.create(LogFormat=" ".join(f"${{{name}}}" for name in names))
    world.send(request(world), request(world, 2, STRANGER, 40_001, 22))
    world.lab.advance(minutes=20)
    lines = [each["message"] for each in world.events()]
    zone = world.ec2.describe_subnets(SubnetIds=[world.subnet])["Subnets"][0]["AvailabilityZoneId"]
    usual = f"5 {world.nic} {world.instance} {zone} us-east-1"
    assert lines[:3] == [
        f"{usual} ingress 3 80 ACCEPT",
        f"{usual} egress 19 40000 ACCEPT",
        f"{usual} ingress 2 22 REJECT",
    ]
    assert set(lines[3:]) == {f"{usual} - - - -"}


# Windows ---------------------------------------------------------------------------------------------------------------


def test_packets_of_a_window_are_one_record(world):
    world.create()
    start = world.s
    world.send(request(world, 1), request(world, 50, port=40_000), request(world, 61))
    world.lab.advance(minutes=8)
    inbound = [r for r in world.records() if r[3] == CUSTOMER]
    assert [(r[8], r[10], r[11]) for r in inbound] == [
        ("20", str(start + 1), str(start + 50)),
        ("10", str(start + 61), str(start + 61)),
    ]


def test_a_window_of_ten_minutes_off_nitro(world):
    made = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, InstanceType="m3.medium")
    nic = made["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
    world.lab.advance(minutes=10 - world.lab.now.minute % 10)
    world.create(MaxAggregationInterval=600)
    to = made["Instances"][0]["InstanceId"]
    world.send(
        *((at, CUSTOMER, 40_000, to, 80, "tcp", 10, 2_000, 24, 30_000) for at in (5, 400, 601)),
        request(world, 5),
    )
    start = world.s
    world.lab.advance(seconds=899)
    assert len(world.records()) == 2  # Nitro: a minute, whatever is set
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.events(f"{nic}-all")
    world.lab.advance(seconds=1)
    assert [r[8] for r in world.records(f"{nic}-all")] == ["20", "48"]
    world.lab.advance(minutes=10)
    assert [r[10] for r in world.records(f"{nic}-all")] == [
        str(start + 5),
        str(start + 5),
        str(start + 601),
        str(start + 601),
    ]


def test_after_its_first_traffic_an_interface_is_told_of_each_minute(world):
    world.create()
    start = world.s
    world.lab.advance(minutes=30)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.events()
    world.send(request(world), request(world, 240))
    world.lab.advance(minutes=40)
    records = world.records()
    windows = [int(r[10]) // 60 * 60 for r in records]
    assert windows == sorted(windows)
    assert set(windows) == set(range(start + 1_800, start + 1_800 + 60 * len(set(windows)), 60))
    assert {r[13] for r in records if int(r[10]) < start + 2_040} == {"OK", "NODATA"}
    idle = [r for r in records if r[13] == "NODATA"]
    assert len(idle) == len(set(windows)) - 2
    assert {(*r[3:10], r[12]) for r in idle} == {("-",) * 8}
    assert all(int(r[11]) - int(r[10]) == 59 and int(r[10]) % 60 == 0 for r in idle)
    late = [
        each["ingestionTime"] - each["timestamp"] for each in world.events() if "NODATA" in each["message"]
    ]
    assert max(late) <= (300 + 600 + 60) * 1_000


def test_a_reject_log_has_rejects_only_and_a_stream_of_its_own(world):
    world.create(TrafficType="REJECT")
    world.create(TrafficType="ACCEPT", LogGroupName="accepted")
    world.send(request(world), request(world, 2, STRANGER, 1, 22))
    world.send(*(request(world, 60 + n) for n in range(0, 1_200, 60)))
    world.lab.advance(minutes=20)
    (only,) = world.records(f"{world.nic}-reject")  # no NODATA: there was traffic, none of it was rejected
    assert only[12] == "REJECT"
    assert {r[12] for r in world.records(f"{world.nic}-accept", "accepted")} == {"ACCEPT"}


@pytest.mark.parametrize("kind", ["Subnet", "NetworkInterface"])
def test_a_subnet_and_an_interface(world, kind):
    other = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, SubnetId=world.subnet)[
        "Instances"
    ][0]
    world.create(ResourceType=kind, ResourceIds=[world.subnet if kind == "Subnet" else world.nic])
    world.lab.advance(minutes=2)
    world.send(request(world), (1, CUSTOMER, 1, other["InstanceId"], 80, "tcp", 1, 60, 1, 60))
    world.lab.advance(minutes=10)
    streams = world.logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    expected = {f"{world.nic}-all"}
    if kind == "Subnet":  # also interfaces made later
        expected.add(f"{other['NetworkInterfaces'][0]['NetworkInterfaceId']}-all")
    assert {each["logStreamName"] for each in streams} == expected


# What the filters say --------------------------------------------------------------------------------------------------


def entry(
    world: World, acl: str, number: int, egress: bool, allow: bool, low: int = 0, high: int = 65_535
) -> None:
    world.ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=number, Protocol="6", RuleAction="allow" if allow else "deny", Egress=egress,
        CidrBlock="0.0.0.0/0", PortRange={"From": low, "To": high},
    )  # fmt: skip


def test_an_acl_that_stops_the_answer_leaves_an_accept_and_a_reject(world):
    world.create()
    entry(world, world.acl(), 50, True, False, 32_768, 60_999)
    world.send(request(world))
    world.lab.advance(minutes=10)
    assert world.seen() == [(CUSTOMER, world.ip, "ACCEPT"), (world.ip, CUSTOMER, "REJECT")]
    assert [r[8] for r in world.records()[:2]] == ["4", "4"]  # SYN and SYN-ACK, again and again


def test_a_ping_that_the_acl_does_not_let_answer(world):
    """The documented case: security group and ACL let ICMP in, the ACL does not let it out."""
    world.create()
    ping = opened(8, protocol="icmp") | {"ToPort": -1}
    world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[ping])
    icmp = {"NetworkAclId": world.acl(), "RuleNumber": 50, "Protocol": "1", "CidrBlock": "0.0.0.0/0"}
    icmp |= {"RuleAction": "deny", "Egress": True, "IcmpTypeCode": {"Type": 0, "Code": -1}}
    world.ec2.create_network_acl_entry(**icmp)
    world.send((1, CUSTOMER, 0, world.instance, 0, "icmp", 4, 336, 4, 336))
    world.lab.advance(minutes=10)
    assert world.seen() == [(CUSTOMER, world.ip, "ACCEPT"), (world.ip, CUSTOMER, "REJECT")]
    assert [r[5:10] for r in world.records()[:2]] == [["0", "0", "1", "4", "336"]] * 2


def test_rules_count_that_stood_when_the_packets_came(world):
    world.create()
    world.send(
        request(world, 1, STRANGER, 1_001, 22),
        request(world, 11, STRANGER, 1_002, 22),
        request(world, 21, STRANGER, 1_003, 22),
    )
    world.lab.advance(seconds=10)
    world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[opened(22)])
    world.lab.advance(seconds=10)
    world.ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=[opened(22)])
    world.lab.advance(minutes=10)
    assert [(r[5], r[12]) for r in world.records() if r[3] == STRANGER] == [
        ("1001", "REJECT"),
        ("1002", "ACCEPT"),
        ("1003", "REJECT"),
    ]


def test_a_security_group_remembers_what_it_let_through_and_an_acl_does_not(world):
    world.create()
    start = world.s
    names = "${srcport} ${packets} ${start} ${action} ${tcp-flags} ${flow-direction} ${log-status}"
    world.create(LogGroupName="short", LogFormat=names)
    world.send((0, CUSTOMER, 40_000, world.instance, 80, "tcp", 100, 10_000, 100, 10_000, 299))
    world.lab.advance(seconds=90)
    world.ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=[opened(80)])
    world.lab.advance(seconds=120)
    entry(world, world.acl(), 50, False, False)
    world.lab.advance(minutes=10)
    found = [r for r in world.records(group="short") if r[6] == "OK" and r[5] == "ingress"]
    assert [r[3] for r in found] == ["ACCEPT", "ACCEPT", "ACCEPT", "ACCEPT", "REJECT"]
    assert [r[4] for r in found[:4]] == ["2", "0", "0", "0"]
    assert sum(int(r[1]) for r in found) == 100
    assert [int(r[2]) for r in found] == [start + 60 * n for n in range(5)]


def test_a_long_connection_opens_in_its_first_window_and_closes_in_its_last(world):
    """VPC User Guide: 3 and 19 within a window; 2 and 18, 0, then 1 over several."""
    world.create(LogFormat="${srcport} ${packets} ${bytes} ${tcp-flags} ${log-status}")
    world.send((10, CUSTOMER, 40_000, world.instance, 80, "tcp", 31, 1_000, 17, 5_000, 140))
    world.lab.advance(minutes=10)
    there = [r for r in world.records() if r[0] == "40000"]
    back = [r for r in world.records() if r[0] == "80"]
    assert [r[3] for r in there] == ["2", "0", "1"]
    assert [r[3] for r in back] == ["18", "0", "1"]
    assert sum(int(r[1]) for r in there) == 31 and sum(int(r[2]) for r in there) == 1_000
    assert sum(int(r[1]) for r in back) == 17 and sum(int(r[2]) for r in back) == 5_000


def test_between_two_machines_each_interface_has_its_records(world):
    subnets = world.ec2.describe_subnets()["Subnets"]
    far = next(each["SubnetId"] for each in subnets if each["SubnetId"] != world.subnet)
    other = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, SubnetId=far)["Instances"][
        0
    ]
    there, ip = f"{other['NetworkInterfaces'][0]['NetworkInterfaceId']}-all", other["PrivateIpAddress"]
    world.create()
    world.lab.advance(minutes=2)
    world.send((1, world.instance, 40_000, other["InstanceId"], 443, "tcp", 5, 500, 5, 500))
    world.lab.advance(minutes=10)
    pair = [(world.ip, ip, "ACCEPT"), (ip, world.ip, "ACCEPT")]  # one group lets its members talk
    assert world.seen() == pair
    assert world.seen(there) == pair
    world.ec2.revoke_security_group_egress(
        GroupId=world.group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    world.send((1, world.instance, 40_001, other["InstanceId"], 443, "tcp", 5, 500, 5, 500))
    world.lab.advance(minutes=10)
    assert world.seen()[2:] == [(world.ip, ip, "REJECT")]
    assert world.seen(there) == pair  # what was stopped at the sender never came


def test_without_a_public_address_nothing_comes_and_nothing_comes_back(world):
    vpc = world.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = world.ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    made = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, SubnetId=subnet)[
        "Instances"
    ][0]
    group = made["SecurityGroups"][0]["GroupId"]
    world.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[opened(80)])
    world.lab.advance(minutes=2)
    world.create(ResourceIds=[vpc])
    inside, ip = made["InstanceId"], made["PrivateIpAddress"]
    world.send(
        (1, CUSTOMER, 1, inside, 80, "tcp", 9, 900, 9, 900),
        (2, inside, 40_000, SERVER, 443, "tcp", 9, 900, 9, 900),
    )
    world.lab.advance(minutes=10)
    stream = f"{made['NetworkInterfaces'][0]['NetworkInterfaceId']}-all"
    assert world.seen(stream) == [(ip, SERVER, "ACCEPT")]  # no route: not a reject, and no answer


NEVER = [
    ("169.254.169.254", 80, "tcp"),  # instance metadata
    ("169.254.169.123", 123, "udp"),  # Amazon Time Sync
    ("169.254.169.250", 1688, "tcp"),  # Windows license activation
    ("169.254.169.251", 1688, "tcp"),
    ("169.254.169.253", 53, "udp"),  # Amazon DNS
    ("172.31.0.2", 53, "udp"),  # Amazon DNS, at the VPC's address
    ("172.31.0.1", 443, "tcp"),  # the router
]


def test_what_is_never_logged(world):
    world.create()
    flows = [
        (1 + n, world.instance, 40_000, to, port, kind, 5, 500, 5, 500)
        for n, (to, port, kind) in enumerate(NEVER)
    ]
    dhcp = [
        (20, world.instance, 68, "255.255.255.255", 67, "udp", 1, 300, 0, 0),
        (21, "172.31.0.1", 67, world.nic, 68, 17, 1, 300, 0, 0),
    ]
    own_dns = (30, world.instance, 40_000, "192.0.2.53", 53, "udp", 1, 60, 1, 120)
    world.send(*flows, *dhcp, own_dns)
    world.lab.advance(minutes=10)
    assert world.seen() == [(world.ip, "192.0.2.53", "ACCEPT"), ("192.0.2.53", world.ip, "ACCEPT")]


def test_a_machine_that_does_not_run_sends_and_answers_nothing(world):
    world.create()
    world.send(
        request(world, 1, port=1_001), request(world, 300, port=1_002), request(world, 301, STRANGER, 1, 22)
    )
    world.lab.advance(minutes=1)
    world.ec2.terminate_instances(InstanceIds=[world.instance])
    world.lab.advance(minutes=60)
    assert world.seen() == [(CUSTOMER, world.ip, "ACCEPT"), (world.ip, CUSTOMER, "ACCEPT")]
    gone = [r for r in world.records() if r[13] == "NODATA"]
    assert not gone  # an interface that is gone has no windows


# Whose permission ------------------------------------------------------------------------------------------------------


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


# The operations ----------------------------------------------------------------------------------------------------------


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
    with pytest.raises(NotModelled, match="IPv6"):
        world.send((1, "2001:db8::1", *GOOD[1:]))


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


# The law -----------------------------------------------------------------------------------------------------------------

PEERS = (CUSTOMER, "203.0.113.200", STRANGER, "192.0.2.9")
PORTS = (22, 53, 80, 443)
RANGES = ("0.0.0.0/0", "203.0.113.0/24", "198.51.100.7/32")
groups_of = st.lists(
    st.tuples(
        st.booleans(), st.sampled_from(["tcp", "udp", "-1"]), st.sampled_from(PORTS), st.sampled_from(RANGES)
    ),
    max_size=4,
    unique=True,
)
acls = st.lists(
    st.tuples(
        st.booleans(),
        st.booleans(),
        st.sampled_from(["6", "17", "-1"]),
        st.sampled_from([(0, 65_535), (22, 80), (1_024, 65_535), (40_000, 40_009), (443, 443)]),
        st.sampled_from(RANGES),
    ),
    max_size=6,
)
flows_of = st.lists(
    st.tuples(
        st.floats(0, 600),
        st.booleans(),
        st.sampled_from(PEERS),
        st.integers(40_000, 40_019),
        st.sampled_from(PORTS),
        st.sampled_from(["tcp", "udp"]),
        st.integers(1, 40),
        st.integers(0, 40),
        st.sampled_from([0, 0, 1, 100.5]),
    ),
    min_size=1,
    max_size=12,
)
NUMBERS = {"tcp": "6", "udp": "17"}


def group_allows(rules: list[Any], egress: bool, peer: str, port: int, protocol: str) -> bool:
    return any(
        way == egress
        and kind in ("-1", protocol)
        and (kind == "-1" or own == port)
        and ip_address(peer) in ip_network(cidr)
        for way, kind, own, cidr in rules
    )


def acl_allows(entries: list[Any], egress: bool, peer: str, port: int, protocol: str) -> bool:
    for way, allow, kind, (low, high), cidr in entries:
        fits = kind == "-1" or (kind == NUMBERS[protocol] and low <= port <= high)
        if way == egress and fits and ip_address(peer) in ip_network(cidr):
            return bool(allow)
    return False


def expected(world: World, rules: list[Any], entries: list[Any], flow: Any) -> dict[tuple[str, ...], int]:
    """The records of a flow, as the user guide's table of cases has them: five-tuple and action, with packets."""
    _, outward, peer, client, port, protocol, packets, back, _lasts = flow
    there, home = (world.ip, peer) if outward else (peer, world.ip)
    number = NUMBERS[protocol]
    passes = group_allows(rules, outward, peer, port, protocol) and acl_allows(
        entries, outward, peer, port, protocol
    )
    answers = passes and acl_allows(entries, not outward, peer, client, protocol)
    if protocol == "tcp" and not answers:
        packets, back = min(packets, 4), min(back, 4)
    found = {(there, home, str(client), str(port), number, "ACCEPT" if passes else "REJECT"): packets}
    if passes and back:
        found[home, there, str(port), str(client), number, "ACCEPT" if answers else "REJECT"] = back
    return found


@pytest.fixture(scope="module")
def bare(prepared: World) -> World:
    """No rules at all, and a flow log."""
    world = clients(prepared.lab.fork(), prepared)
    found = world.ec2.describe_security_groups(GroupIds=[world.group])["SecurityGroups"][0]
    world.ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=found["IpPermissions"])
    world.ec2.revoke_security_group_egress(GroupId=world.group, IpPermissions=found["IpPermissionsEgress"])
    for egress in (True, False):
        world.ec2.delete_network_acl_entry(NetworkAclId=world.acl(), RuleNumber=100, Egress=egress)
    world.create()
    return world


@settings(max_examples=25)
@given(rules=groups_of, entries=acls, flows=flows_of)
def test_what_was_sent_is_what_is_counted_and_the_filters_say_how(bare, rules, entries, flows):
    flows = [
        (*each[:8], each[8] if each[5] == "udp" else 0) for each in flows
    ]  # a lasting TCP connection has a test of its own
    world = clients(bare.lab.fork(), bare)
    acl = world.acl()
    for egress, protocol, port, cidr in rules:
        asked = (
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": cidr}]}
            if protocol == "-1"
            else opened(port, cidr, protocol)
        )
        add = (
            world.ec2.authorize_security_group_egress
            if egress
            else world.ec2.authorize_security_group_ingress
        )
        try:
            add(GroupId=world.group, IpPermissions=[asked])
        except ClientError as problem:  # -1 twice
            assert problem.response["Error"]["Code"] == "InvalidPermission.Duplicate"
    for number, (egress, allow, protocol, (low, high), cidr) in enumerate(entries, 1):
        ports = {} if protocol == "-1" else {"PortRange": {"From": low, "To": high}}
        world.ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=number, Protocol=protocol, RuleAction="allow" if allow else "deny", Egress=egress,
            CidrBlock=cidr, **ports,
        )  # fmt: skip
    start, totals = world.s, Counter()
    for flow in flows:
        totals.update(expected(world, rules, entries, flow))
    world.send(
        *(
            (at, world.nic, client, peer, port, kind, n, 100 * n, back, 70 * back, lasts)
            if outward
            else (at, peer, client, world.nic, port, kind, n, 100 * n, back, 70 * back, lasts)
            for at, outward, peer, client, port, kind, n, back, lasts in flows
        )
    )
    world.lab.advance(minutes=20)
    counted: Counter[tuple[str, ...]] = Counter()
    keys = set()
    for r, event in zip(world.records(), world.events(), strict=True):
        if r[13] == "NODATA":
            continue
        first, last = int(r[10]), int(r[11])
        assert start <= first <= last and first // 60 == last // 60
        assert event["timestamp"] == first * 1_000
        assert event["ingestionTime"] == (first // 60 * 60 + 360) * 1_000
        counted[r[3], r[4], r[5], r[6], r[7], r[12]] += int(r[8])
        key = (*r[3:8], r[12], first // 60)
        assert key not in keys, "one record for a five-tuple and action in each window"
        keys.add(key)
    assert counted == totals
