"""Trouble with an instance, and what ends it: a reboot, a move to other hardware, recovery.

Source: EC2 guide "Automatic instance recovery" (the recovered instance is identical: id, addresses, metadata; what needs
a failed system status check, EBS volumes only), "Status checks" (a system problem needs other hardware, an instance
problem a reboot). How long a recovery takes is not documented.
"""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call, verb
from cwlab.errors import AwsError
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.records import Impairment, Instance
from cwlab.timeline import SECOND

RECOVERY_S = (60, 180)
REBOOT_S = 60
MOST_A_DAY = 3
DAY_MS = 86_400 * SECOND


def end_trouble(call: Call, instance_id: str, check: str, seconds: float) -> None:
    """Let a failing status check pass again so many seconds from now, if it fails by then."""
    troubles: tuple[Impairment, ...] = call.table("impairments").get(instance_id, ())
    end_ms = call.now_ms + round(seconds * SECOND)
    if any(each.check == check and each.end_ms > end_ms for each in troubles):
        call.table("impairments")[instance_id] = tuple(
            replace(each, end_ms=max(min(each.end_ms, end_ms), each.start_ms))
            if each.check == check
            else each
            for each in troubles
        )


def fails(call: Call, instance_id: str, check: str) -> bool:
    """Whether a status check of an instance fails now."""
    troubles: tuple[Impairment, ...] = call.table("impairments").get(instance_id, ())
    return any(each.check == check and each.start_ms <= call.now_ms < each.end_ms for each in troubles)


@verb("ec2", "recover")
def recover(call: Call, *, instance: str) -> None:
    """Bring an instance whose system status check fails back on other hardware; all it is stays the same.

    Args:
        instance: its id.

    Raises:
        AwsError: there is no such instance, it does not run, has instance store volumes, its system status check does
            not fail, or it was recovered three times today.
    """
    found: Instance | None = call.table("instances").get(instance)
    if found is None:
        raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance}' does not exist")
    if found.state != "running":
        raise _cannot(instance, f"it is {found.state}, not running")
    if catalog.TYPES[found.instance_type].disk_gb:
        raise _cannot(instance, f"its type {found.instance_type} has instance store volumes")
    if not fails(call, instance, "system"):
        raise _cannot(instance, "its system status check does not fail")
    recoveries = call.table("recoveries")
    today = tuple(at_ms for at_ms in recoveries.get(instance, ()) if at_ms + DAY_MS > call.now_ms)
    if len(today) >= MOST_A_DAY:
        raise _cannot(instance, f"{MOST_A_DAY} attempts were made within a day")
    recoveries[instance] = (*today, call.now_ms)
    low, high = RECOVERY_S
    end_trouble(call, instance, "system", low + call.draw("recover") * (high - low))


def _cannot(instance: str, why: str) -> AwsError:
    return AwsError("IncorrectInstanceState", f"The instance '{instance}' cannot be recovered: {why}.")
