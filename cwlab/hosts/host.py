"""One machine of a lab: its clients, its way to AWS, what it is busy with.

A `Host` remembers only where it is to be found. Everything it tells is read from the lab at that moment, so it stays true
after the clock moved, forward or back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cwlab.api import Principal
from cwlab.arn import GLOBAL, check_region
from cwlab.errors import BadInput
from cwlab.hosts.agent.front import Agent
from cwlab.hosts.agent.inside import TOLD
from cwlab.hosts.files import Disk
from cwlab.hosts.machine import machine_of
from cwlab.timeline import SECOND, iso, to_ms

if TYPE_CHECKING:
    from cwlab.lab import Lab
    from cwlab.services.ec2.path import Path
    from cwlab.services.ec2.records import Instance, OnPremises


class Host:
    """A machine. Get one with `lab.host("web-1")` or `lab.on_premises("rack-1")`.

    Args:
        lab: the lab it is in.
        account: twelve digits.
        region: where an instance is; for a machine on premises, the Region its calls go to.
        key: the instance id, or the name of a machine on premises.
        is_instance: whether it is an EC2 instance.
    """

    def __init__(self, lab: Lab, account: str, region: str, key: str, is_instance: bool) -> None:
        self._lab = lab
        self.account = account
        self.region = region
        self.id = key
        self.is_instance = is_instance

    # -- what it is ------------------------------------------------------------------------------------------------
    @property
    def name(self) -> str:
        """Its Name tag, or its id if it has none."""
        if not self.is_instance:
            return self.id
        tags = self._table("tags").get(self.id, {})
        return str(tags.get("Name", self.id))

    @property
    def state(self) -> str:
        """pending, running, stopping, stopped, shutting-down or terminated; a machine of your own is running."""
        return self._instance.state if self.is_instance else "running"

    @property
    def private_ip(self) -> str:
        """The address it knows itself by."""
        return self._instance.private_ip if self.is_instance else self._machine.private_ip

    @property
    def public_ip(self) -> str | None:
        """The address the internet sees, if it has one of its own."""
        if not self.is_instance:
            return self._machine.public_ip if self._machine.internet else None
        nic = self._table("interfaces").get(self._instance.interface_id)
        return None if nic is None else nic.public_ip

    @property
    def role(self) -> str | None:
        """The name of the role it calls with: its instance profile's, or the one you gave a machine of your own."""
        if not self.is_instance:
            return self._machine.role
        profile_arn = self._instance.profile_arn
        if profile_arn is None:
            return None
        profile = self._lab.world.table(self.account, GLOBAL, "iam", "profiles").get(
            profile_arn.rsplit("/", 1)[-1]
        )
        return None if profile is None else profile.role

    def _table(self, name: str) -> Any:
        return self._lab.world.table(self.account, self.region, "ec2", name)

    @property
    def _instance(self) -> Instance:
        return self._table("instances")[self.id]

    @property
    def _machine(self) -> OnPremises:
        return self._lab.world.table(self.account, GLOBAL, "ec2", "machines")[self.id]

    # -- what it can do --------------------------------------------------------------------------------------------
    def client(self, service: str, region: str | None = None, **kwargs: Any) -> Any:
        """A boto3 client on this machine: its route to the endpoint, its role.

        Without a role (and without `aws_access_key_id`) its calls raise botocore's NoCredentialsError, and without a
        route ConnectTimeoutError, as they would there.

        Args:
            service: as boto3 names it.
            region: the machine's own unless given.
            kwargs: anything else `boto3.client` takes; an `endpoint_url` of a VPC endpoint is followed.
        """
        key = kwargs.pop("aws_access_key_id", None)
        source = self._source
        if "endpoint_url" in kwargs:
            source += "@" + (urlsplit(str(kwargs["endpoint_url"])).hostname or "")
        principal = self._principal() if key is None else None
        return self._lab._client(service, region or self.region, principal, source, access_key=key, **kwargs)

    @property
    def _source(self) -> str:
        """How the door names this machine."""
        return self.id if self.is_instance else f"{self.account}:{self.id}"

    def _principal(self) -> Principal | None:
        """The session its credentials stand for; the session's name is the instance id, as on AWS."""
        return machine_of(self._lab.world, self._source).credentials()

    def _act(self, verb: str, **args: Any) -> Any:
        """Do something on this machine."""
        given = {"source": self._source, **args}
        return self._lab.world.act("hosts", verb, given, self.account, self.region)

    def path(
        self, service: str = "cloudwatch", region: str | None = None, endpoint_url: str | None = None
    ) -> Path:
        """Follow a call from here to a service, step by step; `print` the answer to read it.

        Args:
            service: as boto3 names it (`cloudwatch`), or as its endpoint is called (`monitoring`).
            region: the endpoint's Region; the machine's own unless given.
            endpoint_url: of a VPC endpoint, if the client is given one.
        """
        from cwlab.services.ec2.reach import reach

        source = self._source
        host = urlsplit(endpoint_url).hostname if endpoint_url else None
        return reach(self._lab.world, source, service, check_region(region or self.region), host)

    def load(
        self,
        *,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        start: str | datetime | None = None,
        **amounts: float | Sequence[float],
    ) -> Host:
        """Make this machine busy for a while; what you say last counts. Returns the host.

        EC2 sees from outside what an instance's CPU, disks and network do. What goes on inside (`memory`, `swap`,
        `disk_used`, `processes`) shows only in the metrics of a CloudWatch agent on it; of a machine on premises all does.

        Args:
            seconds, minutes, hours: how long; they add up.
            start: from when; now unless given.
            amounts: `cpu` in percent of all vCPUs; `network_in`, `network_out`, `disk_read`, `disk_write` (EBS),
                `store_read`, `store_write` (instance store) in bytes a second; `memory`, `swap`, `disk_used` in percent;
                `processes`, how many beside the system's. A number, or a list of numbers that share the time evenly.

        Raises:
            BadInput: no span of time, or an amount that cannot be.
        """
        plain = {name: list(v) if isinstance(v, Sequence) else v for name, v in amounts.items()}
        span = {"minutes": minutes + seconds / 60 + hours * 60}
        when = {} if start is None else {"start_ms": to_ms(start)}
        inside = {name: each for name, each in plain.items() if name in TOLD or not self.is_instance}
        outside = {name: each for name, each in plain.items() if name not in inside}
        if outside or not plain:
            args: dict[str, Any] = {"instance_id": self.id, **span, **when, **outside}
            self._lab.world.act("ec2", "load", args, self.account, self.region)
        if inside:
            self._act("load", **span, **when, **inside)
        return self

    def statsd(self, *lines: str) -> Host:
        """Send StatsD lines to this machine's agent, as an application on it does. Returns the host.

        An agent whose configuration has a `statsd` section makes metrics of them; without one nobody listens.

        Args:
            lines: `name:value|type`, then `|@rate` and `|#tag:value,…` if you like; types are c (counter), g (gauge), ms
                (timer), h (histogram), s (set). A line that cannot be read is told in the agent's log.
        """
        self._act("statsd", lines=list(lines))
        return self

    def impair(self, check: str = "instance", *, minutes: float) -> Host:
        """Make a status check of this instance fail for a while: "instance", "system" or "attached-ebs"."""
        if not self.is_instance:
            raise BadInput(self.id, "is on premises: EC2 checks instances only.")
        args = {"instance_id": self.id, "check": check, "minutes": minutes}
        self._lab.world.act("ec2", "impair", args, self.account, self.region)
        return self

    # -- what is on it ---------------------------------------------------------------------------------------------
    @property
    def agent(self) -> Agent:
        """Its CloudWatch agent."""
        return Agent(self)

    def append(
        self,
        path: str,
        lines: str | bytes | Sequence[str],
        *,
        at: str | datetime | None = None,
        encoding: str = "utf-8",
    ) -> Host:
        """Write lines at the end of a file; it is made if there is none. Returns the host.

        Args:
            path: a whole path, as /var/log/secure.
            lines: a text, a list of lines, or bytes as they are.
            at: when; now unless given.

        Raises:
            BadInput: a path, text or instant that cannot be, or the machine is off.
        """
        plain = lines if isinstance(lines, str | bytes) else list(lines)
        when = {} if at is None else {"at_ms": to_ms(at)}
        self._act("append", path=path, lines=plain, encoding=encoding, **when)
        return self

    def write(self, path: str, lines: str | bytes | Sequence[str], *, encoding: str = "utf-8") -> Host:
        """Put a new file in the place of an old one. Returns the host. Arguments as for `append`."""
        plain = lines if isinstance(lines, str | bytes) else list(lines)
        self._act("write", path=path, lines=plain, encoding=encoding)
        return self

    def rotate(self, path: str, keep: int = 4) -> Host:
        """Rotate a file as logrotate does: `secure` becomes `secure.1`, that `secure.2`; `keep` old ones stay."""
        self._act("rotate", path=path, keep=keep)
        return self

    def remove(self, path: str) -> Host:
        """Delete a file. Returns the host."""
        self._act("remove", path=path)
        return self

    def run(
        self,
        path: str,
        lines: Iterable[tuple[float, str]],
        *,
        every: float | None = None,
        stamp: str = "%Y-%m-%dT%H:%M:%S.%fZ",
        encoding: str = "utf-8",
    ) -> int:
        """Start a program that writes lines to a file as the clock moves; returns its number, for `kill`.

        Args:
            path: the file.
            lines: pairs of an offset in seconds from now and a line; ``{time}`` in a line stands for the moment.
            every: begin again after so many seconds; once unless given.
            stamp: how ``{time}`` is written, in the symbols of the agent's `timestamp_format`.

        Raises:
            BadInput: nothing to write, an offset or a format that cannot be.
        """
        round_ms = 0 if every is None else round(every * SECOND)
        rows = [tuple(each) for each in lines]
        made = self._act("run", path=path, lines=rows, round_ms=round_ms, stamp=stamp, encoding=encoding)
        return int(made["program"])

    def kill(self, program: int) -> Host:
        """End a program that `run` started. Returns the host."""
        self._act("kill", number=program)
        return self

    @property
    def files(self) -> list[str]:
        """The names of the files that were written on it."""
        return sorted(Disk(self._lab.world, self._source).names)

    def read(self, path: str, encoding: str = "utf-8") -> str:
        """What is in a file.

        Raises:
            BadInput: there is no such file.
        """
        found = Disk(self._lab.world, self._source).at(path)
        if found is None:
            raise BadInput(path, f"is not a file of {self.name} (it has: {', '.join(self.files) or 'none'}).")
        return found.read().decode(encoding, "replace")

    # -- its story -------------------------------------------------------------------------------------------------
    def describe(self) -> str:
        """What this machine is, where it stands, how it reaches CloudWatch, and with which role: a few lines."""
        lines = [repr(self)]
        if self.is_instance:
            instance = self._instance
            lines.append(
                f"in {instance.subnet_id} of {instance.vpc_id}, zone {instance.zone}; security groups "
                f"{', '.join(instance.group_ids)}"
            )
            lines.append(f"{instance.monitoring[-1].value} monitoring; launched {iso(instance.launched_ms)}")
            group = instance.groups[-1].value if instance.groups else ""
            if group:
                lines.append(f"in Auto Scaling group {group}")
        elif self._machine.vpn:
            lines.append(f"a VPN or Direct Connect line leads to {self._machine.vpn}")
        lines.append(
            f"calls with role {self.role}" if self.role else "no role: calls need credentials of their own"
        )
        found = self.path("cloudwatch")
        lines.append(("CloudWatch: " if found.reachable else "CloudWatch out of reach: ") + found.reason)
        return "\n".join(lines)

    def __repr__(self) -> str:
        addresses = self.private_ip + (
            f", public {self.public_ip}" if self.public_ip else ", no public address"
        )
        if not self.is_instance:
            return f"Host {self.id} on premises ({addresses})"
        kind = self._instance.instance_type
        label = self.id if self.name == self.id else f"{self.name} ({self.id})"
        return f"Host {label}: {kind} {self.state} in {self.region} ({addresses})"


