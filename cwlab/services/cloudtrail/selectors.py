"""Event selectors: which management events a trail wants. Data events are refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.services.cloudtrail.records import Selector
from cwlab.services.cloudtrail.trails import find, find_home, save, trail_arn

EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
Answer = dict[str, Any]


def _shown(selector: Selector) -> list[Answer]:
    return [
        {
            "ReadWriteType": selector.kind,
            "IncludeManagementEvents": selector.management,
            "DataResources": [],
            "ExcludeManagementEventSources": list(selector.excluded),
        }
    ]


@operation("cloudtrail", "PutEventSelectors", resource=trail_arn)
def put_event_selectors(call: Call, *, TrailName: str, EventSelectors: Sequence[Answer]) -> Answer:
    """Choose the management events a trail wants."""
    trail = find_home(call, TrailName)
    if len(EventSelectors) != 1:
        raise NotModelled(
            f"{len(EventSelectors)} event selectors", "Give one: without data events one says it all."
        )
    (given,) = EventSelectors
    if given.get("DataResources"):
        raise NotModelled("cloudtrail: DataResources (data events)", "Trails log management events.")
    excluded = tuple(given.get("ExcludeManagementEventSources", ()))
    if wrong := [each for each in excluded if each not in EXCLUDABLE]:
        raise AwsError(
            "InvalidEventSelectorsException",
            f"Value {wrong[0]} for ExcludeManagementEventSources is not one of {', '.join(EXCLUDABLE)}.",
        )
    selector = Selector(
        given.get("ReadWriteType", "All"), given.get("IncludeManagementEvents", True), excluded
    )
    save(call, replace(trail, selector=selector))
    return {"TrailARN": trail.arn, "EventSelectors": _shown(selector)}


@operation("cloudtrail", "GetEventSelectors", resource=trail_arn, readonly=True)
def get_event_selectors(call: Call, *, TrailName: str) -> Answer:
    """The management events a trail wants."""
    trail = find(call, TrailName)
    return {"TrailARN": trail.arn, "EventSelectors": _shown(trail.selector)}
