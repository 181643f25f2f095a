"""From the datums of a PutMetricData request to rows, with every check the service makes.

Nothing here stores anything: one bad datum raises, and the whole request is refused. Rules and wording: API
reference PutMetricData, MetricDatum and StatisticSet; the messages are those observed on the live service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import mul
from typing import Any, NamedTuple

from cwlab.errors import AwsError
from cwlab.services.cloudwatch.chunk import Row
from cwlab.services.cloudwatch.text import number
from cwlab.services.cloudwatch.units import DEFAULT_UNIT

LIMIT = 2.0**360
TWO_WEEKS_MS, TWO_HOURS_MS = 14 * 86_400_000, 2 * 3_600_000
MAX_DATUMS, MAX_VALUES, MAX_DIMENSIONS, MAX_ENTITIES = 1000, 150, 30, 2
ENTITY_TYPES = ("Service", "Resource", "RemoteService", "AWS::Service", "AWS::Resource")
_NAMESPACE = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_/#: ")

Dimensions = tuple[tuple[str, str], ...]  # sorted by name
Datum = Mapping[str, Any]


class Slot(NamedTuple):
    """What one request brings for one metric in one unit."""

    stamps: list[int]
    values: list[float]
    rows: list[Row]


Batch = dict[tuple[str, Dimensions], dict[str, Slot]]  # metric name and dimensions -> unit -> rows


def bad_value(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message, shape="InvalidParameterValueException")


def bad_combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message, shape="InvalidParameterCombinationException")


def invalid(value: object, path: str) -> AwsError:
    """A value that is refused as it stands."""
    return bad_value(f"The value {value} for parameter {path} is invalid.")


def check_namespace(namespace: str, *, service: bool) -> None:
    """Refuse names that are blank, have other characters than the documented ones, or belong to AWS.

    Args:
        service: True when an AWS service publishes; only services may use ``AWS/…``.
    """
    if namespace.startswith("AWS/") and not service:
        raise invalid("AWS/", "Namespace")
    if not _NAMESPACE.issuperset(namespace) or not namespace.strip():
        raise invalid(namespace, "Namespace")


def dimensions_of(given: Sequence[Mapping[str, str]], path: str) -> Dimensions:
    """The set of dimensions as the metric's identity has it: sorted by name, each name once."""
    if len(given) > MAX_DIMENSIONS:
        raise bad_value(f"The collection {path} must not have a size greater than {MAX_DIMENSIONS}.")
    pairs = []
    for n, dimension in enumerate(given, 1):
        name, value = dimension["Name"], dimension["Value"]
        if not (name.isascii() and name.isprintable()) or name[:1] in ("", ":") or name.isspace():
            raise invalid(shown(name), f"{path}.member.{n}.Name")
        if not (value.isascii() and value.isprintable()) or not value or value.isspace():
            raise invalid(shown(value), f"{path}.member.{n}.Value")
        pairs.append((name, value))
    if len(pairs) > 1:
        pairs.sort()
        if len({name for name, _ in pairs}) != len(pairs):
            raise bad_value("No metric may specify the same dimension name twice.")
    return tuple(pairs)


def shown(text: str) -> str:
    """A text with what cannot be printed written out."""
    return text if text.isprintable() else ascii(text)[1:-1]


def read(batch: Batch, data: Sequence[Datum], path: str, now_ms: int) -> None:
    """Check the datums of one list and add them to the batch.

    Args:
        batch: what the request has brought so far; if this raises, throw it away.
        data: MetricDatum structures, types already checked.
        path: what messages call the list, ``MetricData`` for one.
        now_ms: the time of receipt, for datums without a timestamp and for the two weeks and two hours.
    """
    if len(data) > MAX_DATUMS:
        raise bad_value(f"The collection {path} must not have a size greater than {MAX_DATUMS}.")
    now, oldest, newest = now_ms / 1000, (now_ms - TWO_WEEKS_MS) / 1000, (now_ms + TWO_HOURS_MS) / 1000
    last: datetime | None = None  # datums of one request mostly share their timestamp
    last_stamp = 0
    known: dict[Any, dict[str, Slot]] = {}  # the spelling in this request -> the metric's slots
    for n, datum in enumerate(data, 1):
        given = datum.get("Dimensions")
        name = datum["MetricName"]
        spelling = (name, *[text for d in given for text in (d["Name"], d["Value"])]) if given else name
        slots = known.get(spelling)
        if slots is None:
            if not name.isprintable() or not name.strip():
                raise invalid(shown(name), f"{path}.member.{n}.MetricName")
            key = (name, dimensions_of(given, f"{path}.member.{n}.Dimensions") if given else ())
            slots = known[spelling] = batch.setdefault(key, {})
        when = datum.get("Timestamp")
        if when is None:
            stamp = int(now)
        elif when is last:
            stamp = last_stamp
        else:
            second = when.timestamp()
            if second < oldest:
                raise bad_value(
                    f"The parameter {path}.member.{n}.Timestamp must specify a time within the past two weeks."
                )
            if second > newest:
                raise bad_value(
                    f"The parameter {path}.member.{n}.Timestamp must specify a time no more than two "
                    "hours in the future."
                )
            stamp = last_stamp = int(second)
            last = when
        resolution = datum.get("StorageResolution", 60)
        if resolution == 60:
            stamp -= stamp % 60
        elif resolution != 1:
            raise bad_value(
                f"The parameter {path}.member.{n}.StorageResolution must be a value in the set [ 1, 60 ]."
            )
        unit = datum.get("Unit", DEFAULT_UNIT)
        slot = slots.get(unit)
        value = datum.get("Value")
        if value is None or "Values" in datum or "StatisticValues" in datum or "Counts" in datum:
            if slot is None:
                slot = slots[unit] = Slot([], [], [])
            slot.rows.append(_row(datum, stamp, f"{path}.member.{n}"))
        elif -LIMIT <= value <= LIMIT:
            if slot is None:
                slots[unit] = Slot([stamp], [value], [])
            else:
                slot.stamps.append(stamp)
                slot.values.append(value)
        else:
            raise invalid(number(value), f"{path}.member.{n}.Value")


