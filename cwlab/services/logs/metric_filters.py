"""Metric filters: put, listed, deleted, tried out; and at work on each batch that comes in.

Matches are published at once, as the ``logs`` service, so a metric is right whenever it is read and its alarm sees it at the minute.
A default value waits for the last millisecond of its minute, since a match may still come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cwlab.api import Call, handler, operation
from cwlab.errors import NotModelled
from cwlab.services.logs import observing, paging
from cwlab.services.logs.accepted import on_accepted
from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.names import group_of, policy_arn, settings_of, tag_conditions
from cwlab.services.logs.observing import MINUTE_MS, MetricFilter
from cwlab.services.logs.pattern import Pattern, PatternError, compiled
from cwlab.services.logs.pattern.errors import INVALID
from cwlab.services.logs.pattern.nodes import Fields
from cwlab.services.logs.pattern.parse import number, selector
from cwlab.services.logs.publishing import publish
from cwlab.services.logs.records import STANDARD, Group
from cwlab.services.logs.refusals import invalid, limit_exceeded, not_found, not_in_class
from cwlab.table import Table
from cwlab.timeline import DAY

MAX_FILTERS, MAX_WITH_REGEX, MAX_DIMENSIONS = 100, 5, 3
PAGE = 50
_REMEMBERED_MS = 15 * DAY  # a settled minute is forgotten after that: events of it are refused by then
_TRANSFORMATION = "Invalid metric transformation: "
Structure = dict[str, Any]


@operation("logs", "PutMetricFilter", resource=policy_arn, conditions=tag_conditions)
def put_metric_filter(
    call: Call,
    *,
    logGroupName: str,
    filterName: str,
    filterPattern: str,
    metricTransformations: Sequence[Mapping[str, Any]],
    applyOnTransformedLogs: bool = False,
) -> None:
    """Make a metric filter, or put another in the place of the one with that name. Only events that come in later count."""
    if applyOnTransformedLogs:
        raise NotModelled(
            "logs:PutMetricFilter(applyOnTransformedLogs=True)", "There are no log transformers."
        )
    group = group_of(call, logGroupName)
    if group.log_class != STANDARD:
        raise not_in_class("PutMetricFilter", group.name, group.log_class)
    pattern = _pattern(filterPattern)
    (given,) = metricTransformations
    made = MetricFilter(
        logGroupName,
        filterName,
        filterPattern,
        given["metricName"],
        given["metricNamespace"],
        given["metricValue"],
        given.get("defaultValue"),
        tuple(sorted(given.get("dimensions", {}).items())),
        given.get("unit"),
        call.now_ms,
    )
    _check(made, pattern)
    others = [each for each in _of_group(call, logGroupName) if each.name != filterName]
    if len(others) >= MAX_FILTERS:
        raise limit_exceeded()
    if pattern.regexes and sum(compiled(each.pattern).regexes > 0 for each in others) >= MAX_WITH_REGEX:
        raise limit_exceeded()
    _forget(call, logGroupName, filterName)
    _filters(call)[logGroupName, filterName] = made


def _pattern(text: str, *, exact: bool = False) -> Pattern:
    """The pattern, refused in the words that metric filters have for it."""
    try:
        return compiled(text, exact=exact)
    except PatternError as error:
        message = "Invalid metric filter pattern" if error.message == INVALID else error.message
        raise PatternError(error.text, error.at, error.mistake, message) from None


def _check(made: MetricFilter, pattern: Pattern) -> None:
    if made.namespace.startswith("AWS/"):
        raise invalid(f"{_TRANSFORMATION}metricNamespace must not start with AWS/.")
    for name in (made.metric, made.namespace):
        if not name.strip():
            raise invalid(f"{_TRANSFORMATION}metricName and metricNamespace must not be blank.")
    constant = number(made.value)
    if constant is None:
        _check_variable(made.value, pattern, "metricValue")
    elif not observing.finite(constant):
        raise invalid(f"{_TRANSFORMATION}metricValue {made.value} is out of range.")
    if made.default is not None and not observing.finite(made.default):
        raise invalid(f"{_TRANSFORMATION}defaultValue {made.default} is out of range.")
    if not made.dimensions:
        return
    if made.default is not None:
        raise invalid(f"{_TRANSFORMATION}dimensions and default value are mutually exclusive properties.")
    if pattern.mode == "text":
        raise invalid("The specified filter pattern does not support dimensions")
    if len(made.dimensions) > MAX_DIMENSIONS:
        raise invalid(f"{_TRANSFORMATION}at most {MAX_DIMENSIONS} dimensions can be specified.")
    for name, variable in made.dimensions:
        if not (name.strip() and name.isascii() and name.isprintable()) or name.startswith(":"):
            raise invalid(f"{_TRANSFORMATION}{name!r} is no name for a dimension.")
        _check_variable(variable, pattern, f"dimension {name}")


def _check_variable(text: str, pattern: Pattern, where: str) -> None:
    """A variable has the form of its pattern: ``$name`` or ``$7`` for fields, ``$.member`` for JSON."""
    if isinstance(pattern.tree, Fields):
        if text[:1] == "$" and (
            text[1:] in pattern.tree.names or (text[1:].isdecimal() and text[1:].isascii())
        ):
            return
        known = ", ".join(f"${name}" for name in sorted(pattern.tree.names)) or "none by name"
        error = invalid(f"{_TRANSFORMATION}{where} {text!r} is neither a number nor a field of the pattern.")
        error.add_note(f"Fields: {known}; $1, $2 … by position.")
        raise error
    if pattern.mode == "json" and text.startswith("$"):
        try:
            selector(text)
        except PatternError as problem:
            error = invalid(f"{_TRANSFORMATION}{where} {text!r} is no selector.")
            error.add_note(problem.pointer())
            raise error from None
        return
    raise invalid(f"{_TRANSFORMATION}{where} {text!r} is neither a number nor a variable of the pattern.")


@operation("logs", "DescribeMetricFilters", readonly=True, resource=policy_arn, conditions=tag_conditions)
def describe_metric_filters(
    call: Call,
    *,
    logGroupName: str | None = None,
    filterNamePrefix: str | None = None,
    metricName: str | None = None,
    metricNamespace: str | None = None,
    nextToken: str | None = None,
    limit: int = PAGE,
) -> Structure:
    """Metric filters in ASCII order by name: of a group, of a metric, or all. The prefix counts only with a group."""
    if (metricName is None) != (metricNamespace is None):
        raise invalid("metricName and metricNamespace must be specified together.")
    if logGroupName is not None:
        group_of(call, logGroupName)
    prefix = (filterNamePrefix or "") if logGroupName is not None else ""
    found = [
        each
        for key, each in sorted(_filters(call).items(), key=lambda item: (item[0][1], item[0][0]))
        if logGroupName in (None, key[0])
        and each.name.startswith(prefix)
        and metricName in (None, each.metric)
        and metricNamespace in (None, each.namespace)
    ]
    request = ("metric filters", logGroupName, prefix, metricName, metricNamespace)
    shown, following = paging.listed(found, request, limit, nextToken, call.now_ms)
    answer: Structure = {"metricFilters": [_described(each) for each in shown]}
    return answer | ({"nextToken": following} if following else {})


def _described(found: MetricFilter) -> Structure:
    transformation: Structure = {
        "metricName": found.metric,
        "metricNamespace": found.namespace,
        "metricValue": found.value,
    }
    if found.default is not None:
        transformation["defaultValue"] = found.default
    if found.dimensions:
        transformation["dimensions"] = dict(found.dimensions)
    if found.unit is not None:
        transformation["unit"] = found.unit
    return {
        "filterName": found.name,
        "filterPattern": found.pattern,
        "metricTransformations": [transformation],
        "creationTime": found.created_ms,
        "logGroupName": found.group,
        "applyOnTransformedLogs": False,
    }


@operation("logs", "DeleteMetricFilter", resource=policy_arn, conditions=tag_conditions)
def delete_metric_filter(call: Call, *, logGroupName: str, filterName: str) -> None:
    """Delete a metric filter. What it published stays."""
    group_of(call, logGroupName)
    if (logGroupName, filterName) not in _filters(call):
        raise not_found("The specified metric filter does not exist.")
    _forget(call, logGroupName, filterName)
    del _filters(call)[logGroupName, filterName]


@operation("logs", "TestMetricFilter", readonly=True)
def test_metric_filter(call: Call, *, filterPattern: str, logEventMessages: Sequence[str]) -> Structure:
    """Which messages a pattern matches, numbered from 0 (setting ``first_event_number``), and what it extracts. No group
    has part in it."""
    settings = settings_of(call)
    pattern = _pattern(filterPattern, exact=settings.exact_fields)
    numbered = enumerate(logEventMessages, settings.first_event_number)
    found = [(n, message, pattern.match(message)) for n, message in numbered]
    return {
        "matches": [
            {"eventNumber": n, "eventMessage": message, "extractedValues": values}
            for n, message, values in found
            if values is not None
        ]
    }


# -- at work -----------------------------------------------------------------------------------------------------------
@on_accepted
def observe(call: Call, group: Group, stream: str, events: Chunk) -> None:
    """Publish what the group's filters see in a batch."""
    for found in _of_group(call, group.name):
        pattern = compiled(found.pattern, exact=settings_of(call).exact_fields)
        rows = pattern.rows(events, 0, len(events))
        publish(call, group.name, found.namespace, list(observing.datums(found, pattern, events, rows)))
        if found.default is not None:
            _expect(call, found, events.stamp // MINUTE_MS, events.stamp[rows] // MINUTE_MS)


def _expect(call: Call, found: MetricFilter, came: Any, matched: Any) -> None:
    """Minutes with a match are settled; of others the default waits for their end."""
    settled, waiting, key = _settled(call, found), call.table("waiting_defaults"), (found.group, found.name)
    hits = set(np.unique(matched).tolist())
    before: tuple[int, ...] = waiting.get(key, ())
    for minute in sorted(hits):
        settled[minute] = True
    fresh = [n for n in np.unique(came).tolist() if n not in settled and n not in before]
    after = (*(n for n in before if n not in hits), *fresh)
    if after != before:
        waiting[key] = after
    if fresh:
        _wake(call)


def _wake(call: Call) -> None:
    """See to the defaults at the last millisecond of this minute."""
    at_ms = (call.now_ms // MINUTE_MS + 1) * MINUTE_MS - 1
    planned = call.table("waiting_until")
    if planned.get("defaults", -1) < call.now_ms:
        planned["defaults"] = at_ms
        call.schedule(at_ms, "settle")


@handler("logs", "settle")
def settle(call: Call) -> None:
    """Publish the defaults of minutes that are over and had no match."""
    waiting = call.table("waiting_defaults")
    call.table("waiting_until").pop("defaults", None)
    for key, minutes in sorted(waiting.items()):
        found: MetricFilter | None = _filters(call).get(key)
        over = [n for n in minutes if (n + 1) * MINUTE_MS - 1 <= call.now_ms]
        left = tuple(n for n in minutes if n not in over)
        if left:
            waiting[key] = left
        else:
            del waiting[key]
        if found is None or found.default is None:
            continue
        settled, oldest = _settled(call, found), (call.now_ms - _REMEMBERED_MS) // MINUTE_MS
        for minute in over:
            settled[minute] = True
        if len(settled) > 2 * _REMEMBERED_MS // MINUTE_MS:
            for minute in [n for n in settled if n < oldest]:
                del settled[minute]
        stamps = [max(n * MINUTE_MS, call.now_ms - 14 * DAY) for n in over]
        publish(
            call, found.group, found.namespace, [observing.default_datum(found, stamp) for stamp in stamps]
        )
    if waiting:
        call.table("waiting_until")["defaults"] = call.now_ms + MINUTE_MS
        call.schedule(call.now_ms + MINUTE_MS, "settle")


# -- tables ------------------------------------------------------------------------------------------------------------
def _filters(call: Call) -> Table:
    """By group and filter."""
    return call.table("metric_filters")


def _of_group(call: Call, group: str) -> Iterable[MetricFilter]:
    table = _filters(call)
    return [each for key, each in sorted(table.items()) if key[0] == group] if table else []


def _settled(call: Call, found: MetricFilter) -> Table:
    """Minutes that had a match or have got their default."""
    return call.table(f"settled/{found.group}:{found.name}")  # no name has a colon


def _forget(call: Call, group: str, name: str) -> None:
    found: MetricFilter | None = _filters(call).get((group, name))
    if found is not None:
        _settled(call, found).clear()
        call.table("waiting_defaults").pop((group, name), None)


def forget_all(call: Call, group: str) -> None:
    """A log group is deleted, and its metric filters with it."""
    for found in _of_group(call, group):
        _forget(call, group, found.name)
        del _filters(call)[group, found.name]
