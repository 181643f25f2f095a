"""What a link between accounts shares: the filters of CloudWatch cross-account observability. Pure.

A filter speaks of one term, ``LogGroupName`` or ``Namespace``: ``=``, ``!=``, ``LIKE`` and ``NOT LIKE`` with a prefix,
``IN`` and ``NOT IN``, joined by at most five AND and OR; AND binds tighter (which is not documented). Names are in
single quotes, and their case counts. Source: OAM API reference, LogGroupConfiguration and MetricConfiguration.

>>> shares("LogGroupName LIKE '/aws/%' OR LogGroupName = 'shop'", "LogGroupName", "/aws/lambda/pay")
True
>>> shares("LogGroupName NOT IN ('shop', 'bank')", "LogGroupName", "shop")
False
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from cwlab.errors import BadInput

MOST_JOINED = 5
_WORDS = re.compile(r"\s*('[^']*'|!=|=|\(|\)|,|[A-Za-z]+|\S)")
_REMEDY = "Write it as LogGroupName LIKE '/aws/%' OR LogGroupName IN ('shop', 'bank')."


class Condition(NamedTuple):
    """One condition on a name; of a LIKE the value is the prefix."""

    operator: str  # = != LIKE IN
    values: tuple[str, ...]
    negated: bool

    def holds(self, name: str) -> bool:
        hit = name.startswith(self.values[0]) if self.operator == "LIKE" else name in self.values
        return hit != self.negated


def shares(filter_: str | None, term: str, name: str) -> bool:
    """Whether a filter lets a name through; without a filter, or with ``*``, everything is shared."""
    if filter_ is None or filter_ == "*":
        return True
    return any(all(each.holds(name) for each in both) for both in parsed(filter_, term))


@lru_cache(maxsize=256)
def parsed(filter_: str, term: str) -> tuple[tuple[Condition, ...], ...]:
    """The conditions of a filter: one of the outer, and of it all the inner, must hold.

    Raises:
        BadInput: it is no filter.
    """
    words = _WORDS.findall(filter_)
    words.reverse()
    found: list[list[Condition]] = [[]]
    joined = 0
    while True:
        found[-1].append(_condition(filter_, words, term))
        if not words:
            return tuple(map(tuple, found))
        word, joined = words.pop().upper(), joined + 1
        if word not in ("AND", "OR"):
            raise BadInput(filter_, f"has {word} where AND or OR joins two conditions.", _REMEDY)
        if joined > MOST_JOINED:
            raise BadInput(filter_, f"joins with more than {MOST_JOINED} AND and OR.", "Use IN ('a', 'b').")
        if word == "OR":
            found.append([])


def _condition(filter_: str, words: list[str], term: str) -> Condition:
    """The next condition; its words are taken off."""
    if _next(filter_, words) != term:
        raise BadInput(filter_, f"has a condition that does not begin with {term}.", _REMEDY)
    operator = _next(filter_, words).upper()
    negated = operator in ("NOT", "!=")
    if operator == "NOT":
        operator = _next(filter_, words).upper()
        if operator not in ("LIKE", "IN"):
            raise BadInput(filter_, "has NOT before something else than LIKE or IN.", _REMEDY)
    if operator == "IN":
        return Condition("IN", _list(filter_, words), negated)
    if operator not in ("=", "!=", "LIKE"):
        raise BadInput(
            filter_, f"has {operator} after {term}.", "Operators: =, !=, LIKE, NOT LIKE, IN, NOT IN."
        )
    value = _quoted(filter_, words)
    if operator == "LIKE":
        if not value.endswith("%") or "%" in value[:-1]:
            raise BadInput(filter_, "has a LIKE that is no prefix.", "End it with the only %: LIKE '/aws/%'.")
        return Condition("LIKE", (value[:-1],), negated)
    return Condition("=", (value,), negated)


def _list(filter_: str, words: list[str]) -> tuple[str, ...]:
    if _next(filter_, words) != "(":
        raise BadInput(filter_, "has IN without a parenthesis.", _REMEDY)
    values = [_quoted(filter_, words)]
    while (word := _next(filter_, words)) == ",":
        values.append(_quoted(filter_, words))
    if word != ")":
        raise BadInput(filter_, "has a list that is not closed.", _REMEDY)
    return tuple(values)


def _quoted(filter_: str, words: list[str]) -> str:
    word = _next(filter_, words)
    if len(word) < 2 or word[0] != "'":
        raise BadInput(filter_, "has a name without single quotation marks.", _REMEDY)
    return word[1:-1]


def _next(filter_: str, words: list[str]) -> str:
    if not words:
        raise BadInput(filter_, "ends too early.", _REMEDY)
    return words.pop()
