"""How many instances a scaling policy wants: the arithmetic, and nothing else.

Pure. Sources: EC2 Auto Scaling guide "Step and simple scaling policies" (adjustment types, rounding, step adjustments,
instance warmup), "Target tracking scaling policies", "Scaling based on demand" (several policies).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cwlab.codec import record

CHANGE, EXACT, PERCENT = "ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"
ADJUSTMENTS = (CHANGE, EXACT, PERCENT)


@record
class Step:
    """An adjustment for a range of breach sizes. Bounds are offsets from the threshold; None is no bound."""

    lower: float | None
    upper: float | None
    adjustment: int


@dataclass(frozen=True, slots=True)
class Situation:
    """A group at the moment a policy is asked.

    Args:
        desired: its desired capacity.
        least, most: its minimum and maximum size.
        serving: instances in service that are warm.
        warming: instances pending, or in service and not warm yet.
        leaving: instances on their way out.
        settled: False for a quarter of an hour after the capacity was lowered: what was measured before still counts.
    """

    desired: int
    least: int
    most: int
    serving: int
    warming: int = 0
    leaving: int = 0
    settled: bool = True

    def clamped(self, capacity: int) -> int:
        """A capacity between the minimum and the maximum."""
        return min(max(capacity, self.least), self.most)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The capacity a policy wants, and why in one sentence."""

    capacity: int
    reason: str


