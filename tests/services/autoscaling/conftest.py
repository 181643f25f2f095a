"""A lab with a launch template, and a quick way to a group."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

AMAZON_LINUX = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def ec2(lab: Lab) -> Any:
    client = lab.client("ec2")
    data = {"ImageId": AMAZON_LINUX, "InstanceType": "t3.micro"}
    client.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    return client


@pytest.fixture
def autoscaling(lab: Lab, ec2: Any) -> Any:
    return lab.client("autoscaling")


@pytest.fixture
def create(autoscaling: Any):
    def make(name: str = "web-asg", **params: Any) -> None:
        given = {
            "MinSize": 1,
            "MaxSize": 4,
            "LaunchTemplate": {"LaunchTemplateName": "web"},
            "AvailabilityZones": ["us-east-1a", "us-east-1b"],
            **params,
        }
        autoscaling.create_auto_scaling_group(AutoScalingGroupName=name, **given)

    return make


@pytest.fixture
def refused():
    def attempt(call: Any, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return attempt


@pytest.fixture
def create_detailed(lab: Lab, ec2: Any, create: Any):
    """As `create`, with instances that send their metrics every minute."""
    data = {"ImageId": AMAZON_LINUX, "InstanceType": "m5.large", "Monitoring": {"Enabled": True}}
    ec2.create_launch_template(LaunchTemplateName="detailed", LaunchTemplateData=data)

    def make(name: str = "web-asg", **params: Any) -> None:
        create(name, LaunchTemplate={"LaunchTemplateName": "detailed"}, **params)

    return make
