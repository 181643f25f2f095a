"""Does an event match a pattern, and if not, why?

The event is taken apart into *fields*: a dotted name, a value, and for each array on the way which element it came from.
A pattern's branch matches when each of its fields finds a value, such that two values out of one array come out of the
same element of it (event-ruler's array consistency). Arrays of plain values and arrays in arrays are flattened.

Source: event-ruler's README and its Event, ACFinder and ArrayMembership.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cwlab.codec import record
from cwlab.services.events.jsontext import short
from cwlab.services.events.operators import Leaf
from cwlab.services.events.pattern import Pattern

Elements = Mapping[str, int]
"""Which element of which array: the array's place in the event to the element's number."""


class Field(NamedTuple):
    """One value of an event."""

    value: Any
    elements: Elements


Fields = dict[str, list[Field]]


def fields_of(event: Mapping[str, Any]) -> Fields:
    """Take an event apart.

    >>> fields_of({"a": [{"b": "x"}, {"b": "y"}]})["a.b"][1].value
    'y'
    """
    found: Fields = {}
    for name, value in event.items():
        _collect(value, name, name, {}, found)
    return found


def _collect(value: Any, name: str, place: str, elements: Elements, found: Fields) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            _collect(each, f"{name}.{key}", f"{place}.{key}", elements, found)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            _collect(each, name, f"{place}[{number}]", {**elements, place: number}, found)
    else:
        found.setdefault(name, []).append(Field(value, elements))


def matches(pattern: Pattern, fields: Fields) -> bool:
    """Does the event these fields come from match?"""
    return any(_branch(branch, 0, fields, {}) for branch in pattern.branches)


Branch = tuple[tuple[str, tuple[Leaf, ...]], ...]


def _branch(branch: Branch, at: int, fields: Fields, elements: Elements) -> bool:
    """Can the fields from number ``at`` on find values that go with the elements chosen so far?"""
    if at == len(branch):
        return True
    name, leaves = branch[at]
    candidates = [
        joined
        for field in fields.get(name, ())
        if (joined := _together(elements, field.elements)) is not None and _any(leaves, field.value)
    ]
    if _wants_absence(leaves) and not any(
        _together(elements, field.elements) is not None for field in fields.get(name, ())
    ):
        candidates.append(elements)
    return any(_branch(branch, at + 1, fields, chosen) for chosen in candidates)


def _together(chosen: Elements, more: Elements) -> Elements | None:
    """Both choices of elements in one, or None when they differ on an array."""
    if not more:
        return chosen
    for place, number in more.items():
        if chosen.get(place, number) != number:
            return None
    return {**chosen, **more} if chosen else more


def _any(leaves: tuple[Leaf, ...], value: Any) -> bool:
    return any(leaf.matches(value) for leaf in leaves)


def _wants_absence(leaves: tuple[Leaf, ...]) -> bool:
    return any(leaf.kind == "exists" and leaf.wanted is False for leaf in leaves)


# Why ------------------------------------------------------------------------------------------------------------------


@record
class Part:
    """One field of a pattern, and what the event has there."""

    path: str
    wanted: str
    found: str
    matched: bool

    def __str__(self) -> str:
        if self.matched:
            return f"{self.path} asks for {self.wanted}, and the event has {self.found}."
        return f"{self.path} asks for {self.wanted}, but the event has {self.found}."


@record
class Explanation:
    """Whether an event matches, part by part; of several ``$or`` branches, the one that came closest."""

    matched: bool
    parts: tuple[Part, ...]
    branches: int

    @property
    def why(self) -> str:
        """One sentence."""
        misses = [part for part in self.parts if not part.matched]
        if self.matched:
            return "The event matches: every field of the pattern finds its value."
        if not misses:
            return "Each field finds a value, but not all in the same element of an array, so the event does not match."
        more = f" ({self.branches} branches of $or; this one came closest.)" if self.branches > 1 else ""
        return " ".join(str(part) for part in misses) + more


def explain(pattern: Pattern, event: Mapping[str, Any]) -> Explanation:
    """Which parts of a pattern an event matches, and which not.

    Args:
        pattern: compiled.
        event: as `jsontext.read` gives it.
    """
    fields = fields_of(event)
    best: tuple[tuple[bool, int], tuple[Part, ...]] | None = None
    for branch in pattern.branches:
        whole = _branch(branch, 0, fields, {})
        parts = tuple(_part(name, leaves, fields, whole) for name, leaves in branch)
        score = (whole, -sum(not part.matched for part in parts))
        if best is None or score > best[0]:
            best = (score, parts)
    assert best is not None  # a pattern has at least one branch
    return Explanation(best[0][0], best[1], len(pattern.branches))


def _part(name: str, leaves: tuple[Leaf, ...], fields: Fields, whole: bool) -> Part:
    """One field by itself; where the whole branch matches, so does each of its fields."""
    here = fields.get(name, [])
    if here:
        found = " and ".join(short(field.value) for field in here[:3]) + ("…" if len(here) > 3 else "")
    elif any(each.startswith(f"{name}.") for each in fields):
        found = "an object there"
    else:
        found = "nothing there"
    alone = any(_any(leaves, field.value) for field in here) or (not here and _wants_absence(leaves))
    matched = whole or alone
    return Part(name, " or ".join(str(leaf) for leaf in leaves), found, matched)
