"""JSON documents: read strictly, and what a selector finds in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cwlab.services.logs.pattern.nodes import ANY_ELEMENT, ANY_MEMBER, Selector

MISSING: Any = object()  # no such place; not the same as null
NO_DOCUMENT: Any = object()


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _large(digits: str) -> float:
    return float(digits)


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_SCAN: Any = _DECODER.scan_once  # type: ignore[attr-defined]  # what decode itself calls, minus two searches for blanks
_LARGE = json.JSONDecoder(parse_constant=_refuse, parse_int=_large)


def read(message: str) -> Any:
    """The document a message is, or NO_DOCUMENT: one JSON value, and nothing around it but blanks."""
    try:
        if message[:1] == "{":  # the common case, without looking for blanks around it
            document, end = _SCAN(message, 0)
            if end == len(message):
                return document
        return _DECODER.decode(message)
    except StopIteration:
        return NO_DOCUMENT
    except json.JSONDecodeError:
        return NO_DOCUMENT
    except ValueError:  # NaN, or a number of more than 4,300 digits
        try:
            return _LARGE.decode(message)
        except ValueError:
            return NO_DOCUMENT
    except RecursionError:  # a thousand brackets deep
        return NO_DOCUMENT


def targets(document: Any, selector: Selector) -> Iterator[Any]:
    """What a selector finds: one value, or with a wildcard any number."""
    found = [document]
    for step in selector.steps:
        if step is ANY_ELEMENT:
            found = [each for value in found if type(value) is list for each in value]
        elif step is ANY_MEMBER:
            found = [each for value in found if type(value) is dict for each in value.values()]
        elif type(step) is int:
            found = [value[step] for value in found if type(value) is list and step < len(value)]
        else:
            found = [value[step] for value in found if type(value) is dict and step in value]
    yield from found


def text_of(value: Any) -> str | None:
    """A scalar as text: a string as it is, numbers and booleans as JSON writes them; None for null, arrays and objects.

    >>> text_of(404), text_of(True), text_of(None)
    ('404', 'true', None)
    """
    if type(value) is str:
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if type(value) is int:
        return str(value)
    return repr(value) if type(value) is float else None
