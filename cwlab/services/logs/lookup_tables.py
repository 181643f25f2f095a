"""Lookup tables: CSV that queries look fields up in (``lookup``).

Source: API reference CreateLookupTable, UpdateLookupTable, GetLookupTable, DescribeLookupTables, DeleteLookupTable;
user guide, CWL_QuerySyntax-Lookup.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.codec import record
from cwlab.errors import NotModelled
from cwlab.services.logs import paging
from cwlab.services.logs.lookups import Parsed, parsed
from cwlab.services.logs.refusals import exists, invalid, limit_exceeded, not_found
from cwlab.table import Table

MOST = 100  # in an account and Region
PAGE = 50
Structure = dict[str, Any]


@record
class LookupTable:
    """A table as it was uploaded."""

    name: str
    body: str
    nbytes: int
    updated_ms: int
    description: str | None = None


def tables(call: Call) -> Table:
    """Lookup tables by name."""
    return call.table("lookup_tables")


def table_of(call: Call, name: str) -> Parsed | None:
    """The rows of a table; None when there is none of that name."""
    found: LookupTable | None = tables(call).get(name)
    return None if found is None else parsed(found.body)


def _arn(call: Call, name: str) -> str:
    return arn("logs", call.region, call.account, f"lookup-table:{name}")


def _touched(call: Call, params: Structure) -> str:
    """The table's ARN, as IAM sees it."""
    return str(params.get("lookupTableArn") or _arn(call, params.get("lookupTableName", "*")))


@operation("logs", "CreateLookupTable", resource=_touched)
def create_lookup_table(
    call: Call,
    *,
    lookupTableName: str,
    tableBody: str | None = None,
    queryId: str | None = None,
    description: str | None = None,
) -> Structure:
    """Upload a table."""
    body = _body(tableBody, queryId)
    if lookupTableName in tables(call):
        raise exists("lookup table")
    if len(tables(call)) >= MOST:
        raise limit_exceeded()
    parsed(body)
    made = LookupTable(lookupTableName, body, len(body.encode()), call.now_ms, description)
    tables(call)[lookupTableName] = made
    return {"lookupTableArn": _arn(call, lookupTableName), "createdAt": call.now_ms}


def _body(body: str | None, query: str | None) -> str:
    if (body is None) == (query is None):
        raise invalid("Exactly one of tableBody and queryId must be specified.")
    if body is None:
        raise NotModelled("A lookup table of a query's results (queryId)", "Give its rows as tableBody.")
    return body


@operation("logs", "UpdateLookupTable", resource=_touched)
def update_lookup_table(
    call: Call,
    *,
    lookupTableArn: str,
    tableBody: str | None = None,
    queryId: str | None = None,
    description: str | None = None,
) -> Structure:
    """Put other content in the place of all a table has."""
    held, body = _named(call, lookupTableArn), _body(tableBody, queryId)
    parsed(body)
    tables(call)[held.name] = replace(
        held,
        body=body,
        nbytes=len(body.encode()),
        updated_ms=call.now_ms,
        description=held.description if description is None else description,
    )
    return {"lookupTableArn": lookupTableArn, "lastUpdatedTime": call.now_ms}


def _named(call: Call, text: str) -> LookupTable:
    parts = text.split(":", 6)
    if len(parts) != 7 or parts[2] != "logs" or parts[5] != "lookup-table":
        raise invalid(f"{text!r} is not the ARN of a lookup table, such as {_arn(call, 'user_data')}.")
    found: LookupTable | None = (
        tables(call).get(parts[6]) if parts[3:5] == [call.region, call.account] else None
    )
    if found is None:
        raise not_found("The specified lookup table does not exist.")
    return found


@operation("logs", "GetLookupTable", readonly=True, resource=_touched)
def get_lookup_table(call: Call, *, lookupTableArn: str) -> Structure:
    """A table with its content."""
    held = _named(call, lookupTableArn)
    return _described(call, held) | {"tableBody": held.body}


@operation("logs", "DescribeLookupTables", readonly=True)
def describe_lookup_tables(
    call: Call,
    *,
    lookupTableNamePrefix: str = "",
    maxResults: int = PAGE,
    nextToken: str | None = None,
) -> Structure:
    """Tables by name, without their content."""
    found = [table for name, table in sorted(tables(call).items()) if name.startswith(lookupTableNamePrefix)]
    if maxResults < 1:
        raise invalid("maxResults must be at least 1.")
    shown, following = paging.listed(
        found, ("lookup tables", lookupTableNamePrefix), maxResults, nextToken, call.now_ms
    )
    answer: Structure = {"lookupTables": [_described(call, each) | _counted(each) for each in shown]}
    return answer | ({"nextToken": following} if following else {})


def _described(call: Call, held: LookupTable) -> Structure:
    out: Structure = {
        "lookupTableArn": _arn(call, held.name),
        "lookupTableName": held.name,
        "sizeBytes": held.nbytes,
        "lastUpdatedTime": held.updated_ms,
    }
    return out | ({} if held.description is None else {"description": held.description})


def _counted(held: LookupTable) -> Structure:
    table = parsed(held.body)
    return {"tableFields": list(table.columns), "recordsCount": len(table.rows)}


@operation("logs", "DeleteLookupTable", resource=_touched)
def delete_lookup_table(call: Call, *, lookupTableArn: str) -> None:
    """Delete a table for good. Queries that name it fail from then on."""
    del tables(call)[_named(call, lookupTableArn).name]
