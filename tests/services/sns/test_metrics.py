"""AWS/SNS: what CloudWatch shows of a topic."""

from tests.services.sns.conftest import Queue


def points(lab, name, topic="ops", statistic="Sum"):
    answer = lab.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SNS",
        MetricName=name,
        Dimensions=[{"Name": "TopicName", "Value": topic}],
        StartTime=lab.start,
        EndTime=lab.now,
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return sorted(((p["Timestamp"] - lab.start).total_seconds() / 60, p[statistic]) for p in answer)


def test_published_delivered_and_failed_are_counted_by_the_minute(lab, sns, topic, queue):
    Queue(lab, topic, "shut", admit=False)
    sns.publish(TopicArn=topic, Message="abc")
    sns.publish(TopicArn=topic, Message="a")
    lab.advance(minutes=2)
    sns.publish(TopicArn=topic, Message="ab")
    assert points(lab, "NumberOfMessagesPublished") == [(0, 2)], "a minute's point appears when it is over"
    lab.advance(minutes=1)
    assert points(lab, "NumberOfMessagesPublished") == [(0, 2), (2, 1)]
    assert points(lab, "NumberOfNotificationsDelivered") == [(0, 2), (2, 1)]
    assert points(lab, "NumberOfNotificationsFailed") == [(0, 2), (2, 1)]
    assert points(lab, "PublishSize", statistic="Maximum") == [(0, 3), (2, 2)]
    assert points(lab, "PublishSize", statistic="Average") == [(0, 2), (2, 2)]
    assert lab.agenda() == []


def test_what_filters_leave_out_is_counted_with_its_reason(lab, sns, topic):
    Queue(lab, topic, "a", attributes={"FilterPolicy": '{"level": ["high"]}'})
    low = {"level": {"DataType": "String", "StringValue": "low"}}
    sns.publish(TopicArn=topic, Message="x")
    sns.publish(TopicArn=topic, Message="x", MessageAttributes=low)
    lab.advance(minutes=1)
    assert points(lab, "NumberOfNotificationsFilteredOut") == [(0, 2)]
    assert points(lab, "NumberOfNotificationsFilteredOut-NoMessageAttributes") == [(0, 1)]
    listed = lab.client("cloudwatch").list_metrics(Namespace="AWS/SNS")["Metrics"]
    assert {m["MetricName"] for m in listed} == {
        "NumberOfMessagesPublished",
        "NumberOfNotificationsFilteredOut",
        "NumberOfNotificationsFilteredOut-NoMessageAttributes",
        "PublishSize",
    }


def test_a_batch_refused_whole_counts_nothing(lab, sns, topic, queue):
    try:
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[])
    except sns.exceptions.EmptyBatchRequestException:
        lab.advance(minutes=1)
    assert points(lab, "NumberOfMessagesPublished") == []
