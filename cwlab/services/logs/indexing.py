"""Field indexes: what a policy may say, and which events are indexed by which fields. Pure.

Source: User Guide, "Create field indexes to improve query performance and reduce scan volume" and "Field index syntax and
quotas"; API reference PutIndexPolicy, PutAccountPolicy, DeleteIndexPolicy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from cwlab.errors import NotModelled
from cwlab.services.logs.history import ALWAYS, History, Moment, moments, value_at
from cwlab.services.logs.records import STANDARD
from cwlab.services.logs.refusals import invalid
from cwlab.timeline import DAY

MOST_FIELDS, MOST_LETTERS = 20, 100
KEPT_MS = 30 * DAY  # how long an index that no policy asks for any more is still used
MOST_CRITERIA_BYTES = 25 * 1024

# What every group of class STANDARD is indexed on without a policy.
DEFAULTS = ("@logStream", "@aws.region", "@aws.account", "@source.log", "@data_source_name", "@data_source_type",
            "@data_format", "traceId", "severityText", "attributes.session.id")  # fmt: skip

Span = tuple[Moment, Moment | None]  # from, to (exclusive); None: still
Scoped = tuple[tuple[str, tuple[str, ...]], ...]  # account policies: the prefix of group names, the fields

_CRITERIA = re.compile(
    r"""\s*LogGroupNamePrefix(?:\s*=|\s+IN\s*(?P<list>\[))\s*(?P<quote>["'])(?P<prefix>[^"']+)(?P=quote)\s*(?(list)\])\s*"""
)


def fields_of(document: str) -> tuple[str, ...]:
    """The fields an index policy names.

    Raises:
        AwsError: InvalidParameterException; the policy is none.
        NotModelled: it asks for facets.
    """
    try:
        body = json.loads(document)
    except (ValueError, RecursionError):
        raise invalid("The policy document is not valid JSON.") from None
    if not isinstance(body, dict) or not {"Fields", "FieldsV2"} & body.keys():
        raise invalid('The policy document must be of the form {"Fields": ["requestId", …]}.')
    if unknown := sorted(body.keys() - {"Fields", "FieldsV2"}):
        raise invalid(f"The policy document has {unknown[0]!r}; it may have Fields and FieldsV2.")
    names, typed = body.get("Fields", []), body.get("FieldsV2", {})
    if not isinstance(names, list) or not isinstance(typed, dict):
        raise invalid("Fields is a list of names, FieldsV2 an object of names and their types.")
    for name, given in typed.items():
        kind = given.get("type") if isinstance(given, dict) else None
        if kind == "FACET":
            raise NotModelled(f"A facet ({name} in FieldsV2)", "Make it a FIELD_INDEX.")
        if kind != "FIELD_INDEX":
            raise invalid(f"The type of {name!r} in FieldsV2 is {kind!r}; it may be FIELD_INDEX or FACET.")
    found = [*names, *typed]
    for name in found:
        if not isinstance(name, str) or not 1 <= len(name) <= MOST_LETTERS:
            raise invalid(f"{name!r} is no name of a field: it has 1 to {MOST_LETTERS} characters.")
    if len(set(found)) < len(found):
        raise invalid("The policy document names a field twice.")
    if not 1 <= len(found) <= MOST_FIELDS:
        raise invalid(f"The policy document names {len(found)} fields; it may name 1 to {MOST_FIELDS}.")
    return tuple(found)


def prefix_of(criteria: str | None) -> str:
    """The prefix of group names that selection criteria ask for; "" is every group.

    Raises:
        AwsError: InvalidParameterException; they are none.
        NotModelled: they select by data source.
    """
    if criteria is None:
        return ""
    if len(criteria.encode()) > MOST_CRITERIA_BYTES:
        raise invalid(f"selectionCriteria is longer than {MOST_CRITERIA_BYTES:,} bytes.")
    if "DataSource" in criteria:
        raise NotModelled("selectionCriteria by data source", 'Write LogGroupNamePrefix = "…".')
    found = _CRITERIA.fullmatch(criteria)
    if found is None:
        raise invalid(
            f"selectionCriteria {criteria!r} is not supported for FIELD_INDEX_POLICY. "
            'Write LogGroupNamePrefix = "my-log" or LogGroupNamePrefix IN ["my-log"].'
        )
    return found["prefix"]


def spans(group: str, log_class: str, own: History, account: History) -> dict[str, list[Span]]:
    """From when to when a group's events were indexed, field by field.

    Args:
        own: the group's policy, its fields or None; it takes the place of the account's.
        account: the account's policies (``Scoped``).
    """
    if log_class != STANDARD:
        return {}
    found: dict[str, list[Span]] = {name: [(ALWAYS, None)] for name in DEFAULTS}
    since: dict[str, Moment] = {}
    for moment in moments(own, account):
        now = set(effective(group, own, account, moment)) - set(DEFAULTS)
        for name in sorted(since.keys() - now):
            found.setdefault(name, []).append((since.pop(name), moment))
        for name in sorted(now - since.keys()):
            since[name] = moment
    for name, moment in since.items():
        found.setdefault(name, []).append((moment, None))
    return found


def effective(group: str, own: History, account: History, moment: Moment) -> tuple[str, ...]:
    """The fields that policies ask for at a moment."""
    mine: tuple[str, ...] | None = value_at(own, moment)
    if mine is not None:
        return mine
    scoped: Scoped = value_at(account, moment, ())
    return next((fields for prefix, fields in scoped if group.startswith(prefix)), ())


def usable(found: Mapping[str, list[Span]], now_ms: int) -> dict[str, list[Span]]:
    """The spans whose index queries use: those that go on, and those that ended up to thirty days ago."""
    kept = {
        name: [span for span in all_ if span[1] is None or now_ms - span[1][0] <= KEPT_MS]
        for name, all_ in found.items()
    }
    return {name: left for name, left in kept.items() if left}


def overlapping(prefix: str, others: Mapping[str, str]) -> str | None:
    """The policy among ``others`` (name and prefix) that selects groups this prefix selects too."""
    return next(
        (name for name, each in others.items() if each.startswith(prefix) or prefix.startswith(each)), None
    )
