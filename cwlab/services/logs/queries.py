"""Logs Insights queries: started, followed over virtual time, their results read.

What a query answers is settled when it starts, from the events then there; it is Scheduled, then Running, then Complete
as the clock moves. Source: API reference StartQuery, GetQueryResults, StopQuery, DescribeQueries.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.codec import record
from cwlab.errors import NotModelled
from cwlab.services.logs import keys, paging, reading
from cwlab.services.logs.names import (
    chosen,
    group_arn,
    group_of,
    groups,
    name_of,
    policy_arn,
    streams,
    tag_conditions,
)
from cwlab.services.logs.records import DELIVERY, Group
from cwlab.services.logs.refusals import invalid, not_found, not_in_class
from cwlab.timeline import DAY, MINUTE, SECOND

SCHEDULED_MS = 200  # until a query begins to run
RUNNING_MS = 1000  # until it is complete
KEPT_MS = 7 * DAY
MOST_GROUPS = 50
PAGE = 10_000
SAMPLE = 1000
Params = dict[str, Any]
Structure = dict[str, Any]


@record
class Query:
    """A query and what it answers.

    ``pointers`` (log, stream, ts, place) has one for each row where rows are events; ``failed`` is what the engine said.
    """

    id: str
    text: str
    groups: tuple[str, ...]
    created_ms: int
    user: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    pointers: tuple[tuple[str, str, int, int], ...] | None
    matched: int
    scanned: int
    nbytes: int
    stopped_ms: int | None = None
    failed: str | None = None

    def status(self, now_ms: int) -> str:
        """Where it is, at an instant."""
        if self.stopped_ms is not None:
            return "Cancelled"
        age = now_ms - self.created_ms
        if age < SCHEDULED_MS:
            return "Scheduled"
        if age < RUNNING_MS:
            return "Running"
        return "Complete" if self.failed is None else "Failed"


def _asked(call: Call, params: Params) -> list[str]:
    """The names of the groups a request names, in one of the three ways."""
    ways = [n for n in ("logGroupName", "logGroupNames", "logGroupIdentifiers") if params.get(n) is not None]
    if len(ways) != 1:
        raise invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.")
    value = params[ways[0]]
    names = [value] if isinstance(value, str) else [str(each) for each in value]
    if not 1 <= len(names) <= MOST_GROUPS:
        raise invalid(f"Between 1 and {MOST_GROUPS} log groups must be specified.")
    if ways[0] == "logGroupIdentifiers":
        names = [name_of(call, name) for name in names]
    return list(dict.fromkeys(names))


def _touched(call: Call, params: Params) -> list[str]:
    """The ARNs IAM sees: the groups'."""
    named = (
        params.get("logGroupNames") or params.get("logGroupIdentifiers") or [params.get("logGroupName", "")]
    )
    return [f"{name if name.startswith('arn:') else group_arn(call, name)}:log-stream:" for name in named]


@operation("logs", "StartQuery", resource=_touched, conditions=tag_conditions)
def start_query(
    call: Call,
    *,
    startTime: int,
    endTime: int,
    queryString: str,
    logGroupName: str | None = None,
    logGroupNames: Sequence[str] | None = None,
    logGroupIdentifiers: Sequence[str] | None = None,
    limit: int | None = None,
    queryLanguage: str = "CWLI",
) -> Structure:
    """Query groups from one second to another, both included."""
    from cwlab.services.logs.insights import engine
    from cwlab.services.logs.insights.compile import compiled
    from cwlab.services.logs.insights.parse import parse

    if queryLanguage != "CWLI":
        raise NotModelled(f"The query language {queryLanguage}", "Write it in Logs Insights QL (CWLI).")
    if startTime > endTime:
        raise invalid("End time should not be before start time.")
    asked = {
        "logGroupName": logGroupName,
        "logGroupNames": logGroupNames,
        "logGroupIdentifiers": logGroupIdentifiers,
    }
    compiled_query = compiled(parse(queryString), call.now_ms, limit)
    found = [group_of(call, name) for name in _asked(call, asked)]
    inputs: list[list[engine.Source]] = []
    for wanted in compiled_query.inputs:
        assert wanted.asked is None, wanted  # no command asks for other events yet
        read: list[engine.Source] = []
        for group in found:
            read += _sources(call, group, startTime * SECOND, endTime * SECOND)
        inputs.append(read)
    sources = [source for each in inputs for source in each]
    query = Query(
        id=call.unique("", 8) + "-" + "-".join(call.unique("", n) for n in (4, 4, 4, 12)),
        text=queryString,
        groups=tuple(group.name for group in found),
        created_ms=call.now_ms,
        user=call.principal.arn,
        columns=tuple(column.name for column in compiled_query.columns),
        scanned=sum(s.last - s.first for s in sources),
        nbytes=sum(int(s.chunk.offset[s.last]) - int(s.chunk.offset[s.first]) for s in sources),
        **_answered(compiled_query, inputs),
    )
    call.table("queries")[query.id] = query
    return {"queryId": query.id}


