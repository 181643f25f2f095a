"""A box for a few lines of code in the browser: words are offered while you type, a mistake is underlined.

What is offered is decided here, as pairs of a word and its kind; which of them fit the place, in the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from cwlab.console.words import clean

STATIC = Path(__file__).parent / "static"
NOWHERE = [-1, -1]


class CodeBox(anywidget.AnyWidget):
    """The box. ``value`` is what was taken last: on Ctrl+Enter, or when the box is left."""

    _esm = STATIC / "box.js"
    _css = STATIC / "box.css"
    label = traitlets.Unicode("").tag(sync=True)
    value = traitlets.Unicode("").tag(sync=True)
    rows = traitlets.Int(6).tag(sync=True)
    words = traitlets.List().tag(sync=True)
    mark = traitlets.List(NOWHERE).tag(sync=True)

    def on_run(self, act: Callable[[], Any]) -> None:
        """What to do when the text is to be run and has not changed; a changed one is the new ``value``."""

        def ran(_widget: Any, content: Any, _buffers: Any) -> None:
            text = content.get("run")
            if isinstance(text, str) and text != self.value:
                self.value = text
            elif isinstance(text, str):
                act()

        self.on_msg(ran)

    def offer(self, words: Sequence[tuple[str, str]]) -> None:
        """The words that can stand in the text, each with its kind; those that no one can type are left out."""
        offered = [[word, kind] for word, kind in words if clean(word) == word and "`" not in word]
        if offered != self.words:
            self.words = offered

    def underline(self, mark: tuple[int, int] | None) -> None:
        """Underline a mistake, from one place in the text to another, or nothing."""
        place = NOWHERE if mark is None else list(mark)
        if place != self.mark:
            self.mark = place
