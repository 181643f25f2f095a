"""The JSON document in a message, and how much of it becomes fields. Source: user guide, supported logs and discovered
fields: the first JSON fragment of a Lambda line; at most 200 fields of one event, the rest can be had by ``parse``.
"""

from __future__ import annotations

import re
from json import JSONDecoder

from cwlab.services.logs.protection.masking import mended

MOST = 200  # fields of one event
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|[][{}]|[^]\s,:[{}"]+', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}


def fragment(message: str) -> str | None:
    """The first JSON object inside a text.

    >>> fragment('x {y} {"a": 1} z')
    '{"a": 1}'
    """
    at = message.find("{")
    decoder = JSONDecoder()
    while at >= 0:
        try:
            _, end = decoder.raw_decode(message, at)
        except (ValueError, RecursionError):
            at = message.find("{", at + 1)
        else:
            return message[at:end]
    return None


def cut(document: str, most: int = MOST) -> str | None:
    """A document as far as its first so many fields, as it is written; None when it has no more.

    Args:
        document: valid JSON.

    >>> cut('{"a": 1.50, "b": [true, null, {"c": "x"}], "d": 4}', 3)
    '{"a": 1.50, "b": [true, null, {"c": "x"}]}'
    """
    count, within, end = 0, "", 0
    for token in _TOKEN.finditer(document):
        word = token[0]
        if word in _CLOSING:
            within = _CLOSING[word] + within
        elif word in ("}", "]"):
            within = within[1:]
        elif token[1] is None and word != "null":
            count += 1
            if count == most:
                end, closing = token.end(), within
            elif count > most:
                return document[:end] + closing
    return None


def document(kind: str, message: str) -> str | None:
    """The document whose fields a message of a kind has, where it is not the message itself.

    Numbers that a data protection policy masks are no numbers any more; their asterisks are put in quotes.
    """
    if kind == "":
        found = mended(message)
        return found and (cut(found) or found)
    if kind == "json":
        return cut(message)
    found = fragment(message)
    return None if found is None else cut(found) or found
