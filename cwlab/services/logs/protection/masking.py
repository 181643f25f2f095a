"""Texts and chunks with asterisks in place of sensitive data. Pure: the same text and identifiers give the same."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.history import Moment, periods
from cwlab.services.logs.protection.identifiers import Identifier, Span, found

MASK = "*"
KEPT_BYTES, LEAST_BYTES = (
    256 * 1024 * 1024,
    1024,
)  # of text that is remembered; what each chunk counts at least
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


def shown(chunk: Chunk, rules: Rules) -> Chunk:
    """The chunk as it leaves; itself where nothing is masked."""
    return _memory().look(chunk, rules).shown


def found_in(chunk: Chunk, rules: Rules) -> list[Findings]:
    """The findings of each event that has any, in order."""
    return _memory().look(chunk, rules).findings


class _Looked(NamedTuple):
    """A chunk that was looked through; held itself, so that it keeps its id."""

    chunk: Chunk
    shown: Chunk
    findings: list[Findings]

    @property
    def weight(self) -> int:
        return LEAST_BYTES + self.chunk.nbytes + (0 if self.shown is self.chunk else self.shown.nbytes)


class _Memory:
    """Chunks that were looked through, the longest unused first. It can be dropped at any time."""

    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[int, Rules], _Looked] = OrderedDict()
        self.nbytes = 0

    def look(self, chunk: Chunk, rules: Rules) -> _Looked:
        key = id(chunk), rules
        held = self.kept.get(key)
        if held is not None:
            self.kept.move_to_end(key)
            return held
        made = self.kept[key] = _looked_through(chunk, rules)
        self.nbytes += made.weight
        while self.nbytes > KEPT_BYTES:
            self.nbytes -= self.kept.popitem(last=False)[1].weight
        return made


@lru_cache(maxsize=1)
def _memory() -> _Memory:
    return _Memory()


def _looked_through(chunk: Chunk, rules: Rules) -> _Looked:
    moments, values = rules
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
    return _Looked(chunk, _with(chunk, texts) if texts else chunk, [every[row] for row in sorted(every)])


def _with(chunk: Chunk, texts: dict[int, bytes]) -> Chunk:
    """The chunk with other texts in some rows."""
    cuts, raw = chunk.offset.tolist(), chunk.text.data
    parts: Sequence[bytes] = [
        texts[row] if row in texts else bytes(raw[cuts[row] : cuts[row + 1]]) for row in range(len(chunk))
    ]
    offset = np.zeros(len(chunk) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, parts), np.int32, len(parts)), out=offset[1:])
    return replace(chunk, offset=offset, text=np.frombuffer(b"".join(parts), dtype=np.uint8))
