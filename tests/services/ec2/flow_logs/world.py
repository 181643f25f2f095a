"""A web machine, a role and the calls that the tests of flow logs make again and again."""

from __future__ import annotations

from typing import Any, NamedTuple

from cwlab import Lab

AMAZON_LINUX = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
CUSTOMER, STRANGER, SERVER = "203.0.113.12", "198.51.100.7", "192.0.2.80"
GROUP = "flows"
PUT_LOGS = "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess"


class World(NamedTuple):
    """A web machine in the default VPC that lets port 80 in, a role for flow logs, and the clients."""

    lab: Lab
    ec2: Any
    logs: Any
    instance: str
    nic: str
    ip: str
    vpc: str
    subnet: str
    group: str
    role: str

    def create(self, **params: Any) -> str:
        usual = {
            "ResourceIds": [self.vpc],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": GROUP,
            "DeliverLogsPermissionArn": self.role,
        }
        log_id: str = self.ec2.create_flow_logs(**usual | params)["FlowLogIds"][0]
        return log_id

    def send(self, *flows: tuple[Any, ...]) -> None:
        """Flows whose first value is in seconds from now."""
        self.lab.act("ec2", "traffic", flows=[(self.ms + round(1_000 * at), *rest) for at, *rest in flows])

    @property
    def iam(self) -> Any:
        return self.lab.client("iam")

    @property
    def ms(self) -> int:
        return round(self.lab.now.timestamp() * 1_000)

    @property
    def s(self) -> int:
        return self.ms // 1_000

    def events(self, stream: str | None = None, group: str = GROUP, since: int = 0) -> list[dict[str, Any]]:
        stream = stream or f"{self.nic}-all"
        found: list[dict[str, Any]] = self.logs.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True, startTime=since * 1_000
        )["events"]
        return found

    def records(self, stream: str | None = None, group: str = GROUP) -> list[list[str]]:
        return [each["message"].split(" ") for each in self.events(stream, group)]

    def seen(self, stream: str | None = None) -> list[tuple[str, str, str]]:
        """Source, destination and action of each record of traffic."""
        return [(r[3], r[4], r[12]) for r in self.records(stream) if r[13] == "OK"]

    def acl(self) -> str:
        found = self.ec2.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [self.subnet]}]
        )
        acl_id: str = found["NetworkAcls"][0]["NetworkAclId"]
        return acl_id

    def log(self) -> dict[str, Any]:
        (found,) = self.ec2.describe_flow_logs()["FlowLogs"]
        return dict(found)


def clients(lab: Lab, old: World) -> World:
    return old._replace(lab=lab, ec2=lab.client("ec2"), logs=lab.client("logs"))


def opened(port: int, cidr: str = "0.0.0.0/0", protocol: str = "tcp") -> dict[str, Any]:
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}


def request(
    world: World, at: float = 1, source: str = CUSTOMER, port: int = 40_000, to: int = 80
) -> tuple[Any, ...]:
    return (at, source, port, world.instance, to, "tcp", 10, 2_000, 24, 30_000)


def entry(
    world: World, acl: str, number: int, egress: bool, allow: bool, low: int = 0, high: int = 65_535
) -> None:
    world.ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=number, Protocol="6", RuleAction="allow" if allow else "deny", Egress=egress,
        CidrBlock="0.0.0.0/0", PortRange={"From": low, "To": high},
    )  # fmt: skip
