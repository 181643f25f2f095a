"""Filter policies: which messages a subscription wants. Pure.

A policy mirrors the message: each key has a list of conditions, any of which will do; all keys must match. Over
message attributes it is flat; over a message body it may be as deep as the body.

Source: SNS developer guide, "Amazon SNS message filtering": "Filter policy constraints", "AND/OR logic", "String value
matching", "Numeric value matching", "Key matching".
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from cwlab.services.sns.errors import invalid
from cwlab.services.sns.records import Attribute

ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"
MAX_KEYS, MAX_COMBINATIONS, LIMIT = 5, 150, Decimal(1_000_000_000)
MAX_WILDCARDS = 3

OPERATORS = (
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
)
_COMPARE = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
Value = str | bool | Decimal | None


class Verdict(NamedTuple):
    """Whether a message passes; if not, what AWS counts the refusal as."""

    passes: bool
    because: str = ""  # "", NoMessageAttributes, InvalidAttributes, MessageBody or InvalidMessageBody


# Reading a policy ------------------------------------------------------------------------------------------------------


def _wrong(what: str) -> Exception:
    return invalid(f"FilterPolicy: {what}")


@lru_cache(maxsize=512)
def read(text: str, scope: str) -> Mapping[str, Any]:
    """A filter policy, checked.

    Args:
        text: JSON.
        scope: ``MessageAttributes`` or ``MessageBody``.

    Raises:
        AwsError: InvalidParameter, with what is wrong.
    """
    try:
        policy = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        raise _wrong("failed to parse JSON.") from None
    if not isinstance(policy, dict):
        raise _wrong("Filter policy must be an object")
    keys, combinations = _check(policy, scope == BODY, 1)
    if keys > MAX_KEYS:
        raise _wrong(f"Filter policy can not have more than {MAX_KEYS} keys")
    if combinations > MAX_COMBINATIONS:
        raise _wrong("Filter policy is too complex")
    return policy


def _check(policy: Mapping[str, Any], deep: bool, depth: int) -> tuple[int, int]:
    """How many keys a policy has at its leaves, and how many combinations of values (each times its depth)."""
    keys, combinations = 0, 1
    for key, wanted in policy.items():
        if key == "$or":
            if (
                not isinstance(wanted, list)
                or len(wanted) < 2
                or not all(isinstance(w, dict) and w for w in wanted)
            ):
                raise _wrong('"$or" must be a list of two or more objects')
            parts = [_check(each, deep, depth) for each in wanted]
            keys += sum(n for n, _ in parts)
            combinations *= sum(n for _, n in parts)
        elif isinstance(wanted, dict):
            if not deep:
                raise _wrong("Filter policy scope MessageAttributes does not support nested filter policy")
            if not wanted:
                raise _wrong(f"Empty objects are not allowed; see {key!r}")
            more, times = _check(wanted, deep, depth + 1)
            keys, combinations = keys + more, combinations * times
        elif not isinstance(wanted, list):
            raise _wrong(f'"{key}" must be an object or an array')
        elif not wanted:
            raise _wrong("Empty arrays are not allowed")
        else:
            for each in wanted:
                _check_condition(each)
            keys, combinations = keys + 1, combinations * len(wanted) * depth
    return keys, combinations


def _check_condition(condition: Any) -> None:
    if isinstance(condition, list):
        raise _wrong("Match value must be String, number, true, false, or null")
    if not isinstance(condition, dict):
        if isinstance(condition, Decimal):
            _check_number(condition)
        return
    if len(condition) != 1:
        raise _wrong("Only one key allowed in match expression")
    ((operator, value),) = condition.items()
    if operator not in OPERATORS:
        raise _wrong(f"Unrecognized match type {operator}")
    if operator == "exists":
        if not isinstance(value, bool):
            raise _wrong("exists match pattern must be either true or false.")
    elif operator == "numeric":
        _check_numeric(value)
    elif operator == "anything-but":
        _check_anything_but(value)
    elif not isinstance(value, str) or not value:
        raise _wrong(f"{operator} match pattern must be a string")
    elif operator == "wildcard":
        _check_wildcard(value)
    elif operator == "cidr":
        _check_cidr(value)


def _check_cidr(value: str) -> None:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise _wrong("Malformed CIDR, one '/' required") from None


def _check_wildcard(value: str) -> None:
    if "**" in value or value.count("*") > MAX_WILDCARDS:
        raise _wrong("Consecutive wildcard characters, or too many of them")


def _check_number(number: Decimal) -> None:
    if abs(number) > LIMIT:
        raise _wrong("Value of numeric must be between -1000000000 and 1000000000")


def _check_numeric(value: Any) -> None:
    if not isinstance(value, list) or len(value) not in (2, 4):
        raise _wrong("Value of numeric must be an array of one or two operators, each with its number")
    for operator, number in zip(value[::2], value[1::2], strict=True):
        if operator not in _COMPARE:
            raise _wrong(f"Unrecognized numeric range operator: {operator}")
        if not isinstance(number, Decimal):
            raise _wrong("Value of numeric must be numeric")
        _check_number(number)
    if len(value) == 4:
        if value[0] not in (">", ">=") or value[2] not in ("<", "<="):
            raise _wrong("Bad numeric range operator")
        if value[1] >= value[3]:
            raise _wrong("Bottom must be less than top")


def _check_anything_but(value: Any) -> None:
    if isinstance(value, dict):
        if len(value) != 1 or next(iter(value)) not in ("prefix", "suffix", "wildcard", "equals-ignore-case"):
            raise _wrong("Unsupported anything-but pattern")
        _check_condition(value)
        return
    values = value if isinstance(value, list) else [value]
    if not values:
        raise _wrong("Empty arrays are not allowed")
    if not (all(isinstance(v, str) for v in values) or all(isinstance(v, Decimal) for v in values)):
        raise _wrong("Inside anything but list, start|null|boolean is not supported.")


# Matching a message ------------------------------------------------------------------------------------------------------


def decide(settings: Mapping[str, str], attributes: Sequence[Attribute], body: str) -> Verdict:
    """Whether a subscription with these settings wants a message."""
    text = settings.get("FilterPolicy")
    if not text:
        return Verdict(True)
    scope = settings.get("FilterPolicyScope", ATTRIBUTES)
    policy = read(text, scope)
    if scope == ATTRIBUTES:
        found = _of_attributes(attributes)
        if found is None:
            return Verdict(False, "InvalidAttributes")
        if _matches(policy, [found]):
            return Verdict(True)
        return Verdict(False, "" if attributes else "NoMessageAttributes")
    try:
        content = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return Verdict(False, "InvalidMessageBody")
    return Verdict(True) if _matches(policy, [content]) else Verdict(False, "MessageBody")


def _of_attributes(attributes: Sequence[Attribute]) -> dict[str, Any] | None:
    """Message attributes as values; bytes match nothing. None when a list is not one."""
    found: dict[str, Any] = {}
    for each in attributes:
        if isinstance(each.value, bytes):
            continue
        if each.kind == "Number":
            found[each.name] = Decimal(each.value)
        elif each.kind == "String.Array":
            try:
                values = json.loads(each.value, parse_float=Decimal, parse_int=Decimal)
            except ValueError:
                return None
            if not isinstance(values, list):
                return None
            found[each.name] = values
        else:
            found[each.name] = each.value
    return found


def _matches(policy: Mapping[str, Any], places: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a policy matches one of several objects (the members of a list are looked at together)."""
    return any(_matches_one(policy, place) for place in places)


