"""Your own data: a CSV file of ``timestamp,value``.

Times are ``2014-02-14 14:30:00`` (taken as UTC) or ISO 8601 with ``Z`` or an offset. A header line is required.
Nothing is stored unless every line can be read.
"""

from __future__ import annotations

import csv
import math
import os
from array import array
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
    stamps, values = array("q"), array("d")
    with Path(path).open("rb") as file, bar(lambda: min(file.tell() / size, 1.0)) as step:
        lines = csv.reader(TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
        try:
            _header(path, next(lines, None))
            for row in lines:
                if len(row) != 2:
                    if not row:
                        continue  # an empty line
                    raise BadFile(
                        path,
                        lines.line_num,
                        ",".join(row),
                        f"has {len(row)} fields; a line has two.",
                        "Write timestamp,value.",
                    )
                stamps.append(_stamp(path, lines.line_num, row[0]))
                values.append(_value(path, lines.line_num, row[1]))
                step(len(stamps))
        except csv.Error as problem:
            raise BadFile(
                path, lines.line_num, str(problem), "is not CSV.", "Check the quotes in this line."
            ) from None
        except UnicodeDecodeError as problem:
            raise BadFile(
                path,
                lines.line_num + 1,
                problem.object[problem.start : problem.start + 8],
                "is not UTF-8 text.",
                "Save the file as UTF-8.",
            ) from None
    if not stamps:
        raise BadFile(
            path, None, "no rows", "the file has a header and nothing else.", "Add lines of timestamp,value."
        )
    return np.array(stamps), np.array(values)


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
