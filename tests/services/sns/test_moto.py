"""The same calls, made to this lab and to moto: the same errors, and the same answers wherever both have a value."""

import boto3
import pytest
from botocore.exceptions import ClientError

# Left out: what moto accepts and SNS refuses (an empty message, an empty batch), its order of topics, and its own code
# for a message without a group.
STORY = """
create_topic Name='ops'
create_topic Name='ops'
create_topic Name='a b'
create_topic Name='line.fifo', Attributes={'FifoTopic': 'true'}
create_topic Name='line', Attributes={'FifoTopic': 'true'}
set_topic_attributes TopicArn=OPS, AttributeName='DisplayName', AttributeValue='Ops'
subscribe TopicArn=OPS, Protocol='sqs', Endpoint=QUEUE
subscribe TopicArn=OPS, Protocol='sqs', Endpoint=QUEUE
subscribe TopicArn=NONE, Protocol='sqs', Endpoint=QUEUE
list_subscriptions
list_subscriptions_by_topic TopicArn=OPS
publish TopicArn=OPS, Message='x', Subject='s'
publish TopicArn=OPS, Message='x' * 262145
publish TopicArn=OPS, Message='x', Subject='x' * 101
publish TopicArn=NONE, Message='x'
publish TopicArn=LINE, Message='x', MessageGroupId='g'
publish TopicArn=LINE, Message='x', MessageGroupId='g', MessageDeduplicationId='1'
publish_batch TopicArn=OPS, PublishBatchRequestEntries=[{'Id': 'a', 'Message': 'x'}, {'Id': 'b', 'Message': 'y'}]
publish_batch TopicArn=OPS, PublishBatchRequestEntries=[{'Id': 'a', 'Message': 'x'}, {'Id': 'a', 'Message': 'y'}]
tag_resource ResourceArn=OPS, Tags=[{'Key': 'a', 'Value': 'b'}]
list_tags_for_resource ResourceArn=OPS
untag_resource ResourceArn=OPS, TagKeys=['a']
list_tags_for_resource ResourceArn=NONE
add_permission TopicArn=OPS, Label='l', AWSAccountId=['222222222222'], ActionName=['Publish']
add_permission TopicArn=OPS, Label='l', AWSAccountId=['222222222222'], ActionName=['Publish']
remove_permission TopicArn=OPS, Label='l'
get_topic_attributes TopicArn=NONE
get_topic_attributes TopicArn=OPS
delete_topic TopicArn=OPS
delete_topic TopicArn=OPS
list_topics
"""
MADE_UP = {
    "MessageId",
    "SubscriptionArn",
    "SequenceNumber",
    "Policy",  # moto writes the default one of older days
    "EffectiveDeliveryPolicy",
    "SubscriptionsConfirmed",  # moto does not count them
    "Message",
}
BASE = "arn:aws:sns:us-east-1:123456789012:"
NAMES = {
    "OPS": BASE + "ops",
    "NONE": BASE + "none",
    "LINE": BASE + "line.fifo",
    "QUEUE": "arn:aws:sqs:us-east-1:123456789012:q",
}


def outcome(client, line):
    name, _, words = line.partition(" ")
    try:
        answer = getattr(client, name)(**eval(f"dict({words})", NAMES.copy()))
    except ClientError as error:
        return error.response["Error"]["Code"]
    del answer["ResponseMetadata"]
    return answer


def agree(ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(agree(ours[key], theirs[key]) for key in (ours.keys() & theirs.keys()) - MADE_UP)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(agree, ours, theirs))
    return ours == theirs


def test_this_lab_and_moto_tell_the_same_story(lab, sns, monkeypatch):
    moto = pytest.importorskip("moto")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    lab.client("sqs").create_queue(QueueName="q")
    with moto.mock_aws():
        boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="q")
        theirs = boto3.client("sns", region_name="us-east-1")
        for line in STORY.strip().splitlines():
            ours, other = outcome(sns, line), outcome(theirs, line)
            assert agree(ours, other), f"{line}\nthis lab: {ours}\nmoto: {other}"
