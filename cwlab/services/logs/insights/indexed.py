"""Field indexes at work in a query: which events they let pass over, and what ``filterIndex`` leaves.

A filter that asks one field for one value, or for one of several, needs no look at events that an index knows to have
another. The unit is one event: it is skipped when an index holds it and its value is not asked for. Source: user guide,
"Create field indexes to improve query performance and reduce scan volume".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cwlab.services.logs.history import Moment
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.tree import joined, text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

    from cwlab.services.logs.insights.chain import Chain

TABLE = "indexed"  # the spans of indexes, for the statement that counts what is skipped
COLUMNS = ("of_log", "of_field", "since_ms", "since_place", "until_ms", "until_place")
_LITERALS = (nodes.Text, nodes.Number)
Row = tuple[str | None, ...]


class Question(NamedTuple):
    """A condition on one field that an index can answer. ``forced``: by ``filterIndex``."""

    field: nodes.Field
    condition: nodes.Node
    forced: bool


class Skipping(NamedTuple):
    """What a query can tell of the events that indexes let pass over: how many, how many bytes.

    Args:
        fields: whose indexes it asks.
        forced: it reads nothing but what they hold.
        text: writes the statement.
    """

    fields: frozenset[str]
    forced: bool
    text: Callable[[], str]

    def worth(self, spans: Mapping[str, Sequence[str | None]]) -> bool:
        """Whether anything can be passed over with these indexes."""
        return self.forced or not self.fields.isdisjoint(spans["of_field"])


def rows(log: str, spans: Mapping[str, Sequence[tuple[Moment, Moment | None]]]) -> Iterator[Row]:
    """A group's spans as rows of a table of ``COLUMNS``."""
    for field, every in spans.items():
        for since, until in every:
            yield (log, field, *map(str, since), *((None, None) if until is None else map(str, until)))


def columns(found: Iterable[Row]) -> dict[str, Sequence[str | None]]:
    """Rows as a table for the engine."""
    turned = list(zip(*found, strict=True)) or [()] * len(COLUMNS)
    return dict(zip(COLUMNS, turned, strict=True))


def questions(condition: nodes.Node, raw: Callable[[nodes.Field], bool]) -> Iterator[Question]:
    """The parts of a condition, joined by ``and``, that an index of a field can answer.

    Args:
        raw: whether a field is the event's own; what a query computes no index knows.
    """
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Operation) and node.operator == "and":
            waiting += (node.right, node.left)
        field = asked(node)
        if field is not None and raw(field):
            yield Question(field, node, False)


def asked(node: nodes.Node) -> nodes.Field | None:
    """The field of ``f = value`` or ``f in [value, …]``; None for any other condition."""
    match node:
        case nodes.Operation(operator="=", left=nodes.Field() as field, right=value) if _literal(value):
            return field
        case nodes.Operation(operator="=", left=value, right=nodes.Field() as field) if _literal(value):
            return field
        case nodes.Within(operand=nodes.Field() as field, items=items) if all(map(_literal, items)):
            return field
    return None


def _literal(node: nodes.Node) -> bool:
    return isinstance(node.operand if isinstance(node, nodes.Negative) else node, _LITERALS)


def holds(field: str, table: str) -> Expression:
    """Whether a field's index holds an event: it came in while there was one."""
    return tree(
        f"""EXISTS (SELECT 1 FROM {table} AS spans WHERE of_log = log AND of_field = :field
            AND (CAST(since_ms AS BIGINT) < ingested
                 OR CAST(since_ms AS BIGINT) = ingested AND CAST(since_place AS BIGINT) <= place)
            AND (until_ms IS NULL OR CAST(until_ms AS BIGINT) > ingested
                 OR CAST(until_ms AS BIGINT) = ingested AND CAST(until_place AS BIGINT) > place))""",  # noqa: S608
        field=text(field),
    )


def passed_over(chain: Chain) -> Expression:
    """Whether an index spares the query a look at an event."""
    from cwlab.services.logs.insights.expressions import Expressions

    def raw(field: nodes.Field) -> object:
        return chain.discovered[field.parts] if field.parts in chain.discovered else chain.system(field.name)

    look = Expressions(chain.query, raw, lambda node: None, chain.now_ms, None)  # type: ignore[arg-type]
    parts = []
    for test in chain.questions:
        known, met = holds(test.field.name, TABLE), look.condition(test.condition)
        form = "NOT (:known AND :met)" if test.forced else ":known AND NOT :met"
        parts.append(tree(form, known=known, met=met))
    return joined(parts, "or")
