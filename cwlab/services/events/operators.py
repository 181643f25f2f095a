"""The leaves of an event pattern: what one value may be asked.

Sources: EventBridge User Guide, "Comparison operators for use in event patterns"; README and messages of event-ruler, the
open-source matcher EventBridge uses. A leaf sees one JSON value: text, `Number`, True, False or None.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cwlab.codec import record
from cwlab.errors import BadInput
from cwlab.services.events.jsontext import Number, write

LIMIT = Decimal(5_000_000_000)
STEPS = Decimal(1_000_000)  # six decimals


class PatternError(BadInput):
    """A pattern EventBridge refuses. ``reason`` is its sentence; ``where`` the path in the pattern."""

    def __init__(self, reason: str, where: str = "", remedy: str = "") -> None:
        self.reason, self.where, self.remedy_text = reason, where, remedy
        super().__init__(where or "the pattern", reason, remedy)


@record
class Leaf:
    """One thing a value may be: ``kind`` names the operator, ``wanted`` is what was written after it.

    For ``anything-but`` of an operator, ``inner`` holds the leaves none of which may match.
    """

    kind: str
    wanted: Any
    low: Any = None
    high: Any = None
    open_low: bool = False
    open_high: bool = False
    inner: tuple[Leaf, ...] = ()

    def matches(self, value: Any) -> bool:
        """Does this one value satisfy the leaf? (``exists`` is asked of the field, not of a value.)"""
        return _TESTS[self.kind](self, value)

    def __str__(self) -> str:
        return write(self.wanted) if self.kind == "exactly" else write({self.kind: self.wanted})


# Comparing -----------------------------------------------------------------------------------------------------------


def comparable(number: Number) -> int | None:
    """A number as event-ruler compares it, in millionths; None outside of ±5 billion."""
    value = number.value
    return int((value + LIMIT) * STEPS) if -LIMIT <= value <= LIMIT else None


def _exactly(leaf: Leaf, value: Any) -> bool:
    return type(leaf.wanted) is type(value) and leaf.wanted == value


def _text(test: Callable[[str, str], bool]) -> Callable[[Leaf, Any], bool]:
    return lambda leaf, value: isinstance(value, str) and test(value, leaf.low)


def _wildcard(leaf: Leaf, value: Any) -> bool:
    """The pieces between the stars, found from left to right: no pattern takes more than one pass."""
    if not isinstance(value, str):
        return False
    first, *middle = leaf.low
    if not middle:
        return value == first
    last = middle.pop()
    if len(value) < len(first) + len(last) or not (value.startswith(first) and value.endswith(last)):
        return False
    at, end = len(first), len(value) - len(last)
    for piece in middle:
        at = value.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _numeric(leaf: Leaf, value: Any) -> bool:
    number = comparable(value) if isinstance(value, Number) else None
    if number is None:
        return False
    above = leaf.low is None or (number > leaf.low if leaf.open_low else number >= leaf.low)
    return above and (leaf.high is None or (number < leaf.high if leaf.open_high else number <= leaf.high))


def _cidr(leaf: Leaf, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return leaf.low <= (address.version, int(address)) <= leaf.high


def _anything_but(leaf: Leaf, value: Any) -> bool:
    return not any(each.matches(value) for each in leaf.inner)


_TESTS: dict[str, Callable[[Leaf, Any], bool]] = {
    "exactly": _exactly,
    "prefix": _text(str.startswith),
    "prefix-ignore-case": _text(lambda value, low: value.lower().startswith(low.lower())),
    "suffix": _text(str.endswith),
    "suffix-ignore-case": _text(lambda value, low: value.lower().endswith(low.lower())),
    "equals-ignore-case": _text(lambda value, low: value.lower() == low.lower()),
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
    "exists": lambda leaf, value: bool(leaf.wanted),
}


# Reading -------------------------------------------------------------------------------------------------------------


def leaf(value: Any, where: str) -> Leaf:
    """Read one member of a leaf's array.

    Raises:
        PatternError: it is no value and no operator EventBridge has.
    """
    if isinstance(value, list):
        raise PatternError("Match value must be String, number, true, false, or null", where)
    if not isinstance(value, dict):
        return Leaf("exactly", value)
    if not value:
        raise PatternError("Match expression name not found", where)
    name, wanted = next(iter(value.items()))
    if name not in _READERS:
        near = next((each for each in _READERS if each == name.lower().replace("_", "-")), None)
        remedy = f"Did you mean {near!r}?" if near else f"Known: {', '.join(_READERS)}."
        raise PatternError(f"Unrecognized match type {name}", where, remedy)
    made = _READERS[name](wanted, where)
    if len(value) > 1:
        raise PatternError("Only one key allowed in match expression", where)
    return made


def _ends(kind: str) -> Callable[[Any, str], Leaf]:
    def read(wanted: Any, where: str) -> Leaf:
        if isinstance(wanted, dict) and set(wanted) == {"equals-ignore-case"}:
            inner = wanted["equals-ignore-case"]
            if isinstance(inner, str):
                return Leaf(f"{kind}-ignore-case", inner, inner)
            raise PatternError("equals-ignore-case match pattern must be a string", where)
        return _string(kind)(wanted, where)

    return read


def _string(kind: str, name: str = "") -> Callable[[Any, str], Leaf]:
    def read(wanted: Any, where: str) -> Leaf:
        if not isinstance(wanted, str):
            raise PatternError(f"{name or kind} match pattern must be a string", where)
        return Leaf(kind, wanted, wanted)

    return read


def _read_wildcard(wanted: Any, where: str) -> Leaf:
    """``*`` stands for any run of characters, also none; ``\\*`` and ``\\\\`` for themselves."""
    _string("wildcard")(wanted, where)
    pieces, at = [""], 0
    while at < len(wanted):
        letter = wanted[at]
        if letter == "\\":
            at += 1
            if at == len(wanted) or wanted[at] not in "*\\":
                raise PatternError(
                    f"Invalid escape character at pos {at}",
                    where,
                    "Only \\* and \\\\ may follow a backslash.",
                )
            pieces[-1] += wanted[at]
        elif letter == "*":
            if wanted[at + 1 : at + 2] == "*":
                raise PatternError(f"Consecutive wildcard characters at pos {at + 1}", where)
            pieces.append("")
        else:
            pieces[-1] += letter
        at += 1
    return Leaf("wildcard", wanted, tuple(pieces))


def _read_numeric(wanted: Any, where: str) -> Leaf:
    if not isinstance(wanted, list):
        raise PatternError("Value of numeric must be an array.", where)
    if not wanted or not isinstance(wanted[0], str):
        shown = write(wanted[0]) if wanted else "]"
        raise PatternError(f"Invalid member in numeric match: {shown}", where)
    first = wanted[0]
    if first not in ("=", "<", "<=", ">", ">="):
        raise PatternError(f"Unrecognized numeric range operator: {first}", where)
    number = _bound("equals" if first == "=" else first, wanted[1:2], where)
    rest = wanted[2:]
    if first in ("=", "<", "<="):
        if rest:
            raise PatternError(
                "Too many elements in numeric expression", where, "A range is written from below: >, then <."
            )
        low = number if first == "=" else None
        return Leaf("numeric", wanted, low, number, open_high=first == "<")
    if not rest:
        return Leaf("numeric", wanted, number, None, open_low=first == ">")
    second = rest[0]
    if not isinstance(second, str):
        raise PatternError(f"Bad value in numeric range: {write(second)}", where)
    if second not in ("<", "<="):
        raise PatternError(f"Bad numeric range operator: {second}", where)
    high = _bound(second, rest[1:2], where)
    if len(rest) > 2:
        raise PatternError("Too many terms in numeric range expression", where)
    if not number < high:
        raise PatternError("Bottom must be less than top", where)
    return Leaf("numeric", wanted, number, high, first == ">", second == "<")


def _bound(operator: str, value: list[Any], where: str) -> int:
    if not value or not isinstance(value[0], Number):
        raise PatternError(f"Value of {operator} must be numeric", where)
    return _in_range(value[0], where)


def _in_range(number: Number, where: str) -> int:
    found = comparable(number)
    if found is None:
        raise PatternError("Value must be between -5.0E9 and 5.0E9, inclusive", where)
    return found


def _read_cidr(wanted: Any, where: str) -> Leaf:
    if not isinstance(wanted, str):
        raise PatternError("prefix match pattern must be a string", where)  # event-ruler's own slip
    parts = wanted.split("/")
    if len(parts) != 2:
        raise PatternError("Malformed CIDR, one '/' required", where)
    if not re.fullmatch("[+-]?[0-9]+", parts[1]):
        raise PatternError("Malformed CIDR, mask bits must be an integer", where)
    bits = int(parts[1])
    if bits < 0:
        raise PatternError("Malformed CIDR, mask bits must not be negative", where)
    try:
        address = ipaddress.ip_address(parts[0])
    except ValueError:
        raise PatternError(f"Nonstandard IP address: {parts[0]}", where) from None
    if bits >= address.max_prefixlen:
        raise PatternError(f"IPv{address.version} mask bits must be < {address.max_prefixlen}", where)
    # From the address as written (not from the network's first) to the network's last, as event-ruler does.
    last = int(address) | ((1 << (address.max_prefixlen - bits)) - 1)
    return Leaf("cidr", wanted, (address.version, int(address)), (address.version, last))


def _read_exists(wanted: Any, where: str) -> Leaf:
    if wanted is not True and wanted is not False:
        raise PatternError("exists match pattern must be either true or false.", where)
    return Leaf("exists", wanted)


def _read_anything_but(wanted: Any, where: str) -> Leaf:
    if isinstance(wanted, dict):
        return _read_anything_but_operator(wanted, where)
    listed = wanted if isinstance(wanted, list) else [wanted]
    if not isinstance(wanted, (list, str, Number)):
        raise PatternError("Value of anything-but must be an array or single string/number value.", where)
    if any(not isinstance(each, (str, Number)) for each in listed):
        raise PatternError("Inside anything but list, start|null|boolean is not supported.", where)
    if len({type(each) for each in listed}) != 1:
        raise PatternError(
            "Inside anything but list, either all values are number or string, mixed type is not supported",
            where,
        )
    inner = []
    for each in listed:
        if isinstance(each, Number):
            number = _in_range(each, where)
            inner.append(Leaf("numeric", ["=", each], number, number))
        else:
            inner.append(Leaf("exactly", each))
    return Leaf("anything-but", wanted, inner=tuple(inner))


def _read_anything_but_operator(wanted: dict[str, Any], where: str) -> Leaf:
    if not wanted:
        raise PatternError("Anything-But expression name not found", where)
    name, value = next(iter(wanted.items()))
    if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
        raise PatternError(f"Unsupported anything-but pattern: {name}", where)
    if isinstance(value, dict):
        raise PatternError("Value of anything-but must be an array or single string/number value.", where)
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise PatternError("Empty arrays are not allowed", where)
    if any(not isinstance(each, str) for each in listed):
        if name == "equals-ignore-case":
            raise PatternError(
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
                where,
            )
        said = "wildcard" if name == "wildcard" else "prefix/suffix"
        raise PatternError(f"{said} match pattern must be a string", where)
    if name in ("prefix", "suffix") and "" in listed:
        raise PatternError("Null prefix/suffix not allowed", where)
    if len(wanted) > 1:
        raise PatternError("Only one key allowed in match expression", where)
    reader = _read_wildcard if name == "wildcard" else _string(name)
    return Leaf("anything-but", wanted, inner=tuple(reader(each, where) for each in listed))


_READERS: dict[str, Callable[[Any, str], Leaf]] = {
    "prefix": _ends("prefix"),
    "suffix": _ends("suffix"),
    "equals-ignore-case": _string("equals-ignore-case"),
    "wildcard": _read_wildcard,
    "anything-but": _read_anything_but,
    "numeric": _read_numeric,
    "cidr": _read_cidr,
    "exists": _read_exists,
}
RESERVED = frozenset(_READERS)
"""Names an object inside of ``$or`` may not have for a field."""
