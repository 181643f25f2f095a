"""What an event pattern may say, compiled once.

A pattern mirrors the event. Every leaf is an array: one of its members must match; all fields must. ``$or`` multiplies: a
pattern is compiled into *branches*, each a plain set of fields, and an event matches when one branch does. Field names
are joined with dots, as event-ruler does: ``{"detail": {"state": …}}`` and ``{"detail.state": …}`` ask the same.

Sources: EventBridge User Guide, "Creating event patterns", "Comparison operators"; event-ruler's JsonRuleCompiler for the
messages.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cwlab.codec import record
from cwlab.services.events.jsontext import read
from cwlab.services.events.operators import RESERVED, Leaf, PatternError, leaf

OR = "$or"
MOST_BRANCHES = 1000  # the product of the sizes of all $or

Branch = dict[str, tuple[Leaf, ...]]


@record
class Pattern:
    """A compiled pattern. Each branch is the fields that must match, sorted by name."""

    text: str
    branches: tuple[tuple[tuple[str, tuple[Leaf, ...]], ...], ...]


@lru_cache(maxsize=2048)
def compile_pattern(text: str) -> Pattern:
    """Read an event pattern.

    Raises:
        PatternError: with EventBridge's reason, and where in the pattern.

    >>> len(compile_pattern('{"source": ["shop"], "$or": [{"a": [1]}, {"b": [2]}]}').branches)
    2
    """
    try:
        body = read(text)
    except ValueError as problem:
        raise PatternError("Invalid JSON", f"the pattern ({problem})") from None
    if not isinstance(body, dict):
        raise PatternError("Filter is not an object")
    _count(body)
    branches = _object(body, "", [{}], inside_or=False)
    return Pattern(text, tuple(tuple(sorted(branch.items())) for branch in branches))


def _object(body: dict[str, Any], path: str, branches: list[Branch], *, inside_or: bool) -> list[Branch]:
    """Every branch so far, with the conditions of one object added."""
    if not body:
        raise PatternError("Empty objects are not allowed", path)
    for name, value in body.items():
        where = f"{path}.{name}" if path else name
        if name == OR:
            branches = _or(value, path, branches)
        elif inside_or and name in RESERVED:
            raise PatternError(f"{name} is Ruler reserved fieldName which cannot be used inside {OR}.", where)
        elif isinstance(value, dict):
            branches = _object(value, where, branches, inside_or=inside_or)
        elif isinstance(value, list):
            if not value:
                raise PatternError("Empty arrays are not allowed", where)
            leaves = tuple(leaf(each, where) for each in value)
            branches = [{**branch, where: leaves} for branch in branches]
        else:
            raise PatternError(
                f'"{name}" must be an object or an array', where, "Write the value in brackets."
            )
    return branches


def _or(value: Any, path: str, branches: list[Branch]) -> list[Branch]:
    _check_or(value, path)
    return [made for each in value for made in _object(each, path, branches, inside_or=True)]


def _check_or(value: Any, path: str) -> None:
    where = f"{path}.{OR}" if path else OR
    if not isinstance(value, list):
        raise PatternError(f"It must be an Array followed with {OR}.", where)
    if any(not isinstance(each, dict) for each in value):
        raise PatternError(f"Only JSON object is allowed in array of {OR} relationship.", where)
    if len(value) < 2:
        raise PatternError(f"There must have at least 2 Objects in {OR} relationship.", where)


def _count(body: dict[str, Any], path: str = "") -> int:
    """How many branches an object makes, counted before any is built: a short pattern can ask for millions."""
    total = 1
    for name, value in body.items():
        where = f"{path}.{name}" if path else name
        if name == OR:
            _check_or(value, path)
            total *= sum(_count(each, path) for each in value)
        elif isinstance(value, dict):
            total *= _count(value, where)
        if total > MOST_BRANCHES:
            raise PatternError(
                f"The {OR} relationships make more than {MOST_BRANCHES} combinations.",
                where,
                "Split the rule in several.",
            )
    return total
