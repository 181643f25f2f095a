"""The shop's sources: four logs that tell the same story, from the seed alone."""

import json

import pytest

from cwlab import Lab
from cwlab.errors import BadInput
from cwlab.shop import machines, secure
from cwlab.shop import sources as shop
from cwlab.shop.requests import all_requests


def events(lab, group, **where):
    pages = lab.client("logs", **where).get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def ran():
    lab = Lab(region="eu-west-1")
    made = shop.sources(lab, hours=1)
    lab.advance(minutes=75)
    return lab, made


@pytest.mark.syllabus("L06")
@pytest.mark.syllabus("L09")
@pytest.mark.syllabus("L10")
def test_every_source_has_written_to_its_group(ran):
    lab, made = ran
    access = [json.loads(line) for line in events(lab, shop.API_GROUP)]
    told = [json.loads(line) for line in events(lab, shop.TASK_GROUP)]
    assert len(access) > 2_000
    assert sum(line["resourcePath"] == "/orders" for line in access) == sum(
        line["message"] == "order placed" for line in told
    )
    assert sum(int(line["status"]) >= 500 for line in access) == sum(
        line["level"] == "ERROR" for line in told
    )
    trail = [json.loads(line)["eventName"] for line in events(lab, shop.TRAIL_GROUP)]
    assert {"CreateHostedZone", "CreateRestApi", "RunTask"} <= set(trail)
    assert made.api in repr(made)


@pytest.mark.syllabus("L03")
@pytest.mark.syllabus("L04")
def test_the_dns_log_is_in_us_east_1_and_all_else_in_the_lab_s_region(ran):
    lab, made = ran
    dns = events(lab, shop.DNS_GROUP, region="us-east-1")
    assert len(dns) > 100 and all(line.split()[2] == made.zone for line in dns)
    here = {group["logGroupName"] for group in lab.client("logs").describe_log_groups()["logGroups"]}
    away = lab.client("logs", region="us-east-1").describe_log_groups()["logGroups"]
    assert here == {shop.API_GROUP, shop.TASK_GROUP, shop.TRAIL_GROUP}
    assert [group["logGroupName"] for group in away] == [shop.DNS_GROUP]


def test_the_same_seed_writes_the_same_lines(ran):
    lab, _ = ran
    other = Lab(region="eu-west-1")
    shop.sources(other, hours=1, only=("trail", "dns", "api", "tasks"))
    other.advance(minutes=75)
    for group in (shop.API_GROUP, shop.TASK_GROUP, shop.TRAIL_GROUP):
        assert events(other, group) == events(lab, group)


def test_parts_can_be_had_alone_and_bad_input_is_refused():
    lab = Lab()
    made = shop.sources(lab, only=("tasks",))
    assert made.task and made.api is None
    with pytest.raises(BadInput, match="hours"):
        shop.sources(Lab(), hours=0)
    with pytest.raises(BadInput, match="sources"):
        shop.sources(Lab(), only=("mail",))


FURTHER = ("functions", "devices", "platform")


@pytest.fixture(scope="module")
def further():
    lab = Lab(region="eu-west-1")
    made = shop.sources(lab, hours=1, only=FURTHER)
    lab.advance(minutes=65)
    return lab, made


@pytest.mark.syllabus("L06")
def test_a_function_leaves_start_its_line_end_and_report_for_each_receipt(further):
    lab, made = further
    lines = events(lab, shop.FUNCTION_GROUP)
    kinds = [next((k for k in ("START", "END", "REPORT") if line.startswith(k)), "receipt") for line in lines]
    counts = {kind: kinds.count(kind) for kind in ("START", "receipt", "END", "REPORT")}
    assert counts["START"] > 20 and len(set(counts.values())) == 1
    assert made.function == shop.FUNCTION and made.function in repr(made)


