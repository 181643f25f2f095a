"""Why an alarm is in the state it is in: ``lab.why("cpu-high")``.

Built from what anyone can ask of CloudWatch: DescribeAlarms for the configuration, GetMetricData for the points of the
evaluation range, DescribeAlarmHistory for the state before; and from the rule, which is a pure function (``decide``).

    why = lab.why("cpu-high")                # now; or at="2026-03-02T09:17:00Z"
    print(why)                               # in words
    why.slots                                # the points it looked at, oldest first
    why.changes                              # which single one would have changed the outcome
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cwlab.errors import BadInput
from cwlab.timeline import iso, to_datetime, to_ms

if TYPE_CHECKING:
    from cwlab.lab import Lab
    from cwlab.services.cloudwatch.alarms.decide import Bounds, Decision, Settings
    from cwlab.services.cloudwatch.alarms.records import MetricAlarm

KINDS = ["MetricAlarm", "CompositeAlarm"]
SHOWN = 12  # slots and changes in a text; the newest
MAX_NAME = 255  # characters of an AlarmName
WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside the band",
    "LessThanLowerThreshold": "below the band",
    "GreaterThanUpperThreshold": "above the band",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One period of the evaluation range.

    Args:
        start: when it begins; it is as long as the alarm's period.
        value: the statistic; None where there was no data.
        verdict: ``breaching``, ``fine``, ``missing`` or ``too few samples``.
        used: it is one of the newest N points there are.
        filled: it is a gap that had to be filled.
        lower, upper: the band, for an alarm on one.
    """

    start: datetime
    value: float | None
    verdict: str
    used: bool
    filled: bool
    lower: float | None = None
    upper: float | None = None

    @property
    def part(self) -> str:
        """What it did for the decision, in a word or two: ``counts``, ``filled``, ``not needed``."""
        return "counts" if self.used else "filled" if self.filled else "not needed"


@dataclass(frozen=True, slots=True)
class Flip:
    """One point that would have changed the outcome: had the slot at ``start`` been ``to``, the state were ``state``."""

    start: datetime
    was: str
    to: str
    state: str

    def __str__(self) -> str:
        return self.told()

    def told(self, dated: bool = False) -> str:
        """In words; with the day, where the clock alone would not say which."""
        return f"{_clock(self.start, dated)} {self.to} instead of {self.was}: {self.state}"


