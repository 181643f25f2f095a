"""What a trail delivers: to the log group and the bucket, about five minutes later, every call once."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab.world import World
from tests.services.cloudtrail.conftest import STREAM


@pytest.mark.syllabus("L09")
@pytest.mark.syllabus("L06")
def test_calls_arrive_in_the_log_group_and_the_bucket(trails, lab):
    trails.start()
    lab.advance(minutes=2)
    lab.client("sns").create_topic(Name="ops")
    lab.advance(minutes=2)
    assert all(line["eventName"] != "CreateTopic" for line in trails.lines())
    lab.advance(minutes=8)
    (line,) = (each for each in trails.lines() if each["eventName"] == "CreateTopic")
    assert line["eventSource"] == "sns.amazonaws.com"
    assert line["eventTime"] == "2026-03-02T09:03:00Z"
    assert line["requestParameters"] == {"name": "ops"}
    assert line["responseElements"] == {"topicArn": "arn:aws:sns:us-east-1:123456789012:ops"}
    assert (line["readOnly"], line["awsRegion"], line["managementEvent"]) == (False, "us-east-1", True)
    (stream,) = trails.logs.describe_log_streams(logGroupName="trail")["logStreams"]
    assert stream["logStreamName"] == STREAM
    assert [each for records in trails.files().values() for each in records] == trails.lines()
    assert all(
        key.startswith("AWSLogs/123456789012/CloudTrail/us-east-1/2026/03/02/") for key in trails.files()
    )


def test_every_management_event_once_and_no_data_event(trails, lab):
    trails.start()
    cloudwatch = lab.client("cloudwatch")
    for minute in range(30):
        trails.logs.describe_log_groups(logGroupNamePrefix=f"{minute}/")
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 1}])
        lab.advance(minutes=1)
    lab.advance(minutes=10)
    lines = trails.lines()
    asked = [
        each["requestParameters"]["logGroupNamePrefix"]
        for each in lines
        if each["eventName"] == "DescribeLogGroups"
    ]
    assert asked == [f"{minute}/" for minute in range(30)]
    assert {"PutMetricData", "PutLogEvents", "PutObject"}.isdisjoint(each["eventName"] for each in lines)
    assert len({each["eventID"] for each in lines}) == len(lines)


@pytest.mark.syllabus("L03")
def test_a_trail_sees_its_region_and_one_of_all_regions_sees_all(trails, lab):
    trails.start()
    lab.client("sns", region="eu-west-1").create_topic(Name="away")
    lab.client("iam", region="eu-west-1").create_user(UserName="ana")
    lab.advance(minutes=10)
    seen = {each["eventName"]: each["awsRegion"] for each in trails.lines()}
    assert (
        "CreateTopic" not in seen and seen["CreateUser"] == "us-east-1"
    )  # IAM is global: its events are there
    trails.cloudtrail.update_trail(Name="ops", IsMultiRegionTrail=True)
    lab.client("sns", region="eu-west-1").create_topic(Name="away2")
    lab.advance(minutes=10)
    assert {each["eventName"]: each["awsRegion"] for each in trails.lines()}["CreateTopic"] == "eu-west-1"
    assert any("/CloudTrail/eu-west-1/" in key for key in trails.files())


def test_what_happens_after_stop_logging_is_not_delivered(trails, lab):
    trails.start()
    lab.client("sns").create_topic(Name="before")
    lab.advance(minutes=1)
    trails.cloudtrail.stop_logging(Name="ops")
    lab.advance(minutes=1)
    lab.client("sns").create_topic(Name="after")
    lab.advance(hours=1)
    topics = [
        each["requestParameters"]["name"] for each in trails.lines() if each["eventName"] == "CreateTopic"
    ]
    assert topics == ["before"]
    assert lab.agenda() == []
    assert not trails.cloudtrail.get_trail_status(Name="ops")["IsLogging"]


def test_a_delivery_that_fails_shows_in_the_status_and_others_go_on(trails, lab):
    trails.start()
    lab.client("iam").delete_role_policy(RoleName="trail", PolicyName="write")
    lab.advance(minutes=10)
    status = trails.cloudtrail.get_trail_status(Name="ops")
    assert status["LatestCloudWatchLogsDeliveryError"] == "AccessDeniedException"
    assert "LatestDeliveryError" not in status and trails.files()


def test_selectors_choose(trails, lab):
    trails.start()
    trails.cloudtrail.put_event_selectors(TrailName="ops", EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    lab.client("sns").create_topic(Name="ops")
    lab.client("sns").list_topics()
    lab.advance(minutes=10)
    assert {each["readOnly"] for each in trails.lines()} == {True}


def test_a_refusal_is_an_event_too(trails, lab):
    trails.start()
    with pytest.raises(ClientError):
        lab.client("sns", role="trail").create_topic(Name="ops")
    with pytest.raises(ClientError):
        lab.client("ec2", role="trail").describe_instances()
    lab.advance(minutes=10)
    errors = {each["eventName"]: each for each in trails.lines() if "errorCode" in each}
    assert errors["CreateTopic"]["errorCode"] == "AccessDenied"
    assert errors["DescribeInstances"]["errorCode"] == "Client.UnauthorizedOperation"
    who = errors["CreateTopic"]["userIdentity"]
    assert (who["type"], who["sessionContext"]["sessionIssuer"]["userName"]) == ("AssumedRole", "trail")
    assert errors["CreateTopic"]["responseElements"] is None


def test_a_fork_and_a_rewound_lab_deliver_the_same(trails, lab):
    trails.start()
    lab.client("sns").create_topic(Name="ops")
    lab.advance(minutes=3)
    twin = lab.fork()
    lab.advance(minutes=10)
    twin.advance(minutes=10)

    def messages(at):
        return [e["message"] for e in at.client("logs").filter_log_events(logGroupName="trail")["events"]]

    first = messages(lab)
    assert first and messages(twin) == first
    lab.rewind(to="2026-03-02T09:02:00Z")
    lab.advance(until="2026-03-02T09:14:00Z")
    assert messages(lab) == first


def texts(at):
    return [e["message"] for e in at.client("logs").filter_log_events(logGroupName="trail")["events"]]


def test_a_saved_lab_and_a_replayed_one_deliver_the_same(trails, lab, tmp_path):
    trails.start()
    lab.client("sns").create_topic(Name="ops")
    with pytest.raises(ClientError):  # CloudTrail asked S3 inside it, and that was undone with it
        trails.cloudtrail.create_trail(Name="two", S3BucketName="shop-trail", S3KeyPrefix="elsewhere")
    lab.advance(minutes=2)
    lab.save(tmp_path / "lab.cwlab")
    opened = type(lab).open(tmp_path / "lab.cwlab")
    replayed = World(lab.seed, lab.world.start_ms, lab.account, lab.region)
    replayed.replay(lab.journal.inputs())
    again = lab._like(replayed, [])
    for each in (lab, opened, again):
        each.advance(minutes=10)
    assert texts(lab) and texts(opened) == texts(again) == texts(lab)
    asked = [json.loads(text)["eventName"] for text in texts(lab)]
    assert asked.count("CreateTrail") == 1 and "GetBucketAcl" not in asked


def test_the_refusals_of_an_account_become_a_metric(trails, lab):
    trails.start()
    trails.logs.put_metric_filter(
        logGroupName="trail",
        filterName="refused",
        filterPattern='{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        metricTransformations=[{"metricName": "Refused", "metricNamespace": "Trail", "metricValue": "1"}],
    )
    for service, ask in (("sns", "list_topics"), ("ec2", "describe_instances"), ("iam", "list_users")):
        with pytest.raises(ClientError):
            getattr(lab.client(service, role="trail"), ask)()
    lab.advance(minutes=15)
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace="Trail",
        MetricName="Refused",
        StartTime=lab.start,
        EndTime=lab.now,
        Period=60,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in found["Datapoints"]) == 3


def test_a_month_in_which_nothing_happens_is_soon_over(trails, lab):
    trails.start()
    lab.advance(hours=1)
    length = len(lab.journal)
    lab.advance(days=30)
    assert len(lab.journal) == length + 1  # the move itself: a trail with nothing to deliver leaves no trace
