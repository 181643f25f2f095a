"""``diff``: how often each pattern was, against an earlier window as long. Source: user guide, diff and compare.

The patterns are those of both windows together, so that a word which varies in one of them is a token in both. The guide
shows pattern, event count, difference event count, difference description and severity; how the columns are called in an
answer and how a change is described is not documented: ``COLUMNS`` and ``_described``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes, patterns
from cwlab.services.logs.insights.chain import Chain, Matched
from cwlab.services.logs.insights.commands.pattern import severity, shown, taken
from cwlab.services.logs.insights.tree import column, tree
from cwlab.services.logs.insights.values import Value

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

COLUMNS = ("@pattern", "@sampleCount", "@diffEventCount", "@differenceDescription", "@severityLabel")


def diff(chain: Chain, command: nodes.Diff) -> None:
    """One row for each pattern of either window, the greatest change first."""
    before = [each for each in chain.commands if not isinstance(each, nodes.Source)]
    source: nodes.Node = nodes.Field(command.at, command.end, "@message", ("@message",))
    if chain.patterned is not None:
        last = before.pop()
        if not isinstance(last, nodes.Pattern):
            raise chain.refuse(command, "a command between pattern and diff", "Write | pattern … | diff.")
        source, texts = last.source, chain.patterned.texts
        del chain.steps[texts.steps :]
    else:
        texts = taken(chain, command, source)
    if any(isinstance(each, nodes.Limit) for each in before):
        raise chain.refuse(command, "diff after limit", "Compare all events: leave limit out.")
    if len(chain.chains) > 1:
        raise chain.refuse(
            command,
            "diff with other events beside (join, a subquery, unmask) is not modeled in this version of cwlab",
            "Leave them out.",
        )
    other = chain.beside(command, before)
    value = other.expressions().value(source)
    other.closed()
    assert value.sql == texts.value.sql
    _count(chain, other)
    grouped = patterns.group(chain, texts._replace(tables=(*texts.tables, other.last())))
    patterns.step(
        chain,
        """SELECT pattern, COUNT(*) FILTER (WHERE of_window = 0) AS now, COUNT(*) FILTER (WHERE of_window = 1) AS earlier
           FROM shaped AS s JOIN named AS n ON n.skeleton = s.skeleton GROUP BY pattern""",
        {"shaped": grouped.shaped, "named": grouped.named},
    )
    patterns.step(chain, "SELECT *, abs(now - earlier) AS change FROM counts", {"counts": chain.last()})
    name, count, difference, description, label = COLUMNS
    made = {
        name: Value(column("pattern"), "text"),
        count: Value(column("now"), "num"),
        difference: Value(tree("now - earlier"), "num"),
        description: Value(_described(), "text"),
        label: Value(severity(column("pattern")), "text"),
        "change": Value(column("change"), "num"),
    }
    shown(chain, made, [("change", True), (name, False)])
    chain.shown = [(each, value) for each, value in chain.shown if each in COLUMNS]


def _described() -> Expression:
    """New, Gone, No change, or by how many percent more or fewer, rounded up."""
    return tree(
        """CASE WHEN earlier = 0 THEN 'New' WHEN now = 0 THEN 'Gone' WHEN now = earlier THEN 'No change'
                ELSE CAST(CAST(ceil(100.0 * change / earlier) AS BIGINT) AS TEXT) || '% '
                     || CASE WHEN now > earlier THEN 'more' ELSE 'fewer' END END"""
    )


def _count(chain: Chain, other: Chain) -> None:
    """What matched is what passed the filters in both windows."""
    from sqlglot import exp

    both = [
        patterns.select("SELECT 1 AS one FROM passed", {"passed": each.filtered or f"input{each.number}"})
        for each in (chain, other)
    ]
    chain.step(exp.Union(this=both[0], expression=both[1], distinct=False))
    chain.matched = Matched(chain.last())
