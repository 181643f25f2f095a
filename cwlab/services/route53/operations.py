"""The API, all of it: imports the modules that declare it."""

from __future__ import annotations

from cwlab.services.route53 import queries, querylog, recordsets, zones

__all__ = ["queries", "querylog", "recordsets", "zones"]
