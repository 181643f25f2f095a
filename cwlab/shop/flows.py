"""The shop's flow log: customers and strangers at the network interfaces of its web machines.

Port 80 is open to all, port 22 to the office alone. So strangers who try SSH are turned away before the server hears of them: the
flow log has them as REJECT, ``/var/log/secure`` has nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cwlab.shop import machines
from cwlab.shop.chance import RANGE, uniform
from cwlab.shop.machines import SEED, SHARES
from cwlab.shop.secure import ssh_lines

if TYPE_CHECKING:
    from cwlab.lab import Lab

GROUP = "shop-vpc"  # of logs
OFFICE = "192.0.2.0/24"
_NAME = "shop-flows"  # of the role and the security group
_IN, _OUT = (
    (12, 2_000),
    (24, 30_000),
)  # packets and bytes of a request and of its answer, as AWS/EC2 has them of the machines
_LOGIN, _LOGIN_BACK = (22, 4_200), (20, 4_600)
_FROM = re.compile(r" from (\S+) port (\d+)")


def flow_log(lab: Lab) -> str:
    """Log what passes the VPC of the web machines, which are built if they are not there; returns the flow log's id.

    Raises:
        ClientError: it is there already.
    """
    web = _machines(lab) or _built(lab)
    ec2 = lab.client("ec2")
    found = ec2.describe_instances(InstanceIds=list(web.values()))["Reservations"]
    instances = [instance for each in found for instance in each["Instances"]]
    vpc = instances[0]["VpcId"]
    group = ec2.create_security_group(GroupName=_NAME, Description="The shop's web machines", VpcId=vpc)[
        "GroupId"
    ]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[_open(80, "0.0.0.0/0"), _open(22, OFFICE)]
    )
    for each in instances:
        groups = [own["GroupId"] for own in each["SecurityGroups"]]
        ec2.modify_instance_attribute(InstanceId=each["InstanceId"], Groups=[*groups, group])
    iam = lab.client("iam")
    role = iam.create_role(RoleName=_NAME, AssumeRolePolicyDocument=json.dumps(trust(lab)))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=_NAME, PolicyArn="arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")
    made = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=GROUP,
        DeliverLogsPermissionArn=role,
        MaxAggregationInterval=60,
    )
    log_id: str = made["FlowLogIds"][0]
    return log_id


def trust(lab: Lab) -> dict[str, Any]:
    """The trust policy a flow log's role needs; the conditions are those AWS advises."""
    condition = {
        "StringEquals": {"aws:SourceAccount": lab.account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ec2:{lab.region}:{lab.account}:vpc-flow-log/*"},
    }
    service = {"Service": "vpc-flow-logs.amazonaws.com"}
    allow = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole", "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [allow]}


def _open(port: int, cidr: str) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}


def _machines(lab: Lab) -> dict[str, str]:
    """The ids of the web machines that run, by name."""
    named = [
        {"Name": "tag:Name", "Values": list(SHARES)},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    found = lab.client("ec2").describe_instances(Filters=named)["Reservations"]
    return {
        tag["Value"]: instance["InstanceId"]
        for each in found
        for instance in each["Instances"]
        for tag in instance["Tags"]
        if tag["Key"] == "Name"
    }


def _built(lab: Lab) -> dict[str, str]:
    return machines.build(lab).instances


def send(
    lab: Lab, hours: int, at_ms: list[int], latency_ms: list[int], address: list[str], index: Any
) -> None:
    """Let customers come to the web machines, and those who try SSH.

    Args:
        at_ms, latency_ms, address: of each request.
        index: its number among all there ever are.
    """
    web = _machines(lab)
    ports = (32_768 + uniform(SEED, "port", index) * 28_232 // RANGE).tolist()
    share = (uniform(SEED, "machine", index) * 100 // RANGE).tolist()
    first = next(iter(web))
    flows: list[tuple[Any, ...]] = []
    for n, each_ms in enumerate(at_ms):
        name = "web-1" if share[n] < SHARES["web-1"] else "web-2"
        target = web.get(name, web[first])
        flows.append((each_ms, address[n], ports[n], target, 80, 6, *_IN, *_OUT, latency_ms[n] / 1_000))
    start_ms = int(lab.now.timestamp() * 1_000)
    for said in ssh_lines(hours * 60):
        found = _FROM.search(said.line)
        if found is not None:
            when_ms = start_ms + round(said.second * 1_000)
            flows.append((when_ms, found[1], int(found[2]), web[first], 22, 6, *_LOGIN, *_LOGIN_BACK, 2))
    lab.act("ec2", "traffic", flows=flows)


__all__ = ["GROUP", "OFFICE", "flow_log", "send", "trust"]
