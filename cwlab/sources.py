"""A function of the notebook as a zip that Lambda takes: ``zip_source(handler)``.

    lambda_client.create_function(FunctionName="f", Runtime="python3.12", Role=role, Handler="index.handler",
                                  Code={"ZipFile": cwlab.zip_source(handler)})

The zip holds one file, index.py, with the function's source. It is the same on AWS, and the same bytes every time.
"""

from __future__ import annotations

import builtins
import inspect
import io
import symtable
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from cwlab.errors import BadInput

_STAMP = (1980, 1, 1, 0, 0, 0)
_REMEDY = "Import modules inside the function, and give it values in the event or as environment variables."


def zip_source(handler: Callable[..., Any] | str) -> bytes:
    """A zip with one file, ``index.py``, whose ``handler`` is this function: use it with ``Handler="index.handler"``.

    Args:
        handler: a function defined in the notebook or a file, which must stand by itself; or the text of a whole module.

    Raises:
        BadInput: the source cannot be found, or it uses names from outside itself, which it would not have on Lambda.

    >>> def handler(event, context):
    ...     return event["n"] + 1
    >>> zip_source("def handler(event, context): return 1")[:2]
    b'PK'
    """
    source = _checked(handler) if isinstance(handler, str) else _source(handler)
    out = io.BytesIO()
    with zipfile.ZipFile(
        out, "w", zipfile.ZIP_STORED
    ) as file:  # stored: zlib's bytes differ between its versions
        entry = zipfile.ZipInfo("index.py", _STAMP)
        entry.external_attr = 0o644 << 16  # Lambda must be able to read it
        entry.create_system = 3  # whatever the machine
        file.writestr(entry, source)
    return out.getvalue()


def _checked(source: str) -> str:
    source = textwrap.dedent(source).strip("\n") + "\n"
    try:
        compile(source, "index.py", "exec")
    except (SyntaxError, ValueError) as problem:
        raise BadInput(
            source[:80], f"is not Python: {problem}.", "Give a function, or the text of a module."
        ) from None
    return source


def _source(handler: Callable[..., Any]) -> str:
    if not inspect.isfunction(handler) or handler.__name__ == "<lambda>":
        raise BadInput(
            handler,
            "is not a function defined with def.",
            "Write def handler(event, context): … and give that.",
        )
    if handler.__code__.co_freevars:
        names = ", ".join(handler.__code__.co_freevars)
        raise BadInput(
            handler.__name__,
            f"uses {names} from the function around it, which Lambda would not have.",
            _REMEDY,
        )
    try:
        source = textwrap.dedent(inspect.getsource(handler))
    except (OSError, TypeError):
        raise BadInput(
            handler.__name__,
            "has no source to be found.",
            "Define it in a notebook cell or a file, or give its text: zip_source('''def handler(event, context): …''').",
        ) from None
    name = handler.__name__
    missing = sorted({*_outside(source)} - {name})
    if missing:
        raise BadInput(
            name, f"uses {', '.join(missing)} from the notebook, which Lambda would not have.", _REMEDY
        )
    if name != "handler":
        source += f"\n\nhandler = {name}\n"
    return _checked(source)


def _outside(source: str) -> Iterator[str]:
    """The names a piece of source uses and nobody in it defines."""
    top = symtable.symtable(source, "index.py", "exec")
    defined = {each.get_name() for each in top.get_symbols() if each.is_assigned() or each.is_imported()}
    todo = [top]
    while todo:
        table = todo.pop()
        todo += table.get_children()
        for each in table.get_symbols():
            if not each.is_referenced() or not (table is top or each.is_global()):
                continue
            name = each.get_name()
            if name not in defined and not hasattr(builtins, name) and not name.startswith("__"):
                yield name
