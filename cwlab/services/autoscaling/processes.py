"""Processes of a group that can be suspended, each by itself.

Source: EC2 Auto Scaling guide "Suspend and resume processes".
"""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.services.autoscaling.capacity import save, soon
from cwlab.services.autoscaling.common import Params, find, group_arn, invalid

PROCESSES = (
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
)


def _chosen(asked: list[str] | None) -> tuple[str, ...]:
    for each in asked or ():
        if each not in PROCESSES:
            raise invalid(f"Invalid process type: {each}. Valid process types are: {', '.join(PROCESSES)}")
    return tuple(asked or PROCESSES)


@operation("autoscaling", "SuspendProcesses", resource=group_arn)
def suspend_processes(
    call: Call, *, AutoScalingGroupName: str, ScalingProcesses: list[str] | None = None
) -> None:
    """Suspend processes of a group, all of them unless you name some."""
    group = find(call, AutoScalingGroupName)
    save(call, replace(group, suspended=tuple(sorted({*group.suspended, *_chosen(ScalingProcesses)}))))


@operation("autoscaling", "ResumeProcesses", resource=group_arn)
def resume_processes(
    call: Call, *, AutoScalingGroupName: str, ScalingProcesses: list[str] | None = None
) -> None:
    """Resume processes of a group, all of them unless you name some; what was held up is then done."""
    group = find(call, AutoScalingGroupName)
    chosen = _chosen(ScalingProcesses)
    group = save(call, replace(group, suspended=tuple(p for p in group.suspended if p not in chosen)))
    soon(call, group)


@operation("autoscaling", "DescribeScalingProcessTypes", readonly=True)
def describe_scaling_process_types(call: Call) -> Params:
    """List the processes of a group."""
    return {"Processes": [{"ProcessName": each} for each in PROCESSES]}
