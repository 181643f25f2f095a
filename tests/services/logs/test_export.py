"""Export tasks: what they ask of a bucket, when they are through, and what is in the files."""

import gzip
import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.logs import exporting
from tests.services.logs.conftest import client, event, ms

BUCKET = "shop-exports"
PROBE = "exportedlogs/aws-logs-write-test"
HOUR = 3_600_000


def bucket_policy(bucket=BUCKET, region="us-east-1", account="123456789012"):
    """The policy of the User Guide."""
    source = {
        "StringEquals": {"aws:SourceAccount": [account]},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{region}:{account}:log-group:*"]},
    }
    acl = {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": [account]}
    who = {"Effect": "Allow", "Principal": {"Service": f"logs.{region}.amazonaws.com"}}
    look = {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}", "Condition": source}
    write = {
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": source | {"StringEquals": acl},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [who | look, who | write]})


@pytest.fixture
def s3(lab):
    """A client; the bucket is there, and lets CloudWatch Logs in."""
    made = lab.client("s3")
    made.create_bucket(Bucket=BUCKET)
    made.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy())
    return made


def put(lab, messages, stream="web", ago_ms=1000):
    """Put events a millisecond apart."""
    now = ms(lab)
    events = [event(now - ago_ms + n, message) for n, message in enumerate(messages)]
    client(lab).put_log_events(logGroupName="/app", logStreamName=stream, logEvents=events)


def start(lab, **more):
    now = ms(lab)
    wanted = {"logGroupName": "/app", "fromTime": 0, "to": now + 1000, "destination": BUCKET} | more
    return client(lab).create_export_task(**wanted)["taskId"]


def task(lab, number):
    (found,) = client(lab).describe_export_tasks(taskId=number)["exportTasks"]
    return found


def refused(lab, **more):
    with pytest.raises(ClientError) as caught:
        start(lab, **more)
    return caught.value


def encrypt(s3, algorithm, key=None):
    default = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
    s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )


@pytest.mark.syllabus("L20", "L21")
def test_an_export_is_hours_away_and_through_within_twelve(lab, logs, s3):
    put(lab, ["one", "two"])
    number = start(lab, taskName="monday")
    assert lab.bucket(BUCKET).keys() == [PROBE]
    assert lab.bucket(BUCKET)[PROBE] == b"Permission Check Successful"
    lab.advance(minutes=5)
    assert task(lab, number)["status"] == {"code": "PENDING"}
    assert lab.bucket(BUCKET).keys() == [PROBE]
    seen = []
    for _ in range(12 * 6):
        lab.advance(minutes=10)
        code = task(lab, number)["status"]["code"]
        if code not in seen:
            seen.append(code)
    assert seen == ["PENDING", "RUNNING", "COMPLETED"]
    done = task(lab, number)
    assert done["status"] == {"code": "COMPLETED", "message": "Completed successfully"}
    times = done["executionInfo"]
    assert HOUR <= times["completionTime"] - times["creationTime"] <= 12 * HOUR
    assert (done["taskName"], done["destination"], done["destinationPrefix"]) == (
        "monday",
        BUCKET,
        "exportedlogs",
    )
    assert f"exportedlogs/{number}/web/000000.gz" in lab.bucket(BUCKET)


@pytest.mark.syllabus("L21")
@pytest.mark.parametrize("seed", range(8))
def test_every_seed_takes_hours_and_no_more_than_twelve(seed):
    lab = Lab(seed)
    plan = exporting.plan(0, lab.dice(), lab.dice())
    assert HOUR // 2 <= plan.run_ms < plan.done_ms <= 12 * HOUR and plan.done_ms >= HOUR


@pytest.mark.syllabus("L20")
def test_a_file_holds_a_line_an_event(lab, logs, s3):
    stamp = lab.now - timedelta(seconds=1)
    put(lab, ["héllo \N{PARTY POPPER}", "two\nlines", "\x1b[31m<script>"])
    number = start(lab)
    lab.advance(hours=12)
    data = s3.get_object(Bucket=BUCKET, Key=f"exportedlogs/{number}/web/000000.gz")["Body"].read()
    first = stamp.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert gzip.decompress(data).decode() == (
        f"{first} héllo \N{PARTY POPPER}\n{first[:-2]}1Z two\nlines\n{first[:-2]}2Z \x1b[31m<script>\n"
    )
    assert data[4:8] == bytes(4)  # no time in it: the same export has the same bytes


