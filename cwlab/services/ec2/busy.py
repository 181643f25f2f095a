"""What only a lab can do to an instance: make it busy, make its status checks fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cwlab.api import Call, handler, verb
from cwlab.errors import BadInput
from cwlab.services.ec2.instances import tell_group
from cwlab.services.ec2.load import QUANTITIES
from cwlab.services.ec2.records import Impairment, Load
from cwlab.services.ec2.support import Params
from cwlab.timeline import SECOND


@verb("ec2", "load")
def load(
    call: Call,
    *,
    instance_id: str,
    minutes: float,
    start_ms: int | None = None,
    **amounts: float | list[float],
) -> Params:
    """Make an instance busy for a while. What it is told last counts.

    Args:
        instance_id: which instance.
        minutes: how long, above 0.
        start_ms: from when (milliseconds since 1970); now unless given, never in the past.
        amounts: for each quantity of `load.QUANTITIES` (cpu in percent of all vCPUs; network_in, network_out, disk_read,
            disk_write, store_read, store_write in bytes a second) a number, or a list of numbers that share the time
            evenly.

    Raises:
        BadInput: an instance, quantity or number that cannot be.
    """
    if instance_id not in call.table("instances"):
        have = ", ".join(call.table("instances")) or "none"
        raise BadInput(instance_id, f"is not an instance of {call.region} (it has: {have}).")
    if not isinstance(minutes, int | float) or not 0 < minutes <= 366 * 24 * 60:
        raise BadInput(minutes, "minutes is no span of time.", "Give a number above 0, at most 366 days.")
    start_ms = call.now_ms if start_ms is None else start_ms
    if start_ms < call.now_ms:
        raise BadInput(start_ms, "lies in the past.", "What an instance did cannot be changed.")
    if not amounts:
        raise BadInput(amounts, "says nothing to do.", f"Give one of {', '.join(QUANTITIES)}.")
    span_ms = round(minutes * 60 * SECOND)
    fresh = tuple(_one_load(name, amount, start_ms, span_ms) for name, amount in amounts.items())
    loads = call.table("loads")
    for each in fresh:
        loads[instance_id] = (*beneath(each, loads.get(instance_id, ())), each)
    return {}


def beneath(fresh: Load, older: tuple[Load, ...]) -> tuple[Load, ...]:
    """Older loads without what a fresh one covers to their end, so that they do not pile up."""
    kept: list[Load] = []
    for each in older:
        if each.quantity == fresh.quantity and fresh.start_ms < each.end_ms <= fresh.end_ms:
            kept += until(each, fresh.start_ms)
        else:
            kept.append(each)
    return tuple(kept)


@verb("ec2", "unload")
def unload(call: Call, *, instance_id: str) -> None:
    """Make an instance idle from now on; what it did stays.

    Raises:
        BadInput: there is no such instance.
    """
    if instance_id not in call.table("instances"):
        raise BadInput(instance_id, f"is not an instance of {call.region}.")
    loads = call.table("loads")
    if instance_id in loads:
        loads[instance_id] = tuple(part for each in loads[instance_id] for part in until(each, call.now_ms))


def until(load: Load, at_ms: int) -> list[Load]:
    """A load as far as an instant: its whole steps, then the part of the step that was running."""
    if load.end_ms <= at_ms:
        return [load]
    if load.start_ms >= at_ms:
        return []
    steps, into = divmod(at_ms - load.start_ms, load.step_ms)
    found = [replace(load, values=load.values[:steps])] if steps else []
    if into:
        last = load.values[steps : steps + 1]
        found.append(Load(load.quantity, load.start_ms + steps * load.step_ms, into, last))
    return found


@verb("ec2", "warm_up")
def warm_up(call: Call, *, instance_id: str, until_ms: int) -> None:
    """Keep what an instance does out of its Auto Scaling group's metrics until an instant: it is warming up."""
    call.table("warm_ups")[instance_id] = until_ms


def _one_load(name: str, amount: float | list[float], start_ms: int, span_ms: int) -> Load:
    if name not in QUANTITIES:
        raise BadInput(name, "is nothing an instance can be told.", f"Give one of {', '.join(QUANTITIES)}.")
    quantity = QUANTITIES[name]
    numbers = list(amount) if isinstance(amount, list | tuple) else [amount]
    if not numbers or span_ms % len(numbers):
        raise BadInput(
            len(numbers), f"values do not share {span_ms} ms evenly.", "Choose a count that divides it."
        )
    most = (quantity.ceiling or 10**10) / quantity.scale
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= most:
            raise BadInput(number, f"is not a {name} ({quantity.unit}) from 0 to {most:g}.")
    values = np.array([round(number * quantity.scale) for number in numbers], dtype=np.int64)
    values.flags.writeable = False
    return Load(name, start_ms, span_ms // len(numbers), values)


CHECKS = ("system", "instance", "attached-ebs")
UNHEALTHY_S, AGAIN_S = 120, 60


@verb("ec2", "impair")
def impair(call: Call, *, instance_id: str, check: str, minutes: float) -> Params:
    """Make a status check of an instance fail for a while.

    Raises:
        BadInput: an instance, check or span that cannot be.
    """
    if instance_id not in call.table("instances"):
        raise BadInput(instance_id, f"is not an instance of {call.region}.")
    if check not in CHECKS:
        raise BadInput(check, "is not a status check.", f"Give one of {', '.join(CHECKS)}.")
    if not minutes > 0:
        raise BadInput(minutes, "minutes is no span of time.", "Give a number above 0.")
    table = call.table("impairments")
    trouble = Impairment(check, call.now_ms, call.now_ms + round(minutes * 60 * SECOND))
    table[instance_id] = (*table.get(instance_id, ()), trouble)
    call.schedule(call.now_ms + UNHEALTHY_S * SECOND, "unhealthy", instance_id=instance_id)
    return {}


@handler("ec2", "unhealthy")
def unhealthy(call: Call, *, instance_id: str) -> None:
    """A status check that still fails after two minutes counts as unhealthy for the instance's group, past its grace.

    The group is told each minute while the check fails: within the group's grace period it does not listen.
    """
    troubles = call.table("impairments").get(instance_id, ())
    if not any(each.start_ms <= call.now_ms < each.end_ms for each in troubles):
        return
    if call.table("instances")[instance_id].state == "running" and tell_group(call, instance_id, grace=True):
        call.schedule(call.now_ms + AGAIN_S * SECOND, "unhealthy", instance_id=instance_id)
