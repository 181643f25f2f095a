"""What is in a bucket: ``lab.bucket("my-logs")``.

    lab.bucket("my-logs")                    # keys, sizes, times
    lab.bucket("my-logs")["a/b.gz"]          # the bytes of one object
    lab.bucket("my-logs").text("a/b.gz")     # its text, unpacked if it is a gzip file
    lab.bucket("my-logs").lines("exportedlogs/")
    lab.bucket("my-logs").save_to("out")     # files that any tool can open

A view: it always tells of now. Nothing in it asks a policy or a key: it is the lab that looks, not a caller on AWS.
"""

from __future__ import annotations

import gzip
import html
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cwlab.errors import BadFile, BadInput
from cwlab.timeline import to_datetime

if TYPE_CHECKING:
    import os

    from cwlab.lab import Lab
    from cwlab.services.s3.records import Bucket as Kept
    from cwlab.services.s3.records import Version

SHOWN = 40  # objects in a repr
_UNSAFE = '%<>:"\\|?*'
_GZIP = b"\x1f\x8b"


class Stored(NamedTuple):
    """One object: its key, its size in bytes, when it was written."""

    key: str
    size: int
    at: datetime


class Bucket:
    """The objects of one bucket, in order of their keys.

    Raises:
        BadInput: the lab has no such bucket.
    """

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab, self.name = lab, name
        self._kept()

    def _kept(self) -> Kept:
        buckets = self._lab.world.table("", "", "s3", "buckets")
        if self.name not in buckets:
            have = ", ".join(sorted(buckets)) or "none"
            raise BadInput(
                self.name,
                f"is not a bucket of this lab (it has: {have}).",
                f'Make it first: lab.client("s3").create_bucket(Bucket={self.name!r}).',
            )
        found: Kept = buckets[self.name]
        return found

    def _versions(self) -> dict[str, Version]:
        kept = self._kept()
        table = self._lab.world.table(kept.owner, kept.region, "s3", f"objects/{self.name}")
        newest = {key: versions[0] for key, versions in table.items()}
        return {key: newest[key] for key in sorted(newest) if newest[key].content is not None}

    @property
    def region(self) -> str:
        """Where the bucket is."""
        return self._kept().region

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin with a prefix."""
        return [key for key in self._versions() if key.startswith(prefix)]

    def __len__(self) -> int:
        return len(self._versions())

    def __contains__(self, key: object) -> bool:
        return key in self._versions()

    def __iter__(self) -> Iterator[Stored]:
        for key, version in self._versions().items():
            assert version.content is not None
            yield Stored(key, len(version.content), to_datetime(version.modified_ms))

    def __getitem__(self, key: str) -> bytes:
        """The bytes of an object.

        Raises:
            BadInput: there is none under this key.
        """
        found = self._versions().get(key)
        if found is None or found.content is None:
            raise BadInput(
                key, f"is not a key in {self.name}.", "Its keys: " + (", ".join(self.keys()[:5]) or "none")
            )
        return found.content.data

    def text(self, key: str) -> str:
        """The text of an object, unpacked if it is a gzip file; bytes that are no UTF-8 show as ``\\ufffd``.

        Raises:
            BadFile: a gzip file that is torn or damaged.
        """
        return unpacked(self[key], f"s3://{self.name}/{key}").decode("utf-8", "replace")

    def lines(self, prefix: str = "") -> Iterator[str]:
        """The lines of all objects under a prefix, file by file: an export, read back.

        Raises:
            BadFile: one of them is a torn gzip file.
        """
        for key in self.keys(prefix):
            text = self.text(key)
            yield from text.removesuffix("\n").split("\n") if text else ()

    def save_to(self, folder: str | os.PathLike[str], prefix: str = "") -> list[Path]:
        """Write the objects under a prefix as files, so that any tool can open them; returns where they are.

        A key's slashes make folders. Characters that some system does not take in a file's name are written ``%2A``; nothing
        is ever written outside the folder.

        Raises:
            OSError: a file cannot be written.
        """
        base = Path(folder)
        versions = {key: v for key, v in self._versions().items() if key.startswith(prefix)}
        inner = {key[:n] for key in versions for n in range(len(key)) if key[n] == "/"}
        written = []
        for key, version in versions.items():
            assert version.content is not None
            parts = [_file_name(part) for part in key.split("/")]
            if key in inner:  # also the name of a folder
                parts[-1] += "%"
            path = base.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(version.content.data)
            written.append(path)
        return written

    def __repr__(self) -> str:
        rows = list(self)
        total = sum(row.size for row in rows)
        lines = [f"s3://{self.name} in {self.region}: {_count(len(rows))}, {total:,} bytes"]
        width = max((len(f"{row.size:,}") for row in rows[:SHOWN]), default=1)
        lines += [f"  {_time(row.at)}  {row.size:>{width},}  {_line(row.key)}" for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            lines.append(f"  … {len(rows) - SHOWN} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = list(self)
        left, right = 'style="text-align:left"', 'style="text-align:right"'
        body = "".join(
            f"<tr><td {left}><code>{html.escape(_line(row.key))}</code></td><td {right}>{row.size:,}</td>"
            f"<td {left}>{_time(row.at)}</td></tr>"
            for row in rows[:SHOWN]
        )
        more = f"<p>… {len(rows) - SHOWN} more</p>" if len(rows) > SHOWN else ""
        head = f'<th scope="col" {left}>Key</th><th scope="col" {right}>Bytes</th><th scope="col" {left}>Written (UTC)</th>'
        title = f"s3://{html.escape(self.name)} in {self.region}: {_count(len(rows))}, {sum(r.size for r in rows):,} bytes"
        return f"<p>{title}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def unpacked(data: bytes, name: str) -> bytes:
    """The content of a gzip file; anything else as it is.

    Args:
        name: what the error calls it.

    Raises:
        BadFile: it begins as a gzip file and is torn or damaged.
    """
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except EOFError:
        whole = _whole_lines(data)
        raise BadFile(
            name,
            None,
            len(data),
            f"bytes of a gzip file that ends too early (its first {whole} lines can be read).",
            "Get the file again: a transfer that broke off leaves such a piece.",
        ) from None
    except (OSError, zlib.error) as problem:
        raise BadFile(
            name,
            None,
            len(data),
            f"bytes of a gzip file that is damaged ({problem}).",
            "Get the file again, as bytes: opened as text and saved, a gzip file is spoiled.",
        ) from problem


def _whole_lines(data: bytes) -> int:
    """How many lines the readable part of a torn gzip file has."""
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data).count(b"\n")


def _file_name(part: str) -> str:
    """A part of a key as the name of a file or folder on any system.

    >>> _file_name("2026-03-02T09:00"), _file_name(".."), _file_name("")
    ('2026-03-02T09%3A00', '%2E%2E', '%')
    """
    if not part:
        return "%"
    if set(part) == {"."}:
        return "%2E" * len(part)
    return "".join(f"%{ord(c):02X}" if c in _UNSAFE or not c.isprintable() else c for c in part)


def _count(n: int) -> str:
    return f"{n:,} object{'s' * (n != 1)}"


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _line(text: str) -> str:
    """One line, without characters that do something when printed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
