"""A function fed from a queue."""

import json

import pytest

SOURCE = """
    def handler(event, context):
        bodies = [record["body"] for record in event["Records"]]
        print("batch", ",".join(bodies))
        if "bad" in bodies:
            raise ValueError("bad message")
    """
QUEUE = "arn:aws:sqs:us-east-1:123456789012:work"


@pytest.fixture
def work(fn, lab):
    """A queue ``work`` that feeds ``f``."""
    sqs = lab.client("sqs")
    url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    fn.create(SOURCE)
    return lambda *bodies: [sqs.send_message(QueueUrl=url, MessageBody=body) for body in bodies]


def batches(fn):
    return [line.removeprefix("batch ") for line in fn.log() if line.startswith("batch")]


def left(lab):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs = lab.client("sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(map(int, held.values()))


def test_messages_arrive_in_batches_and_are_deleted(fn, lab, work):
    work("early")
    made = fn.client.create_event_source_mapping(EventSourceArn=QUEUE, FunctionName="f", BatchSize=3)
    assert made["State"] == "Creating"
    lab.advance(seconds=1)
    work(*"abcd")
    lab.advance(seconds=1)
    assert batches(fn) == ["early", "a,b,c", "d"] and left(lab) == 0
    got = fn.client.get_event_source_mapping(UUID=made["UUID"])
    assert got["State"] == "Enabled" and got["LastProcessingResult"] == "OK"


def test_an_idle_queue_costs_nothing(fn, lab, work):
    fn.client.create_event_source_mapping(EventSourceArn=QUEUE, FunctionName="f")
    lab.advance(seconds=1)
    before = len(lab.journal)
    lab.advance(days=400)
    assert len(lab.journal) <= before + 5 and lab.agenda() == []


def test_a_failed_batch_comes_back_after_the_visibility_timeout(fn, lab, work):
    fn.client.create_event_source_mapping(EventSourceArn=QUEUE, FunctionName="f")
    work("bad", "good")
    lab.advance(seconds=29)
    assert batches(fn) == ["bad,good"] and left(lab) == 2
    lab.advance(seconds=35)
    assert batches(fn) == ["bad,good"] * 3
    mapping = fn.client.list_event_source_mappings(FunctionName="f")["EventSourceMappings"][0]
    assert mapping["LastProcessingResult"].startswith("PROBLEM: Function call failed")


def test_only_the_failed_messages_come_back_when_the_function_names_them(fn, lab, work):
    fn.client.update_function_code(
        FunctionName="f",
        ZipFile=fn.zipped(
            """
            def handler(event, context):
                print("batch", ",".join(r["body"] for r in event["Records"]))
                bad = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
                return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}
            """
        ),
    )
    fn.client.create_event_source_mapping(
        EventSourceArn=QUEUE, FunctionName="f", FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    work("bad", "good")
    lab.advance(seconds=40)
    assert batches(fn) == ["bad,good", "bad"] and left(lab) == 1


def test_a_window_gathers(fn, lab, work):
    fn.client.create_event_source_mapping(
        EventSourceArn=QUEUE, FunctionName="f", BatchSize=100, MaximumBatchingWindowInSeconds=20
    )
    lab.advance(seconds=60)
    for n in range(15):
        work(str(n))
        lab.advance(seconds=1)
    assert fn.total("Invocations") == 0
    lab.advance(seconds=10)
    assert [len(each.split(",")) for each in batches(fn)] == [15]


def test_a_message_delayed_is_taken_when_it_shows(fn, lab, work):
    fn.client.create_event_source_mapping(EventSourceArn=QUEUE, FunctionName="f")
    sqs = lab.client("sqs")
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName="work")["QueueUrl"], MessageBody="late", DelaySeconds=90
    )
    lab.advance(seconds=89)
    assert fn.total("Invocations") == 0
    lab.advance(seconds=2)
    assert batches(fn) == ["late"]


def test_switched_off_and_on_and_deleted(fn, lab, work, refused):
    uuid = fn.client.create_event_source_mapping(EventSourceArn=QUEUE, FunctionName="f", Enabled=False)[
        "UUID"
    ]
    work("a")
    lab.advance(minutes=1)
    assert left(lab) == 1
    fn.client.update_event_source_mapping(UUID=uuid, Enabled=True, BatchSize=5)
    lab.advance(seconds=1)
    assert batches(fn) == ["a"]
    fn.client.delete_event_source_mapping(UUID=uuid)
    work("b")
    lab.advance(minutes=1)
    assert batches(fn) == ["a"] and left(lab) == 1
    assert refused(fn.client.get_event_source_mapping, UUID=uuid)[0] == "ResourceNotFoundException"


def test_the_record_of_a_message(fn, lab, work):
    fn.client.update_function_code(
        FunctionName="f",
        ZipFile=fn.zipped("import json\ndef handler(event, context): print(json.dumps(event['Records'][0]))"),
    )
    fn.client.create_event_source_mapping(EventSourceArn=QUEUE, FunctionName="f")
    work("hello")
    lab.advance(seconds=1)
    record = json.loads(next(line for line in fn.log() if line.startswith("{")))
    assert (
        record["body"] == "hello" and record["eventSource"] == "aws:sqs" and record["eventSourceARN"] == QUEUE
    )
    assert record["attributes"]["ApproximateReceiveCount"] == "1" and record["awsRegion"] == "us-east-1"
    assert record["messageAttributes"] == {}


def test_what_is_refused(fn, lab, work, refused):
    from cwlab import NotModelled

    create = fn.client.create_event_source_mapping
    good = {"EventSourceArn": QUEUE, "FunctionName": "f"}
    create(**good)
    assert refused(create, **good)[0] == "ResourceConflictException"
    assert refused(create, **good | {"FunctionName": "none"})[0] == "ResourceNotFoundException"
    assert "does not exist" in refused(create, **good | {"EventSourceArn": QUEUE + "x"})[1]
    fn.create(SOURCE, name="slow", Timeout=31)
    assert "less than Function timeout: 31" in refused(create, **good | {"FunctionName": "slow"})[1]
    lab.client("iam").put_role_policy(RoleName="fn", PolicyName="own", PolicyDocument=fn.allow("logs:*"))
    fn.create(SOURCE, name="poor")
    assert "does not have permissions" in refused(create, **good | {"FunctionName": "poor"})[1]
    with pytest.raises(NotModelled, match="kinesis"):
        create(**good | {"EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"})
    with pytest.raises(NotModelled, match="FilterCriteria"):
        create(**good, FilterCriteria={"Filters": []})
