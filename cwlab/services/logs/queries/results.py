"""Queries followed and their answers read: GetQueryResults, StopQuery, DescribeQueries, ListLogGroupsForQuery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.services.logs import keys, paging
from cwlab.services.logs.names import group_of
from cwlab.services.logs.queries.pointers import pointer
from cwlab.services.logs.queries.records import KEPT_MS, Query, query_of
from cwlab.services.logs.refusals import invalid
from cwlab.timeline import HOUR

PAGE = 10_000
Structure = dict[str, Any]


@operation("logs", "GetQueryResults", readonly=True)
def get_query_results(
    call: Call, *, queryId: str, nextToken: str | None = None, maxItems: int | None = None
) -> Structure:
    """The status of a query and, when it is complete, its rows; what is absent from an event is absent from its row."""
    query = query_of(call, queryId)
    status = query.status(call.now_ms)
    request = ("GetQueryResults", queryId)
    first = 0 if nextToken is None else int(paging.position_of(request, nextToken, call.now_ms, HOUR))
    last = first + (PAGE if maxItems is None else maxItems)
    rows: list[list[Structure]] = []
    complete = status == "Complete"
    if complete and query.key is not None:
        keys.check_results(call, query.key)
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
            "estimatedRecordsSkipped": float(query.skipped if complete else 0),
            "estimatedBytesSkipped": float(query.skipped_bytes if complete else 0),
            "logGroupsScanned": float(query.looked_at),
        },
        "status": status,
    }
    if query.key is not None:
        answer["encryptionKey"] = query.key.arn
    if complete and last < len(query.rows) and last > first:
        answer["nextToken"] = paging.token(request, last, call.now_ms)
    return answer


@operation("logs", "StopQuery")
def stop_query(call: Call, *, queryId: str) -> Structure:
    """End a query that is still going on."""
    query = query_of(call, queryId)
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
    if logGroupName is not None:
        group_of(call, logGroupName)
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
        found |= {"queryDuration": query.takes_ms, "bytesScanned": float(query.nbytes)}
    return found


@operation("logs", "ListLogGroupsForQuery", readonly=True)
def list_log_groups_for_query(
    call: Call, *, queryId: str, nextToken: str | None = None, maxResults: int = 500
) -> Structure:
    """The groups a query read: names of this account's, ARNs of those that other accounts share."""
    query = query_of(call, queryId)
    request = ("ListLogGroupsForQuery", queryId)
    shown, following = paging.listed(list(query.groups), request, maxResults, nextToken, call.now_ms)
    return {"logGroupIdentifiers": shown} | ({"nextToken": following} if following else {})
