"""Sums, products and powers: what a value may grow by, seen before it grows.

A text or list that would not fit into the function's memory ends the invocation, and the time a product of huge numbers
takes is counted. What is small, and that is nearly all, costs one look.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cwlab.services.lambda_.runtime.meter import Meter

_SIZED = (str, bytes, bytearray, list, tuple)
_BUILD = (list, tuple, set, frozenset, sorted, bytes, bytearray)
_SMALL = 1 << 64
_DIGIT = 30  # bits of a digit of Python's integers
Operator = Callable[..., Any]


def _bytes(value: Any) -> int:
    return len(value) * (1 if isinstance(value, str | bytes | bytearray) else 8)


def operators(meter: Meter) -> dict[str, Operator]:
    """For each operator by the name of its node what instrumented code calls instead; with an I before it, what gives the right
    side of ``x += y`` once it is known to fit."""

    def huge(bits: int) -> None:
        """A number of so many bits is about to be computed: it takes room, and time that grows faster than it does."""
        meter.hold(bits // 8)
        digits = bits // _DIGIT
        meter.step(digits * math.isqrt(digits) // 15)

    def check_add(left: Any, right: Any) -> None:
        if type(left) is int and type(right) is int:
            meter.hold((left.bit_length() + right.bit_length()) // 8)
        elif isinstance(left, _SIZED) and isinstance(right, _SIZED):
            meter.hold(_bytes(left) + _bytes(right))

    def check_mult(left: Any, right: Any) -> None:
        if type(left) is int and type(right) is int:
            huge(left.bit_length() + right.bit_length())
        elif type(right) is int and isinstance(left, _SIZED):
            meter.hold(_bytes(left) * right)
        elif type(left) is int and isinstance(right, _SIZED):
            meter.hold(_bytes(right) * left)

    def check_pow(left: Any, right: Any) -> None:
        if type(left) is int and type(right) is int and right > 0:
            huge(left.bit_length() * right)

    def check_shift(left: Any, right: Any) -> None:
        if type(left) is int and type(right) is int and left:
            meter.hold(right // 8)

    def add(left: Any, right: Any) -> Any:
        if type(left) is not float and not (type(right) is int and -_SMALL < right < _SMALL):
            check_add(left, right)
        return left + right

    def iadd(left: Any, right: Any) -> Any:
        if type(left) is not float and not (type(right) is int and -_SMALL < right < _SMALL):
            check_add(left, right)
        return right

    def small(left: Any, right: Any) -> bool:
        return type(left) is float or (
            type(left) is int and type(right) is int and -_SMALL < left < _SMALL and -_SMALL < right < _SMALL
        )

    def mult(left: Any, right: Any) -> Any:
        if not small(left, right):
            check_mult(left, right)
        return left * right

    def imult(left: Any, right: Any) -> Any:
        if not small(left, right):
            check_mult(left, right)
        return right

    def power(left: Any, right: Any) -> Any:
        check_pow(left, right)
        return left**right

    def ipower(left: Any, right: Any) -> Any:
        check_pow(left, right)
        return right

    def shift(left: Any, right: Any) -> Any:
        check_shift(left, right)
        return left << right

    def ishift(left: Any, right: Any) -> Any:
        check_shift(left, right)
        return right

    def walk(whole: range, keeps: bool) -> None:
        n = max(0, (whole.stop - whole.start) // whole.step)  # len() fails beyond a machine's word
        if keeps:
            meter.hold(n * 8)
        meter.step(n)

    def spread(value: Any) -> Any:
        """What stands behind a star."""
        if type(value) is range:
            walk(value, True)
        return value

    def take(function: Any, *args: Any, **kwargs: Any) -> Any:
        """A call of a builtin that takes all of its first argument."""
        first = args[0] if args else None
        if type(first) is range:
            walk(first, function in _BUILD)
        elif type(first) is int and function in (bytes, bytearray):
            meter.hold(first)
        return function(*args, **kwargs)

    return {
        "Take": take,
        "Spread": spread,
        "Add": add,
        "IAdd": iadd,
        "Mult": mult,
        "IMult": imult,
        "Pow": power,
        "IPow": ipower,
        "LShift": shift,
        "ILShift": ishift,
    }
