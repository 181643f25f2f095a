"""The API, all of it: imports the modules that declare it."""

from __future__ import annotations

from cwlab.services.ecs import definitions, output, tasks

__all__ = ["definitions", "output", "tasks"]
