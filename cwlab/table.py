"""Where state lives: tables whose values are never changed in place, with undo and cheap forks.

A ``Table`` is a dict that knows two more things. While an operation runs, each write remembers what was there
before, so that one which fails or is interrupted changes nothing. And ``fork`` costs nothing until one of the
two copies writes: both share one dict, and the first writer copies it.

    >>> log = UndoLog()
    >>> t = Table(log)
    >>> with log: t["a"] = 1
    >>> other = t.fork(UndoLog())
    >>> t["a"] = 2
    >>> other["a"]
    1
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Self

_ABSENT = object()
_WHOLE = object()
_MANY = object()


class UndoLog:
    """What to put back, newest last. ``with log:`` commits at the end of the block, or rolls the block back."""

    __slots__ = ("depth", "entries", "_marks")

    def __init__(self) -> None:
        self.depth = 0
        self.entries: list[tuple[Table, Any, Any]] = []
        self._marks: list[int] = []

    def __enter__(self) -> Self:
        self._marks.append(len(self.entries))
        self.depth += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        mark = self._marks.pop()
        if kind is not None:
            while len(self.entries) > mark:
                table, key, old = self.entries.pop()
                table._restore(key, old)
        self.depth -= 1
        if self.depth == 0:
            self.entries.clear()


class Table(MutableMapping[Any, Any]):
    """A dict of immutable values that can be forked and undone. Iterates in insertion order."""

    __slots__ = ("_data", "_log", "_shared")

    def __init__(self, log: UndoLog, data: dict[Any, Any] | None = None) -> None:
        self._log = log
        self._data: dict[Any, Any] = {} if data is None else data
        self._shared = False

    def fork(self, log: UndoLog) -> Table:
        """A table with the same contents that goes its own way."""
        twin = Table(log, self._data)
        self._shared = twin._shared = True
        return twin

    def _own(self) -> dict[Any, Any]:
        if self._shared:
            self._data = self._data.copy()
            self._shared = False
        return self._data

    def _restore(self, key: Any, old: Any) -> None:
        if key is _WHOLE:
            self._data, self._shared = old, False
        elif key is _MANY:
            for each, before in old.items():
                self._restore(each, before)
        elif old is _ABSENT:
            self._own().pop(key, None)
        else:
            self._own()[key] = old

    def __getitem__(self, key: Any) -> Any:
        return self._data[key]

    def get(self, key: Any, default: Any = None) -> Any:
        return self._data.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __setitem__(self, key: Any, value: Any) -> None:
        data = self._own() if self._shared else self._data
        if self._log.depth:
            self._log.entries.append((self, key, data.get(key, _ABSENT)))
        data[key] = value

    def __delitem__(self, key: Any) -> None:
        if key not in self._data:
            raise KeyError(key)
        if self._log.depth:
            # The whole dict, since putting one key back would change the order of listings.
            self._log.entries.append((self, _WHOLE, self._data.copy()))
        del self._own()[key]

    def clear(self) -> None:
        """Empty the table; undone together with the rest."""
        if self._log.depth:
            self._log.entries.append((self, _WHOLE, self._data.copy()))
        self._data, self._shared = {}, False

    def drop(self, keys: Iterable[Any]) -> None:
        """Remove many keys, those that are there; undone together."""
        if self._log.depth:
            self._log.entries.append((self, _WHOLE, self._data.copy()))
        data = self._own()
        for key in keys:
            data.pop(key, None)

    def put(self, items: Mapping[Any, Any]) -> None:
        """Set many keys; undone together with the rest."""
        data = self._own()
        if self._log.depth:
            self._log.entries.append((self, _MANY, {key: data.get(key, _ABSENT) for key in items}))
        data.update(items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"Table({len(self)} entries)"


class AppendOnly:
    """A list that only grows and that forks share: each copy knows how much of the shared list is its own.

    Appending is a plain ``list.append`` while nobody else has appended past our end; the first copy that
    finds the shared list longer than its own view takes a private copy and goes on with that.
    """

    __slots__ = ("_items", "_length")

    def __init__(self, items: list[Any] | None = None) -> None:
        self._items: list[Any] = [] if items is None else items
        self._length = len(self._items)

    def fork(self) -> AppendOnly:
        twin = AppendOnly.__new__(AppendOnly)
        twin._items, twin._length = self._items, self._length
        return twin

    def append(self, item: Any) -> None:
        if len(self._items) != self._length:
            self._items = self._items[: self._length]
        self._items.append(item)
        self._length += 1

    def replace(self, index: int, item: Any) -> None:
        """Put an equal item in another form in its place, for all copies that share it."""
        if index < self._length:
            self._items[index] = item

    def truncate(self, length: int) -> None:
        """Forget what came after the first ``length`` items."""
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError(index)
        return self._items[index]

    def since(self, start: int) -> list[Any]:
        """The items from position ``start`` on."""
        return self._items[start : self._length]

    def __iter__(self) -> Iterator[Any]:
        for index in range(self._length):
            yield self._items[index]
