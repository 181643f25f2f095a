"""What ``lab.why`` says of an evaluation, as the pictures need it: slots with their times, and a few words."""

from __future__ import annotations

from typing import Any

from cwlab.console.charts.watching import Slot, Window
from cwlab.timeline import to_datetime, to_ms

FILLS = {"breaching": "breaching", "notBreaching": "fine"}


def window(seen: Any, said: str = "") -> Window:
    """An evaluation as a window over the slots it looked at."""
    decisive = to_ms(seen.changes[0].start) if seen.changes else None
    return Window(to_ms(seen.at), slots(seen), said or in_short(seen), decisive)


def slots(seen: Any) -> list[Slot]:
    """The slots of an evaluation, oldest first."""
    found = []
    for one in seen.slots:
        start = to_ms(one.start)
        found.append(Slot(start, start + seen.period * 1000, one.value, *counted(one, seen)))
    return found


def by_real(seen: Any) -> bool:
    """Whether the real datapoints were enough, so that nothing was filled in."""
    return bool(seen.breaching >= seen.m or seen.fine >= seen.n - seen.m + 1)


def counted(slot: Any, seen: Any) -> tuple[str, bool]:
    """What a slot counted as (``""``: not needed), and whether the treatment put that there."""
    if slot.used:
        return (slot.verdict if slot.verdict in ("breaching", "fine") else "missing"), False
    if slot.filled and not by_real(seen):
        return FILLS.get(seen.treatment, "missing"), seen.treatment in FILLS
    return "", False


def in_short(seen: Any) -> str:
    """The decision in a few words: ``2 of 3 breaching: ALARM``."""
    if seen.breaching >= seen.m:
        return f"{seen.breaching} of {seen.n} breaching: {seen.state}"
    if by_real(seen):
        return f"{seen.fine} of {seen.n} fine: {seen.state}"
    return f"{short(seen)}: {seen.state}"


def short(seen: Any) -> str:
    """Which rule decided, in a few words."""
    bad, fine, gone, n, m = seen.breaching, seen.fine, seen.missing, seen.n, seen.m
    if bad >= m:
        return f"{bad} of {n} breaching, {m} needed"
    if fine >= n - m + 1:
        return f"{fine} of {n} fine: {m} cannot breach"
    if seen.treatment in FILLS:
        filled = "as breaching" if seen.treatment == "breaching" else "as fine"
        return f"{bad} breaching, {gone} filled {filled}"
    if fine:
        return "too few to ring, and one is fine"
    if seen.treatment == "ignore":
        return "too few to tell: it stays as it was"
    if not bad:
        return "nothing came at all"
    return "only breaching, and old enough" if seen.state == "ALARM" else "only breaching, but too new"


def sentence(seen: Any) -> str:
    """What decided, and the single datapoint that would have changed it."""
    told = f"At {to_datetime(to_ms(seen.at)):%H:%M:%S}: {seen.rule}"
    if seen.changes:
        flip = seen.changes[0]
        told += f" Had {to_datetime(to_ms(flip.start)):%H:%M:%S} been {flip.to} instead of {flip.was}, it would say {flip.state}."
    return told
