"""Tokens: into which parts a name falls, and when the parts of a term are found in it.

Source: user guide, search-expression-syntax, "Tokenization" and "Partial matches".

    >>> tokens("Project2-trial333")
    ['project2trial333', 'project', '2', 'trial', '333']
    >>> [found("CustomCount1", term) for term in ("count", "COUNT", "CustomCount", "Count1", "customcount1")]
    [True, True, True, True, True]
    >>> [found("CustomCount1", term) for term in ("couNT", "customcount", "count1", "ount")]
    [False, False, False, False]
"""

from __future__ import annotations

import re
from functools import lru_cache

# Words are what stands between signs; a part ends where digits begin or end, and where a capital begins a word.
_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[\W_]+")
_PART = re.compile(r"\d+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


@lru_cache(maxsize=1 << 16)
def parts(text: str) -> tuple[str, ...]:
    """The parts of a string in order, in the letters it is written in."""
    return tuple(_PART.findall(text))


def tokens(text: str) -> list[str]:
    """The tokens of a string: all of it without its signs, then its parts; in lower case.

    >>> [tokens(text) for text in ("CustomCount1", "SDBFailure")]
    [['customcount1', 'custom', 'count', '1'], ['sdbfailure', 'sdb', 'failure']]
    """
    return list(dict.fromkeys("".join(t).lower() for t in (parts(text), *((p,) for p in parts(text)))))


@lru_cache(maxsize=1 << 16)
def _joined(text: str) -> str:
    """All parts of a string, without what stands between them, in lower case."""
    return text.lower() if text.isalnum() else _BETWEEN.sub("", text).lower()


@lru_cache(maxsize=1 << 16)
def _set(text: str) -> frozenset[str]:
    return frozenset(map(str.lower, parts(text)))


class Pattern:
    """A term, ready to be looked for in many strings.

    One part alone may be written in any letters. A word of several parts is a composite: its letters count. Signs between
    words do not: network/errors is found in NetworkErrors2 as in Network-Errors-2.
    """

    __slots__ = ("_first", "_parts", "_whole")

    def __init__(self, term: str) -> None:
        self._whole = _joined(term)
        self._parts: list[tuple[bool, str]] = []
        for word in _WORD.findall(term):
            split = parts(word)
            alone = len(split) == 1
            self._parts += [(alone, part.lower() if alone else part) for part in split]
        self._first = self._parts[0][1].lower() if self._parts else ""

    def found_in(self, text: str) -> bool:
        """Whether some parts of the string, one after the other, are those of the term, or all of both are the same."""
        joined, wanted = _joined(text), self._parts
        if self._first not in joined or not wanted:  # most strings end here
            return False
        if joined == self._whole:
            return True
        there = parts(text)
        if len(wanted) == 1 and wanted[0][0]:
            return self._first in _set(text)
        return any(
            all(
                there[start + i] == part or (alone and there[start + i].lower() == part)
                for i, (alone, part) in enumerate(wanted)
            )
            for start in range(len(there) - len(wanted) + 1)
        )


def found(text: str, term: str) -> bool:
    """Whether a partial match finds the term in the string."""
    return Pattern(term).found_in(text)
