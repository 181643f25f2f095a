"""What a log class takes away from the query language.

Groups of class INFREQUENT_ACCESS know all commands but five. Source: user guide, "Log classes" and CWL_QuerySyntax (pattern,
diff, filterIndex, unmask); anomaly follows pattern. Which error it is, is not documented.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.linked import Place
from cwlab.services.logs.records import DELIVERY, STANDARD
from cwlab.services.logs.refusals import not_in_class

STANDARD_ONLY = frozenset(["pattern", "diff", "filterindex", "unmask", "anomaly"])
_WORD = re.compile(r"[A-Za-z]+")


def check(text: str, commands: Sequence[nodes.Node], places: Sequence[Place]) -> None:
    """Refuse commands that a group's class does not have.

    Raises:
        AwsError: InvalidOperationException, a group of class DELIVERY cannot be queried.
        QueryError: MalformedQueryException, a command that needs class STANDARD, at its place.
    """
    for place in places:
        if place.group.log_class == DELIVERY:
            raise not_in_class("StartQuery", place.group.name, DELIVERY)
    other = next((place.group for place in places if place.group.log_class != STANDARD), None)
    if other is None:
        return
    for command in commands:
        word = _WORD.match(text, command.at)
        if word is not None and word[0].lower() in STANDARD_ONLY:
            raise _refused(text, command.at, word.end(), word[0], other.name, other.log_class)
    for each in nodes.walk(commands):
        if isinstance(each, nodes.Call) and each.name in STANDARD_ONLY:
            raise _refused(text, each.at, each.end, each.name, other.name, other.log_class)


def _refused(text: str, at: int, end: int, word: str, group: str, log_class: str) -> QueryError:
    rule = Mistake(
        f"{word} over the log group {group}, which is of class {log_class}",
        f"Query groups of class {STANDARD}, or leave it out.",
    )
    return QueryError(text, at, end, rule)
