"""``pattern``: the patterns of texts instead of events. Source: user guide, pattern.

AWS names @pattern, @ratio, @sampleCount and @severityLabel. The service is seen to give more (@PatternId, @tokens, @logSamples,
…), which is not documented and not modeled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes, patterns
from cwlab.services.logs.insights.chain import EVENTS, Chain
from cwlab.services.logs.insights.tree import column, text, tree
from cwlab.services.logs.insights.values import Value

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

_ANY = "|".join(patterns.SEVERITIES.values())


def pattern(chain: Chain, command: nodes.Pattern) -> None:
    """One row for each pattern, the most frequent first."""
    texts = taken(chain, command, command.source)
    grouped = patterns.group(chain, texts)
    patterns.step(
        chain,
        """SELECT pattern, SUM(events) AS events, SUM(events) / SUM(SUM(events)) OVER () AS ratio
           FROM counted AS c JOIN named AS n ON n.skeleton = c.skeleton GROUP BY pattern""",
        {"counted": grouped.counted, "named": grouped.named},
    )
    shown(
        chain,
        {
            "@pattern": Value(column("pattern"), "text"),
            "@ratio": Value(column("ratio"), "num"),
            "@sampleCount": Value(column("events"), "num"),
            "@severityLabel": Value(severity(column("pattern")), "text"),
        },
        [("@sampleCount", True), ("@pattern", False)],
    )
    chain.patterned = patterns.Patterned(texts, grouped)


def taken(chain: Chain, command: nodes.Node, source: nodes.Node) -> patterns.Texts:
    """The texts to make patterns of.

    Raises:
        QueryError: they are gone, or are no texts.
    """
    if chain.grouped:
        maker = "pattern" if chain.patterned else "stats"
        name = type(command).__name__.lower()
        raise chain.refuse(command, f"{name} after {maker}", f"The events are gone; put it before {maker}.")
    value = chain.expressions().value(source)
    if value.kind != "text" or value.literal is not None:
        raise chain.refuse(
            source,
            "no text to make patterns of",
            "Name @message, a field that parse made, or a function that gives a text.",
        )
    chain.closed()
    return patterns.Texts((chain.last(),), value, len(chain.steps))


def shown(chain: Chain, made: dict[str, Value], order: list[tuple[str, bool]]) -> None:
    """A step with these columns and no others; they are the answer's, in this order."""
    from sqlglot import exp

    chain.used = {"found", *EVENTS}
    known, selected = {}, []
    for name, value in made.items():
        where = chain.unique(name)
        selected.append(exp.alias_(value.sql.copy(), exp.to_identifier(where, quoted=True)))
        known[name] = Value(column(where), value.kind)
    chain.step(exp.select(*selected).from_(chain.last()))
    chain.known = known
    chain.grouped += 1
    chain.shown, chain.displayed = list(known.items()), None
    chain.order = [(str(known[name].sql.name), down) for name, down in order]


def severity(pattern: Expression) -> Expression:
    """The label of a pattern's severity, null where no word tells it.

    Of words in capitals the first counts, as a logger writes its level before the message; where there are none, the most
    severe word in any case.
    """
    from sqlglot import exp

    first = tree("regexp_extract(:p, :words)", p=pattern, words=text(rf"\b(?:{_ANY})\b"))
    by_first = [
        exp.If(
            this=exp.In(this=first.copy(), expressions=[text(word) for word in words.split("|")]),
            true=text(label),
        )
        for label, words in patterns.SEVERITIES.items()
    ]
    by_any = [
        exp.If(
            this=tree("regexp_matches(:p, :words)", p=pattern, words=text(rf"(?i)\b(?:{words})\b{more}")),
            true=text(label),
        )
        for (label, words), more in zip(
            patterns.SEVERITIES.items(), (r"|Exception\b", "", "", ""), strict=True
        )
    ]
    return exp.Case(ifs=by_first + by_any)
