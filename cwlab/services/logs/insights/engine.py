"""Running a compiled query over chunks of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cwlab.services.logs.insights.compile import POINTER, Compiled
from cwlab.services.logs.insights.copies import Copies, Plain, Source, plain
from cwlab.services.logs.insights.indexed import TABLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Answer", "Given", "Plain", "Source", "run", "shown"]

Given = Sequence[Source] | Plain


class Answer(NamedTuple):
    """Rows as text, an absent value None; with ``pointers`` (log, stream, ts, place) where rows are events."""

    rows: tuple[tuple[str | None, ...], ...]
    pointers: tuple[tuple[str, str, int, int], ...] | None
    matched: int
    skipped: tuple[int, int] = (0, 0)  # events that field indexes let pass over, and their bytes


def run(compiled: Compiled, *inputs: Given, spans: Plain | None = None) -> Answer:
    """The rows a query gives.

    Args:
        inputs: what each of ``compiled.inputs`` holds, in that order.
        spans: the field indexes of the query's groups (``indexed.columns``), to tell what they let pass over.
    """
    copies = _copies()
    with copies.database.cursor() as cursor:
        answer = _run(cursor, copies, compiled, inputs)
        if spans is None or compiled.skipped is None or not compiled.skipped.worth(spans):
            return answer
        plain(cursor, TABLE, spans)
        ((events, nbytes),) = cursor.execute(compiled.skipped.text()).fetchall()
        return answer._replace(skipped=(events, int(nbytes)))


def _run(cursor: DuckDBPyConnection, copies: Copies, compiled: Compiled, inputs: Sequence[Given]) -> Answer:
    read = [[] if isinstance(given, Mapping) else given for given in inputs]
    copies.hold(cursor, read)
    for wanted, given in zip(compiled.inputs, inputs, strict=True):
        if isinstance(given, Mapping):
            plain(cursor, wanted.table, given)
        else:
            copies.view(cursor, wanted.table, given)
    found = cursor.execute(compiled.text).fetchall()
    matched = sum(source.last - source.first for source in read[0])
    if compiled.counted:
        matched = int(found[0][-1])
        found = [row for row in found if row[-2]]
    columns = list(zip(*found, strict=True))
    width = len(compiled.columns)
    texts = [shown(*pair) for pair in zip(columns, (each.kind for each in compiled.columns), strict=False)]
    rows = tuple(zip(*texts, strict=True)) if width else tuple(() for _ in found)
    pointers = None
    if compiled.pointed:
        pointers = tuple(zip(*columns[width : width + len(POINTER)], strict=True))
    return Answer(rows, pointers, matched)


def shown(values: Sequence[Any], kind: str) -> list[str | None]:
    """A column as GetQueryResults writes it."""
    match kind:
        case "num":
            return [_number(value) for value in values]
        case "bool":
            return [None if value is None else "1" if value else "0" for value in values]
        case "time":
            stamps = np.array([0 if value is None else value for value in values], dtype="datetime64[ms]")
            pairs = zip(values, stamps.astype(str).tolist(), strict=True)
            return [None if value is None else text.replace("T", " ") for value, text in pairs]
    return [None if value is None else str(value) for value in values]


def _number(value: float | None) -> str | None:
    if value is None or not isfinite(value):
        return None
    written = repr(float(value)).removesuffix(".0")
    return "0" if written == "-0" else written


@lru_cache(maxsize=1)
def _copies() -> Copies:
    return Copies()
