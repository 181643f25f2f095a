"""The API, all of it: imports the modules that declare it."""

from __future__ import annotations

from cwlab.services.apigateway import apis, requests, stages

__all__ = ["apis", "requests", "stages"]
