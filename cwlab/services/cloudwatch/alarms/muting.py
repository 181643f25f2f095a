"""Muted alarms: whether an alarm's actions are withheld now, and their running late.

Three tables: ``mute_rules`` by name, ``mute_targets`` with the names of an alarm's rules, ``muted`` with what of an alarm is
held back. Nothing stands on the agenda for a rule as such; only for an alarm whose actions it held, at the window's end.
Source: user guide, ``alarm-mute-rules``.
"""

from __future__ import annotations

from functools import lru_cache

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.cloudwatch.alarms.events import Change, Muting
from cwlab.services.cloudwatch.alarms.lines import Contributor
from cwlab.services.cloudwatch.alarms.mute_schedule import MuteSchedule, Window, read
from cwlab.services.cloudwatch.alarms.records import State


@record
class MuteRule:
    """A mute rule, as PutAlarmMuteRule gave it."""

    name: str
    arn: str
    description: str | None
    expression: str
    duration: str
    zone: str | None
    targets: tuple[str, ...]
    start_ms: int | None
    expire_ms: int | None
    updated_ms: int

    def window_at(self, ms: int) -> Window | None:
        """The window an instant lies in, as far as the rule is in force."""
        found = schedule(self.expression, self.duration, self.zone).window_at(ms)
        if found is None or (self.start_ms or 0) > ms:
            return None
        end = found.end_ms if self.expire_ms is None else min(found.end_ms, self.expire_ms)
        return Window(max(found.start_ms, self.start_ms or 0), end) if ms < end else None


@record
class Held:
    """What was held back: the actions for the state entered at ``transitioned_ms``; the agenda's entry that looks again."""

    entry: int
    before: State
    transitioned_ms: int
    contributor: Contributor | None = None


@lru_cache(maxsize=512)  # of texts alone: a table of what they mean, not of state
def schedule(expression: str, duration: str, zone: str | None) -> MuteSchedule:
    """The schedule that a rule's texts state."""
    return read(expression, duration, zone)


def _windows(call: Call, name: str) -> list[tuple[MuteRule, Window]]:
    """The windows an alarm is in, the newest rule first."""
    rules = call.table("mute_rules")
    found = [
        (rule, window)
        for each in call.table("mute_targets").get(name, ())
        if (window := (rule := rules[each]).window_at(call.now_ms)) is not None
    ]
    return sorted(found, key=lambda item: (-item[0].updated_ms, item[0].name))


def active(call: Call, name: str) -> Muting | None:
    """The newest rule whose window the alarm is in."""
    if name not in call.table("mute_targets"):
        return None
    found = _windows(call, name)
    if not found:
        return None
    rule, window = found[0]
    return Muting(rule.arn, rule.name, window.start_ms, window.end_ms, len(found) - 1)


def note(call: Call, change: Change, *, held: bool) -> None:
    """An alarm, or one of its series, has changed: what was held of its former state is void; what is held now is kept."""
    key = (change.alarm.name, change.contributor.id if change.contributor else "")
    forget(call, key)
    if held:
        _keep(call, key, change.before, change.after.transitioned_ms, change.contributor)


def _keep(
    call: Call, key: tuple[str, str], before: State, transitioned_ms: int, series: Contributor | None
) -> None:
    end_ms = max(window.end_ms for _, window in _windows(call, key[0]))
    entry = call.schedule(end_ms, "mute_ends", alarm=key[0], series=key[1])
    call.table("muted")[key] = Held(entry, before, transitioned_ms, series)


def keep_on(call: Call, key: tuple[str, str], held: Held) -> None:
    """Another window holds the actions further."""
    forget(call, key)
    _keep(call, key, held.before, held.transitioned_ms, held.contributor)


def forget(call: Call, key: tuple[str, str]) -> None:
    """Run nothing late."""
    held: Held | None = call.table("muted").pop(key, None)
    if held is not None:
        call.cancel(held.entry)


def held_of(call: Call, name: str) -> list[tuple[str, str]]:
    """The keys of what is held of an alarm: its own, and those of its series."""
    return [key for key in call.table("muted") if key[0] == name]
