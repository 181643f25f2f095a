"""Fork, rewind, save and open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.measure import Row, alternate, at_most, ms, seconds_of
from benchmarks.worlds import filled
from cwlab import Lab

MILLION = 1_000_000
HOURS = 24 * 7


def rows() -> Iterator[Row]:
    for series in (100, 10_000):
        lab, _, _ = filled(series, MILLION // series)
        told = f"world of 1,000,000 datapoints in {series:,} series"
        yield at_most(f"fork, {told}", alternate(lab.fork, rounds=15)[0], 50)
        yield at_most(f"fork and a write on both sides, {told}", _fork_and_write(lab), 50)
        yield from _kept(lab, told)
    yield _rewound()
    yield _months()


def _fork_and_write(lab: Lab) -> float:
    client = lab.client("cloudwatch")
    twin = lab.fork()
    other = twin.client("cloudwatch")  # made beforehand: a client costs more than a fork

    def both() -> None:
        twin._take(lab.fork().world)
        for each in (client, other):
            each.put_metric_data(Namespace="Bench", MetricData=[{"MetricName": "m0", "Value": 1.0}])

    return alternate(both, rounds=15)[0]


def _kept(lab: Lab, told: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.cwlab")
        saved = seconds_of(lambda: lab.save(path))
        size = path.stat().st_size / 1e6
        opened = seconds_of(lambda: Lab.open(path))
    yield Row(f"save, {told}", f"{ms(saved)} ({size:.1f} MB)")
    yield Row(f"open, {told}", ms(opened))


def _rewound() -> Row:
    lab = Lab()
    client = lab.client("cloudwatch")
    for _ in range(HOURS):
        for i in range(12):
            client.put_metric_data(Namespace="Bench", MetricData=[{"MetricName": f"m{i}", "Value": 1.0}])
        lab.advance(hours=1)
    # Forks are kept here and there; from the nearest one, the rest is done again. So each hour costs something else.
    hours = range(1, HOURS, 3)
    taken = [
        seconds_of(lambda at=lab.start + timedelta(hours=h, minutes=-1): lab.fork().rewind(at)) for h in hours
    ]
    return Row(
        f"rewind a week with {12 * HOURS:,} calls to any of {len(taken)} instants",
        f"{ms(median(taken))} (at worst {ms(max(taken))})",
    )


def _months() -> Row:
    def year() -> None:
        Lab().advance(days=455)

    return Row("advance by 455 days, nothing on the agenda", ms(alternate(year, rounds=5)[0]))
