"""Metric math beside the same computation written in NumPy by hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row, alternate, ms
from cwlab.services.cloudwatch.math import Context, MathQuery, NamedSeries, evaluate

START_S, SERIES, POINTS = 1_772_442_000, 100, 1_440
REPEAT = 20  # runs in one turn: the clock of the processor is coarse
TEN = "FLOOR(((((METRICS() + 5) * 2 - m1) / m2) * 100 + 7) / 3 - m3 * 2) + 1"
MOST = 3.0


def rows() -> Iterator[Row]:
    """An expression of ten operations over 100 series of 1,440 points, all there; then with a tenth of them missing."""
    for share, what in (
        (0.0, "ten operations over 100 series"),
        (0.1, "the same, a tenth of the points missing"),
    ):
        stamps = START_S + 60 * np.arange(POINTS, dtype=np.int64)
        dice = np.random.default_rng(7)
        given = {}
        for i in range(SERIES):
            there = dice.random(POINTS) >= share
            given[f"m{i}"] = NamedSeries(f"m{i}", 60, stamps[there], dice.random(int(there.sum())) + 1)
        queries = [*(MathQuery(name) for name in given), MathQuery("e1", TEN)]
        end_ms = (START_S + 60 * POINTS) * 1_000
        context = Context(START_S * 1_000, end_ms, end_ms)

        def ours(queries=queries, given=given, context=context) -> None:
            for _ in range(REPEAT):
                evaluate(queries, given, context)

        def by_hand(given=given) -> None:
            for _ in range(REPEAT):
                table = np.full((SERIES, POINTS), np.nan)
                for row, series in zip(table, given.values(), strict=True):
                    row[(series.stamps - START_S) // 60] = series.values
                m1, m2, m3 = table[1], table[2], table[3]
                np.floor(((((table + 5) * 2 - m1) / m2) * 100 + 7) / 3 - m3 * 2) + 1

        mine, hand = alternate(ours, by_hand, rounds=9)
        ratio = mine / hand
        measured = f"{ratio:.1f}× NumPy by hand ({ms(mine / REPEAT)} and {ms(hand / REPEAT)})"
        if share:  # a figure to watch: the target is set for whole series
            yield Row(f"metric math: {what}", measured)
        else:
            yield Row(f"metric math: {what}", measured, f"≤ {MOST:g}×", ratio <= MOST)
