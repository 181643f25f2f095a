"""Regular expressions of a query for the engine's RE2, whose time is bounded by the length of the text.

AWS does not say which dialect it takes. What RE2 has not (looking ahead or behind, references back) is refused by name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from cwlab import sql
from cwlab.naming import Mistake
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.nodes import Regex

_GROUP = re.compile(r"\(\?P?<([^>=!]*)>")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Checked(NamedTuple):
    """``groups`` are the names of all groups in order, None where one has none."""

    source: str
    groups: tuple[str | None, ...]


def checked(query: str, regex: Regex) -> Checked:
    """The expression as RE2 writes it.

    Raises:
        QueryError: with the place.
    """
    text, out, groups = regex.source, [], list[str | None]()
    at, inside = 0, False

    def refuse(name: str, remedy: str) -> QueryError:
        return QueryError(query, regex.at + 1 + at, regex.at + 2 + at, Mistake(name, remedy))

    while at < len(text):
        letter = text[at]
        if letter == "\\":
            if text[at + 1 : at + 2].isdigit() and text[at + 1] != "0":
                raise refuse(
                    "a reference back to a group", "Expressions here have none: write what it stands for."
                )
            out.append("/" if text[at : at + 2] == "\\/" else text[at : at + 2])
            at += 2
            continue
        if inside:
            inside = letter != "]"
        elif letter == "[":
            inside = True
        elif letter == "(":
            if text.startswith(("(?=", "(?!", "(?<=", "(?<!"), at):
                raise refuse("looking ahead or behind", "Expressions here have none: match the text itself.")
            named = _GROUP.match(text, at)
            if named is not None:
                if not _NAME.fullmatch(named[1]):
                    raise refuse("a group's name that is none", "Use letters, digits and _.")
                groups.append(named[1])
                out.append(f"(?P<{named[1]}>")
                at = named.end()
                continue
            if not text.startswith("(?", at):
                groups.append(None)
        out.append(letter)
        at += 1
    source = "".join(out)
    problem = _problem(source)
    at = 0
    if problem is not None:
        raise refuse(
            f"an expression that cannot be read ({problem})",
            "Check it; \\ goes before a sign meant as itself.",
        )
    return Checked(source, tuple(groups))


@lru_cache(maxsize=512)
def _problem(source: str) -> str | None:
    """What RE2 says against an expression."""
    import duckdb

    try:
        sql.shared().cursor().execute("SELECT regexp_matches('', $1)", [source]).fetchall()
    except duckdb.Error as error:
        return str(error).partition(": ")[2].splitlines()[0]
    return None


@lru_cache(maxsize=512)
def matches(source: str, written: str) -> bool:
    """Whether an expression that has been checked finds something in a text."""
    found = sql.shared().cursor().execute("SELECT regexp_matches($1, $2)", [written, source]).fetchone()
    return found is not None and bool(found[0])
