"""Numbers from a seed, the same on every machine and in every release of NumPy.

Each number is a hash of the seed, a stream's name and an index. So any part of a stream can be had alone, in any
order, and is what it would be in the whole.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
RANGE = 1 << 16


def uniform(seed: int, stream: str, index: Any) -> Ints:
    """Whole numbers in [0, 65536), one for each index (SplitMix64).

    >>> uniform(7, "doors", [0, 1, 2]).tolist() == [uniform(7, "doors", [i]).item() for i in (0, 1, 2)]
    True
    """
    key = int.from_bytes(hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest(), "big")
    with np.errstate(over="ignore"):
        z = (np.asarray(index, dtype=np.int64).astype(np.uint64) + np.uint64(1)) * np.uint64(
            0x9E3779B97F4A7C15
        )
        z += np.uint64(key)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(48)).astype(np.int64)


def bell(seed: int, stream: str, index: Any) -> Ints:
    """Whole numbers around 0, bell-shaped, 1,000 of them one standard deviation (the sum of four uniforms)."""
    index = np.asarray(index, dtype=np.int64)
    parts = [uniform(seed, f"{stream}/{part}", index) for part in range(4)]
    total = parts[0] + parts[1] + parts[2] + parts[3]
    return (total - 2 * (RANGE - 1)) * 1_000 // 37_837


def through(knots: Any, values: Any, at: Any) -> Ints:
    """The line through points (knot, value), at positions from the first knot to the last; rounded down.

    >>> through([0, 10, 20], [0, 100, 50], [5, 15]).tolist()
    [50, 75]
    """
    knots, values, at = (np.asarray(each, dtype=np.int64) for each in (knots, values, at))
    left = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    rise, run = np.diff(values)[left], np.diff(knots)[left]
    return values[left] + rise * (at - knots[left]) // run
