"""Encryption: what is asked of KMS, by whom, and what follows when KMS refuses."""

from types import SimpleNamespace

import pytest

from cwlab import api
from cwlab.errors import AwsError
from tests.services.logs.conftest import event, ms

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHER = KEY.replace("1111", "9999")
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/app"


@pytest.fixture
def kms(monkeypatch):
    """A KMS of two operations: what it was asked, and the keys it refuses with which code."""
    state = SimpleNamespace(asked=[], refuses={})
    api.load("kms")
    monkeypatch.setitem(api.OPERATIONS, "kms", {})

    def answer(call, name, key, context, result):
        state.asked.append((name, key, context, call.principal.arn, call.request.source_arn))
        if key in state.refuses:
            raise AwsError(state.refuses[key], "no")
        return result

    @api.operation("kms", "GenerateDataKey")
    def generate(call, *, KeyId, KeySpec, EncryptionContext):
        return answer(call, "GenerateDataKey", KeyId, EncryptionContext, {"CiphertextBlob": KeyId.encode()})

    @api.operation("kms", "Decrypt")
    def decrypt(call, *, KeyId, CiphertextBlob, EncryptionContext):
        assert CiphertextBlob == KeyId.encode()
        return answer(call, "Decrypt", KeyId, EncryptionContext, {"Plaintext": b"x"})

    return state


def read(logs, **more):
    return [e["message"] for e in logs.filter_log_events(logGroupName="/app", **more)["events"]]


@pytest.mark.syllabus("L14", "L15")
def test_logs_asks_kms_as_itself_with_the_group_as_context(lab, logs, kms):
    logs.associate_kms_key(logGroupName="/app", kmsKeyId=KEY)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == KEY
    logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[event(ms(lab), "secret")])
    assert read(logs) == ["secret"]
    as_logs = (KEY, {"aws:logs:arn": GROUP}, "logs.us-east-1.amazonaws.com", GROUP)
    assert kms.asked == [
        ("GenerateDataKey", *as_logs),
        ("GenerateDataKey", *as_logs),
        ("Decrypt", *as_logs),
    ]


@pytest.mark.syllabus("L15")
@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ("NotFoundException", "InvalidParameterException"),
        ("DisabledException", "InvalidParameterException"),
        ("KMSInvalidStateException", "InvalidParameterException"),
        ("AccessDeniedException", "AccessDeniedException"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(lab, logs, kms, refusal, code):
    kms.refuses[KEY] = refusal
    wanted = f"The specified KMS key does not exist or is not allowed to be used with Arn '{GROUP}'"
    with pytest.raises(logs.exceptions.ClientError) as caught:
        logs.associate_kms_key(resourceIdentifier=GROUP, kmsKeyId=KEY)
    assert caught.value.response["Error"] == {"Code": code, "Message": wanted}
    with pytest.raises(logs.exceptions.ClientError, match="/new"):
        logs.create_log_group(logGroupName="/new", kmsKeyId=KEY)
    assert [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]] == ["/app"]


def test_a_key_is_for_what_comes_from_then_on(lab, logs, kms):
    put = lambda text: logs.put_log_events(  # noqa: E731
        logGroupName="/app", logStreamName="web", logEvents=[event(ms(lab), text)]
    )
    put("open")
    logs.associate_kms_key(logGroupName="/app", kmsKeyId=KEY)
    lab.advance(seconds=1)
    put("first key")
    logs.associate_kms_key(logGroupName="/app", kmsKeyId=OTHER)
    lab.advance(seconds=1)
    put("second key")
    logs.disassociate_kms_key(logGroupName="/app")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    lab.advance(seconds=1)
    put("open again")
    assert read(logs) == ["open", "first key", "second key", "open again"]
    kms.refuses[KEY] = "DisabledException"
    with pytest.raises(logs.exceptions.ClientError, match="does not exist or is not allowed"):
        read(logs)
    with pytest.raises(logs.exceptions.ClientError, match="does not exist or is not allowed"):
        logs.get_log_events(logGroupName="/app", logStreamName="web")
    assert read(logs, startTime=ms(lab) - 1500) == ["second key", "open again"]
    put("still taken")


def test_writing_stops_when_the_key_is_disabled(lab, logs, kms):
    logs.associate_kms_key(logGroupName="/app", kmsKeyId=KEY)
    kms.refuses[KEY] = "DisabledException"
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[event(ms(lab), "lost")])
    del kms.refuses[KEY]
    assert read(logs) == []


RESULTS = "arn:aws:logs:us-east-1:123456789012:query-result:*"


@pytest.mark.syllabus("L15")
def test_answers_of_queries_are_kept_under_a_key_of_their_own(lab, logs, kms):
    logs.associate_kms_key(resourceIdentifier=RESULTS, kmsKeyId=KEY)
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    query_id = logs.start_query(logGroupName="/app", startTime=0, endTime=9, queryString="limit 1")["queryId"]
    assert logs.get_query_results(queryId=query_id)["encryptionKey"] == KEY
    lab.advance(seconds=1)
    logs.get_query_results(queryId=query_id)
    assert [(name, context) for name, _, context, _, _ in kms.asked] == [
        ("GenerateDataKey", {"aws:logs:arn": RESULTS}),
        ("GenerateDataKey", {"aws:logs:arn": RESULTS}),
        ("Decrypt", {"aws:logs:arn": RESULTS}),
    ]
    kms.refuses[KEY] = "DisabledException"
    with pytest.raises(logs.exceptions.ClientError, match="query-result"):
        logs.get_query_results(queryId=query_id)
    with pytest.raises(logs.exceptions.ClientError, match="query-result"):
        logs.start_query(logGroupName="/app", startTime=0, endTime=9, queryString="limit 1")
    logs.disassociate_kms_key(resourceIdentifier=RESULTS)
    later = logs.start_query(logGroupName="/app", startTime=0, endTime=9, queryString="limit 1")["queryId"]
    assert "encryptionKey" not in logs.get_query_results(queryId=later)


def test_the_answers_of_another_account_or_region_are_not_ours(logs, kms):
    for other in (RESULTS.replace("123456789012", "222222222222"), RESULTS.replace("us-east-1", "eu-west-1")):
        with pytest.raises(logs.exceptions.InvalidParameterException):
            logs.associate_kms_key(resourceIdentifier=other, kmsKeyId=KEY)
