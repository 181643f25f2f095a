"""Publish: what goes out, to whom, in which form, and what happens when it cannot arrive."""

import base64
import json

import pytest

from cwlab import Lab
from cwlab.api import Request, service_principal
from cwlab.errors import AwsError
from tests.services.sns.conftest import ACCOUNT, Queue, allow, refused

ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:cpu-high"


@pytest.mark.syllabus("A05")
def test_a_queue_gets_the_envelope(lab, sns, topic, queue):
    lab.advance(seconds=1.5)
    answer = sns.publish(TopicArn=topic, Subject="Hot", Message="web-1 is at 97 %")
    (note,) = queue.notes()
    assert {k: v for k, v in note.items() if k not in ("Signature", "SigningCertURL", "UnsubscribeURL")} == {
        "Type": "Notification",
        "MessageId": answer["MessageId"],
        "TopicArn": topic,
        "Subject": "Hot",
        "Message": "web-1 is at 97 %",
        "Timestamp": "2026-03-02T09:00:01.500Z",
        "SignatureVersion": "1",
    }
    assert queue.subscription in note["UnsubscribeURL"]
    assert len(base64.b64decode(note["Signature"])) == 256


def test_without_a_subject_there_is_none(sns, topic, queue):
    sns.publish(TopicArn=topic, Message="x")
    assert "Subject" not in queue.notes()[0]


def test_attributes_travel_in_the_envelope_or_with_a_raw_message(lab, sns, topic, queue):
    raw = Queue(lab, topic, "raw", attributes={"RawMessageDelivery": "true"})
    given = {
        "level": {"DataType": "Number", "StringValue": "3"},
        "blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        "tags": {"DataType": "String.Array", "StringValue": '["a"]'},
    }
    sns.publish(TopicArn=topic, Message="plain", Subject="s", MessageAttributes=given)
    assert queue.notes()[0]["MessageAttributes"] == {
        "level": {"Type": "Number", "Value": "3"},
        "blob": {"Type": "Binary", "Value": "AP8="},
        "tags": {"Type": "String.Array", "Value": '["a"]'},
    }
    (message,) = raw.messages()
    assert (message["Body"], message["MessageAttributes"]) == ("plain", given)


def test_each_protocol_may_get_a_text_of_its_own(lab, sns, topic, queue):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    lab.inbox.confirm()
    texts = {"default": "any", "email": "Dear Ana", "sqs": '{"n": 1}', "sms": 5}
    sns.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    assert queue.texts() == ['{"n": 1}']
    assert lab.inbox[-1].body.startswith("Dear Ana\n")


def test_a_queue_without_a_policy_gets_nothing_and_nobody_is_told(lab, sns, topic):
    """The classic trap: Publish succeeds, the queue stays empty; only the journal and the metric know."""
    shut = Queue(lab, topic, admit=False)
    sns.publish(TopicArn=topic, Message="x")
    assert shut.messages() == []
    entry = next(e for e in lab.journal if e.operation == "SendMessage")
    assert (entry.error, entry.caller.arn, entry.depth) == ("AccessDenied", "sns.amazonaws.com", 1)
    shut.admit(topic)
    sns.publish(TopicArn=topic, Message="y")
    assert shut.texts() == ["y"]


def test_a_queue_that_admits_another_topic_gets_nothing(lab, sns, topic, queue):
    other = sns.create_topic(Name="other")["TopicArn"]
    sns.subscribe(TopicArn=other, Protocol="sqs", Endpoint=queue.arn)
    sns.publish(TopicArn=other, Message="x")
    assert queue.messages() == []


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(lab, sns, topic):
    dead = Queue(lab, sns.create_topic(Name="none")["TopicArn"], "dead")
    dead.admit(topic)
    Queue(
        lab,
        topic,
        "shut",
        admit=False,
        attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead.arn})},
    )
    sns.publish(TopicArn=topic, Message="lost?")
    assert dead.texts() == ["lost?"]


def test_a_message_reaches_the_others_when_one_endpoint_refuses(lab, sns, topic):
    Queue(lab, topic, "shut", admit=False)
    fine = Queue(lab, topic, "open")
    sns.publish(TopicArn=topic, Message="x")
    assert fine.texts() == ["x"]


