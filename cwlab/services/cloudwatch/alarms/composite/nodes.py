"""The rule of a composite alarm as data. ``ref`` is an alarm as the rule names it: by name or by ARN."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from cwlab.services.cloudwatch.alarms.records import StateValue


class Constant(NamedTuple):
    """TRUE or FALSE."""

    value: bool


class InState(NamedTuple):
    """``ALARM(ref)``, ``OK(ref)``, ``INSUFFICIENT_DATA(ref)``."""

    state: StateValue
    ref: str


class Quorum(NamedTuple):
    """``AT_LEAST(n, [NOT] state, (refs))``; ``needed`` of the refs, each counted as often as it stands there."""

    needed: int
    negated: bool
    state: StateValue
    refs: tuple[str, ...]


class Not(NamedTuple):
    """The opposite."""

    operand: Node


class All(NamedTuple):
    """AND."""

    operands: tuple[Node, ...]


class Any(NamedTuple):
    """OR."""

    operands: tuple[Node, ...]


Node: TypeAlias = Constant | InState | Quorum | Not | All | Any


class Rule(NamedTuple):
    """A rule, the alarms it names in order, each once, and how many elements it has."""

    node: Node
    refs: tuple[str, ...]
    elements: int
