"""The API, all of it: imports the modules that declare it."""

from __future__ import annotations

from cwlab.services.elasticbeanstalk import environments, streaming

__all__ = ["environments", "streaming"]