# Who may publish -----------------------------------------------------------------------------------------------------


def alarm_publishes(lab, topic, account=ACCOUNT, alarm=ALARM):
    """Publish as CloudWatch does for an alarm."""
    return lab.world.door(
        Request(
            "sns",
            "Publish",
            {"TopicArn": topic, "Message": "ALARM"},
            service_principal("cloudwatch.amazonaws.com"),
            ACCOUNT,
            "us-east-1",
            depth=1,
            source_account=account,
            source_arn=alarm,
        )
    )


def test_the_default_policy_admits_the_accounts_alarms_and_no_others(lab, topic, queue):
    alarm_publishes(lab, topic)
    assert queue.texts() == ["ALARM"]
    with pytest.raises(AwsError, match="AuthorizationError"):
        alarm_publishes(lab, topic, "222222222222", ALARM.replace(ACCOUNT, "222222222222"))


def test_a_policy_that_leaves_alarms_out_keeps_them_out(lab, sns, topic, queue):
    policy = allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, topic, "sns:Publish")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    with pytest.raises(AwsError, match="AuthorizationError"):
        alarm_publishes(lab, topic)
    sns.publish(TopicArn=topic, Message="mine")
    admit = allow(
        {"Service": "cloudwatch.amazonaws.com"},
        topic,
        "sns:Publish",
        ArnLike={"aws:SourceArn": ALARM},
        StringEquals={"aws:SourceAccount": ACCOUNT},
    )
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=admit)
    alarm_publishes(lab, topic)
    with pytest.raises(AwsError, match="AuthorizationError"):
        alarm_publishes(lab, topic, alarm=ALARM + "er")
    assert queue.texts() == ["mine", "ALARM"]


def test_the_key_aws_manages_lets_you_in_and_no_alarm(lab, sns, topic, queue):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns")
    with pytest.raises(AwsError, match="KMSAccessDenied"):
        alarm_publishes(lab, topic)
    sns.publish(TopicArn=topic, Message="mine")
    assert queue.texts() == ["mine"]


def test_an_encrypted_queue_with_the_key_aws_manages_gets_nothing_from_topics(lab, sns, topic, queue):
    queue.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
    sns.publish(TopicArn=topic, Message="x")
    assert queue.messages() == []
    assert "KMS.AccessDeniedException" in [e.error for e in lab.journal]


# What cannot be published --------------------------------------------------------------------------------------------

STRING = {"DataType": "String", "StringValue": "v"}


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"Message": ""}, "InvalidParameter", "Invalid parameter: Empty message"),
        ({"Message": "x" * 262_145}, "InvalidParameter", "Invalid parameter: Message too long"),
        ({"Message": "x" * 262_140, "MessageAttributes": {"n": STRING}}, "InvalidParameter", "Message too long"),
        ({"Subject": ""}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Subject": "x" * 101}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Subject": "two\nlines"}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"Subject": " blank"}, "InvalidParameter", "Invalid parameter: Subject"),
        ({"MessageStructure": "xml"}, "InvalidParameter", "MessageStructure"),
        ({"MessageStructure": "json"}, "InvalidParameter", "JSON message body failed to parse"),
        ({"MessageStructure": "json", "Message": "[]"}, "InvalidParameter", "JSON message body failed to parse"),
        ({"MessageStructure": "json", "Message": '{"sqs": "x"}'}, "InvalidParameter", "No default entry"),
        ({"MessageAttributes": {"n": {"DataType": "Text", "StringValue": "v"}}}, "ParameterValueInvalid", "invalid message attribute type"),
        ({"MessageAttributes": {"n": {"DataType": "String", "StringValue": ""}}}, "ParameterValueInvalid", "non-empty"),
        ({"MessageAttributes": {"n": {"DataType": "Number", "StringValue": "x"}}}, "ParameterValueInvalid", "number"),
        ({"MessageAttributes": {".n": STRING}}, "ParameterValueInvalid", "name"),
        ({"MessageDeduplicationId": "d"}, "InvalidParameter", "not valid for this topic type"),
    ],
)  # fmt: skip
def test_what_cannot_be_published(sns, topic, queue, given, code, text):
    got = refused(sns.publish, TopicArn=topic, **{"Message": "x"} | given)
    assert got[0] == code and text in got[1]
    assert queue.messages() == []


