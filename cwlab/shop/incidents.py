"""What went wrong in the shop, and when. Written into data/shop-incidents.json with the day it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from cwlab.timeline import to_ms


@dataclass(frozen=True, slots=True)
class Incident:
    """A stretch of time in which the shop's numbers change.

    Args:
        name: how the labs call it.
        start, end: ISO 8601, UTC; the end is not included.
        what: what happened.
        see: what of it shows in the metrics.
        slowed_permille: so many of 1,000 requests take ``slower`` times as long.
        failed_permille: so many of 1,000 requests fail at once.
        buying_percent: what is left of the share of requests that end in an order.
    """

    name: str
    start: str
    end: str
    what: str
    see: str
    slowed_permille: int = 0
    slower: int = 1
    failed_permille: int = 0
    buying_percent: int = 100

    @property
    def start_minute(self) -> int:
        return to_ms(self.start) // 60_000

    @property
    def end_minute(self) -> int:
        return to_ms(self.end) // 60_000


INCIDENTS = (
    Incident(
        "slow-database",
        "2026-03-01T19:40:00Z",
        "2026-03-01T20:05:00Z",
        "A report locks the orders table in the busiest hour. Pages from the cache stay quick, the others wait.",
        "Latency: p50 hardly moves, p95 grows fourfold. Orders fall by more than half. No more errors than usual.",
        slowed_permille=300,
        slower=8,
        buying_percent=35,
    ),
    Incident(
        "bad-deploy",
        "2026-03-02T06:12:00Z",
        "2026-03-02T06:20:00Z",
        "A release cannot read its settings and refuses most requests. It is rolled back after eight minutes.",
        "Errors jump from almost none to most requests. Latency looks better than ever: a refusal takes 6 ms.",
        failed_permille=850,
    ),
)
