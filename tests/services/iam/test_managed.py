"""AWS's managed policies, against the copy that moto carries."""

import json

import pytest

from cwlab.policy import Caller, Request, evaluate, parse
from cwlab.services.iam import managed

HERE = [
    "application-autoscaling",
    "athena",
    "autoscaling",
    "cloudtrail",
    "cloudwatch",
    "ec2",
    "ec2messages",
    "elasticloadbalancing",
    "events",
    "firehose",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "oam",
    "s3",
    "s3-object-lambda",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
    "xray",
]
SHORTENED = {
    "ReadOnlyAccess",  # by verb
    "PowerUserAccess",
    "AmazonSSMManagedInstanceCore",  # fewer actions of services that are not here
    "AWSElasticBeanstalkWebTier",  # its part on logs
    "CloudWatchFullAccessV2",  # without iam:PassRole for integrations that are not here
    "CloudWatchReadOnlyAccess",
    "AutoScalingFullAccess",
    "AmazonEC2FullAccess",
    "AmazonSNSFullAccess",
    "IAMFullAccess",  # without organizations, linked roles
}


@pytest.fixture(scope="module")
def published():
    found = pytest.importorskip("moto.iam.aws_managed_policies").aws_managed_policies_data
    return json.loads(found) if isinstance(found, str) else found


def actions(document):
    found = set()
    for statement in document["Statement"]:
        listed = statement.get("Action", [])
        found |= {
            each
            for each in ([listed] if isinstance(listed, str) else listed)
            if each.split(":")[0] in [*HERE, "*"]
        }
    return found


@pytest.mark.parametrize("policy", managed.all_policies().values(), ids=lambda policy: policy.name)
def test_a_managed_policy_is_the_published_one_as_far_as_its_services_are_here(policy, published):
    parse(policy.document)
    theirs = published[policy.name]
    assert policy.path == theirs["Path"]
    assert policy.created[:10] == theirs["CreateDate"][:10]
    ours, full = actions(json.loads(policy.document)), actions(theirs["Document"])
    if policy.name in SHORTENED - {"ReadOnlyAccess"}:
        assert ours <= full
    elif policy.name != "ReadOnlyAccess":
        assert ours == full


def test_read_only_reads_and_does_not_write():
    policy = parse(managed.find("arn:aws:iam::aws:policy/ReadOnlyAccess").document)
    caller = Caller("arn:aws:iam::123456789012:user/ana", "123456789012", "user")
    for action, allowed in {
        "cloudwatch:GetMetricData": True,
        "logs:FilterLogEvents": True,
        "ec2:DescribeInstances": True,
        "cloudwatch:PutMetricData": False,
        "ec2:RunInstances": False,
        "iam:CreateUser": False,
    }.items():
        assert evaluate(Request(action, "*", caller), identity=[policy]).allowed is allowed, action
