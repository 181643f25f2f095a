"""One lab for all files; every test has a fork of it."""

from __future__ import annotations

import json

import pytest

from cwlab import Lab
from cwlab.shop.flows import trust
from tests.services.ec2.flow_logs.world import AMAZON_LINUX, PUT_LOGS, World, clients, opened


@pytest.fixture(scope="package")
def prepared() -> World:
    lab = Lab()
    ec2, iam = lab.client("ec2"), lab.client("iam")
    role = iam.create_role(RoleName="flows", AssumeRolePolicyDocument=json.dumps(trust(lab)))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="flows", PolicyArn=PUT_LOGS)
    made = ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1)["Instances"][0]
    group = made["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[opened(80)])
    lab.advance(minutes=2)
    return World(
        lab,
        ec2,
        lab.client("logs"),
        made["InstanceId"],
        made["NetworkInterfaces"][0]["NetworkInterfaceId"],
        made["PrivateIpAddress"],
        made["VpcId"],
        made["SubnetId"],
        group,
        role,
    )


@pytest.fixture
def world(prepared: World) -> World:
    return clients(prepared.lab.fork(), prepared)
