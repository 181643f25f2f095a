"""The commands, each by the steps it adds to the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.commands import (
    anomaly,
    columns,
    diff,
    indexing,
    lookup,
    other,
    parsing,
    pattern,
    rows,
    stats,
    unmasking,
    unnesting,
)

APPLY: dict[type[nodes.Node], Callable[[Chain, Any], None]] = {
    nodes.Fields: columns.fields,
    nodes.Display: columns.display,
    nodes.Filter: rows.filter_,
    nodes.FilterIndex: indexing.filter_index,
    nodes.Unmask: unmasking.unmask,
    nodes.Lookup: lookup.lookup,
    nodes.Sort: rows.sort,
    nodes.Limit: rows.limit,
    nodes.Dedup: rows.dedup,
    nodes.ParseGlob: parsing.parse_glob,
    nodes.ParseRegex: parsing.parse_regex,
    nodes.Stats: stats.stats,
    nodes.Pattern: pattern.pattern,
    nodes.Anomaly: anomaly.anomaly,
    nodes.Diff: diff.diff,
    nodes.Unnest: unnesting.unnest,
    nodes.Source: other.source,
    nodes.Join: other.join,
    nodes.Estimate: other.estimate,
}


def apply(chain: Chain, commands: Sequence[nodes.Node]) -> None:
    """Add the steps of commands, in order.

    Raises:
        QueryError: MalformedQueryException, with the place.
    """
    for command in commands:
        if chain.estimated:
            raise chain.refuse(command, "a command after estimate", "It is the last command of a query.")
        if (
            chain.commands
            and isinstance(chain.commands[-1], nodes.Diff)
            and not isinstance(command, nodes.Estimate)
        ):
            raise chain.refuse(command, "a command after diff", "It is the last command of a query.")
        if chain.deduped and not isinstance(command, nodes.Limit | nodes.Estimate):
            raise chain.refuse(
                command, "a command after dedup", "Only limit may follow it: put the others before."
            )
        APPLY[type(command)](chain, command)
        chain.commands.append(command)
