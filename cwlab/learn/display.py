"""What a cell of a lab shows: every view is HTML for the eye and plain text that says the same.

A ``View`` is a value: two strings. ``Stack`` puts views, charts and widgets under one another. The HTML takes
its colors from JupyterLab's CSS variables, so it follows the theme; the text is what a saved notebook, a
terminal and the tests compare. All text from outside is escaped by ``esc``.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

INK = "color:var(--jp-ui-font-color1,#212121)"
SOFT = "color:var(--jp-ui-font-color2,#616161)"
LINE = "1px solid var(--jp-border-color1,#bdbdbd)"
BOX = f"{INK};border-left:4px solid {{edge}};padding:4px 12px;margin:6px 0;max-width:52em;line-height:1.5;overflow-wrap:anywhere"
CODE = "font-family:var(--jp-code-font-family,monospace);font-size:0.95em"
WIDTH = 88  # columns of the text twin

# A state is a color, a shape and a word. The colors are Okabe and Ito's; each has a contrast of 3 or more on
# white and on dark. They color shapes and edges, never words.
EDGES = {"ask": "#0072b2", "right": "#009e73", "not yet": "#d55e00", "held": "#808080", "plain": "#808080"}
SHAPES = {"ask": "?", "right": "●", "not yet": "▲", "held": "◌", "plain": ""}


def esc(text: object) -> str:
    """Text made safe for HTML, in elements and in attributes."""
    return html.escape(str(text), quote=True)


def rich(text: str) -> str:
    """One short text as HTML: escaped, then `` `code` `` and ``**bold**``; a blank line starts a paragraph.

    >>> rich("**Sum** of `x<y`")
    '<strong>Sum</strong> of <code>x&lt;y</code>'
    """
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", esc(text.strip()))
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"\n\s*\n", "<br><br>", safe)


def plain(text: str) -> str:
    """The same short text without its marks, wrapped for a terminal; backquotes stay.

    >>> plain("**Sum** of `x`")
    'Sum of `x`'
    """
    paragraphs = re.split(r"\n\s*\n", text.strip().replace("**", ""))
    return "\n\n".join(textwrap.fill(" ".join(p.split()), WIDTH) for p in paragraphs)


@dataclass(frozen=True)
class View:
    """One thing to show: HTML, and text that says the same."""

    html: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


@dataclass(frozen=True)
class Widget:
    """A control, made when it is shown, and the text that says how to do the same in Python.

    Outside a notebook kernel, or without ipywidgets, only the text is shown.
    """

    make: Callable[[], Any]
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.text}
        if has_widgets():
            shown = self.make()._repr_mimebundle_()
            bundle[WIDGET_MIME] = shown[WIDGET_MIME]
        return bundle


class Stack:
    """Views, charts and widgets, one under another, in this order.

    Each part is anything a cell can show. As the last line of a cell it shows every part; ``repr`` is the
    text of all.
    """

    def __init__(self, *parts: object) -> None:
        self.parts: tuple[object, ...] = tuple(
            p
            for part in parts
            if part is not None
            for p in (part.parts if isinstance(part, Stack) else (part,))
        )

    def __repr__(self) -> str:
        return "\n\n".join(repr(part) for part in self.parts)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for part in self.parts:
            display(part)


def show(view: object) -> None:
    """Show a view now: as output of the running cell, or printed where there is no IPython."""
    if this_shell() is None:
        print(view)
        return
    from IPython.display import display

    display(view)


def has_widgets() -> bool:
    """Whether controls can be shown: a notebook's kernel is running and ipywidgets is installed."""
    shell = this_shell()
    if shell is None or not hasattr(shell, "kernel"):
        return False
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True


def this_shell() -> Any:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def box(state: str, title: str, *paragraphs: str, items: Iterable[tuple[str, str]] = ()) -> View:
    """A titled block with a state: an edge color, a shape and the title's words.

    Args:
        state: one of ``ask``, ``right``, ``not yet``, ``held``, ``plain``.
        title: one line; its words name the state.
        paragraphs: short texts with `` `code` `` and ``**bold**``; empty ones are left out.
        items: (label, text) lines set under the paragraphs.
    """
    shape = SHAPES[state]
    kept = [p for p in paragraphs if p]
    lines = list(items)
    body = "".join(f"<div style='margin:4px 0'>{rich(p)}</div>" for p in kept)
    if lines:
        rows = "".join(
            f"<div style='margin:2px 0'><strong>{rich(label)}</strong>&ensp;{rich(text)}</div>"
            for label, text in lines
        )
        body += f"<div style='margin:4px 0'>{rows}</div>"
    sign = f"<span aria-hidden='true' style='color:{EDGES[state]}'>{shape}</span> " if shape else ""
    markup = f"<div style='{BOX.format(edge=EDGES[state])}'><div>{sign}<strong>{rich(title)}</strong></div>{body}</div>"
    text = [f"{shape} {plain(title)}".strip(), *(plain(p) for p in kept)]
    text += [
        textwrap.fill(f"{label}: {_flat(line)}", WIDTH, subsequent_indent="   ") for label, line in lines
    ]
    return View(markup, "\n".join(text))


