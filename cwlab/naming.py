"""Mistakes of syntax, named by examples: a text that stops the parser at the same point of the grammar as one of these, at
the same sign, is the same mistake.

Lark's own ``match_examples`` asks for the same depth as well, so that it knows ``(a`` and not ``((a``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from lark import Lark, UnexpectedInput, UnexpectedToken

T = TypeVar("T")


class Mistake(NamedTuple):
    """A mistake people make, and how to mend it.

    >>> print(Mistake("an operator without its right side", "Write a metric, a number or a function after it."))
    an operator without its right side. Write a metric, a number or a function after it.
    """

    name: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}. {self.remedy}"


class Named(Generic[T]):
    """What mistakes are called, learned once from a parser and its examples. Of two that fit, the first is meant.

    Args:
        start: the rule to parse from, in a grammar that has several to start with.
        closely: what may follow must be the same as well; it tells ``a = and b`` from ``a b``.
    """

    def __init__(
        self,
        parser: Lark,
        examples: Mapping[T, Sequence[str]],
        start: str | None = None,
        closely: bool = False,
    ) -> None:
        from lark import UnexpectedInput, UnexpectedToken

        self._closely = closely
        self._known: dict[tuple[Any, ...], T] = {}
        for name, texts in examples.items():
            for text in texts:
                try:
                    parser.parse(text, start=start)
                except UnexpectedToken as error:
                    for sign in _signs(error, closely):
                        self._known.setdefault(sign, name)
                except UnexpectedInput:
                    continue  # it stops the lexer: such are known by their character
                else:
                    raise AssertionError(f"{text!r} is no mistake")

    def __call__(self, error: UnexpectedInput) -> T | None:
        """The mistake; None when no example is like it, or when the lexer stopped."""
        from lark import UnexpectedToken

        if not isinstance(error, UnexpectedToken):
            return None
        return next((self._known[sign] for sign in _signs(error, self._closely) if sign in self._known), None)


def _signs(error: UnexpectedToken, closely: bool) -> Iterator[tuple[Any, ...]]:
    """What to know a mistake by, the most telling first: the point in the grammar with the very word, with its
    kind, alone."""
    state = error.interactive_parser.parser_state.position
    if closely:
        state = (state, frozenset(error.accepts or ()))
    yield state, error.token.type, error.token.casefold()
    yield state, error.token.type
    yield (state,)
