"""Services that use keys: CloudWatch Logs, SNS and alarms, SQS, each as AWS has it ask KMS."""

import json

import pytest

from tests.services.kms.conftest import ACCOUNT, OWN, document, person, refused, statement

LOGS = {"Service": "logs.us-east-1.amazonaws.com"}
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/app"
USES = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
FOR_GROUP = {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": GROUP}}
ADMITS = document(OWN, statement(LOGS, USES, FOR_GROUP))
REFUSED = f"The specified KMS key does not exist or is not allowed to be used with Arn '{GROUP}'"


# CloudWatch Logs -----------------------------------------------------------------------------------------------------


@pytest.fixture
def logs(lab):
    return lab.client("logs")


def put(lab, logs, text):
    stamp = int(lab.now.timestamp() * 1000)
    logs.put_log_events(
        logGroupName="/app", logStreamName="web", logEvents=[{"timestamp": stamp, "message": text}]
    )


def read(logs):
    return [each["message"] for each in logs.filter_log_events(logGroupName="/app")["events"]]


@pytest.fixture
def app(kms, key, logs):
    """A log group /app under a key that admits CloudWatch Logs for it."""
    kms.put_key_policy(KeyId=key, Policy=ADMITS)
    logs.create_log_group(logGroupName="/app", kmsKeyId=key)
    logs.create_log_stream(logGroupName="/app", logStreamName="web")


@pytest.mark.syllabus("L15")
def test_encryption_of_logs_comes_from_kms(lab, kms, key, logs, app):
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key
    put(lab, logs, "secret")
    assert read(logs) == ["secret"]
    asked = [e for e in lab.journal if e.service == "kms" and e.depth]
    assert {e.operation for e in asked} == {"GenerateDataKey", "Decrypt"}
    assert {e.caller.arn for e in asked} == {"logs.us-east-1.amazonaws.com"}
    assert all(e.params["EncryptionContext"] == {"aws:logs:arn": GROUP} for e in asked)


@pytest.mark.syllabus("L15")
@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (document(OWN), "no word of CloudWatch Logs"),
        (document(OWN, statement(LOGS, ["kms:Decrypt*"], FOR_GROUP)), "may only decrypt"),
        (document(OWN, statement({"Service": "logs.eu-west-1.amazonaws.com"}, USES, FOR_GROUP)), "other Region"),
        (document(OWN, statement({"Service": "logs.amazonaws.com"}, USES, FOR_GROUP)), "no Region"),
        (document(OWN, statement(LOGS, USES, {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": GROUP + "-2"}})),
         "other group"),
    ],
)  # fmt: skip
def test_a_policy_that_does_not_admit_cloudwatch_logs_for_the_group(lab, kms, key, logs, policy, name):
    logs.create_log_group(logGroupName="/app")
    kms.put_key_policy(KeyId=key, Policy=policy)
    assert refused(logs.associate_kms_key, logGroupName="/app", kmsKeyId=key) == (
        "AccessDeniedException",
        REFUSED,
    ), name
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]


@pytest.mark.syllabus("L15")
@pytest.mark.parametrize("broken", ["disabled", "deleted", "missing", "malformed", "alias"])
def test_a_key_that_cannot_be_used_is_an_invalid_parameter(lab, kms, key, logs, broken):
    kms.put_key_policy(KeyId=key, Policy=ADMITS)
    if broken == "disabled":
        kms.disable_key(KeyId=key)
    elif broken == "deleted":
        kms.schedule_key_deletion(KeyId=key)
    elif broken == "missing":
        key = key[:-12] + "0" * 12
    else:
        key = {"malformed": "arn:aws:kms", "alias": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/x"}[broken]
    assert refused(logs.create_log_group, logGroupName="/app", kmsKeyId=key)[0] == "InvalidParameterException"
    assert logs.describe_log_groups()["logGroups"] == []


@pytest.mark.syllabus("L15")
def test_a_disabled_key_stops_reading_and_writing_and_an_enabled_one_lets_them_go_on(
    lab, kms, key, logs, app
):
    put(lab, logs, "before")
    kms.disable_key(KeyId=key)
    lab.advance(seconds=1)
    with pytest.raises(logs.exceptions.InvalidParameterException):
        put(lab, logs, "lost")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        read(logs)
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.get_log_events(logGroupName="/app", logStreamName="web")
    kms.enable_key(KeyId=key)
    put(lab, logs, "after")
    assert read(logs) == ["before", "after"]


@pytest.mark.syllabus("L15")
def test_after_a_disassociation_old_events_still_need_their_key(lab, kms, key, logs, app):
    put(lab, logs, "old")
    logs.disassociate_kms_key(logGroupName="/app")
    lab.advance(minutes=1)
    put(lab, logs, "new")
    kms.put_key_policy(KeyId=key, Policy=document(OWN))
    with pytest.raises(logs.exceptions.ClientError, match="not allowed"):
        read(logs)
    later = int(lab.now.timestamp() * 1000)
    assert [e["message"] for e in logs.filter_log_events(logGroupName="/app", startTime=later)["events"]] == [
        "new"
    ]
    kms.put_key_policy(KeyId=key, Policy=ADMITS)
    assert read(logs) == ["old", "new"]


def test_logs_are_read_after_the_key_was_rotated_and_gone_with_a_deleted_one(lab, kms, key, logs, app):
    put(lab, logs, "old")
    kms.rotate_key_on_demand(KeyId=key)
    assert read(logs) == ["old"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    lab.advance(days=8)
    with pytest.raises(logs.exceptions.ClientError):
        read(logs)


# SNS -----------------------------------------------------------------------------------------------------------------

ALARMS = {"Service": "cloudwatch.amazonaws.com"}
FOR_TOPICS = ["kms:GenerateDataKey*", "kms:Decrypt"]


@pytest.fixture
def sns(lab):
    return lab.client("sns")


@pytest.fixture
def topic(lab, sns, key):
    found = sns.create_topic(Name="ops", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    sns.subscribe(TopicArn=found, Protocol="email", Endpoint="ops@example.com")
    lab.inbox.confirm()
    return found


def alarm(lab, topic):
    """An alarm goes off; returns how its action went."""
    cloudwatch = lab.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="a", Namespace="Shop", MetricName="Load", Statistic="Average", Period=60, EvaluationPeriods=1,
        Threshold=50, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic],
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    lab.advance(seconds=1)
    (item,) = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    return item["HistorySummary"] + item["HistoryData"]


@pytest.mark.syllabus("A05")
def test_an_alarm_reaches_an_encrypted_topic_only_if_the_key_admits_cloudwatch(lab, kms, key, topic):
    assert "CloudWatch Alarms does not have authorization to access the SNS topic encryption key." in alarm(
        lab, topic
    )
    kms.put_key_policy(KeyId=key, Policy=document(OWN, statement(ALARMS, FOR_TOPICS)))
    lab.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="OK", StateReason="test")
    lab.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    assert lab.inbox[-1].subject.startswith('ALARM: "a"')


@pytest.mark.parametrize("actions", [["kms:GenerateDataKey*"], ["kms:Decrypt"]])
def test_a_publisher_needs_both_permissions(lab, kms, key, sns, topic, actions):
    kms.put_key_policy(KeyId=key, Policy=document(OWN, statement(ALARMS, actions)))
    assert "does not have authorization" in alarm(lab, topic)


def test_a_publisher_without_leave_to_use_the_key(lab, kms, key, sns, topic):
    _, client = person(lab, "ana", ["sns:Publish"])
    assert refused(client("sns").publish, TopicArn=topic, Message="x")[0] == "KMSAccessDenied"
    sns.publish(TopicArn=topic, Message="x")
    kms.disable_key(KeyId=key)
    assert refused(sns.publish, TopicArn=topic, Message="x") == ("KMSDisabled", f"{key} is disabled.")


def test_the_managed_key_appears_when_a_topic_uses_it(lab, kms, sns):
    topic = sns.create_topic(Name="t", Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    assert kms.list_aliases()["Aliases"] == []
    _, client = person(lab, "ana", ["sns:Publish"])
    client("sns").publish(TopicArn=topic, Message="x")
    assert [each["AliasName"] for each in kms.list_aliases()["Aliases"]] == ["alias/aws/sns"]
    assert "does not have authorization" in alarm(lab, topic)


# SQS -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sqs(lab):
    return lab.client("sqs")


@pytest.fixture
def orders(sqs, key):
    given = {"KmsMasterKeyId": key, "KmsDataKeyReusePeriodSeconds": "60"}
    return sqs.create_queue(QueueName="orders", Attributes=given)["QueueUrl"]


def test_a_queue_asks_for_its_key_once_in_a_while(lab, kms, key, sqs, orders):
    def asked():
        return sum(e.service == "kms" and e.depth > 0 for e in lab.journal)

    for _ in range(3):
        sqs.send_message(QueueUrl=orders, MessageBody="x")
    assert asked() == 2, "a data key, and its check"
    assert len(sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=3)["Messages"]) == 3
    assert asked() == 2
    kms.disable_key(KeyId=key)
    lab.advance(seconds=59)
    sqs.send_message(QueueUrl=orders, MessageBody="still")
    lab.advance(seconds=1)
    disabled = ("KMS.DisabledException", f"{key} is disabled.")
    assert refused(sqs.send_message, QueueUrl=orders, MessageBody="no") == disabled
    assert refused(sqs.receive_message, QueueUrl=orders) == disabled
    kms.enable_key(KeyId=key)
    got = sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=10)["Messages"]
    assert [each["Body"] for each in got] == ["x", "x", "x", "still"]


def test_messages_stay_under_the_key_they_came_with(lab, kms, key, sqs, orders):
    sqs.send_message(QueueUrl=orders, MessageBody="old")
    newer = kms.create_key()["KeyMetadata"]["Arn"]
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"KmsMasterKeyId": newer})
    lab.advance(minutes=5)
    kms.disable_key(KeyId=key)
    assert refused(sqs.receive_message, QueueUrl=orders)[0] == "KMS.DisabledException"
    kms.enable_key(KeyId=key)
    assert sqs.receive_message(QueueUrl=orders)["Messages"][0]["Body"] == "old"


