"""The recorded day, and how it gets into a lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cwlab import course
from cwlab.errors import BadInput

if TYPE_CHECKING:
    from cwlab.lab import Lab

NAMESPACE = "Shop"
METRICS = {  # recording: metric, unit, resolution in seconds
    "requests": ("Requests", "Count", 60),
    "orders": ("Orders", "Count", 60),
    "errors": ("Errors", "Count", 60),
    "latency": ("Latency", "Milliseconds", 60),
    "cpu": ("CPU", "Percent", 60),
    "burst": ("RequestsPerSecond", "Count", 1),
}
LOGS = ("secure",)  # recordings that are log files
USUAL = ("orders", "latency", "errors")


def recording(what: str) -> Path:
    """The file of a recording: requests, orders, errors, latency, cpu, burst (CSV), secure (a log file) or
    incidents (JSON).

    Raises:
        BadInput: there is no such recording.
    """
    if what not in METRICS and what not in LOGS and what != "incidents":
        raise BadInput(
            what, "is not a recording.", f"There are {', '.join([*METRICS, *LOGS])} and incidents."
        )
    kind = "json" if what == "incidents" else "log" if what in LOGS else "csv"
    return course.folder("data") / f"shop-{what}.{kind}"


def load_day(
    lab: Lab,
    what: str | Iterable[str] = USUAL,
    *,
    namespace: str = NAMESPACE,
    dimensions: Mapping[str, str] | None = None,
    shift: bool = False,
) -> dict[str, int]:
    """Give a lab a day of the shop; returns how many datapoints each metric got.

    The recorded day runs from 2026-03-01T09:00Z to the instant at which a lab begins unless told otherwise, and is
    stored there: all of it is then in the past. What lies in the lab's future arrives as the clock reaches it.

    Args:
        what: recordings to load: Orders, Latency and Errors unless you say otherwise.
        namespace, dimensions: of the metrics.
        shift: move the day so that it ends at the lab's now, for a lab that begins elsewhere.

    Raises:
        BadInput: there is no such metric; nothing was loaded.
    """
    names = (what,) if isinstance(what, str) else tuple(what)
    for name in names:
        if name not in METRICS:
            raise BadInput(name, "is not a recorded metric.", f"There are {', '.join(METRICS)}.")
    loaded = {}
    for name in names:
        metric, unit, resolution = METRICS[name]
        loaded[metric] = lab.load_metrics(
            recording(name),
            namespace=namespace,
            metric=metric,
            dimensions=dimensions or {},
            unit=unit,
            resolution=resolution,
            shift=shift,
        )
    return loaded