def test_slashes_in_stream_names_become_hyphens_and_nothing_is_written_over(lab, logs, s3):
    for name in ("a/b", "a-b"):
        logs.create_log_stream(logGroupName="/app", logStreamName=name)
        put(lab, [f"of {name}"], name)
    number = start(lab, destinationPrefix="out/")
    lab.advance(hours=12)
    assert lab.bucket(BUCKET).keys("out/") == [
        f"out/{number}/a-b/000000.gz",
        f"out/{number}/a-b/000001.gz",
        "out/aws-logs-write-test",
    ]
    assert sorted(line.split()[-1] for line in lab.bucket(BUCKET).lines(f"out/{number}/")) == ["a-b", "a/b"]


@pytest.mark.syllabus("L20")
def test_only_streams_with_the_prefix_and_events_in_the_range(lab, logs, s3):
    for name in ("web-2", "db"):
        logs.create_log_stream(logGroupName="/app", logStreamName=name)
    lab.advance(seconds=2)
    for name in ("web", "web-2", "db"):
        put(lab, [f"{name} {n}" for n in range(5)], name)
    base = ms(lab) - 1000
    number = start(lab, logStreamNamePrefix="web", fromTime=base + 1, to=base + 3)
    lab.advance(hours=12)
    found = [line.split("Z ")[1] for line in lab.bucket(BUCKET).lines(f"exportedlogs/{number}/")]
    assert sorted(found) == ["web 1", "web 2", "web 3", "web-2 1", "web-2 2", "web-2 3"]


def test_what_comes_after_the_request_is_not_in_it(lab, logs, s3):
    put(lab, ["before"])
    number = start(lab, to=ms(lab) + 24 * HOUR)
    lab.advance(minutes=1)
    put(lab, ["after"])
    lab.advance(hours=12)
    assert [line[25:] for line in lab.bucket(BUCKET).lines(f"exportedlogs/{number}/")] == ["before"]


def test_one_task_at_a_time_in_an_account_and_region(lab, logs, s3):
    number = start(lab)
    assert refused(lab).response["Error"]["Code"] == "LimitExceededException"
    lab.advance(hours=12)
    assert task(lab, number)["status"]["code"] == "COMPLETED"
    start(lab)


def test_an_empty_range_completes_with_nothing_but_the_probe(lab, logs, s3):
    start(lab)
    lab.advance(hours=12)
    assert lab.bucket(BUCKET).keys() == [PROBE]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"logGroupName": "/none"}, "ResourceNotFoundException", "log group does not exist"),
        ({"fromTime": 10, "to": 9}, "InvalidParameterException", "must not be later"),
        ({"to": 1}, "InvalidParameterException", "must not be earlier than the creation"),
        ({"destination": "no-such-bucket"}, "InvalidParameterException", "does not exist"),
        ({"destination": "elsewhere-1"}, "InvalidParameterException", "same Region"),
        ({"destinationPrefix": "p" * 1010}, "InvalidParameterException", "at most 1024 bytes"),
        ({"logStreamNamePrefix": "a:b"}, "InvalidParameterException", "pattern"),
    ],
)
def test_bad_requests(lab, logs, s3, more, code, words):
    there = lab.client("s3", region="eu-west-1")
    there.create_bucket(Bucket="elsewhere-1", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    error = refused(lab, **more).response["Error"]
    assert error["Code"] == code and words in error["Message"]
    assert logs.describe_export_tasks()["exportTasks"] == []


def test_the_bucket_must_let_cloudwatch_logs_in(lab, logs, s3):
    s3.delete_bucket_policy(Bucket=BUCKET)
    error = refused(lab)
    assert error.response["Error"]["Code"] == "InvalidParameterException"
    assert "GetBucketAcl call on the given bucket failed" in str(error)
    assert any("logs.us-east-1.amazonaws.com is not authorized" in note for note in error.__notes__)
    half = json.loads(bucket_policy())
    half["Statement"].pop()
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(half))
    assert "PutObject call on the given bucket failed" in str(refused(lab))
    for wrong in (bucket_policy(region="eu-west-1"), bucket_policy(account="222222222222")):
        s3.put_bucket_policy(Bucket=BUCKET, Policy=wrong)
        refused(lab)
    assert len(lab.bucket(BUCKET)) == 0


@pytest.mark.syllabus("L22")
def test_sse_s3_works_and_sse_kms_is_refused_by_the_courses_rule(lab, logs, s3):
    put(lab, ["one"])
    encrypt(s3, "aws:kms")
    error = refused(lab)
    assert error.response["Error"]["Code"] == "InvalidParameterException"
    assert "SSE-KMS" in str(error) and any("export_to_kms_buckets" in note for note in error.__notes__)
    encrypt(s3, "AES256")
    number = start(lab)
    lab.advance(hours=12)
    assert task(lab, number)["status"]["code"] == "COMPLETED"
    head = s3.head_object(Bucket=BUCKET, Key=f"exportedlogs/{number}/web/000000.gz")
    assert head["ServerSideEncryption"] == "AES256"


