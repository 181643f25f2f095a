"""A filter pattern ready for use: does it match, what does it extract, which rows of a chunk.

>>> pattern = compiled("[..., status=404, size]")
>>> pattern.match('"GET /" 404 1534')
{'$1': 'GET /', '$status': '404', '$size': '1534'}
>>> pattern.match('"GET /" 200 1534') is None
True
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from cwlab.services.logs.chunk import Chunk, Ints
from cwlab.services.logs.find import rows_with
from cwlab.services.logs.ingest import utf8
from cwlab.services.logs.pattern import nodes
from cwlab.services.logs.pattern.documents import MISSING, NO_DOCUMENT, read, targets, text_of
from cwlab.services.logs.pattern.lines import cut, texts
from cwlab.services.logs.pattern.needles import needles
from cwlab.services.logs.pattern.parse import number, parse, selector
from cwlab.services.logs.pattern.regex import Regex

Test = Callable[[Any], bool]
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


@lru_cache(maxsize=1024)  # of texts alone: a table of what they mean, not of state
def compiled(text: str, *, exact: bool = False) -> Pattern:
    """The pattern of a text.

    Args:
        exact: a space-delimited pattern without ``...`` matches no line with more fields than it has entries.

    Raises:
        PatternError: InvalidParameterException; a note shows the place and names the mistake.
    """
    return Pattern(text, exact)


class Pattern:
    """A filter pattern."""

    def __init__(self, text: str, exact: bool = False) -> None:
        self.text = text
        tree = parse(text)
        self.tree = replace(tree, exact=True) if exact and isinstance(tree, nodes.Fields) else tree
        self._needles = needles(self.tree)
        self._holds: Test
        if isinstance(self.tree, nodes.Terms):
            self._holds = _terms(self.tree)
        elif isinstance(self.tree, nodes.Members):
            condition = member_test(self.tree.condition)
            self._holds = lambda message: (
                (document := read(message)) is not NO_DOCUMENT and condition(document)
            )
        else:
            self._holds = _line_test(self.tree)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    @property
    def everything(self) -> bool:
        """Whether every event matches."""
        return isinstance(self.tree, nodes.Terms) and not self.tree.terms

    @property
    def mode(self) -> str:
        """``text``, ``json`` or ``space``."""
        return {nodes.Terms: "text", nodes.Members: "json", nodes.Fields: "space"}[type(self.tree)]

    @property
    def regexes(self) -> int:
        """How many regular expressions it has."""
        if isinstance(self.tree, nodes.Terms):
            return sum(isinstance(term.wanted, Regex) for term in self.tree.terms)
        return sum(isinstance(getattr(leaf, "value", None), Regex) for leaf in self.leaves)

    @property
    def leaves(self) -> list[Any]:
        """Its conditions, in the order of the text."""
        if isinstance(self.tree, nodes.Members):
            return list(nodes.leaves(self.tree.condition))
        if isinstance(self.tree, nodes.Fields):
            return [
                leaf
                for entry in self.tree.entries
                if entry.condition
                for leaf in nodes.leaves(entry.condition)
            ]
        return []

    def matches(self, message: str) -> bool:
        """Whether a message matches."""
        return self._holds(message)

    def match(self, message: str) -> dict[str, str] | None:
        """What is extracted from a message that matches, as TestMetricFilter shows it; None from one that does not.

        Of a text pattern nothing; of a JSON pattern its selectors that hold a scalar; of a space-delimited one all fields, by name
        or by number.
        """
        if not self._holds(message):
            return None
        if isinstance(self.tree, nodes.Terms):
            return {}
        if isinstance(self.tree, nodes.Fields):
            return fields(self.tree, message)
        document = read(message)
        found = {}
        for leaf in self.leaves:
            text = _scalar(document, leaf.selector)
            if text is not None:
                found[leaf.selector.text] = text
        return found

    def values(self, message: str, references: Sequence[str]) -> list[str | None]:
        """The texts of variables (``$name``, ``$7``, ``$.member``) in a message that matches; None where there is none."""
        if isinstance(self.tree, nodes.Fields):
            named = fields(self.tree, message) or {}
            return [named.get(reference) for reference in references]
        document = read(message)
        if document is NO_DOCUMENT:
            return [None] * len(references)
        return [_scalar(document, selector(reference)) for reference in references]

    def rows(self, chunk: Chunk, first: int, last: int) -> Ints:
        """The rows of a chunk, from ``first`` up to ``last``, that match, in order.

        Runs of bytes that every match contains are looked for in the whole chunk; only what has them is looked at further.
        """
        candidates = _candidates(chunk, first, last, self._needles.sets)
        if isinstance(self.tree, nodes.Terms):
            for needle in self._needles.without:
                if not len(candidates):
                    return candidates
                excluded = rows_with(chunk, needle, first, last)
                candidates = candidates[~np.isin(candidates, excluded, assume_unique=True)]
        if self._needles.enough or not len(candidates):
            return candidates
        kept = np.fromiter(map(self._holds, chunk.messages(candidates)), np.bool_, len(candidates))
        return candidates[kept]


def _candidates(chunk: Chunk, first: int, last: int, sets: Sequence[Sequence[bytes]]) -> Ints:
    """The rows that have at least one needle of each set."""
    found: Ints | None = None
    for alternatives in sets:
        rows = rows_with(chunk, alternatives[0], first, last)
        for needle in alternatives[1:]:
            rows = np.union1d(rows, rows_with(chunk, needle, first, last))
        found = rows if found is None else np.intersect1d(found, rows, assume_unique=True)
        if not len(found):
            break
    return np.arange(first, max(first, last)) if found is None else found


# -- text --------------------------------------------------------------------------------------------------------------
def _terms(tree: nodes.Terms) -> Test:
    counting = tree.counting
    if any(term.sign == "?" for term in counting):
        tests = [_contains(term.wanted) for term in counting]
        return lambda message: any(test(message) for test in tests)
    wanted = [_contains(term.wanted) for term in counting if not term.sign]
    without = [_contains(term.wanted) for term in counting if term.sign]
    return lambda message: (
        all(test(message) for test in wanted) and not any(test(message) for test in without)
    )


def _contains(wanted: str | Regex) -> Test:
    if isinstance(wanted, Regex):
        return wanted.search
    word = utf8(wanted).decode()
    return lambda message: word in message


def _joined(node: nodes.All | nodes.Any, tests: Sequence[Test]) -> Test:
    """All of the tests, or any of them; two, the common case, without a loop."""
    if len(tests) == 2:
        one, other = tests
        if isinstance(node, nodes.All):
            return lambda given: one(given) and other(given)
        return lambda given: one(given) or other(given)
    every = isinstance(node, nodes.All)

    def joined(given: Any) -> bool:
        for test in tests:
            if test(given) is not every:
                return not every
        return every

    return joined


# -- JSON --------------------------------------------------------------------------------------------------------------
def member_test(node: Any) -> Test:
    """Whether a condition holds of a document."""
    if isinstance(node, nodes.All | nodes.Any):
        return _joined(node, [member_test(part) for part in node.parts])
    place: nodes.Selector = node.selector
    if isinstance(node, nodes.Absent):
        return lambda document: next(targets(document, place), MISSING) is MISSING
    holds: Test
    if isinstance(node, nodes.Tested):
        wanted = node.wanted
        holds = lambda value: value is wanted  # noqa: E731
    else:
        holds = value_test(node.op, node.value)
    if len(place.steps) == 1 and isinstance(place.steps[0], str):
        key = place.steps[0]
        return lambda document: type(document) is dict and key in document and holds(document[key])
    if all(isinstance(step, str) for step in place.steps):
        keys = place.steps

        def nested(document: Any) -> bool:
            for key in keys:
                if type(document) is not dict or key not in document:
                    return False
                document = document[key]
            return holds(document)

        return nested
    return lambda document: any(holds(value) for value in targets(document, place))


def value_test(op: str, value: nodes.Value) -> Test:
    """Whether a comparison holds of a JSON value. Of null, arrays and objects none does, ``!=`` included."""
    if isinstance(value, nodes.Number):
        compare, wanted, word = _ORDER[op], value.number, value.text

        def numeric(given: Any) -> bool:
            kind = type(given)
            if kind is int or kind is float:
                return compare(given, wanted)
            if op == "=":
                return text_of(given) == word
            text = text_of(given)
            return op == "!=" and text is not None and text != word

        return numeric
    fits = value.search if isinstance(value, Regex) else value.fits
    if op == "=":
        return lambda given: (text := text_of(given)) is not None and fits(text)
    return lambda given: (text := text_of(given)) is not None and not fits(text)


def _scalar(document: Any, place: nodes.Selector) -> str | None:
    """The text of the first scalar a selector finds."""
    return next((text for value in targets(document, place) if (text := text_of(value)) is not None), None)


# -- fields ------------------------------------------------------------------------------------------------------------
def text_test(op: str, value: nodes.Value) -> Callable[[str], bool]:
    """Whether a comparison holds of a field's text. A number is compared as one where the field is one."""
    if isinstance(value, nodes.Number):
        compare, wanted, equal = _ORDER[op], value.number, op == "="

        def numeric(text: str) -> bool:
            given = number(text)
            if given is None:
                return op == "!="
            return compare(given, wanted)

        return (lambda text: text == value.text or numeric(text)) if equal else numeric
    fits = value.search if isinstance(value, Regex) else value.fits
    return fits if op == "=" else lambda text: not fits(text)