def percent_of(capacity: int, percent: int) -> int:
    """A share of a capacity in whole instances, rounded toward 0 but never to it.

    >>> [percent_of(1, each) for each in (1, 100, 167, 667, -58, -667, 0)]
    [1, 1, 1, 6, -1, -6, 0]
    """
    hundredths = capacity * percent
    if hundredths == 0:
        return 0
    whole = max(abs(hundredths) // 100, 1)
    return whole if hundredths > 0 else -whole


def adjusted(capacity: int, kind: str, amount: int, magnitude: int | None = None) -> int:
    """A capacity after an adjustment, before the group's bounds.

    Args:
        capacity: what it is counted from.
        kind: one of `ADJUSTMENTS`.
        amount: the ScalingAdjustment.
        magnitude: the fewest instances a percentage may move, MinAdjustmentMagnitude.
    """
    if kind == EXACT:
        return amount
    if kind == CHANGE:
        return capacity + amount
    change = percent_of(capacity, amount)
    if magnitude is not None and amount != 0:
        change = max(change, magnitude) if amount > 0 else min(change, -magnitude)
    return capacity + change


# Steps ---------------------------------------------------------------------------------------------------------------


def step_problem(steps: Sequence[Step]) -> str | None:
    """What is wrong with a set of step adjustments, in one sentence; None if nothing is (APIREF StepAdjustment)."""
    if any(step.lower is None and step.upper is None for step in steps):
        return "Both lower and upper bounds of a step adjustment cannot be left unspecified"
    if sum(step.lower is None for step in steps) > 1:
        return "At most one step adjustment can have an unspecified lower bound"
    if sum(step.upper is None for step in steps) > 1:
        return "At most one step adjustment can have an unspecified upper bound"
    for step in steps:
        if step.lower is not None and step.upper is not None and step.lower >= step.upper:
            return f"The upper bound {step.upper:g} must be greater than the lower bound {step.lower:g}"
    if any((step.lower or 0) < 0 for step in steps) and all(step.lower is not None for step in steps):
        return (
            "There must be a StepAdjustment with an unspecified lower bound (i.e., lower bound is null) when one "
            "StepAdjustment has a negative lower bound"
        )
    if any((step.upper or 0) > 0 for step in steps) and all(step.upper is not None for step in steps):
        return (
            "There must be a StepAdjustment with an unspecified upper bound (i.e., upper bound is null) when one "
            "StepAdjustment has a positive upper bound"
        )
    in_order = sorted(steps, key=lambda step: -math.inf if step.lower is None else step.lower)
    for before, after in itertools.pairwise(in_order):
        if before.upper is None or after.lower is None or before.upper > after.lower:
            return "StepAdjustment intervals can't overlap"
        if before.upper < after.lower:
            return "StepAdjustment intervals can't have a gap between them"
    return None


def step_for(steps: Iterable[Step], breach: float) -> Step | None:
    """The step whose range holds a breach (metric minus threshold); None if none does.

    From the threshold up a range holds its lower bound, from the threshold down its upper bound. A metric just at the
    threshold belongs to the step above it, or to the one below if there is none above.
    """
    steps = list(steps)
    if breach >= 0:
        for step in steps:
            if (step.lower is None or step.lower <= breach) and (step.upper is None or breach < step.upper):
                return step
    if breach <= 0:
        for step in steps:
            if (step.lower is None or step.lower < breach) and (step.upper is None or breach <= step.upper):
                return step
    return None


# What each kind of policy wants --------------------------------------------------------------------------------------


def simple(now: Situation, kind: str, amount: int, magnitude: int | None = None) -> Verdict:
    """One adjustment of the desired capacity."""
    return Verdict(now.clamped(adjusted(now.desired, kind, amount, magnitude)), f"{kind} {amount:+d}")


def gradual(now: Situation, kind: str, amount: int, magnitude: int | None = None) -> Verdict:
    """A step's adjustment. Instances warming up count as added already, those leaving as not yet gone.

    So a breach that lasts while instances warm up adds none for the same step, and a scale-in waits until all are warm.
    """
    out = adjusted(now.serving, kind, amount, magnitude)
    grows = out > now.desired if kind == EXACT else amount > 0
    if grows:
        return Verdict(
            max(now.clamped(out), now.desired), f"{kind} {amount:+d} of {now.serving} warm instances"
        )
    shrinks = out < now.desired if kind == EXACT else amount < 0
    if not shrinks:
        return Verdict(now.desired, "the step changes nothing")
    if now.warming:
        return Verdict(now.desired, f"scale-in waits for {now.warming} instances to warm up")
    present = now.serving + now.leaving
    wanted = now.clamped(adjusted(present, kind, amount, magnitude))
    return Verdict(min(wanted, now.desired), f"{kind} {amount:+d} of {present} instances")


def tracked(now: Situation, metric: float, target: float, *, scale_in: bool = True) -> Verdict:
    """The capacity at which the metric would be at its target or just below it: rounded up, out and in alike.

    Args:
        metric: what the group's metric is; it falls as capacity grows.
        target: what it should be.
        scale_in: False for a policy that may only add.
    """

    def at(capacity: int) -> int:
        return math.ceil(capacity * metric / target - 1e-9)  # what division leaves over is no instance

    if metric > target:
        wanted = max(now.clamped(at(now.serving)), now.desired)
        return Verdict(wanted, f"{now.serving} warm instances at {metric:g} against {target:g}")
    if not scale_in:
        return Verdict(now.desired, "scale-in is disabled")
    if not now.settled:
        return Verdict(now.desired, "scale-in waits until all the alarm sees was measured after the last one")
    if now.warming:
        return Verdict(now.desired, f"scale-in waits for {now.warming} instances to warm up")
    present = now.serving + now.leaving
    wanted = min(now.clamped(at(present)), now.desired)
    return Verdict(wanted, f"{present} instances at {metric:g} against {target:g}")


# Several policies ----------------------------------------------------------------------------------------------------


def together(desired: int, wanted: int, others: Iterable[int], *, all_trackers_agree: bool = True) -> int:
    """The capacity when several policies want something at the same time: the largest, out and in.

    Args:
        desired: the present desired capacity.
        wanted: what the policy asked now wants.
        others: what the others wanted within the last minute.
        all_trackers_agree: whether every target tracking policy that may scale in wants to.
    """
    if wanted >= desired:
        return wanted
    if not all_trackers_agree:
        return desired
    return min(max([wanted, *others]), desired)
