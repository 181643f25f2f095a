"""The CSV of a lookup table. Pure.

Source: API reference CreateLookupTable: a header row with column names, UTF-8, at most 10 MB.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from io import StringIO
from typing import NamedTuple

from cwlab.services.logs.refusals import invalid

MOST_BYTES = 10 * 1024 * 1024
MOST_COLUMNS, MOST_NAME = 1000, 512


class Parsed(NamedTuple):
    """Column names, and rows with a value for each."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=16)
def parsed(body: str) -> Parsed:
    """The table that a text is.

    Raises:
        AwsError: InvalidParameterException, which names the line.

    >>> parsed('id,name\\n1,"Ann, B"\\n')
    Parsed(columns=('id', 'name'), rows=(('1', 'Ann, B'),))
    """
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        raise invalid("The content of the lookup table is not UTF-8.") from None
    if size > MOST_BYTES:
        raise invalid(f"The content of the lookup table has {size:,} bytes; it may have {MOST_BYTES:,}.")
    reader = csv.reader(StringIO(body.removeprefix("\ufeff"), newline=""), strict=True)
    found: list[tuple[str, ...]] = []
    line = 1  # where the row that is being read begins
    limit = csv.field_size_limit()
    try:
        for row in reader:
            if row and found and len(row) != len(found[0]):
                raise _at(line, f"{len(row)} values, and the header has {len(found[0])} columns")
            if row:
                found.append(tuple(row) if found else _header(line, row))
            line = reader.line_num + 1
    except csv.Error as problem:
        what = "a quotation mark that is not closed" if "unexpected end" in str(problem) else str(problem)
        if "field larger" in what:
            what = f"a value of more than {limit:,} characters"
        raise _at(line, what) from None
    if not found:
        raise invalid("The lookup table is empty: its first row must hold the names of the columns.")
    return Parsed(found[0], tuple(found[1:]))


def _at(line: int, what: str) -> Exception:
    return invalid(f"The content of the lookup table is not CSV: line {line} has {what}.")


def _header(line: int, row: Sequence[str]) -> tuple[str, ...]:
    if len(row) > MOST_COLUMNS:
        raise _at(line, f"{len(row)} columns; there may be {MOST_COLUMNS}")
    for name in row:
        if not name.strip() or len(name) > MOST_NAME or not name.isprintable() or "`" in name:
            raise _at(line, f"{name[:40]!r}, which is no name of a column")
    for name in row:
        if row.count(name) > 1:
            raise _at(line, f"the column {name!r} twice")
    return tuple(row)


def columns_of(table: Parsed, keys: Sequence[str], outputs: Sequence[str]) -> dict[str, list[str | None]]:
    """What a query needs: columns ``k1`` … and ``o1`` …, of rows with the same keys the first."""
    whole = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    having = [whole[table.columns.index(name)] for name in (*keys, *outputs)]
    first: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(zip(*having[: len(keys)], strict=True)):
        first.setdefault(key, row)
    names = [f"k{n}" for n in range(1, len(keys) + 1)] + [f"o{n}" for n in range(1, len(outputs) + 1)]
    return {name: [each[row] for row in first.values()] for name, each in zip(names, having, strict=True)}
