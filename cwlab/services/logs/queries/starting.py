"""StartQuery. What a query answers is settled here, from the events there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import NotModelled
from cwlab.services.logs import entities, keys
from cwlab.services.logs.linked import Place
from cwlab.services.logs.permissions import also
from cwlab.services.logs.queries.choosing import chosen_by, conditions, places, touched
from cwlab.services.logs.queries.classes import check
from cwlab.services.logs.queries.indexed import Spans, looked_at, spans_of
from cwlab.services.logs.queries.looking_up import table_for
from cwlab.services.logs.queries.records import Query, make_room
from cwlab.services.logs.queries.scanning import sources_of
from cwlab.services.logs.refusals import invalid
from cwlab.timeline import SECOND

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
    from cwlab.services.logs.insights import engine, nodes
    from cwlab.services.logs.insights.compile import compiled
    from cwlab.services.logs.insights.parse import parse
    from cwlab.services.logs.insights.windows import earlier

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
    compiled_query = compiled(query, call.now_ms, limit, span, call.region)
    make_room(call)
    found = places(call, named, query)
    check(query.text, query.commands, found)
    if any(isinstance(wanted.asked, nodes.Unmask) for wanted in compiled_query.inputs):
        also(call, "logs:Unmask")
    places_of: dict[int, list[Place]] = {}  # of the inputs that hold events, by their number
    for n, wanted in enumerate(compiled_query.inputs):
        if isinstance(wanted.asked, nodes.Subquery):
            places_of[n] = chosen_by(call, wanted.asked.source)
            check(query.text, wanted.asked.commands, places_of[n])
        elif wanted.events:
            places_of[n] = found
    every = list({place.arn: place for each in (found, *places_of.values()) for place in each}.values())
    asked = compiled_query.skipped or any(
        isinstance(e.asked, nodes.FilterIndex) for e in compiled_query.inputs
    )
    spans = spans_of(every) if asked else None
    inputs: list[engine.Given] = []
    sources: list[engine.Source] = []
    for n, wanted in enumerate(compiled_query.inputs):
        if isinstance(wanted.asked, nodes.FilterIndex):
            assert spans is not None
            inputs.append(spans)
            continue
        if isinstance(wanted.asked, nodes.Lookup):
            inputs.append(table_for(call, query.text, wanted.asked))
            continue
        if isinstance(wanted.asked, nodes.Entities):
            inputs.append(entities.columns(every))
            continue
        unmask = isinstance(wanted.asked, nodes.Unmask)
        window = earlier(span, wanted.asked.against) if isinstance(wanted.asked, nodes.Diff) else span
        read: list[engine.Source] = []
        for place in places_of[n]:
            read += sources_of(place.call, place.group, *window, unmask=unmask)
        inputs.append(read)
        sources += [] if unmask else read  # the same events again are no more to scan
    nbytes = sum(int(s.chunk.offset[s.last]) - int(s.chunk.offset[s.first]) for s in sources)
    estimated = isinstance(query.commands[-1], nodes.Estimate)
    answer = _estimate(nbytes) if estimated else _answered(compiled_query, inputs, spans)
    skipped, skipped_bytes = answer.pop("skipped")
    looked = looked_at(query, spans, found) + len(every) - len(found) if spans is not None else len(every)
    answered = Query(
        id=call.unique("", 8) + "-" + "-".join(call.unique("", n) for n in (4, 4, 4, 12)),
        text=queryString,
        groups=tuple(place.seen_from(call.account) for place in every),
        created_ms=call.now_ms,
        user=call.principal.arn,
        columns=(ESTIMATE,) if estimated else tuple(column.name for column in compiled_query.columns),
        scanned=0 if estimated else sum(s.last - s.first for s in sources) - skipped,
        nbytes=0 if estimated else nbytes - skipped_bytes,
        looked_at=0 if estimated else looked,
        skipped=skipped,
        skipped_bytes=skipped_bytes,
        key=keys.for_results(call),
        **answer,
    )
    call.table("queries")[answered.id] = answered
    return {"queryId": answered.id}


def _estimate(nbytes: int) -> Structure:
    """What ``estimate`` answers instead: bytes that would be scanned, not counting what field indexes spare."""
    return {"rows": ((str(nbytes),),), "pointers": None, "matched": 0, "skipped": (0, 0)}


def _answered(compiled_query: Any, inputs: list[Any], spans: Spans | None) -> Structure:
    """The rows, or why there are none."""
    import duckdb

    from cwlab.services.logs.insights import engine

    try:
        answer = engine.run(compiled_query, *inputs, spans=spans)
    except duckdb.Error as error:
        return {"rows": (), "pointers": None, "matched": 0, "skipped": (0, 0), "failed": str(error)}
    return answer._asdict()
