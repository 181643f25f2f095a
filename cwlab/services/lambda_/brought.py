"""Which code a saved lab brings along, by its hash. Reads, runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cwlab.services.lambda_.package import sha256

if TYPE_CHECKING:
    from cwlab.journal import Entry


def in_tables(tables: Mapping[tuple[str, str, str, str], Any]) -> frozenset[str]:
    """The packages of all functions and versions."""
    return frozenset(
        version.sha256
        for (_, _, service, name), table in tables.items()
        if (service, name) == ("lambda", "functions")
        for function in table.values()
        for version in (function.latest, *function.versions)
    )


def in_journal(entries: Iterable[Entry]) -> frozenset[str]:
    """The packages that calls in a journal uploaded."""
    found = set()
    for entry in entries:
        if entry.service == "lambda" and entry.operation in ("CreateFunction", "UpdateFunctionCode"):
            params = entry.params
            package = params.get("ZipFile") or (params.get("Code") or {}).get("ZipFile")
            if isinstance(package, bytes):
                found.add(sha256(package))
    return frozenset(found)
