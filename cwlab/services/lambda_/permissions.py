"""Who may invoke a function: its own policy."""

from __future__ import annotations

import json

from cwlab.api import Call
from cwlab.services.lambda_.naming import Params, ref
from cwlab.services.lambda_.records import Statement


def policy_of(call: Call, params: Params) -> str | None:
    """The policy of the function, version or alias a request names; None where it has none."""
    where = ref(call, params["FunctionName"], params.get("Qualifier"))
    held: tuple[Statement, ...] = call.table("policies", account=where.account).get(
        (where.name, where.qualifier or ""), ()
    )
    return document(held) if held else None


def document(held: tuple[Statement, ...]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Id": "default", "Statement": [json.loads(each.text) for each in held]},
        separators=(",", ":"),
    )
