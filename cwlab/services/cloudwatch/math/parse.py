"""From the text of an expression to its nodes.

>>> parse("SUM(METRICS('errors')) / 2").right
Number(at=25, end=26, value=2.0)
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cwlab.naming import Mistake, Named
from cwlab.services.cloudwatch.math import nodes
from cwlab.services.cloudwatch.math.errors import MathError
from cwlab.services.cloudwatch.math.mistakes import (
    BY_CHARACTER,
    BY_EXAMPLE,
    BY_TOKEN,
    NO_NOT,
    OTHER,
    OTHER_CHARACTER,
    SQL,
)

if TYPE_CHECKING:
    from lark import Lark, Tree, UnexpectedInput

_SQL = re.compile(r"\s*select\b", re.IGNORECASE)
_NOT = re.compile(r"\bnot\s*$", re.IGNORECASE)
SAME = {"||": "OR", "&&": "AND"}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # takes a while, and most requests hold no expression

    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True)


@lru_cache(maxsize=1)
def _mistakes() -> Named[Mistake]:
    return Named(_parser(), BY_EXAMPLE)


@lru_cache(maxsize=1024)
def parse(text: str) -> nodes.Node:
    """The expression's tree.

    Raises:
        MathError: ``Invalid syntax``, with the column and the mistake.
    """
    from lark import UnexpectedInput

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _named(text, error) from None
    return _built(tree)


def _named(text: str, error: UnexpectedInput) -> MathError:
    """The parser's complaint as a mistake a person makes."""
    from lark import UnexpectedCharacters

    at = -1 if error.pos_in_stream is None else error.pos_in_stream
    if not 0 <= at < len(text) or getattr(error, "token", None) == "":
        at = len(text.rstrip())
    token = getattr(getattr(error, "token", None), "type", "")
    if isinstance(error, UnexpectedCharacters):
        mistake = BY_CHARACTER.get(text[at : at + 1], OTHER_CHARACTER)
    elif _SQL.match(text):
        mistake = SQL
    elif _NOT.search(text[:at]):
        mistake = NO_NOT
    else:
        mistake = _mistakes()(error) or BY_TOKEN.get(token, OTHER)
    return MathError("Invalid syntax", at + 1, mistake, text=text)


def _built(tree: Tree[Any]) -> nodes.Node:
    """Nodes from Lark's tree, the innermost first and without recursion."""
    built: dict[int, nodes.Node] = {}

    def node(item: Any) -> nodes.Node:
        return built[id(item)]

    for part in tree.iter_subtrees():
        at, end = part.meta.start_pos, part.meta.end_pos
        given: list[Any] = part.children
        made: nodes.Node
        match part.data:
            case "number":
                made = nodes.Number(at, end, float(given[0]))
            case "text":
                made = nodes.Text(at, end, given[0][1:-1])
            case "reference":
                made = nodes.Reference(at, end, str(given[0]))
            case "word":
                made = nodes.Word(at, end, str(given[0]))
            case "array":
                made = nodes.Array(at, end, tuple(node(item) for item in given))
            case "negative":
                made = nodes.Negative(at, end, node(given[1]))
            case "operation":
                left, sign, right = given
                made = nodes.Operation(
                    sign.start_pos, end, SAME.get(str(sign), str(sign)), node(left), node(right)
                )
            case "call":
                made = nodes.Call(
                    at, end, str(given[0]), tuple(node(item) for item in given[1:] if item is not None)
                )
            case _:
                raise AssertionError(part.data)
        built[id(part)] = made
    return built[id(tree)]
