"""Why a message matches a pattern or does not: for a pattern bench, and for a person who wonders.

>>> found = explain("ERROR -Exiting", "Exiting with ERRORCODE: -1")
>>> found.matched, [(part.text, part.holds, part.spans) for part in found.parts]
(False, [('ERROR', True, ((13, 18),)), ('-Exiting', False, ((0, 7),))])
>>> print(explain("{ $.a == 1 }", "{}").pointer())
{ $.a == 1 }
       ^ one equals sign is enough. Write =.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cwlab.naming import Mistake
from cwlab.services.logs.pattern import nodes
from cwlab.services.logs.pattern.compiled import compiled, condition_test, member_test, placed
from cwlab.services.logs.pattern.documents import NO_DOCUMENT, read, targets, text_of
from cwlab.services.logs.pattern.errors import PatternError
from cwlab.services.logs.pattern.places import Span, places
from cwlab.services.logs.pattern.regex import Regex

SHOWN = 100  # places of one term that are told


@dataclass(frozen=True, slots=True)
class Part:
    """One term or condition of a pattern.

    Args:
        at, end, text: where in the pattern it stands, and what is written there.
        holds: whether it does what it should: found, or not found if excluded.
        counts: False for an optional term that stands beside others, and so says nothing.
        spans: where in the message it was found, or the values it was compared with.
        note: one sentence.
    """

    at: int
    end: int
    text: str
    holds: bool
    counts: bool
    spans: tuple[Span, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """A variable and its value: what ``$name``, ``$7`` or ``$.member`` stands for. ``span``: where in the message."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a pattern makes of a message.

    Args:
        matched: whether the whole pattern matches; False when it cannot be read.
        mode: ``text``, ``json`` or ``space``; None when it cannot be read.
        parts: its terms or conditions, in the order of the text.
        fields: what it extracts, also from a message that does not match.
        note: why there was nothing to compare ("" when there was): not a JSON document, too few fields.
        mistake: what is wrong with the pattern, None when nothing is; ``at`` is the place, ``refusal`` what AWS says.
    """

    pattern: str
    message: str
    matched: bool
    mode: str | None
    parts: tuple[Part, ...] = ()
    fields: tuple[Extracted, ...] = ()
    note: str = ""
    mistake: Mistake | None = None
    at: int | None = None
    refusal: str = ""

    def pointer(self) -> str:
        """The pattern with a caret under the mistake; empty when there is none."""
        if self.mistake is None or self.at is None:
            return ""
        return PatternError(self.pattern, self.at, self.mistake).pointer()


def explain(pattern: str, message: str) -> Explanation:
    """Why a message matches a pattern or does not. A pattern that cannot be read is told as a mistake, not raised."""
    try:
        found = compiled(pattern)
    except PatternError as error:
        return Explanation(
            pattern, message, False, None, mistake=error.mistake, at=error.at, refusal=error.message
        )
    matched, tree = found.matches(message), found.tree
    if isinstance(tree, nodes.Terms):
        note = "" if tree.terms else "An empty pattern matches everything."
        parts = tuple(_term(pattern, term, term in tree.counting, message) for term in tree.terms)
        return Explanation(pattern, message, matched, "text", parts, (), note)
    if isinstance(tree, nodes.Members):
        return _of_document(pattern, message, matched, nodes.leaves(tree.condition))
    return _of_fields(pattern, message, matched, tree)


# -- text --------------------------------------------------------------------------------------------------------------
def _term(pattern: str, term: nodes.Term, counts: bool, message: str) -> Part:
    if isinstance(term.wanted, Regex):
        span = term.wanted.span(message)
        spans: tuple[Span, ...] = () if span is None else (span,)
    else:
        spans = _occurrences(term.wanted, message)
    holds = not spans if term.sign == "-" else bool(spans)
    note = "found" if spans else "not found"
    if term.sign == "-":
        note = "found, and must not be" if spans else "not found, as it should be"
    if not counts:
        note = "optional terms count only when there are no others"
    return Part(term.at, term.end, pattern[term.at : term.end], holds, counts, spans, note)


def _occurrences(word: str, message: str) -> tuple[Span, ...]:
    found: list[Span] = []
    at = message.find(word)
    while at >= 0 and len(found) < SHOWN:
        found.append((at, at + len(word)))
        at = message.find(word, at + max(1, len(word)))
    return tuple(found)


# -- JSON --------------------------------------------------------------------------------------------------------------
def _of_document(pattern: str, message: str, matched: bool, leaves: list[Any]) -> Explanation:
    document = read(message)
    if document is NO_DOCUMENT:
        note = "The message is not one JSON document, with nothing before or after it."
        parts = tuple(
            Part(leaf.at, leaf.end, pattern[leaf.at : leaf.end], False, True, (), "no JSON")
            for leaf in leaves
        )
        return Explanation(pattern, message, matched, "json", parts, (), note)
    parts, fields = (), dict[str, Extracted]()
    for leaf in leaves:
        spans = places(message, leaf.selector)
        values = list(targets(document, leaf.selector))
        holds = member_test(leaf)(document)
        parts += (
            Part(
                leaf.at, leaf.end, pattern[leaf.at : leaf.end], holds, True, tuple(spans), _seen(leaf, values)
            ),
        )
        for value, span in zip(values, spans, strict=True):
            text = text_of(value)
            if text is not None:
                fields.setdefault(leaf.selector.text, Extracted(leaf.selector.text, text, span))
                break
    return Explanation(pattern, message, matched, "json", parts, tuple(fields.values()))


def _seen(leaf: Any, values: list[Any]) -> str:
    """What stands where a condition looks."""
    if not values:
        return "there is no such member" + (
            "" if isinstance(leaf, nodes.Absent) else ", so no comparison holds"
        )
    if leaf.selector.wild:
        return f"{len(values)} values; one that fits is enough"
    (value,) = values
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "an array"
        return f"it is {kind}: no comparison holds, != included"
    if value is None:
        return "it is null"
    number = type(value) in (int, float)
    if isinstance(leaf, nodes.Compared) and isinstance(leaf.value, nodes.Number) and not number:
        return f"it is {text_of(value)!r}, which is no number"
    return f"it is {text_of(value) if number or type(value) is bool else repr(value)}"


# -- fields ------------------------------------------------------------------------------------------------------------
def _of_fields(pattern: str, message: str, matched: bool, tree: nodes.Fields) -> Explanation:
    spans = placed(tree, message)
    if spans is None:
        note = f"The line has too few fields: the pattern asks for {len(tree.entries)}."
        parts = tuple(
            Part(entry.at, entry.end, pattern[entry.at : entry.end], False, True, (), "no such field")
            for entry in tree.entries
            if entry.condition is not None
        )
        return Explanation(pattern, message, matched, "space", parts, (), note)
    parts, fields = (), []
    for n, (at, end, entry) in enumerate(spans, 1):
        text = message[at:end]
        name = f"${entry.name}" if entry is not None and entry.name is not None else f"${n}"
        fields.append(Extracted(name, text, (at, end)))
        if entry is not None and entry.condition is not None:
            holds = condition_test(entry.condition)(text)
            parts += (
                Part(
                    entry.at,
                    entry.end,
                    pattern[entry.at : entry.end],
                    holds,
                    True,
                    ((at, end),),
                    f"it is {text!r}",
                ),
            )
    return Explanation(pattern, message, matched, "space", parts, tuple(fields))
