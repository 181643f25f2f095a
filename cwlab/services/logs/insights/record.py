"""One event as a map of all its fields: what GetLogRecord answers and GetLogGroupFields counts."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isfinite
from typing import Any

from cwlab.services.logs.insights import discovered
from cwlab.services.logs.insights.documents import MOST, fragment
from cwlab.services.logs.protection.masking import mended

_VPC, _DNS, _LAMBDA = (
    re.compile(source) for source in (discovered.VPC_LINE, discovered.DNS_LINE, discovered.LAMBDA_LINE)
)


def fields(message: str) -> dict[str, str]:
    """The fields Logs Insights discovers in a message, as text.

    >>> fields('{"user": {"id": 7}, "tags": ["a"], "@x": true}')
    {'user.id': '7', 'tags.0': 'a', '@@x': 'true'}
    """
    document = _document(message)
    if document is not None:
        return _flat(document)
    line = message.rstrip()
    words = line.split(" ")
    if _VPC.match(line):
        return dict(zip(discovered.VPC, words, strict=False))
    if _DNS.match(line):
        return dict(zip(discovered.DNS, words, strict=False))
    if not _LAMBDA.match(message):
        return {}
    found = {}
    for name, (pattern, factor) in discovered.LINES.items():
        hit = re.search(pattern, message)
        if hit is not None:
            text = hit[1] if hit.re.groups else hit[0]
            found[name] = text if factor == 1 else str(int(text) * factor)
    inner = fragment(message)
    return found if inner is None else found | _flat(json.loads(inner))


def _document(message: str) -> Any:
    if not message.lstrip().startswith("{"):
        return None
    try:
        return _read(message)
    except (ValueError, RecursionError):
        again = mended(message) if "*" in message else None
        return None if again is None else _read(again)


def _read(text: str) -> Any:
    return json.loads(
        text, parse_float=_real, parse_int=_whole, parse_constant=_refuse, object_pairs_hook=_first
    )


def _real(typed: str) -> str:
    """A number as the engine writes it: 1.50 is 1.5, 1e2 is 100.0.

    >>> [_real(typed) for typed in ("1.50", "1e2", "1E-5", "1.0e-7", "1e400")]
    ['1.5', '100.0', '0.00001', '1e-7', '1e400']
    """
    value = float(typed)
    if not isfinite(value):
        return typed
    exact = Decimal(repr(value))
    if -7 < exact.adjusted() < 21 or not value:
        plain = f"{exact:f}"
        return plain if "." in plain else f"{plain}.0"
    return repr(value).replace("e+", "e").replace("e-0", "e-")


def _whole(typed: str) -> str:
    return "0" if typed == "-0" else typed


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one key the first, as in queries."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _flat(document: dict[str, Any]) -> dict[str, str]:
    """Dotted paths and their values, in the document's order, without nulls; not recursive."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = [
        (f"@{key}" if key.startswith("@") else key, value) for key, value in reversed(document.items())
    ]
    while waiting and len(found) < MOST:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}", inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(f"{path}.{n}", inner) for n, inner in reversed(list(enumerate(value)))]
        elif isinstance(value, bool):
            found[path] = "true" if value else "false"
        elif value is not None:
            found[path] = str(value)
    return found
