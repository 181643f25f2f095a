"""PutEvents: events come in, and rules that match them hand them on. TestEventPattern: would it match?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.api import Call, operation, verb
from cwlab.arn import parse
from cwlab.errors import AwsError, NotModelled
from cwlab.services.events.common import (
    Answer,
    Params,
    bus_arn,
    rules_of,
    the_rule,
    uuid,
    validation,
)
from cwlab.services.events.envelope import envelope
from cwlab.services.events.jsontext import read, write
from cwlab.services.events.matching import explain, fields_of, matches
from cwlab.services.events.pattern import compile_pattern
from cwlab.services.events.records import DEFAULT, Bus
from cwlab.services.events.rules import checked_pattern
from cwlab.services.events.running import hand_over
from cwlab.services.events.tally import count
from cwlab.timeline import to_ms

MOST_BYTES = 262_144  # of one request's entries together
TIME_BYTES = 14  # what an entry's Time counts for


# Who may --------------------------------------------------------------------------------------------------------------


def _bus_arns(call: Call, params: Params) -> list[str]:
    """For IAM: the buses a request puts events on."""
    names = dict.fromkeys(entry.get("EventBusName", DEFAULT) for entry in params["Entries"])
    return [name if name.startswith("arn:") else bus_arn(call, name) for name in names]


def _told(call: Call, params: Params) -> dict[str, list[str]]:
    """For IAM: the condition keys events:source and events:detail-type."""
    entries = params["Entries"]
    return {
        "events:source": sorted({e["Source"] for e in entries if "Source" in e}),
        "events:detail-type": sorted({e["DetailType"] for e in entries if "DetailType" in e}),
    }


def _policy(call: Call, params: Params) -> str | None:
    """The policies of all buses a request names, as one; AWS's own services need none on their account's buses."""
    own = call.principal.kind == "service" and call.request.source_account in (None, call.account)
    texts = [_SERVICE % call.principal.arn] if own else []
    for each in _bus_arns(call, params):
        if (bus := _bus_at(call, each)) is not None and bus.policy:
            found = json.loads(bus.policy)["Statement"]
            texts += [json.dumps(one) for one in (found if isinstance(found, list) else [found])]
    return f'{{"Version":"2012-10-17","Statement":[{",".join(texts)}]}}' if texts else None


_SERVICE = '{"Effect":"Allow","Principal":{"Service":"%s"},"Action":"events:PutEvents","Resource":"*"}'


def _bus_at(call: Call, bus: str) -> Bus | None:
    """A bus anywhere, by its ARN."""
    found = parse(bus)
    name = found.resource.partition("/")[2]
    kept: Bus | None = call.table("buses", account=found.account, region=found.region).get(name)
    return kept


# Putting --------------------------------------------------------------------------------------------------------------


@operation("events", "PutEvents", resource=_bus_arns, conditions=_told, policy=_policy)
def put_events(call: Call, *, Entries: Sequence[Params]) -> Answer:
    """Put up to ten events on buses. Each is accepted or refused by itself; a bus that is not there swallows its events."""
    if any("TraceHeader" in entry for entry in Entries):
        raise NotModelled("events:PutEvents(Entries[].TraceHeader)")
    if sum(map(_size, Entries)) > MOST_BYTES:
        raise validation("Total size of the entries in the request is over the limit.")
    answers = []
    for entry in Entries:
        detail = _detail(entry)
        answers.append(_refused(call, entry, detail) or _accepted(call, entry, detail or {}))
    return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}


def _size(entry: Params) -> int:
    """What an entry counts for, in bytes. Source: User Guide, "Calculating PutEvents event entry size"."""
    texts = [entry.get(key, "") for key in ("Source", "DetailType", "Detail")] + entry.get("Resources", [])
    return sum(len(text.encode()) for text in texts) + (TIME_BYTES if "Time" in entry else 0)


def _detail(entry: Params) -> Params | None:
    """An entry's detail; None when it is no JSON object."""
    try:
        found = read(entry.get("Detail", ""))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _refused(call: Call, entry: Params, detail: Params | None) -> dict[str, str] | None:
    """What is wrong with an entry, as the answer tells it."""
    for key in ("Source", "DetailType", "Detail"):
        if not entry.get(key):
            message = f"Parameter {key} is not valid. Reason: {key} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    if entry["Source"].startswith("aws.") and call.principal.kind != "service" and not _forwarded(call):
        return {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
    if detail is None:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    given = entry.get("EventBusName", "")
    if given.startswith("arn:") and parse(given).region != call.region:
        message = (
            "Parameter EventBusName is not valid. Reason: the event bus is in another Region."  # unconfirmed
        )
        return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    return None


def _forwarded(call: Call) -> bool:
    """Does a rule of another bus pass the event on?"""
    source = call.request.source_arn or ""
    return source.startswith("arn:aws:events:") and ":rule/" in source


def _accepted(call: Call, entry: Params, detail: Params) -> dict[str, str]:
    """Take an event on: find the rules that match it, and hand it to their targets."""
    given = entry.get("EventBusName", DEFAULT)
    if given.startswith("arn:") and parse(given).account != call.account:
        # The other account's EventBridge takes it, if its bus's policy lets the caller.
        answer = call.invoke("events", "PutEvents", {"Entries": [entry]}, account=parse(given).account)
        told: dict[str, str] = answer["Entries"][0]
        return told
    event_id = uuid(call)
    bus = given.rsplit("event-bus/", 1)[-1]
    rules = [rule for rule in rules_of(call, bus) if rule.enabled and rule.pattern]
    if not rules:  # nobody listens, and EventBridge keeps nothing
        return {"EventId": event_id}
    account, region = _origin(call)
    at_ms = to_ms(entry["Time"]) if "Time" in entry else call.now_ms
    resources = list(entry.get("Resources", []))
    event = envelope(
        event_id, entry["Source"], entry["DetailType"], account, region, at_ms, resources, detail
    )
    fields, text = fields_of(event), None
    for rule in rules:
        if rule.pattern and matches(compile_pattern(rule.pattern), fields):
            count(call, rule, "MatchedEvents")
            count(call, rule, "TriggeredRules", overall=True)
            text = text or write(event)
            hand_over(call, rule, text)
    return {"EventId": event_id}


def _origin(call: Call) -> tuple[str, str]:
    """Account and Region an event comes from: those of the rule that passed it on, or the caller's."""
    if _forwarded(call):
        rule = parse(call.request.source_arn or "")
        return rule.account, rule.region
    return call.principal.account or call.account, call.region


# Trying ---------------------------------------------------------------------------------------------------------------

_NEEDED = ("id", "account", "source", "time", "region", "detail-type")


def _read_event(text: str) -> Mapping[str, Any]:
    try:
        event = read(text)
    except ValueError:
        event = None
    if not isinstance(event, dict) or any(key not in event for key in _NEEDED):
        error = validation("Parameter Event is not valid.")
        error.add_note(f"An event is a JSON object with {', '.join(_NEEDED)}.")
        raise error
    return event


@operation("events", "TestEventPattern", readonly=True)
def test_event_pattern(call: Call, *, EventPattern: str, Event: str) -> Answer:
    """Would a pattern match an event?"""
    return {"Result": matches(checked_pattern(EventPattern), fields_of(_read_event(Event)))}


@verb("events", "explain")
def explain_match(
    call: Call,
    *,
    event: str | Mapping[str, Any],
    pattern: str | Mapping[str, Any] | None = None,
    rule: str | None = None,
    bus: str = DEFAULT,
) -> Answer:
    """Why a pattern, or a rule's pattern, matches an event or does not.

    Args:
        event: the event, or a part of one, as JSON text or a dict.
        pattern: the pattern; or else
        rule: a rule of the bus whose pattern is meant.

    Returns:
        ``matched``, ``why`` in a sentence, and ``parts``: of each field its path, what is wanted, what was found, whether it matched.
    """
    if (pattern is None) == (rule is None):
        raise validation("Give a pattern or the name of a rule, one of the two.")
    if rule is not None:
        text = the_rule(call, rule, bus).pattern
        if text is None:
            raise validation(f"Rule {rule} has a schedule and no pattern.")
    else:
        text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    given = event if isinstance(event, str) else json.dumps(event)
    try:
        body = read(given)
    except ValueError as problem:
        raise AwsError("ValidationException", f"The event is no JSON: {problem}") from None
    if not isinstance(body, dict):
        raise validation("An event is a JSON object.")
    found = explain(checked_pattern(text), body)
    parts = [
        {"path": p.path, "wanted": p.wanted, "found": p.found, "matched": p.matched} for p in found.parts
    ]
    return {"matched": found.matched, "why": found.why, "parts": parts}
