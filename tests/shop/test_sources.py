"""The shop's sources: four logs that tell the same story, from the seed alone."""

import json

import pytest

from cwlab import Lab
from cwlab.errors import BadInput
from cwlab.shop import sources as shop


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
