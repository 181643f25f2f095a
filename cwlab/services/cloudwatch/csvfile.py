"""Your own data: a CSV file of ``timestamp,value``.

Times are ``2014-02-14 14:30:00`` (taken as UTC) or ISO 8601 with ``Z`` or an offset. A header line is required.
Nothing is stored unless every line can be read.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np

from cwlab.errors import BadFile
from cwlab.progress import bar
from cwlab.services.cloudwatch.chunk import Floats, Ints
from cwlab.services.cloudwatch.ingest import LIMIT

HEADER = ["timestamp", "value"]
BLOCK = 5_000  # lines read at once
_SHAPES = 'Write "2014-02-14 14:30:00" (UTC), or ISO 8601 with Z or an offset.'


def load(
    lab: Any,
    path: str | os.PathLike[str],
    *,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str] | Iterable[Mapping[str, str]] = (),
    unit: str = "None",
    resolution: int = 60,
    shift: bool = False,
) -> int:
    """Read a file and store it as a metric of the lab; returns the number of rows.

    Args:
        resolution: 60, or 1 for high resolution.
        shift: move the recording in time so that it ends at the lab's now.

    Raises:
        BadFile: names file, line, value, rule and remedy; nothing was stored.
    """
    named = (
        dict(dimensions) if isinstance(dimensions, Mapping) else {d["Name"]: d["Value"] for d in dimensions}
    )
    stamps, values = read(path)
    if shift:
        stamps = stamps + (int(lab.now.timestamp()) - int(stamps.max()))
    lab.act(
        "cloudwatch",
        "load",
        namespace=namespace,
        metric=metric,
        stamps=stamps,
        values=values,
        dimensions=named,
        unit=unit,
        resolution=resolution,
    )
    return len(stamps)


def read(path: str | os.PathLike[str]) -> tuple[Ints, Floats]:
    """The columns of a file: seconds since 1970 UTC, and values. Rows keep the file's order.

    Raises:
        BadFile: a line cannot be read, or there is none.
    """
    size = max(_size(path), 1)
    stamps: list[Ints] = []
    values: list[Floats] = []
    block: list[list[str]] = []
    numbers: list[int] = []
    with Path(path).open("rb") as file, bar(lambda: min(file.tell() / size, 1.0)) as step:
        lines = csv.reader(TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
        try:
            _header(path, next(lines, None))
            for row in lines:
                block.append(row)
                numbers.append(lines.line_num)
                if len(block) == BLOCK:
                    _take(path, block, numbers, stamps, values)
                    step(BLOCK * len(stamps))
                    block, numbers = [], []
        except csv.Error as problem:
            raise BadFile(
                path, lines.line_num, str(problem), "is not CSV.", "Check the quotes in this line."
            ) from None
        except UnicodeDecodeError as problem:
            broken = problem.object[problem.start : problem.start + 8]
            line = lines.line_num + 1
            raise BadFile(path, line, broken, "is not UTF-8 text.", "Save the file as UTF-8.") from None
    _take(path, block, numbers, stamps, values)
    found = np.concatenate(stamps), np.concatenate(values)
    if not len(found[0]):
        raise BadFile(
            path, None, "no rows", "the file has a header and nothing else.", "Add lines of timestamp,value."
        )
    return found


def _take(
    path: object, rows: list[list[str]], numbers: list[int], stamps: list[Ints], values: list[Floats]
) -> None:
    """Read a block of rows: all at once where every line is plain, else one by one, which finds the bad one."""
    columns = _plain(rows)
    if columns is None:
        pairs = [
            _line(path, number, row) for row, number in zip(rows, numbers, strict=True) if row
        ]  # an empty line is no row
        columns = np.array([s for s, _ in pairs], dtype=np.int64), np.array([v for _, v in pairs])
    stamps.append(columns[0])
    values.append(columns[1])


def _plain(rows: list[list[str]]) -> tuple[Ints, Floats] | None:
    """The columns of rows that all have a time without zone and a plain number; None when one has not."""
    try:
        times = [time for time, _ in rows]
        value = np.array([float(text) for _, text in rows])
        if not all(len(time) == 19 and time[10] == " " for time in times) or any(
            "_" in text for _, text in rows
        ):
            return None
        stamp = np.array(times, dtype="datetime64[s]").astype(np.int64)
    except ValueError:
        return None
    good = (np.abs(value) <= LIMIT).all() and (stamp >= 0).all()
    return (stamp, value) if good else None


def _line(path: object, line: int, row: list[str]) -> tuple[int, float]:
    if len(row) != 2:
        rule = f"has {len(row)} fields; a line has two."
        raise BadFile(path, line, ",".join(row), rule, "Write timestamp,value.")
    return _stamp(path, line, row[0]), _value(path, line, row[1])


def _size(path: str | os.PathLike[str]) -> int:
    try:
        return Path(path).stat().st_size
    except OSError as problem:
        raise BadFile(
            path, None, os.fspath(path), f"cannot be opened: {problem.strerror}.", "Check the path."
        ) from None


def _header(path: object, row: list[str] | None) -> None:
    if row is None or [field.strip().lower() for field in row] != HEADER:
        raise BadFile(
            path, 1, ",".join(row or []), "is not the header.", 'The first line reads "timestamp,value".'
        )


def _stamp(path: object, line: int, text: str) -> int:
    text = text.strip()
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise BadFile(path, line, text, "is not a time.", _SHAPES) from None
    if when.tzinfo is None:
        if len(text) != 19 or text[10] != " ":
            raise BadFile(path, line, text, "is a time without a zone.", _SHAPES)
        when = when.replace(tzinfo=UTC)
    return math.floor(when.timestamp())


def _value(path: object, line: int, text: str) -> float:
    try:
        value = float(text)
        if "_" in text:
            raise ValueError
    except ValueError:
        raise BadFile(path, line, text, "is not a number.", "Write a decimal number, as 0.132.") from None
    if not -LIMIT <= value <= LIMIT:
        raise BadFile(
            path, line, text, "is not a value a metric can have.", "Values lie between -2**360 and 2**360."
        )
    return value
