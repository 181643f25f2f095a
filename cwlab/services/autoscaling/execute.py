"""Carrying a scaling policy out: asked by an alarm each minute while it lasts, or by you."""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.services.autoscaling import scaling, tracking
from cwlab.services.autoscaling.capacity import save, soon
from cwlab.services.autoscaling.common import find, group_arn, invalid
from cwlab.services.autoscaling.policies import SIMPLE, STEP, TRACKING, named, of_group
from cwlab.services.autoscaling.records import Group, Policy, Wish
from cwlab.services.autoscaling.scaling import Situation, Verdict
from cwlab.timeline import MINUTE, iso

SETTLING_MS = tracking.LOW_PERIODS * MINUTE


@operation("autoscaling", "ExecutePolicy", resource=group_arn)
def execute_policy(
    call: Call,
    *,
    PolicyName: str,
    AutoScalingGroupName: str | None = None,
    HonorCooldown: bool = False,
    MetricValue: float | None = None,
    BreachThreshold: float | None = None,
) -> None:
    """Carry a policy out.

    An alarm does so as a service: it waits for a simple policy's cooldown, and is passed over while AlarmNotification is
    suspended or the policy is not enabled.

    Raises:
        AwsError: the group is cooling down and you honor that, or the metric fits no step.
    """
    policy = named(call, PolicyName, AutoScalingGroupName)
    group = find(call, policy.group)
    by_alarm = call.principal.kind == "service"
    if by_alarm and (not policy.enabled or "AlarmNotification" in group.suspended or group.deleting):
        return
    if not by_alarm:
        _check(policy, HonorCooldown, MetricValue, BreachThreshold)
    if policy.kind == SIMPLE and (by_alarm or HonorCooldown) and _busy(call, group):
        if by_alarm:
            return
        raise AwsError(
            "ScalingActivityInProgress", "Scaling activity is in progress or the group is cooling down."
        )
    verdict = _verdict(policy, situation(group, call.now_ms), MetricValue, BreachThreshold)
    wanted = verdict.capacity
    if by_alarm:
        fresh = [
            wish for wish in group.wishes if wish.policy != policy.name and wish.at_ms + MINUTE >= call.now_ms
        ]
        wanted = scaling.together(
            group.desired,
            wanted,
            [wish.capacity for wish in fresh],
            all_trackers_agree=_trackers_agree(call, group, policy, fresh),
        )
        group = save(call, replace(group, wishes=(*fresh, Wish(policy.name, verdict.capacity, call.now_ms))))
    if wanted != group.desired:
        _scale(call, group, policy, wanted)


def _busy(call: Call, group: Group) -> bool:
    """Whether an activity is going on, or the cooldown after the last is not over."""
    return call.now_ms < group.cooled_ms or group.moving or group.desired != group.capacity


def _check(policy: Policy, honor: bool, metric: float | None, threshold: float | None) -> None:
    given = [
        name for name, value in (("MetricValue", metric), ("BreachThreshold", threshold)) if value is not None
    ]
    if policy.kind == TRACKING:
        raise invalid(
            f"ExecutePolicy is not supported for policies of type {TRACKING}: its own alarms do that"
        )
    if policy.kind == STEP and len(given) < 2:
        raise invalid(f"MetricValue and BreachThreshold are required for policies of type {STEP}")
    if policy.kind == SIMPLE and given:
        raise invalid(f"{', '.join(given)} is not supported for policies of type {SIMPLE}")
    if policy.kind == STEP and honor:
        raise invalid(f"HonorCooldown is not supported for policies of type {STEP}")


def situation(group: Group, now_ms: int) -> Situation:
    """A group as the rules see it."""
    here = [member for member in group.members if member.counts]
    warm = sum(member.is_warm(now_ms) for member in here)
    leaving = sum(member.state == "Terminating" for member in group.members)
    settled = group.lowered_ms is None or now_ms >= group.lowered_ms + SETTLING_MS
    return Situation(group.desired, group.min_size, group.max_size, warm, len(here) - warm, leaving, settled)


def _verdict(policy: Policy, now: Situation, metric: float | None, threshold: float | None) -> Verdict:
    """What a policy wants.

    Raises:
        AwsError: there is no metric value, or no step for it.
    """
    if policy.kind == SIMPLE:
        assert policy.adjustment_type is not None and policy.adjustment is not None
        return scaling.simple(now, policy.adjustment_type, policy.adjustment, policy.magnitude)
    if metric is None or (policy.kind == STEP and threshold is None):
        raise invalid(f"A policy of type {policy.kind} needs the value of the metric")
    if policy.kind == STEP:
        assert policy.adjustment_type is not None and threshold is not None
        step = scaling.step_for(policy.steps, metric - threshold)
        if step is None:
            raise invalid(
                f"No step adjustment found for metric value {metric:g} and breach threshold {threshold:g}"
            )
        return scaling.gradual(now, policy.adjustment_type, step.adjustment, policy.magnitude)
    assert policy.tracking is not None
    may_shrink = not policy.tracking.get("DisableScaleIn", False)
    return scaling.tracked(now, metric, policy.tracking["TargetValue"], scale_in=may_shrink)


def _trackers_agree(call: Call, group: Group, policy: Policy, fresh: list[Wish]) -> bool:
    """Whether every other target tracking policy that may scale in wanted to within the last minute."""
    wanting = {wish.policy for wish in fresh if wish.capacity < group.desired}
    return all(
        each.name in wanting
        for each in of_group(call, group.name)
        if each.tracking is not None
        and each.name != policy.name
        and each.enabled
        and not each.tracking.get("DisableScaleIn", False)
    )


def warmup_of(policy: Policy, group: Group) -> int | None:
    """The warm-up, in seconds, of instances a policy launches: its own, the group's, the default cooldown; simple: None."""
    if policy.kind == SIMPLE:
        return None
    if policy.warmup_s is not None:
        return policy.warmup_s
    return group.cooldown_s if group.warmup_s is None else group.warmup_s


def _scale(call: Call, group: Group, policy: Policy, wanted: int) -> None:
    """Move the desired capacity, and say why."""
    alarm = (call.request.source_arn or "").partition(":alarm:")[2]
    if call.principal.kind == "service":
        who = f"a monitor alarm {alarm} in state ALARM triggered policy {policy.name}"
    else:
        who = f"a user request executed policy {policy.name}"
    cause = f"At {iso(call.now_ms)} {who} changing the desired capacity from {group.desired} to {wanted}."
    cooling = policy.cooldown_s if policy.kind == SIMPLE else None
    changed = replace(
        group,
        desired=wanted,
        cause=cause,
        cooling_s=cooling,
        lowered_ms=call.now_ms if wanted < group.desired else group.lowered_ms,
        launch_warmup_s=warmup_of(policy, group) if wanted > group.desired else None,
    )
    soon(call, save(call, changed))
