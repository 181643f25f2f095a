"""SQL as sqlglot's trees: a constant template with holes, and trees to put into them. Text of a query is never pasted.

>>> tree("coalesce(:value, :other)", value=column("a b"), other=text("it's")).sql("duckdb")
'COALESCE("a b", \\'it\\'\\'s\\')'
>>> tree(":a * :b", a=tree("x + 1"), b=number(2)).sql("duckdb")
'(x + 1) * 2'
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot.expressions import Expression


@lru_cache(maxsize=512)
def _template(source: str) -> Expression:
    import sqlglot

    return sqlglot.parse_one(source, read="duckdb")


def tree(source: str, /, **holes: Any) -> Expression:
    """A template's tree with its holes (``:name``) filled."""
    from sqlglot import exp

    atoms = (exp.Column, exp.Literal, exp.Paren, exp.Func, exp.Null, exp.Boolean, exp.Identifier, exp.Select)

    made = _template(source).copy()
    for hole in list(made.find_all(exp.Placeholder)):
        value = own(holes[hole.name])
        if not isinstance(value, atoms) or isinstance(value, exp.Connector):
            value = exp.paren(value, copy=False)
        if hole is made:
            return value
        hole.replace(value)
    return made


def own(value: Expression) -> Expression:
    """A tree that may be put into another: itself when it is in none yet, or a copy."""
    return value if value.parent is None else value.copy()


def call(name: str, *arguments: Expression) -> Expression:
    """A function of the engine, by its name."""
    from sqlglot import exp

    return exp.Anonymous(this=name, expressions=[own(each) for each in arguments])


def column(name: str, table: str | None = None) -> Expression:
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=True), table)


def text(value: str) -> Expression:
    from sqlglot import exp

    return exp.Literal.string(value)


def number(value: float) -> Expression:
    """A whole number as it is, any other as a DOUBLE."""
    from sqlglot import exp

    if isinstance(value, int):
        return exp.Literal.number(value)
    return exp.Cast(this=exp.Literal.number(repr(value)), to=exp.DataType(this=exp.DType.DOUBLE))


def array(*items: Expression) -> Expression:
    from sqlglot import exp

    return exp.Array(expressions=[own(each) for each in items])


def joined(parts: list[Expression], word: str) -> Expression:
    """Conditions joined by AND or OR, as a balanced tree: a thousand of them nest ten deep."""
    from sqlglot import exp

    kind = exp.And if word == "and" else exp.Or
    while len(parts) > 1:
        pairs = [parts[n : n + 2] for n in range(0, len(parts), 2)]
        parts = [
            exp.paren(kind(this=pair[0], expression=pair[1]), copy=False) if len(pair) == 2 else pair[0]
            for pair in pairs
        ]
    return parts[0]
