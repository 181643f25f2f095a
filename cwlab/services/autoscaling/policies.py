"""Scaling policies: kept, listed, deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError, NotModelled
from cwlab.services.autoscaling import tracking
from cwlab.services.autoscaling.common import Params, find, group_arn, invalid, page, uuid, with_token
from cwlab.services.autoscaling.records import Group, Policy
from cwlab.services.autoscaling.scaling import ADJUSTMENTS, EXACT, PERCENT, Step, step_problem

SIMPLE, STEP, TRACKING, PREDICTIVE = (
    "SimpleScaling",
    "StepScaling",
    "TargetTrackingScaling",
    "PredictiveScaling",
)
AGGREGATIONS = ("Average", "Minimum", "Maximum")
MOST_POLICIES, MOST_STEPS = 50, 20
TAKES = {
    SIMPLE: {"AdjustmentType", "MinAdjustmentMagnitude", "ScalingAdjustment", "Cooldown"},
    STEP: {
        "AdjustmentType",
        "MinAdjustmentMagnitude",
        "StepAdjustments",
        "MetricAggregationType",
        "EstimatedInstanceWarmup",
    },
    TRACKING: {"TargetTrackingConfiguration", "EstimatedInstanceWarmup"},
}
NEEDS = {
    SIMPLE: ("AdjustmentType", "ScalingAdjustment"),
    STEP: ("AdjustmentType", "StepAdjustments"),
    TRACKING: ("TargetTrackingConfiguration",),
}
"""Which parameters go with which type of policy (APIREF PutScalingPolicy)."""


def of_group(call: Call, group: str) -> list[Policy]:
    """The policies of a group."""
    return [each for each in call.table("policies").values() if each.group == group]


def named(call: Call, name: str, group: str | None) -> Policy:
    """A policy by its ARN, or by its name and its group's.

    Raises:
        AwsError: there is none, or the group is not named.
    """
    if not name.startswith("arn:"):
        if group is None:
            raise invalid("AutoScalingGroupName is required when PolicyName is not an ARN")
        find(call, group)
    for each in call.table("policies").values():
        if name in (each.arn, each.name) and group in (None, each.group):
            found: Policy = each
            return found
    raise invalid(f"PolicyName not found: {name}" if name.startswith("arn:") else f"Policy {name} not found")


@operation("autoscaling", "PutScalingPolicy", resource=group_arn)
def put_scaling_policy(
    call: Call,
    *,
    AutoScalingGroupName: str,
    PolicyName: str,
    PolicyType: str = SIMPLE,
    AdjustmentType: str | None = None,
    MinAdjustmentMagnitude: int | None = None,
    ScalingAdjustment: int | None = None,
    Cooldown: int | None = None,
    MetricAggregationType: str | None = None,
    StepAdjustments: list[dict[str, Any]] | None = None,
    EstimatedInstanceWarmup: int | None = None,
    TargetTrackingConfiguration: dict[str, Any] | None = None,
    Enabled: bool = True,
) -> Params:
    """Keep a policy, or replace the one of that name; a target tracking policy makes its two alarms."""
    group = find(call, AutoScalingGroupName)
    asked = {
        "AdjustmentType": AdjustmentType,
        "MinAdjustmentMagnitude": MinAdjustmentMagnitude,
        "ScalingAdjustment": ScalingAdjustment,
        "Cooldown": Cooldown,
        "MetricAggregationType": MetricAggregationType,
        "StepAdjustments": StepAdjustments,
        "EstimatedInstanceWarmup": EstimatedInstanceWarmup,
        "TargetTrackingConfiguration": TargetTrackingConfiguration,
    }
    asked = {key: value for key, value in asked.items() if value is not None}
    _check(PolicyType, asked)
    key = f"{group.name}/{PolicyName}"
    old: Policy | None = call.table("policies").get(key)
    if old is None and len(of_group(call, group.name)) >= MOST_POLICIES:
        raise AwsError("LimitExceeded", f"At most {MOST_POLICIES} scaling policies are allowed for a group.")
    policy = Policy(
        PolicyName,
        _arn(call, group, PolicyName) if old is None else old.arn,
        group.name,
        PolicyType,
        Enabled,
        AdjustmentType,
        ScalingAdjustment,
        MinAdjustmentMagnitude,
        Cooldown,
        MetricAggregationType or ("Average" if PolicyType == STEP else None),
        _steps(StepAdjustments or []),
        EstimatedInstanceWarmup,
        TargetTrackingConfiguration,
        () if old is None else old.alarms,
    )
    if policy.tracking is not None:
        policy = replace(policy, alarms=tracking.make_alarms(call, policy))
    elif policy.alarms:
        tracking.drop_alarms(call, policy)
        policy = replace(policy, alarms=())
    call.table("policies")[key] = policy
    return {"PolicyARN": policy.arn, "Alarms": tracking.listed(call, policy.alarms)}


def _arn(call: Call, group: Group, name: str) -> str:
    tail = f"scalingPolicy:{uuid(call)}:autoScalingGroupName/{group.name}:policyName/{name}"
    return arn("autoscaling", call.region, call.account, tail)


def _check(kind: str, asked: Params) -> None:
    """Refuse what the documentation rules out.

    Raises:
        AwsError: with the rule.
        NotModelled: predictive scaling.
    """
    if kind == PREDICTIVE:
        raise NotModelled("PolicyType='PredictiveScaling'", f"Modeled: {', '.join(TAKES)}.")
    if kind not in TAKES:
        raise invalid(
            f"PolicyType {kind} is not valid. Valid policy types are: {', '.join((*TAKES, PREDICTIVE))}"
        )
    for name in NEEDS[kind]:
        if name not in asked:
            raise invalid(f"{name} is required for policy type {kind}")
    extra = sorted(set(asked) - TAKES[kind])
    if extra:
        raise invalid(f"{', '.join(extra)} is not supported for policy type {kind}")
    adjustment = asked.get("AdjustmentType")
    if adjustment is not None and adjustment not in ADJUSTMENTS:
        raise invalid(
            f"AdjustmentType {adjustment} is not valid. Valid adjustment types are: {', '.join(ADJUSTMENTS)}"
        )
    magnitude = asked.get("MinAdjustmentMagnitude")
    if magnitude is not None and adjustment != PERCENT:
        raise invalid(f"MinAdjustmentMagnitude is only supported for AdjustmentType {PERCENT}")
    if magnitude is not None and magnitude <= 0:
        raise invalid("MinAdjustmentMagnitude must be greater than 0")
    for name in ("Cooldown", "EstimatedInstanceWarmup"):
        if asked.get(name, 0) < 0:
            raise invalid(f"{name} must not be negative")
    if asked.get("MetricAggregationType", AGGREGATIONS[0]) not in AGGREGATIONS:
        raise invalid(f"MetricAggregationType must be one of {', '.join(AGGREGATIONS)}")
    steps = _steps(asked.get("StepAdjustments", []))
    amounts = [step.adjustment for step in steps] + [asked.get("ScalingAdjustment", 0)]
    if adjustment == EXACT and any(amount < 0 for amount in amounts):
        raise invalid(f"ScalingAdjustment must not be negative for AdjustmentType {EXACT}")
    if kind == STEP:
        problem = step_problem(steps) if steps else "StepAdjustments must not be empty"
        if len(steps) > MOST_STEPS:
            problem = f"There can be at most {MOST_STEPS} step adjustments per scaling policy"
        if problem is not None:
            raise invalid(problem)
    if kind == TRACKING:
        tracking.check(asked["TargetTrackingConfiguration"])


def _steps(asked: list[dict[str, Any]]) -> tuple[Step, ...]:
    return tuple(
        Step(
            each.get("MetricIntervalLowerBound"),
            each.get("MetricIntervalUpperBound"),
            each["ScalingAdjustment"],
        )
        for each in asked
    )


@operation("autoscaling", "DescribePolicies", readonly=True)
def describe_policies(
    call: Call,
    *,
    AutoScalingGroupName: str | None = None,
    PolicyNames: list[str] | None = None,
    PolicyTypes: list[str] | None = None,
    MaxRecords: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List policies, each with the alarms that set it off."""
    if AutoScalingGroupName is not None:
        find(call, AutoScalingGroupName)
    found = [
        each
        for each in call.table("policies").values()
        if AutoScalingGroupName in (None, each.group)
        and (not PolicyNames or each.name in PolicyNames or each.arn in PolicyNames)
        and (not PolicyTypes or each.kind in PolicyTypes)
    ]
    items, token = page(found, MaxRecords, NextToken)
    return with_token({"ScalingPolicies": [_described(call, each) for each in items]}, token)


