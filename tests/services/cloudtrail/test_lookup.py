"""LookupEvents: the journal without a trail, after a while, by attribute, page by page."""

from datetime import timedelta

import pytest

from cwlab.errors import NotModelled


def names(answer):
    return [event["EventName"] for event in answer["Events"]]


@pytest.mark.syllabus("L09")
def test_events_show_after_some_minutes_without_a_trail(lab):
    cloudtrail = lab.client("cloudtrail")
    lab.client("sns").create_topic(Name="ops")
    assert cloudtrail.lookup_events()["Events"] == []
    lab.advance(minutes=15)
    (event,) = cloudtrail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateTopic"}]
    )["Events"]
    assert (event["Username"], event["ReadOnly"], event["EventSource"]) == (
        "admin",
        "false",
        "sns.amazonaws.com",
    )
    assert event["EventId"] in event["CloudTrailEvent"]


def test_half_of_the_events_show_within_five_minutes(lab):
    logs, cloudtrail = lab.client("logs"), lab.client("cloudtrail")
    for number in range(100):
        logs.create_log_group(logGroupName=f"g{number}")
    seen = []
    for _ in range(15):
        lab.advance(minutes=1)
        asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateLogGroup"}]}
        pages = cloudtrail.get_paginator("lookup_events").paginate(**asked)
        seen.append(sum(len(page["Events"]) for page in pages))
    assert seen == sorted(seen) and seen[-1] == 100
    assert seen[1] == 0 and 35 <= seen[4] <= 65


def test_pages_have_each_event_once_newest_first(lab):
    logs = lab.client("logs")
    for number in range(25):
        logs.create_log_group(logGroupName=f"g{number:02}")
        lab.advance(seconds=1)
    lab.advance(minutes=15)
    pages = (
        lab.client("cloudtrail").get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 10})
    )
    found = [event for page in pages for event in page["Events"]]
    assert len({event["EventId"] for event in found}) == len(found) == 25
    times = [event["EventTime"] for event in found]
    assert times == sorted(times, reverse=True)


def test_times_and_90_days(lab):
    lab.client("sns").create_topic(Name="old")
    lab.advance(days=89)
    cloudtrail = lab.client("cloudtrail")
    assert "CreateTopic" in names(cloudtrail.lookup_events())
    lab.advance(days=2)
    assert "CreateTopic" not in names(cloudtrail.lookup_events())
    lab.client("sns").create_topic(Name="new")
    made = lab.now
    lab.advance(hours=1)
    hit = cloudtrail.lookup_events(StartTime=made - timedelta(seconds=1), EndTime=made)
    assert "CreateTopic" in names(hit)
    assert "CreateTopic" not in names(cloudtrail.lookup_events(StartTime=made + timedelta(seconds=1)))


def test_regions_see_their_own(lab):
    lab.client("sns", region="eu-west-1").create_topic(Name="away")
    lab.client("iam", region="eu-west-1").create_user(UserName="ana")
    lab.advance(minutes=15)
    assert names(lab.client("cloudtrail", region="eu-west-1").lookup_events()) == ["CreateTopic"]
    assert names(lab.client("cloudtrail").lookup_events()) == ["CreateUser"]


def test_bad_requests(lab, refused):
    ask = lab.client("cloudtrail").lookup_events
    by = {"AttributeKey": "EventName", "AttributeValue": "X"}
    assert refused(ask, LookupAttributes=[by, by])[0] == "InvalidLookupAttributesException"
    assert refused(ask, StartTime="2026-03-02", EndTime="2026-03-01")[0] == "InvalidTimeRangeException"
    assert refused(ask, NextToken="nonsense")[0] == "InvalidNextTokenException"
    with pytest.raises(NotModelled, match="ResourceName"):
        ask(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "x"}])
