"""How state becomes data and data becomes state: JSON for structure, NumPy columns for bulk. Never code.

A class whose values live in tables is declared with ``@record``. That makes it a frozen, slotted dataclass and
gives it a name in save files. Loading a file only ever builds plain values and registered records, so a file
from a stranger can hold nothing that runs.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from cwlab.errors import CorruptSave

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

_NAMES: dict[type, str] = {}  # filled by decorators while modules are imported; a table of code, not of state
_PACK: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {}


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a class an immutable record that tables may hold and save files may name."""
    made = dataclasses.dataclass(frozen=True, slots=True)(cls)
    names = [f.name for f in dataclasses.fields(made)]  # type: ignore[arg-type]
    return register(made, lambda v: [getattr(v, n) for n in names], lambda values: made(*values))


def register(cls: type[T], pack: Callable[[T], Any], unpack: Callable[[Any], T]) -> type[T]:
    """Let a class of its own making live in save files: ``pack`` to plain values, ``unpack`` back."""
    name = f"{cls.__module__.removeprefix('cwlab.')}.{cls.__qualname__}"
    _NAMES[cls] = name
    _PACK[name] = (cls, pack, unpack)
    return cls


class Encoder:
    """Turns values into JSON-ready structure, gathering arrays into one column for each dtype."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {}
        self._lengths: dict[str, int] = {}
        self._known: dict[tuple[Any, ...], tuple[np.ndarray[Any, Any], list[Any]]] = {}

    def encode(self, value: Any) -> Any:
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is str or kind is int:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"$f": repr(value)}
        if kind is list:
            return [self.encode(v) for v in value]
        if kind is tuple:
            return {"$t": [self.encode(v) for v in value]}
        if kind is dict:
            if all(type(k) is str and not k.startswith("$") for k in value):
                return {k: self.encode(v) for k, v in value.items()}
            return {"$d": [[self.encode(k), self.encode(v)] for k, v in value.items()]}
        if kind in _NAMES:
            name = _NAMES[kind]
            return {"$r": name, "v": self.encode(_PACK[name][1](value))}
        if kind is bytes:
            return {"$b": base64.b64encode(value).decode("ascii")}
        if isinstance(value, datetime):
            return {"$n": value.isoformat()}
        if kind is frozenset:
            return {"$s": [self.encode(v) for v in sorted(value)]}
        if kind.__module__ == "numpy":
            import numpy as np

            if isinstance(value, np.ndarray):
                return self._array(value)
            return self.encode(value.item())
        if isinstance(value, tuple):  # a NamedTuple that is not registered is a programming error, said early
            raise TypeError(f"{kind.__name__} may not live in a table: declare it with @record.")
        raise TypeError(
            f"{kind.__name__} may not live in a table: use plain values or a class declared with @record."
        )

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        dtype = value.dtype.str
        place = (value.ctypes.data, dtype, value.shape, value.strides)  # the same memory is written once
        if place in self._known and value.size:
            return {"$a": self._known[place][1]}
        start = self._lengths.get(dtype, 0)
        self._columns.setdefault(dtype, []).append(value.ravel())
        self._lengths[dtype] = start + value.size
        mark = [dtype, start, list(value.shape)]
        self._known[place] = (value, mark)  # held, so that its memory is not given to another
        return {"$a": mark}

    def columns(self) -> dict[str, np.ndarray[Any, Any]]:
        """One array for each dtype: everything ``{"$a": …}`` points into."""
        import numpy as np

        return {dtype: np.concatenate(parts) for dtype, parts in self._columns.items()}


class Decoder:
    """The way back. Unknown records and malformed structure raise ``CorruptSave``."""

    def __init__(self, columns: dict[str, np.ndarray[Any, Any]] | None = None) -> None:
        self._columns = columns or {}

    def decode(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.decode(v) for v in value]
        if not isinstance(value, dict):
            return value
        if not any(k.startswith("$") for k in value):
            return {k: self.decode(v) for k, v in value.items()}
        try:
            return self._special(value)
        except (KeyError, TypeError, ValueError, IndexError) as problem:
            raise CorruptSave(
                f"The file holds a value that cannot be read ({problem}). Open another copy."
            ) from problem

    def _special(self, value: dict[str, Any]) -> Any:
        if "$t" in value:
            return tuple(self.decode(v) for v in value["$t"])
        if "$r" in value:
            if value["$r"] not in _PACK:
                raise CorruptSave(
                    f"The file holds a {value['$r']!r}, which this version of cwlab does not know."
                )
            return _PACK[value["$r"]][2](self.decode(value["v"]))
        if "$d" in value:
            return {self.decode(k): self.decode(v) for k, v in value["$d"]}
        if "$f" in value:
            return float(value["$f"])
        if "$b" in value:
            return base64.b64decode(value["$b"], validate=True)
        if "$n" in value:
            return datetime.fromisoformat(value["$n"])
        if "$s" in value:
            return frozenset(self.decode(v) for v in value["$s"])
        if "$a" in value:
            dtype, start, shape = value["$a"]
            size = math.prod(shape)
            column = self._columns[dtype]
            if start < 0 or start + size > column.size:
                raise ValueError("a column is too short")
            part = column[start : start + size].reshape(shape)
            part.flags.writeable = False
            return part
        raise ValueError(f"unknown mark {next(iter(value))!r}")
