"""Machines for the tests of agents."""

from __future__ import annotations

import json

import pytest

from cwlab import Lab

IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def with_profile(lab: Lab, policy: str | None = "CloudWatchAgentServerPolicy") -> Lab:
    """A lab with an instance profile `web` whose role `CWAgent` may what the policy says."""
    iam = lab.client("iam")
    iam.create_role(RoleName="CWAgent", AssumeRolePolicyDocument=TRUST)
    if policy:
        iam.attach_role_policy(RoleName="CWAgent", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="CWAgent")
    return lab


def launched(lab: Lab, name: str = "web-1", **params):
    """An instance that runs."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    given = {
        "ImageId": IMAGE,
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": tags,
        "IamInstanceProfile": {"Name": "web"},
        **params,
    }
    key = lab.client("ec2").run_instances(**given)["Instances"][0]["InstanceId"]
    lab.advance(minutes=1)
    return lab.host(key)


def collecting(path="/var/log/app.log", **settings):
    """A configuration that collects one file."""
    return {
        "logs": {
            "logs_collected": {
                "files": {"collect_list": [{"file_path": path, "log_group_name": "app", **settings}]}
            }
        }
    }


def arrived(lab: Lab, group: str = "app", stream: str | None = None) -> list[str]:
    """The messages of a group, in reading order."""
    kwargs = {"logGroupName": group} | ({"logStreamNames": [stream]} if stream else {})
    pages = lab.client("logs").get_paginator("filter_log_events").paginate(**kwargs)
    return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture
def world():
    """A lab with the profile."""
    return with_profile(Lab())


@pytest.fixture
def web(world):
    """An instance with a role that lets its agent work."""
    return launched(world)
