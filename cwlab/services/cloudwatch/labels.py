"""Labels of GetMetricData results: what the service calls a series nobody named, and ``${…}`` inside labels.

Sources: ``graph-dynamic-labels`` for the variables; the default label's parts and their order are observed. How
numbers and times are written inside a label is not documented; see the functions at the end.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cwlab.timeline import to_datetime

MAX_VARIABLES = 6
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_PROPERTY = re.compile(r"PROP\('([^']*)'\)")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})")


class Subject(NamedTuple):
    """What a label can tell of the query it belongs to."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str
    period: int

    @property
    def metric(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.namespace, self.name, self.dimensions


def default_labels(subjects: Sequence[Subject]) -> list[str]:
    """The labels of queries that have none of their own: as little as tells them apart.

    Args:
        subjects: the queries that are returned and carry no label; others do not count.

    >>> [*default_labels([Subject("Shop", "Orders", (("Zone", z),), "Sum", 60) for z in "ab"])]
    ['a', 'b']
    """
    stats, periods = defaultdict(set), defaultdict(set)
    for s in subjects:
        stats[s.metric].add(s.stat)
        periods[s.metric].add(s.period)
    namespaces = {s.namespace for s in subjects}
    names = {s.name for s in subjects}
    shared = set.intersection(*(set(s.dimensions) for s in subjects)) if subjects else set()
    labels = []
    for s in subjects:
        parts = [s.namespace] if len(namespaces) > 1 else []
        parts += [value for pair in s.dimensions if pair not in shared for value in pair[1:]]
        if len(names) > 1 or not parts:
            parts.append(s.name)
        if len(stats[s.metric]) > 1:
            parts.append(s.stat)
        if len(periods[s.metric]) > 1:
            parts.append(str(s.period))
        labels.append(" ".join(parts))
    return labels


def problem(label: str) -> str | None:
    """What is wrong with a label's variables, as one sentence; None when nothing is."""
    found = _VARIABLE.findall(label)
    if len(found) > MAX_VARIABLES:
        return f"has {len(found)} dynamic values; at most {MAX_VARIABLES} are allowed"
    if found.count("LABEL") > 1:
        return "uses ${LABEL} more than once"
    for name in found:
        if name not in _VALUES and not _PROPERTY.fullmatch(name):
            return f"uses the unknown dynamic value ${{{name}}}"
    return None


class Facts(NamedTuple):
    """What the dynamic values of one label are drawn from. Stamps (seconds) and values go forward in time."""

    default: str
    stamps: Sequence[int]
    values: Sequence[float]
    now_s: int
    zone_s: int
    properties: Mapping[str, str]


def fill(label: str, facts: Facts) -> str:
    """The label with its dynamic values put in. A value that needs datapoints is ``-`` where there are none."""

    def one(found: re.Match[str]) -> str:
        prop = _PROPERTY.fullmatch(found[1])
        if prop:
            return facts.properties.get(prop[1], "--")  # observed
        if found[1] in ("LABEL", "DATAPOINT_COUNT") or len(facts.values):
            return _VALUES[found[1]](facts)
        return "-"

    return _VARIABLE.sub(one, label)


def zone_offset(text: str) -> int | None:
    """Seconds east of UTC of a ``+HHMM`` or ``-HHMM`` time zone; None when it is not one."""
    found = _ZONE.fullmatch(text)
    if not found or int(found[2]) > 23 or int(found[3]) > 59:
        return None
    return (1 if found[1] == "+" else -1) * (int(found[2]) * 3600 + int(found[3]) * 60)


def _number(value: float) -> str:
    """At most three decimals."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _time(facts: Facts, stamp: int) -> str:
    """``2026-03-02 09:00 UTC``, or with the offset the request asked for."""
    shown = to_datetime((stamp + facts.zone_s) * 1000).strftime("%Y-%m-%d %H:%M")
    minutes = abs(facts.zone_s) // 60
    zone = (
        "UTC"
        if not facts.zone_s
        else f"{'-' if facts.zone_s < 0 else '+'}{minutes // 60:02d}{minutes % 60:02d}"
    )
    return f"{shown} {zone}"


def _relative(facts: Facts, stamp: int) -> str:
    """``2h 5m ago``."""
    seconds = max(0, facts.now_s - stamp)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if n]
    return " ".join(parts or [f"{seconds}s"]) + " ago"


def _span(seconds: int) -> str:
    return _relative(Facts("", (), (), seconds, 0, {}), 0).removesuffix(" ago")


def _lowest(f: Facts) -> int:
    return min(range(len(f.values)), key=f.values.__getitem__)


def _highest(f: Facts) -> int:
    return max(range(len(f.values)), key=f.values.__getitem__)


_VALUES: dict[str, Callable[[Facts], str]] = {
    "LABEL": lambda f: f.default,
    "DATAPOINT_COUNT": lambda f: str(len(f.values)),
    "AVG": lambda f: _number(math.fsum(f.values) / len(f.values)),
    "SUM": lambda f: _number(math.fsum(f.values)),
    "MIN": lambda f: _number(min(f.values)),
    "MAX": lambda f: _number(max(f.values)),
    "MIN_MAX_RANGE": lambda f: _number(max(f.values) - min(f.values)),
    "MIN_TIME": lambda f: _time(f, f.stamps[_lowest(f)]),
    "MIN_TIME_RELATIVE": lambda f: _relative(f, f.stamps[_lowest(f)]),
    "MAX_TIME": lambda f: _time(f, f.stamps[_highest(f)]),
    "MAX_TIME_RELATIVE": lambda f: _relative(f, f.stamps[_highest(f)]),
    "MIN_MAX_TIME_RANGE": lambda f: _span(abs(f.stamps[_highest(f)] - f.stamps[_lowest(f)])),
    "FIRST": lambda f: _number(f.values[0]),
    "FIRST_TIME": lambda f: _time(f, f.stamps[0]),
    "FIRST_TIME_RELATIVE": lambda f: _relative(f, f.stamps[0]),
    "LAST": lambda f: _number(f.values[-1]),
    "LAST_TIME": lambda f: _time(f, f.stamps[-1]),
    "LAST_TIME_RELATIVE": lambda f: _relative(f, f.stamps[-1]),
    "FIRST_LAST_RANGE": lambda f: _number(f.values[-1] - f.values[0]),
    "FIRST_LAST_TIME_RANGE": lambda f: _span(f.stamps[-1] - f.stamps[0]),
}
