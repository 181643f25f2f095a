"""How quick it feels: JupyterLab in Chromium, from a key going down to the new picture on the screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import Row, at_most

TEST = Path(__file__).parent.parent / "tests" / "browser" / "test_speed.py"
TARGETS_MS = {
    "first chart of lab 01, from an idle kernel": 5000,
    "slider to new chart, 300 points": 100,
    "slider of the alarm console, 60 minutes": 100,
    "the alarm console's minute": 100,
}


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", str(TEST)],
            env={**os.environ, "CWLAB_BENCH": str(figures)},
            check=False,
            capture_output=True,
            text=True,
        )
        if not figures.exists():
            yield Row("in a browser", "not measured: " + done.stdout.strip().splitlines()[-1])
            return
        for what, took in json.loads(figures.read_text()).items():
            spread = f"median of {len(took)}, {min(took):.0f} to {max(took):.0f}" if len(took) > 1 else ""
            if what in TARGETS_MS:
                yield at_most(what, median(took) / 1000, TARGETS_MS[what], spread)
            else:
                yield Row(what, f"{median(took):.0f} ms ({spread})")
