"""The pattern bench: a filter pattern over sample lines; matches lit up, fields extracted, mistakes pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.console import eventlog
from cwlab.console.calls import Recorder
from cwlab.console.charts.matches import height, matches
from cwlab.console.panels import Control, Panel, Shown, Whole, Words
from cwlab.console.starting import Examples, start_from
from cwlab.console.workbench import within
from cwlab.errors import BadInput
from cwlab.patterns import explain

MOST = 10
WORDS = {
    "text": "Terms are looked for anywhere in the line, capitals count.",
    "json": "The line is read as one JSON document; a selector names a member of it.",
    "space": "The line is cut at spaces into fields; text in quotes or brackets is one field.",
}


def pattern(
    lab: Any,
    lines: Sequence[str],
    pattern: str = "",
    *,
    examples: Examples = (),
    look: int = 1,
) -> Panel:
    """Write a filter pattern over sample lines and see which match, where and why.

    One TestMetricFilter call asks for the lines that match; what each condition found is told by the lab, with the same
    grammar.

    Args:
        lab: the lab (or its twin on AWS).
        lines: one to ten sample lines.
        pattern: what stands in the box at first; empty matches everything.
        examples: patterns to start from, by name or just listed.
        look: the line that is looked at closely.

    Twin: ``panel.set(pattern='[ip, user, ...]', look=2)``

    Raises:
        BadInput: no line, more than ten, or an empty one.
    """
    if not 1 <= len(lines) <= MOST or not all(isinstance(line, str) and line for line in lines):
        raise BadInput(
            len(lines),
            f"lines: the bench has room for 1 to {MOST}, none of them empty.",
            "Choose among them.",
        )

    def draw(pattern: str, look: int) -> Shown:
        told = [explain(pattern, line) for line in lines]
        with Recorder(lab) as made:
            refused = _asked(lab.client("logs"), pattern, lines)
        picture = matches(told, look)
        mistake = told[0].mistake
        if refused is not None:
            note = told[0].pointer() if mistake is not None else eventlog.pointer(refused)
            return Shown(picture, eventlog.refusal(refused), made.entries, note=within(note))
        return Shown(picture, _why(told[0], pattern), made.entries, note="")

    controls: list[Control] = [
        Words("pattern", "Filter pattern", pattern, wide=True),
        Whole("look", "Look closely at line", 1, len(lines), look),
    ]
    return Panel(
        "pattern bench", controls, draw, height=height(len(lines)) + 66, also=start_from("pattern", examples)
    )


def _asked(client: Any, pattern: str, lines: Sequence[str]) -> Exception | None:
    try:
        client.test_metric_filter(filterPattern=pattern, logEventMessages=list(lines))
    except eventlog.REFUSALS as error:
        return error
    return None


def _why(told: Any, pattern: str) -> str:
    if not pattern.strip():
        return "An empty pattern matches every line. Write one and press Enter."
    said = WORDS.get(told.mode, "")
    if told.mode == "text" and any(not part.counts for part in told.parts):
        said += " Optional terms (?) beside others are ignored."
    return said
