"""Long polling: the clock moves on until a message comes or the wait is over."""

from cwlab import Lab
from tests.services.sqs.conftest import bodies


def seconds(lab):
    return (lab.now - lab.start).total_seconds()


def test_a_message_that_is_there_comes_at_once(lab, sqs, orders):
    sqs.send_message(QueueUrl=orders, MessageBody="a")
    assert bodies(sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=20)) == ["a"]
    assert seconds(lab) == 0


def test_an_empty_queue_is_watched_until_the_wait_is_over(lab, sqs, orders):
    assert bodies(sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=20)) == []
    assert seconds(lab) == 20
    assert [e.operation for e in lab.journal][-2:] == ["wait", "ReceiveMessage"]


def test_the_queues_own_wait_holds_when_you_give_none(lab, sqs, orders):
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"ReceiveMessageWaitTimeSeconds": "7"})
    sqs.receive_message(QueueUrl=orders)
    assert seconds(lab) == 7
    sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=0)
    assert seconds(lab) == 7


def test_it_ends_the_instant_a_message_becomes_visible(lab, sqs, orders):
    sqs.send_message(QueueUrl=orders, MessageBody="late", DelaySeconds=5)
    assert bodies(sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=20)) == ["late"]
    assert seconds(lab) == 5


def test_it_ends_when_the_world_itself_sends_a_message(lab, sqs, orders):
    """Something on the agenda sends: the poll sees it the moment it happens, and what comes later waits."""
    world = lab.world
    with world.lock, world.log:
        for after in (4000, 9000):
            args = {"url": orders, "text": str(after)}
            world.timeline.schedule(
                world.timeline.now_ms + after, lab.account, lab.region, "sqs", "test-send", args
            )
    from cwlab.api import HANDLERS, handler

    @handler("sqs", "test-send")
    def send(call, *, url, text):
        call.invoke(
            "sqs",
            "SendMessage",
            {"QueueUrl": url, "MessageBody": text},
        )

    try:
        sqs.set_queue_attributes(
            QueueUrl=orders,
            Attributes={
                "Policy": '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", '
                '"Action": "sqs:SendMessage", "Resource": "*"}}'
            },
        )
        assert bodies(sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=20)) == ["4000"]
        assert seconds(lab) == 4
    finally:
        del HANDLERS["sqs", "test-send"]


def test_inside_a_handler_the_world_stands_and_the_answer_comes_at_once(lab, sqs, orders):
    with lab.world.log:
        assert bodies(sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=20)) == []
    assert seconds(lab) == 0


def test_a_refusal_does_not_wait(lab, sqs, orders):
    lab.fault("sqs", "ReceiveMessage", error="refusal", seconds=5)
    try:
        sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=20)
    except sqs.exceptions.ClientError as problem:
        assert problem.response["Error"]["Code"].startswith("AccessDenied")
    assert seconds(lab) == 0


def test_a_long_poll_replays(lab, sqs, orders):
    sqs.send_message(QueueUrl=orders, MessageBody="late", DelaySeconds=5)
    sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=20)
    sqs.receive_message(QueueUrl=orders, WaitTimeSeconds=3)
    again = Lab.from_share(lab.share())
    assert list(again.journal) == list(lab.journal) and again.now == lab.now
    lab.rewind(to="2026-03-02T09:00:05Z")
    assert bodies(sqs.receive_message(QueueUrl=orders)) == []  # in flight since
