"""Saved queries. Source: API reference PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.codec import record
from cwlab.services.logs import paging
from cwlab.services.logs.refusals import limit_exceeded, not_found

MOST = 1000  # in an account and Region
Structure = dict[str, Any]


@record
class Definition:
    """A query saved under a name; ``/`` in it makes folders in the console."""

    id: str
    name: str
    text: str
    groups: tuple[str, ...]
    modified_ms: int


@operation("logs", "PutQueryDefinition")
def put_query_definition(
    call: Call,
    *,
    name: str,
    queryString: str,
    queryDefinitionId: str | None = None,
    logGroupNames: Sequence[str] = (),
    clientToken: str | None = None,
    queryLanguage: str = "CWLI",
) -> Structure:
    """Save a query, or replace the one with that id. The text is not checked; ``clientToken`` makes a repeat harmless."""
    from cwlab.errors import NotModelled

    if queryLanguage != "CWLI":
        raise NotModelled(f"The query language {queryLanguage}", "Write it in Logs Insights QL (CWLI).")
    table = call.table("query_definitions")
    if queryDefinitionId is not None and queryDefinitionId not in table:
        raise not_found("The specified query definition does not exist.")
    tokens = call.table("query_definition_tokens")
    if queryDefinitionId is None and clientToken in tokens and tokens[clientToken] in table:
        return {"queryDefinitionId": tokens[clientToken]}
    if queryDefinitionId is None and len(table) >= MOST:
        raise limit_exceeded()
    found = queryDefinitionId or "-".join(call.unique("", n) for n in (8, 4, 4, 4, 12))
    table[found] = Definition(found, name, queryString, tuple(logGroupNames), call.now_ms)
    if clientToken is not None:
        tokens[clientToken] = found
    return {"queryDefinitionId": found}


@operation("logs", "DescribeQueryDefinitions", readonly=True)
def describe_query_definitions(
    call: Call,
    *,
    queryDefinitionNamePrefix: str = "",
    maxResults: int = 1000,
    nextToken: str | None = None,
    queryLanguage: str | None = None,
) -> Structure:
    """Saved queries by name."""
    if queryLanguage not in (None, "CWLI"):
        return {"queryDefinitions": []}
    every: list[Definition] = sorted(call.table("query_definitions").values(), key=lambda d: (d.name, d.id))
    chosen = [d for d in every if d.name.startswith(queryDefinitionNamePrefix)]
    request = ("DescribeQueryDefinitions", queryDefinitionNamePrefix)
    first = 0 if nextToken is None else int(paging.position_of(request, nextToken, call.now_ms))
    answer: Structure = {
        "queryDefinitions": [
            {
                "queryLanguage": "CWLI",
                "queryDefinitionId": d.id,
                "name": d.name,
                "queryString": d.text,
                "lastModified": d.modified_ms,
                "logGroupNames": list(d.groups),
            }
            for d in chosen[first : first + maxResults]
        ]
    }
    if first + maxResults < len(chosen):
        answer["nextToken"] = paging.token(request, first + maxResults, call.now_ms)
    return answer


@operation("logs", "DeleteQueryDefinition")
def delete_query_definition(call: Call, *, queryDefinitionId: str) -> Structure:
    """Forget a saved query."""
    table = call.table("query_definitions")
    if queryDefinitionId not in table:
        raise not_found("The specified query definition does not exist.")
    del table[queryDefinitionId]
    return {"success": True}
