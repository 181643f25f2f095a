"""The files of machines: bytes that only grow, and the names that lead to them.

A file is its number (inode), not its name: rotation gives a file another name and begins a new file under the old one. What
is written stays as it is, in pieces that forks share.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cwlab.codec import record
from cwlab.errors import BadInput

if TYPE_CHECKING:
    from cwlab.world import World

MOST_BYTES = 1 << 20  # a piece longer than this is left alone


@record
class Piece:
    """A run of bytes.

    Args:
        start: its place in the file.
        text: the bytes.
        cuts: places where a write began, rising.
        stamps: when each of those writes was, ms.
    """

    start: int
    text: bytes
    cuts: tuple[int, ...]
    stamps: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@record
class File:
    """A file of a machine.

    Args:
        inode: its number on that machine; later files have larger ones.
        path: its name now; "" once it is deleted.
        origin: the name it was made under.
        modified_ms: when it was last written to.
        pieces: what is in it.
    """

    inode: int
    path: str
    origin: str
    modified_ms: int
    pieces: tuple[Piece, ...] = ()

    @property
    def size(self) -> int:
        """Bytes."""
        return self.pieces[-1].end if self.pieces else 0

    def grown(self, data: bytes, at_ms: int) -> File:
        """The file with more at its end."""
        if not data:
            return File(self.inode, self.path, self.origin, at_ms, self.pieces)
        pieces = [*self.pieces, Piece(self.size, data, (self.size,), (at_ms,))]
        while len(pieces) > 1 and len(pieces[-2].text) < 2 * len(pieces[-1].text) < MOST_BYTES:
            b, a = pieces.pop(), pieces.pop()
            pieces.append(Piece(a.start, a.text + b.text, a.cuts + b.cuts, a.stamps + b.stamps))
        return File(self.inode, self.path, self.origin, at_ms, tuple(pieces))

    def read(self, start: int = 0, most: int | None = None) -> bytes:
        """The bytes from a place on; at most so many if told."""
        end = self.size if most is None else min(start + most, self.size)
        return b"".join(
            piece.text[max(start - piece.start, 0) : end - piece.start] for piece in self._among(start, end)
        )

    def written(self, start: int, end: int | None = None) -> tuple[list[int], list[int]]:
        """When what stands between two places was written: places where a write began, and its instant, both rising."""
        cuts, stamps = list[int](), list[int]()
        for piece in self._among(start, self.size if end is None else end):
            first = max(bisect_right(piece.cuts, start) - 1, 0)
            cuts += piece.cuts[first:]
            stamps += piece.stamps[first:]
        return cuts, stamps

    def _among(self, start: int, end: int) -> list[Piece]:
        return [piece for piece in self.pieces if piece.end > start and piece.start < end]


def fits(pattern: str, path: str) -> bool:
    """Whether a path fits a glob: ``*`` and ``?`` within one folder, ``**`` through folders, ``[…]`` one sign of a set.

    Source: agent configuration, "file_path": Unix globs, and ``**`` as a super asterisk.
    """
    return _glob(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    out, i = "", 0
    while i < len(pattern):
        sign = pattern[i]
        closing = pattern.find("]", i + 2) if sign == "[" else -1
        if pattern.startswith("**", i):
            run = re.match(r"\*\*+/?", pattern[i:])
            assert run is not None
            out += "(?:.*/)?" if run[0].endswith("/") else ".*"
            i += len(run[0])
            continue
        if closing > 0:
            inside = pattern[i + 1 : closing]
            negated, inside = ("^", inside[1:]) if inside[0] in "!^" else ("", inside)
            out += f"[{negated}{re.escape(inside).replace(chr(92) + '-', '-')}]"
            i = closing
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign))
        i += 1
    return re.compile(out, re.DOTALL)


class Disk:
    """The files of one machine, as tables of the world keep them.

    Args:
        source: how the door names the machine.
    """

    def __init__(self, world: World, source: str) -> None:
        self._files = world.table("", "", "hosts", "files")
        self._names = world.table("", "", "hosts", "names")
        self._counters = world.table("", "", "hosts", "counters")
        self.source = source

    @property
    def names(self) -> Mapping[str, int]:
        """The number of the file behind each name."""
        found: Mapping[str, int] = self._names.get(self.source, {})
        return found

    def at(self, path: str) -> File | None:
        """The file of that name."""
        inode = self.names.get(path)
        return None if inode is None else self.file(inode)

    def file(self, inode: int) -> File | None:
        """The file of that number, deleted ones too as long as somebody may have them open."""
        found: File | None = self._files.get((self.source, inode))
        return found

    def append(self, path: str, data: bytes, at_ms: int) -> File:
        """Write at the end of a file; it is made if there is none."""
        found = self.at(path)
        if found is None:
            inode = int(self._counters.get(("inode", self.source), 0)) + 1
            self._counters["inode", self.source] = inode
            found = File(inode, path, path, at_ms)
            self._names[self.source] = {**self.names, path: inode}
        grown = found.grown(data, at_ms)
        self._files[self.source, grown.inode] = grown
        return grown

    def rename(self, path: str, to: str) -> None:
        """Give a file another name; a file that had it is deleted."""
        found = self.at(path)
        assert found is not None
        self.delete(to)
        self._named(found, to)
        self._names[self.source] = {k: v for k, v in self.names.items() if k != path} | {to: found.inode}

    def delete(self, path: str) -> None:
        """Take a file's name away. Who has it open can still read it."""
        found = self.at(path)
        if found is not None:
            self._named(found, "")
            self._names[self.source] = {k: v for k, v in self.names.items() if k != path}

    def _named(self, file: File, path: str) -> None:
        self._files[self.source, file.inode] = File(
            file.inode, path, file.origin, file.modified_ms, file.pieces
        )

    def matching(self, pattern: str) -> list[File]:
        """The files whose names fit a glob, in the order they were last written to."""
        glob = _glob(pattern)
        found = [self._files[self.source, i] for name, i in self.names.items() if glob.fullmatch(name)]
        return sorted(found, key=lambda file: (file.modified_ms, file.inode))

    def successors(self, file: File, until: int) -> list[File]:
        """The files made under the same name after one, as far as a number, oldest first."""
        later = (self.file(inode) for inode in range(file.inode + 1, until + 1))
        return [each for each in later if each is not None and each.origin == file.origin]


def checked_path(path: Any) -> str:
    """A path as it may be written to.

    Raises:
        BadInput: it is not absolute, names a folder, or holds a NUL.
    """
    if not isinstance(path, str) or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise BadInput(path, "is not the name of a file.", "Give a whole path, as /var/log/secure.")
    if len(path) > 4_096:
        raise BadInput(path[:40] + "…", f"has {len(path)} characters; a path has at most 4,096.")
    return path


__all__: list[str] = ["Disk", "File", "Piece", "checked_path", "fits"]
