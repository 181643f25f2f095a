"""Sums, products and powers that would not fit into the function's memory, seen before they are made."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from cwlab.services.lambda_.runtime.meter import Meter

_SIZED = (str, bytes, bytearray, list, tuple)
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Mult": operator.mul,
    "Pow": operator.pow,
    "LShift": operator.lshift,
}


def _bytes(value: Any) -> int:
    return len(value) * (1 if isinstance(value, str | bytes | bytearray) else 8)


def size(name: str, left: Any, right: Any) -> int:
    """About how many bytes the result takes; 0 for what cannot grow."""
    kind = type(left)
    if kind is int and type(right) is int:
        if name == "Pow":
            return left.bit_length() * right // 8 if right > 64 else 0
        if name == "LShift":
            return right // 8
        return (left.bit_length() + right.bit_length()) // 8
    if name == "Add" and isinstance(left, _SIZED) and isinstance(right, _SIZED):
        return _bytes(left) + _bytes(right)
    if name == "Mult":
        if isinstance(left, _SIZED) and type(right) is int:
            return _bytes(left) * right
        if isinstance(right, _SIZED) and kind is int:
            return _bytes(right) * left
    return 0


def operate(meter: Meter) -> Callable[[str, Any, Any], Any]:
    """What instrumented code calls for an operator: the result, or for ``x += y`` (named ``IAdd``) the y."""

    def apply(name: str, left: Any, right: Any) -> Any:
        inplace = name[0] == "I"
        plain = name[1:] if inplace else name
        if type(left) is not float:
            meter.hold(size(plain, left, right))
        return right if inplace else _PLAIN[plain](left, right)

    return apply
