"""What EventBridge's operations share: names and ARNs, errors, pages."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.errors import AwsError, NotModelled
from cwlab.services.events.records import DEFAULT, Bus, Rule

T = TypeVar("T")
Params = dict[str, Any]
Answer = dict[str, Any]


# Errors --------------------------------------------------------------------------------------------------------------


def validation(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def limit() -> AwsError:
    return AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


# Buses and rules ------------------------------------------------------------------------------------------------------


def bus_arn(call: Call, name: str) -> str:
    return arn("events", call.region, call.account, f"event-bus/{name}")


def rule_arn(call: Call, bus: str, name: str) -> str:
    """On the default bus the bus is not named."""
    return arn(
        "events", call.region, call.account, f"rule/{name}" if bus == DEFAULT else f"rule/{bus}/{name}"
    )


def bus_name(call: Call, given: str | None) -> str:
    """The name of a bus of this account and Region that was given by name, by ARN, or not at all.

    Raises:
        NotModelled: the ARN is of another account or Region.
    """
    if given is None:
        return DEFAULT
    if not given.startswith("arn:"):
        return given
    prefix = bus_arn(call, "")
    if not given.startswith(prefix):
        raise NotModelled(f"A rule on a bus of another account or Region ({given})")
    return given.removeprefix(prefix)


def find_bus(call: Call, name: str) -> Bus | None:
    """A bus; the default one is always there."""
    found: Bus | None = call.table("buses").get(name)
    return Bus(DEFAULT, bus_arn(call, DEFAULT)) if found is None and name == DEFAULT else found


def the_bus(call: Call, name: str) -> Bus:
    """A bus that must be there.

    Raises:
        AwsError: it is not.
    """
    found = find_bus(call, name)
    if found is None:
        raise not_found(f"Event bus {name} does not exist.")
    return found


def the_rule(call: Call, name: str, bus: str | None) -> Rule:
    """A rule that must be there, on a bus given as the API takes it.

    Raises:
        AwsError: there is no such bus or rule.
    """
    on = the_bus(call, bus_name(call, bus)).name
    found: Rule | None = call.table("rules").get((on, name))
    if found is None:
        raise not_found(f"Rule {name} does not exist on EventBus {on}.")
    return found


def rules_of(call: Call, bus: str) -> list[Rule]:
    """The rules of a bus, by name."""
    return sorted((r for r in call.table("rules").values() if r.bus == bus), key=lambda r: r.name)


def save(call: Call, rule: Rule) -> Rule:
    call.table("rules")[rule.bus, rule.name] = rule
    return rule


def rule_resource(key: str = "Name") -> Any:
    """For IAM: the rule a request is about, whose name is in the parameter ``key``."""

    def find(call: Call, params: Params) -> str:
        given = params.get("EventBusName") or DEFAULT
        name = given.rsplit("event-bus/", 1)[-1]
        return rule_arn(call, name, params.get(key, "*"))

    return find


def bus_resource(key: str) -> Any:
    """For IAM: the bus a request is about."""

    def find(call: Call, params: Params) -> str:
        given = params.get(key) or DEFAULT
        return given if given.startswith("arn:") else bus_arn(call, given)

    return find


# Answers --------------------------------------------------------------------------------------------------------------


def clean(answer: Mapping[str, Any]) -> Answer:
    """Leave out what has no value, as AWS does."""
    return {key: value for key, value in answer.items() if value is not None}


def uuid(call: Call) -> str:
    """A new id in the form of a UUID, from the seed."""
    h = call.unique("", 32)
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def page(
    items: Sequence[T], key: str, request: object, token: str | None, size: int | None
) -> tuple[Answer, Sequence[T]]:
    """One page of a list: what to add to the answer (the next token), and the items.

    Raises:
        AwsError: the token does not belong to this request.
    """
    mark = hashlib.blake2b(repr((key, request)).encode(), digest_size=6).digest()
    start = 0
    if token is not None:
        try:
            raw = base64.urlsafe_b64decode(token)
        except ValueError:
            raw = b""
        if len(raw) != 10 or raw[:6] != mark:
            raise validation("The token provided is invalid.")  # unconfirmed wording
        start = int.from_bytes(raw[6:], "big")
    end = start + (size or 100)
    more = {}
    if end < len(items):
        more = {"NextToken": base64.urlsafe_b64encode(mark + end.to_bytes(4, "big")).decode()}
    return more, items[start:end]
