"""Texts and chunks with asterisks in place of sensitive data. Pure: the same text and identifiers give the same."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.history import Moment, periods
from cwlab.services.logs.protection.identifiers import Identifier, Span, found

MASK = "*"
Identifiers = tuple[Identifier, ...]
Findings = dict[str, list[Span]]  # by the name of the identifier
Rules = tuple[
    tuple[Moment, ...], tuple[Identifiers, ...]
]  # moments of change; what held before, between and after them


def findings(text: str, identifiers: Identifiers) -> Findings:
    """Where each identifier's data stands, without those that find none."""
    spans = ((name, list(found(text, (name, own)))) for name, own in identifiers)
    return {name: all_ for name, all_ in spans if all_}


def masked(text: str, identifiers: Identifiers) -> str:
    """The text with every character of a finding an asterisk.

    >>> masked("to ann@example.com: hi", (("EmailAddress", None),))
    'to ***************: hi'
    """
    having = findings(text, identifiers)
    return _blotted(text, having) if having else text


def _blotted(text: str, having: Findings) -> str:
    letters = list(text)
    for spans in having.values():
        for first, last in spans:
            letters[first:last] = MASK * (last - first)
    return "".join(letters)


_UNQUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|([^\s,\[\]{}:"]*\*[^\s,\[\]{}:"]*)', re.DOTALL)


def mended(text: str) -> str | None:
    """A masked JSON document as JSON again, asterisks that stand for a number in quotes; None when it is none.

    >>> mended('{"id": *********, "a*": "*", "n": [1, **.5]}')
    '{"id": "*********", "a*": "*", "n": [1, "**.5"]}'
    """
    quoted = _UNQUOTED.sub(lambda match: f'"{match[1]}"' if match[1] else match[0], text)
    try:
        json.loads(quoted)
    except (ValueError, RecursionError):
        return None
    return quoted


class _Same:
    """A chunk as a key of a cache: itself and no other."""

    __slots__ = ("chunk",)

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk

    def __hash__(self) -> int:
        return id(self.chunk)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.chunk is self.chunk


def shown(chunk: Chunk, rules: Rules) -> Chunk:
    """The chunk as it leaves; itself where nothing is masked."""
    return _shown(_Same(chunk), rules)[0]


def found_in(chunk: Chunk, rules: Rules) -> list[Findings]:
    """The findings of each event that has any, in order."""
    return _shown(_Same(chunk), rules)[1]


@lru_cache(maxsize=256)
def _shown(held: _Same, rules: Rules) -> tuple[Chunk, list[Findings]]:
    chunk, (moments, values) = held.chunk, rules
    when = periods(chunk, moments)
    texts: dict[int, bytes] = {}
    every: dict[int, Findings] = {}
    for number, identifiers in enumerate(values):
        rows = np.flatnonzero(when == number)
        if not identifiers or not len(rows):
            continue
        for row, text in zip(rows.tolist(), chunk.messages(rows), strict=True):
            having = findings(text, identifiers)
            if having:
                every[row] = having
                texts[row] = _blotted(text, having).encode()
    return (_with(chunk, texts) if texts else chunk), [every[row] for row in sorted(every)]


def _with(chunk: Chunk, texts: dict[int, bytes]) -> Chunk:
    """The chunk with other texts in some rows."""
    cuts, raw = chunk.offset.tolist(), chunk.text.data
    parts: Sequence[bytes] = [
        texts[row] if row in texts else bytes(raw[cuts[row] : cuts[row + 1]]) for row in range(len(chunk))
    ]
    offset = np.zeros(len(chunk) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, parts), np.int32, len(parts)), out=offset[1:])
    return replace(chunk, offset=offset, text=np.frombuffer(b"".join(parts), dtype=np.uint8))
