"""The lookup tables that a query names, as tables for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cwlab.api import Call
from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.lookup_tables import table_of, tables
from cwlab.services.logs.lookups import columns_of


def table_for(call: Call, text: str, command: nodes.Lookup) -> Mapping[str, Sequence[str | None]]:
    """What a ``lookup`` needs of its table.

    Raises:
        QueryError: there is no such table, or it has no such column; with the place.
    """
    name = command.table
    found = table_of(call, name.name)
    if found is None:
        have = ", ".join(sorted(tables(call))) or "none"
        raise QueryError(
            text,
            name.at,
            name.end,
            Mistake(f"no lookup table {name.name}", f"There are {have}: make it with CreateLookupTable."),
        )
    asked = [*(key.column for key in command.keys), *command.outputs]
    for field in asked:
        if field.name not in found.columns:
            rule = Mistake(f"no column {field.name} in {name.name}", f"It has {', '.join(found.columns)}.")
            raise QueryError(text, field.at, field.end, rule)
    return columns_of(
        found, [key.column.name for key in command.keys], [each.name for each in command.outputs]
    )