# Finding -----------------------------------------------------------------------------------------------------------


def every(lab: Lab) -> list[Host]:
    """All machines of the lab's account: its instances that are not terminated, Region by Region, then your own."""
    world, found = lab.world, []
    for (account, region, service, table), items in sorted(
        world.tables.items(), key=lambda each: each[0][:3]
    ):
        if account == lab.account and service == "ec2" and table == "instances":
            found += [
                Host(lab, account, region, k, True) for k, each in items.items() if each.state != "terminated"
            ]
    found += [
        Host(lab, lab.account, each.region, key, False)
        for key, each in world.table(lab.account, GLOBAL, "ec2", "machines").items()
    ]
    return found


def find(lab: Lab, name: str) -> Host:
    """A machine by its Name tag, its instance id, or its own name on premises.

    Of instances with the same Name those in the lab's Region come first; two there are one too many.

    Raises:
        BadInput: there is none, or several fit.
    """
    for (account, region, service, table), items in list(lab.world.tables.items()):
        if service == "ec2" and table == "instances" and name in items:
            return Host(lab, account, region, name, True)
    hosts = every(lab)
    match = [host for host in hosts if host.name == name]
    here = [host for host in match if host.region == lab.region]
    match = here or match
    if len(match) == 1:
        return match[0]
    if match:
        ids = ", ".join(host.id for host in match)
        raise BadInput(name, f"is the name of {len(match)} machines ({ids}).", "Use an instance id.")
    have = ", ".join(dict.fromkeys(host.name for host in hosts)) or "none"
    raise BadInput(
        name,
        f"is not a machine of this lab (it has: {have}).",
        "Launch it with run_instances, or lab.on_premises.",
    )


def on_premises(lab: Lab, name: str, *, region: str | None = None, **details: Any) -> Host:
    """Set up a machine outside AWS, or set it up anew under the same name.

    Args:
        lab: the lab.
        name: what you call it.
        region: the Region its calls go to, and where `vpn` leads; the lab's own unless given.
        details: `internet` (True: it has its own line), `vpn` (the VPC a VPN or Direct Connect line leads to),
            `forwards_dns` (its resolver asks that VPC's inbound Resolver endpoint), `role` (the role it calls with).

    Raises:
        BadInput: a detail that cannot be.
    """
    known = ("internet", "vpn", "forwards_dns", "role")
    extra = sorted(set(details) - set(known))
    if extra:
        raise BadInput(", ".join(extra), "says nothing about a machine.", f"Give {', '.join(known)}.")
    place = check_region(region or lab.region)
    lab.world.act("ec2", "on_premises", {"name": name, **details}, lab.account, place)
    return Host(lab, lab.account, place, name, False)
