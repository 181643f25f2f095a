"""The seam to boto3: real clients, real errors, virtual waits, nothing of the machine."""

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
    WaiterError,
)

from cwlab import BadInput, Lab, NotModelled

ORDER = [{"MetricName": "Orders", "Value": 3, "Unit": "Count"}]


@pytest.fixture
def lab() -> Lab:
    return Lab()


def modes():
    return [
        Config(retries={"mode": mode, "total_max_attempts": 4}) for mode in ("legacy", "standard", "adaptive")
    ]


def test_a_client_is_boto3s_own_with_its_paginators_and_exceptions(lab):
    cloudwatch = lab.client("cloudwatch")
    assert isinstance(cloudwatch, botocore.client.BaseClient)
    for n in range(501):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": f"m{n}", "Value": 1}])
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace="Shop"))
    assert [len(p["Metrics"]) for p in pages] == [500, 1]
    with pytest.raises(cloudwatch.exceptions.ClientError) as caught:
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[])
    error = caught.value.response
    assert error["Error"]["Code"] == "MissingParameter"
    assert error["Error"]["QueryErrorCode"] == "MissingRequiredParameterException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_wrong_parameters_are_refused_by_botocore_in_its_own_words(lab):
    bad = {"Namespace": 3, "MetricData": [{"Value": "x", "Colour": 1}]}
    with pytest.raises(ParamValidationError) as ours:
        lab.client("cloudwatch").put_metric_data(**bad)
    theirs = botocore.session.Session().create_client(
        "cloudwatch", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with pytest.raises(ParamValidationError) as expected:
        theirs.put_metric_data(**bad)
    assert str(ours.value) == str(expected.value)
    assert len(lab.journal) == 0  # such a request never leaves the caller's machine


def test_an_answer_is_the_learners_to_change_and_so_are_the_parameters(lab):
    cloudwatch = lab.client("cloudwatch")
    data = [dict(ORDER[0])]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    data[0]["MetricName"] = "changed"
    assert lab.journal[0].params["MetricData"][0]["MetricName"] == "Orders"
    iam = lab.client("iam")
    answer = iam.create_group(GroupName="ops")
    answer["Group"]["GroupName"] = "changed"
    assert lab.journal[-1].result["Group"]["GroupName"] == "ops"
    assert iam.get_group(GroupName="ops")["Group"]["GroupName"] == "ops"


@pytest.mark.parametrize("config", modes(), ids=lambda c: c.retries["mode"])
def test_throttling_is_retried_on_the_virtual_clock_and_repeats_with_the_seed(config):
    def run(seed):
        lab = Lab(seed=seed)
        client = lab.client("cloudwatch", config=config)
        lab.fault("cloudwatch", "ListMetrics", error="throttling", rate=0.6, hours=1)
        attempts = []
        for _ in range(12):
            try:
                attempts.append(client.list_metrics()["ResponseMetadata"]["RetryAttempts"])
            except ClientError as error:
                assert error.response["Error"]["Code"] == "Throttling"
                attempts.append(-1)
        return attempts, lab.now, sum(e.kind == "call" for e in lab.journal)

    attempts, now, calls = run(1)
    assert max(attempts) > 0
    assert now > Lab().now
    assert calls == sum(n + 1 if n >= 0 else 4 for n in attempts)
    assert run(1) == (attempts, now, calls)
    assert run(2) != (attempts, now, calls)


def test_attempts_are_limited_as_asked(lab):
    client = lab.client("cloudwatch", config=Config(retries={"mode": "standard", "total_max_attempts": 2}))
    lab.fault("cloudwatch", error="outage")
    with pytest.raises(ClientError, match=r"ServiceUnavailable.*reached max retries: 1"):
        client.list_metrics()
    assert [e.error for e in lab.journal if e.kind == "call"] == ["ServiceUnavailable"] * 2


def test_an_error_that_is_not_for_retrying_is_not_retried(lab):
    lab.fault("cloudwatch", error="refusal")
    before = lab.now
    with pytest.raises(ClientError, match="AccessDenied"):
        lab.client("cloudwatch").list_metrics()
    assert lab.now == before


def test_slow_answers_take_their_time_and_too_slow_ones_time_out(lab):
    client = lab.client("cloudwatch", config=Config(read_timeout=5, retries={"total_max_attempts": 1}))
    lab.fault("cloudwatch", latency=2)
    start = lab.now
    client.list_metrics()
    assert (lab.now - start).total_seconds() == 2
    lab.mend()
    lab.fault("cloudwatch", latency=6)
    with pytest.raises(ReadTimeoutError):
        client.list_metrics()
    assert (lab.now - start).total_seconds() == 7


def test_what_cannot_be_reached_times_out_and_says_why(lab):
    lab.fault("cloudwatch", error="unreachable")
    client = lab.client("cloudwatch", config=Config(connect_timeout=3, retries={"total_max_attempts": 1}))
    start = lab.now
    with pytest.raises(ConnectTimeoutError) as caught:
        client.list_metrics()
    assert (lab.now - start).total_seconds() == 3
    assert "injected" in caught.value.__notes__[0]


@pytest.mark.parametrize("config", modes())
def test_an_error_with_a_note_is_aws_s_error_all_the_same(lab, config):
    client, seen = lab.client("cloudwatch", config=config), []
    client.meta.events.register("after-call", lambda parsed, **_: seen.append(parsed["Error"]["Code"]))
    query = {"Id": "bad", "Expression": "m1 +"}
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.get_metric_data(MetricDataQueries=[query], StartTime="2026-03-01", EndTime="2026-03-02")
    assert str(caught.value) == (
        "An error occurred (ValidationError) when calling the GetMetricData operation: "
        "Error in expression 'bad': Invalid syntax"
    )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.operation_name == "GetMetricData"
    (note,) = caught.value.__notes__
    assert note.splitlines()[0] == "m1 +"
    assert seen == ["ValidationError"]


def test_a_waiter_pauses_on_the_virtual_clock_with_botocores_own_loop(lab):
    start = lab.now
    with pytest.raises(WaiterError, match="Max attempts exceeded") as caught:
        lab.client("iam").get_waiter("role_exists").wait(
            RoleName="ghost", WaiterConfig={"Delay": 10, "MaxAttempts": 3}
        )
    assert (lab.now - start).total_seconds() == 20
    assert caught.value.last_response["Error"]["Code"] == "NoSuchEntity"


def test_a_region_that_does_not_exist(lab):
    with pytest.raises(BadInput, match="'us-east-9': is not a Region"):
        lab.client("cloudwatch", region="us-east-9")
    with lab.intercept(), pytest.raises(EndpointConnectionError, match="us-east-9") as caught:
        boto3.client("cloudwatch", region_name="us-east-9").list_metrics()
    assert "No such Region" in caught.value.__notes__[0]


def test_a_service_that_is_not_modeled_is_refused_when_the_client_is_made(lab):
    with pytest.raises(NotModelled, match=r"braket.*cloudwatch"):
        lab.client("braket")


def test_the_machines_credentials_files_and_variables_are_never_read(lab, monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-3\nretry_mode = adaptive\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = lab.client("sts")
    assert client.meta.region_name == "us-east-1"
    assert client.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/admin"
    with lab.intercept():
        other = boto3.client("sts")
        assert other.meta.region_name == "us-east-1"
        assert other.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/admin"
    assert "AKIAMACHINE" not in repr([e.caller for e in lab.journal])


def test_intercept_answers_resources_and_other_sessions_and_stacks():
    outer, inner = Lab(account="111111111111"), Lab(account="222222222222")
    with outer.intercept():
        boto3.client("cloudwatch").put_metric_data(Namespace="Outer", MetricData=ORDER)
        with inner.intercept():
            session = boto3.Session(region_name="eu-west-1")
            session.client("cloudwatch").put_metric_data(Namespace="Inner", MetricData=ORDER)
        assert [m.namespace for m in boto3.resource("cloudwatch").metrics.all()] == ["Outer"]
    assert [
        m["Namespace"] for m in inner.client("cloudwatch", region="eu-west-1").list_metrics()["Metrics"]
    ] == ["Inner"]
    assert botocore.session.Session.create_client.__module__ == "botocore.session"


def test_an_access_key_made_in_the_lab_is_its_user_and_a_strange_one_nobody(lab):
    iam = lab.client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    with lab.intercept():
        ana = boto3.client(
            "sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )
        assert ana.get_caller_identity()["Arn"].endswith("user/ana")
        stranger = boto3.client("sts", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            stranger.get_caller_identity()


def test_idempotency_tokens_come_from_the_seed():
    def tokens():
        lab = Lab()
        ec2 = lab.client("ec2")
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        return [e.params["ClientToken"] for e in lab.journal if e.operation == "RunInstances"]

    assert len(tokens()) == 1
    assert tokens() == tokens()


def test_threads_may_share_a_lab(lab):
    from concurrent.futures import ThreadPoolExecutor

    cloudwatch = lab.client("cloudwatch")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: cloudwatch.put_metric_data(Namespace="Shop", MetricData=ORDER), range(200)))
    lab.advance(minutes=1)
    answer = cloudwatch.get_metric_statistics(
        Namespace="Shop", MetricName="Orders", StartTime="2026-03-02T09:00:00Z", EndTime="2026-03-02T09:01:00Z",
        Period=60, Statistics=["SampleCount"],
    )  # fmt: skip
    assert [p["SampleCount"] for p in answer["Datapoints"]] == [200]
