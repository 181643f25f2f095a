"""AWS/EC2: what the hypervisor sees of each instance, sent by AWS itself and computed only when somebody reads it.

Nothing is stored. A metric is a pure function of the world's seed, the instance's history and the instant it is read, so
fifteen months of an idle instance weigh nothing. Source: EC2 guide "CloudWatch metrics that are available for your
instances", "Manage detailed monitoring".

A point stamped t covers [t, t + period) and appears when the clock reaches t + period. With basic monitoring a point
holds five one-minute samples, with detailed monitoring one. Memory, disk space and processes are not here: the hypervisor
cannot see inside the guest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cwlab.api import Call, vends
from cwlab.services.ec2 import credit_books
from cwlab.services.ec2.catalog import TYPES, InstanceType
from cwlab.services.ec2.load import MINUTE_MS, QUANTITIES, Whole, per_minute
from cwlab.services.ec2.records import Impairment, Instance, Load, Since

FIVE = 300
RECENT_S = 14 * 86_400
SETTLED_MS = 15 * MINUTE_MS  # after a change, until all points of before have appeared
Flags = npt.NDArray[np.bool_]


class Vended(NamedTuple):
    """One series in the list of metrics."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


# The table of metrics ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the guide's table.

    Args:
        name: as CloudWatch knows it.
        unit: as CloudWatch knows it.
        of: where the samples come from: a quantity of `load`, "credit:…", "check:…" or "constant".
        per: what one counts: bytes in a packet, bytes in an operation; or the constant itself.
        grain: "monitoring" (five minutes basic, one detailed), "five" or "one" (whatever the monitoring).
    """

    name: str
    unit: str
    of: str
    per: int = 1
    grain: str = "monitoring"

    @property
    def scale(self) -> int:
        """Parts of the unit in the whole numbers the samples are computed in."""
        if self.of in QUANTITIES:
            return QUANTITIES[self.of].scale
        return credit_books.PARTS if self.of.startswith("credit:") else 1

    def belongs_to(self, kind: InstanceType) -> bool:
        """Whether instances of a type have this metric at all."""
        if self.of.startswith("credit:"):
            return kind.is_burstable
        return kind.disk_gb > 0 if self.of.startswith("store_") else True


_PACKET, _OPERATION = 900, 16_384
METRICS = {
    row.name: row
    for row in (
        Metric("CPUUtilization", "Percent", "cpu"),
        Metric("NetworkIn", "Bytes", "network_in"),
        Metric("NetworkOut", "Bytes", "network_out"),
        Metric("NetworkPacketsIn", "Count", "network_in", _PACKET, "five"),
        Metric("NetworkPacketsOut", "Count", "network_out", _PACKET, "five"),
        Metric("DiskReadBytes", "Bytes", "store_read"),
        Metric("DiskWriteBytes", "Bytes", "store_write"),
        Metric("DiskReadOps", "Count", "store_read", _OPERATION),
        Metric("DiskWriteOps", "Count", "store_write", _OPERATION),
        Metric("MetadataNoToken", "Count", "constant", 0),
        Metric("MetadataNoTokenRejected", "Count", "constant", 0),
        Metric("EBSReadBytes", "Bytes", "disk_read"),
        Metric("EBSWriteBytes", "Bytes", "disk_write"),
        Metric("EBSReadOps", "Count", "disk_read", _OPERATION),
        Metric("EBSWriteOps", "Count", "disk_write", _OPERATION),
        Metric("EBSIOBalance%", "Percent", "constant", 100, "five"),
        Metric("EBSByteBalance%", "Percent", "constant", 100, "five"),
        Metric("InstanceEBSIOPSExceededCheck", "None", "constant", 0, "one"),
        Metric("InstanceEBSThroughputExceededCheck", "None", "constant", 0, "one"),
        Metric("CPUCreditUsage", "Count", "credit:usage", 1, "five"),
        Metric("CPUCreditBalance", "Count", "credit:balance", 1, "five"),
        Metric("CPUSurplusCreditBalance", "Count", "credit:surplus", 1, "five"),
        Metric("CPUSurplusCreditsCharged", "Count", "credit:charged", 1, "five"),
        Metric("StatusCheckFailed", "Count", "check:system,instance,attached-ebs", 1, "one"),
        Metric("StatusCheckFailed_System", "Count", "check:system", 1, "one"),
        Metric("StatusCheckFailed_Instance", "Count", "check:instance", 1, "one"),
        Metric("StatusCheckFailed_AttachedEBS", "Count", "check:attached-ebs", 1, "one"),
    )
}
"""Status checks and EBS checks come every minute, credits and packets every five, the rest as monitoring says."""


# One instance ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Machine:
    """An instance with all that its samples depend on. `key` sets its noise apart from every other's."""

    instance: Instance
    loads: Sequence[Load]
    impairments: Sequence[Impairment]
    key: int
    warm_ms: int = 0  # until then its group's metrics leave it out

    @property
    def kind(self) -> InstanceType:
        return TYPES[self.instance.instance_type]