def _matches_one(policy: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    for key, wanted in policy.items():
        if key == "$or":
            if not any(_matches_one(each, place) for each in wanted):
                return False
        elif isinstance(wanted, dict):
            if not _matches(wanted, _objects(place.get(key)) or [{}]):
                return False
        elif not any(_fulfills(each, place, key) for each in wanted):
            return False
    return True


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return [each for item in value for each in _objects(item)]
    return []


def _values(value: Any) -> Iterable[Any]:
    """The plain values of a key: of a list, each of its members."""
    if isinstance(value, list):
        for each in value:
            yield from _values(each)
    elif not isinstance(value, dict):
        yield value


def _fulfills(condition: Any, place: Mapping[str, Any], key: str) -> bool:
    values = list(_values(place[key])) if key in place else []
    if isinstance(condition, dict) and "exists" in condition:
        return bool(condition["exists"] == bool(values))
    return any(_accepts(condition, value) for value in values)


def _accepts(condition: Any, value: Any) -> bool:
    """Whether one value meets one condition. A text never equals a number, nor true 1."""
    if not isinstance(condition, dict):
        return type(condition) is type(value) and bool(condition == value)
    ((operator, wanted),) = condition.items()
    if operator == "anything-but":
        if isinstance(wanted, dict):
            return not _accepts(wanted, value)
        refused = wanted if isinstance(wanted, list) else [wanted]
        return not any(_accepts(each, value) for each in refused)
    if operator == "numeric":
        return isinstance(value, Decimal) and all(
            _COMPARE[sign](value, number) for sign, number in zip(wanted[::2], wanted[1::2], strict=True)
        )
    if not isinstance(value, str):
        return False
    if operator == "prefix":
        return value.startswith(wanted)
    if operator == "suffix":
        return value.endswith(wanted)
    if operator == "equals-ignore-case":
        return bool(value.casefold() == wanted.casefold())
    if operator == "wildcard":
        return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), value, re.DOTALL) is not None
    return _inside(wanted, value)


def _inside(network: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
