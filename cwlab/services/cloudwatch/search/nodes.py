"""A search as data: which schema, and what its terms ask.

{AWS/EC2, InstanceId} cpu NOT "a"   ->  Query(Schema("AWS/EC2", {"InstanceId"}), All((Words cpu, Not(Exact a))))
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A partial match: some of a string's tokens, one after the other."""

    text: str


class Exact(NamedTuple):
    """The whole string, letter by letter."""

    text: str


class Designated(NamedTuple):
    """A term that looks at one property alone: ``MetricName``, ``Namespace``, ``:aws.AccountId`` or a dimension."""

    property: str
    term: Term


class Not(NamedTuple):
    term: Term


class All(NamedTuple):
    terms: tuple[Term, ...]


class Any(NamedTuple):
    terms: tuple[Term, ...]


Term = Words | Exact | Designated | Not | All | Any


class Schema(NamedTuple):
    """A namespace and exactly these dimension names, in any order. A name that is said twice counts twice, and so no
    metric has it (observed on the live service)."""

    namespace: str
    dimensions: tuple[str, ...]


class Query(NamedTuple):
    """What to search for. Without schema and term everything is found."""

    schema: Schema | None = None
    term: Term | None = None
