"""Asynchronous invocation: later, again, and in the end to a dead-letter queue or a destination."""

import json
from itertools import pairwise

import pytest

FAILS = "def handler(event, context): raise ValueError('always')"
WORKS = "def handler(event, context): return {'got': event}"


@pytest.fixture
def queue(lab):
    """A queue by name, as (ARN, receive all bodies)."""
    sqs = lab.client("sqs")

    def make(name):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]

        def receive():
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            return found.get("Messages", [])

        return f"arn:aws:sqs:us-east-1:123456789012:{name}", receive

    return make


def runs(lab):
    """At which second each run began."""
    return [round((e.at - lab.start).total_seconds()) for e in lab.journal if e.kind == "ran"]


def test_it_runs_when_time_moves(fn, lab):
    fn.create(WORKS)
    answer = fn.client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 1}')
    assert answer["StatusCode"] == 202 and "ExecutedVersion" not in answer and answer["Payload"].read() == b""
    assert runs(lab) == [] and fn.total("AsyncEventsReceived") == 1
    lab.advance(seconds=1)
    assert runs(lab) == [0] and fn.total("Invocations") == 1


def test_an_error_is_tried_again_after_one_and_two_minutes_with_the_same_id(fn, lab):
    fn.create(FAILS)
    fn.send()
    lab.advance(hours=7)
    assert runs(lab) == [0, 60, 180]
    starts = [line for line in fn.log() if line.startswith("START")]
    assert len(starts) == 3 and len(set(starts)) == 1
    assert (fn.total("Errors"), fn.total("Invocations"), fn.total("AsyncEventsDropped")) == (3, 3, 1)


def test_then_the_event_goes_to_the_dead_letter_queue(fn, lab, queue):
    arn, receive = queue("dead")
    fn.create(FAILS, DeadLetterConfig={"TargetArn": arn})
    fn.send({"order": 7})
    lab.advance(minutes=2)
    assert receive() == []
    lab.advance(minutes=2)
    (message,) = receive()
    assert json.loads(message["Body"]) == {"order": 7}
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert (
        attributes["ErrorMessage"] == "always"
        and attributes["ErrorCode"] == "200"
        and len(attributes["RequestID"]) == 36
    )
    assert fn.total("DeadLetterErrors") == 0


def test_without_permission_the_dead_letter_is_lost_and_counted(fn, lab, queue):
    arn, receive = queue("dead")
    fn.create(FAILS, DeadLetterConfig={"TargetArn": arn})
    lab.client("iam").put_role_policy(RoleName="fn", PolicyName="own", PolicyDocument=fn.allow("logs:*"))
    fn.send()
    lab.advance(minutes=5)
    assert receive() == [] and fn.total("DeadLetterErrors") == 1


def test_destinations_get_a_record_of_the_invocation(fn, lab, queue):
    good, receive_good = queue("good")
    bad, receive_bad = queue("bad")
    fn.create(
        "def handler(event, context):\n    if event['fail']: raise ValueError('asked')\n    return 'fine'"
    )
    fn.client.put_function_event_invoke_config(
        FunctionName="f",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnSuccess": {"Destination": good}, "OnFailure": {"Destination": bad}},
    )
    fn.send({"fail": False})
    fn.send({"fail": True})
    lab.advance(minutes=10)
    assert runs(lab) == [0, 0, 60]
    success, failure = (json.loads(receive()[0]["Body"]) for receive in (receive_good, receive_bad))
    assert success["requestContext"]["condition"] == "Success" and success["responsePayload"] == "fine"
    assert success["requestPayload"] == {"fail": False}
    assert failure["requestContext"] | {"requestId": ""} == {
        "requestId": "",
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 2,
    }
    assert failure["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert failure["responsePayload"]["errorMessage"] == "asked" and failure["version"] == "1.0"


def test_a_destination_can_be_another_function(fn, lab):
    fn.create(WORKS)
    fn.create("def handler(event, context): print(event['responsePayload']['got'])", name="next")
    target = "arn:aws:lambda:us-east-1:123456789012:function:next"
    fn.client.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": target}}
    )
    fn.send("hello")
    lab.advance(seconds=1)
    assert "hello" in fn.log("next")


