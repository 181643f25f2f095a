"""Writes the recorded day into data/: ``make data``, or ``python -m cwlab.shop.record``.

The day ends where every lab begins, so that a fresh lab has a day behind it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from cwlab import course
from cwlab.shop.burst import burst
from cwlab.shop.incidents import INCIDENTS
from cwlab.shop.machines import cpu_percent
from cwlab.shop.requests import MINUTES_A_DAY, all_requests, first_minute, traffic
from cwlab.shop.secure import recorded
from cwlab.timeline import to_datetime

SEED = 7
START = "2026-03-01T09:00:00Z"
EVERY = 4
"""One request in so many has its latency recorded, as a load balancer that samples would."""


def files() -> dict[str, bytes]:
    """Every file of the recorded day, by name."""
    day = traffic(SEED, START)
    first = first_minute(START)
    each = all_requests(SEED, first, MINUTES_A_DAY)
    sampled = each.number % EVERY == 0
    second = burst(SEED)
    return {
        "shop-requests.csv": _csv(day.stamp, day.requests.tolist()),
        "shop-orders.csv": _csv(day.stamp, day.orders.tolist()),
        "shop-errors.csv": _csv(day.stamp, day.errors.tolist()),
        "shop-latency.csv": _csv(each.minute[sampled] * 60, each.latency_ms[sampled].tolist()),
        "shop-cpu.csv": _csv(day.stamp, cpu_percent(day.requests)),
        "shop-burst.csv": _csv(second.stamp, second.requests.tolist()),
        "shop-secure.log": recorded(SEED).encode("ascii"),
        "shop-incidents.json": _json([_told(incident) for incident in INCIDENTS]),
    }


def _told(incident: object) -> dict[str, str]:
    fields = asdict(incident)  # type: ignore[call-overload]
    return {name: fields[name] for name in ("name", "start", "end", "what", "see")}


def _csv(stamps: np.ndarray, values: Iterable[float]) -> bytes:
    lines = [
        f"{to_datetime(stamp * 1_000):%Y-%m-%d %H:%M:%S},{value}\n"
        for stamp, value in zip(stamps.tolist(), values, strict=True)
    ]
    return "".join(["timestamp,value\n", *lines]).encode("ascii")


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode("ascii")


def write(folder: Path) -> list[str]:
    """Write the files into a folder; returns a line about each."""
    told = []
    for name, content in files().items():
        path = folder / name
        same = path.exists() and path.read_bytes() == content
        path.write_bytes(content)
        told.append(f"{name}: {len(content):,} bytes, {'as it was' if same else 'new'}")
    return told


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else course.folder("data")
    print("\n".join(write(target)))
