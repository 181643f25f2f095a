"""A lab, its EC2 client, and a quick way to a running instance."""

from __future__ import annotations

from typing import Any

import pytest

from cwlab import Lab

AMAZON_LINUX = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def ec2(lab: Lab) -> Any:
    return lab.client("ec2")


@pytest.fixture
def image() -> str:
    return AMAZON_LINUX


@pytest.fixture
def launch(lab: Lab, ec2: Any):
    """Launch one instance and wait until it runs; returns its id."""

    def run(name: str | None = None, **params: Any) -> str:
        if name is not None:
            tags = [{"Key": "Name", "Value": name}]
            params["TagSpecifications"] = [{"ResourceType": "instance", "Tags": tags}]
        made = ec2.run_instances(**{"ImageId": AMAZON_LINUX, "MinCount": 1, "MaxCount": 1, **params})
        instance_id = made["Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id])
        return instance_id

    return run


@pytest.fixture
def refused():
    """The code and message of the error a call ends in."""
    from botocore.exceptions import ClientError

    def attempt(call: Any, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return attempt