def _described(call: Call, policy: Policy) -> Params:
    found = {
        "AutoScalingGroupName": policy.group,
        "PolicyName": policy.name,
        "PolicyARN": policy.arn,
        "PolicyType": policy.kind,
        "AdjustmentType": policy.adjustment_type,
        "MinAdjustmentMagnitude": policy.magnitude,
        "ScalingAdjustment": policy.adjustment,
        "Cooldown": policy.cooldown_s,
        "StepAdjustments": [_step(each) for each in policy.steps],
        "MetricAggregationType": policy.aggregation,
        "EstimatedInstanceWarmup": policy.warmup_s,
        "TargetTrackingConfiguration": None
        if policy.tracking is None
        else {"DisableScaleIn": False, **policy.tracking},
        "Enabled": policy.enabled,
        "Alarms": tracking.listed(call, policy.alarms),
    }
    if not policy.alarms and call.principal.kind != "service":  # an alarm that asks knows itself
        found["Alarms"] = tracking.pointing_at(call, policy.arn)
    return {key: value for key, value in found.items() if value is not None}


def _step(step: Step) -> Params:
    found = {
        "MetricIntervalLowerBound": step.lower,
        "MetricIntervalUpperBound": step.upper,
        "ScalingAdjustment": step.adjustment,
    }
    return {key: value for key, value in found.items() if value is not None}


@operation("autoscaling", "DeletePolicy", resource=group_arn)
def delete_policy(call: Call, *, PolicyName: str, AutoScalingGroupName: str | None = None) -> None:
    """Delete a policy; a target tracking policy takes its alarms along, any other leaves yours as they are."""
    drop(call, named(call, PolicyName, AutoScalingGroupName))


def drop(call: Call, policy: Policy) -> None:
    """Forget a policy."""
    if policy.alarms:
        tracking.drop_alarms(call, policy)
    del call.table("policies")[f"{policy.group}/{policy.name}"]


@operation("autoscaling", "DescribeAdjustmentTypes", readonly=True)
def describe_adjustment_types(call: Call) -> Params:
    """List the ways an adjustment may be meant."""
    return {"AdjustmentTypes": [{"AdjustmentType": each} for each in ADJUSTMENTS]}
