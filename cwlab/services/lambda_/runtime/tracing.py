"""Tracebacks as a function sees them: the frames of its own source, and none of the machine the lab runs on."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from types import ModuleType, TracebackType
from typing import Any

from cwlab.services.lambda_.runtime.system import Refusing

ROOT = "/var/task/"
DEEPEST = 20  # frames that are kept
_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def frames(found: TracebackType | None, files: Mapping[str, str]) -> list[str]:
    """The lines of a traceback that are the function's own, as Lambda's Python runtime writes them."""
    out = []
    for frame, number in traceback.walk_tb(found):
        file = frame.f_code.co_filename
        if file.startswith(ROOT):
            source = files.get(file.removeprefix(ROOT), "").splitlines()
            text = source[number - 1].strip() if 0 < number <= len(source) else ""
            out.append(f'  File "{file}", line {number}, in {frame.f_code.co_name}\n    {text}\n')
    if len(out) > DEEPEST:
        out[DEEPEST:] = [f"  cwlab: more than {DEEPEST} calls inside one another; the rest is left out\n"]
    return out


def told(problem: BaseException, files: Mapping[str, str], depth: int = 0) -> list[str]:
    """An exception with its traceback and what led to it, as ``traceback.format_exception`` has it."""
    before: list[str] = []
    if depth < DEEPEST:
        if problem.__cause__ is not None:
            before = [*told(problem.__cause__, files, depth + 1), _CAUSE]
        elif problem.__context__ is not None and not problem.__suppress_context__:
            before = [*told(problem.__context__, files, depth + 1), _CONTEXT]
    return [
        *before,
        "Traceback (most recent call last):\n",
        *frames(problem.__traceback__, files),
        *traceback.format_exception_only(problem),
    ]


def traceback_module(files: Mapping[str, str], out: Any) -> ModuleType:
    """The module ``traceback``, with what programs use of it."""

    def current() -> list[str]:
        problem = sys.exception()
        return ["NoneType: None\n"] if problem is None else told(problem, files)

    def given(exc: Any, value: Any) -> list[str]:
        problem = value if isinstance(value, BaseException) else exc
        return told(problem, files) if isinstance(problem, BaseException) else ["NoneType: None\n"]

    def write(lines: list[str], file: Any) -> None:
        print("".join(lines), end="", file=out if file is None else file)

    def format_exception(
        exc: Any, value: Any = None, tb: Any = None, limit: Any = None, chain: bool = True
    ) -> list[str]:
        return given(exc, value)

    def print_exception(
        exc: Any, value: Any = None, tb: Any = None, limit: Any = None, file: Any = None, chain: bool = True
    ) -> None:
        write(given(exc, value), file)

    made = Refusing("traceback")
    made.__dict__.update(
        format_exc=lambda limit=None, chain=True: "".join(current()),
        print_exc=lambda limit=None, file=None, chain=True: write(current(), file),
        format_exception=format_exception,
        print_exception=print_exception,
        format_exception_only=traceback.format_exception_only,
        format_tb=lambda tb, limit=None: frames(tb, files),
        print_tb=lambda tb, limit=None, file=None: write(frames(tb, files), file),
    )
    return made