def test_a_publish_needs_a_target(sns):
    assert refused(sns.publish, Message="x")[0] == "InvalidParameter"


def test_the_largest_message_fits(lab, sns, topic):
    raw = Queue(lab, topic, "raw", attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic, Message="ä" * 131_072, Subject="x" * 100)
    assert len(raw.messages()[0]["Body"]) == 131_072


def test_each_entry_of_a_batch_is_on_its_own(sns, topic, queue):
    entries = [{"Id": "a", "Message": "one"}, {"Id": "b", "Message": ""}, {"Id": "c", "Message": "two"}]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [e["Id"] for e in answer["Successful"]] == ["a", "c"]
    assert [(e["Id"], e["Code"]) for e in answer["Failed"]] == [("b", "InvalidParameter")]
    assert queue.texts() == ["one", "two"]


@pytest.mark.parametrize(
    ("ids", "size", "code"),
    [
        ([], 1, "EmptyBatchRequest"),
        ([str(n) for n in range(11)], 1, "TooManyEntriesInBatchRequest"),
        (["a", "a"], 1, "BatchEntryIdsNotDistinct"),
        (["a b"], 1, "InvalidBatchEntryId"),
        (["a", "b"], 140_000, "BatchRequestTooLong"),
    ],
)
def test_batches_that_cannot_be(sns, topic, ids, size, code):
    entries = [{"Id": each, "Message": "x" * size} for each in ids]
    assert refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)[0] == code


# FIFO ----------------------------------------------------------------------------------------------------------------


def test_a_fifo_topic_keeps_order_and_drops_repeats(lab, sns):
    given = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="line.fifo", Attributes=given)["TopicArn"]
    line = Queue(lab, topic, "line.fifo", given={"FifoQueue": "true"})
    first = sns.publish(TopicArn=topic, Message="one", MessageGroupId="g")
    assert sns.publish(TopicArn=topic, Message="one", MessageGroupId="g")["MessageId"] == first["MessageId"]
    sns.publish(TopicArn=topic, Message="two", MessageGroupId="g")
    assert line.texts() == ["one", "two"]
    _code, text = refused(sns.publish, TopicArn=topic, Message="x")
    assert text == "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    lab.advance(minutes=5)
    assert sns.publish(TopicArn=topic, Message="one", MessageGroupId="g")["MessageId"] != first["MessageId"]


def test_a_fifo_topic_asks_for_an_id_or_content(sns):
    topic = sns.create_topic(Name="line.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    _code, text = refused(sns.publish, TopicArn=topic, Message="x", MessageGroupId="g")
    assert "ContentBasedDeduplication" in text
    sns.publish(TopicArn=topic, Message="x", MessageGroupId="g", MessageDeduplicationId="1")


# A function ----------------------------------------------------------------------------------------------------------


def test_a_function_is_invoked_with_the_record(lab, sns, topic, monkeypatch):
    """What SNS asks of Lambda; whether the function then runs is Lambda's own business."""
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:note"
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="x", Subject="s", MessageAttributes={"n": STRING})
    entry = next(e for e in lab.journal if e.operation == "Invoke")
    assert entry.caller.arn == "sns.amazonaws.com"
    assert (entry.params["FunctionName"], entry.params["InvocationType"]) == (arn, "Event")
    (record,) = json.loads(entry.params["Payload"])["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"].startswith(topic)
    told = record["Sns"]
    assert (told["Message"], told["Subject"], told["TopicArn"]) == ("x", "s", topic)
    assert told["MessageAttributes"] == {"n": {"Type": "String", "Value": "v"}}


# A world that is a value ---------------------------------------------------------------------------------------------


def test_forks_and_saved_labs_go_on_alike(lab, sns, topic, queue, tmp_path):
    sns.publish(TopicArn=topic, Message="before")
    twin, again = lab.fork(), Lab.open(lab.save(tmp_path / "lab.cwlab"))
    ids = []
    for each in (lab, twin, again):
        ids.append(each.client("sns").publish(TopicArn=topic, Message="after")["MessageId"])
        found = each.client("sqs").receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10)["Messages"]
        assert [json.loads(m["Body"])["Message"] for m in found] == ["before", "after"]
    assert len(set(ids)) == 1
