"""Text that comes from names, logs and answers is data: cleaned, shortened and counted here before it is shown.

Nothing is escaped here, since nothing of ours writes HTML: Vega and the panels set text nodes, and pandas escapes its
tables.
"""

from __future__ import annotations

from datetime import datetime


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
