"""A monitoring account, a source account, and the policy that lets the second link to the first."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

MONITORING, SOURCE = "123456789012", "222222222222"
LOGS, METRICS, TRACES = "AWS::Logs::LogGroup", "AWS::CloudWatch::Metric", "AWS::XRay::Trace"


def policy(*accounts, types=(), effect="Allow"):
    """A sink policy as the API reference writes it."""
    statement = {
        "Effect": effect,
        "Principal": {"AWS": list(accounts)},
        "Action": ["oam:CreateLink", "oam:UpdateLink"],
        "Resource": "*",
    }
    if types:
        statement["Condition"] = {"ForAllValues:StringEquals": {"oam:ResourceTypes": list(types)}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def lab():
    return Lab(account=MONITORING)


@pytest.fixture
def oam(lab):
    """A client of the monitoring account."""
    return lab.client("oam")


@pytest.fixture
def source(lab):
    """A client of the source account."""
    return lab.client("oam", account=SOURCE)


@pytest.fixture
def sink(oam):
    """The ARN of a sink that the source account may link to, with whatever it wants."""
    arn = oam.create_sink(Name="hub")["Arn"]
    oam.put_sink_policy(SinkIdentifier=arn, Policy=policy(SOURCE))
    return arn


def link(client, sink, *types, **more):
    return client.create_link(
        LabelTemplate="$AccountName", ResourceTypes=list(types or [LOGS]), SinkIdentifier=sink, **more
    )


def refused(call, /, *args, **params):
    """The code a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    return caught.value.response["Error"]["Code"]
