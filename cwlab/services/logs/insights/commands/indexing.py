"""``filterIndex``: nothing but events that a field index holds."""

from __future__ import annotations

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.indexed import Question, asked, holds
from cwlab.services.logs.insights.tree import tree


def filter_index(chain: Chain, command: nodes.FilterIndex) -> None:
    """Events with the value, of groups indexed on the field, that came in while they were."""
    field = asked(command.condition)
    if field is None:
        raise chain.refuse(
            command.condition,
            "filterIndex with another condition",
            'It takes one field: filterIndex requestId = "…", or filterIndex requestId in ["…", "…"].',
        )
    if chain.matched is not None:
        raise chain.refuse(command, "filterIndex after stats, limit or dedup", "Put it before them.")
    condition = chain.expressions().condition(command.condition)
    if not chain.raw(field):
        raise chain.refuse(
            field, f"an index on {field.name}, which the query computes", "Name a field of the events."
        )
    known = holds(field.name, chain.table(command))
    chain.step(chain.all().where(tree(":known AND :met", known=known, met=condition), copy=False))
    chain.filtered = chain.last()
    chain.questions.append(Question(field, command.condition, True))
