"""AWS/SQS: what CloudWatch shows of a queue."""

import pytest

from cwlab.services.sqs import backlog
from tests.services.sqs.conftest import bodies


@pytest.fixture
def points(lab):
    """The points of a metric: minutes after nine, and the value."""
    cloudwatch = lab.client("cloudwatch")

    def read(name, queue="orders", statistic="Sum", **more):
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=name,
            Dimensions=[{"Name": "QueueName", "Value": queue}],
            StartTime=more.get("since", lab.start),
            EndTime=lab.now,
            Period=more.get("period", 60),
            Statistics=[statistic],
        )["Datapoints"]
        return sorted(((p["Timestamp"] - lab.start).total_seconds() / 60, p[statistic]) for p in answer)

    return read


def handle(sqs, url):
    return sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]


def test_what_was_done_is_counted_by_the_minute_and_zeros_are_told(lab, sqs, orders, points):
    for text in ("a", "bcd"):
        sqs.send_message(QueueUrl=orders, MessageBody=text)
    lab.advance(seconds=59)
    assert points("NumberOfMessagesSent") == [], "a minute's point appears when the minute is over"
    lab.advance(seconds=61)
    sqs.delete_message(QueueUrl=orders, ReceiptHandle=handle(sqs, orders))
    handle(sqs, orders)
    sqs.receive_message(QueueUrl=orders)
    lab.advance(minutes=1)
    assert points("NumberOfMessagesSent") == [(0, 2), (1, 0), (2, 0)]
    assert points("NumberOfMessagesReceived") == [(0, 0), (1, 0), (2, 2)]
    assert points("NumberOfMessagesDeleted") == [(0, 0), (1, 0), (2, 1)]
    assert points("NumberOfEmptyReceives") == [(0, 0), (1, 0), (2, 1)]
    assert points("SentMessageSize", statistic="Average") == [(0, 2)]
    assert points("SentMessageSize", statistic="Maximum") == [(0, 3)]


def test_how_full_a_queue_was_at_the_end_of_each_minute(lab, sqs, orders, points):
    sqs.send_message(QueueUrl=orders, MessageBody="a")
    sqs.send_message(QueueUrl=orders, MessageBody="b", DelaySeconds=150)
    lab.advance(seconds=60.5)
    sqs.receive_message(QueueUrl=orders, VisibilityTimeout=120)
    lab.advance(minutes=4)
    assert points("ApproximateNumberOfMessagesVisible") == [(0, 1), (1, 0), (2, 1), (3, 2), (4, 2)]
    assert points("ApproximateNumberOfMessagesNotVisible") == [(1, 1), (2, 1)]
    assert points("ApproximateNumberOfMessagesDelayed") == [(0, 1), (1, 1)]
    assert points("ApproximateAgeOfOldestMessage") == [(n, 60 * (n + 1)) for n in range(5)]


def test_reading_changes_nothing(lab, sqs, orders, points):
    sqs.send_message(QueueUrl=orders, MessageBody="a", DelaySeconds=90)
    twin = lab.fork()
    for _ in range(4):
        lab.advance(minutes=1)
        points("ApproximateNumberOfMessagesVisible")
        sqs.get_queue_attributes(QueueUrl=orders, AttributeNames=["All"])
    twin.advance(minutes=4)
    twin.client("sqs").send_message(QueueUrl=orders, MessageBody="b")
    sqs.send_message(QueueUrl=orders, MessageBody="b")
    one, two = lab.world.tables, twin.world.tables
    key = ("123456789012", "us-east-1", "sqs", "levels/orders")
    assert dict(one[key].items()) == dict(two[key].items()) != {}


def test_a_message_received_three_times_no_longer_counts_as_the_oldest(lab, sqs, orders, points):
    sqs.send_message(QueueUrl=orders, MessageBody="poison")
    lab.advance(minutes=1)
    for _ in range(3):
        sqs.receive_message(QueueUrl=orders, VisibilityTimeout=0)
    sqs.send_message(QueueUrl=orders, MessageBody="fresh")
    lab.advance(minutes=1)
    assert points("ApproximateAgeOfOldestMessage") == [(0, 60), (1, 60)]


