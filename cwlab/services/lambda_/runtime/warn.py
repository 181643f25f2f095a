"""``warnings``: each goes to the function's log; the filters of the lab's own process have no say."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from cwlab.services.lambda_.runtime.system import Refusing


def warnings_module(out: Any) -> ModuleType:
    """The module ``warnings``."""
    silent = False

    def warn(message: Any, category: Any = None, stacklevel: int = 1, source: Any = None, **_: Any) -> None:
        if silent:
            return
        kind = type(message) if isinstance(message, Warning) else category or UserWarning
        frame = sys._getframe(1)
        out.line(f"{frame.f_code.co_filename}:{frame.f_lineno}: {kind.__name__}: {message}")

    def simplefilter(action: str, *_: Any, **__: Any) -> None:
        nonlocal silent
        silent = action == "ignore"

    @contextlib.contextmanager
    def catch_warnings(**_: Any) -> Iterator[None]:
        nonlocal silent
        before = silent
        try:
            yield
        finally:
            silent = before

    made = Refusing("warnings")
    made.__dict__.update(
        warn=warn, simplefilter=simplefilter, filterwarnings=simplefilter, catch_warnings=catch_warnings
    )
    return made
