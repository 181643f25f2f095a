"""Who watches whom: children and parents of composite alarms, and the alarms that suppress their actions.

Two tables remember, for each alarm, the composites that named it once: ``watched_by`` in a rule, ``suppresses`` as a
suppressor. What they hold is looked up again in the composites themselves, so that it need not be taken back.
"""

from __future__ import annotations

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.arn import parse as parse_arn
from cwlab.errors import AwsError, BadInput
from cwlab.services.cloudwatch.alarms.composite.parse import parse, refused
from cwlab.services.cloudwatch.alarms.records import CompositeAlarm


def alarm_arn(call: Call, name: str) -> str:
    """The ARN of an alarm of this account and Region."""
    return arn("cloudwatch", call.region, call.account, f"alarm:{name}")


def name_of(call: Call, ref: str) -> str:
    """The name of the alarm that a rule or a suppressor means.

    Raises:
        AwsError: ValidationError, where an ARN names another account, Region or kind of thing.
    """
    if not ref.startswith("arn:"):
        return ref
    try:
        _, service, region, account, resource = parse_arn(ref)
    except BadInput:
        raise refused(f"Invalid arn syntax: {ref}") from None  # unconfirmed
    if service != "cloudwatch" or not resource.startswith("alarm:"):
        raise refused(f"Invalid arn syntax: {ref}")  # unconfirmed
    if region != call.region:
        raise refused(f"Wrong ARN region, it was {region} but {call.region} was expected instead")
    if account != call.account:
        raise AwsError(
            "ValidationError",
            "A composite alarm cannot have a child relation with alarms from another AWS account",
        )
    return resource.removeprefix("alarm:")


def _composite(call: Call, name: str) -> CompositeAlarm | None:
    found = call.table("alarms").get(name)
    return found if isinstance(found, CompositeAlarm) else None


def named_in(call: Call, alarm: CompositeAlarm) -> tuple[str, ...]:
    """The alarms that a composite's rule names, each once, in the order of the rule."""
    return tuple(dict.fromkeys(name_of(call, ref) for ref in parse(alarm.rule).refs))


def children(call: Call, name: str) -> tuple[str, ...]:
    """The alarms that the rule of this composite names; none of what is no composite."""
    alarm = _composite(call, name)
    return () if alarm is None else named_in(call, alarm)


def parents(call: Call, name: str) -> tuple[str, ...]:
    """The composites whose rule names this alarm, by name."""
    return tuple(each for each in _remembered(call, "watched_by", name) if name in children(call, each))


def suppressed_by(call: Call, name: str) -> tuple[str, ...]:
    """The composites whose actions this alarm suppresses, by name."""
    return tuple(each for each in _remembered(call, "suppresses", name) if suppressor(call, each) == name)


def suppressor(call: Call, name: str) -> str | None:
    """The alarm that suppresses the actions of this composite."""
    alarm = _composite(call, name)
    return None if alarm is None or alarm.suppressor is None else name_of(call, alarm.suppressor)


def dependents(call: Call, name: str) -> tuple[str, ...]:
    """The composites that need this alarm, in their rule or as their suppressor: while there are any it cannot be deleted."""
    return tuple(sorted({*parents(call, name), *suppressed_by(call, name)}))


def _remembered(call: Call, table: str, name: str) -> tuple[str, ...]:
    found: tuple[str, ...] = call.table(table).get(name, ())
    return found


def remember(call: Call, alarm: CompositeAlarm) -> None:
    """Keep in mind whom a composite names, now that it was put."""
    for name in named_in(call, alarm):
        _note(call, "watched_by", name, alarm.name)
    if alarm.suppressor is not None:
        _note(call, "suppresses", name_of(call, alarm.suppressor), alarm.name)


def _note(call: Call, table: str, name: str, composite: str) -> None:
    known = _remembered(call, table, name)
    if composite not in known:
        call.table(table)[name] = tuple(sorted((*known, composite)))


def below(call: Call, name: str) -> set[str]:
    """Everything a composite rests on, directly or through others."""
    found: set[str] = set()
    todo = [name]
    while todo:
        for child in children(call, todo.pop()):
            if child not in found:
                found.add(child)
                todo.append(child)
    return found
