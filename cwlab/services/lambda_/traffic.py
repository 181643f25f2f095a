"""Who calls a function as time goes. It is no AWS API, so it is a verb:

lab.act("lambda", "traffic", function="shop-receipt", events=[(at_ms, '{"product": 3}')])
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, handler, verb
from cwlab.errors import AwsError, BadInput
from cwlab.services.lambda_.invoke import accept
from cwlab.services.lambda_.naming import function as function_of
from cwlab.services.lambda_.naming import ref


@verb("lambda", "traffic")
def traffic(call: Call, *, function: str, events: Sequence[Sequence[Any]]) -> None:
    """Events that will come into a function's queue, as with InvocationType Event.

    Args:
        function: its name.
        events: (when in ms since 1970, JSON text) each.

    Raises:
        BadInput: there is no such function, an instant is past, or a text is not JSON.
    """
    try:
        function_of(call, ref(call, function, None))
    except AwsError:
        raise BadInput(function, "is not a function here.", "Make it with create_function.") from None
    for at_ms, text in events:
        if at_ms < call.now_ms:
            raise BadInput(at_ms, f"lies before now ({call.now_ms}).", "Give instants to come.")
        try:
            json.loads(text)
        except (TypeError, ValueError):
            raise BadInput(text, "is not JSON.", "Give the event as JSON text.") from None
    for at_ms, text in events:
        call.schedule(int(at_ms), "come", function=function, event=text)


@handler("lambda", "come")
def come(call: Call, *, function: str, event: str) -> None:
    """One event comes into the queue. A function that is gone by then is not called."""
    where = ref(call, function, None)
    if where.name in call.table("functions"):
        accept(call, where, event)
