"""The CloudWatch agent sends files: from a line on a machine to an event in a group."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from cwlab import BadInput, Lab
from tests.hosts.conftest import arrived, collecting, launched, with_profile


def streams(lab, group="app"):
    return [
        s["logStreamName"] for s in lab.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    ]


@pytest.mark.syllabus("L05", "L12")
def test_a_line_on_a_host_becomes_an_event_in_the_stream_of_that_instance(world, web):
    web.agent.start(collecting())
    web.append("/var/log/app.log", ["one", "two"])
    world.advance(seconds=5)
    assert arrived(world) == ["one", "two"]
    assert streams(world) == [web.id]
    assert web.agent.pending() == {"/var/log/app.log": 0}


@pytest.mark.syllabus("L13", "L12")
def test_a_group_holds_one_stream_for_each_instance(world, web):
    hosts = [web, launched(world, "web-2")]
    for host in hosts:
        host.agent.start(collecting("/var/log/messages", log_group_name="/var/log/messages"))
        host.append("/var/log/messages", f"from {host.name}")
    world.advance(minutes=1)
    assert streams(world, "/var/log/messages") == sorted(host.id for host in hosts)
    for host in hosts:
        assert arrived(world, "/var/log/messages", host.id) == [f"from {host.name}"]


@pytest.mark.syllabus("L05", "L07", "M05")
def test_on_premises_it_works_with_the_keys_of_an_iam_user(world):
    iam = world.client("iam")
    iam.create_user(UserName="agent")
    iam.attach_user_policy(UserName="agent", PolicyArn="arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy")
    key = iam.create_access_key(UserName="agent")["AccessKey"]["AccessKeyId"]
    rack = world.on_premises("rack-1")
    rack.append("/var/log/app.log", "before the agent")
    assert not world.client("logs").describe_log_groups()["logGroups"]
    rack.agent.start(collecting(), access_key=key)
    world.advance(minutes=1)
    assert arrived(world) == ["before the agent"]
    assert streams(world) == ["rack-1"]
    (put,) = [each for each in world.journal if each.operation == "PutLogEvents" and not each.error]
    assert put.caller.arn.endswith(":user/agent")
    assert put.source == "123456789012:rack-1"


@pytest.mark.syllabus("L07")
def test_without_credentials_nothing_arrives_and_the_log_says_why(world):
    rack = world.on_premises("rack-1")
    rack.append("/var/log/app.log", "line")
    rack.agent.start(collecting())
    world.advance(minutes=5)
    assert any("NoCredentialProviders: no valid providers in chain" in line for line in rack.agent.log())
    assert rack.agent.pending() == {"/var/log/app.log": 5}
    assert not world.client("logs").describe_log_groups()["logGroups"]


def test_without_permission_nothing_arrives_until_it_is_given():
    lab = with_profile(Lab(), policy=None)
    web = launched(lab)
    web.agent.start(collecting())
    web.append("/var/log/app.log", "line")
    lab.advance(minutes=2)
    refused = [line for line in web.agent.log() if "AccessDeniedException" in line]
    assert "is not authorized to perform: logs:PutLogEvents" in refused[0]
    assert refused[0].startswith(
        "2026-03-02T09:01:05Z E! [outputs.cloudwatchlogs] Aws error received when sending"
    )
    sleeps = [line.split("sleep ")[1].split()[0] for line in web.agent.log() if "Retried" in line]
    assert sleeps[:5] == ["200ms", "400ms", "800ms", "1.6s", "3.2s"]
    lab.client("iam").attach_role_policy(
        RoleName="CWAgent", PolicyArn="arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
    )
    lab.advance(minutes=2)
    assert arrived(lab) == ["line"]


@pytest.mark.syllabus("M09")
def test_in_a_private_subnet_it_needs_an_endpoint_and_catches_up(world):
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    db = launched(world, "db-1", SubnetId=subnet)
    db.agent.start(collecting())
    db.run("/var/log/app.log", [(30, "tick {time}")], every=60)
    world.advance(minutes=3)
    assert not world.client("logs").describe_log_groups()["logGroups"]
    text = "\n".join(db.agent.log())
    assert "RequestError: send request failed\ncaused by: Post" in text
    assert "i/o timeout" in text
    group = ec2.create_security_group(GroupName="endpoint", Description="443", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        ],
    )
    ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.logs",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=True,
    )
    world.advance(minutes=3)
    found = arrived(world)
    assert found == [f"tick 2026-03-02T09:{minute:02d}:30.000Z" for minute in range(1, 1 + len(found))]
    assert len(found) == 6
    stamps = [e["timestamp"] for e in world.client("logs").filter_log_events(logGroupName="app")["events"]]
    assert {b - a for a, b in pairwise(stamps)} == {60_000}, "stamped when they were read"


def test_the_region_of_the_configuration_counts(world, web):
    web.agent.start({**collecting(), "agent": {"region": "eu-west-1"}})
    web.append("/var/log/app.log", "x")
    world.advance(minutes=1)
    assert not world.client("logs").describe_log_groups()["logGroups"]
    assert world.client("logs", region="eu-west-1").describe_log_groups()["logGroups"]


def test_a_group_gets_its_retention_and_class(world, web):
    web.agent.start(collecting(retention_in_days=14, log_group_class="INFREQUENT_ACCESS"))
    web.append("/var/log/app.log", "x")
    world.advance(minutes=1)
    (group,) = world.client("logs").describe_log_groups()["logGroups"]
    assert (group["retentionInDays"], group["logGroupClass"]) == (14, "INFREQUENT_ACCESS")


def test_a_group_that_is_there_is_told_the_retention_once(world, web):
    logs = world.client("logs")
    logs.create_log_group(logGroupName="app")
    web.agent.start(collecting(retention_in_days=30))
    web.run("/var/log/app.log", [(1, "x")], every=30)
    world.advance(minutes=5)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 30
    assert [e.operation for e in world.journal].count("PutRetentionPolicy") == 1


def test_without_a_retention_the_group_is_left_as_it_is(world, web):
    logs = world.client("logs")
    logs.create_log_group(logGroupName="app")
    logs.put_retention_policy(logGroupName="app", retentionInDays=7)
    web.agent.start(collecting())
    web.append("/var/log/app.log", "x")
    world.advance(minutes=1)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7


# Files ---------------------------------------------------------------------------------------------------------------


def test_rotation_loses_and_doubles_nothing(world, web):
    web.agent.start(collecting())
    for n in range(8):
        web.append("/var/log/app.log", f"line {n}")
        if n % 3 == 1:
            web.rotate("/var/log/app.log")
        if n % 2:
            world.advance(seconds=7)
    world.advance(minutes=1)
    assert arrived(world) == [f"line {n}" for n in range(8)]
    assert "/var/log/app.log.2" in web.files


def test_of_a_glob_only_the_latest_file_is_sent(world, web):
    web.append("/var/log/app-1.log", "old")
    world.advance(seconds=1)
    web.append("/var/log/app-2.log", "new")
    web.agent.start(collecting("/var/log/app-*.log"))
    world.advance(minutes=1)
    assert arrived(world) == ["new"]


def test_auto_removal_deletes_what_was_sent(world, web):
    web.agent.start(collecting("/var/log/app*", auto_removal=True))
    web.append("/var/log/app.1", "one")
    world.advance(seconds=10)
    web.append("/var/log/app.2", "two")
    world.advance(seconds=10)
    assert arrived(world) == ["one", "two"]
    assert "/var/log/app.1" not in web.files


def test_a_restarted_agent_goes_on_where_it_was(world, web):
    web.agent.start(collecting())
    web.append("/var/log/app.log", "one")
    world.advance(seconds=10)
    web.agent.stop()
    assert web.agent.status()["status"] == "stopped"
    web.append("/var/log/app.log", "two")
    world.advance(minutes=10)
    assert arrived(world) == ["one"]
    web.agent.start(collecting())
    world.advance(seconds=10)
    assert arrived(world) == ["one", "two"]
    assert any("Reading from offset 4 in /var/log/app.log" in line for line in web.agent.log())


def test_what_was_rotated_away_while_the_agent_was_stopped_is_lost_and_said_so(world, web):
    web.agent.start(collecting())
    web.append("/var/log/app.log", "one")
    world.advance(seconds=10)
    web.agent.stop()
    web.append("/var/log/app.log", "lost")
    web.rotate("/var/log/app.log")
    web.append("/var/log/app.log", "three")
    web.agent.start(collecting())
    world.advance(seconds=10)
    assert arrived(world) == ["one", "three"]
    assert any("rotated while the agent was stopped: 5 bytes" in line for line in web.agent.log())


def test_a_stopped_instance_writes_nothing_and_goes_on_later(world, web):
    web.agent.start(collecting())
    web.run("/var/log/app.log", [(0, "tick {time}")], every=60, stamp="%H:%M")
    world.advance(minutes=2)
    ec2 = world.client("ec2")
    ec2.stop_instances(InstanceIds=[web.id])
    world.advance(minutes=5)
    with pytest.raises(BadInput, match="nothing on it writes"):
        web.append("/var/log/app.log", "x")
    ec2.start_instances(InstanceIds=[web.id])
    world.advance(minutes=3)
    got = arrived(world)
    assert got[0] == "tick 09:01"
    assert "tick 09:05" not in got
    assert got[-1] == "tick 09:11" or got[-1] == "tick 09:10"


@pytest.mark.syllabus("L05")
def test_events_too_old_are_dropped_and_said_so(world, web):
    web.agent.start(collecting(timestamp_format="%Y-%m-%d %H:%M:%S"))
    web.append(
        "/var/log/app.log",
        ["2026-01-01 00:00:00 old", "2026-03-02 09:00:00 new", "2026-03-02 23:00:00 ahead"],
    )
    world.advance(minutes=1)
    assert arrived(world) == ["2026-03-02 09:00:00 new"]
    text = "\n".join(web.agent.log())
    assert f"1 log events for log 'app/{web.id}' are too old" in text
    assert f"1 log events for log 'app/{web.id}' are too new" in text
    assert web.agent.pending() == {"/var/log/app.log": 0}


def test_much_at_once_goes_in_batches_at_once(world, web):
    web.agent.start(collecting())
    web.append("/var/log/app.log", [f"{n:06d} {'x' * 90}" for n in range(25_000)])
    world.advance(seconds=6)
    puts = [e for e in world.journal if e.operation == "PutLogEvents" and not e.error]
    assert len(puts) >= 3
    assert max(len(e.params["logEvents"]) for e in puts) <= 10_000
    assert len(arrived(world)) == 25_000


def test_an_idle_agent_costs_nothing(world, web):
    web.agent.start(collecting())
    web.append("/var/log/app.log", "x")
    world.advance(minutes=1)
    entries = len(world.journal)
    world.advance(days=455)
    assert len(world.journal) <= entries + 1
    assert world.agenda() == []


# Configuration from Parameter Store ------------------------------------------------------------------------------------


def test_a_configuration_is_fetched_from_parameter_store(world, web):
    world.client("ssm").put_parameter(
        Name="AmazonCloudWatch-linux", Type="String", Value=json.dumps(collecting())
    )
    web.agent.start("ssm:AmazonCloudWatch-linux")
    web.append("/var/log/app.log", "x")
    world.advance(minutes=1)
    assert arrived(world) == ["x"]


@pytest.mark.parametrize(
    ("name", "why"), [("AmazonCloudWatch-none", "ParameterNotFound"), ("mine", "AccessDenied")]
)
def test_a_configuration_that_cannot_be_fetched(world, web, name, why):
    with pytest.raises(BadInput, match=why):
        web.agent.start(f"ssm:{name}")
    assert not web.agent.running


# A value ---------------------------------------------------------------------------------------------------------------


def test_forks_rewinds_and_saves_go_on_alike(world, web, tmp_path):
    web.agent.start(collecting())
    web.run("/var/log/app.log", [(n * 7, f"line {n} {{time}}") for n in range(20)])
    world.advance(seconds=33)
    twin = world.fork()
    path = world.save(tmp_path / "a.cwlab")
    world.advance(minutes=5)
    expected = arrived(world)
    assert len(expected) == 20
    opened = Lab.open(path)
    for other in (twin, opened):
        assert len(arrived(other)) < 20
        other.advance(minutes=5)
        assert arrived(other) == expected
        assert other.host(web.id).agent.log() == web.agent.log()
    world.rewind(to="2026-03-02T09:02:00Z")
    world.advance(minutes=5)
    assert arrived(world) == expected


def test_text_of_any_kind_stays_as_it_is(world, web):
    lines = ["<script>alert(1)</script>", "\x1b[31mred\x1b[0m", "nul \x00 here", "😀 — ü", "\ud800 half"]
    web.agent.start(collecting())
    web.append("/var/log/app.log", lines)
    world.advance(minutes=1)
    assert arrived(world) == [*lines[:4], "? half"]


def test_it_tells_what_it_is(world, web):
    assert repr(web.agent) == "Agent of web-1: stopped"
    assert web.agent.status()["configstatus"] == "not configured"
    web.agent.start(collecting())
    status = web.agent.status()
    assert (status["status"], status["starttime"], status["configstatus"]) == (
        "running",
        "2026-03-02T09:01:00Z",
        "configured",
    )
    assert json.loads(web.agent.config) == collecting()
    with pytest.raises(BadInput):
        launched(world, "web-2").agent.stop()
