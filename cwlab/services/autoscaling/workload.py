"""Work that a group shares: a total, divided evenly among the instances in service, anew whenever one comes or goes.

So the CPU of each falls when one joins, and a scaling policy's loop closes. Work beyond what the instances can do at 100 %
CPU is not done later: it is lost, as requests are that time out.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, verb
from cwlab.errors import BadInput
from cwlab.services.autoscaling.common import act
from cwlab.services.autoscaling.records import Group, Work
from cwlab.timeline import MINUTE

QUANTITIES = ("cpu", "network_in", "network_out", "disk_read", "disk_write", "store_read", "store_write")
CEILINGS = {"cpu": 100.0}
MOST = 1e10
MOST_MINUTES = 366 * 24 * 60


@verb("autoscaling", "load")
def load(
    call: Call,
    *,
    group: str,
    minutes: float,
    start_ms: int | None = None,
    **amounts: float | list[float],
) -> None:
    """Give a group work for a while. What it is told last counts.

    Args:
        group: its name.
        minutes: how long, above 0.
        start_ms: from when (milliseconds since 1970); now unless given.
        amounts: totals for all instances together: `cpu` in percent of one instance (240 keeps three at 80 %),
            the others of `QUANTITIES` in bytes a second. A number, or a list of numbers that share the time evenly.

    Raises:
        BadInput: a group, quantity or number that cannot be.
    """
    groups = call.table("groups")
    if group not in groups:
        raise BadInput(
            group, f"is not a group of {call.region} (it has: {', '.join(sorted(groups)) or 'none'})."
        )
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= MOST_MINUTES:
        raise BadInput(minutes, "minutes is no span of time.", "Give a number above 0, at most 366 days.")
    start_ms = call.now_ms if start_ms is None else start_ms
    if start_ms < call.now_ms:
        raise BadInput(start_ms, "lies in the past.", "What was done cannot be changed.")
    if not amounts:
        raise BadInput(amounts, "says nothing to do.", f"Give one of {', '.join(QUANTITIES)}.")
    span_ms = round(minutes * MINUTE)
    fresh = tuple(_work(name, amount, start_ms, span_ms) for name, amount in amounts.items())
    works = call.table("works")
    works[group] = (*works.get(group, ()), *fresh)
    spread(call, groups[group])


def _work(name: str, amount: Any, start_ms: int, span_ms: int) -> Work:
    if name not in QUANTITIES:
        raise BadInput(name, "is nothing a group can be told.", f"Give one of {', '.join(QUANTITIES)}.")
    numbers = list(amount) if isinstance(amount, list | tuple) else [amount]
    if not numbers or span_ms % len(numbers):
        raise BadInput(
            len(numbers), f"values do not share {span_ms} ms evenly.", "Choose a count that divides it."
        )
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= MOST:
            raise BadInput(number, f"is no amount of {name} from 0 to {MOST:g}.")
    return Work(name, start_ms, span_ms // len(numbers), tuple(float(number) for number in numbers))


def spread(call: Call, group: Group, gone: frozenset[str] = frozenset()) -> None:
    """Divide what is left of a group's work among the instances that serve now.

    Args:
        gone: instances that served until now: they are told to stop.
    """
    works = call.table("works")
    if group.name not in works:
        return
    left = tuple(work for work in works[group.name] if work.end_ms > call.now_ms)
    for instance_id in sorted(gone):
        act(call, "unload", instance_id=instance_id)
    if not left:
        del works[group.name]
        return
    works[group.name] = left
    servers = sorted(group.serving)
    for work in left:
        for instance_id in servers:
            for start_ms, end_ms, values in parts(work, call.now_ms):
                shares = [min(value / len(servers), CEILINGS.get(work.quantity, MOST)) for value in values]
                act(
                    call,
                    "load",
                    instance_id=instance_id,
                    start_ms=start_ms,
                    minutes=(end_ms - start_ms) / MINUTE,
                    **{work.quantity: shares},
                )


def parts(work: Work, now_ms: int) -> list[tuple[int, int, tuple[float, ...]]]:
    """What is left of a work, as spans of equal steps: the rest of the step that is running, then the steps after it."""
    begin = max(now_ms, work.start_ms)
    done, into = divmod(begin - work.start_ms, work.step_ms)
    if not into:
        return [(begin, work.end_ms, work.values[done:])]
    step_end = work.start_ms + (done + 1) * work.step_ms
    found = [(begin, step_end, work.values[done : done + 1])]
    if done + 1 < len(work.values):
        found.append((step_end, work.end_ms, work.values[done + 1 :]))
    return found
