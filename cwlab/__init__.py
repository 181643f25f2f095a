"""cwlab: a laboratory for Amazon CloudWatch on a virtual clock.

>>> from cwlab import Lab
>>> lab = Lab()
>>> lab.now.isoformat()
'2026-03-02T09:00:00+00:00'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cwlab.errors import AwsError, BadInput, CwlabError, NotModelled, SaveError
    from cwlab.lab import Lab
    from cwlab.learn.open import open_lab
    from cwlab.sources import zip_source

__version__ = "0.1.0"
__all__ = [
    "AwsError",
    "BadInput",
    "CwlabError",
    "Lab",
    "NotModelled",
    "SaveError",
    "__version__",
    "open_lab",
    "zip_source",
]

_HOME = {"Lab": "cwlab.lab", "open_lab": "cwlab.learn.open", "zip_source": "cwlab.sources"}


def __getattr__(name: str) -> Any:
    """Import on first use: ``import cwlab`` alone costs next to nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'cwlab' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOME.get(name, "cwlab.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
