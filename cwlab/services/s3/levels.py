"""How much a bucket holds, day by day: what its storage metrics are made of.

The level of a day is how things stood when it ended; days on which nothing was written have none of their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from cwlab.api import Call
from cwlab.services.s3.records import Bucket, Version
from cwlab.table import Table
from cwlab.timeline import DAY

Level = tuple[int, tuple[tuple[str, int], ...]]  # versions, and bytes by storage class
EMPTY: Level = (0, ())
LATEST = -1  # where the table keeps the newest day's number


def table(call: Call, account: str, region: str, bucket: str) -> Table:
    """Day (since 1970) to its level."""
    return call.world.table(account, region, "s3", f"levels/{bucket}")


def change(call: Call, bucket: Bucket, gone: Iterable[Version], come: Iterable[Version]) -> None:
    """Versions were deleted or overwritten, and others written."""
    levels = table(call, bucket.owner, bucket.region, bucket.name)
    count, held = levels.get(levels.get(LATEST), EMPTY)
    sizes = dict(held)
    for sign, versions in ((-1, gone), (1, come)):
        for version in versions:
            count += sign
            if version.content is not None:
                size = sizes.get(version.storage_class, 0) + sign * len(version.content)
                sizes[version.storage_class] = size
    day = call.now_ms // DAY
    levels[day] = (count, tuple(sorted((name, size) for name, size in sizes.items() if size)))
    if levels.get(LATEST) != day:
        levels[LATEST] = day
