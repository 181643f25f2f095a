"""What goes on inside a machine: memory, disks, cards, processes, by minute. Pure.

An idle machine does a little by itself, drawn from its own number and the minute, so any moment can be asked for and always gives
the same. What ``host.load`` says comes on top: what it says of the CPU, the disk and the network is what EC2 sees from
outside too; what it says of memory, file systems and processes is seen from inside alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cwlab.codec import record
from cwlab.hosts.agent.records import Section

Rows = Iterator[tuple[tuple[tuple[str, str], ...], Mapping[str, float]]]
MINUTE_MS = 60_000
GIB = 1 << 30
DISK_BYTES = 30 * GIB
INODES = 15_728_640
MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Told:
    """Something ``host.load`` can say of the inside: its unit, the most it can be."""

    unit: str
    most: float


TOLD = {
    "memory": Told("percent of memory used", 100),
    "swap": Told("percent of swap used", 100),
    "disk_used": Told("percent of the root file system used", 100),
    "processes": Told("processes beside those of the system", 30_000),
}


@record
class Spell:
    """What was told of one quantity for a while: numbers that share the time evenly."""

    quantity: str
    start_ms: int
    end_ms: int
    values: tuple[float, ...]


def noise(key: int, n: int) -> float:
    """A number in [0, 1) for a key and a count, by the SplitMix64 hash."""
    z = (n * 0x9E3779B97F4A7C15 + key) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)


@dataclass(frozen=True, slots=True)
class Inside:
    """A machine at one moment.

    Args:
        key: its own number.
        at_ms: the moment.
        seconds: since it was looked at before: what counters count over.
        cores: how many.
        memory: bytes.
        busy: what EC2 sees of it in this minute: cpu in percent; network_in and so on in bytes a second.
        spells: what was told of its inside, in the order it was told.
    """

    key: int
    at_ms: int
    seconds: int
    cores: int
    memory: int
    busy: dict[str, float]
    spells: Sequence[Spell]

    def draw(self, name: str, step_ms: int = MINUTE_MS) -> float:
        """A number in [0, 1) of this moment."""
        salt = int.from_bytes(name.encode()[:8].ljust(8, b"~"), "little")
        return noise(self.key ^ salt, self.at_ms // step_ms)

    def told(self, quantity: str) -> float | None:
        """What was said last of a quantity for this moment."""
        for spell in reversed(self.spells):
            if spell.quantity == quantity and spell.start_ms <= self.at_ms < spell.end_ms:
                step = (spell.end_ms - spell.start_ms) / len(spell.values)
                return spell.values[min(int((self.at_ms - spell.start_ms) / step), len(spell.values) - 1)]
        return None

    def rows(self, section: Section) -> Rows:
        """What a section measures: dimensions, and all its measurements by name."""
        found: Any = _SECTIONS[section.kind](self, section)
        yield from found


# The sections --------------------------------------------------------------------------------------------------------


def _cpu(at: Inside, section: Section) -> Rows:
    cores = ["cpu-total"] if section.total else []
    if "*" in section.resources:
        cores += [f"cpu{n}" for n in range(at.cores)]
    for core in cores:
        shift = 0.0 if core == "cpu-total" else 4 * (at.draw(core) - 0.5)
        active = min(max(at.busy["cpu"] + shift, 0.0), 100.0)
        parts = {
            "user": active * 0.72,
            "system": active * 0.22,
            "iowait": active * 0.04,
            "softirq": active * 0.02,
            "idle": 100 - active,
            **dict.fromkeys(("guest", "guest_nice", "irq", "nice", "steal"), 0.0),
        }
        times = at.seconds * (at.cores if core == "cpu-total" else 1)
        yield (
            (("cpu", core),),
            {f"usage_{name}": value for name, value in parts.items()}
            | {f"time_{name}": value * times for name, value in parts.items()}  # hundredths of a second
            | {"usage_active": active, "time_active": active * times},
        )


def _mem(at: Inside, section: Section) -> Rows:
    told = at.told("memory")
    share = (18 + at.busy["cpu"] / 20 + 2 * at.draw("memory") if told is None else told) / 100
    used = round(at.memory * min(share, 1.0))
    cached = round((at.memory - used) * 0.4)
    buffered = round((at.memory - used) * 0.02)
    free = at.memory - used - cached - buffered
    yield (
        (),
        {
            "active": used + cached // 2,
            "available": at.memory - used,
            "available_percent": 100 * (at.memory - used) / at.memory,
            "buffered": buffered,
            "cached": cached,
            "free": free,
            "inactive": cached // 2,
            "shared": round(at.memory * 0.001),
            "total": at.memory,
            "used": used,
            "used_percent": 100 * used / at.memory,
        },
    )


def _swap(at: Inside, section: Section) -> Rows:
    total = at.memory // 4
    used = round(total * (at.told("swap") or 0.0) / 100)
    yield (), {"free": total - used, "used": used, "used_percent": 100 * used / total}


MOUNTS = (("/", "nvme0n1p1", "xfs", DISK_BYTES), ("/run", "tmpfs", "tmpfs", GIB))


def _disk(at: Inside, section: Section) -> Rows:
    for path, device, kind, total in MOUNTS:
        if ("*" not in section.resources and path not in section.resources) or kind in section.ignored_types:
            continue
        told = at.told("disk_used") if path == "/" else 0.0
        share = (22 + at.draw("disk", 3_600_000) if told is None else told) / 100
        used = round(total * share)
        dimensions = (("device", device), ("fstype", kind), ("path", path))
        yield (
            dimensions[1:] if section.drop_device else dimensions,
            {
                "free": total - used,
                "total": total,
                "used": used,
                "used_percent": 100 * used / total,
                "inodes_total": INODES,
                "inodes_used": round(INODES * share / 20),
                "inodes_free": INODES - round(INODES * share / 20),
            },
        )


def _diskio(at: Inside, section: Section) -> Rows:
    names = ["nvme0n1", "nvme0n1p1"]
    for name in names if "*" in section.resources or not section.resources else section.resources:
        if name not in names:
            continue
        read = round(at.busy["disk_read"] * at.seconds)
        write = round(at.busy["disk_write"] * at.seconds)
        reads, writes = -(-read // 16_384), -(-write // 16_384)
        yield (
            (("name", name),),
            {
                "reads": reads,
                "writes": writes,
                "read_bytes": read,
                "write_bytes": write,
                "read_time": reads,
                "write_time": 2 * writes,
                "io_time": reads + writes,
                "iops_in_progress": 0,
            },
        )


def _net(at: Inside, section: Section) -> Rows:
    names = ["eth0", "lo"]
    for name in names if "*" in section.resources else section.resources:
        if name not in names:
            continue
        got = 0 if name == "lo" else round(at.busy["network_in"] * at.seconds)
        sent = 0 if name == "lo" else round(at.busy["network_out"] * at.seconds)
        yield (
            (("interface", name),),
            {
                "bytes_recv": got,
                "bytes_sent": sent,
                "packets_recv": -(-got // 1_000),
                "packets_sent": -(-sent // 1_000),
                **dict.fromkeys(("drop_in", "drop_out", "err_in", "err_out"), 0),
            },
        )


def _netstat(at: Inside, section: Section) -> Rows:
    open_ = 6 + round(4 * at.draw("netstat") + at.busy["cpu"] / 2)
    zero = dict.fromkeys(
        (
            "close",
            "close_wait",
            "closing",
            "fin_wait1",
            "fin_wait2",
            "last_ack",
            "none",
            "syn_recv",
            "syn_sent",
        ),
        0,
    )
    found = {f"tcp_{name}": value for name, value in zero.items()}
    yield (
        (),
        found | {"tcp_established": open_, "tcp_listen": 5, "tcp_time_wait": open_ // 2, "udp_socket": 4},
    )


def _processes(at: Inside, section: Section) -> Rows:
    running = 1 + round(at.busy["cpu"] / 100 * at.cores)
    sleeping = 95 + round(6 * at.draw("processe")) + round(at.told("processes") or 0)
    total = running + sleeping + 40
    yield (
        (),
        {
            "blocked": 0, "dead": 0, "idle": 40, "paging": 0, "running": running, "sleeping": sleeping, "stopped": 0,
            "total": total, "total_threads": total + 60, "wait": 0, "zombies": 0,
        },
    )  # fmt: skip


def _procstat(at: Inside, section: Section) -> Rows:
    how, what = section.process
    share = noise(at.key ^ int.from_bytes(what.encode()[:8].ljust(8, b"~"), "little"), 0)
    cpu = at.busy["cpu"] * (0.2 + 0.5 * share)
    rss = round(at.memory * (0.02 + 0.06 * share + (at.told("memory") or 20) / 1_000))
    seconds = cpu * at.seconds / 100
    dimensions = ((how, what),) if how != "exe" else (("exe", what), ("process_name", what))
    yield (
        dimensions,
        {
            "cpu_time": seconds,
            "cpu_time_system": seconds * 0.25,
            "cpu_time_user": seconds * 0.75,
            "cpu_usage": cpu,
            "memory_data": round(rss * 1.2),
            "memory_locked": 0,
            "memory_rss": rss,
            "memory_stack": 135_168,
            "memory_swap": 0,
            "memory_vms": rss * 3,
            "num_fds": 24 + round(8 * at.draw("fds")),
            "num_threads": 4,
            "read_bytes": round(at.busy["disk_read"] * at.seconds * share),
            "read_count": round(at.busy["disk_read"] * at.seconds * share) // 4_096,
            "write_bytes": round(at.busy["disk_write"] * at.seconds * share),
            "write_count": round(at.busy["disk_write"] * at.seconds * share) // 4_096,
            "pid_count": 1,
        },
    )


_SECTIONS: dict[str, Any] = {
    "cpu": _cpu,
    "mem": _mem,
    "swap": _swap,
    "disk": _disk,
    "diskio": _diskio,
    "net": _net,
    "netstat": _netstat,
    "processes": _processes,
    "procstat": _procstat,
}


def measurements(kind: str) -> tuple[str, ...]:
    """All a section can measure, by name."""
    busy = dict.fromkeys(("cpu", "network_in", "network_out", "disk_read", "disk_write"), 0.0)
    sample = Inside(0, 0, 60, 1, GIB, busy, ())
    section = Section(kind, (), 60, ("*",), process=("exe", "any"))
    return tuple(next(iter(sample.rows(section)))[1])
