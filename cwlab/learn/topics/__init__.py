"""The topics: one module each, holding one ``TOPIC``.

>>> from cwlab.learn import topics
>>> topics.load("metrics").notebook      # doctest: +SKIP
'01-metrics'
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from cwlab.errors import BadInput
from cwlab.learn.topic import Topic


def names() -> list[str]:
    """The topics of this version, in the order of their notebooks."""
    found = [info.name for info in iter_modules(__path__) if not info.name.startswith("_")]
    return sorted(found, key=lambda name: load(name).notebook)


def load(name: str) -> Topic:
    """The topic of this name (its notebook's name will do as well).

    Raises:
        BadInput: there is no such topic; says which there are.
    """
    there = [info.name for info in iter_modules(__path__) if not info.name.startswith("_")]
    wanted = name.replace("-", "_")
    if wanted not in there:
        wanted = wanted.lstrip("0123456789_")
    if wanted not in there:
        raise BadInput(
            name, "is not a topic of this version.", f"There are: {', '.join(sorted(there)) or 'none yet'}."
        )
    topic: Topic = import_module(f"{__name__}.{wanted}").TOPIC
    return topic
