"""The shop's web machines."""

from __future__ import annotations

from cwlab.shop.chance import Ints


def cpu_percent(requests: Ints) -> list[float]:
    """CPU of a web machine in each minute, in percent, when two share so many requests a minute."""
    tenths = 30 + requests * 35 // 10
    return [min(part, 1_000) / 10 for part in tenths.tolist()]
