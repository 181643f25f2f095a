"""An alarm against what really happened: incidents it told of, and how often it called for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from cwlab.console import standing
from cwlab.console.charts.watching import Span, Strip, Watched, watching
from cwlab.console.following import watched
from cwlab.console.picture import Picture
from cwlab.console.words import counted, number
from cwlab.timeline import to_ms

GRACE_MS = 10 * 60_000  # an alarm may still ring so long after an incident's end


class Incident(Protocol):
    """What went wrong, from when to when: ``cwlab.shop.INCIDENTS`` are such."""

    @property
    def name(self) -> str: ...
    @property
    def start(self) -> str: ...
    @property
    def end(self) -> str: ...


class Score(NamedTuple):
    """How an alarm did.

    ``caught`` incidents of ``incidents``; ``minutes`` from the start of each caught one to ALARM (the slowest);
    ``false`` times it went to ALARM with no incident.
    """

    caught: int
    incidents: int
    minutes: float | None
    false: int

    def __str__(self) -> str:
        told = f"{self.caught} of {counted(self.incidents, 'incident')} caught"
        if self.minutes is not None:
            told += f", after {number(self.minutes)} min at most" if self.minutes else ", at once"
        return f"{told}; {counted(self.false, 'false alarm')}"


def scored(states: Sequence[Span], incidents: Sequence[Incident]) -> Score:
    """Compare an alarm's states with what happened.

    An incident is caught if the alarm is in ALARM at some time between its start and its end. An ALARM that begins
    outside every incident, or more than ten minutes after its end, is false.
    """
    rang = [s for s in states if s.word == "ALARM"]
    late, caught = 0.0, 0
    for one in incidents:
        start, end = to_ms(one.start), to_ms(one.end)
        first = min((s.from_ms for s in rang if s.to_ms > start and s.from_ms <= end), default=None)
        if first is not None:
            caught += 1
            late = max(late, (first - start) / 60_000)
    false = sum(
        not any(to_ms(one.start) <= s.from_ms <= to_ms(one.end) + GRACE_MS for one in incidents) for s in rang
    )
    return Score(caught, len(incidents), late if caught else None, false)


def score(
    lab: Any, name: str, incidents: Sequence[Incident], *, hours: float = 24, title: str = ""
) -> Picture:
    """An alarm's states over the recording it watched, beside the incidents it should have told of.

    Args:
        lab: the lab.
        name: of the alarm.
        incidents: what went wrong, such as ``shop.INCIDENTS``.
        hours: how far back from now.
        title: the finding; the score when left out.
    """
    client = lab.client("cloudwatch")
    alarm = standing.one(client, name)
    end = lab.now
    start = end - timedelta(hours=hours)
    start_ms, now_ms = to_ms(start), to_ms(end)
    states = standing.spans(client, alarm, now_ms)
    what = Strip("incidents", [Span(to_ms(i.start), to_ms(i.end), i.name, i.name) for i in incidents])
    seen = [_cut(one) for one in watched(client, alarm, start, end)]
    return watching(
        seen,
        [what, Strip(name, states)],
        start_ms=start_ms,
        end_ms=now_ms + round((now_ms - start_ms) * 0.02),
        now_ms=now_ms,
        title=title or f"{name}: {scored(states, incidents)}",
    )


def _cut(one: Watched) -> Watched:
    """A metric up to four times its threshold: what lies beyond would press all the rest into the ground."""
    limit = 4 * (one.threshold or 0.0)
    if limit <= 0 or not (one.points["value"] > limit).any():
        return one
    return replace(one, cut=limit, unit=f"{one.unit}, up to {number(limit)}")
