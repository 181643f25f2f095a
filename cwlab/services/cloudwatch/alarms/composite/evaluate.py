"""Whether a rule holds, and which alarms account for it. Pure.

Of an OR that holds, the sides that hold account for it; of one that does not, all sides. AND and AT_LEAST the same way
round. That is how the live service fills ``triggeringAlarms``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cwlab.services.cloudwatch.alarms.composite.nodes import All, Any, Constant, InState, Node, Not, Quorum
from cwlab.services.cloudwatch.alarms.records import StateValue


class Verdict(NamedTuple):
    """``holds``, and the refs that account for it, in the order of the rule, each once."""

    holds: bool
    because: tuple[str, ...]


def judge(node: Node, state_of: Callable[[str], StateValue]) -> Verdict:
    """Evaluate a rule.

    Args:
        state_of: the state of an alarm as the rule names it.

    >>> judge(Any((InState("ALARM", "a"), InState("ALARM", "b"))), {"a": "OK", "b": "ALARM"}.__getitem__)
    Verdict(holds=True, because=('b',))
    """
    match node:
        case Constant(value):
            return Verdict(value, ())
        case InState(state, ref):
            return Verdict(state_of(ref) == state, (ref,))
        case Quorum(needed, negated, state, refs):
            counts = {ref: (state_of(ref) == state) != negated for ref in refs}
            holds = sum(counts[ref] for ref in refs) >= needed
            return Verdict(holds, tuple(ref for ref in counts if counts[ref] == holds))
        case Not(operand):
            inner = judge(operand, state_of)
            return Verdict(not inner.holds, inner.because)
        case All(operands) | Any(operands):
            found = [judge(operand, state_of) for operand in operands]
            holds = (all if isinstance(node, All) else any)([verdict.holds for verdict in found])
            named = [ref for verdict in found if verdict.holds == holds for ref in verdict.because]
            return Verdict(holds, tuple(dict.fromkeys(named)))
