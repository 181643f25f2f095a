"""The shapes of what varies in log lines: which words are dynamic tokens of a pattern, and of which kind.

A word is dynamic where it stands as a time, a UUID, a URL, an e-mail address, an IP address, a number (with its unit), a
hexadecimal id, or any word with four digits or more. Kinds are one letter, so that those of a line are a short list.
The names Time, ID, IPAddress and Token are documented, and the number behind: the place among the dynamic tokens; the
shapes are ours. Source: user guide, pattern and pattern analysis; API reference, PatternToken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights.tree import text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

NAMES = {
    "T": "Time",
    "U": "UUID",
    "L": "URL",
    "E": "Email",
    "I": "IPAddress",
    "N": "Number",
    "D": "ID",
    "W": "Token",  # a word that varies, of no shape
}

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?"
_ZONE = r"(?: ?[+-]\d{2}:?\d{2}|Z| UTC| GMT)?"
TIME = "|".join(
    [
        rf"\d{{4}}[-/]\d{{2}}[-/]\d{{2}}(?:[T ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?{_ZONE})?",  # ISO 8601
        rf"\d{{2}}/{_MONTH}/\d{{4}}:\d{{2}}:\d{{2}}:\d{{2}} [+-]\d{{4}}",  # a web server's
        rf"{_MONTH} +\d{{1,2}} {_CLOCK}(?: \d{{4}})?",  # syslog
        rf"\d{{1,2}} {_MONTH} \d{{4}} {_CLOCK}{_ZONE}",  # e-mail, HTTP
        _CLOCK,
    ]
)
_H = "[0-9a-fA-F]"
UUID = f"{_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}"
URL = r"""[a-z][a-z0-9+]*://[^\s"'<>,;)\]}]+"""
EMAIL = r"\w+(?:[.+-]+\w+)*@\w+(?:-+\w+)*(?:\.\w+(?:-+\w+)*)+"
IP4 = r"\d{1,3}(?:\.\d{1,3}){3}"
IP6 = rf"(?:{_H}{{1,4}}:){{7}}{_H}{{1,4}}|(?:{_H}{{1,4}}:){{1,6}}(?::{_H}{{1,4}})+"
NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+|ns|us|ms|s|m|h|d|[kKMGT]?i?[bB])?"
_HEXADECIMAL = rf"0[xX]{_H}+|[0-9a-f]{{8,}}"
_FOUR_DIGITS = r"(?:[A-Za-z_]+[A-Za-z_.-]*)?\d(?:[A-Za-z_.-]*\d){3}\w*(?:[.-]+\w+)*"
_DIGITS = r"\d+(?:[.-]+\d+)*"
_UNIT = NUMBER.removesuffix("?")

# The first that fits counts, so the narrow ones come first; \b keeps each from standing inside a word. Without looking
# behind (RE2 has none) a hyphen ends a word: of web-1 the 1 is dynamic.
DYNAMIC = rf"\b(?:{TIME}|{UUID}|{URL}|{EMAIL}|{IP6}|{_UNIT}|{_FOUR_DIGITS}|{_HEXADECIMAL}|{_DIGITS})\b"


def kind(value: Expression) -> Expression:
    """The letter of a dynamic token's kind, by its value."""
    return tree(
        """CASE WHEN ltrim(:v, '0123456789') = '' THEN 'N'
                WHEN regexp_full_match(:v, :number) THEN 'N'
                WHEN regexp_full_match(:v, :time) THEN 'T'
                WHEN regexp_full_match(:v, :ip4) THEN 'I'
                WHEN regexp_full_match(:v, :uuid) THEN 'U'
                WHEN contains(:v, '://') THEN 'L'
                WHEN contains(:v, '@') THEN 'E'
                WHEN contains(:v, ':') THEN 'I'
                ELSE 'D' END""",
        v=value,
        **{
            name: text(shape)
            for name, shape in {"number": NUMBER, "time": TIME, "ip4": IP4, "uuid": UUID}.items()
        },
    )


def name(kinds: Expression) -> Expression:
    """The name of a dynamic token by the letters of all kinds its values have, each once and sorted.

    Numbers and UUIDs among ids are ids, any other mixture is a Token.
    """
    from sqlglot import exp

    one = [exp.If(this=text(letter), true=text(each)) for letter, each in NAMES.items()]
    mixed = tree("CASE WHEN translate(:k, 'DNU', '') = '' THEN 'ID' ELSE 'Token' END", k=kinds)
    return exp.Case(this=kinds.copy(), ifs=one, default=mixed)
