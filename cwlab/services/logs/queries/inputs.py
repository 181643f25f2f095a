"""What the tables of a query's statement hold: events of groups, indexes, entities, lookup tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cwlab.api import Call
from cwlab.services.logs import entities
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.windows import earlier
from cwlab.services.logs.linked import Place
from cwlab.services.logs.queries.choosing import chosen_by
from cwlab.services.logs.queries.classes import check
from cwlab.services.logs.queries.indexed import Spans, looked_at, spans_of
from cwlab.services.logs.queries.looking_up import table_for
from cwlab.services.logs.queries.scanning import sources_of

if TYPE_CHECKING:
    from cwlab.services.logs.insights.compile import Compiled, Input
    from cwlab.services.logs.insights.engine import Given, Source


class Inputs(NamedTuple):
    """What a statement reads.

    Args:
        given: what each table holds.
        places: the groups, of the query and of all beside it.
        looked_at: how many of them are read at all.
        spans: the groups' indexes; None where none is asked for.
        events: how many are scanned.
        nbytes: their bytes.
    """

    given: list[Given]
    places: list[Place]
    looked_at: int
    spans: Spans | None
    events: int
    nbytes: int


def filled(
    call: Call, query: nodes.Query, plan: Compiled, own: Sequence[Place], span: tuple[int, int]
) -> Inputs:
    """Fill the tables of a statement.

    Args:
        own: the groups of the query itself.
        span: the time it is about, ms, both ends included.

    Raises:
        AwsError: a group is missing, not shared, or under a key that cannot be used; its class lacks a command.
    """
    check(query.text, query.commands, own)
    groups = [_groups(call, query, each, own) for each in plan.inputs]
    places = list({place.arn: place for each in (own, *groups) for place in each}.values())
    asked = plan.skipped or any(isinstance(each.asked, nodes.FilterIndex) for each in plan.inputs)
    spans = spans_of(places) if asked else None
    given: list[Given] = []
    scanned: list[Source] = []
    for wanted, read in zip(plan.inputs, groups, strict=True):
        match wanted.asked:
            case nodes.FilterIndex():
                assert spans is not None
                given.append(spans)
            case nodes.Lookup():
                given.append(table_for(call, query.text, wanted.asked))
            case nodes.Entities():
                given.append(entities.columns(places))
            case _:
                again = isinstance(wanted.asked, nodes.Unmask)
                window = earlier(span, wanted.asked.against) if isinstance(wanted.asked, nodes.Diff) else span
                events = [
                    source
                    for place in read
                    for source in sources_of(place.call, place.group, *window, unmask=again)
                ]
                given.append(events)
                scanned += [] if again else events  # the same events, unmasked, are no more to scan
    looked = len(places) if spans is None else looked_at(query, spans, own) + len(places) - len(own)
    return Inputs(
        given,
        places,
        looked,
        spans,
        sum(s.last - s.first for s in scanned),
        sum(int(s.chunk.offset[s.last]) - int(s.chunk.offset[s.first]) for s in scanned),
    )


def _groups(call: Call, query: nodes.Query, wanted: Input, own: Sequence[Place]) -> Sequence[Place]:
    """The groups whose events a table holds: the query's own, or those of the subquery it is for."""
    if not wanted.events:
        return ()
    if wanted.within is None:
        return own
    found = chosen_by(call, wanted.within.source)
    check(query.text, wanted.within.commands, found)
    return found
