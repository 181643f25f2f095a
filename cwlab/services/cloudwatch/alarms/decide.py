"""The decision: from the points of the evaluation range to a state, with the reason and what each point counted for.

Pure. The newest N *real* points of the range decide; only where there are fewer are gaps filled, as few as possible.
Source: user guide, ``alarm-evaluation`` (its ten worked rows and its premature examples are tests/oracles/alarms/*.txt).

    >>> rule = Settings("GreaterThanThreshold", 50.0, n=3, m=2)
    >>> decide([None, 10.0, 80.0, None, 90.0], rule, "OK").state
    'ALARM'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from cwlab.services.cloudwatch.alarms.records import StateValue

Treatment = Literal["missing", "ignore", "breaching", "notBreaching"]
Verdict = Literal["breaching", "fine", "missing", "too few samples"]
Bounds = tuple[float, float]  # lower and upper limit of an anomaly band

Rule = Literal[
    "enough breaching",  # M of the real points breach
    "enough fine",  # so many real points are fine that M can no longer breach
    "too few samples",  # a percentile rests on too few samples, and such points are to be ignored: the state is kept
    "filled as breaching",  # gaps counted as breaching decide
    "filled as fine",  # gaps counted as not breaching decide
    "missing ignored",  # missing points decide nothing: the state is kept
    "some fine",  # fewer real points than needed, but one is fine
    "no data",  # not one real point
    "premature",  # only breaching points are known, and the oldest is M slots old or older
    "too early",  # only breaching points are known, and the next ones may still be fine
]

BAND = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")


class Settings(NamedTuple):
    """What of an alarm's configuration decides.

    Args:
        threshold: None for an alarm on an anomaly band, whose limits come with each point.
        n, m: EvaluationPeriods and DatapointsToAlarm.
        samples: a point with fewer samples is too weak to count (percentiles, with ``ignore``); None: all count.
    """

    comparison: str
    threshold: float | None
    n: int
    m: int
    treatment: Treatment = "missing"
    samples: float | None = None


class Evidence(NamedTuple):
    """One slot of the range: what was there, and what it counted for.

    Args:
        age: 1 for the newest slot.
        used: it is one of the newest N real points.
        filled: it is a gap that was filled by the treatment of missing data, or would have been.
    """

    age: int
    value: float | None
    verdict: Verdict
    used: bool
    filled: bool


class Decision(NamedTuple):
    """A state, the rule that led to it, and the slots, oldest first."""

    state: StateValue
    rule: Rule
    slots: tuple[Evidence, ...]
    breaching: int  # real points that count as such
    fine: int
    missing: int  # gaps to be filled: N less the real points

    @property
    def keeps(self) -> bool:
        """Whether the rule was to leave the state as it is, whatever it is."""
        return self.rule in ("too few samples", "missing ignored")


class Change(NamedTuple):
    """One slot that, had it been ``to``, would have led to another state."""

    age: int
    to: Verdict
    state: StateValue
    rule: Rule


def breaches(value: float, settings: Settings, bounds: Bounds | None = None) -> bool:
    """Whether a value breaches. All comparisons with a band are strict."""
    if settings.comparison in BAND:
        assert bounds is not None
        lower, upper = bounds
        below, above = value < lower, value > upper
        return {BAND[0]: below or above, BAND[1]: below, BAND[2]: above}[settings.comparison]
    assert settings.threshold is not None
    return {
        "GreaterThanThreshold": value > settings.threshold,
        "GreaterThanOrEqualToThreshold": value >= settings.threshold,
        "LessThanThreshold": value < settings.threshold,
        "LessThanOrEqualToThreshold": value <= settings.threshold,
    }[settings.comparison]


def verdicts_of(
    values: Sequence[float | None],
    settings: Settings,
    counts: Sequence[float] | None = None,
    bounds: Sequence[Bounds | None] | None = None,
) -> list[Verdict]:
    """What each slot is. A point without its band is missing (unconfirmed for AWS)."""
    found: list[Verdict] = []
    for place, value in enumerate(values):
        band = None if bounds is None else bounds[place]
        if value is None or (settings.comparison in BAND and band is None):
            found.append("missing")
        elif settings.samples is not None and counts is not None and counts[place] < settings.samples:
            found.append("too few samples")
        else:
            found.append("breaching" if breaches(value, settings, band) else "fine")
    return found


def judge(
    verdicts: Sequence[Verdict], settings: Settings, current: StateValue
) -> tuple[StateValue, Rule, list[int]]:
    """The state that follows, by which rule, and the places of the real points that were used, oldest first."""
    n, m = settings.n, settings.m
    used = [place for place, verdict in enumerate(verdicts) if verdict != "missing"][-n:]
    bad = [place for place in used if verdicts[place] == "breaching"]
    good = sum(verdicts[place] == "fine" for place in used)
    missing = n - len(used)
    if len(bad) >= m:
        return "ALARM", "enough breaching", used
    if good >= n - m + 1:
        return "OK", "enough fine", used
    if len(bad) + good < len(used):
        return current, "too few samples", used
    if settings.treatment == "breaching":
        return ("ALARM" if len(bad) + missing >= m else "OK"), "filled as breaching", used
    if settings.treatment == "notBreaching":
        return "OK", "filled as fine", used
    if good:
        return "OK", "some fine", used
    if settings.treatment == "ignore":
        return current, "missing ignored", used
    if not bad:
        return "INSUFFICIENT_DATA", "no data", used
    if len(verdicts) - bad[0] >= m:
        return "ALARM", "premature", used
    return "INSUFFICIENT_DATA", "too early", used


def decide(
    values: Sequence[float | None],
    settings: Settings,
    current: StateValue,
    *,
    counts: Sequence[float] | None = None,
    bounds: Sequence[Bounds | None] | None = None,
) -> Decision:
    """The state of an alarm from the points of its evaluation range, and why.

    Args:
        values: one for each slot of the range, oldest first; None where there is none.
        current: the state the alarm is in, which some rules keep.
        counts: the samples in each slot, for percentiles.
        bounds: the band's limits in each slot, for comparisons with a band.
    """
    verdicts = verdicts_of(values, settings, counts, bounds)
    state, rule, used = judge(verdicts, settings, current)
    missing = settings.n - len(used)
    gaps = [place for place, verdict in enumerate(verdicts) if verdict == "missing"]
    filled, taken = set(gaps[len(gaps) - missing :] if missing else ()), set(used)
    size = len(values)
    slots = tuple(
        [
            Evidence(size - place, value, verdict, place in taken, place in filled)
            for place, (value, verdict) in enumerate(zip(values, verdicts, strict=True))
        ]
    )
    breaching = sum(verdicts[place] == "breaching" for place in used)
    fine = sum(verdicts[place] == "fine" for place in used)
    return Decision(state, rule, slots, breaching, fine, missing)


def counterfactuals(verdicts: Sequence[Verdict], settings: Settings, current: StateValue) -> Iterator[Change]:
    """Every single slot that would have led to another state, had it been breaching, fine or missing; newest first.

    Args:
        current: the state the alarm was in before the decision.
    """
    outcome, _, _ = judge(verdicts, settings, current)
    options: tuple[Verdict, ...] = ("breaching", "fine", "missing")
    for place in reversed(range(len(verdicts))):
        for other in options:
            if other != verdicts[place]:
                changed = [*verdicts[:place], other, *verdicts[place + 1 :]]
                state, rule, _ = judge(changed, settings, current)
                if state != outcome:
                    yield Change(len(verdicts) - place, other, state, rule)
