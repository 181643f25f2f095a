"""Progress of long work, by amount of work: shown after so many steps, never after so many seconds.

In a notebook it is a progress bar widget (which a notebook's stored outputs leave out, so that two runs stay
equal); in a terminal a line on stderr. ``CWLAB_PROGRESS=off`` switches it off; tests do.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

FIRST, EVERY = 5_000, 1_000  # steps before the bar appears, and between two updates


@contextlib.contextmanager
def bar(fraction: Callable[[], float]) -> Iterator[Callable[[int], bool]]:
    """Give a function to call with the number of steps done; it draws the fraction now and then, and returns False."""
    draw: Callable[[float], None] | None = None

    def shown(done: int) -> bool:
        nonlocal draw
        if done >= FIRST and done % EVERY == 0:
            if draw is None:
                draw = _drawer()
            draw(fraction())
        return False

    try:
        yield shown
    finally:
        if draw is not None:
            draw(1.0)


def _drawer() -> Callable[[float], None]:
    if os.environ.get("CWLAB_PROGRESS") == "off":
        return lambda part: None
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        import ipywidgets
        from IPython.display import display

        widget = ipywidgets.FloatProgress(min=0, max=1, description="Working")
        display(widget)

        def draw(part: float) -> None:
            widget.value = part
            if part >= 1:
                widget.layout.display = "none"  # done: a full bar says nothing

        return draw
    if not sys.stderr.isatty():
        return lambda part: None

    def line(part: float) -> None:
        sys.stderr.write(f"\r{part:4.0%} of the way" + ("\n" if part >= 1 else ""))
        sys.stderr.flush()

    return line
