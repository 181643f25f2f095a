"""StartQuery. What a query answers is settled here, from the events there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cwlab.api import Call, operation
from cwlab.errors import NotModelled
from cwlab.services.logs import keys
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.names import settings_of
from cwlab.services.logs.permissions import also
from cwlab.services.logs.queries.choosing import conditions, places, touched
from cwlab.services.logs.queries.inputs import Inputs, filled
from cwlab.services.logs.queries.records import Query, make_room
from cwlab.services.logs.refusals import invalid
from cwlab.timeline import SECOND

if TYPE_CHECKING:
    from cwlab.services.logs.insights.compile import Compiled

ESTIMATE = "estimatedBytesScanned"  # the column of estimate's answer; AWS documents no name
Structure = dict[str, Any]


@operation("logs", "StartQuery", resource=touched, conditions=conditions)
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
    from cwlab.services.logs.insights.compile import compiled
    from cwlab.services.logs.insights.parse import parse

    if queryLanguage != "CWLI":
        raise NotModelled(f"The query language {queryLanguage}", "Write it in Logs Insights QL (CWLI).")
    if startTime > endTime:
        raise invalid("End time should not be before start time.")
    named = {
        "logGroupName": logGroupName,
        "logGroupNames": logGroupNames,
        "logGroupIdentifiers": logGroupIdentifiers,
    }
    query = parse(queryString)
    span = startTime * SECOND, endTime * SECOND
    most_stats = settings_of(call).stats_in_a_query
    plan = compiled(query, call.now_ms, limit, span, call.region, most_stats)
    make_room(call)
    if any(isinstance(each.asked, nodes.Unmask) for each in plan.inputs):
        also(call, "logs:Unmask")
    inputs = filled(call, query, plan, places(call, named, query), span)
    estimated = isinstance(query.commands[-1], nodes.Estimate)
    answer = _estimate(inputs.nbytes) if estimated else _answered(plan, inputs)
    skipped, skipped_bytes = answer.pop("skipped")
    answered = Query(
        id=call.unique("", 8) + "-" + "-".join(call.unique("", n) for n in (4, 4, 4, 12)),
        text=queryString,
        groups=tuple(place.seen_from(call.account) for place in inputs.places),
        created_ms=call.now_ms,
        user=call.principal.arn,
        columns=(ESTIMATE,) if estimated else tuple(column.name for column in plan.columns),
        scanned=0 if estimated else inputs.events - skipped,
        nbytes=0 if estimated else inputs.nbytes - skipped_bytes,
        looked_at=0 if estimated else inputs.looked_at,
        skipped=skipped,
        skipped_bytes=skipped_bytes,
        key=keys.for_results(call),
        takes_ms=settings_of(call).query_ms,
        **answer,
    )
    call.table("queries")[answered.id] = answered
    return {"queryId": answered.id}


def _estimate(nbytes: int) -> Structure:
    """What ``estimate`` answers instead: bytes that would be scanned, not counting what field indexes spare."""
    return {"rows": ((str(nbytes),),), "pointers": None, "matched": 0, "skipped": (0, 0)}


def _answered(plan: Compiled, inputs: Inputs) -> Structure:
    """The rows, or why there are none."""
    import duckdb

    from cwlab.services.logs.insights import engine

    try:
        answer = engine.run(plan, *inputs.given, spans=inputs.spans)
    except duckdb.Error as error:
        return {"rows": (), "pointers": None, "matched": 0, "skipped": (0, 0), "failed": str(error)}
    return answer._asdict()