def key_for(lab, *principals):
    """A KMS key whose policy lets services use it, beside the account."""
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ]
    if principals:
        uses = ["kms:GenerateDataKey*", "kms:Decrypt"]
        who = {"Service": list(principals)}
        statements.append({"Effect": "Allow", "Principal": who, "Action": uses, "Resource": "*"})
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return lab.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]


@pytest.mark.syllabus("L22")
def test_todays_rule_takes_sse_kms_with_a_key_policy_and_never_dsse(lab, logs, s3):
    lab.act("logs", "configure", export_to_kms_buckets=True)
    put(lab, ["one"])
    encrypt(s3, "aws:kms", key_for(lab))
    assert "PutObject call on the given bucket failed" in str(refused(lab))
    encrypt(s3, "aws:kms:dsse", key_for(lab, "logs.us-east-1.amazonaws.com"))
    assert "DSSE-KMS" in str(refused(lab))
    encrypt(s3, "aws:kms", key_for(lab, "logs.us-east-1.amazonaws.com"))
    number = start(lab)
    lab.advance(hours=12)
    assert task(lab, number)["status"]["code"] == "COMPLETED"
    found = s3.get_object(Bucket=BUCKET, Key=f"exportedlogs/{number}/web/000000.gz")
    assert found["ServerSideEncryption"] == "aws:kms" and b"one" in gzip.decompress(found["Body"].read())


def test_a_group_under_a_kms_key_needs_it_when_the_task_runs(lab, logs, s3):
    key = key_for(lab, "logs.us-east-1.amazonaws.com")
    logs.associate_kms_key(logGroupName="/app", kmsKeyId=key)
    put(lab, ["secret"])
    first = start(lab)
    lab.advance(hours=12)
    assert [line[25:] for line in lab.bucket(BUCKET).lines(f"exportedlogs/{first}/")] == ["secret"]
    second = start(lab)
    lab.client("kms").disable_key(KeyId=key)
    lab.advance(hours=12)
    failed = task(lab, second)["status"]
    assert failed["code"] == "FAILED" and "KMS key" in failed["message"]


@pytest.mark.parametrize("setting", [{"export_to_kms_buckets": 1}, {"export_to_kms": True}])
def test_a_setting_that_is_none(lab, setting):
    with pytest.raises(ValueError, match=r"Give True or False|Settings:"):
        lab.act("logs", "configure", **setting)


def test_cancel(lab, logs, s3):
    put(lab, ["one"])
    number = start(lab)
    lab.advance(minutes=5)
    logs.cancel_export_task(taskId=number)
    assert task(lab, number)["status"]["code"] == "PENDING_CANCEL"
    assert refused(lab).response["Error"]["Code"] == "LimitExceededException"
    lab.advance(minutes=1)
    assert task(lab, number)["status"]["code"] == "CANCELLED"
    with pytest.raises(logs.exceptions.InvalidOperationException):
        logs.cancel_export_task(taskId=number)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.cancel_export_task(taskId="0" * 8)
    lab.advance(hours=12)
    assert lab.bucket(BUCKET).keys() == [PROBE]


def test_what_a_running_task_wrote_before_it_was_cancelled_stays(lab, logs, s3):
    for name in "abcdefgh":
        logs.create_log_stream(logGroupName="/app", logStreamName=name)
        put(lab, [name], name)
    number = start(lab)
    while not len(lab.bucket(BUCKET)) > 1:
        lab.advance(minutes=5)
    assert task(lab, number)["status"]["code"] == "RUNNING"
    logs.cancel_export_task(taskId=number)
    held = lab.bucket(BUCKET).keys()
    lab.advance(hours=12)
    assert lab.bucket(BUCKET).keys() == held and 1 < len(held) < 9


def test_a_bucket_that_shuts_its_door_or_is_gone_fails_the_task(lab, logs, s3):
    put(lab, ["one"])
    first = start(lab)
    s3.delete_bucket_policy(Bucket=BUCKET)
    lab.advance(hours=12)
    failed = task(lab, first)["status"]
    assert failed["code"] == "FAILED" and "AccessDenied" in failed["message"]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy())
    second = start(lab)
    logs.delete_log_group(logGroupName="/app")
    lab.advance(hours=12)
    assert "does not exist" in task(lab, second)["status"]["message"]


