"""Metrics are taken and published, each flush interval while there is something to measure.

What is inside a machine at a moment can be asked for later, so the agent measures when it publishes, with the stamps of the
moments at which it measured.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from cwlab.api import Call, handler, load
from cwlab.hosts.agent import statsd
from cwlab.hosts.agent.calls import Failed, send
from cwlab.hosts.agent.inside import Inside, Spell, noise
from cwlab.hosts.agent.records import Agent, Metrics, Section
from cwlab.hosts.agent.words import say
from cwlab.hosts.machine import GONE, Machine, machine_of
from cwlab.timeline import SECOND, to_datetime

MOST_METRICS, MOST_VALUES = 1_000, 150
GIB = 1 << 30
Dimensions = tuple[tuple[str, str], ...]
Key = tuple[str, Dimensions, str, int, int]  # name, dimensions, unit, stamp, resolution


def _lines(call: Call) -> Any:
    return call.world.table("", "", "hosts", "statsd")


def begin(call: Call, machine: Machine, agent: Agent) -> None:
    """A freshly started agent begins to measure."""
    metrics = agent.config.metrics
    _lines(call).pop(machine.source, None)
    if metrics is not None and metrics.sections:
        _next(call, machine.source, agent, call.now_ms)


def _next(call: Call, source: str, agent: Agent, since_ms: int) -> None:
    """Publish at the end of the next flush interval what is measured after an instant."""
    assert agent.config.metrics is not None
    span = agent.config.metrics.flush_s * SECOND
    args = {"source": source, "run": agent.run, "since_ms": since_ms}
    call.world.timeline.schedule(
        (call.now_ms // span + 1) * span, call.account, call.region, "hosts", "publish", args
    )


@handler("hosts", "publish")
def publish(call: Call, *, source: str, run: int, since_ms: int) -> None:
    """Publish what was measured since an instant."""
    agent: Agent | None = call.world.table("", "", "hosts", "agents").get(source)
    if agent is None or not agent.running or agent.run != run or agent.config.metrics is None:
        return
    machine = machine_of(call.world, source)
    if machine.state in GONE:
        return
    metrics = agent.config.metrics
    if machine.running:
        values, looked = dict[Key, list[tuple[float, float]]](), dict[tuple[int, int], Inside]()
        for section in metrics.sections:
            _measure(call, machine, metrics, section, since_ms, values, looked)
        _gather(call, source, metrics, values)
        _send(call, machine, agent, metrics, values)
    if metrics.sections:
        _next(call, source, agent, call.now_ms)


# What is measured ----------------------------------------------------------------------------------------------------


def _measure(
    call: Call,
    machine: Machine,
    metrics: Metrics,
    section: Section,
    since_ms: int,
    values: dict[Key, list[tuple[float, float]]],
    looked: dict[tuple[int, int], Inside],
) -> None:
    step = section.interval_s * SECOND
    resolution = 60 if section.interval_s >= 60 else 1
    for at_ms in range((since_ms // step + 1) * step, call.now_ms + 1, step):
        key = (at_ms, section.interval_s)
        if key not in looked:
            looked[key] = look(call, machine, *key)
        for own, found in looked[key].rows(section):
            for each in section.measured:
                dropped = each.name in section.drop_original
                dimensions = (*own, *section.dimensions)
                _add(
                    metrics, (each.published, dimensions, each.unit, at_ms // SECOND, resolution),
                    [(round(found[each.name], 6), 1.0)], values, dropped,
                )  # fmt: skip


def look(call: Call, machine: Machine, at_ms: int, seconds: int) -> Inside:
    """A machine at a moment, from the inside."""
    world = call.world
    load("ec2")
    from cwlab.services.ec2.catalog import TYPES
    from cwlab.services.ec2.load import QUANTITIES, per_minute

    key = int.from_bytes(machine.key.encode()[-8:].ljust(8, b"~"), "little")
    cores, memory = 4, 8 * GIB
    loads: Sequence[Any] = world.table("", "", "hosts", "loads").get(machine.source, ())
    if machine.is_instance:
        loads = world.table(machine.account, machine.region, "ec2", "loads").get(machine.key, ())
        kind = TYPES[machine.record.instance_type]
        cores, memory = kind.vcpus, kind.memory_mib << 20
    minute = (at_ms - 1) // 60_000
    from_ms, to_ms = minute * 60_000, (minute + 1) * 60_000
    loads = [each for each in loads if each.start_ms < to_ms and each.end_ms > from_ms]
    told = {each.quantity for each in loads}
    busy = dict[str, float]()
    for name in ("cpu", "network_in", "network_out", "disk_read", "disk_write"):
        quantity = QUANTITIES[name]
        if name in told:
            parts = int(per_minute(loads, quantity, key, minute, 1)[0])
        else:  # idle, by the same rule
            low, width = quantity.idle
            parts = low + (int(noise(key ^ zlib.crc32(name.encode()), minute) * 65_536) * width >> 16)
        busy[name] = parts / (quantity.scale * (60 if quantity.per_second else 1))
    spells: Sequence[Spell] = world.table("", "", "hosts", "spells").get(machine.source, ())
    return Inside(key, at_ms, seconds, cores, memory, busy, spells)


def _add(
    metrics: Metrics,
    key: Key,
    found: list[tuple[float, float]],
    values: dict[Key, list[tuple[float, float]]],
    dropped: bool = False,
) -> None:
    """Put values to their metric, and to its roll-ups."""
    name, own, *rest = key
    every = {**dict(own), **dict(metrics.append)}
    if metrics.host:
        every["host"] = metrics.host
    sets = {tuple(sorted(every.items()))} if not dropped else set()
    for rollup in metrics.rollups:
        if all(each in every for each in rollup):
            sets.add(tuple(sorted((each, every[each]) for each in rollup)))
    for dimensions in sorted(sets):
        values.setdefault((name, dimensions, *rest), []).extend(found)  # type: ignore[arg-type]


# StatsD --------------------------------------------------------------------------------------------------------------


def receive(call: Call, source: str, texts: Sequence[str]) -> None:
    """Lines come in at the listener; without one they are lost, as packets nobody listens for."""
    agent: Agent | None = call.world.table("", "", "hosts", "agents").get(source)
    metrics = agent.config.metrics if agent is not None and agent.running else None
    if agent is None or metrics is None or metrics.statsd is None:
        return
    table, good = _lines(call), list[statsd.Line]()
    for text in texts:
        line = statsd.parse(text, call.now_ms)
        if isinstance(line, str):
            say(call, source, f"E! [inputs.statsd] Error parsing line {text[:200]!r}: {line}")
        else:
            good.append(line)
    held = table.get(source, ())
    if good:
        table[source] = (*held, *good)
        if not held and not metrics.sections:
            _next(call, source, agent, call.now_ms)


def _gather(call: Call, source: str, metrics: Metrics, values: dict[Key, list[tuple[float, float]]]) -> None:
    if metrics.statsd is None:
        return
    listener, table = metrics.statsd, _lines(call)
    held: tuple[statsd.Line, ...] = table.pop(source, ())
    gauges = dict(call.world.table("", "", "hosts", "gauges").get(source, {}))
    span = listener.aggregate_s or listener.collect_s
    found = statsd.gathered(held, listener.collect_s, listener.aggregate_s, gauges)
    for (name, dimensions, stamp_s), each in found.items():
        _add(metrics, (name, dimensions, "None", stamp_s, 60 if span >= 60 else 1), each, values)
    if held:
        call.world.table("", "", "hosts", "gauges")[source] = gauges


# Sending -------------------------------------------------------------------------------------------------------------


def _data(values: dict[Key, list[tuple[float, float]]]) -> Iterator[dict[str, Any]]:
    for (name, dimensions, unit, stamp_s, resolution), found in values.items():
        datum = {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
            "Timestamp": to_datetime(stamp_s * SECOND),
            "Unit": unit,
            "StorageResolution": resolution,
        }
        counts = dict[float, float]()
        for value, count in found:
            counts[value] = counts.get(value, 0.0) + count
        if counts == {found[0][0]: 1.0}:
            yield {**datum, "Value": found[0][0]}
            continue
        rows = list(counts.items())
        for start in range(0, len(rows), MOST_VALUES):
            some = rows[start : start + MOST_VALUES]
            yield {**datum, "Values": [value for value, _ in some], "Counts": [count for _, count in some]}


def _send(
    call: Call, machine: Machine, agent: Agent, metrics: Metrics, values: dict[Key, list[tuple[float, float]]]
) -> None:
    data = list(_data(values))
    for start in range(0, len(data), MOST_METRICS):
        params = {"Namespace": metrics.namespace, "MetricData": data[start : start + MOST_METRICS]}
        try:
            send(
                call, machine, agent, "cloudwatch", "PutMetricData", params, role=metrics.role, endpoint=metrics.endpoint
            )  # fmt: skip
        except Failed as problem:
            lost = len(params["MetricData"])
            say(
                call,
                machine.source,
                f"E! [outputs.cloudwatch] Aws error received when sending metrics: {problem.text}",
                f"E! [outputs.cloudwatch] WriteToCloudWatch failure, {lost} metrics are dropped: {problem.code}",
            )
