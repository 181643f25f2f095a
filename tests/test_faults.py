"""Things broken on purpose: what they hit, how often, how long."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cwlab import BadInput, Lab

ONCE = Config(retries={"total_max_attempts": 1})


def ask(client) -> str:
    try:
        client.list_metrics()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "ok"


def outcome(lab: Lab, **where) -> str:
    return ask(lab.client("cloudwatch", config=ONCE, **where))


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [("throttling", "Throttling", 400), ("refusal", "AccessDeniedException", 403), ("outage", "ServiceUnavailable", 503),
     ("InternalServiceError", "InternalServiceError", 500), ("LimitExceeded", "LimitExceeded", 400)],
)  # fmt: skip
def test_each_kind_of_fault_answers_as_aws_does(error, code, status):
    lab = Lab()
    lab.fault("cloudwatch", "ListMetrics", error=error)
    with pytest.raises(ClientError) as caught:
        lab.client("cloudwatch", config=ONCE).list_metrics()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_fault_hits_only_its_service_operation_account_region_and_time():
    lab = Lab()
    lab.fault(
        "cloudwatch", "ListMetrics", error="throttling", minutes=10, account=lab.account, region="us-east-1"
    )
    assert outcome(lab) == "Throttling"
    assert outcome(lab, region="eu-west-1") == "ok"
    assert outcome(lab, account="222222222222") == "ok"
    lab.client("iam").list_users()
    lab.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "a", "Value": 1}])
    lab.advance(minutes=10)
    assert outcome(lab) == "ok"


def test_mending_one_or_all():
    lab = Lab()
    one, two = lab.fault("cloudwatch", error="outage"), lab.fault("cloudwatch", error="refusal")
    assert outcome(lab) == "ServiceUnavailable"
    lab.mend(one)
    assert outcome(lab) == "AccessDeniedException"
    with pytest.raises(BadInput, match=rf"{one}: is not a fault in force. In force: \[{two}\]"):
        lab.mend(one)
    lab.mend()
    assert outcome(lab) == "ok"


def test_the_rate_is_kept_and_repeats_with_the_seed():
    def run(seed):
        lab = Lab(seed=seed)
        lab.fault("cloudwatch", error="throttling", rate=0.3)
        client = lab.client("cloudwatch", config=ONCE)
        return [ask(client) for _ in range(300)]

    hits = run(1).count("Throttling")
    assert 60 <= hits <= 120
    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_fault_is_part_of_the_world():
    lab = Lab()
    lab.fault("cloudwatch", error="outage", hours=1)
    assert outcome(lab.fork()) == "ServiceUnavailable"
    lab.advance(minutes=1)
    lab.mend()
    lab.rewind(to=lab.start)
    assert outcome(lab) == "ServiceUnavailable"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"rate": 1.5, "error": "outage"}, "is not a rate"), ({}, "injects nothing"), ({"error": "outage", "minutes": -1}, "no duration")],
)  # fmt: skip
def test_faults_that_make_no_sense(wrong, says):
    with pytest.raises(BadInput, match=says):
        Lab().fault("cloudwatch", **wrong)
