"""A query as data. ``at`` and ``end`` say where a node stands in the text, counted from 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Node:
    at: int
    end: int


# -- expressions -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Number(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """A regular expression as it stands between the slashes."""

    source: str


@dataclass(frozen=True, slots=True)
class Period(Node):
    count: int
    unit: str  # ms s m h d w mo q y


@dataclass(frozen=True, slots=True)
class Field(Node):
    """``parts`` are the dotted parts; what stood in backticks is one part, dots and all."""

    name: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Star(Node):
    pass


@dataclass(frozen=True, slots=True)
class Call(Node):
    name: str  # in lower case
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Item(Node):
    """``operand[index]``."""

    operand: Node
    index: int


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``operand.a.b`` behind a call or an index; behind a name the path is part of the ``Field``."""

    operand: Node
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Negative(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Inverse(Node):
    """NOT."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Operation(Node):
    operator: str  # and or = != < <= > >= + - * / % ^
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Like(Node):
    operand: Node
    pattern: Text | Regex


@dataclass(frozen=True, slots=True)
class Within(Node):
    operand: Node
    items: tuple[Node, ...]


# -- commands --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Output(Node):
    """An expression and the name of its column: the alias, or the text as typed."""

    expression: Node
    name: str
    named: bool


@dataclass(frozen=True, slots=True)
class Fields(Node):
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Display(Node):
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Filter(Node):
    condition: Node


@dataclass(frozen=True, slots=True)
class LookupKey(Node):
    """A column of the table, and the field whose value it must have."""

    column: Field
    own: Field


@dataclass(frozen=True, slots=True)
class Lookup(Node):
    table: Field
    keys: tuple[LookupKey, ...]
    outputs: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Unmask(Node):
    names: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class FilterIndex(Node):
    condition: Node


@dataclass(frozen=True, slots=True)
class Stats(Node):
    values: tuple[Output, ...]
    keys: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Sorting(Node):
    output: Output
    descending: bool


@dataclass(frozen=True, slots=True)
class Sort(Node):
    by: tuple[Sorting, ...]


@dataclass(frozen=True, slots=True)
class Limit(Node):
    rows: int


@dataclass(frozen=True, slots=True)
class ParseGlob(Node):
    source: Node | None
    glob: Text
    names: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ParseRegex(Node):
    source: Node | None
    regex: Regex


@dataclass(frozen=True, slots=True)
class Unnest(Node):
    items: Node
    name: Field


@dataclass(frozen=True, slots=True)
class Dedup(Node):
    names: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Pattern(Node):
    source: Node


@dataclass(frozen=True, slots=True)
class Anomaly(Node):
    pass


@dataclass(frozen=True, slots=True)
class Diff(Node):
    against: str  # previousDay, previousWeek, previousMonth; empty for the window just before


@dataclass(frozen=True, slots=True)
class Source(Node):
    """Which log groups: by beginnings of names, accounts and classes; or, in a subquery, the ``group`` of that name or ARN."""

    prefixes: tuple[str, ...]
    accounts: tuple[str, ...]
    classes: tuple[str, ...]
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Subquery(Node):
    source: Source
    commands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class WithinQuery(Node):
    """A value that is among those a subquery gives."""

    operand: Node
    query: Subquery


@dataclass(frozen=True, slots=True)
class Join(Node):
    """``left`` and ``right`` are the names of the two sides; the keys are fields of them."""

    outer: bool  # rows without a partner stay
    left: str
    right: str
    left_key: Field
    right_key: Field
    query: Subquery


@dataclass(frozen=True, slots=True)
class Estimate(Node):
    pass


@dataclass(frozen=True, slots=True)
class Entities(Node):
    """What asks for the entities that events came with: the fields ``@entity.…``."""


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    commands: tuple[Node, ...]


def walk(roots: Iterable[Node]) -> Iterator[Node]:
    """The nodes and all inside them, not recursive."""
    waiting: list[object] = [*roots]
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple):
            waiting += item
        elif isinstance(item, Node):
            yield item
            waiting += (getattr(item, field.name) for field in fields(item))
