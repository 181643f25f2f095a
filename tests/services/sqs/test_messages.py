"""Messages: sent, received, hidden, deleted, dead."""

import json

import pytest

from tests.services.sqs.conftest import bodies, refused


def send(sqs, url, *texts, **more):
    for text in texts:
        sqs.send_message(QueueUrl=url, MessageBody=text, **more)


def receive(sqs, url, most=10, **more):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, **more).get("Messages", [])


def counts(sqs, url):
    """Visible, in flight, delayed."""
    names = ["", "NotVisible", "Delayed"]
    found = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=[f"ApproximateNumberOfMessages{name}" for name in names]
    )["Attributes"]
    return tuple(int(found[f"ApproximateNumberOfMessages{name}"]) for name in names)


def test_a_message_arrives_whole(sqs, orders):
    given = {
        "price": {"DataType": "Number", "StringValue": "12.5"},
        "photo": {"DataType": "Binary.png", "BinaryValue": b"\x00\x01"},
        "shop.city": {"DataType": "String", "StringValue": "Graz"},
    }
    sent = sqs.send_message(QueueUrl=orders, MessageBody="hello", MessageAttributes=given)
    assert sent["MD5OfMessageBody"] == "5d41402abc4b2a76b9719d911017c592"
    (message,) = receive(sqs, orders, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (message["Body"], message["MessageId"]) == ("hello", sent["MessageId"])
    assert message["MessageAttributes"] == given
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert (
        message["Attributes"].items()
        >= {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1772442000000",
            "ApproximateFirstReceiveTimestamp": "1772442000000",
        }.items()
    )


@pytest.mark.parametrize(
    ("asked", "names"),
    [([], set()), (["a.b"], {"a.b"}), (["a.*"], {"a.b", "a.c"}), ([".*"], {"a.b", "a.c", "d"}), (["x"], set())],
)  # fmt: skip
def test_only_the_attributes_asked_for_come(sqs, orders, asked, names):
    text = {"DataType": "String", "StringValue": "v"}
    send(sqs, orders, "m", MessageAttributes={"a.b": text, "a.c": text, "d": text})
    (message,) = receive(sqs, orders, MessageAttributeNames=asked)
    assert set(message.get("MessageAttributes", {})) == names
    assert ("MD5OfMessageAttributes" in message) == bool(names)
    assert "Attributes" not in message


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"MessageBody": ""}, "MissingParameter"),
        ({"MessageBody": "a\x00b"}, "InvalidMessageContents"),
        ({"MessageBody": "x" * 1_048_577}, "InvalidParameterValue"),
        ({"DelaySeconds": 901}, "InvalidParameterValue"),
        ({"MessageDeduplicationId": "d"}, "InvalidParameterValue"),
        ({"MessageAttributes": {"AWS.x": {"DataType": "String", "StringValue": "v"}}}, "InvalidParameterValue"),
        ({"MessageAttributes": {"x": {"DataType": "Text", "StringValue": "v"}}}, "InvalidParameterValue"),
        ({"MessageAttributes": {"x": {"DataType": "String"}}}, "InvalidParameterValue"),
        ({"MessageAttributes": {"x": {"DataType": "Number", "StringValue": "many"}}}, "InvalidParameterValue"),
        ({"MessageAttributes": {str(n): {"DataType": "String", "StringValue": "v"} for n in range(11)}}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent(sqs, orders, given, code):
    assert refused(sqs.send_message, QueueUrl=orders, **{"MessageBody": "x"} | given)[0] == code
    assert counts(sqs, orders) == (0, 0, 0)


def test_attributes_count_towards_the_size(sqs):
    url = sqs.create_queue(QueueName="small", Attributes={"MaximumMessageSize": "1024"})["QueueUrl"]
    send(sqs, url, "x" * 1024)
    attribute = {"n": {"DataType": "String", "StringValue": "v"}}
    code, text = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 1017, MessageAttributes=attribute)
    assert code == "InvalidParameterValue" and "1024 bytes" in text
    send(sqs, url, "x" * 1016, MessageAttributes=attribute)


def test_a_received_message_is_hidden_until_its_timeout_ends(lab, sqs, orders):
    send(sqs, orders, "a")
    first = receive(sqs, orders)[0]["ReceiptHandle"]
    assert (receive(sqs, orders), counts(sqs, orders)) == ([], (0, 1, 0))
    lab.advance(seconds=29.999)
    assert receive(sqs, orders) == []
    lab.advance(seconds=0.001)
    again = receive(sqs, orders, AttributeNames=["ApproximateReceiveCount"])[0]
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    sqs.delete_message(QueueUrl=orders, ReceiptHandle=first)  # of an older receive: no error, and it stays
    assert counts(sqs, orders) == (0, 1, 0)
    sqs.delete_message(QueueUrl=orders, ReceiptHandle=again["ReceiptHandle"])
    sqs.delete_message(QueueUrl=orders, ReceiptHandle=again["ReceiptHandle"])
    assert counts(sqs, orders) == (0, 0, 0)


