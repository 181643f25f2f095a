"""What an alarm is, and the state it is in. Both live in tables by the alarm's name: ``alarms`` and ``alarm_states``."""

from __future__ import annotations

from typing import Any, Literal

from cwlab.codec import record
from cwlab.services.cloudwatch.ingest import Dimensions

StateValue = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
UNCHECKED = "Unchecked: Initial alarm creation"


@record
class Actions:
    """What an alarm sets off, ARNs by the state entered. Held by both kinds of alarm."""

    enabled: bool = True
    ok: tuple[str, ...] = ()
    alarm: tuple[str, ...] = ()
    insufficient_data: tuple[str, ...] = ()

    def entering(self, value: StateValue) -> tuple[str, ...]:
        """The actions of a state."""
        return {"OK": self.ok, "ALARM": self.alarm, "INSUFFICIENT_DATA": self.insufficient_data}[value]


@record
class MetricAlarm:
    """The configuration of a metric alarm, as PutMetricAlarm gave it: what was not given is None (or empty)."""

    name: str
    arn: str
    description: str | None
    actions: Actions
    evaluation_periods: int
    comparison_operator: str
    namespace: str | None = None
    metric_name: str | None = None
    dimensions: Dimensions = ()
    statistic: str | None = None
    extended_statistic: str | None = None
    unit: str | None = None
    period: int | None = None
    metrics: tuple[dict[str, Any], ...] = ()  # MetricDataQuery structures in AWS's spelling
    threshold: float | None = None
    threshold_metric_id: str | None = None
    datapoints_to_alarm: int | None = None
    treat_missing_data: str | None = None
    low_sample: str | None = None  # EvaluateLowSampleCountPercentile
    created_ms: int = 0
    configured_ms: int = 0


@record
class CompositeAlarm:
    """The configuration of a composite alarm, as PutCompositeAlarm gave it."""

    name: str
    arn: str
    description: str | None
    actions: Actions
    rule: str
    suppressor: str | None = None
    suppressor_wait_s: int | None = None
    suppressor_extension_s: int | None = None
    created_ms: int = 0
    configured_ms: int = 0


Alarm = MetricAlarm | CompositeAlarm


@record
class State:
    """The state of an alarm, since when and why."""

    value: StateValue
    reason: str
    data: str | None  # StateReasonData: a JSON text
    updated_ms: int  # StateUpdatedTimestamp
    transitioned_ms: int  # StateTransitionedTimestamp
    evaluation: str | None = None  # EvaluationState: PARTIAL_DATA, EVALUATION_ERROR, EVALUATION_FAILURE