def test_metrics_stop_six_hours_after_the_last_message_and_request(lab, sqs, orders, points):
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"MessageRetentionPeriod": "3600"})
    sqs.send_message(QueueUrl=orders, MessageBody="a")
    lab.advance(hours=12)
    told = points("ApproximateNumberOfMessagesVisible")
    assert [value for _, value in told[57:61]] == [1, 1, 0, 0]
    assert told[-1][0] == 7 * 60, "an hour with a message, then six"
    sqs.send_message(QueueUrl=orders, MessageBody="b")
    lab.advance(minutes=2)
    assert [minute for minute, _ in points("NumberOfMessagesSent")][-3:] == [420, 720, 721]


def test_a_deleted_queue_keeps_its_past(lab, sqs, orders, points):
    sqs.send_message(QueueUrl=orders, MessageBody="a")
    lab.advance(minutes=3)
    sqs.delete_queue(QueueUrl=orders)
    lab.advance(minutes=5)
    assert [m for m, _ in points("ApproximateNumberOfMessagesVisible")] == [0, 1, 2, 3]
    assert points("ApproximateNumberOfMessagesVisible")[-1] == (3, 0)
    sqs.create_queue(QueueName="orders")
    lab.advance(minutes=1)
    assert points("ApproximateNumberOfMessagesVisible")[-1] == (8, 0)
    assert bodies(sqs.receive_message(QueueUrl=orders)) == []


def test_fifo_queues_have_two_metrics_more(lab, sqs, points):
    given = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="line.fifo", Attributes=given)["QueueUrl"]
    for group in ("a", "b", "a"):
        sqs.send_message(QueueUrl=url, MessageBody=group, MessageGroupId=group)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=90)
    lab.advance(minutes=2)
    assert points("NumberOfDeduplicatedSentMessages", "line.fifo") == [(0, 1), (1, 0)]
    assert points("ApproximateNumberOfGroupsWithInflightMessages", "line.fifo") == [(0, 2), (1, 0)]
    listed = lab.client("cloudwatch").list_metrics(Namespace="AWS/SQS")["Metrics"]
    assert {m["Dimensions"][0]["Value"] for m in listed} == {"line.fifo"}
    assert len(listed) == 10 and "ApproximateNumberOfMessagesDelayed" not in {m["MetricName"] for m in listed}


def test_a_queue_at_rest_costs_nothing(lab, sqs, orders, points):
    """Two weeks with a message in it: a handful of rows, and nothing on the agenda."""
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"MessageRetentionPeriod": "1209600"})
    sqs.send_message(QueueUrl=orders, MessageBody="a")
    lab.advance(days=13)
    sqs.receive_message(QueueUrl=orders)
    rows = sum(len(t) for (_, _, service, _), t in lab.world.tables.items() if service == "sqs")
    assert rows < 12 and lab.agenda() == []
    (day, *_, last) = points("ApproximateAgeOfOldestMessage", statistic="Maximum", period=86_400)
    assert (day[1], last[1]) == (86_400, 13 * 86_400)


def test_a_send_costs_the_same_in_a_long_queue(lab, sqs, orders):
    """A thousand messages, one a minute, nobody reading: what a send touches does not grow."""

    def touched():
        looked = 0
        real = backlog.expires_ms

        def counting(message, queue):
            nonlocal looked
            looked += 1
            return real(message, queue)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(backlog, "expires_ms", counting)
            for _ in range(10):
                lab.advance(minutes=1)
                sqs.send_message(QueueUrl=orders, MessageBody="x")
        return looked

    sqs.send_message(QueueUrl=orders, MessageBody="x")
    first = touched()
    for _ in range(300):
        lab.advance(minutes=1)
        sqs.send_message(QueueUrl=orders, MessageBody="x")
    assert touched() == first
