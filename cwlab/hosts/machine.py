"""A machine as the world knows it: where it stands, whether it runs, whose credentials are on it.

What happens on a machine by itself (its agent, its programs) has no lab at hand, only the world. This is their view; a
``Host`` is yours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cwlab.api import Principal, load
from cwlab.arn import GLOBAL, arn
from cwlab.errors import AwsError, BadInput

if TYPE_CHECKING:
    from cwlab.world import World

GONE = ("shutting-down", "terminated")


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine.

    Args:
        source: how the door names it: an instance id, or "ACCOUNT:NAME" for a machine on premises.
        account, region: where it is; on premises, where its calls go.
        key: its instance id or its name.
        is_instance: whether it is an EC2 instance.
        record: what EC2 keeps of it.
    """

    world: World
    source: str
    account: str
    region: str
    key: str
    is_instance: bool
    record: Any

    @property
    def state(self) -> str:
        """pending, running, stopping, stopped, shutting-down or terminated; on premises always running."""
        return str(self.record.state) if self.is_instance else "running"

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def private_ip(self) -> str:
        return str(self.record.private_ip)

    @property
    def hostname(self) -> str:
        """What ``hostname`` prints on it. An instance is named by its address; us-east-1 keeps its old domain."""
        if not self.is_instance:
            return self.key
        domain = "ec2.internal" if self.region == "us-east-1" else f"{self.region}.compute.internal"
        return f"ip-{self.private_ip.replace('.', '-')}.{domain}"

    @property
    def group(self) -> str:
        """The Auto Scaling group it is in, "" when it is in none."""
        return str(self.record.groups[-1].value) if self.is_instance and self.record.groups else ""

    @property
    def role(self) -> str | None:
        """The name of its role: its instance profile's, or the one given to a machine on premises."""
        if not self.is_instance:
            found: str | None = self.record.role
            return found
        profile_arn = self.record.profile_arn
        if profile_arn is None:
            return None
        profiles = self.world.table(self.account, GLOBAL, "iam", "profiles")
        profile = profiles.get(profile_arn.rsplit("/", 1)[-1])
        return None if profile is None else profile.role

    def credentials(self, access_key: str | None = None) -> Principal | None:
        """Who its calls come from; None when no credentials are to be found on it.

        Args:
            access_key: the id of an IAM user's key kept in a file on it; without one, the machine's role.

        Raises:
            BadInput: its role is not there.
            AwsError: nobody has that key, or it is inactive.
        """
        world = self.world
        if access_key is not None:
            return key_owner(world, access_key)
        role = self.role
        if role is None:
            return None
        roles = world.table(self.account, GLOBAL, "iam", "roles")
        if role not in roles:
            have = ", ".join(sorted(roles)) or "none"
            raise BadInput(
                role, f"is not a role of account {self.account} (it has: {have}).", "Make it first."
            )
        role_arn = arn("iam", "", self.account, f"role/{role}")
        if not self.is_instance:
            return world.role_session(role_arn, self.key)
        try:
            return world.service_session(role_arn, "ec2.amazonaws.com", self.key)
        except AwsError:
            return None  # a role that does not trust EC2: the metadata service has no credentials to give


def key_owner(world: World, access_key: str) -> Principal:
    """Who has an access key.

    Raises:
        AwsError: nobody has, or it is inactive or expired.
    """
    load("iam")
    from cwlab.services.iam import lookup

    def tables(service: str, name: str, account: str) -> Any:
        return world.table(account, GLOBAL, service, name)

    return lookup.principal_for_access_key(access_key, tables, world.timeline.now_ms)


def machine_of(world: World, source: str) -> Machine:
    """The machine the door knows by that name.

    Raises:
        BadInput: there is none.
    """
    if ":" in source:
        account, _, name = source.partition(":")
        found = world.table(account, GLOBAL, "ec2", "machines").get(name)
        if found is None:
            raise BadInput(name, f"is not a machine of account {account}.")
        return Machine(world, source, account, found.region, name, False, found)
    load("ec2")
    from cwlab.services.ec2.reach import locate

    account, region, instance = locate(world, source)
    return Machine(world, source, account, region, source, True, instance)