def test_visibility_can_be_changed_while_you_hold_a_message(lab, sqs, orders):
    send(sqs, orders, "a")
    handle = receive(sqs, orders, VisibilityTimeout=10)[0]["ReceiptHandle"]
    lab.advance(seconds=5)
    sqs.change_message_visibility(QueueUrl=orders, ReceiptHandle=handle, VisibilityTimeout=100)
    lab.advance(seconds=99)
    assert receive(sqs, orders) == []
    sqs.change_message_visibility(QueueUrl=orders, ReceiptHandle=handle, VisibilityTimeout=0)
    handle = receive(sqs, orders)[0]["ReceiptHandle"]
    code, text = refused(
        sqs.change_message_visibility, QueueUrl=orders, ReceiptHandle=handle, VisibilityTimeout=43201
    )
    assert code == "InvalidParameterValue"
    lab.advance(seconds=1)
    code, text = refused(
        sqs.change_message_visibility, QueueUrl=orders, ReceiptHandle=handle, VisibilityTimeout=43200
    )
    assert "Total VisibilityTimeout" in text
    lab.advance(seconds=60)
    code, _ = refused(
        sqs.change_message_visibility, QueueUrl=orders, ReceiptHandle=handle, VisibilityTimeout=1
    )
    assert code == "InvalidParameterValue"


def test_a_handle_belongs_to_its_queue(sqs, orders):
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    send(sqs, other, "a")
    handle = receive(sqs, other)[0]["ReceiptHandle"]
    assert refused(sqs.delete_message, QueueUrl=orders, ReceiptHandle=handle)[0] == "ReceiptHandleIsInvalid"
    assert (
        refused(sqs.delete_message, QueueUrl=orders, ReceiptHandle="nonsense")[0] == "ReceiptHandleIsInvalid"
    )


def test_a_delay_of_the_message_beats_that_of_the_queue(lab, sqs):
    url = sqs.create_queue(QueueName="slow", Attributes={"DelaySeconds": "60"})["QueueUrl"]
    send(sqs, url, "queue's")
    send(sqs, url, "own", DelaySeconds=5)
    send(sqs, url, "none", DelaySeconds=0)
    assert counts(sqs, url) == (1, 0, 2)
    assert bodies({"Messages": receive(sqs, url)}) == ["none"]
    lab.advance(seconds=5)
    assert bodies({"Messages": receive(sqs, url)}) == ["own"]
    lab.advance(seconds=55)
    assert "queue's" in bodies({"Messages": receive(sqs, url)})


def test_a_message_nobody_deletes_goes_when_its_retention_ends(lab, sqs, orders):
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"MessageRetentionPeriod": "60"})
    send(sqs, orders, "a")
    lab.advance(seconds=59)
    assert counts(sqs, orders) == (1, 0, 0)
    lab.advance(seconds=1)
    assert (counts(sqs, orders), receive(sqs, orders)) == ((0, 0, 0), [])


@pytest.mark.parametrize(
    "given", [{"MaxNumberOfMessages": 0}, {"MaxNumberOfMessages": 11}, {"VisibilityTimeout": -1}, {"WaitTimeSeconds": 21}]
)  # fmt: skip
def test_what_cannot_be_asked(sqs, orders, given):
    assert refused(sqs.receive_message, QueueUrl=orders, **given)[0] == "InvalidParameterValue"


# Batches -------------------------------------------------------------------------------------------------------------


def test_each_entry_of_a_batch_is_on_its_own(sqs, orders):
    answer = sqs.send_message_batch(
        QueueUrl=orders,
        Entries=[{"Id": "good", "MessageBody": "a"}, {"Id": "bad", "MessageBody": "\x01"}],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["good"]
    assert [(each["Id"], each["Code"], each["SenderFault"]) for each in answer["Failed"]] == [
        ("bad", "InvalidMessageContents", True)
    ]
    (message,) = receive(sqs, orders)
    held = {"ReceiptHandle": message["ReceiptHandle"]}
    answer = sqs.change_message_visibility_batch(
        QueueUrl=orders,
        Entries=[{"Id": "a", **held, "VisibilityTimeout": 5}, {"Id": "b", **held, "VisibilityTimeout": -5}],
    )
    assert ([e["Id"] for e in answer["Successful"]], [e["Id"] for e in answer["Failed"]]) == (["a"], ["b"])
    answer = sqs.delete_message_batch(
        QueueUrl=orders, Entries=[{"Id": "a", **held}, {"Id": "b", "ReceiptHandle": "no"}]
    )
    assert ([e["Id"] for e in answer["Successful"]], [e["Id"] for e in answer["Failed"]]) == (["a"], ["b"])
    assert counts(sqs, orders) == (0, 0, 0)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "EmptyBatchRequest"),
        (map(str, range(11)), "TooManyEntriesInBatchRequest"),
        (["a", "a"], "BatchEntryIdsNotDistinct"),
        (["a b"], "InvalidBatchEntryId"),
    ],
)
def test_batches_that_cannot_be(sqs, orders, ids, code):
    entries = [{"Id": each, "MessageBody": "x"} for each in ids]
    assert refused(sqs.send_message_batch, QueueUrl=orders, Entries=entries)[0] == code


