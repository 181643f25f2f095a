"""Which events a filter pattern lets through.

A ``Match`` looks at rows ``first`` to ``last`` of a chunk and tells those that match, in order. It gets columns, not
events, so that a term can be looked for in the whole run of text at once (``find.rows_with``).
"""

from __future__ import annotations

from collections.abc import Callable

from cwlab.services.logs.chunk import Chunk, Ints
from cwlab.services.logs.pattern import compiled

Match = Callable[[Chunk, int, int], Ints]


def matcher(pattern: str | None, *, exact: bool = False) -> Match | None:
    """What a filter pattern matches; None when that is everything.

    Args:
        exact: the setting ``exact_fields``.

    Raises:
        PatternError: InvalidParameterException; a note shows the place and names the mistake.
    """
    if pattern is None or not pattern.strip():
        return None
    found = compiled(pattern, exact=exact)
    return None if found.everything else found.rows