@dataclass(frozen=True, slots=True)
class Why:
    """An evaluation, explained.

    Args:
        alarm: its name.
        at: the instant of the evaluation.
        state: what it decided; ``recorded``: the state the alarm really was in at the instant you asked about.
        before: the state it was in before.
        since: when it entered the recorded state; ``reason``: what AWS says of that.
        rule: the sentence that decided.
        start, end: the evaluation range.
        period, n, m, treatment, comparison, threshold: the configuration that decides. Seconds; N; M; how missing data are treated.
        slots: the periods of the range, oldest first.
        breaching, fine, missing: how many of the N were which.
        changes: the single points that would have changed the outcome, newest first.
        notes: what else you should know.
    """

    alarm: str
    at: datetime
    state: str
    recorded: str
    before: str
    since: datetime
    reason: str
    rule: str
    start: datetime
    end: datetime
    period: int = 0
    n: int = 0
    m: int = 0
    treatment: str = "missing"
    comparison: str = ""
    threshold: float | None = None
    slots: tuple[Slot, ...] = ()
    breaching: int = 0
    fine: int = 0
    missing: int = 0
    changes: tuple[Flip, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def _dated(self) -> bool:
        """Whether the range is so long that a time of day does not name one of its periods."""
        return self.end - self.start >= timedelta(days=1)

    @property
    def text(self) -> str:
        """The explanation in a few sentences."""
        parts = [
            f"{self.alarm} is in {self.recorded} since {iso(to_ms(self.since))}: {self.reason or 'no reason given'}"
        ]
        if self.slots:
            parts.append(
                f"At {iso(to_ms(self.at))} it looked at {len(self.slots)} periods of {_span(self.period)}, "
                f"{_clock(self.start, self._dated)} to {_clock(self.end, self._dated)}, for the newest {self.n} that have data: "
                f"{self.breaching} breaching, {self.fine} fine, {self.missing} missing "
                f"(it takes {self.m} of {self.n} to alarm)."
            )
        parts.append(self.rule)
        return "\n".join([*parts, *self.notes])

    def __str__(self) -> str:
        lines = [self.text]
        shown = self.slots[-SHOWN:]
        if shown:
            wide = 16 if self._dated else 10
            lines += ["", f"{'period':<{wide}} {'value':>12}  {'is':<16} part in the decision"]
            lines += [
                f"{_clock(s.start, self._dated):<{wide}} {_number(s.value):>12}  {s.verdict:<16} {s.part}"
                for s in shown
            ]
        if len(shown) < len(self.slots):
            lines.append(f"… and {len(self.slots) - len(shown)} older")
        if self.slots:
            lines += ["", self.what_if]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def what_if(self) -> str:
        """Which single point would have changed the outcome, in words."""
        if not self.changes:
            return "No single point would have changed the outcome."
        told = [f"  {flip.told(self._dated)}" for flip in self.changes[:SHOWN]]
        more = len(self.changes) - len(told)
        return "\n".join(
            [
                "One point would have changed the outcome:",
                *told,
                *([f"  … and {more} more"] if more > 0 else []),
            ]
        )

    def _repr_html_(self) -> str:
        style = 'style="text-align:left;white-space:pre-wrap"'
        rows = "".join(
            f'<tr><td>{_clock(s.start, self._dated)}</td><td style="text-align:right">{_number(s.value)}</td>'
            f"<td {style}>{html.escape(s.verdict)}</td><td {style}>{s.part}</td></tr>"
            for s in self.slots[-SHOWN:]
        )
        head = "".join(
            f'<th scope="col" style="text-align:left">{title}</th>'
            for title in ("Period", "Value", "Is", "Part in the decision")
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        end = f"<p {style}>{html.escape(self.what_if)}</p>" if self.slots else ""
        return f"<p {style}>{html.escape(self.text)}</p>{table}{end}"


# Asking -----------------------------------------------------------------------------------------------------------


def why(lab: Lab, name: str, at: str | datetime | None = None, client: Any = None) -> Why:
    """Explain the state of an alarm, now or at an instant.

    Args:
        lab: the lab; only its clients are used.
        name: the alarm.
        at: an instant since its creation; now when left out.
        client: the CloudWatch client to ask with, for an alarm of another account or Region.

    Raises:
        BadInput: there is no alarm of that name, or none yet at that instant.
    """
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
        raise BadInput(name, "is no name of an alarm.", 'Give its AlarmName, as in lab.why("cpu-high").')
    client = client or lab.client("cloudwatch")
    now_ms = to_ms(lab.now)
    at_ms = now_ms if at is None else to_ms(at)
    if at_ms > now_ms:
        raise BadInput(iso(at_ms), "has not come yet.", f"It is {iso(now_ms)}.")
    answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=KINDS)
    found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
    if not found:
        raise BadInput(
            name, "is not an alarm of this account and Region.", "client.describe_alarms() lists them."
        )
    (told,) = found
    life = _Life(client, told, at_ms)
    if "AlarmRule" in told:
        return _composite(client, told, life)
    return _metric(client, told, life)


class _Life:
    """The states an alarm went through, as its history tells."""

    def __init__(self, client: Any, told: Mapping[str, Any], at_ms: int) -> None:
        name = told["AlarmName"]
        pages = client.get_paginator("describe_alarm_history").paginate(
            AlarmName=name, AlarmTypes=KINDS, ScanBy="TimestampAscending"
        )
        items = [item for page in pages for item in page["AlarmHistoryItems"]]
        made = [i for i, item in enumerate(items) if _configured(item, "created")]
        items = items[made[-1] :] if made else items
        self.at_ms = at_ms
        self.created_ms = to_ms(items[0]["Timestamp"]) if made else None
        if self.created_ms is not None and at_ms < self.created_ms:
            raise BadInput(
                iso(at_ms), f"lies before {name} was created ({iso(self.created_ms)}).", "Ask about later."
            )
        self.changed_ms = max([to_ms(i["Timestamp"]) for i in items if _configured(i, "updated")], default=0)
        changes = [
            (to_ms(item["Timestamp"]), json.loads(item["HistoryData"]))
            for item in items
            if item["HistoryItemType"] == "StateUpdate"
        ]
        self.changes = [
            c for c in changes if c[1]["oldState"]["stateValue"] != c[1]["newState"]["stateValue"]
        ]
        self.last = [c for c in self.changes if c[0] <= at_ms]
        if self.last:
            self.since_ms, data = self.last[-1]
            self.state, self.reason = data["newState"]["stateValue"], data["newState"].get("stateReason", "")
        elif self.changes:
            old = self.changes[0][1]["oldState"]
            self.since_ms = self.created_ms or to_ms(told["AlarmConfigurationUpdatedTimestamp"])
            self.state, self.reason = old["stateValue"], old.get("stateReason", "")
        else:
            self.since_ms = to_ms(told["StateTransitionedTimestamp"])
            self.state, self.reason = told["StateValue"], told.get("StateReason", "")

    def before(self, ms: int) -> str:
        """The state just before an instant."""
        earlier = [c for c in self.changes if c[0] < ms]
        if earlier:
            return str(earlier[-1][1]["newState"]["stateValue"])
        return str(self.changes[0][1]["oldState"]["stateValue"]) if self.changes else self.state


def _configured(item: Mapping[str, Any], verb: str) -> bool:
    return item["HistoryItemType"] == "ConfigurationUpdate" and item["HistorySummary"].endswith(f" {verb}")


def _composite(client: Any, told: Mapping[str, Any], life: _Life) -> Why:
    children = client.describe_alarms(ChildrenOfAlarmName=told["AlarmName"])
    states = [
        f"{child['AlarmName']} is in {child['StateValue']}"
        for child in [*children["MetricAlarms"], *children["CompositeAlarms"]]
    ]
    at = to_datetime(life.at_ms)
    notes = tuple([f"Now: {', '.join(states)}."] if states else ())
    rule = f"The rule: {told['AlarmRule']}"
    since = to_datetime(life.since_ms)
    return Why(
        told["AlarmName"], at, life.state, life.state, life.before(life.since_ms), since, life.reason, rule, at, at,
        notes=notes,
    )  # fmt: skip


def _metric(client: Any, told: Mapping[str, Any], life: _Life) -> Why:
    from cwlab.services.cloudwatch.alarms.cadence import FIRST_MS
    from cwlab.services.cloudwatch.alarms.decide import counterfactuals, decide
    from cwlab.services.cloudwatch.alarms.watched import cadence_of, many_series, settings_of

    alarm = alarm_of(told)
    when, settings = cadence_of(alarm), settings_of(alarm)
    tick_ms = life.at_ms // (when.step * 1000) * when.step * 1000
    first_ms = (life.created_ms or 0) + FIRST_MS
    evaluated_ms = max(tick_ms, first_ms) if first_ms <= life.at_ms else tick_ms
    start_s, end_s = when.range_at(evaluated_ms // 1000)
    before = life.before(evaluated_ms)
    notes = []
    if many_series(alarm):
        notes.append(
            "It watches many series, each by itself: client.describe_alarm_contributors() lists those in ALARM."
        )
        values: list[float | None] = [None] * when.size
        counts, bounds = None, None
    else:
        values, counts, bounds = _points(client, alarm, start_s, end_s, when.size, when.period)
    decision = decide(values, settings, before, counts=counts, bounds=bounds)  # type: ignore[arg-type]
    starts = [to_datetime((start_s + i * when.period) * 1000) for i in range(when.size)]
    verdicts = [slot.verdict for slot in decision.slots]
    flips = [
        Flip(starts[-c.age], verdicts[-c.age], c.to, c.state)
        for c in counterfactuals(verdicts, settings, before)  # type: ignore[arg-type]
    ]
    slots = []
    for start, slot, band in zip(starts, decision.slots, bounds or [None] * len(starts), strict=True):
        lower, upper = band or (None, None)
        slots.append(Slot(start, slot.value, slot.verdict, slot.used, slot.filled, lower, upper))
    notes += _notes(told, life, evaluated_ms, first_ms, decision)
    many = many_series(alarm)
    return Why(
        alarm=alarm.name,
        at=to_datetime(evaluated_ms),
        state=life.state if many else decision.state,
        recorded=life.state,
        before=before,
        since=to_datetime(life.since_ms),
        reason=life.reason,
        rule="" if many else _rule(decision, settings, before),
        start=to_datetime(start_s * 1000),
        end=to_datetime(end_s * 1000),
        period=when.period,
        n=settings.n,
        m=settings.m,
        treatment=settings.treatment,
        comparison=settings.comparison,
        threshold=settings.threshold,
        slots=() if many else tuple(slots),
        breaching=decision.breaching,
        fine=decision.fine,
        missing=decision.missing,
        changes=() if many else tuple(flips),
        notes=tuple(notes),
    )


def _notes(
    told: Mapping[str, Any], life: _Life, evaluated_ms: int, first_ms: int, decision: Decision
) -> list[str]:
    if life.created_ms is not None and life.at_ms < first_ms:
        return [f"It has not been evaluated yet: that happens first at {iso(first_ms)}."]
    notes = []
    if life.since_ms > evaluated_ms:
        notes.append(
            "It was put into this state by hand (SetAlarmState), which lasts until the next evaluation."
        )
    elif decision.state != life.state:
        notes.append(
            f"With what is known today the decision would be {decision.state}: data that came later, or another "
            "configuration since, make the difference."
        )
    if life.changed_ms > life.at_ms:
        notes.append(f"It was changed at {iso(life.changed_ms)}; this is told with its configuration of now.")
    if told.get("EvaluationState"):
        notes.append(f"EvaluationState is {told['EvaluationState']}.")
    return notes


def alarm_of(told: Mapping[str, Any]) -> MetricAlarm:
    """A metric alarm's configuration from what DescribeAlarms tells of it."""
    from cwlab.services.cloudwatch.alarms.records import Actions, MetricAlarm

    return MetricAlarm(
        name=told["AlarmName"],
        arn=told["AlarmArn"],
        description=told.get("AlarmDescription"),
        actions=Actions(),
        evaluation_periods=told["EvaluationPeriods"],
        comparison_operator=told["ComparisonOperator"],
        namespace=told.get("Namespace"),
        metric_name=told.get("MetricName"),
        dimensions=tuple((d["Name"], d["Value"]) for d in told.get("Dimensions", ())),
        statistic=told.get("Statistic"),
        extended_statistic=told.get("ExtendedStatistic"),
        unit=told.get("Unit"),
        period=told.get("Period"),
        metrics=tuple(told.get("Metrics", ())),
        threshold=told.get("Threshold"),
        threshold_metric_id=told.get("ThresholdMetricId"),
        datapoints_to_alarm=told.get("DatapointsToAlarm"),
        treat_missing_data=told.get("TreatMissingData"),
        low_sample=told.get("EvaluateLowSampleCountPercentile"),
    )


def _points(
    client: Any, alarm: MetricAlarm, start_s: int, end_s: int, size: int, period: int
) -> tuple[list[float | None], list[float] | None, list[Bounds | None] | None]:
    """The points of the range by GetMetricData: values, samples, bands."""
    queries: Sequence[Mapping[str, Any]] = alarm.metrics
    if alarm.metric_name is not None:
        metric = {
            "Namespace": alarm.namespace,
            "MetricName": alarm.metric_name,
            "Dimensions": [{"Name": n, "Value": v} for n, v in alarm.dimensions],
        }
        unit = {} if alarm.unit is None else {"Unit": alarm.unit}
        queries = [
            {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat, **unit}}
            for id_, stat in (
                ("value", alarm.statistic or alarm.extended_statistic),
                ("samples", "SampleCount"),
            )
        ]
    answer = client.get_metric_data(
        MetricDataQueries=queries, StartTime=to_datetime(start_s * 1000), EndTime=to_datetime(end_s * 1000)
    )
    columns: dict[str, list[list[float | None]]] = {}
    for result in answer["MetricDataResults"]:
        column: list[float | None] = [None] * size
        for stamp, value in zip(result["Timestamps"], result["Values"], strict=True):
            place = (to_ms(stamp) // 1000 - start_s) // period
            if 0 <= place < size:
                column[place] = value
        columns.setdefault(result["Id"], []).append(column)
    empty: list[float | None] = [None] * size
    if alarm.metric_name is not None:
        counts = [count or 0.0 for count in columns.get("samples", [empty])[0]]
        return columns.get("value", [empty])[0], counts, None
    if alarm.threshold_metric_id is None:
        return next(iter(columns.values()), [empty])[0], None, None
    band = columns.pop(alarm.threshold_metric_id, [])
    values = next(iter(columns.values()), [empty])[0]
    if len(band) != 2:
        return values, None, [None] * size
    pairs = zip(*band, strict=True)
    return values, None, [None if low is None or high is None else (low, high) for low, high in pairs]


# Words ------------------------------------------------------------------------------------------------------------


def _rule(decision: Decision, settings: Settings, before: str) -> str:
    """The sentence that decided."""
    m, n = settings.m, settings.n
    bad, good, gone = decision.breaching, decision.fine, decision.missing
    return {
        "enough breaching": f"{bad} breaching of {n}: at least {m}, so ALARM. Missing data were not even looked at.",
        "enough fine": f"{good} fine of {n}: not {m} of them can breach any more, so OK. Missing data were not even looked at.",
        "too few samples": f"The percentile rests on too few samples, and such points are ignored: it stays in {before}.",
        "filled as breaching": f"{gone} missing counted as breaching: {bad} + {gone} against the {m} needed, so {decision.state}.",
        "filled as fine": f"{gone} missing counted as not breaching: {bad} breaching against the {m} needed, so OK.",
        "missing ignored": f"Too few points to decide, and missing data are ignored: it stays in {before}.",
        "some fine": f"Too few points, but {good} of them fine: OK.",
        "no data": "Not one point in the whole range, so INSUFFICIENT_DATA.",
        "premature": f"Only breaching points, and the oldest is {m} periods old or older: ALARM, whatever is missing.",
        "too early": f"Only breaching points, but the oldest is not yet {m} periods old; the next may be fine: INSUFFICIENT_DATA.",
    }[decision.rule]


def _clock(at: datetime, dated: bool = False) -> str:
    day = f"{at:%Y-%m-%d} " if dated else ""
    return day + (f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}")


def _span(seconds: int) -> str:
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
