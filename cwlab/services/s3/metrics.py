"""AWS/S3: a bucket's storage metrics, one point a day, computed when somebody reads them.

A point stamped at midnight tells how the bucket stood then. Source: User Guide, "Amazon S3 daily storage metrics for
buckets in CloudWatch".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from cwlab.api import Call, vends
from cwlab.services.s3.levels import EMPTY, LATEST, Level, table

DAY_S = 86_400
RECENT_S = 14 * DAY_S
SIZE, COUNT, ALL = "BucketSizeBytes", "NumberOfObjects", "AllStorageTypes"
TYPES = {
    "StandardStorage": "STANDARD",
    "StandardIAStorage": "STANDARD_IA",
    "OneZoneIAStorage": "ONEZONE_IA",
    "IntelligentTieringFAStorage": "INTELLIGENT_TIERING",
    "GlacierInstantRetrievalStorage": "GLACIER_IR",
    "ReducedRedundancyStorage": "REDUCED_REDUNDANCY",
}


class Vended(NamedTuple):
    """One series in the list of metrics."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


@vends("AWS/S3", "s3")
class S3Metrics:
    """The provider of AWS/S3 in one account and Region. A bucket that is gone keeps its past."""

    def list_metrics(self, call: Call) -> Iterable[Vended]:
        """Every series with a point in the last two weeks."""
        now_s = call.now_ms // 1000
        prefix = "levels/"
        names = [
            name.removeprefix(prefix)
            for account, region, service, name in call.world.tables
            if (account, region, service) == (call.account, call.region, "s3") and name.startswith(prefix)
        ]
        found = []
        for bucket in sorted(names):
            for name, kind, unit in (*((SIZE, kind, "Bytes") for kind in TYPES), (COUNT, ALL, "Count")):
                dimensions = (("BucketName", bucket), ("StorageType", kind))
                if self.read(call, name, dimensions, now_s - RECENT_S, now_s + 1) is not None:
                    found.append(Vended(name, dimensions, unit))
        return found

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> dict[str, Any] | None:
        """The points of one series stamped in [start_s, end_s), as columns; None if there are none."""
        said = dict(dimensions)
        if set(said) != {"BucketName", "StorageType"}:
            return None
        kind = said["StorageType"]
        if not (name == SIZE and kind in TYPES) and (name, kind) != (COUNT, ALL):
            return None
        levels = table(call, call.account, call.region, said["BucketName"])
        days = sorted(day for day in levels if day != LATEST)
        if not days:
            return None
        first = max(-(-start_s // DAY_S), days[0] + 1)
        last = min(-(-end_s // DAY_S), call.now_ms // 1000 // DAY_S + 1)
        stamps, values = [], []
        for day in range(first, last):
            at = bisect_right(days, day - 1) - 1
            value = _value(levels[days[at]] if at >= 0 else EMPTY, name, kind)
            if value:
                stamps.append(day * DAY_S)
                values.append(float(value))
        if not stamps:
            return None
        value_column = np.array(values)
        return {
            "stamp": np.array(stamps, dtype=np.int64),
            "count": np.ones(len(stamps)),
            "sum": value_column,
            "min": value_column,
            "max": value_column,
            "unit": "Bytes" if name == SIZE else "Count",
        }


def _value(level: Level, name: str, kind: str) -> int:
    return level[0] if name == COUNT else dict(level[1]).get(TYPES[kind], 0)
