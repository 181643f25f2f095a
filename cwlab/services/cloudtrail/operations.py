"""The API, all of it: imports the modules that declare it."""

from __future__ import annotations

from cwlab.services.cloudtrail import delivery, lookup, selectors, trails

__all__ = ["delivery", "lookup", "selectors", "trails"]
