"""``parse``: fields out of a text, by a glob or a regular expression."""

from __future__ import annotations

import re

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.regex import checked, matches
from cwlab.services.logs.insights.tree import array, call, column, text, tree
from cwlab.services.logs.insights.values import Value, txt


def parse_glob(chain: Chain, command: nodes.ParseGlob) -> None:
    """Each * takes as little as the literal after it allows, the last of all the rest."""
    pieces = command.glob.value.split("*")
    pattern = "(?s)" + re.escape(pieces[0])
    for n, piece in enumerate(pieces[1:], 1):
        if len(piece) == 1:  # the same as below, at half the cost
            taken = f"[^{re.escape(piece)}]*"
        else:
            taken = ".*" if n == len(pieces) - 1 and not piece else ".*?"
        pattern += f"({taken}){re.escape(piece)}"
    _extract(chain, command.source, pattern, [name.name for name in command.names])


def parse_regex(chain: Chain, command: nodes.ParseRegex) -> None:
    """A field for each group with a name."""
    regex = checked(chain.query, command.regex)
    if not any(regex.groups):
        raise chain.refuse(
            command.regex, "an expression without named groups", "Write (?<name>…) for a field."
        )
    _extract(chain, command.source, regex.source, list(regex.groups))


def _extract(chain: Chain, source: nodes.Node | None, pattern: str, names: list[str | None]) -> None:
    """Two steps: the match as a whole, then a field for each group that has a name; none where nothing matched."""
    looked = chain.system("@message") if source is None and not chain.grouped else None
    if looked is None:
        field = source or nodes.Field(0, 0, "@message", ("@message",))
        looked = chain.expressions().value(field)
    groups = [f"g{n}" for n in range(len(names) + 1)]
    match = call("regexp_extract", txt(looked), text(f"({pattern})"), array(*map(text, groups)))
    where = chain.unique("parsed")
    from sqlglot import exp

    chain.step(chain.all(exp.alias_(match, exp.to_identifier(where, quoted=True))))
    whole = call("struct_extract", column(where), text("g0"))
    matched = tree(":w <> ''", w=whole)
    if matches(pattern, ""):  # nothing, too, can be what was found
        again = call("regexp_matches", txt(looked), text(pattern))
        matched = tree(":m OR COALESCE(:again, FALSE)", m=matched, again=again)
    made = []
    for name, group in zip(names, groups[1:], strict=True):
        if name is not None:
            part = call("struct_extract", column(where), text(group))
            made.append((name, Value(tree("CASE WHEN :m THEN :p END", m=matched, p=part), "text")))
    chain.add(made)
