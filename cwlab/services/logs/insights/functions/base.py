"""What a function is: how many arguments it takes and what it makes of them, as an expression of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.tree import call, tree
from cwlab.services.logs.insights.values import Value, num

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MANY = 99  # arguments at most


@dataclass(frozen=True, slots=True)
class Site:
    """Where a function is called.

    Args:
        query: the text, for the places of mistakes.
        span: the time the query is about, ms, both ends included.
    """

    query: str
    node: nodes.Call
    span: tuple[int, int]

    def refuse(self, argument: int | None, name: str, remedy: str) -> QueryError:
        """A mistake in an argument, counted from 0; in the whole call when None."""
        node = self.node if argument is None else self.node.arguments[argument]
        return QueryError(self.query, node.at, node.end, Mistake(name, remedy))

    def text(self, argument: int, value: Value, what: str, example: str) -> str:
        """The text of an argument that has to be written out, since the statement is built from it."""
        if value.literal is None or value.kind != "text":
            raise self.refuse(argument, f"{what} that is no text in quotes", f"Write it out: {example}.")
        return value.literal


class Function(NamedTuple):
    """How many arguments it takes, and its value. ``make`` takes the values; where ``sited``, the ``Site`` first."""

    least: int
    most: int
    make: Callable[..., Value]
    sited: bool = False


def a_number(sql: Expression) -> Value:
    return Value(sql, "num")


def a_text(sql: Expression) -> Value:
    return Value(sql, "text")


def a_condition(sql: Expression) -> Value:
    return Value(tree("COALESCE(:x, FALSE)", x=sql), "bool")


def a_digit(sql: Expression) -> Value:
    """1 or 0, null of null."""
    return Value(tree("CAST(CAST(:x AS INTEGER) AS DOUBLE)", x=sql), "num")


def plain(name: str) -> Callable[[Value], Value]:
    """A function of numbers that the engine has under that name."""
    return lambda a: a_number(call(name, num(a)))


def bound(name: str, sql: Expression, template: str, **holes: Expression) -> Expression:
    """A template that mentions ``sql`` by a name as often as it likes, while the statement holds it once.

    Args:
        template: an expression in which ``name`` stands for the value.
    """
    return tree(f"LIST_EXTRACT([{template} FOR {name} IN [:bound_value]], 1)", bound_value=sql, **holes)
