"""The API, all of it: imports the modules that declare it."""

from __future__ import annotations

from cwlab.services.events import buses, delivery, publish, rules, running, tags, tally, targets

__all__ = ["buses", "delivery", "publish", "rules", "running", "tags", "tally", "targets"]
