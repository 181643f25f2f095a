"""Metrics that come out of logs go to CloudWatch through the door, as the ``logs`` service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError
from cwlab.services.logs.names import group_arn

MAX_DATUMS = 1000  # of a PutMetricData request


def publish(call: Call, group: str, namespace: str, data: Sequence[dict[str, Any]]) -> None:
    """PutMetricData with all datums. A refusal stands in the journal; the events are stored all the same."""
    for at in range(0, len(data), MAX_DATUMS):
        request = {"Namespace": namespace, "MetricData": list(data[at : at + MAX_DATUMS])}
        try:
            call.invoke(
                "cloudwatch",
                "PutMetricData",
                request,
                service_principal="logs.amazonaws.com",
                source_arn=group_arn(call, group),
            )
        except AwsError:
            continue  # the door has written it down
