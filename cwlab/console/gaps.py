"""The missing-data panel: five slots you fill, four treatments side by side, decided by four real alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cwlab.console import evidence
from cwlab.console.charts.slots import Counted, grid, height
from cwlab.console.panels import Control, Panel, Pick, Shown, Whole
from cwlab.console.words import counted
from cwlab.errors import BadInput
from cwlab.timeline import iso, to_datetime, to_ms

SLOTS = 5
KINDS = {"breaching": 90.0, "fine": 10.0, "missing": None}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
ALARM: dict[str, Any] = {
    "Namespace": "Shop/Slots",
    "MetricName": "Load",
    "Statistic": "Average",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 50,
    "Period": 60,
}


def missing_data(
    lab: Any,
    came: Sequence[str] = ("missing", "missing", "breaching", "missing", "missing"),
    *,
    n: int = 3,
    m: int = 3,
) -> Panel:
    """What the four treatments of missing data make of the same five minutes.

    Each move puts your datapoints and four alarms, equal but for TreatMissingData, on a fork, and lets them be evaluated
    once. All were OK before.

    Args:
        lab: the lab; nothing in it changes.
        came: breaching, fine or missing for each of five minutes, oldest first.
        n, m: EvaluationPeriods and DatapointsToAlarm.

    Twin: ``panel.set(p5="breaching", n=3, m=2)``; ``p1`` is the oldest.

    Raises:
        BadInput: not five slots.
    """
    if len(came) != SLOTS:
        raise BadInput(list(came), f"are not {SLOTS} slots.", "Give breaching, fine or missing for each.")
    base = lab.fork()
    base.client("cloudwatch")  # the first client of a lab is dear; its forks share what it cost
    if rest := to_ms(base.now) % 60_000:
        base.advance(seconds=(60_000 - rest) / 1000)
    end_ms = to_ms(base.now)
    stamps = [to_datetime(end_ms) - timedelta(minutes=SLOTS - i) for i in range(SLOTS)]

    stands: dict[tuple[int, int], Any] = {}  # the four alarms for each N and M, before the data come

    def stand(n: int, m: int) -> Any:
        if (n, m) not in stands:
            stands[n, m] = base.fork()
            client = stands[n, m].client("cloudwatch")
            for treatment in TREATMENTS:
                client.put_metric_alarm(
                    AlarmName=treatment,
                    **ALARM,
                    EvaluationPeriods=n,
                    DatapointsToAlarm=m,
                    TreatMissingData=treatment,
                )
                client.set_alarm_state(AlarmName=treatment, StateValue="OK", StateReason="as it was before")
        return stands[n, m]

    def draw(n: int, m: int, **slots: str) -> Shown:
        given = [slots[f"p{i}"] for i in range(1, SLOTS + 1)]
        m = min(m, n)
        copy = stand(n, m).fork()
        client = copy.client("cloudwatch")
        data = [
            {"MetricName": "Load", "Timestamp": at, "Value": KINDS[what]}
            for at, what in zip(stamps, given, strict=True)
            if KINDS[what] is not None
        ]
        if data:
            client.put_metric_data(Namespace="Shop/Slots", MetricData=data)
        copy.advance(seconds=3)
        rows = [_row(copy.why(treatment), treatment) for treatment in TREATMENTS]
        picture = grid(given, rows, title=_finding(rows, n, m), window=n)
        return Shown(picture, _why(given, rows), setup=_calls(end_ms, bool(rest), given, n, m))

    kinds = {k: k for k in KINDS}
    controls: list[Control] = [
        Pick(f"p{i}", "Oldest" if i == 1 else "Newest" if i == SLOTS else f"{i}.", kinds, what)
        for i, what in enumerate(came, 1)
    ]
    controls += [
        Whole("n", "N, slots it decides by", 1, SLOTS, n),
        Whole("m", "M, breaching of those", 1, SLOTS, m),
    ]
    return Panel("missing data", controls, draw, height=height(len(TREATMENTS)) + 58)


def _row(seen: Any, treatment: str) -> Counted:
    """How one alarm counted the five slots; older ones, of which there are none here, are left out."""
    marks = [evidence.counted(s, seen) for s in seen.slots][-SLOTS:]
    marks = [("", False)] * (SLOTS - len(marks)) + marks
    return Counted(treatment, [c for c, _ in marks], [f for _, f in marks], seen.state, evidence.short(seen))


def _calls(end_ms: int, rest: bool, given: Sequence[str], n: int, m: int) -> list[str]:
    """The same by hand."""
    values = [KINDS[what] for what in given]
    alarm = ", ".join(
        f"{key}={value!r}" for key, value in ALARM.items() if key not in ("Namespace", "MetricName")
    )
    return [
        "from datetime import timedelta",
        "copy = lab.fork()",
        "cloudwatch = copy.client('cloudwatch')",
        *(
            [f"copy.advance(until={iso(end_ms)!r})  # a whole minute: the slots are the five before it"]
            if rest
            else []
        ),
        f"treatments = {list(TREATMENTS)!r}",
        "for treatment in treatments:",
        "    cloudwatch.put_metric_alarm(",
        f"        AlarmName=treatment, Namespace={ALARM['Namespace']!r}, MetricName={ALARM['MetricName']!r},",
        f"        {alarm},",
        f"        EvaluationPeriods={n}, DatapointsToAlarm={m}, TreatMissingData=treatment)",
        "    cloudwatch.set_alarm_state(AlarmName=treatment, StateValue='OK', StateReason='as it was before')",
        f"for minutes, value in zip((5, 4, 3, 2, 1), {values!r}):",
        "    if value is not None:",
        f"        cloudwatch.put_metric_data(Namespace={ALARM['Namespace']!r}, MetricData=[",
        f"            {{'MetricName': {ALARM['MetricName']!r}, 'Timestamp': copy.now - timedelta(minutes=minutes), 'Value': value}}])",
        "copy.advance(seconds=3)",
        "for treatment in treatments:",
        "    print(copy.why(treatment))",
    ]


def _finding(rows: Sequence[Counted], n: int, m: int) -> str:
    tally = Counter(r.state for r in rows)
    if len(tally) == 1:
        return f"{m} of {n}: all four treatments say {rows[0].state}"
    told = ", ".join(f"{word} {counted(k, 'time')}" for word, k in tally.most_common())
    return f"{m} of {n}, the same data: {told}"


def _why(given: Sequence[str], rows: Sequence[Counted]) -> str:
    if not any(any(r.filled) or "missing" in r.slots for r in rows):
        return "There are enough real datapoints, so nothing is filled in and the treatment does not matter."
    return (
        "The newest real datapoints decide as long as there are enough; only then are gaps filled, as few as possible."
        if "missing" in given
        else "The alarm looks for more datapoints than came."
    )
