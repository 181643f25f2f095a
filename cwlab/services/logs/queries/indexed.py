"""What a query may use of field indexes: the spans of the groups it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cwlab.services.logs import indexes
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.indexed import columns, rows
from cwlab.services.logs.linked import Place

Spans = Mapping[str, Sequence[str | None]]


def spans_of(places: Iterable[Place]) -> Spans:
    """The indexes of groups, as a table for the engine."""
    found: list[Any] = []
    for place in places:
        found += rows(f"{place.call.account}:{place.group.name}", indexes.spans(place.call, place.group))
    return columns(found)


def looked_at(query: nodes.Query, spans: Spans, places: Sequence[Place]) -> int:
    """How many groups are read at all: with ``filterIndex`` those that are indexed on its fields."""
    fields = [each.name for command in query.commands if isinstance(command, nodes.FilterIndex)
              for each in nodes.walk([command]) if isinstance(each, nodes.Field)]  # fmt: skip
    if not fields:
        return len(places)
    having = set(zip(spans["of_log"], spans["of_field"], strict=True))
    logs = [f"{place.call.account}:{place.group.name}" for place in places]
    return sum(all((log, field) in having for field in fields) for log in logs)
