"""Which groups a request reads, in one of the ways it can name them."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.services.logs.names import group_arn, name_of
from cwlab.services.logs.refusals import invalid

MOST_GROUPS = 50
Params = dict[str, Any]


def asked(call: Call, params: Params) -> list[str]:
    """The names of the groups a request names, in one of the three ways."""
    ways = [n for n in ("logGroupName", "logGroupNames", "logGroupIdentifiers") if params.get(n) is not None]
    if len(ways) != 1:
        raise invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.")
    value = params[ways[0]]
    names = [value] if isinstance(value, str) else [str(each) for each in value]
    if not 1 <= len(names) <= MOST_GROUPS:
        raise invalid(f"Between 1 and {MOST_GROUPS} log groups must be specified.")
    if ways[0] == "logGroupIdentifiers":
        names = [name_of(call, name) for name in names]
    return list(dict.fromkeys(names))


def touched(call: Call, params: Params) -> list[str]:
    """The ARNs IAM sees: the groups'."""
    named = (
        params.get("logGroupNames") or params.get("logGroupIdentifiers") or [params.get("logGroupName", "")]
    )
    return [f"{name if name.startswith('arn:') else group_arn(call, name)}:log-stream:" for name in named]
