"""Where in a JSON text the values stand that a selector finds. For people: it reads the text anew at each step down.

>>> text = '{"user": {"id": 7}}'
>>> [text[at:end] for at, end in places(text, selector("$.user.id"))]
['7']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecoder

from cwlab.services.logs.pattern.nodes import ANY_ELEMENT, ANY_MEMBER, Selector
from cwlab.services.logs.pattern.parse import selector

Span = tuple[int, int]
_DECODER = JSONDecoder(parse_int=str, parse_float=str)  # only the ends count
_BLANKS = re.compile(r"[ \t\n\r]*")


def places(text: str, wanted: Selector) -> list[Span]:
    """The places of what a selector finds in a text that is JSON, in the order of ``documents.targets``."""
    start = _skip(text, 0)
    found = [(start, _DECODER.raw_decode(text, start)[1])]
    for step in wanted.steps:
        below: list[Span] = []
        for at, _ in found:
            if text[at] == "[" and step is ANY_ELEMENT:
                below += _elements(text, at)
            elif text[at] == "[" and isinstance(step, int):
                below += list(_elements(text, at))[step : step + 1]
            elif text[at] == "{" and step is ANY_MEMBER:
                below += dict(_members(text, at)).values()  # of two members of one name the last counts
            elif text[at] == "{" and isinstance(step, str):
                below += [place for key, place in dict(_members(text, at)).items() if key == step]
        found = below
    return found


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _elements(text: str, at: int) -> Iterator[Span]:
    at = _skip(text, at + 1)
    while text[at] != "]":
        end = _DECODER.raw_decode(text, at)[1]
        yield at, end
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _members(text: str, at: int) -> Iterator[tuple[str, Span]]:
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, end = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, end) + 1)
        end = _DECODER.raw_decode(text, at)[1]
        yield key, (at, end)
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


__all__ = ["Span", "places", "selector"]