def test_senders_and_receivers_need_the_key(lab, kms, key, sqs, orders):
    _, sender = person(lab, "ana", ["sqs:*", "kms:GenerateDataKey"])
    _, receiver = person(lab, "ben", ["sqs:*", "kms:Decrypt"])
    _, stranger = person(lab, "cleo", ["sqs:*"])
    sqs.send_message(QueueUrl=orders, MessageBody="x")
    denied = "KMS.AccessDeniedException"
    assert refused(sender("sqs").send_message, QueueUrl=orders, MessageBody="x")[0] == denied
    assert refused(stranger("sqs").receive_message, QueueUrl=orders)[0] == denied
    assert receiver("sqs").receive_message(QueueUrl=orders)["Messages"][0]["Body"] == "x"


def test_a_topic_delivers_to_an_encrypted_queue_whose_key_admits_sns(lab, kms, key, sns, sqs, orders):
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
    topic = sns.create_topic(Name="news")["TopicArn"]
    admit = {
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }  # fmt: skip
    sqs.set_queue_attributes(
        QueueUrl=orders, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [admit]})}
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic, Message="lost")
    assert "KMS.AccessDeniedException" in [e.error for e in lab.journal]
    kms.put_key_policy(
        KeyId=key, Policy=document(OWN, statement({"Service": "sns.amazonaws.com"}, FOR_TOPICS))
    )
    sns.publish(TopicArn=topic, Message="heard")
    got = sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=10)["Messages"]
    assert [each["Body"] for each in got] == ["heard"]
