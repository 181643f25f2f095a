"""PutDashboard, GetDashboard, ListDashboards, DeleteDashboards: dashboards belong to an account, not to a Region.

Source: API reference; codes, texts and order as observed on the live service except where a comment says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL, arn
from cwlab.codec import record
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import dashboard_body, paging
from cwlab.services.cloudwatch.ingest import bad_value
from cwlab.timeline import to_datetime

PAGE = 1000
MAX_TAGS, MAX_DELETED, MAX_NAME = 50, 100, 255
_OVERHEAD = 37  # what the service adds to the body's bytes, observed for dashboards without tags or variables
_NAME = re.compile(r"[A-Za-z0-9_-]*")

Structure = dict[str, Any]


@record
class Dashboard:
    """A dashboard as it is kept: its body without white space. Tags are those it was created with."""

    body: str
    modified_ms: int
    tags: tuple[tuple[str, str], ...] = ()


def dashboard_arn(call: Call, name: str) -> str:
    return arn("cloudwatch", "", call.account, f"dashboard/{name}")


def _table(call: Call) -> Any:
    return call.table("dashboards", region=GLOBAL)


@operation("cloudwatch", "PutDashboard", resource=lambda call, p: dashboard_arn(call, p["DashboardName"]))
def put_dashboard(
    call: Call,
    *,
    DashboardName: str,
    DashboardBody: str,
    Tags: Sequence[Mapping[str, str]] = (),
) -> Structure:
    """Create a dashboard, or replace all of its body. Answers what the body's author should know, if it can be kept."""
    _check_name(DashboardName, "DashboardName")
    if not DashboardBody:
        raise bad_value("The parameter DashboardBody is required.\n")
    body = dashboard_body.read(DashboardBody)
    if body is None:
        raise _invalid(
            "The field DashboardBody must be a valid JSON object", dashboard_body.pointer(DashboardBody)
        )
    findings = dashboard_body.check(body)
    if not all(finding.warning for finding in findings):
        raise _invalid(dashboard_body.refusal(findings), dashboard_body.whose(body, findings))
    table, stored = _table(call), dashboard_body.stored(body)
    if DashboardName in table:
        tags = table[DashboardName].tags  # an update ignores tags
    else:
        if len(Tags) > MAX_TAGS:
            raise bad_value(f"The collection Tags must not have a size greater than {MAX_TAGS}.\n")
        tags = tuple(sorted({tag["Key"]: tag["Value"] for tag in Tags}.items()))
    table[DashboardName] = Dashboard(stored, call.now_ms, tags)
    return {"DashboardValidationMessages": [{"DataPath": f.path, "Message": f.message} for f in findings]}


@operation(
    "cloudwatch",
    "GetDashboard",
    resource=lambda call, p: dashboard_arn(call, p["DashboardName"]),
    readonly=True,
)
def get_dashboard(call: Call, *, DashboardName: str) -> Structure:
    """The body of a dashboard."""
    _check_name(DashboardName, "DashboardName")
    found = _table(call).get(DashboardName)
    if found is None:
        raise AwsError(
            "ResourceNotFound",
            f"Dashboard {DashboardName} does not exist",
            404,
            shape="DashboardNotFoundError",
        )
    return {
        "DashboardArn": dashboard_arn(call, DashboardName),
        "DashboardBody": found.body,
        "DashboardName": DashboardName,
    }


@operation("cloudwatch", "ListDashboards", readonly=True)
def list_dashboards(
    call: Call, *, DashboardNamePrefix: str | None = None, NextToken: str | None = None
) -> Structure:
    """Dashboards in order of name, a thousand on a page."""
    prefix = DashboardNamePrefix or ""
    _check_name(prefix, "DashboardNamePrefix", empty=True)
    start = 0
    if NextToken is not None:
        position = paging.position_of(prefix, NextToken)
        if position is None:
            raise AwsError("ValidationError", "Invalid NextToken")
        start = position
    table = _table(call)
    names = sorted(name for name in table if name.startswith(prefix))
    answer: Structure = {
        "DashboardEntries": [
            {
                "DashboardName": name,
                "DashboardArn": dashboard_arn(call, name),
                "LastModified": to_datetime(table[name].modified_ms // 1000 * 1000),
                "Size": len(table[name].body.encode()) + _OVERHEAD,
            }
            for name in names[start : start + PAGE]
        ]
    }
    if start + PAGE < len(names):
        answer["NextToken"] = paging.token(prefix, start + PAGE)
    return answer


@operation(
    "cloudwatch",
    "DeleteDashboards",
    resource=lambda call, p: [dashboard_arn(call, name) for name in p["DashboardNames"]] or "*",
)
def delete_dashboards(call: Call, *, DashboardNames: Sequence[str]) -> None:
    """Delete dashboards. A name nobody has is no error; a name nobody could have is, and then all stay."""
    if not DashboardNames:
        raise bad_value("Field DashboardNames is required and has to contain at least 1 element.\n")
    names = dict.fromkeys(DashboardNames)
    if len(names) > MAX_DELETED:
        # A hundred is documented; the text, and that names given twice count once, are not.
        raise bad_value(f"The collection DashboardNames must not have a size greater than {MAX_DELETED}.\n")
    for i, name in enumerate(DashboardNames):
        _check_name(name, f"DashboardNames[{i}]")
    table = _table(call)
    for name in names:
        table.pop(name, None)


def _invalid(message: str, note: str) -> AwsError:
    """AWS's message; the note is the lab's own word, for the notebook."""
    error = AwsError("InvalidParameterInput", message, shape="DashboardInvalidInputError")
    if note:
        error.add_note(note)
    return error


def _check_name(name: str, field: str, *, empty: bool = False) -> None:
    if not name and not empty:
        raise bad_value(f"The parameter {field} is required.\n")  # unconfirmed
    if not _NAME.fullmatch(name):
        raise bad_value(
            f"The value for field {field} contains invalid characters. It can only contain alphanumerics, dash (-) and "
            "underscore (_).\n"
        )
    if len(name) > MAX_NAME:
        raise bad_value(
            f"The value for field {field} is too long. It must have length less than or equal to {MAX_NAME}.\n"
        )
