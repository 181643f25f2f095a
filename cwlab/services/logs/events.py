"""Log events: put, read from one stream, read from a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cwlab.api import Call, operation
from cwlab.services.logs import entities, ids, ingest, keys, paging, protection, reading
from cwlab.services.logs.accepted import HOOKS
from cwlab.services.logs.chunk import PLACE_BITS, Chunk, build
from cwlab.services.logs.linked import Place, chosen, conditions
from cwlab.services.logs.matching import matcher
from cwlab.services.logs.names import (
    group_of,
    policy_arn,
    settings_of,
    stream_of,
    streams,
    tag_conditions,
)
from cwlab.services.logs.permissions import also
from cwlab.services.logs.policies import granted
from cwlab.services.logs.protection.arriving import arrived
from cwlab.services.logs.records import STANDARD, Group, Stream
from cwlab.services.logs.refusals import invalid, no_stream, not_in_class
from cwlab.services.logs.sent import Sent
from cwlab.services.logs.store import OWN
from cwlab.timeline import DAY

PAGE = 10_000
HEADLESS_FROM_MS = 1_704_067_200_000  # 2024: API Reference, FilterLogEvents, startFromHead
Structure = dict[str, Any]


@operation("logs", "PutLogEvents", resource=policy_arn, conditions=tag_conditions, policy=granted)
def put_log_events(
    call: Call,
    *,
    logGroupName: str,
    logStreamName: str,
    logEvents: Sequence[Mapping[str, Any]],
    sequenceToken: str | None = None,
    entity: Mapping[str, Mapping[str, str]] | None = None,
) -> Structure:
    """Store a batch of events. ``sequenceToken`` is accepted and ignored, as today."""
    group = group_of(call, logGroupName)
    stream = stream_of(call, logGroupName, logStreamName)
    retention_ms = None if group.retention_days is None else group.retention_days * DAY
    batch = ingest.check(logEvents, call.now_ms, retention_ms, settings_of(call).max_event_bytes)
    keys.check_writing(call, group)
    answer: Structure = {"nextSequenceToken": _sequence_token(call, logGroupName, logStreamName)}
    if batch.rejected:
        answer["rejectedLogEventsInfo"] = batch.rejected
    if entity is not None and (error := entities.why_not(entity, group)) is not None:
        answer["rejectedEntityInfo"] = {"errorType": error}
        entity = None
    if batch.first < batch.last:
        _store(call, group, stream, batch)
        if entity is not None:
            entities.keep(call, group.name, call.table("counters")["requests"], entity)
    return answer


def _sequence_token(call: Call, group: str, stream: str) -> str:
    counters = call.table("counters")
    number = counters.get("requests", 0) + 1
    counters["requests"] = number
    return ids.event_id(call.now_ms, number << PLACE_BITS, ids.salt(group, stream))


def _store(call: Call, group: Group, stream: Stream, batch: ingest.Batch) -> None:
    first, last = batch.first, batch.last
    base = call.table("counters")["requests"] << PLACE_BITS
    stamps, encoded, now_ms = batch.stamps[first:last], batch.encoded[first:last], call.now_ms
    places = np.arange(base + first, base + last)
    chunk: Chunk | None = None
    if len(stamps) >= OWN:
        chunk = build(stamps, now_ms, places, encoded, group.key_number)
        events = stream.events.extend(chunk)
        if batch.whole:
            rest = {name: value for name, value in call.request.params.items() if name != "logEvents"}
            call.request.kept = Sent(rest, chunk)
    else:
        events = stream.events.add(stamps, now_ms, places.tolist(), encoded, group.key_number)
    streams(call, group.name)[stream.name] = replace(
        stream,
        events=events,
        first_ms=stamps[0] if stream.first_ms is None else min(stream.first_ms, stamps[0]),
        last_ms=stamps[-1] if stream.last_ms is None else max(stream.last_ms, stamps[-1]),
        ingested_ms=now_ms,
    )
    if HOOKS:
        chunk = chunk or build(stamps, now_ms, places, encoded, group.key_number)
        seen = arrived(call, group.name, chunk)
        for hook in HOOKS:
            hook(call, group, stream.name, seen)


@operation("logs", "GetLogEvents", readonly=True, resource=policy_arn, conditions=conditions)
def get_log_events(
    call: Call,
    *,
    logStreamName: str,
    logGroupName: str | None = None,
    logGroupIdentifier: str | None = None,
    startTime: int | None = None,
    endTime: int | None = None,
    nextToken: str | None = None,
    limit: int = PAGE,
    startFromHead: bool = False,
    unmask: bool = False,
) -> Structure:
    """Events of one stream, oldest first within the page; the newest page unless ``startFromHead``."""
    if unmask:
        also(call, "logs:Unmask")
    call, group = _readable(call, "GetLogEvents", logGroupName, logGroupIdentifier)
    stream = stream_of(call, group.name, logStreamName)
    salt = ids.salt(call.account, call.region, group.name, stream.name)
    low: ids.Gap = (max(startTime or 0, group.visible_from(call.now_ms)), 0)
    high: ids.Gap = ids.LAST if endTime is None else (endTime, 0)
    newest, gap = not startFromHead, None
    if nextToken is not None:
        found = ids.read_token(nextToken, salt, call.now_ms)
        if found is None:
            raise invalid("The specified nextToken is invalid.")
        way, gap, expired = found
        if expired:
            raise invalid("The specified nextToken has expired.")
        newest = way == "b"
        low, high = (low, min(high, gap)) if newest else (max(low, gap), high)
    pieces = protection.pieces(call, group.name, stream, low, high, unmask=unmask)
    keys.check_reading(call, group, (piece.chunk.key for piece in pieces))
    shown = reading.page(pieces, limit, newest=newest)
    if shown.stamp:
        before, after = (shown.stamp[0], shown.place[0]), (shown.stamp[-1], shown.place[-1] + 1)
    else:
        before = after = gap if gap is not None else max(min(low, high), (0, 0))
    tokens = {way: ids.token(way, edge, salt, call.now_ms) for way, edge in (("f", after), ("b", before))}
    if nextToken is not None and not shown.stamp:  # the end: you get back what you sent
        tokens[nextToken[0]] = nextToken
    return {
        "events": [
            {"timestamp": t, "message": m, "ingestionTime": i}
            for t, i, m in zip(shown.stamp, shown.ingested, shown.message, strict=True)
        ],
        "nextForwardToken": tokens["f"],
        "nextBackwardToken": tokens["b"],
    }


@operation("logs", "FilterLogEvents", readonly=True, resource=policy_arn, conditions=conditions)
def filter_log_events(
    call: Call,
    *,
    logGroupName: str | None = None,
    logGroupIdentifier: str | None = None,
    logStreamNames: Sequence[str] | None = None,
    logStreamNamePrefix: str | None = None,
    startTime: int | None = None,
    endTime: int | None = None,
    filterPattern: str | None = None,
    nextToken: str | None = None,
    limit: int = PAGE,
    interleaved: bool = True,
    startFromHead: bool = True,
    unmask: bool = False,
) -> Structure:
    """Events of a group's streams in one order of time, page by page, oldest first unless ``startFromHead`` is False.

    ``interleaved`` is ignored, as today. A token goes on in its own direction.
    """
    if logStreamNames is not None and logStreamNamePrefix is not None:
        raise invalid("Cannot specify both logStreamNames and logStreamNamePrefix.")
    if unmask:
        also(call, "logs:Unmask")
    call, group = _readable(call, "FilterLogEvents", logGroupName, logGroupIdentifier)
    match = matcher(filterPattern, exact=settings_of(call).exact_fields)
    chosen_streams = _named(call, group, logStreamNames, logStreamNamePrefix)
    low: ids.Gap = (max(startTime or 0, group.visible_from(call.now_ms)), 0)
    high: ids.Gap = ids.LAST if endTime is None else (endTime + 1, 0)
    request = (group.name, logStreamNames, logStreamNamePrefix, startTime, endTime, filterPattern)
    newest = not startFromHead
    if nextToken is not None:
        newest, stamp, place = paging.position_of(request, nextToken, call.now_ms)
        low, high = (low, min(high, (stamp, place))) if newest else (max(low, (stamp, place)), high)
    elif newest and startTime is not None and startTime < HEADLESS_FROM_MS:
        raise invalid(
            "startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC."
        )
    found: list[reading.Piece] = []
    for number, stream in enumerate(chosen_streams):
        found += protection.pieces(call, group.name, stream, low, high, source=number, unmask=unmask)
    keys.check_reading(call, group, (piece.chunk.key for piece in found))
    shown, more = reading.scan(found, limit, match, newest=newest)
    names = [stream.name for stream in chosen_streams]
    salts = {s: ids.salt(call.account, call.region, group.name, names[s]) for s in set(shown.source)}
    events = [
        {
            "logStreamName": names[s],
            "timestamp": t,
            "message": m,
            "ingestionTime": i,
            "eventId": ids.event_id(t, p, salts[s]),
        }
        for s, t, i, p, m in zip(*shown, strict=True)
    ]
    answer: Structure = {"events": events[::-1] if newest else events, "searchedLogStreams": []}
    if more:
        edge = [shown.stamp[0], shown.place[0]] if newest else [shown.stamp[-1], shown.place[-1] + 1]
        answer["nextToken"] = paging.token(request, [newest, *edge], call.now_ms)
    return answer


def _readable(call: Call, operation: str, name: str | None, identifier: str | None) -> Place:
    """The group, if its class lets its events be read."""
    place = chosen(call, {"logGroupName": name, "logGroupIdentifier": identifier})
    if place.group.log_class != STANDARD:
        raise not_in_class(operation, place.group.name, place.group.log_class)
    return place


def _named(call: Call, group: Group, names: Sequence[str] | None, prefix: str | None) -> list[Stream]:
    table = streams(call, group.name)
    if names is None:
        return [stream for name, stream in sorted(table.items()) if name.startswith(prefix or "")]
    if missing := [name for name in names if name not in table]:
        raise no_stream() from KeyError(missing[0])
    return [table[name] for name in sorted(set(names))]
