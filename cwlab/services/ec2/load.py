"""What an instance does, minute by minute: a little by itself, and what `load` tells it to do.

Pure. Everything is whole numbers (`Quantity.scale` parts of a unit), so sums are exact, an aggregate is the sum of its
instances to the last digit, and every machine computes the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cwlab.services.ec2.records import Load

MINUTE_MS = 60_000
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something an instance can be told to do.

    Args:
        name: the argument of `load`.
        unit: what the number given to `load` means.
        scale: parts of that unit kept.
        per_second: True if a minute's sample is the total of that minute, False if it is its mean.
        idle: what an idle instance does in a minute, in parts: from, and how much it varies.
        ceiling: the most a sample can be, in parts; None if there is none.
    """

    name: str
    unit: str
    scale: int
    per_second: bool
    idle: tuple[int, int]
    ceiling: int | None = None


QUANTITIES = {
    row.name: row
    for row in (
        Quantity("cpu", "percent of all vCPUs", 10_000, False, (8_000, 18_000), 1_000_000),
        Quantity("network_in", "bytes a second", 1, True, (1_800, 4_200)),
        Quantity("network_out", "bytes a second", 1, True, (1_500, 5_000)),
        Quantity("disk_read", "bytes a second, EBS", 1, True, (0, 40_960)),
        Quantity("disk_write", "bytes a second, EBS", 1, True, (20_480, 163_840)),
        Quantity("store_read", "bytes a second, instance store", 1, True, (0, 0)),
        Quantity("store_write", "bytes a second, instance store", 1, True, (0, 0)),
    )
}

JITTER = 100
"""A loaded instance varies by one part in a hundred around what it was told: a real one is never exact."""


def noise(key: int, minutes: Whole) -> Whole:
    """One number in [0, 65536) for each minute, by the SplitMix64 hash of key and minute.

    Counter-based: any minute can be asked for alone, in any order, and gives the same number.
    """
    with np.errstate(over="ignore"):
        z = minutes.astype(np.uint64)
        z *= np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(key & 0xFFFFFFFFFFFFFFFF)
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z >>= np.uint64(48)
    return z.astype(np.int64)


def per_minute(loads: Sequence[Load], quantity: Quantity, key: int, first: int, count: int) -> Whole:
    """A quantity's samples for `count` whole minutes from minute `first` since the epoch.

    Where loads overlap, the newest word counts; what no load covers is idle.

    Args:
        loads: in the order they were given.
        key: the instance's own number, which sets its noise apart from others'.
    """
    minutes = np.arange(first, first + count, dtype=np.int64)
    low, width = quantity.idle
    varies = noise(key ^ _salt(quantity.name), minutes)
    told = np.zeros(count, dtype=np.int64)
    free = np.full(count, MINUTE_MS, dtype=np.int64)
    painted = [
        _paint(load, minutes, first, told, free) for load in reversed(loads) if load.quantity == quantity.name
    ]
    idle = varies * width
    idle >>= 16
    idle += low
    busy = slice(min((a for a, _ in painted), default=0), max((b for _, b in painted), default=0))
    if busy.stop > busy.start:
        amount = told[busy] // (1_000 if quantity.per_second else MINUTE_MS)
        amount += amount // JITTER * (varies[busy] - 32_768) // 32_768
        idle[busy] = amount + idle[busy] * free[busy] // MINUTE_MS
    if quantity.ceiling is not None:
        np.minimum(idle, quantity.ceiling, out=idle)
    return idle


def _salt(name: str) -> int:
    return int.from_bytes(name.encode()[:8].ljust(8, b"~"), "little")


def _paint(load: Load, minutes: Whole, first: int, told: Whole, free: Whole) -> tuple[int, int]:
    """Add a load, times the milliseconds it holds, to the minutes that still have room; say which it touches."""
    low = max(load.start_ms // MINUTE_MS - first, 0)
    high = min(-(-load.end_ms // MINUTE_MS) - first, len(minutes))
    if low >= high:
        return len(minutes), 0
    edges = np.arange(first + low, first + high + 1, dtype=np.int64) * MINUTE_MS
    np.clip(edges, load.start_ms, load.end_ms, out=edges)
    amount = np.diff(_integral(load, edges))
    length = np.diff(edges)
    room = free[low:high]
    short = room < length
    if short.any():
        amount = np.where(short, amount * room // np.maximum(length, 1), amount)
        length = np.minimum(length, room)
    told[low:high] += amount
    free[low:high] -= length
    return low, high


def _integral(load: Load, at_ms: Whole) -> Whole:
    """The load's total until each instant (which rise), from any beginning, in parts times milliseconds."""
    past = at_ms - load.start_ms
    if len(load.values) == 1:
        return past * load.values[0]
    step = np.minimum(past // load.step_ms, len(load.values) - 1)
    low = int(step[0])  # only differences count: sums begin with the first step that is looked at
    values = load.values[low : int(step[-1]) + 1]
    totals = np.concatenate(([0], np.cumsum(values * load.step_ms)))
    place = step - low
    whole: Any = totals[place] + values[place] * (past - step * load.step_ms)
    return whole
