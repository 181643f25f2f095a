"""An Auto Scaling group of a lab, as a whole: its machines, and the work they share.

Like a `Host` it remembers only where it is to be found; what it tells is read from the lab at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cwlab.errors import BadInput
from cwlab.hosts.host import Host
from cwlab.timeline import to_ms

if TYPE_CHECKING:
    from cwlab.lab import Lab
    from cwlab.services.autoscaling.records import Group as Record


class Group:
    """A group. Get one with `lab.group("web")`.

    Args:
        lab: the lab it is in.
        name: its name.
        region: where it is.

    Raises:
        BadInput: there is no such group.
    """

    def __init__(self, lab: Lab, name: str, region: str) -> None:
        self._lab = lab
        self.name = name
        self.region = region
        known = lab.world.table(lab.account, region, "autoscaling", "groups")
        if name not in known:
            have = ", ".join(sorted(known)) or "none"
            raise BadInput(
                name,
                f"is not an Auto Scaling group of {region} (it has: {have}).",
                "Make it with create_auto_scaling_group.",
            )

    @property
    def _record(self) -> Record:
        found: Record = self._lab.world.table(self._lab.account, self.region, "autoscaling", "groups")[
            self.name
        ]
        return found

    @property
    def desired(self) -> int:
        """How many instances it is to have."""
        return self._record.desired

    @property
    def hosts(self) -> list[Host]:
        """The machines in service."""
        serving = self._record.serving
        return [
            Host(self._lab, self._lab.account, self.region, member.instance_id, True)
            for member in self._record.members
            if member.instance_id in serving
        ]

    def load(
        self,
        *,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        start: str | datetime | None = None,
        **amounts: float | Sequence[float],
    ) -> Group:
        """Give the group work for a while: a total, divided evenly among the machines in service. Returns the group.

        When a machine comes or goes, the rest is divided anew: with `cpu=240` three machines are at 80 %, four at 60 %.
        What a machine cannot do at 100 % is lost.

        Args:
            seconds, minutes, hours: how long; they add up.
            start: from when; now unless given.
            amounts: `cpu` in percent of one machine; `network_in`, `network_out`, `disk_read`, `disk_write`,
                `store_read`, `store_write` in bytes a second. A number, or a list of numbers that share the time evenly.

        Raises:
            BadInput: no span of time, or an amount that cannot be.
        """
        plain = {name: list(v) if isinstance(v, Sequence) else v for name, v in amounts.items()}
        args: dict[str, Any] = {"group": self.name, "minutes": minutes + seconds / 60 + hours * 60, **plain}
        if start is not None:
            args["start_ms"] = to_ms(start)
        self._lab.world.act("autoscaling", "load", args, self._lab.account, self.region)
        return self

    def __repr__(self) -> str:
        now = self._record
        return (
            f"Group {self.name}: {len(now.serving)} in service, desired {now.desired} "
            f"({now.min_size} to {now.max_size}), in {self.region}"
        )