def _answered(compiled_query: Any, inputs: list[list[Any]]) -> Structure:
    """The rows, or why there are none."""
    import duckdb

    from cwlab.services.logs.insights import engine

    try:
        answer = engine.run(compiled_query, *inputs)
    except duckdb.Error as error:
        return {"rows": (), "pointers": None, "matched": 0, "failed": str(error)}
    return {"rows": answer.rows, "pointers": answer.pointers, "matched": answer.matched}


def _sources(call: Call, group: Group, start_ms: int, end_ms: int) -> list[Any]:
    """A group's events from one instant to another, both included, chunk by chunk."""
    from cwlab.services.logs.insights.engine import Source

    if group.log_class == DELIVERY:
        raise not_in_class("StartQuery", group.name, group.log_class)
    low, high = (max(start_ms, group.visible_from(call.now_ms)), 0), (end_ms + 1, 0)
    log, found = f"{call.account}:{group.name}", []
    for name, stream in sorted(streams(call, group.name).items()):
        for piece in reading.pieces(0, stream.events.chunks, low, high):
            found.append(Source(log, name, piece.chunk, piece.first, piece.last))
    keys.check_reading(call, group, (source.chunk.key for source in found))
    return found


def _query(call: Call, query_id: str) -> Query:
    found: Query | None = call.table("queries").get(query_id)
    if found is None or call.now_ms - found.created_ms > KEPT_MS:
        raise not_found("Query result not found.")
    return found


@operation("logs", "GetQueryResults", readonly=True)
def get_query_results(
    call: Call, *, queryId: str, nextToken: str | None = None, maxItems: int | None = None
) -> Structure:
    """The status of a query and, when it is complete, its rows; what is absent from an event is absent from its row."""
    query = _query(call, queryId)
    status = query.status(call.now_ms)
    request = ("GetQueryResults", queryId)
    first = 0 if nextToken is None else int(paging.position_of(request, nextToken, call.now_ms))
    last = first + (PAGE if maxItems is None else maxItems)
    rows: list[list[Structure]] = []
    complete = status == "Complete"
    for n, row in enumerate(query.rows[first:last] if complete else (), first):
        cells = [
            {"field": name, "value": value}
            for name, value in zip(query.columns, row, strict=True)
            if value is not None
        ]
        if query.pointers is not None:
            cells.append({"field": "@ptr", "value": pointer(query.pointers[n])})
        rows.append(cells)
    answer: Structure = {
        "queryLanguage": "CWLI",
        "results": rows,
        "statistics": {
            "recordsMatched": float(query.matched if complete else 0),
            "recordsScanned": float(query.scanned if complete else 0),
            "bytesScanned": float(query.nbytes if complete else 0),
            "estimatedRecordsSkipped": 0.0,
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": float(len(query.groups)),
        },
        "status": status,
    }
    if complete and last < len(query.rows) and last > first:
        answer["nextToken"] = paging.token(request, last, call.now_ms)
    return answer


@operation("logs", "StopQuery")
def stop_query(call: Call, *, queryId: str) -> Structure:
    """End a query that is still going on."""
    from dataclasses import replace

    query = _query(call, queryId)
    status = query.status(call.now_ms)
    if status not in ("Scheduled", "Running"):
        raise invalid(f"Provided query has already ended with status: {status}")
    call.table("queries")[queryId] = replace(query, stopped_ms=call.now_ms)
    return {"success": True}


