"""Group metrics: the numbers of a group, sent every minute while their collection is enabled.

Computed when read, from the history of the numbers. A point stamped t is what the numbers were at t. Source: EC2 Auto
Scaling guide "CloudWatch metrics for Amazon EC2 Auto Scaling".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from cwlab.api import Call, operation, vends
from cwlab.errors import NotModelled
from cwlab.services.autoscaling.common import Params, find, group_arn, invalid
from cwlab.services.autoscaling.records import Group, Sizes

NAMESPACE, DIMENSION, GRANULARITY = "AWS/AutoScaling", "AutoScalingGroupName", "1Minute"
METRICS = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
)
"""Without weights and warm pools, capacity is the number of instances."""
WARM_POOL = (
    "WarmPoolMinSize",
    "WarmPoolDesiredCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
)
MINUTE_S, RECENT_S = 60, 14 * 86_400


class Vended(NamedTuple):
    """One series in the list of metrics."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


def _chosen(asked: list[str] | None) -> tuple[str, ...]:
    for each in asked or ():
        if each in WARM_POOL:
            raise NotModelled(f"The metric {each!r}", f"Modeled: {', '.join(METRICS)}.")
        if each not in METRICS:
            raise invalid(f"Invalid metric type: {each}. Valid metric types are: {', '.join(METRICS)}")
    return tuple(asked or METRICS)


@operation("autoscaling", "EnableMetricsCollection", resource=group_arn)
def enable_metrics_collection(
    call: Call, *, AutoScalingGroupName: str, Granularity: str, Metrics: list[str] | None = None
) -> None:
    """Send group metrics from now on, all of them unless you name some."""
    group = find(call, AutoScalingGroupName)
    if Granularity != GRANULARITY:
        raise invalid(f"Granularity {Granularity} is not valid. The only valid value is {GRANULARITY}")
    wanted = {*group.collected, *_chosen(Metrics)}
    _collect(call, group, tuple(each for each in METRICS if each in wanted))


@operation("autoscaling", "DisableMetricsCollection", resource=group_arn)
def disable_metrics_collection(
    call: Call, *, AutoScalingGroupName: str, Metrics: list[str] | None = None
) -> None:
    """Stop sending group metrics, all of them unless you name some."""
    group = find(call, AutoScalingGroupName)
    unwanted = _chosen(Metrics)
    _collect(call, group, tuple(each for each in group.collected if each not in unwanted))


def _collect(call: Call, group: Group, metrics: tuple[str, ...]) -> None:
    changed = replace(group, collected=metrics)
    call.table("groups")[group.name] = changed
    note(call, changed)


@operation("autoscaling", "DescribeMetricCollectionTypes", readonly=True)
def describe_metric_collection_types(call: Call) -> Params:
    """List the group metrics there are."""
    return {
        "Metrics": [{"Metric": each} for each in METRICS],
        "Granularities": [{"Granularity": GRANULARITY}],
    }


def note(call: Call, group: Group) -> None:
    """Write the numbers of a group down, if they are collected (or were) and have changed."""
    history: tuple[Sizes, ...] = call.table("sizes").get(group.name, ())
    if not group.collected and not history:
        return
    states = [member.state for member in group.members]
    now = Sizes(
        call.now_ms,
        group.collected,
        group.min_size,
        group.max_size,
        group.desired,
        states.count("InService"),
        states.count("Pending"),
        states.count("Terminating"),
    )
    if not history or replace(history[-1], at_ms=now.at_ms) != now:
        call.table("sizes")[group.name] = (*history, now)


def gone(call: Call, name: str) -> None:
    """A group is deleted: its metrics end, what they were stays."""
    history: tuple[Sizes, ...] = call.table("sizes").get(name, ())
    if history:
        call.table("sizes")[name] = (*history, replace(history[-1], at_ms=call.now_ms, collected=()))


def number(sizes: Sizes, metric: str) -> int:
    """A group metric's value."""
    return {
        "MinSize": sizes.least,
        "MaxSize": sizes.most,
        "Desired": sizes.desired,
        "InService": sizes.serving,
        "Pending": sizes.pending,
        "Standby": 0,
        "Terminating": sizes.leaving,
        "Total": sizes.serving + sizes.pending + sizes.leaving,
    }[metric.removeprefix("Group").removesuffix("Instances").removesuffix("Capacity")]


@vends(NAMESPACE, "autoscaling")
class GroupMetrics:
    """The provider of AWS/AutoScaling in one account and Region."""

    def list_metrics(self, call: Call) -> Iterable[Vended]:
        """Every series with a point in the last two weeks."""
        found = []
        recent_ms = call.now_ms - RECENT_S * 1_000
        for name, history in call.table("sizes").items():
            for metric in METRICS:
                if any(metric in sizes.collected for sizes in _since(history, recent_ms)):
                    found.append(Vended(metric, ((DIMENSION, name),), "None"))
        return sorted(found)

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> dict[str, Any] | None:
        """The points of one series stamped in [start_s, end_s), as columns; None if there are none."""
        if name not in METRICS or len(dimensions) != 1 or dimensions[0][0] != DIMENSION:
            return None
        history: tuple[Sizes, ...] = call.table("sizes").get(dimensions[0][1], ())
        first = -(-start_s // MINUTE_S)
        last = min(-(-end_s // MINUTE_S), call.now_ms // (MINUTE_S * 1_000) + 1)
        if not history or last <= first:
            return None
        stamp = np.arange(first, last, dtype=np.int64) * MINUTE_S
        began = np.array([sizes.at_ms for sizes in history], dtype=np.int64)
        row = np.searchsorted(began, stamp * 1_000, side="right") - 1
        is_sent = np.array([name in sizes.collected for sizes in history])
        keep = (row >= 0) & is_sent[row]
        if not keep.any():
            return None
        value = np.array([number(sizes, name) for sizes in history], dtype=np.float64)[row[keep]]
        return {
            "stamp": stamp[keep],
            "count": np.ones(len(value)),
            "sum": value,
            "min": value,
            "max": value,
            "values": None,
            "unit": "None",
        }

    def lag(self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...]) -> int | None:
        """How long after its stamp a point appears, in seconds: at once."""
        return 0


def _since(history: tuple[Sizes, ...], at_ms: int) -> tuple[Sizes, ...]:
    """The part of a history that reaches past an instant."""
    older = sum(sizes.at_ms <= at_ms for sizes in history)
    return history[max(older - 1, 0) :]
