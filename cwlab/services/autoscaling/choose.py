"""Where the next instance goes and which one leaves first.

Pure. Source: EC2 Auto Scaling guide "Distribute instances across Availability Zones", "Default termination policy".
"""

from __future__ import annotations

from collections.abc import Sequence

from cwlab.services.autoscaling.records import Member


def next_place(places: Sequence[str], taken: Sequence[str]) -> str:
    """The place (zone or subnet) with the fewest instances; the first of those that tie.

    >>> next_place(["a", "b"], ["a"])
    'b'
    """
    return min(places, key=lambda place: (taken.count(place), places.index(place)))


def leaving(members: Sequence[Member], count: int) -> list[Member]:
    """The instances a scale-in ends: from the fullest zone, there the longest in the group; never protected ones."""
    left = [member for member in members if member.counts]
    gone: list[Member] = []
    while len(gone) < count:
        zones = [member.zone for member in left]
        free = [member for member in left if not member.protected]
        if not free:
            break
        fullest = max(zones.count(member.zone) for member in free)
        found = min(
            (member for member in free if zones.count(member.zone) == fullest),
            key=lambda member: (member.joined_ms, members.index(member)),
        )
        gone.append(found)
        left.remove(found)
    return gone