def test_no_retries_and_a_short_age(fn, lab, queue):
    arn, receive = queue("bad")
    fn.create(FAILS)
    fn.client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    fn.send()
    lab.advance(minutes=10)
    assert runs(lab) == [0]
    fn.client.put_function_event_invoke_config(
        FunctionName="f", MaximumEventAgeInSeconds=100, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    fn.send()
    lab.advance(minutes=10)
    assert runs(lab) == [0, 600, 660]  # the third attempt would be at 780 s, when the event is too old
    assert json.loads(receive()[0]["Body"])["requestContext"]["condition"] == "EventAgeExceeded"


def test_reserved_concurrency_zero_stops_it(fn, lab, queue, refused):
    arn, receive = queue("bad")
    fn.create(WORKS)
    fn.client.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    fn.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert refused(fn.client.invoke, FunctionName="f") == ("TooManyRequestsException", "Rate Exceeded.")
    fn.send({"n": 1})
    lab.advance(seconds=1)
    record = json.loads(receive()[0]["Body"])
    assert record["requestPayload"] == {"n": 1} and "responsePayload" not in record
    assert runs(lab) == [] and fn.total("Throttles") == 1
    fn.client.delete_function_concurrency(FunctionName="f")
    assert fn.invoke().status == 200


def test_one_at_a_time_is_throttled_and_waits_its_turn(fn, lab):
    fn.create("import time\ndef handler(event, context): time.sleep(2)")
    fn.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    for _ in range(3):
        fn.send()
    lab.advance(minutes=5)
    began = runs(lab)
    assert len(began) == 3 and all(b - a >= 2 for a, b in pairwise(began))
    assert fn.total("Throttles") >= 2 and fn.total("ConcurrentExecutions", stat="Maximum") == 1


def test_many_at_once_take_an_environment_each(fn, lab):
    fn.create("import time\ndef handler(event, context): time.sleep(2)")
    for _ in range(4):
        fn.send()
    lab.advance(seconds=10)
    assert sum("Init Duration" in line for line in fn.log()) == 4
    fn.send()
    lab.advance(seconds=10)
    assert sum("Init Duration" in line for line in fn.log()) == 4  # a warm one is free


def test_a_function_deleted_meanwhile_drops_its_events(fn, lab):
    fn.create(WORKS)
    fn.send()
    fn.client.delete_function(FunctionName="f")
    lab.advance(minutes=1)
    assert runs(lab) == [] and fn.total("AsyncEventsDropped") == 1


def test_a_function_that_calls_itself_is_stopped(fn, lab):
    fn.create(
        """
        import boto3
        def handler(event, context):
            boto3.client("lambda").invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")
        """
    )
    fn.send()
    lab.advance(hours=1)
    assert len(runs(lab)) == 16
    fn.create(
        """
        import boto3, json
        def handler(event, context):
            answer = boto3.client("lambda").invoke(FunctionName="g", Payload=b"{}")
            return answer.get("FunctionError")
        """,
        name="g",
        Timeout=30,
    )
    assert fn.invoke(name="g").status == 200
    assert [e.error for e in lab.journal if e.operation == "Invoke" and e.error] == [
        "RecursiveInvocationException"
    ]


def test_a_role_taken_away_fails_each_attempt_and_time_goes_on(fn, lab):
    fn.create(WORKS)
    fn.send()
    lab.client("iam").update_assume_role_policy(RoleName="fn", PolicyDocument=fn.trust("ec2.amazonaws.com"))
    lab.advance(hours=1)
    assert runs(lab) == [] and lab.now.hour == 10