def _row(datum: Datum, stamp: int, where: str) -> Row:
    """A datum with an array of values or a statistic set."""
    value, values, counts, statistics = (
        datum.get(k) for k in ("Value", "Values", "Counts", "StatisticValues")
    )
    if value is not None and values is not None:
        raise _exclusive(where, "Values")
    if value is not None and statistics is not None:
        raise _exclusive(where, "StatisticValues")
    if counts is not None and values is None:
        raise bad_combination("The parameter values must appears when the counts parameter is specified.")
    if values is None and statistics is None:
        raise bad_combination("At least one of the parameters must be specified.")
    row = _of_values(values, counts, stamp, where) if values is not None else None
    if statistics is not None:  # given both, the statistic set is what is kept
        return _of_statistics(statistics, stamp, where)
    assert row is not None
    return row


def _exclusive(where: str, other: str) -> AwsError:
    return bad_combination(
        f"The parameters {where}.Value and {where}.{other} are mutually exclusive and you have specified both."
    )


def _of_values(values: Sequence[float], counts: Sequence[float] | None, stamp: int, where: str) -> Row:
    if not values:
        raise bad_combination("At least one of the parameters must be specified.")
    if len(values) > MAX_VALUES:
        raise bad_value(f"The collection {where}.Values must not have a size greater than {MAX_VALUES}.")
    if counts is None:
        counts = [1.0] * len(values)
    elif len(counts) != len(values):
        raise bad_value(f"The parameters {where}.Values and {where}.Counts must be of the same size.")
    low, high, total = min(values), max(values), sum(map(mul, values, counts))
    least = min(counts)
    if not (low >= -LIMIT and high <= LIMIT and least >= 0 and max(counts) <= LIMIT and total == total):
        raise _bad_number(values, counts, where)
    pairs = tuple(zip(values, counts, strict=True)) if low != high else ()
    if least == 0:
        pairs = tuple(pair for pair in pairs if pair[1])
    return Row(stamp, sum(counts), total, low, high, pairs)


def _bad_number(values: Sequence[float], counts: Sequence[float], where: str) -> AwsError:
    for n, v in enumerate(values, 1):
        if not -LIMIT <= v <= LIMIT:
            return invalid(number(v), f"{where}.Values.member.{n}")
    for n, c in enumerate(counts, 1):
        if c < 0:
            return bad_value(f"The parameter {where}.Counts must contain only values greater than 0.")
        if not c <= LIMIT:
            return invalid(number(c), f"{where}.Counts.member.{n}")
    return invalid("NaN", f"{where}.Values")  # only a sum beyond all numbers comes here


def _of_statistics(given: Mapping[str, float], stamp: int, where: str) -> Row:
    count, total, low, high = (float(given[k]) for k in ("SampleCount", "Sum", "Minimum", "Maximum"))
    for name, value in given.items():
        if not -LIMIT <= value <= LIMIT:
            raise invalid(number(value), f"{where}.StatisticValues.{name}")
    if count <= 0:
        raise bad_value(f"The parameter {where}.StatisticValues.SampleCount must be greater than 0.")
    if high < low:
        raise bad_value(
            f"The parameter {where}.StatisticValues.Maximum must be greater than {where}.StatisticValues.Minimum."
        )
    known = low == high and total == (low if count == 1 else low * count)
    return Row(stamp, count, total, low, high, (), not known)


def read_request(
    metric_data: Sequence[Datum] | None,
    entities: Sequence[Mapping[str, Any]] | None,
    strict: bool | None,
    now_ms: int,
) -> Batch:
    """All rows of a PutMetricData request.

    Entities are checked and then left aside: they belong to no metric's identity.
    """
    if not metric_data and not entities:
        raise AwsError(
            "MissingParameter",
            "At least one MetricDatum object must be present in the request.",
            shape="MissingRequiredParameterException",
        )
    batch: Batch = {}
    if metric_data:
        read(batch, metric_data, "MetricData", now_ms)
    if entities:
        _read_entities(batch, entities, strict, now_ms)
        if len(metric_data or ()) + sum(len(e.get("MetricData", ())) for e in entities) > MAX_DATUMS:
            raise bad_value(f"The collection MetricData must not have a size greater than {MAX_DATUMS}.")
    return batch


def _read_entities(
    batch: Batch, entities: Sequence[Mapping[str, Any]], strict: bool | None, now_ms: int
) -> None:
    if strict is None:
        raise bad_combination("Field StrictEntityValidation is required when setting EntityMetricData")
    if len(entities) > MAX_ENTITIES:
        raise bad_value(f"The collection EntityMetricData must not have a size greater than {MAX_ENTITIES}.")
    for n, one in enumerate(entities, 1):
        kind = one.get("Entity", {}).get("KeyAttributes", {}).get("Type")
        if strict and kind not in ENTITY_TYPES:
            raise bad_value("InvalidTypeValue: Unknown entity type")
        data = one.get("MetricData")
        if not data:
            raise AwsError(
                "MissingParameter",
                "At least one MetricDatum object must be present in the request.",
                shape="MissingRequiredParameterException",
            )
        read(batch, data, f"EntityMetricData.member.{n}.MetricData", now_ms)
