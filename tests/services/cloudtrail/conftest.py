"""A lab whose trail delivers to a log group and a bucket."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

ACCOUNT = "123456789012"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/ops"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trail:*"
STREAM = f"{ACCOUNT}_CloudTrail_us-east-1"


def trusting(service: str) -> str:
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


BUCKET_POLICY = document(
    {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:GetBucketAcl",
        "Resource": "arn:aws:s3:::shop-trail",
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::shop-trail/AWSLogs/{ACCOUNT}/*",
        "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}},
    },
)
WRITING = document(
    {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
)


class Trails:
    """A lab, and quick ways to a trail and to what it delivered."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.cloudtrail = lab.client("cloudtrail")
        self.logs = lab.client("logs")
        self.s3 = lab.client("s3")

    def bucket(self, policy: str | None = BUCKET_POLICY) -> None:
        self.s3.create_bucket(Bucket="shop-trail")
        if policy:
            self.s3.put_bucket_policy(Bucket="shop-trail", Policy=policy)

    def role(self, trust: str = "cloudtrail.amazonaws.com", policy: str | None = WRITING) -> str:
        iam = self.lab.client("iam")
        made = iam.create_role(RoleName="trail", AssumeRolePolicyDocument=trusting(trust))
        if policy:
            iam.put_role_policy(RoleName="trail", PolicyName="write", PolicyDocument=policy)
        return made["Role"]["Arn"]

    def start(self, **more: Any) -> str:
        """A trail that logs, to both places, from a minute from now on."""
        self.bucket()
        self.logs.create_log_group(logGroupName="trail")
        given = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": self.role()} | more
        made = self.cloudtrail.create_trail(Name="ops", S3BucketName="shop-trail", **given)
        self.lab.advance(minutes=1)
        self.cloudtrail.start_logging(Name="ops")
        return made["TrailARN"]

    def lines(self) -> list[dict[str, Any]]:
        found = self.logs.filter_log_events(logGroupName="trail")["events"]
        return [json.loads(each["message"]) for each in found]

    def files(self) -> dict[str, list[dict[str, Any]]]:
        out = {}
        for each in self.s3.list_objects_v2(Bucket="shop-trail").get("Contents", []):
            body = self.s3.get_object(Bucket="shop-trail", Key=each["Key"])["Body"].read()
            if body:
                out[each["Key"]] = json.loads(gzip.decompress(body))["Records"]
        return out


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def trails(lab: Lab) -> Trails:
    return Trails(lab)


@pytest.fixture
def refused():
    def attempt(call: Any, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return attempt