def condition_test(node: Any) -> Test:
    """Whether a field's condition holds of its text."""
    if isinstance(node, nodes.Condition):
        return text_test(node.op, node.value)
    return _joined(node, [condition_test(part) for part in node.parts])


def placed(tree: nodes.Fields, message: str) -> list[tuple[int, int, nodes.Field | None]] | None:
    """The fields of a line, where each stands, and the entry it belongs to; None when they are too few.

    Without an ellipsis the last entry takes the rest of the line as it stands. Source: user guide, example
    ``[w1=ERROR, w2]``; an older edition suggests an exact count.
    """
    tokens, before, after = cut(message), tree.before, tree.after
    if len(tokens) < len(tree.entries) or (tree.exact and after is None and len(tokens) > len(before)):
        return None
    if after is None:
        spans: list[tuple[int, int, nodes.Field | None]] = [
            (token.at, token.end, entry) for token, entry in zip(tokens, before, strict=False)
        ]
        if len(tokens) > len(before):
            spans[-1] = (tokens[len(before) - 1].start, len(message), before[-1])
        return spans
    between = len(tokens) - len(before) - len(after)
    entries = (*before, *(None,) * between, *after)
    return [(token.at, token.end, entry) for token, entry in zip(tokens, entries, strict=True)]


def _line_test(tree: nodes.Fields) -> Test:
    """Whether a line has enough fields and those with a condition fit it."""
    size, after = len(tree.entries), tree.after
    from_left = [(n, each) for n, each in enumerate(tree.before) if each.condition is not None]
    from_right = (
        [(n - len(after), each) for n, each in enumerate(after) if each.condition is not None]
        if after
        else []
    )
    tests = [(n, condition_test(each.condition)) for n, each in (*from_left, *from_right)]
    exact = tree.exact and after is None
    takes_rest = after is None and tree.before[-1].condition is not None

    def holds(line: str) -> bool:
        found = texts(line)
        if len(found) < size or (exact and len(found) > size):
            return False
        if takes_rest and len(found) > size:
            spans = placed(tree, line)
            assert spans is not None
            found[size - 1] = line[spans[-1][0] :]
        for n, test in tests:  # noqa: SIM110  (all() and its generator take twice as long)
            if not test(found[n]):
                return False
        return True

    return holds


def fields(tree: nodes.Fields, message: str) -> dict[str, str] | None:
    """The fields by ``$name``, those without a name by ``$`` and their number in the line."""
    spans = placed(tree, message)
    if spans is None:
        return None
    return {
        f"${entry.name}" if entry is not None and entry.name is not None else f"${n}": message[at:end]
        for n, (at, end, entry) in enumerate(spans, 1)
    }
