"""JSON that keeps its numbers as they were written.

Event patterns compare numbers by their text: 300, 300.0 and 3.0e2 are three different values (EventBridge User Guide,
"Creating event patterns"). So a number that is read stays a text, and is written back unchanged.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cwlab.codec import record


@record
class Number:
    """A JSON number, as written.

    >>> Number("3.0e2") == Number("300")
    False
    """

    text: str

    @property
    def value(self) -> Decimal:
        """What it is worth."""
        return Decimal(self.text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_no_constant)
_unicode = json.encoder.encode_basestring


def read(text: str) -> Any:
    """Parse JSON; numbers become `Number`. Of two equal keys the last one counts.

    Raises:
        ValueError: the text is no JSON.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


@lru_cache(maxsize=256)
def read_shared(text: str) -> Any:
    """`read` for what is read again and again. Whoever gets it must not change it."""
    return read(text)


def write(value: Any) -> str:
    """JSON as EventBridge sends it: no blanks, numbers as they came.

    >>> write(read('{"a": [1.50, true, null, "é"]}'))
    '{"a":[1.50,true,null,"é"]}'
    """
    if isinstance(value, str):
        return _unicode(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{_unicode(key)}:{write(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(each) for each in value) + "]"
    return json.dumps(value)


def short(value: Any, limit: int = 60) -> str:
    """A value for a sentence: its JSON, cut when long."""
    text = write(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
