"""``anomaly``: what is unusual about patterns, beside what ``pattern`` made. Source: user guide, anomaly.

The guide says that the input's fields stay and results are added, not how those are called: ``COLUMNS``. The rules are in
``unusual``. Of priorities the API reference says that they follow from the severity and from how large a deviation is.
"""

from __future__ import annotations

from cwlab.services.logs.insights import nodes, unusual
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.commands.pattern import severity
from cwlab.services.logs.insights.patterns import step
from cwlab.services.logs.insights.tree import column, number, tree
from cwlab.services.logs.insights.values import Value

COLUMNS = {"@anomaly": "kinds", "@description": "sentences", "@priority": "priority"}
STRONG = 6  # standard deviations from which on the priority is one higher


def anomaly(chain: Chain, command: nodes.Anomaly) -> None:
    """Three more columns, absent where nothing is unusual: the kinds found, a sentence for each, and HIGH, MEDIUM or LOW."""
    if chain.patterned is None or "@pattern" not in chain.known:
        raise chain.refuse(command, "anomaly without pattern", "Write | pattern @message | anomaly.")
    if any(isinstance(each, nodes.Anomaly) for each in chain.commands):
        raise chain.refuse(command, "a second anomaly", "Once is enough: leave it out.")
    rows = chain.last()
    kinds = step(
        chain,
        """SELECT pattern, rank, kind, array_to_string(list(sentence ORDER BY token), ' ') AS sentences,
                  MAX(deviation) AS deviation
           FROM found GROUP BY pattern, rank, kind""",
        {"found": unusual.found(chain, chain.patterned.grouped)},
    )
    judged = step(
        chain,
        """SELECT pattern, array_to_string(list(kind ORDER BY rank), ', ') AS kinds,
                  array_to_string(list(sentences ORDER BY rank), ' ') AS sentences,
                  CASE WHEN :severity = 'Error' THEN 2 WHEN :severity = 'Warning' THEN 1 ELSE 0 END
                  + CASE WHEN MAX(deviation) >= :strong THEN 1 ELSE 0 END AS weight
           FROM kinds GROUP BY pattern""",
        {"kinds": kinds},
        severity=severity(column("pattern")),
        strong=number(STRONG),
    )
    from sqlglot import exp

    names = {name: chain.unique(name) for name in COLUMNS}
    values = {
        "priority": tree(
            "CASE j.weight WHEN 0 THEN 'LOW' WHEN 1 THEN 'MEDIUM' ELSE CASE WHEN j.weight >= 2 THEN 'HIGH' END END"
        )
    }
    more = [
        exp.alias_(values.get(made, column(made, "j")), exp.to_identifier(names[name], quoted=True))
        for name, made in COLUMNS.items()
    ]
    own = exp.Column(this=exp.Star(), table=exp.to_identifier("r"))
    same = tree(":a = :b", a=column("pattern", "j"), b=column(chain.known["@pattern"].sql.name, "r"))
    select = exp.select(own, *more).from_(exp.to_table(rows).as_("r"))
    chain.step(select.join(exp.to_table(judged).as_("j"), on=same, join_type="left", copy=False))
    added = [(name, Value(column(names[name]), "text")) for name in COLUMNS]
    chain.known |= dict(added)
    chain.shown = [*chain.shown, *added]
