"""Condition operators: one table of comparisons, and the rules for missing keys, lists and ``IfExists``.

Rules (IAM User Guide, "Condition operators", "Creating a condition with multiple keys or values"):
- the values of one key are alternatives; a negated operator asks that none of them match;
- a key missing from the request makes a positive operator false and a negated one true; ``...IfExists`` makes it true;
- ``ForAllValues:`` asks it of every value in the request (true when there are none), ``ForAnyValue:`` of at least one
  (false when there are none);
- ``Null: {key: "true"}`` asks that the key be missing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from cwlab.policy.match import Context, arn_test, expand, has_variable, text_test

Compare = Callable[[str, str], bool]


def _number(compare: Callable[[float, float], bool]) -> Compare:
    def numeric(have: str, want: str) -> bool:
        try:
            return compare(float(have), float(want))
        except ValueError:
            return False  # a value that is no number matches nothing

    return numeric


def instant(text: str) -> datetime:
    """An ISO 8601 instant, or seconds since 1970, as an aware datetime. ValueError when it is neither."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def _date(compare: Callable[[datetime, datetime], bool]) -> Compare:
    def dated(have: str, want: str) -> bool:
        try:
            return compare(instant(have), instant(want))
        except (ValueError, OverflowError):
            return False

    return dated


def _address(have: str, want: str) -> bool:
    import ipaddress  # here, because few policies need it and it takes milliseconds to import

    try:
        return ipaddress.ip_address(have) in ipaddress.ip_network(want, strict=False)
    except ValueError:
        return False


# Plain text after variables were filled in: the kept stars are turned back into stars.
def _plain(text: str) -> str:
    return text.replace("\ue000", "*").replace("\ue001", "?")


COMPARE: dict[str, Compare] = {
    "StringEquals": lambda have, want: have == _plain(want),
    "StringEqualsIgnoreCase": lambda have, want: have.casefold() == _plain(want).casefold(),
    "StringLike": lambda have, want: bool(text_test((want,))(have)),
    "NumericEquals": _number(lambda have, want: have == want),
    "NumericLessThan": _number(lambda have, want: have < want),
    "NumericLessThanEquals": _number(lambda have, want: have <= want),
    "NumericGreaterThan": _number(lambda have, want: have > want),
    "NumericGreaterThanEquals": _number(lambda have, want: have >= want),
    "DateEquals": _date(lambda have, want: have == want),
    "DateLessThan": _date(lambda have, want: have < want),
    "DateLessThanEquals": _date(lambda have, want: have <= want),
    "DateGreaterThan": _date(lambda have, want: have > want),
    "DateGreaterThanEquals": _date(lambda have, want: have >= want),
    "Bool": lambda have, want: have.lower() == want.lower(),
    "BinaryEquals": lambda have, want: have == want,
    "IpAddress": _address,
    "ArnEquals": lambda have, want: bool(arn_test((want,))(have)),  # behaves as ArnLike, as the guide says
    "ArnLike": lambda have, want: bool(arn_test((want,))(have)),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
OPERATORS = {name.lower(): name for name in (*COMPARE, *NEGATED, "Null")}
QUANTIFIERS = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}


class Condition(NamedTuple):
    """One line of a Condition block: an operator, a key and the values that satisfy it."""

    operator: str  # as written, for messages
    base: str  # a name in COMPARE, or "Null"
    negated: bool
    quantifier: str  # "", "ForAllValues" or "ForAnyValue"
    if_exists: bool
    key: str  # as written
    values: tuple[str, ...]
    variables: bool

    def holds(self, context: Context) -> bool:
        """Is this condition true of a request with this context (keys in lower case)?"""
        have = context.get(self.key.lower())
        given: tuple[str, ...] = () if have is None else (have,) if isinstance(have, str) else tuple(have)
        if self.base == "Null":
            return (not given) == (self.values[0].lower() == "true")
        if not given:
            if self.if_exists or self.quantifier == "ForAllValues":
                return True
            return self.negated and self.quantifier != "ForAnyValue"
        wanted = self.wanted(context)
        compare = COMPARE[self.base]
        hits = [any(compare(value, want) for want in wanted) for value in given]
        if self.negated:
            hits = [not hit for hit in hits]
            return any(hits) if self.quantifier == "ForAnyValue" else all(hits)
        return all(hits) if self.quantifier == "ForAllValues" else any(hits)

    def wanted(self, context: Context) -> list[str]:
        """The values with their variables filled in; one that cannot be filled in matches nothing and is left out."""
        if not self.variables:
            return list(self.values)
        return [filled for value in self.values if (filled := expand(value, context)) is not None]

    def explain(self, context: Context) -> str:
        """What the condition asks for, and what the request had instead."""
        asks = f"{self.operator} on {self.key} asks for {_listed(self.values)}"
        have = context.get(self.key.lower())
        if have is None or (not isinstance(have, str) and not have):
            return f"{asks}, and the request has no such key"
        return f"{asks}, and the request has {_listed((have,) if isinstance(have, str) else tuple(have))}"


def _listed(values: tuple[str, ...]) -> str:
    return " or ".join(f'"{value}"' for value in values[:4]) + (" ..." if len(values) > 4 else "")


def parse_operator(text: str) -> tuple[str, bool, str, bool] | None:
    """Take an operator apart: (base, negated, quantifier, if_exists), or None when there is no such operator."""
    quantifier, colon, rest = text.rpartition(":")
    if colon and quantifier.lower() not in QUANTIFIERS:
        return None
    if_exists = rest.lower().endswith("ifexists")
    name = OPERATORS.get((rest[:-8] if if_exists else rest).lower())
    if name is None or (name == "Null" and if_exists):
        return None
    return NEGATED.get(name, name), name in NEGATED, QUANTIFIERS.get(quantifier.lower(), ""), if_exists


def condition(operator: str, key: str, values: tuple[str, ...], *, variables: bool) -> Condition:
    """Build a condition from what a document says. The operator must be one ``parse_operator`` knows."""
    parsed = parse_operator(operator)
    if parsed is None:
        raise ValueError(operator)
    base, negated, quantifier, if_exists = parsed
    dynamic = variables and any(has_variable(value) for value in values)
    return Condition(operator, base, negated, quantifier, if_exists, key, values, dynamic)
