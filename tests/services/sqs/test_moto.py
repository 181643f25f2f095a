"""The same calls, made to this lab and to moto: the same errors, and the same answers wherever both have a value."""

import boto3
import pytest
from botocore.exceptions import ClientError

# Left out: what moto accepts and SQS refuses (an empty body, a standard queue called .fifo).
# One call a line, then the parameters as a Python dict body; URL stands for the queue's own.
STORY = """
create_queue QueueName='q', Attributes={'VisibilityTimeout': '60'}
create_queue QueueName='q', Attributes={'VisibilityTimeout': '60'}
create_queue QueueName='q', Attributes={'VisibilityTimeout': '61'}
create_queue QueueName='a b'
create_queue QueueName='line.fifo', Attributes={'FifoQueue': 'true'}
get_queue_url QueueName='q'
get_queue_url QueueName='none'
list_queues QueueNamePrefix='line'
get_queue_attributes QueueUrl=URL, AttributeNames=['QueueArn', 'VisibilityTimeout', 'DelaySeconds', 'MessageRetentionPeriod']
set_queue_attributes QueueUrl=URL, Attributes={'DelaySeconds': '0'}
send_message QueueUrl=URL, MessageBody='hello'
send_message QueueUrl=URL, MessageBody='with', MessageAttributes={'n': {'DataType': 'Number', 'StringValue': '1'}, 'b': {'DataType': 'Binary', 'BinaryValue': b'x'}}
send_message QueueUrl=URL, MessageBody='x', DelaySeconds=1000
send_message QueueUrl=NONE, MessageBody='x'
send_message_batch QueueUrl=URL, Entries=[{'Id': 'a', 'MessageBody': 'x'}, {'Id': 'b', 'MessageBody': 'y'}]
send_message_batch QueueUrl=URL, Entries=[]
send_message_batch QueueUrl=URL, Entries=[{'Id': 'a', 'MessageBody': 'x'}, {'Id': 'a', 'MessageBody': 'y'}]
send_message_batch QueueUrl=URL, Entries=[{'Id': 'a b', 'MessageBody': 'x'}]
receive_message QueueUrl=URL, MaxNumberOfMessages=2, MessageAttributeNames=['All'], AttributeNames=['ApproximateReceiveCount']
receive_message QueueUrl=URL, MaxNumberOfMessages=11
get_queue_attributes QueueUrl=URL, AttributeNames=['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
delete_message QueueUrl=URL, ReceiptHandle='nonsense'
send_message QueueUrl=LINE, MessageBody='x', MessageGroupId='g', MessageDeduplicationId='1'
send_message QueueUrl=LINE, MessageBody='x', MessageDeduplicationId='1'
send_message QueueUrl=LINE, MessageBody='x', MessageGroupId='g'
receive_message QueueUrl=LINE
tag_queue QueueUrl=URL, Tags={'a': 'b'}
list_queue_tags QueueUrl=URL
untag_queue QueueUrl=URL, TagKeys=['a']
add_permission QueueUrl=URL, Label='l', AWSAccountIds=['222222222222'], Actions=['SendMessage']
add_permission QueueUrl=URL, Label='l', AWSAccountIds=['222222222222'], Actions=['SendMessage']
remove_permission QueueUrl=URL, Label='l'
remove_permission QueueUrl=URL, Label='l'
purge_queue QueueUrl=URL
delete_queue QueueUrl=URL
delete_queue QueueUrl=URL
"""
MADE_UP = {"MessageId", "ReceiptHandle", "SequenceNumber", "Message"}
BASE = "https://sqs.us-east-1.amazonaws.com/123456789012/"


def outcome(client, line):
    name, _, words = line.partition(" ")
    params = eval(f"dict({words})", {"URL": BASE + "q", "LINE": BASE + "line.fifo", "NONE": BASE + "none"})
    try:
        answer = getattr(client, name)(**params)
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


def test_this_lab_and_moto_tell_the_same_story(sqs, monkeypatch):
    moto = pytest.importorskip("moto")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "123456789012")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        theirs = boto3.client("sqs", region_name="us-east-1")
        for line in STORY.strip().splitlines():
            ours, other = outcome(sqs, line), outcome(theirs, line)
            assert agree(ours, other), f"{line}\nthis lab: {ours}\nmoto: {other}"
