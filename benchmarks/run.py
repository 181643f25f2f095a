"""``make bench``: measures, and prints one table. ``make bench ARGS="starting reading"`` takes only these parts.

Not a test: a busy machine may miss a target, and a test must not depend on that. Ratios hold better than times, since
both sides meet the same machine in turn.
"""

from __future__ import annotations

import gc
import importlib
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.measure import Row, table

PARTS = (
    "starting",
    "against_moto",
    "reading",
    "metric_math",
    "searching",
    "band",
    "alarms",
    "logs",
    "patterns",
    "insights",
    "worlds_copied",
    "in_a_browser",
)


def main(arguments: list[str]) -> int:
    """Run the parts named, or all of them."""
    unknown = sorted(set(arguments) - set(PARTS))
    if unknown:
        print(f"{', '.join(unknown)}: no such part. There are {', '.join(PARTS)}.")
        return 2
    started, rows = perf_counter(), list[Row]()
    for part in arguments or PARTS:
        print(f"cwlab: measuring {part} …", file=sys.stderr, flush=True)
        rows.extend(importlib.import_module(f"benchmarks.{part}").rows())
    names = ("numpy", "pandas", "boto3", "moto")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores", end="")
    print("".join(f", {name} {version(name)}" for name in names), end="\n\n")
    print(table(rows))
    gc.unfreeze()  # what `alternate` froze would be left at the end, and an engine complains of it
    missed = [row for row in rows if row.good is False]
    targets = [row for row in rows if row.good is not None]
    print(
        f"\n{len(targets) - len(missed)} of {len(targets)} targets met, in {perf_counter() - started:.0f} s."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
