"""How alarms write instants, Regions and JSON into what they send. Source: observed on the live service.

>>> stamp(1789384724401), spoken(1789384724401)
('2026-09-14T11:18:44.401+0000', 'Monday 14 September, 2026 11:18:44 UTC')
>>> compact({"a": [1, 50.0, None], "b": "é"})
'{"a":[1,50.0,null],"b":"é"}'
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cwlab.timeline import DAYS, MONTHS, to_datetime


def stamp(ms: int) -> str:
    """An instant as alarms write it in JSON: milliseconds, and an offset without a colon."""
    return f"{to_datetime(ms):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}+0000"


def spoken(ms: int) -> str:
    """An instant as reasons and mails say it. In English whatever the machine's language, so not by strftime."""
    at = to_datetime(ms)
    return f"{DAYS[at.weekday()]} {at:%d} {MONTHS[at.month - 1]}, {at:%Y %H:%M:%S} UTC"


def compact(value: Any) -> str:
    """JSON without white space, letters of all alphabets as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    from botocore.loaders import create_loader

    partitions = create_loader().load_data("partitions")["partitions"]
    return {name: region["description"] for part in partitions for name, region in part["regions"].items()}


def region_name(region: str) -> str:
    """What a Region is called in messages, by botocore's table.

    >>> region_name("us-east-1")
    'US East (N. Virginia)'
    """
    return _names().get(region, region)
