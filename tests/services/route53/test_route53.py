"""Zones, records, queries, and the query log that is always in us-east-1."""

import json

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import BadInput, NotModelled
from cwlab.services.route53.answering import answer
from cwlab.services.route53.records import RecordSet

GROUP = "/aws/route53/shop.example"


@pytest.fixture
def lab() -> Lab:
    return Lab(region="eu-central-1")


@pytest.fixture
def zone(lab):
    made = lab.client("route53").create_hosted_zone(Name="shop.example", CallerReference="1")
    zone_id = made["HostedZone"]["Id"].rsplit("/", 1)[-1]
    change(lab, zone_id, "www.shop.example", "A", "192.0.2.10", "192.0.2.11")
    return zone_id


def change(lab, zone, name, kind, *values, action="CREATE", ttl=60):
    record = {
        "Name": name,
        "Type": kind,
        "TTL": ttl,
        "ResourceRecords": [{"Value": value} for value in values],
    }
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    return lab.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def permit(lab, *actions):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "route53.amazonaws.com"},
        "Action": list(actions),
        "Resource": f"arn:aws:logs:us-east-1:{lab.account}:log-group:/aws/route53/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    lab.client("logs", region="us-east-1").put_resource_policy(policyName="route53", policyDocument=document)


def group_arn(lab, region="us-east-1"):
    return f"arn:aws:logs:{region}:{lab.account}:log-group:{GROUP}"


def log(lab, zone, region="us-east-1"):
    return lab.client("route53").create_query_logging_config(
        HostedZoneId=zone, CloudWatchLogsLogGroupArn=group_arn(lab, region)
    )


def code(call):
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"]


@pytest.mark.syllabus("L04")
def test_query_logging_wants_a_group_in_us_east_1_and_a_policy_there(lab, zone):
    lab.client("logs").create_log_group(logGroupName=GROUP)
    assert code(lambda: log(lab, zone, "eu-central-1")) == "InvalidInput"
    assert code(lambda: log(lab, zone)) == "NoSuchCloudWatchLogsLogGroup"
    lab.client("logs", region="us-east-1").create_log_group(logGroupName=GROUP)
    assert code(lambda: log(lab, zone)) == "InsufficientCloudWatchLogsResourcePolicy"
    permit(lab, "logs:CreateLogStream")
    assert code(lambda: log(lab, zone)) == "InsufficientCloudWatchLogsResourcePolicy"
    permit(lab, "logs:CreateLogStream", "logs:PutLogEvents")
    made = log(lab, zone)["QueryLoggingConfig"]
    assert made["CloudWatchLogsLogGroupArn"] == group_arn(lab)
    assert code(lambda: log(lab, zone)) == "QueryLoggingConfigAlreadyExists"
    assert lab.client("route53").list_query_logging_configs(HostedZoneId=zone)["QueryLoggingConfigs"] == [
        made
    ]


@pytest.fixture
def logged(lab, zone):
    for region in ("us-east-1", "eu-central-1"):
        lab.client("logs", region=region).create_log_group(logGroupName=GROUP)
    permit(lab, "logs:CreateLogStream", "logs:PutLogEvents")
    log(lab, zone)
    return zone


def lines(lab, region="us-east-1"):
    return [
        event["message"]
        for event in lab.client("logs", region=region).filter_log_events(logGroupName=GROUP)["events"]
    ]


@pytest.mark.syllabus("L10")
@pytest.mark.syllabus("L04")
def test_a_query_is_a_line_in_us_east_1_whatever_the_lab_s_region(lab, logged):
    lab.advance(seconds=2.13)
    got = lab.act(
        "route53", "resolve", name="www.shop.example", resolver="198.51.100.7", subnet="203.0.113.0/24"
    )
    assert got == {"code": "NOERROR", "values": ["192.0.2.10", "192.0.2.11"], "cached": False, "logged": True}
    (line,) = lines(lab)
    assert line.startswith(f"1.0 2026-03-02T09:00:02.130Z {logged} www.shop.example A NOERROR UDP ")
    assert line.endswith(" 198.51.100.7 203.0.113.0/24")
    edge = line.split()[7]
    streams = lab.client("logs", region="us-east-1").describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert f"{logged}/{edge}" in [stream["logStreamName"] for stream in streams]
    assert lines(lab, "eu-central-1") == []


def test_only_what_reaches_route_53_is_logged(lab, logged):
    def ask(**more):
        return lab.act("route53", "resolve", name="www.shop.example", **more)

    assert not ask()["cached"] and ask()["cached"] and not ask(resolver="192.0.2.54")["cached"]
    assert len(lines(lab)) == 2
    lab.advance(seconds=60)
    assert not ask()["cached"] and len(lines(lab)) == 3
    assert lab.act("route53", "resolve", name="www.elsewhere.example")["code"] == "REFUSED"
    assert len(lines(lab)) == 3


def test_a_policy_that_is_gone_loses_the_lines(lab, logged):
    lab.client("logs", region="us-east-1").delete_resource_policy(policyName="route53")
    assert not lab.act("route53", "resolve", name="www.shop.example")["logged"]
    assert lines(lab) == []


