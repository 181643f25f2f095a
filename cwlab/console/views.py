"""Pictures of a lab: what the console of CloudWatch shows, from calls a learner could make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from cwlab.console import reading
from cwlab.console.charts.lines import lines
from cwlab.console.charts.story import story
from cwlab.console.charts.tree import tree
from cwlab.console.picture import Picture
from cwlab.console.reading import Dimensions
from cwlab.timeline import to_ms


def metric(
    lab: Any,
    namespace: str,
    name: str,
    dimensions: Dimensions | Sequence[Mapping[str, str]] | None = None,
    statistic: str | Sequence[str] = "Average",
    period: int = 300,
    hours: float = 3,
    *,
    unit: str | None = None,
    title: str = "",
) -> Picture:
    """A metric over the last hours: one GetMetricData call, drawn.

    Args:
        lab: the lab (or its twin on AWS): ``client`` and ``now`` are all that is used.
        namespace, name: the metric.
        dimensions: ``{"InstanceId": "i-…"}``; several of them in a list draw several series.
        statistic: as GetMetricData spells it; several in a list draw several series.
        period: seconds.
        hours: how far back from now.
        unit: ask for data of this unit only, and name it on the axis.
        title: the finding, if you know a better one.

    Example:
        ``console.metric(lab, "AWS/EC2", "CPUUtilization", [{"InstanceId": a}, {"InstanceId": b}], hours=1)``
    """
    sets = _dimension_sets(dimensions)
    statistics = [statistic] if isinstance(statistic, str) else list(statistic)
    asked = [(d, s) for d in sets for s in statistics]
    queries = [reading.query(f"q{i}", namespace, name, d, s, period, unit) for i, (d, s) in enumerate(asked)]
    end = lab.now
    start = end - timedelta(hours=hours)
    got = reading.answers(lab.client("cloudwatch"), queries, start, end)
    frames = []
    for i, (dims, stat) in enumerate(asked):
        frames.append(
            got[f"q{i}"].assign(series=_label(name, dims, stat, len(sets) > 1, len(statistics) > 1))
        )
    frame = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
    y_title = (statistic if isinstance(statistic, str) else "value") + (
        f" ({unit})" if unit and unit != "None" else ""
    )
    start_ms, end_ms = to_ms(start), to_ms(end)
    future = round((end_ms - start_ms) * 0.04)
    return lines(
        frame,
        name=name,
        y_title=y_title,
        period_s=period,
        start_ms=start_ms,
        end_ms=end_ms + future,
        now_ms=end_ms,
        title=title,
    )


def _dimension_sets(dimensions: Any) -> list[list[dict[str, str]]]:
    """One or several sets of dimensions, in boto3's form."""
    if not dimensions:
        return [[]]
    if isinstance(dimensions, Mapping):
        return [reading.dimension_list(dimensions)]
    several = list(dimensions)
    if all(isinstance(d, Mapping) and set(d) == {"Name", "Value"} for d in several):
        return [[dict(d) for d in several]]
    return [reading.dimension_list(d) for d in several]


def _label(
    name: str, dimensions: Sequence[Mapping[str, str]], statistic: str, many_sets: bool, many_stats: bool
) -> str:
    parts = []
    if many_sets:
        parts.append(", ".join(d["Value"] for d in dimensions) or "(no dimensions)")
    if many_stats:
        parts.append(statistic)
    return " ".join(parts) or name


def explorer(lab: Any, namespace: str | None = None, name: str | None = None) -> Picture:
    """The tree of metrics: namespace, dimension names, metric. One ListMetrics call, drawn.

    Args:
        lab: the lab.
        namespace, name: only these.
    """
    return tree(reading.metrics(lab.client("cloudwatch"), namespace, name))


def journal(lab: Any, last: int = 300, *, due: int = 5) -> Picture:
    """What happened and what is due next, on one time axis, a lane for each service.

    Args:
        lab: the lab.
        last: so many of the latest entries.
        due: so many agenda entries.
    """
    return story(lab.journal[-last:], lab.agenda(due), to_ms(lab.now))


def agenda(lab: Any, due: int = 10) -> Picture:
    """What is due next, with nothing of the past.

    Args:
        lab: the lab.
        due: so many entries.
    """
    coming = lab.agenda(due)
    title = (
        f"Next: {coming[0].service}, {coming[0].handler}, at {reading.instant(coming[0].at_ms):%H:%M:%S}"
        if coming
        else "Nothing is due: until you call, time passes quietly"
    )
    return story([], coming, to_ms(lab.now), title=title)
