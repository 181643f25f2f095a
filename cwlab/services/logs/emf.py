"""The embedded metric format: a log event that says of itself which of its members are metrics.

An event that is one JSON object with ``_aws`` at its root is checked against the format; a valid one becomes datums for
PutMetricData, as the ``logs`` service. One mistake, and the whole event is a log line and nothing else: it is counted in
AWS/Logs, EMFParsingErrors (no JSON) or EMFValidationErrors. Source: CloudWatch user guide, "Specification: Embedded
metric format".

>>> event = '{"_aws":{"Timestamp":0,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["A"]],"Metrics":[{"Name":"n"}]}]},"A":"x","n":[1,2]}'
>>> [(namespace, datum["Dimensions"], datum["Values"]) for namespace, datum in datums(event, 0)]
[('N', [{'Name': 'A', 'Value': 'x'}], [1.0, 2.0])]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cwlab.api import Call
from cwlab.services.logs.accepted import on_accepted
from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.find import rows_with
from cwlab.services.logs.observing import finite, usable
from cwlab.services.logs.pattern.documents import NO_DOCUMENT, read
from cwlab.services.logs.publishing import publish
from cwlab.services.logs.records import STANDARD, Group
from cwlab.timeline import DAY, HOUR, to_datetime

MAX_METRICS, MAX_VALUES, MAX_DIMENSIONS = 100, 100, 30
MAX_NAMESPACE, MAX_KEY, MAX_NAME = 255, 250, 1024
_SIZES = [
    f"{scale}{base}".capitalize()
    for scale in ("", "kilo", "mega", "giga", "tera")
    for base in ("bytes", "bits")
]
UNITS = frozenset(
    {"Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"}
    | {f"{size}{per}" for size in _SIZES for per in ("", "/Second")}
)
_NAMESPACE = re.compile(r"(?!AWS/)(?=.*\S)[0-9A-Za-z.\-_/#: ]+")
MARK = b'"_aws"'

Datum = dict[str, Any]


class Malformed(ValueError):
    """An event that is not what the format asks for; ``counted`` is the metric that counts it."""

    counted = "EMFValidationErrors"


class NoJson(Malformed):
    """An event that begins like a document and is none."""

    counted = "EMFParsingErrors"


def datums(message: str, now_ms: int) -> list[tuple[str, Datum]]:
    """The namespaces and datums of an event; none of one that is not in the format.

    Args:
        now_ms: the time of receipt: CloudWatch takes two weeks back and two hours ahead.

    Raises:
        Malformed: it is meant to be, and is not.
    """
    if not message.lstrip().startswith("{"):
        return []
    document = read(message)
    if document is NO_DOCUMENT:
        raise NoJson("It begins with { and is no JSON document.")
    if "_aws" not in document:
        return []
    meta = _kind(document["_aws"], dict, "_aws")
    stamp = meta.get("Timestamp")
    if type(stamp) is not int:
        raise Malformed(f"_aws.Timestamp is {stamp!r}. Give milliseconds since 1970.")
    if not now_ms - 14 * DAY <= stamp <= now_ms + 2 * HOUR:
        raise Malformed(f"_aws.Timestamp {stamp} is more than two weeks old or two hours ahead.")
    found: list[tuple[str, Datum]] = []
    for directive in _kind(meta.get("CloudWatchMetrics"), list, "_aws.CloudWatchMetrics"):
        found += _of_directive(document, _kind(directive, dict, "a metric directive"), stamp)
    return found


def _kind(value: Any, kind: type, where: str) -> Any:
    if type(value) is not kind:
        raise Malformed(f"{where} is {'an array' if kind is list else 'an object'}, not {value!r}.")
    return value


def _of_directive(document: Datum, directive: Datum, stamp_ms: int) -> Iterator[tuple[str, Datum]]:
    namespace = directive.get("Namespace")
    if type(namespace) is not str or len(namespace) > MAX_NAMESPACE or not _NAMESPACE.fullmatch(namespace):
        raise Malformed(f"{namespace!r} is no namespace.")
    sets = _kind(directive.get("Dimensions"), list, "Dimensions")
    if not sets:
        raise Malformed("Dimensions has no set. Give at least [].")
    metrics = _kind(directive.get("Metrics"), list, "Metrics")
    if len(metrics) > MAX_METRICS:
        raise Malformed(f"{len(metrics)} metrics in a directive, the limit is {MAX_METRICS}.")
    chosen = [_dimensions(document, _kind(keys, list, "a dimension set")) for keys in sets]
    values = [_metric(document, _kind(metric, dict, "a metric")) for metric in metrics]
    when = to_datetime(stamp_ms)
    for dimensions in chosen:
        for value in values:
            yield (
                namespace,
                {**value, "Timestamp": when, **({"Dimensions": dimensions} if dimensions else {})},
            )


def _dimensions(document: Datum, keys: list[Any]) -> list[dict[str, str]]:
    if len(keys) > MAX_DIMENSIONS or len({str(key) for key in keys}) != len(keys):
        raise Malformed(f"A dimension set has up to {MAX_DIMENSIONS} keys, each once.")
    found = []
    for key in keys:
        if type(key) is not str or len(key) > MAX_KEY or not usable(key) or key.startswith(":"):
            raise Malformed(f"{key!r} is no name for a dimension.")
        value = document.get(key)
        if type(value) is not str or not usable(value):
            raise Malformed(
                f"The dimension {key} is {value!r} at the root. Give a text of 1 to 1,024 ASCII characters."
            )
        found.append({"Name": key, "Value": value})
    return found


def _metric(document: Datum, metric: Datum) -> Datum:
    name, unit, resolution = (
        metric.get("Name"),
        metric.get("Unit", "None"),
        metric.get("StorageResolution", 60),
    )
    if type(name) is not str or not 0 < len(name) <= MAX_NAME or not name.isprintable() or not name.strip():
        raise Malformed(f"{name!r} is no name for a metric.")
    if unit not in UNITS if type(unit) is str else True:
        raise Malformed(f"{unit!r} is no unit.")
    if resolution not in (1, 60) or type(resolution) is not int:
        raise Malformed(f"A storage resolution is 1 or 60, not {resolution!r}.")
    value = document.get(name)
    values: list[Any] = value if type(value) is list else [value]
    if not 0 < len(values) <= MAX_VALUES or not all(type(v) in (int, float) and _fits(v) for v in values):
        raise Malformed(
            f"The metric {name} is no number, nor an array of up to {MAX_VALUES} numbers, at the root."
        )
    datum: Datum = {"MetricName": name, "Unit": unit}
    if resolution == 1:
        datum["StorageResolution"] = 1
    numbers = [float(each) for each in values]
    return datum | ({"Values": numbers} if type(value) is list else {"Value": numbers[0]})


def _fits(value: float) -> bool:
    try:
        return finite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


@on_accepted
def observe(call: Call, group: Group, stream: str, events: Chunk) -> None:
    """Publish the metrics embedded in a batch."""
    if group.log_class != STANDARD:
        return
    rows = rows_with(events, MARK, 0, len(events))
    if not len(rows):
        return
    found: dict[str, list[Datum]] = {}
    wrong: dict[str, int] = {}
    for message in events.messages(rows):
        try:
            for namespace, datum in datums(message, call.now_ms):
                found.setdefault(namespace, []).append(datum)
        except Malformed as problem:
            wrong[problem.counted] = wrong.get(problem.counted, 0) + 1
    for namespace, data in found.items():
        publish(call, group.name, namespace, data)
    counted = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": "LogGroupName", "Value": group.name}],
            "Value": float(count),
            "Timestamp": call.now,
            "Unit": "Count",
        }
        for name, count in sorted(wrong.items())
    ]
    publish(call, group.name, "AWS/Logs", counted)
