"""The shop's web machines: made with the calls you would make, and busy as its customers make them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cwlab.errors import BadInput
from cwlab.shop.chance import Ints
from cwlab.shop.requests import MINUTES_A_DAY, traffic

if TYPE_CHECKING:
    from cwlab.lab import Lab

NAME = "shop-web"  # of the role, the instance profile, the launch template and the group
SEED = 7
SHARES = {"web-1": 60, "web-2": 40}
"""Percent of the requests each machine answers."""
MANAGED = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
PATIENCE_MINUTES = 15
_BYTES_IN, _BYTES_OUT = 2_000, 30_000  # of a request and of its answer


@dataclass(frozen=True, slots=True)
class Shop:
    """What ``build`` made. ``instances`` has the instance id of each machine by its name."""

    group: str
    role: str
    instances: dict[str, str]

    def __repr__(self) -> str:
        machines = ", ".join(f"{name} ({instance})" for name, instance in self.instances.items())
        return f"Shop: Auto Scaling group {self.group} with {machines}; role {self.role}"


def build(lab: Lab, *, days: int = 1) -> Shop:
    """Set up the shop's two web machines, web-1 and web-2, and make them busy; takes about a minute of the lab's time.

    They stand in one Auto Scaling group, with detailed monitoring and a role that lets the CloudWatch agent work.

    Args:
        lab: where; in its account and Region.
        days: for how many days customers come. After that the machines are idle.

    Raises:
        BadInput: a number of days that cannot be.
        ClientError: the shop is there already.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 366:
        raise BadInput(days, "is not a number of days.", "Give a whole number from 1 to 366.")
    _role(lab)
    _group(lab)
    instances = dict(zip(SHARES, _launched(lab), strict=True))
    ec2 = lab.client("ec2")
    for name, instance in instances.items():
        # A launch template gives all its instances the same tags; names of their own come afterwards.
        ec2.create_tags(Resources=[instance], Tags=[{"Key": "Name", "Value": name}])
        _customers(lab, name, days)
    return Shop(NAME, NAME, instances)


def _role(lab: Lab) -> None:
    iam = lab.client("iam")
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName=NAME, PolicyArn=MANAGED)
    iam.create_instance_profile(InstanceProfileName=NAME)
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)


def _group(lab: Lab) -> None:
    ec2 = lab.client("ec2")
    images = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2023*"]}]
    )
    newest = max(images["Images"], key=lambda image: image["CreationDate"])
    ec2.create_launch_template(
        LaunchTemplateName=NAME,
        LaunchTemplateData={
            "ImageId": newest["ImageId"],
            "InstanceType": "t3.micro",
            "IamInstanceProfile": {"Name": NAME},
            "Monitoring": {"Enabled": True},
        },
    )
    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    lab.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=NAME,
        LaunchTemplate={"LaunchTemplateName": NAME, "Version": "$Latest"},
        MinSize=len(SHARES),
        MaxSize=2 * len(SHARES),
        DesiredCapacity=len(SHARES),
        VPCZoneIdentifier=",".join(subnet["SubnetId"] for subnet in subnets[:2]),
    )


def _launched(lab: Lab) -> list[str]:
    """The ids of the group's instances, once all are in service."""
    autoscaling = lab.client("autoscaling")
    for _ in range(PATIENCE_MINUTES):
        (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
        ready = [each["InstanceId"] for each in group["Instances"] if each["LifecycleState"] == "InService"]
        if len(ready) == len(SHARES):
            return ready
        lab.advance(minutes=1)
    raise BadInput(
        NAME, f"has not launched its instances in {PATIENCE_MINUTES} minutes.", _activity(autoscaling)
    )


def _activity(autoscaling: Any) -> str:
    found = autoscaling.describe_scaling_activities(AutoScalingGroupName=NAME)["Activities"]
    return str(found[0].get("StatusMessage") or found[0]["Description"]) if found else "Nothing was tried."


def _customers(lab: Lab, name: str, days: int) -> None:
    requests = traffic(SEED, lab.now.replace(second=0, microsecond=0), days * MINUTES_A_DAY).requests
    mine = requests * SHARES[name]  # hundredths of a request
    lab.host(name).load(
        minutes=days * MINUTES_A_DAY,
        cpu=cpu_percent(requests, SHARES[name]),
        network_in=(mine * _BYTES_IN // 6_000).tolist(),
        network_out=(mine * _BYTES_OUT // 6_000).tolist(),
    )


def cpu_percent(requests: Ints, share: int = SHARES["web-1"]) -> list[float]:
    """CPU of a machine in each minute, in percent: 3 when idle, and 0.7 for each request a minute.

    Args:
        requests: requests a minute of the whole shop.
        share: percent of them that this machine answers.
    """
    tenths = 30 + requests * share * 7 // 100
    return [min(part, 1_000) / 10 for part in tenths.tolist()]
