"""Text that comes from names, logs and answers is data: shortened, escaped and counted here before it is shown."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any


def clean(text: object) -> str:
    """One line without control characters; what stood there shows as ``\\x1b``, ``\\n`` and so on."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def shorten(text: object, limit: int = 48) -> str:
    """At most ``limit`` characters, cut in the middle, where identifiers differ least.

    >>> shorten("i-0123456789abcdef0", 11)
    'i-012…cdef0'
    """
    line = clean(text)
    if len(line) <= limit:
        return line
    head = limit // 2
    return f"{line[:head]}…{line[len(line) - (limit - head - 1) :]}"


def escape(text: object) -> str:
    """Safe inside HTML text and attributes."""
    return html.escape(clean(text), quote=True)


def number(value: float | None) -> str:
    """A number for people: four significant digits, thousands separated, no exponent where it can be helped.

    >>> number(1234567.0), number(0.012345), number(12.0), number(None)
    ('1,234,567', '0.01235', '12', '–')
    """
    if value is None or value != value:
        return "–"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def counted(n: int, noun: str, plural: str = "") -> str:
    """``1 point``, ``2 points``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def span(seconds: float) -> str:
    """A duration in its largest fitting unit: ``90 s``, ``5 min``, ``3 h``, ``15 days``.

    >>> span(300), span(10800), span(86400 * 63), span(90)
    ('5 min', '3 h', '63 days', '90 s')
    """
    for size, unit in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            n = int(seconds // size)
            return f"{n} {unit}{'s' if unit == 'day' and n != 1 else ''}"
    return f"{number(seconds)} s"


def clock(when: datetime) -> str:
    """An instant for people: ``2026-03-02 09:00:00 UTC``."""
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


def table_html(columns: list[str], rows: list[list[Any]], caption: str) -> str:
    """A plain table whose every cell is escaped."""
    head = "".join(f"<th scope='col'>{escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(v)}</td>" for v in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
