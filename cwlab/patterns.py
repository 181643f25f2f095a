"""Why a log line matches a filter pattern or does not, for the pattern bench and for whoever wonders.

from cwlab.patterns import explain

explain("ERROR -Exiting", "Exiting with ERRORCODE: -1").parts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwlab.services.logs.pattern.explain import Explanation


def explain(pattern: str, message: str) -> Explanation:
    """What a filter pattern makes of a message: whether it matches, what each of its terms found and where, the fields it
    extracts, or the mistake in it. Nothing is raised."""
    from cwlab.services.logs.pattern.explain import explain as explained

    return explained(pattern, message)
