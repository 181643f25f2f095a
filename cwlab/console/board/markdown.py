"""Text widgets: markdown read as lines of plain text, so nothing of it can become markup of the page.

Headings, lists, numbered lists, quotes, code, rules and tables keep their shape; bold and italics within a line lose
their marks; a link keeps its words and its address; a picture is only named. HTML stands as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_BULLET = re.compile(r"(\s*)[-*+]\s+(.*)")
_NUMBER = re.compile(r"(\s*)(\d+)[.)]\s+(.*)")
_RULE = re.compile(r"\s*([-*_])(\s*\1){2,}\s*")
_DASHES = re.compile(r"\s*\|?[\s:|-]+\|?\s*")
_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_BUTTON = re.compile(r"\[button:(?:primary:)?([^\]]*)\]\(([^)]*)\)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]*)[^)]*\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_CODE = re.compile(r"(`+)(.+?)\1")


class Line(NamedTuple):
    """One line: its text and how it looks. ``indent`` is in steps."""

    text: str
    kind: str = "text"  # text, h1 … h6, bullet, quote, code, rule, row, gap
    indent: int = 0
    strong: bool = False


def lines(text: str) -> list[Line]:
    """The lines of a text widget.

    >>> [(l.kind, l.text) for l in lines("# Shop\\n\\n* **web-1**\\n<b>x</b> [a](https://b)")]
    [('h1', 'Shop'), ('gap', ''), ('bullet', '• web-1'), ('text', '<b>x</b> a (https://b)')]
    """
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    code = False
    for raw in text.expandtabs(4).splitlines():
        if raw.lstrip().startswith("```"):
            code = not code
            continue
        if code:
            yield Line(raw, "code")
        elif not raw.strip():
            yield Line("", "gap")
        elif found := _HEADING.fullmatch(raw.strip()):
            yield Line(plain(found[2]), f"h{len(found[1])}", strong=True)
        elif _RULE.fullmatch(raw):
            yield Line("", "rule")
        elif found := _BULLET.fullmatch(raw):
            yield Line(f"• {plain(found[2])}", "bullet", len(found[1]) // 2 + 1)
        elif found := _NUMBER.fullmatch(raw):
            yield Line(f"{found[2]}. {plain(found[3])}", "bullet", len(found[1]) // 2 + 1)
        elif raw.lstrip().startswith(">"):
            yield Line(plain(raw.lstrip().lstrip("> ")), "quote", 1)
        elif "|" in raw and _DASHES.fullmatch(raw):
            continue  # the line under a table's head
        elif raw.strip().startswith("|"):
            yield Line("   ".join(plain(cell.strip()) for cell in raw.strip().strip("|").split("|")), "row")
        else:
            stripped = raw.strip()
            yield Line(plain(stripped), strong=bool(_STRONG.fullmatch(stripped)))


def plain(text: str) -> str:
    """A line without its marks."""
    text = _PICTURE.sub(r"[picture: \1]", text)
    text = _BUTTON.sub(r"[\1] (\2)", text)
    text = _LINK.sub(lambda found: found[1] if found[1] == found[2] else f"{found[1]} ({found[2]})", text)
    text = _CODE.sub(r"\2", text)
    text = _STRONG.sub(r"\2", text)
    return _EMPHASIS.sub(r"\2", text)