def test_traffic_comes_minute_by_minute_and_forks_agree(lab, logged):
    start = int(lab.now.timestamp() * 1000)
    rows = [(start + 7_000 * n, f"h{n % 5}.shop.example", "A", f"192.0.2.{n % 3}") for n in range(60)]
    lab.act("route53", "traffic", queries=rows)
    twin = lab.fork()
    lab.advance(minutes=8)
    twin.advance(minutes=8)
    found = lines(lab)
    assert found and lines(twin) == found
    assert {line.split()[5] for line in found} == {"NXDOMAIN"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("A", "300.1.1.1"),
        ("A", "::1"),
        ("AAAA", "1.2.3.4"),
        ("MX", "mail"),
        ("TXT", "bare"),
        ("CNAME", "a b"),
    ],
)
def test_bad_values(lab, zone, kind, value):
    assert code(lambda: change(lab, zone, "x.shop.example", kind, value)) == "InvalidChangeBatch"


def test_a_batch_is_made_as_a_whole_or_not_at_all(lab, zone):
    route53 = lab.client("route53")

    def record(name, value):
        made = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}]}
        return {"Action": "CREATE", "ResourceRecordSet": made}

    batch = {"Changes": [record("a.shop.example", "192.0.2.1"), record("www.shop.example", "192.0.2.1")]}
    assert (
        code(lambda: route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch))
        == "InvalidChangeBatch"
    )
    names = [
        each["Name"] for each in route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    ]
    assert names == ["shop.example.", "shop.example.", "www.shop.example."]


def test_records_change_and_go(lab, zone):
    route53 = lab.client("route53")
    change(lab, zone, "www.shop.example", "A", "192.0.2.99", action="UPSERT")
    assert lab.act("route53", "resolve", name="www.shop.example")["values"] == ["192.0.2.99"]
    assert (
        code(lambda: change(lab, zone, "www.shop.example", "A", "192.0.2.1", action="DELETE"))
        == "InvalidChangeBatch"
    )
    assert code(lambda: change(lab, zone, "www.shop.example", "CNAME", "a.example")) == "InvalidChangeBatch"
    assert code(lambda: change(lab, zone, "shop.example", "CNAME", "a.example")) == "InvalidChangeBatch"
    assert code(lambda: change(lab, zone, "www.other.example", "A", "192.0.2.1")) == "InvalidChangeBatch"
    assert code(lambda: route53.delete_hosted_zone(Id=zone)) == "HostedZoneNotEmpty"
    done = change(lab, zone, "www.shop.example", "A", "192.0.2.99", action="DELETE")["ChangeInfo"]
    route53.get_waiter("resource_record_sets_changed").wait(Id=done["Id"])
    assert route53.get_change(Id=done["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    route53.delete_hosted_zone(Id=zone)
    assert route53.list_hosted_zones()["HostedZones"] == []
    assert code(lambda: route53.get_hosted_zone(Id=zone)) == "NoSuchHostedZone"


def test_what_is_not_modeled_is_refused_by_name(lab, zone):
    route53 = lab.client("route53")
    with pytest.raises(NotModelled, match="private"):
        route53.create_hosted_zone(
            Name="a.example", CallerReference="2", HostedZoneConfig={"PrivateZone": True}
        )
    alias = {"HostedZoneId": "Z1", "DNSName": "x.example", "EvaluateTargetHealth": False}
    record = {"Name": "a.shop.example", "Type": "A", "AliasTarget": alias}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    with pytest.raises(NotModelled, match="AliasTarget"):
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    with pytest.raises(BadInput, match="record type"):
        lab.act("route53", "resolve", name="a.shop.example", type="SRV")


LABELS = st.lists(st.sampled_from(["a", "b", "www", "*"]), min_size=0, max_size=3)


@given(st.lists(LABELS, max_size=5), LABELS)
def test_every_query_has_one_reply_and_names_that_are_there_are_found(held, asked):
    zone = "shop.example."
    names = {".".join([*labels, zone]) for labels in held} | {zone}
    table = {(name, "A"): RecordSet(name, "A", 60, ("192.0.2.1",)) for name in names}

    def exists(name):
        return name in names or (not name.startswith("*.") and any(n.endswith("." + name) for n in names))

    name = ".".join([*asked, zone])
    reply = answer(name, "A", zone, lambda n, k: table.get((n, k)), exists)
    assert reply.code in ("NOERROR", "NXDOMAIN")
    if name in names:
        assert reply.values == ("192.0.2.1",)
    if reply.code == "NXDOMAIN":
        assert name not in names and reply.values == ()


def test_aliases_are_followed_and_loops_end():
    table = {
        ("a.z.", "CNAME"): RecordSet("a.z.", "CNAME", 30, ("b.z",)),
        ("b.z.", "A"): RecordSet("b.z.", "A", 60, ("192.0.2.1",)),
        ("l.z.", "CNAME"): RecordSet("l.z.", "CNAME", 30, ("l.z",)),
        ("o.z.", "CNAME"): RecordSet("o.z.", "CNAME", 30, ("away.example",)),
    }
    names = {name for name, _ in table}

    def ask(name):
        return answer(name, "A", "z.", lambda n, k: table.get((n, k)), names.__contains__)

    assert ask("a.z") == ("NOERROR", ("b.z", "192.0.2.1"), 30)
    assert ask("l.z").code == "SERVFAIL"
    assert ask("o.z").values == ("away.example",)
