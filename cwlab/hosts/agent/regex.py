"""Regular expressions of the configuration."""

from __future__ import annotations

import re
from functools import lru_cache


class Regex:
    def __init__(self, text: str) -> None:
        self._re = re.compile(text)

    def search(self, line: str) -> bool:
        return self._re.search(line) is not None


@lru_cache(maxsize=256)
def compiled(text: str) -> Regex:
    return Regex(text)
