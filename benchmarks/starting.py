"""How long it takes to get going, each time in a Python of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from benchmarks.measure import Row, alternate, at_most, ms

RUNS = 9
FIRST_ANSWER = """
from time import process_time
started = process_time()
from cwlab import Lab
Lab().client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 3}])
print(process_time() - started)
"""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as cache:
        # Compiled once, as any second start finds it; in a folder of its own, whatever the environment says.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def python(code: str) -> str:
            done = subprocess.run(
                [sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(f"this did not run:\n{code}\n{done.stderr}")
            return done.stdout

        bare, package = alternate(
            lambda: python("pass"), lambda: python("import cwlab"), rounds=11, warm=2, clock=perf_counter
        )
        yield at_most("import cwlab, over the bare interpreter", package - bare, 150, f"{ms(bare)} bare")
        python(FIRST_ANSWER)
        taken = [float(python(FIRST_ANSWER)) for _ in range(RUNS)]
        yield at_most(
            f"import, Lab(), first answer through boto3: best of {RUNS}",
            min(taken),
            600,
            f"median {ms(median(taken))}",
        )
