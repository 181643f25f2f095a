"""From the text of a search to its terms.

>>> parse(' {AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT test ')
Query(schema=Schema(namespace='AWS/EC2', dimensions=('InstanceId',)),
      term=All(terms=(Designated(property='MetricName', term=Exact(text='CPUUtilization')), Not(term=Words(text='test')))))
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cwlab.naming import Mistake, Named
from cwlab.services.cloudwatch.math.errors import MathError
from cwlab.services.cloudwatch.search import nodes
from cwlab.services.cloudwatch.search.mistakes import BY_CHARACTER, BY_EXAMPLE, OTHER, TOO_LONG

if TYPE_CHECKING:
    from lark import Lark, Tree, UnexpectedInput

MAX_LENGTH = 1024
_BARE = re.compile(r'(?<!\\)"')
_ESCAPED = re.compile(r"""\\(["'\\()])""")


class SearchError(MathError):
    """A search that AWS would refuse. Its column counts from the start of the search, which stands in an expression."""

    def __init__(self, search: str, column: int, mistake: Mistake) -> None:
        super().__init__(f"Invalid SEARCH parameter: {search}", column, mistake, whole=True, text=search)

    def located(self, id: str, text: str, column: int | None = None) -> MathError:
        assert self.text is not None and self.column is not None
        at = self.column + max(0, text.find(self.text))
        return MathError(self.reason, at, self.mistake, whole=True, id=id, text=text)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # takes a while, and most requests search for nothing

    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=True)


@lru_cache(maxsize=1)
def _mistakes() -> Named[Mistake]:
    return Named(_parser(), BY_EXAMPLE)


@lru_cache(maxsize=256)
def parse(text: str) -> nodes.Query:
    """What the text asks for.

    Raises:
        SearchError: it is longer than 1,024 characters, or no search; with the column and the mistake.
    """
    from lark import UnexpectedInput

    if len(text) > MAX_LENGTH:
        raise SearchError(text, MAX_LENGTH + 1, TOO_LONG)
    # Inside an expression's double quotation marks, those of the search have a backslash, every one of them.
    inner = text.replace('\\"', '"') if '"' in text and not _BARE.search(text) else text
    try:
        tree: Any = _parser().parse(inner)
    except UnexpectedInput as error:
        raise _named(inner, text, error) from None
    schema, term = tree.children[0], tree.children[-1]
    names = [] if schema is None else [_text(token) for token in schema.children]
    return nodes.Query(
        nodes.Schema(names[0], tuple(names[1:])) if names else None, None if term is None else _built(term)
    )


def _named(text: str, original: str, error: UnexpectedInput) -> SearchError:
    """The parser's complaint as a mistake a person makes."""
    from lark import UnexpectedToken

    at: int = error.pos_in_stream or 0
    if not 0 <= at < len(text) or getattr(error, "token", None) == "":
        at = len(text.rstrip())
    if isinstance(error, UnexpectedToken):
        mistake = _mistakes()(error) or OTHER
    else:
        mistake = BY_CHARACTER.get(text[at : at + 1], OTHER)
    escapes = text[:at].count('"') if text != original else 0
    return SearchError(original, at + escapes + 1, mistake)


def _text(token: Any) -> str:
    """What a word or a quoted string says."""
    if token.type == "WORD":
        return str(token)
    return _ESCAPED.sub(r"\1", token[1:-1])


def _built(tree: Tree[Any]) -> nodes.Term:
    """Terms from Lark's tree, the innermost first and without recursion."""
    built: dict[int, nodes.Term] = {}
    for part in tree.iter_subtrees():
        given: list[Any] = [
            item for item in part.children if getattr(item, "type", "") not in ("AND", "OR", "NOT")
        ]
        made: nodes.Term
        match part.data:
            case "leaf":
                (token,) = given
                made = nodes.Words(str(token)) if token.type == "WORD" else nodes.Exact(_text(token))
            case "designated":
                made = nodes.Designated(_text(given[0]), built[id(given[1])])
            case "negated":
                made = nodes.Not(built[id(given[0])])
            case "all":
                made = nodes.All(tuple(built[id(item)] for item in given))
            case "any":
                made = nodes.Any(tuple(built[id(item)] for item in given))
            case _:
                raise AssertionError(part.data)
        built[id(part)] = made
    return built[id(tree)]
