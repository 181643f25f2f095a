"""Alarms in a list, and a composite alarm with the alarms its rule names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.console import standing
from cwlab.console.board.canvas import MONO_LETTER
from cwlab.console.charts.roster import WIDTH, Entry, roster
from cwlab.console.picture import Picture
from cwlab.console.words import clean, counted
from cwlab.errors import BadInput
from cwlab.timeline import to_ms

RULE_LINES = 4
MANY = 8  # with more alarms than this, each takes one line
ARN = re.compile(r"arn:aws[\w-]*:cloudwatch:[\w-]+:\d+:alarm:")


def alarms(lab: Any, names: Sequence[str] | None = None, *, title: str = "") -> Picture:
    """All alarms with their states: DescribeAlarms, drawn.

    Args:
        lab: the lab (or its twin on AWS): ``client`` is all that is used.
        names: only these.
        title: the finding, if you know a better one.

    Raises:
        BadInput: there is no alarm of one of the names.

    Example:
        ``console.alarms(lab).table``
    """
    found = standing.chosen(lab.client("cloudwatch"), names)
    return roster([_entry(a) for a in found], title=title, compact=len(found) > MANY)


def _entry(alarm: Mapping[str, Any], note: str = "", depth: int = 0) -> Entry:
    since = to_ms(alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"])
    return Entry(
        str(alarm["AlarmName"]),
        str(alarm["StateValue"]),
        since,
        ARN.sub("", str(alarm.get("StateReason", ""))),
        note or held_back(alarm),
        depth,
    )


def held_back(alarm: Mapping[str, Any]) -> str:
    """Who keeps an alarm's actions from running, in words; empty when nobody does."""
    by = alarm.get("ActionsSuppressedBy")
    if not by:
        return ""
    if by == "Alarm":
        return f"actions held back by {name_of(str(alarm.get('ActionsSuppressor', 'its suppressor')))}"
    words = {"WaitPeriod": "for the wait period", "ExtensionPeriod": "for the extension period"}
    return f"actions held back {words.get(str(by), str(by))}"


def composite(lab: Any, name: str, *, title: str = "") -> Picture:
    """A composite alarm: its rule, the state of each alarm in it, and whether its actions are held back.

    Args:
        lab: the lab (or its twin on AWS).
        name: of the composite alarm.
        title: the finding, if you know a better one.

    Raises:
        BadInput: there is no such alarm, or it is no composite.
    """
    client = lab.client("cloudwatch")
    alarm = standing.one(client, name)
    if "AlarmRule" not in alarm:
        raise BadInput(name, "is not a composite alarm.", "console.alarm(lab, name) shows a metric alarm.")
    rule = str(alarm["AlarmRule"])
    pages = client.get_paginator("describe_alarms").paginate(ChildrenOfAlarmName=name)
    named = [a["AlarmName"] for p in pages for a in (*p["MetricAlarms"], *p["CompositeAlarms"])]
    children = standing.all_of(client, named) if named else []
    entries = [_entry(alarm), *(_entry(c, part(rule, c), depth=1) for c in children)]
    if alarm.get("ActionsSuppressor"):
        suppressor = standing.one(client, name_of(str(alarm["ActionsSuppressor"])))
        waits = f"waits {alarm.get('ActionsSuppressorWaitPeriod', 0)} s before, {alarm.get('ActionsSuppressorExtensionPeriod', 0)} s after"
        entries.append(_entry(suppressor, f"the suppressor: {waits}"))
    noisy = sum(1 for c in children if c["StateValue"] == "ALARM")
    held = held_back(alarm)
    finding = f"{name} is {alarm['StateValue']}: {noisy} of {counted(len(children), 'alarm')} in ALARM" + (
        f", {held}" if held else ""
    )
    return roster(entries, title=title or finding, head=code_lines(rule), compact=len(entries) > MANY)


def part(rule: str, child: Mapping[str, Any]) -> str:
    """What a rule asks of a child, and whether that is so: ``ALARM(web-1) is true``."""
    name = re.escape(str(child["AlarmName"]))
    arn = re.escape(str(child["AlarmArn"]))
    asked = re.findall(rf'(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"?(?:{name}|{arn})"?\s*\)', rule)
    held = [(state, state == child["StateValue"]) for state in dict.fromkeys(asked)]
    told = [f"{state}({child['AlarmName']}) is {'true' if so else 'false'}" for state, so in held]
    return ", ".join(told)


def name_of(reference: str) -> str:
    """The name in an alarm's ARN, or the name itself."""
    return reference.split(":", 6)[6] if reference.startswith("arn:") else reference


def code_lines(rule: str) -> list[str]:
    """A rule on a few lines, broken before its operators where it is long."""
    limit = int(WIDTH / (12 * MONO_LETTER))
    lines, line = [], ""
    for word in re.split(r"\s+(?=(?:AND|OR|NOT)\b)", clean(rule)):
        if line and len(line) + 1 + len(word) > limit:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    if len(lines) > RULE_LINES:
        lines = [*lines[: RULE_LINES - 1], f"{lines[RULE_LINES - 1][: limit - 2]} …"]
    return [one[:limit] for one in lines]
