"""Runs of bytes that every matching event must contain: they are looked for in a whole chunk at once.

A JSON document may write any character as ``\\u0041``; so there a backslash is as good as the text.
"""

from __future__ import annotations

from typing import NamedTuple

from cwlab.services.logs.ingest import utf8
from cwlab.services.logs.pattern import nodes
from cwlab.services.logs.pattern.regex import Regex

_NUMERIC = frozenset(
    "0123456789+-.eEinfa"
)  # what a number's text may be made of, which is not always as it was written
_ESCAPED = frozenset('"\\/') | {chr(n) for n in range(32)} | {"\x7f"}

Sets = tuple[tuple[bytes, ...], ...]


class Needles(NamedTuple):
    """Of each set at least one must be there. ``enough``: that, and none of ``without``, is the whole pattern."""

    sets: Sets
    without: tuple[bytes, ...] = ()
    enough: bool = False


def needles(tree: nodes.Tree) -> Needles:
    """The needles of a pattern."""
    if isinstance(tree, nodes.Terms):
        return _of_terms(tree)
    if isinstance(tree, nodes.Members):
        chosen = _best(_of_condition(tree.condition, json=True))
        return Needles(tuple((*each, b"\\") for each in chosen))
    found: Sets = ()
    for entry in tree.entries:
        if entry.condition is not None:
            found += _of_condition(entry.condition, json=False)
    return Needles(_best(found))


def _of_terms(tree: nodes.Terms) -> Needles:
    counting = tree.counting
    literal = {term: _literal(term.wanted) for term in counting}
    if any(term.sign == "?" for term in counting):
        plain = all(not isinstance(term.wanted, Regex) for term in counting)
        whole = all(literal.values())
        return Needles((tuple(literal.values()),) if whole else (), (), whole and plain)
    wanted = tuple((literal[term],) for term in counting if not term.sign and literal[term])
    plain = all(not isinstance(term.wanted, Regex) and literal[term] for term in counting)
    without = tuple(
        literal[term]
        for term in counting
        if term.sign and not isinstance(term.wanted, Regex) and literal[term]
    )
    return Needles(wanted, without, plain)


def _literal(wanted: str | Regex) -> bytes:
    return utf8(wanted.literal if isinstance(wanted, Regex) else wanted)


def _of_condition(node: nodes.Node, *, json: bool) -> Sets:
    if isinstance(node, nodes.All):
        return tuple(each for part in node.parts for each in _of_condition(part, json=json))
    if isinstance(node, nodes.Any):
        parts = [_best(_of_condition(part, json=json)) for part in node.parts]
        return (tuple(needle for part in parts for needle in part[0]),) if all(parts) else ()
    if isinstance(node, nodes.Absent):
        return ()
    if isinstance(node, nodes.Tested):
        return _key(node.selector)
    if node.op == "=" and not isinstance(node.value, nodes.Number):
        text = node.value.literal if isinstance(node.value, Regex) else node.value.body
        if text and not (json and (_NUMERIC.issuperset(text) or not _ESCAPED.isdisjoint(text))):
            return ((utf8(text),),)
    return _key(node.selector) if isinstance(node, nodes.Compared) else ()


def _key(selector: nodes.Selector) -> Sets:
    """The last key of a selector, in its quotation marks: without it the document has no such member."""
    keys = [step for step in selector.steps if isinstance(step, str) and _ESCAPED.isdisjoint(step)]
    return ((f'"{keys[-1]}"'.encode(),),) if keys else ()


def _best(sets: Sets) -> Sets:
    """The one set that is likely to leave the fewest rows: the shortest needle in it is the longest."""
    return (max(sets, key=lambda each: min(map(len, each))),) if sets else ()