@pytest.mark.syllabus("L05")
def test_tills_publish_and_a_rule_writes_what_they_say(further):
    lab, _ = further
    paid = [json.loads(line) for line in events(lab, shop.DEVICE_GROUP)]
    assert len(paid) > 20
    assert {each["till"] for each in paid} == {f"till-{n + 1}" for n in range(shop.TILLS)}


@pytest.mark.syllabus("L06")
def test_a_platform_streams_what_its_instance_writes(further):
    lab, made = further
    told = [json.loads(line) for line in events(lab, shop.PLATFORM_GROUP)]
    written = lab.host(made.instance).read(shop.PLATFORM_FILE).splitlines()
    assert told == [json.loads(line) for line in written] and len(told) > 20
    failures = sum(each["level"] == "ERROR" for each in told)
    assert failures and sum(each["message"] == "order placed" for each in told) > failures


@pytest.mark.syllabus("L03")
def test_they_too_are_in_the_lab_s_region(further):
    lab, _ = further
    here = {group["logGroupName"] for group in lab.client("logs").describe_log_groups()["logGroups"]}
    assert {shop.FUNCTION_GROUP, shop.DEVICE_GROUP, shop.PLATFORM_GROUP} <= here
    assert lab.client("logs", region="us-east-1").describe_log_groups()["logGroups"] == []


def test_what_is_not_named_is_not_made_and_the_same_seed_writes_the_same(ran, further):
    _, made = ran
    assert (made.function, made.rule, made.instance) == (None, None, None)
    other = Lab(region="eu-west-1")
    shop.sources(other, hours=1, only=FURTHER)
    other.advance(minutes=65)
    for group in (shop.FUNCTION_GROUP, shop.DEVICE_GROUP, shop.PLATFORM_GROUP):
        assert events(other, group) == events(further[0], group)


def test_traffic_that_cannot_be_is_refused():
    lab = Lab()
    with pytest.raises(BadInput, match="function"):
        lab.act("lambda", "traffic", function="none", events=[])
    shop.sources(lab, only=("functions",))
    with pytest.raises(BadInput, match="before now"):
        lab.act("lambda", "traffic", function=shop.FUNCTION, events=[(0, "{}")])
    with pytest.raises(BadInput, match="JSON"):
        lab.act("lambda", "traffic", function=shop.FUNCTION, events=[(10**14, "{")])
    with pytest.raises(BadInput, match="before now"):
        lab.act("iot", "traffic", messages=[(0, "shop/x", "{}")])
    with pytest.raises(BadInput, match="without"):
        lab.act("iot", "traffic", messages=[(10**14, "shop/#", "{}")])


@pytest.mark.syllabus("L08")
def test_a_flow_log_has_customers_let_in_and_strangers_turned_away():
    lab = Lab()
    machines.build(lab)
    made = shop.sources(lab, hours=1, only=("flows",))
    came = lab.now
    lab.advance(minutes=70)
    log_group = lab.client("logs")
    records = [line.split(" ") for line in events(lab, shop.FLOW_GROUP)]
    assert made.flow_log and made.flow_log in repr(made)
    streams = log_group.describe_log_streams(logGroupName=shop.FLOW_GROUP)["logStreams"]
    assert len(streams) == len(machines.SHARES)
    asked = [r for r in records if r[6] == "80"]
    expected = all_requests(machines.SEED, int(came.timestamp()) // 60 + 1, 60)
    assert sum(int(r[8]) for r in asked) == 12 * len(expected.minute)
    assert {r[12] for r in asked} == {"ACCEPT"}
    tried = {
        r[12]: {x[3] for x in records if x[6] == "22" and x[12] == r[12]} for r in records if r[6] == "22"
    }
    assert tried["ACCEPT"] == {"192.0.2.7"}  # who works there
    assert secure.STRANGER in tried["REJECT"] and len(tried["REJECT"]) > 1


def test_the_flow_log_builds_the_machines_where_there_are_none():
    lab = Lab(region="eu-west-1")
    shop.sources(lab, only=("flows",))
    lab.advance(minutes=10)
    assert events(lab, shop.FLOW_GROUP)