@dataclass(frozen=True, slots=True)
class Points:
    """Datapoints of one series, in parts of its unit; `of` says for each sample which point holds it."""

    stamp: Whole
    count: Whole
    total: Whole
    least: Whole
    most: Whole
    of: Whole
    sample: Whole


def points(
    machine: Machine,
    metric: Metric,
    start_s: int,
    end_s: int,
    now_s: int,
    *,
    group: str | None = None,
    detailed_only: bool = False,
) -> Points | None:
    """The datapoints of one instance stamped in [start_s, end_s) that have appeared by `now_s`; None if none.

    Args:
        machine: the instance.
        metric: which metric.
        start_s, end_s: the window, seconds since 1970.
        now_s: the instant of reading.
        group: count only the minutes in which it belonged to this Auto Scaling group.
        detailed_only: count only the minutes in which it had detailed monitoring.
    """
    instance = machine.instance
    if not metric.belongs_to(machine.kind):
        return None
    born = instance.states[0].at_ms // (FIVE * 1_000) * 5
    last = _last_minute(instance, now_s)
    first = max(start_s // FIVE * 5, born)  # a whole five minutes, as `born` is
    count = min(end_s // 60 + 5, last) - first
    if count <= 0:
        return None
    keep = running(instance, first, count, now_s)
    if group is not None:
        keep &= _while(instance.groups, group, first, count)
        keep[: max(-(-machine.warm_ms // MINUTE_MS) - first, 0)] = False
    is_detailed = _while(instance.monitoring, "detailed", first, count)
    if detailed_only:
        keep &= is_detailed
    if metric.of.startswith("credit:"):
        return _credit_points(machine, metric, first, keep, start_s, end_s, now_s)
    minute = np.arange(first, first + count, dtype=np.int64)
    stamp = minute * 60
    coarse = np.repeat(stamp[::5], 5)[:count]
    if metric.grain == "five":
        stamp = coarse
        keep &= stamp + FIVE <= now_s
    elif metric.grain == "monitoring" and not is_detailed[keep].all():
        basic = ~is_detailed
        keep &= np.where(basic, coarse + FIVE, stamp + 60) <= now_s
        stamp = np.where(basic, coarse, stamp)
    else:
        keep &= stamp + 60 <= now_s
    keep &= (stamp >= start_s) & (stamp < end_s)
    if not keep.any():
        return None
    sample = samples(machine, metric, first, count)
    if keep.all():
        return _grouped(stamp, sample)
    return _grouped(stamp[keep], sample[keep])


def samples(machine: Machine, metric: Metric, first: int, count: int) -> Whole:
    """One sample a minute, in parts, whether or not the instance runs."""
    if metric.of == "constant":
        return np.full(count, metric.per, dtype=np.int64)
    if metric.of.startswith("check:"):
        failed = np.zeros(count, dtype=np.int64)
        for trouble in machine.impairments:
            if trouble.check in metric.of[6:].split(","):
                begin = max(trouble.start_ms // MINUTE_MS - first, 0)
                end = max(-(-trouble.end_ms // MINUTE_MS) - first, 0)
                failed[begin:end] = 1
        return failed
    found = per_minute(machine.loads, QUANTITIES[metric.of], machine.key, first, count)
    return found if metric.per == 1 else -(-found // metric.per)


def _credit_points(
    machine: Machine, metric: Metric, first: int, keep: Flags, start_s: int, end_s: int, now_s: int
) -> Points | None:
    """Credits remember: the books are kept from the launch, and read in the window."""
    born = machine.instance.states[0].at_ms // (FIVE * 1_000) * 5
    until = -(-(first + len(keep)) // 5) * 5
    cpu = per_minute(machine.loads, QUANTITIES["cpu"], machine.key, born, until - born)
    ran = running(machine.instance, born, until - born, now_s)
    books = credit_books.account_for(machine.kind, cpu, ran.astype(np.int64))
    series: Whole = getattr(books, metric.of[7:])
    kept = np.zeros(until - born, dtype=np.bool_)
    kept[first - born : first - born + len(keep)] = keep
    slot = np.arange(born // 5, until // 5, dtype=np.int64) * FIVE
    shown = kept.reshape(-1, 5).any(axis=1) & (slot >= start_s) & (slot < end_s) & (slot + FIVE <= now_s)
    return _grouped(slot[shown], series[shown]) if shown.any() else None


def _grouped(stamp: Whole, sample: Whole) -> Points:
    """Samples with equal stamps become one point."""
    step = np.diff(stamp)
    if (step < 0).any():  # monitoring was switched to and fro within five minutes
        order = np.argsort(stamp, kind="stable")
        stamp, sample = stamp[order], sample[order]
        step = np.diff(stamp)
    if (step > 0).all():
        ones = np.ones(len(stamp), dtype=np.int64)
        return Points(stamp, ones, sample, sample, sample, np.arange(len(stamp)), sample)
    begin = np.concatenate(([0], np.flatnonzero(step) + 1))
    count = np.diff(np.concatenate((begin, [len(stamp)])))
    return Points(
        stamp[begin],
        count,
        np.add.reduceat(sample, begin),
        np.minimum.reduceat(sample, begin),
        np.maximum.reduceat(sample, begin),
        np.repeat(np.arange(len(begin)), count),
        sample,
    )


def running(instance: Instance, first: int, count: int, now_s: int) -> Flags:
    """For each minute, whether the instance ran from its first to its last second."""
    flags = np.zeros(count, dtype=np.bool_)
    for begin_ms, end_ms in _running_spans(instance, now_s * 1_000):
        begin = max(-(-begin_ms // MINUTE_MS) - first, 0)
        flags[begin : max(end_ms // MINUTE_MS - first, 0)] = True
    return flags


def _running_spans(instance: Instance, now_ms: int) -> Iterator[tuple[int, int]]:
    changes = instance.states
    for position, change in enumerate(changes):
        if change.state == "running":
            end_ms = changes[position + 1].at_ms if position + 1 < len(changes) else now_ms
            yield change.at_ms, end_ms


def _last_minute(instance: Instance, now_s: int) -> int:
    """The end of the last minute in which the instance can have run."""
    ended = instance.states[-1]
    return now_s // 60 if ended.state == "running" else min(ended.at_ms // MINUTE_MS + 1, now_s // 60)


def _while(history: Sequence[Since], value: str, first: int, count: int) -> Flags:
    """For each minute, whether a history held `value` throughout it."""
    flags = np.zeros(count, dtype=np.bool_)
    for position, entry in enumerate(history):
        if entry.value == value:
            begin = max(-(-entry.at_ms // MINUTE_MS) - first, 0)
            is_last = position + 1 == len(history)
            end = count if is_last else max(history[position + 1].at_ms // MINUTE_MS - first, 0)
            flags[begin:end] = True
    return flags


# Many instances ----------------------------------------------------------------------------------------------------


def merged(parts: Sequence[Points]) -> Points:
    """Add instances up: counts and sums add, extremes are the extremes, samples are kept."""
    if len(parts) == 1:
        return parts[0]
    first = min(int(part.stamp[0]) for part in parts)
    length = (max(int(part.stamp[-1]) for part in parts) - first) // 60 + 1
    count = np.zeros(length, dtype=np.int64)
    total = np.zeros(length, dtype=np.int64)
    least = np.full(length, np.iinfo(np.int64).max)
    most = np.full(length, np.iinfo(np.int64).min)
    rows = []
    for part in parts:
        row = (part.stamp - first) // 60
        count[row] += part.count
        total[row] += part.total
        least[row] = np.minimum(least[row], part.least)
        most[row] = np.maximum(most[row], part.most)
        rows.append(row[part.of])
    filled = np.flatnonzero(count)
    place = np.cumsum(count > 0) - 1
    return Points(
        filled * 60 + first,
        count[filled],
        total[filled],
        least[filled],
        most[filled],
        place[np.concatenate(rows)],
        np.concatenate([part.sample for part in parts]),
    )


def columns(found: Points, scale: int) -> dict[str, Any]:
    """Points in the unit a learner reads, as plain columns.

    `values` is None where every point holds one sample, else (row, value, count): the distribution of each point.
    """
    values = None
    if int(found.count.max()) > 1:
        row, sample = found.of, found.sample
        if (np.diff(row) < 0).any():  # instance after instance: put the samples in order of points
            order = np.argsort(row, kind="stable")
            row, sample = row[order], sample[order]
        values = (row, sample / scale, np.ones(len(row)))
    total = found.total / scale
    return {
        "stamp": found.stamp,
        "count": found.count.astype(np.float64),
        "sum": total,
        "min": total if values is None else found.least / scale,
        "max": total if values is None else found.most / scale,
        "values": values,
    }


# What CloudWatch asks ----------------------------------------------------------------------------------------------


@vends("AWS/EC2", "ec2")
class Ec2Metrics:
    """The provider of AWS/EC2 in one account and Region."""

    def list_metrics(self, call: Call) -> Iterable[Vended]:
        """Every series with a point in the last two weeks, each under all its dimension families."""
        now_s = call.now_ms // 1_000
        seen: dict[Vended, None] = {}
        for machine in _machines(call):
            if not _has_recent(machine.instance, now_s):
                continue
            for metric in METRICS.values():
                if metric.belongs_to(machine.kind):
                    for dimensions in _families(machine.instance, now_s):
                        seen[Vended(metric.name, dimensions, metric.unit)] = None
        return sorted(seen)

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> dict[str, Any] | None:
        """The points of one series stamped in [start_s, end_s), as columns; None if there are none.

        Dimensions match as a whole set: none of them is every instance with detailed monitoring, InstanceId is one
        instance, AutoScalingGroupName the members of a group, ImageId and InstanceType the detailed instances of it.
        """
        metric = METRICS.get(name)
        if metric is None or len(dimensions) > 1:
            return None
        now_s = call.now_ms // 1_000
        family, value = dimensions[0] if dimensions else ("", "")
        found = []
        for machine in _chosen(call, family, value, start_s):
            part = points(
                machine,
                metric,
                start_s,
                end_s,
                now_s,
                group=value if family == "AutoScalingGroupName" else None,
                detailed_only=family in ("", "ImageId", "InstanceType"),
            )
            if part is not None:
                found.append(part)
        return {**columns(merged(found), metric.scale), "unit": metric.unit} if found else None

    def lag(self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...]) -> int | None:
        """How long after its stamp a point appears that has not appeared yet, in seconds; such points stand on multiples
        of it. None where points of several kinds come into one series, as in a group with basic and detailed members.
        """
        metric = METRICS.get(name)
        if metric is None or metric.grain == "five":
            return FIVE
        family, value = dimensions[0] if dimensions else ("", "")
        if metric.grain == "one" or family not in ("InstanceId", "AutoScalingGroupName"):
            return 60
        settled_ms = call.now_ms - SETTLED_MS
        levels = set()
        for machine in _chosen(call, family, value, call.now_ms // 1_000):
            state, monitoring = machine.instance.states[-1], machine.instance.monitoring
            if len(monitoring) > 1 and monitoring[-1].at_ms > settled_ms:
                return None
            if state.state == "running" or state.at_ms > settled_ms:
                levels.add(monitoring[-1].value)
        if len(levels) > 1:
            return None
        return 60 if levels == {"detailed"} else FIVE


def _machines(call: Call) -> Iterator[Machine]:
    for instance in call.table("instances").values():
        yield machine_of(call, instance)


def machine_of(call: Call, instance: Instance) -> Machine:
    """An instance with its loads, its troubles and its own noise."""
    loads: Mapping[str, tuple[Load, ...]] = call.table("loads")
    troubles: Mapping[str, tuple[Impairment, ...]] = call.table("impairments")
    text = f"{call.world.seed}/{call.account}/{call.region}/{instance.instance_id}"
    key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    at = instance.instance_id
    warm_ms = call.table("warm_ups").get(at, 0)
    return Machine(instance, loads.get(at, ()), troubles.get(at, ()), key, warm_ms)


def _chosen(call: Call, family: str, value: str, start_s: int) -> Iterator[Machine]:
    """The instances of a family that may have a point from `start_s` on."""
    if family == "InstanceId":
        instance = call.table("instances").get(value)
        if instance is not None:
            yield machine_of(call, instance)
        return
    for instance in call.table("instances").values():
        if instance.state == "terminated" and instance.states[-1].at_ms < (start_s - FIVE) * 1_000:
            continue
        if (
            not family
            or (family == "ImageId" and instance.image_id == value)
            or (family == "InstanceType" and instance.instance_type == value)
            or (family == "AutoScalingGroupName" and any(since.value == value for since in instance.groups))
        ):
            yield machine_of(call, instance)


def _families(instance: Instance, now_s: int) -> Iterator[tuple[tuple[str, str], ...]]:
    """The dimension sets AWS puts on an instance's metrics, by itself."""
    yield (("InstanceId", instance.instance_id),)
    for name in dict.fromkeys(since.value for since in instance.groups if since.value):
        yield (("AutoScalingGroupName", name),)
    if any(since.value == "detailed" for since in instance.monitoring):
        yield (("ImageId", instance.image_id),)
        yield (("InstanceType", instance.instance_type),)
        yield ()


def _has_recent(instance: Instance, now_s: int) -> bool:
    """Whether the instance ran a whole minute in the last two weeks."""
    for begin_ms, end_ms in _running_spans(instance, now_s * 1_000):
        if end_ms // MINUTE_MS > -(-begin_ms // MINUTE_MS) and end_ms // 1_000 > now_s - RECENT_S:
            return True
    return False