def test_an_outage_of_s3_delays_a_task_and_after_a_day_ends_it(lab, logs, s3):
    put(lab, ["one"])
    number = start(lab)
    fault = lab.fault("s3", "PutObject", error="outage")
    lab.advance(hours=14)
    assert task(lab, number)["status"]["code"] == "RUNNING"
    lab.mend(fault)
    lab.advance(hours=1)
    assert task(lab, number)["status"]["code"] == "COMPLETED"
    number = start(lab)
    lab.fault("s3", "PutObject", error="outage")
    lab.advance(hours=25)
    failed = task(lab, number)["status"]
    assert failed["code"] == "FAILED" and failed["message"].startswith("Timed out")


def test_tasks_are_listed_newest_first_and_by_status(lab, logs, s3):
    numbers = []
    for _ in range(3):
        numbers.insert(0, start(lab))
        lab.advance(hours=12)
    logs.cancel_export_task(taskId=start(lab))
    lab.advance(minutes=2)
    done = logs.describe_export_tasks(statusCode="COMPLETED")["exportTasks"]
    assert [each["taskId"] for each in done] == numbers
    pages = logs.get_paginator("describe_export_tasks").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["exportTasks"]) for page in pages] == [2, 2]
    assert logs.describe_export_tasks(taskId="none")["exportTasks"] == []


def test_the_other_account_owns_the_bucket(lab, logs):
    there = lab.client("s3", account="222222222222")
    there.create_bucket(Bucket=BUCKET)
    refused(lab)
    there.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy())
    put(lab, ["one"])
    start(lab)
    lab.advance(hours=12)
    assert len(lab.bucket(BUCKET)) == 2


def test_a_fork_during_a_task_and_a_saved_lab_end_alike(lab, logs, s3, tmp_path):
    put(lab, ["one", "two"])
    number = start(lab)
    lab.advance(hours=1)
    twin, opened = lab.fork(), Lab.open(lab.save(tmp_path / "lab.cwlab"))
    twin.client("logs").cancel_export_task(taskId=number)
    for each in (lab, twin, opened):
        each.advance(hours=12)
    assert task(lab, number) == task(opened, number)
    assert [*lab.bucket(BUCKET)] == [*opened.bucket(BUCKET)]
    assert task(twin, number)["status"]["code"] == "CANCELLED"
    lab.rewind(to=lab.start)
    assert task(lab, number)["status"]["code"] == "PENDING"


def test_the_journal_gives_the_call_as_one_can_write_it(lab, logs, s3):
    start(lab)
    (entry,) = [each for each in lab.journal if each.operation == "CreateExportTask"]
    assert "fromTime=0" in entry.python()
    compile(entry.python(), "entry", "eval")


STREAM = st.sampled_from(["web", "web/1", "web-1", "db"])
BATCHES = st.lists(st.tuples(STREAM, st.lists(st.integers(0, 5_000), min_size=1, max_size=8)), max_size=6)


@pytest.mark.syllabus("L20")
@settings(max_examples=25)
@given(
    batches=BATCHES,
    first=st.integers(-100, 5_000),
    length=st.integers(0, 5_000),
    part=st.sampled_from([1, 200, 1 << 24]),
)
def test_what_was_in_the_range_is_in_the_files_each_line_once(batches, first, length, part):
    """Law: the lines of an export are the group's events in the range, each once, whatever the parts' size."""
    lab = Lab()
    s3, logs = lab.client("s3"), lab.client("logs")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy())
    logs.create_log_group(logGroupName="/app")
    for name in ("web", "web/1", "web-1", "db"):
        logs.create_log_stream(logGroupName="/app", logStreamName=name)
    lab.advance(minutes=1)
    base, wanted = ms(lab) - 30_000, []
    for number, (stream, offsets) in enumerate(batches):
        events = [event(base + at, f"{stream} {number}.{n}") for n, at in enumerate(sorted(offsets))]
        logs.put_log_events(logGroupName="/app", logStreamName=stream, logEvents=events)
        wanted += [each["message"] for each in events if first <= each["timestamp"] - base <= first + length]
    before, exporting.PART_BYTES = exporting.PART_BYTES, part
    try:
        asked = {"fromTime": base + first, "to": base + first + length, "destination": BUCKET}
        number = logs.create_export_task(logGroupName="/app", **asked)["taskId"]
        lab.advance(hours=12)
    finally:
        exporting.PART_BYTES = before
    found = [line.split("Z ", 1)[1] for line in lab.bucket(BUCKET).lines(f"exportedlogs/{number}/")]
    assert sorted(found) == sorted(wanted)
