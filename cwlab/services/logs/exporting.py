"""How an export looks in a bucket: names, lines, and gzip files. Pure; the machinery is in ``export``.

Source: User Guide, "Export log data to Amazon S3"; the layout and the form of a line as observed (``<prefix>/<task>/<stream>/
000000.gz``, a line ``<ISO 8601, milliseconds>Z <message>``); the size of a part is a choice.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cwlab.services.logs.reading import Piece
from cwlab.timeline import HOUR, MINUTE

PREFIX = "exportedlogs"
PROBE, PROBE_BODY = "aws-logs-write-test", b"Permission Check Successful"
PART_BYTES = 16 * 1024 * 1024  # of text, before compression
MOST_KEY = 1024
DONE_WITHIN_MS = 12 * HOUR
TIMEOUT_MS = 24 * HOUR
STEPS = 8  # in how many goes a running task writes its streams


class Plan(NamedTuple):
    """When a task begins to run, and when it is through."""

    run_ms: int
    done_ms: int


def plan(created_ms: int, wait: float, work: float) -> Plan:
    """The course of a task: half an hour or more pending, hours in all, never more than twelve.

    Args:
        wait, work: two numbers in [0, 1), drawn from the seed.

    >>> plan(0, 0.0, 0.0).done_ms // MINUTE, plan(0, 1.0, 1.0).done_ms // HOUR
    (60, 12)
    """
    run_ms = created_ms + 30 * MINUTE + round(wait * 8 * HOUR)
    return Plan(run_ms, run_ms + 30 * MINUTE + round(work * 3 * HOUR))


def folder(stream: str) -> str:
    """The stream's name as part of a key.

    >>> folder("web/2026/03")
    'web-2026-03'
    """
    return stream.replace("/", "-")


def root(prefix: str | None) -> str:
    """What all keys of an export begin with."""
    return (PREFIX if prefix is None else prefix).rstrip("/")


def parts(pieces: Sequence[Piece], received_by_ms: int, part_bytes: int) -> Iterator[bytes]:
    """Gzip files of the events of one stream, each of about ``part_bytes`` of text; a line for each event received in time.

    Lines are in order of time within a chunk and not between chunks, as AWS says of its own files.
    """
    held, size = list[bytes](), 0
    for line in _lines(pieces, received_by_ms):
        held.append(line)
        size += len(line)
        if size >= part_bytes:
            yield packed(b"".join(held))
            held, size = [], 0
    if held:
        yield packed(b"".join(held))


def _lines(pieces: Sequence[Piece], received_by_ms: int) -> Iterator[bytes]:
    for piece in pieces:
        chunk = piece.chunk
        rows = np.arange(piece.first, piece.last)
        rows = rows[chunk.ingested[rows] <= received_by_ms]
        stamps = np.datetime_as_string(chunk.stamp[rows].astype("datetime64[ms]"), unit="ms").tolist()
        for stamp, message in zip(stamps, chunk.messages(rows), strict=True):
            yield f"{stamp}Z {message}\n".encode("utf-8", "surrogatepass")


def packed(data: bytes) -> bytes:
    """A gzip file with nothing in it of when and where it was made: same data, same bytes.

    >>> import gzip; gzip.decompress(packed(b"a line"))
    b'a line'
    """
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time, system unknown
    body = deflate.compress(data) + deflate.flush()
    return head + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