def test_a_batch_as_a_whole_has_a_size(sqs, orders):
    entries = [{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)]
    assert refused(sqs.send_message_batch, QueueUrl=orders, Entries=entries)[0] == "BatchRequestTooLong"


# Dead letters --------------------------------------------------------------------------------------------------------


def redrive(sqs, name="dead", most=2, **more):
    url = sqs.create_queue(QueueName=name, **more)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": most})


def test_a_message_received_too_often_goes_to_the_dead_letter_queue(lab, sqs, orders):
    dead, policy = redrive(sqs)
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"RedrivePolicy": policy})
    send(sqs, orders, "poison")
    for _ in range(2):
        assert bodies({"Messages": receive(sqs, orders)}) == ["poison"]
        lab.advance(seconds=30)
    assert receive(sqs, orders) == []
    (message,) = receive(sqs, dead, AttributeNames=["All"])
    assert (
        message["Attributes"].items()
        >= {
            "DeadLetterQueueSourceArn": "arn:aws:sqs:us-east-1:123456789012:orders",
            "SentTimestamp": "1772442000000",
        }.items()
    )
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [orders]


def test_a_dead_letter_queue_chooses_its_sources(sqs, orders):
    dead, policy = redrive(sqs)
    sqs.set_queue_attributes(
        QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission": "denyAll"}'}
    )
    code, _ = refused(sqs.set_queue_attributes, QueueUrl=orders, Attributes={"RedrivePolicy": policy})
    assert code == "InvalidParameterValue"
    own = '{"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:us-east-1:123456789012:orders"]}'
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": own})
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"RedrivePolicy": policy})
    _, other = redrive(sqs, "dead.fifo", Attributes={"FifoQueue": "true"})
    code, text = refused(sqs.set_queue_attributes, QueueUrl=orders, Attributes={"RedrivePolicy": other})
    assert "same type" in text


# FIFO ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def fifo(sqs):
    given = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return sqs.create_queue(QueueName="line.fifo", Attributes=given)["QueueUrl"]


def test_a_group_waits_while_one_of_its_messages_is_in_flight(lab, sqs, fifo):
    for group, text in (("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")):
        send(sqs, fifo, text, MessageGroupId=group)
    first = receive(sqs, fifo, 1)
    assert bodies({"Messages": first}) == ["a1"]
    assert bodies({"Messages": receive(sqs, fifo)}) == ["b1"]
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=first[0]["ReceiptHandle"])
    assert bodies({"Messages": receive(sqs, fifo)}) == ["a2", "a3"]
    lab.advance(seconds=30)
    assert bodies({"Messages": receive(sqs, fifo)}) == ["a2", "b1", "a3"]


def test_a_repeated_message_is_accepted_and_not_stored_for_five_minutes(lab, sqs, fifo):
    first = sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")
    lab.advance(seconds=299)
    again = sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert counts(sqs, fifo) == (1, 0, 0)
    lab.advance(seconds=1)
    sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")
    assert counts(sqs, fifo) == (2, 0, 0)


def test_ids_for_deduplication_may_count_for_each_group(sqs):
    given = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
    url = sqs.create_queue(QueueName="own.fifo", Attributes=given)["QueueUrl"]
    for group in ("a", "b", "a"):
        send(sqs, url, "x", MessageGroupId=group, MessageDeduplicationId="1")
    assert counts(sqs, url) == (2, 0, 0)
    code, _ = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="a")
    assert code == "InvalidParameterValue"


def test_what_a_fifo_queue_asks_for(lab, sqs, fifo):
    assert refused(sqs.send_message, QueueUrl=fifo, MessageBody="x")[0] == "MissingParameter"
    code, _ = refused(sqs.send_message, QueueUrl=fifo, MessageBody="x", MessageGroupId="g", DelaySeconds=1)
    assert code == "InvalidParameterValue"
    send(sqs, fifo, "x", MessageGroupId="g")
    handle = receive(sqs, fifo)[0]["ReceiptHandle"]
    lab.advance(seconds=30)
    code, text = refused(sqs.delete_message, QueueUrl=fifo, ReceiptHandle=handle)
    assert code == "InvalidParameterValue" and "expired" in text
