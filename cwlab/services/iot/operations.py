"""The API, all of it: imports the modules that declare it."""

from __future__ import annotations

from cwlab.services.iot import messages, rules

__all__ = ["messages", "rules"]
