"""A filter pattern as data. ``at`` and ``end`` say where in the pattern's text a node stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cwlab.services.logs.pattern.regex import Regex

Op = Literal["=", "!=", "<", ">", "<=", ">="]
ANY_ELEMENT, ANY_MEMBER = object(), object()  # steps of a selector: ``[*]`` and ``.*``


@dataclass(frozen=True, slots=True)
class Number:
    """A number to compare with."""

    text: str
    number: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text to compare with; ``head`` and ``tail``: a ``*`` stood before or after it."""

    body: str
    head: bool = False
    tail: bool = False

    def fits(self, text: str) -> bool:
        """Whether a text is like this one.

        >>> Text("Trail", head=True).fits("UpdateTrail")
        True
        """
        if self.head:
            return self.body in text if self.tail else text.endswith(self.body)
        return text.startswith(self.body) if self.tail else text == self.body


Value = Number | Text | Regex


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a text pattern; ``sign`` is ``?`` (optional), ``-`` (excluded) or nothing."""

    at: int
    end: int
    sign: str
    wanted: str | Regex


@dataclass(frozen=True, slots=True)
class Terms:
    """A text pattern."""

    terms: tuple[Term, ...]

    @property
    def counting(self) -> tuple[Term, ...]:
        """The terms that count: optional ones do only when there are no others."""
        if all(term.sign == "?" for term in self.terms):
            return self.terms
        return tuple(term for term in self.terms if term.sign != "?")


@dataclass(frozen=True, slots=True)
class Selector:
    """A place in a document: keys, indexes, ANY_ELEMENT and ANY_MEMBER."""

    text: str
    steps: tuple[object, ...]

    @property
    def wild(self) -> bool:
        return any(step in (ANY_ELEMENT, ANY_MEMBER) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Compared:
    """``selector op value``."""

    at: int
    end: int
    selector: Selector
    op: Op
    value: Value


@dataclass(frozen=True, slots=True)
class Tested:
    """``selector IS NULL``, ``TRUE`` or ``FALSE``."""

    at: int
    end: int
    selector: Selector
    wanted: bool | None


@dataclass(frozen=True, slots=True)
class Absent:
    """``selector NOT EXISTS``."""

    at: int
    end: int
    selector: Selector


@dataclass(frozen=True, slots=True)
class Condition:
    """``name op value`` of a field."""

    at: int
    end: int
    name: str
    op: Op
    value: Value


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple[Node, ...]


Node = Compared | Tested | Absent | Condition | All | Any


@dataclass(frozen=True, slots=True)
class Members:
    """A JSON pattern."""

    condition: Node


@dataclass(frozen=True, slots=True)
class Field:
    """An entry of a space-delimited pattern: a name or None, and a condition or None."""

    at: int
    end: int
    name: str | None
    condition: Node | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """A space-delimited pattern: entries that stand from the left, and, after ``...``, from the end of the line.

    ``after`` is None without an ellipsis. ``[]`` is nothing before an ellipsis and nothing after it. ``exact``: without an
    ellipsis the line has as many fields as there are entries, not more.
    """

    before: tuple[Field, ...]
    after: tuple[Field, ...] | None = None
    exact: bool = False

    @property
    def entries(self) -> tuple[Field, ...]:
        return self.before + (self.after or ())

    @property
    def names(self) -> frozenset[str]:
        return frozenset(field.name for field in self.entries if field.name is not None)


Tree = Terms | Members | Fields


def leaves(node: Node) -> list[Compared | Tested | Absent | Condition]:
    """The conditions of a tree, in the order of the text."""
    if isinstance(node, All | Any):
        return [leaf for part in node.parts for leaf in leaves(part)]
    return [node]