def _flat(text: str) -> str:
    return " ".join(text.replace("**", "").split())


def source(title: str, code: str) -> View:
    """Python to copy, under a title."""
    code = textwrap.dedent(code).strip()
    markup = (
        f"<div style='{INK};max-width:60em'><div style='{SOFT}'>{rich(title)}</div>"
        f"<pre style='{CODE};{INK};background:var(--jp-cell-editor-background,transparent);border:{LINE};"
        f"padding:8px;overflow:auto;white-space:pre'>{esc(code)}</pre></div>"
    )
    return View(markup, f"{plain(title)}\n\n{textwrap.indent(code, '    ')}")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "", right: Sequence[str] = ()
) -> View:
    """A table with its caption as finding.

    Args:
        columns: the heads.
        rows: cells; each is shown as text.
        right: names of the columns set right (numbers).
    """
    body = [[str(cell) for cell in row] for row in rows]
    sides = ["right" if c in right else "left" for c in columns]
    cell = "text-align:{side};padding:3px 10px;vertical-align:top;white-space:normal;border-bottom:" + LINE
    head = "".join(
        f"<th scope='col' style='{cell.format(side=s)}'>{rich(c)}</th>"
        for c, s in zip(columns, sides, strict=True)
    )
    lines = "".join(
        "<tr>"
        + "".join(f"<td style='{cell.format(side=s)}'>{rich(v)}</td>" for v, s in zip(r, sides, strict=True))
        + "</tr>"
        for r in body
    )
    title = (
        f"<caption style='{INK};text-align:left;font-weight:bold;padding:4px 0'>{rich(caption)}</caption>"
        if caption
        else ""
    )
    markup = f"<table style='{INK};border-collapse:collapse;max-width:64em'>{title}<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    return View(markup, _text_table(columns, body, sides, caption))


def _text_table(columns: Sequence[str], rows: list[list[str]], sides: list[str], caption: str) -> str:
    flat = [[_flat(c) for c in row] for row in [list(columns), *rows]]
    widths = [max((len(row[i]) for row in flat), default=0) for i in range(len(columns))]
    if sum(widths) > 140:  # too wide to line up: one block per row
        blocks = ["\n".join(f"{c}: {v}" for c, v in zip(columns, row, strict=True)) for row in flat[1:]]
        return "\n\n".join(([_flat(caption)] if caption else []) + blocks)
    lines = [
        "  ".join(
            v.rjust(w) if s == "right" else v.ljust(w) for v, w, s in zip(row, widths, sides, strict=True)
        ).rstrip()
        for row in flat
    ]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(([_flat(caption)] if caption else []) + lines)


def strip(title: str, start: str, end: str, marks: Sequence[tuple[str, str, float]]) -> View:
    """A line from ``start`` to ``end`` with marks on it: (shape, words, place from 0 to 1).

    Used for time and for numbers: your prediction and what happened, on one axis.
    """
    rows, text = [], [plain(title)]
    wide = 60
    for shape, words, place in marks:
        at = min(max(place, 0.0), 1.0)
        rows.append(
            f"<div style='display:flex;align-items:center;margin:2px 0'><div style='width:15em'>{rich(words)}</div>"
            f"<div style='position:relative;flex:1;height:1.4em;border-bottom:{LINE}'>"
            f"<span aria-hidden='true' style='position:absolute;left:{at * 100:.2f}%;transform:translateX(-50%)'>{esc(shape)}</span>"
            f"</div></div>"
        )
        column = round(at * (wide - 1))
        text.append(f"|{'-' * column}{shape}{'-' * (wide - 1 - column)}|  {_flat(words)}")
    ends = (
        f"<div style='display:flex;{SOFT}'><div style='width:15em'></div>"
        f"<div style='flex:1;display:flex;justify-content:space-between'><span>{esc(start)}</span><span>{esc(end)}</span></div></div>"
    )
    text.append(f" {start}{end.rjust(wide - len(start))}")
    markup = f"<div style='{INK};max-width:52em;margin:6px 0'><strong>{rich(title)}</strong>{''.join(rows)}{ends}</div>"
    return View(markup, "\n".join(text))