@operation("logs", "DescribeQueries", readonly=True)
def describe_queries(
    call: Call,
    *,
    logGroupName: str | None = None,
    status: str | None = None,
    maxResults: int = 1000,
    nextToken: str | None = None,
    queryLanguage: str | None = None,
) -> Structure:
    """Queries of the last week, newest first."""
    if queryLanguage not in (None, "CWLI"):
        return {"queries": []}
    every: list[tuple[int, Query]] = list(enumerate(call.table("queries").values()))
    chosen = [
        query
        for _, query in sorted(every, key=lambda pair: (-pair[1].created_ms, -pair[0]))
        if call.now_ms - query.created_ms <= KEPT_MS
        and (logGroupName is None or logGroupName in query.groups)
        and (status is None or query.status(call.now_ms) == status)
    ]
    request = ("DescribeQueries", logGroupName, status)
    first = 0 if nextToken is None else int(paging.position_of(request, nextToken, call.now_ms))
    answer: Structure = {"queries": [_described(call, q) for q in chosen[first : first + maxResults]]}
    if first + maxResults < len(chosen):
        answer["nextToken"] = paging.token(request, first + maxResults, call.now_ms)
    return answer


def _described(call: Call, query: Query) -> Structure:
    status = query.status(call.now_ms)
    found: Structure = {
        "queryLanguage": "CWLI",
        "queryId": query.id,
        "queryString": query.text,
        "status": status,
        "createTime": query.created_ms,
        "logGroupName": query.groups[0],
        "userIdentity": query.user,
    }
    if status == "Complete":
        found |= {"queryDuration": RUNNING_MS, "bytesScanned": float(query.nbytes)}
    return found


def pointer(place: tuple[str, str, int, int]) -> str:
    """``@ptr``: where an event is, for GetLogRecord."""
    log, stream, stamp, arrival = place
    return base64.urlsafe_b64encode(f"{stamp}:{arrival}:{len(log)}:{log}{stream}".encode()).decode()


def _place(text: str) -> tuple[str, str, int, int]:
    try:
        stamp, arrival, length, names = (
            base64.b64decode(text, altchars=b"-_", validate=True).decode().split(":", 3)
        )
        return names[: int(length)], names[int(length) :], int(stamp), int(arrival)
    except (ValueError, binascii.Error):
        raise invalid("The specified log record pointer is invalid.") from None


@operation("logs", "GetLogRecord", readonly=True)
def get_log_record(call: Call, *, logRecordPointer: str) -> Structure:
    """All fields of one event, by the ``@ptr`` a query gave for it. ``@timestamp`` and ``@ingestionTime`` are ms here."""
    from cwlab.services.logs.insights.record import fields

    log, stream_name, stamp, arrival = _place(logRecordPointer)
    account, _, name = log.partition(":")
    group: Group | None = groups(call).get(name) if account == call.account else None
    stream = None if group is None else streams(call, name).get(stream_name)
    if group is None or stream is None or stamp < group.visible_from(call.now_ms):
        raise not_found("The specified log record does not exist.")
    pieces = reading.pieces(0, stream.events.chunks, (stamp, arrival), (stamp, arrival + 1))
    if not pieces:
        raise not_found("The specified log record does not exist.")
    keys.check_reading(call, group, [pieces[0].chunk.key])
    page = reading.page(pieces[:1], 1)
    return {
        "logRecord": {
            "@timestamp": str(stamp),
            "@ingestionTime": str(page.ingested[0]),
            "@message": page.message[0],
            "@logStream": stream_name,
            "@log": log,
            "@ptr": logRecordPointer,
            **fields(page.message[0]),
        }
    }


@operation("logs", "GetLogGroupFields", readonly=True, resource=policy_arn, conditions=tag_conditions)
def get_log_group_fields(
    call: Call,
    *,
    logGroupName: str | None = None,
    logGroupIdentifier: str | None = None,
    time: int | None = None,
) -> Structure:
    """The fields of a group's events and how many of a hundred have them: of the last 15 minutes, or of ``time`` (seconds)
    and 8 minutes around it. At most the newest 1,000 events are looked at."""
    from collections import Counter

    from cwlab.services.logs.insights.record import fields

    group = group_of(
        call, chosen(call, {"logGroupName": logGroupName, "logGroupIdentifier": logGroupIdentifier})
    )
    if time is None:
        start_ms, end_ms = call.now_ms - 15 * MINUTE, call.now_ms
    else:
        start_ms, end_ms = time * SECOND - 8 * MINUTE, time * SECOND + 8 * MINUTE
    pieces = [
        reading.Piece(0, source.chunk, source.first, source.last)
        for source in _sources(call, group, start_ms, end_ms)
    ]
    messages = reading.page(pieces, SAMPLE, newest=True).message
    counts: Counter[str] = Counter()
    for message in messages:
        counts.update(("@timestamp", "@ingestionTime", "@message", "@logStream", "@log", *fields(message)))
    return {
        "logGroupFields": [
            {"name": name, "percent": round(100 * number / len(messages))}
            for name, number in sorted(counts.items())
        ]
    }
