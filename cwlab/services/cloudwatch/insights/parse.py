r"""From the text of a Metrics Insights query to the query.

Messages are those observed on the live service; how it words a query that ends too early is known only for a missing FROM.

>>> parse("select max(CPU) from SCHEMA(\"My/App\", Host) where Host != 'a' group by Host order by max() desc limit 5")
Query(function='MAX', metric='CPU', namespace='My/App', dimensions=frozenset({'Host'}),
      where=(Condition(key=Key(name='Host', prefix=None), equal=False, value='a'),),
      group=(Key(name='Host', prefix=None),), order=Order(function='MAX', descending=True), limit=5)
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cwlab.errors import NotModelled
from cwlab.naming import Mistake, Named
from cwlab.services.cloudwatch.insights import mistakes
from cwlab.services.cloudwatch.insights.nodes import Condition, Key, Order, Query
from cwlab.services.cloudwatch.math.errors import MathError

if TYPE_CHECKING:
    from lark import Lark, Token, UnexpectedInput

FUNCTIONS = ("AVG", "COUNT", "MAX", "MIN", "SUM")
MAX_LENGTH = 2048
_BEGINS = re.compile(r"\s*SELECT(?!\w)", re.IGNORECASE)
_ESCAPED = re.compile(r"""\\(["'])""")
_NEAR = 32  # characters that AWS repeats of what it did not understand; of a longer rest 29, and three dots


def is_query(expression: str) -> bool:
    """Whether an expression is SQL and not metric math.

    >>> is_query(" select avg(m) from n"), is_query("SUM(METRICS())")
    (True, False)
    """
    return _BEGINS.match(expression) is not None


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # takes a while, and most requests hold no query

    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=True)


@lru_cache(maxsize=1)
def _mistakes() -> Named[Mistake]:
    return Named(_parser(), mistakes.BY_EXAMPLE)


@lru_cache(maxsize=1)
def reserved() -> frozenset[str]:
    """Words that may not be names outside quotation marks, in capitals.

    AWS's page lists 917; these are the 411 of them that the live service was seen to refuse as reserved. (The keywords of
    the grammar are refused by it.)
    """
    return frozenset(files(__package__).joinpath("reserved.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """The query that the text asks.

    Raises:
        MathError: with AWS's message, the column and the mistake.
        NotModelled: it filters or groups by resource tags.
    """
    from lark import UnexpectedInput

    if len(text) > MAX_LENGTH:
        reason = f"The expression must not be longer than {MAX_LENGTH} characters."
        raise MathError(reason, MAX_LENGTH + 1, mistakes.TOO_LONG, text=text)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _named(text, error) from None
    return _Reader(text).query(tree)


def _named(text: str, error: UnexpectedInput) -> MathError:
    """The parser's complaint: AWS's words, and the mistake a person makes."""
    from lark import UnexpectedToken

    at: int = error.pos_in_stream or 0
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    if not 0 <= at < len(text) or ended:
        at = len(text.rstrip())
    if isinstance(error, UnexpectedToken):
        mistake = _mistakes()(error) or mistakes.OTHER
    else:
        limit = re.search(r"\bLIMIT\s*$", text[:at], re.IGNORECASE)
        mistake = mistakes.NO_LIMIT if limit else mistakes.BY_CHARACTER.get(text[at : at + 1], mistakes.OTHER)
    # Observed: what has no FROM is not understood from its function on, and a list that is none not at all.
    without_from = ended and re.fullmatch(r"\s*SELECT\s+(\w+\s*\(\s*[^()]+\))\s*", text, re.IGNORECASE)
    if without_from:
        return MathError(_near(without_from[1]), at + 1, mistake, text=text)
    if ended or not re.match(r"\s*SELECT\s+\w+\s*\(", text, re.IGNORECASE):
        return MathError("Invalid syntax", at + 1, mistake, text=text)
    return MathError(_near(text[at:].rstrip()), at + 1, mistake, text=text)


def _near(rest: str) -> str:
    shown = rest if len(rest) <= _NEAR else f"{rest[: _NEAR - 3]}..."
    return f"Invalid syntax near '{shown}'"


class _Reader:
    """Reads a query off Lark's tree, and refuses what grammar alone lets through."""

    def __init__(self, text: str) -> None:
        self._text = text

    def query(self, tree: Any) -> Query:
        _, function, _, source, where, group, order, limit = tree.children
        called, metric = function.children
        names = [self._name(child) for child in source.children if getattr(child, "data", "") == "name"]
        return Query(
            self._function(called, "aggregate"),
            self._name(metric),
            names[0],
            frozenset(names[1:]) if source.data == "schema" else None,
            tuple(self._condition(c) for c in where.children[1::2]) if where is not None else (),
            tuple(self._key(k) for k in group.children[2:]) if group is not None else (),
            self._order(order) if order is not None else None,
            self._limit(limit.children[1]) if limit is not None else None,
        )

    def _refuse(self, reason: str, at: int, mistake: Mistake) -> MathError:
        return MathError(f"Invalid syntax. {reason}", at + 1, mistake, text=self._text)

    def _function(self, token: Token, kind: str) -> str:
        name = token.upper()
        if name not in FUNCTIONS:
            what = f"'{token}' is not a valid {kind} function"
            raise self._refuse(what, _at(token), mistakes.NO_FUNCTION)
        return name

    def _name(self, tree: Any) -> str:
        (token,) = tree.children
        if token.type == "QUOTED":
            return _ESCAPED.sub(r"\1", token[1:-1])
        if token.upper() in reserved():
            reason = f"Reserved keyword '{token}' must be surrounded by double quotes"
            raise self._refuse(reason, _at(token), mistakes.RESERVED)
        return str(token)

    def _key(self, tree: Any) -> Key:
        first, second = tree.children
        if second is None:
            return Key(self._name(first))
        prefix, name = self._name(first), self._name(second)
        if prefix.lower() == "tag":
            raise NotModelled(
                f"Metrics Insights by resource tags (tag.{name})",
                "Filter and group by dimensions or AWS.AccountId.",
            )
        if (prefix, name) != ("AWS", "AccountId"):
            rest = self._text[_at(first.children[0]) + len(first.children[0]) :]
            raise MathError(_near(rest.rstrip()), _at(second.children[0]), mistakes.OTHER, text=self._text)
        return Key(name, prefix)

    def _condition(self, tree: Any) -> Condition:
        key, comparison, value = tree.children
        if value.data == "identifier":
            reason = "Comparing identifiers is not supported. Values must be surrounded by single quotes"
            raise self._refuse(reason, _at(value.children[0].children[0]), mistakes.NO_QUOTES)
        token = value.children[0]
        found: str | None = None
        if token.type == "STRING":
            found = _ESCAPED.sub(r"\1", token[1:-1])
        elif token.upper() != "CURRENT_ACCOUNT_ID":
            raise MathError(
                _near(self._text[_at(token) :].rstrip()), _at(token) + 1, mistakes.OTHER, text=self._text
            )
        return Condition(self._key(key), comparison.type == "EQUAL", found)

    def _order(self, tree: Any) -> Order:
        _, _, function, _, direction = tree.children
        return Order(self._function(function, "ORDER BY"), direction is not None and direction.type == "DESC")

    def _limit(self, token: Token) -> int:
        if not int(token):
            raise self._refuse("LIMIT must be greater than 0", _at(token), mistakes.LOW_LIMIT)
        return int(token)


def _at(token: Token) -> int:
    assert token.start_pos is not None
    return token.start_pos
