"""What an alarm set off: its metric, its states, its actions, and where they arrived, on one time axis."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError

from cwlab.console import standing
from cwlab.console.charts.watching import Lane, Mark, Span, Strip, Watched, watching
from cwlab.console.picture import Picture
from cwlab.console.words import counted, shorten
from cwlab.timeline import to_ms

LINES = 200  # of a log group at most
ACTIONS, INBOX = "its actions", "inbox"
NOUNS = {INBOX: "mail"}
MACHINERY = re.compile(r"^(INIT_START|START RequestId|END RequestId|REPORT RequestId)")


def aftermath(
    lab: Any,
    name: str,
    *,
    also: Sequence[str] = (),
    group: str | None = None,
    logs: Sequence[str] = (),
    inbox: bool = True,
    minutes: float = 60,
    until: str | None = None,
    title: str = "",
) -> Picture:
    """An alarm and what followed: metric, states, actions, mail, scaling and log lines, under each other.

    Args:
        lab: the lab (or its twin on AWS, which has no inbox).
        name: of the alarm.
        also: other alarms, whose states stand under its own.
        group: an Auto Scaling group: how many instances it had in service, and its activities.
        logs: log groups; a function writes to ``/aws/lambda/<its name>``.
        inbox: whether to show the mail that arrived.
        minutes: how far back from now.
        until: where the time axis ends, so that it stays while "now" moves on it; a little after now when left out.
        title: the finding; made from what followed when left out.

    Raises:
        BadInput: there is no such alarm.
    """
    client = lab.client("cloudwatch")
    alarm = standing.one(client, name)
    end = lab.now
    start = max(end - timedelta(minutes=minutes), getattr(lab, "start", end - timedelta(minutes=minutes)))
    start_ms, now_ms = to_ms(start), to_ms(end)
    end_ms = to_ms(until) if until else now_ms
    end_ms += round((end_ms - start_ms) * 0.04)
    states = standing.spans(client, alarm, now_ms)
    rows: list[Strip | Lane] = [Strip(name, states)]
    rows += [standing.strip(client, standing.one(client, other), now_ms) for other in also]
    if group is not None:
        activities = _activities(lab, group)
        rows.append(Strip(f"{group} in service", capacity(activities, now_ms)))
        rows.append(
            Lane(f"{group} scaling", [m for a in activities if (m := _activity(a)).at_ms >= start_ms])
        )
    acted = standing.actions(client, name)
    if acted:
        rows.insert(1 + len(also), Lane(ACTIONS, acted))
    if inbox:
        rows.append(Lane(INBOX, mail(lab)))
    rows += [Lane(shorten(one.rpartition("/")[2], 17) + " log", _log(lab, one, start_ms)) for one in logs]
    changes = [s.from_ms for s in states[1:] if s.from_ms >= start_ms]
    return watching(
        watched(client, alarm, start, end),
        rows,
        start_ms=start_ms,
        end_ms=end_ms,
        now_ms=now_ms,
        links=changes,
        title=title or _finding(name, states, start_ms, rows),
    )


def states(
    lab: Any, names: Sequence[str] | None = None, *, inbox: bool = True, minutes: float = 60, title: str = ""
) -> Picture:
    """The states of several alarms over time, a strip each, and the mail that arrived.

    Args:
        lab: the lab (or its twin on AWS, which has no inbox).
        names: of the alarms, from top to bottom; all there are, by name, when left out.
        inbox: whether to show the mail.
        minutes: how far back from now.
        title: the finding; made from the states when left out.
    """
    client = lab.client("cloudwatch")
    ordered = standing.chosen(client, names)
    end = lab.now
    start = max(end - timedelta(minutes=minutes), getattr(lab, "start", end - timedelta(minutes=minutes)))
    start_ms, now_ms = to_ms(start), to_ms(end)
    rows: list[Strip | Lane] = [standing.strip(client, a, now_ms) for a in ordered]
    mails = mail(lab) if inbox else []
    if inbox:
        rows.append(Lane(INBOX, mails))
    ringing = sum(1 for a in ordered if a["StateValue"] == "ALARM")
    finding = f"{ringing} of {counted(len(ordered), 'alarm')} in ALARM" + (
        f", {counted(len(mails), 'mail')}" if inbox else ""
    )
    return watching(
        [],
        rows,
        start_ms=start_ms,
        end_ms=now_ms + round((now_ms - start_ms) * 0.04),
        now_ms=now_ms,
        title=title or finding,
    )


def watched(client: Any, alarm: Mapping[str, Any], start: Any, end: Any) -> list[Watched]:
    """What a plain alarm watches, with its threshold; nothing for one on an expression or on other alarms."""
    if "MetricName" not in alarm or "Threshold" not in alarm:
        return []
    points = standing.points(client, alarm, start, end)
    return [metric_of(alarm, points)]


def metric_of(
    alarm: Mapping[str, Any],
    points: pd.DataFrame,
    *,
    threshold: float | None = None,
    period: int | None = None,
) -> Watched:
    """A metric as its alarm sees it."""
    level = float(alarm["Threshold"] if threshold is None else threshold)
    most = 100.0 if alarm.get("Unit") == "Percent" or "Utilization" in alarm["MetricName"] else 0.0
    return Watched(
        alarm["MetricName"],
        points,
        period or alarm["Period"],
        level,
        standing.breaches(alarm, level),
        standing.statistic(alarm),
        most,
    )


def mail(lab: Any) -> list[Mark]:
    """The inbox as marks, without the mails that ask for a confirmation. AWS itself has no inbox to look into."""
    return [
        Mark(to_ms(m.at), str(m.subject), "done", f"To {m.address}") for m in lab.inbox if m.token is None
    ]


def capacity(activities: Iterable[Mapping[str, Any]], now_ms: int) -> list[Span]:
    """How many instances were in service, from a group's activities: a launch counts from its end, a termination from
    its start."""
    changes: list[tuple[int, int]] = []
    for one in activities:
        launch = str(one["Description"]).startswith("Launching")
        if launch and one["StatusCode"] == "Successful":
            changes.append((to_ms(one["EndTime"]), 1))
        elif str(one["Description"]).startswith("Terminating"):
            changes.append((to_ms(one["StartTime"]), -1))
    stretches: list[Span] = []
    count, since = 0, 0
    for at, step in sorted(changes):
        if count and at > since:
            stretches.append(Span(since, at, _instances(count)))
        count, since = count + step, at
    if count:
        stretches.append(Span(since, now_ms, _instances(count)))
    return standing.joined(stretches) if stretches else []


def _instances(count: int) -> str:
    return str(count)


def _activities(lab: Any, group: str) -> list[dict[str, Any]]:
    pages = (
        lab.client("autoscaling")
        .get_paginator("describe_scaling_activities")
        .paginate(AutoScalingGroupName=group)
    )
    return [a for page in pages for a in page["Activities"]]


def _activity(one: Mapping[str, Any]) -> Mark:
    launch = str(one["Description"]).startswith("Launching")
    kind = "failed" if one["StatusCode"] in ("Failed", "Cancelled") else "done"
    if kind == "done":
        kind = "more" if launch else "less"
    return Mark(
        to_ms(one["StartTime"]),
        "launch" if launch else "terminate",
        kind,
        f"{one['Description']}. {one.get('Cause', '')}",
    )


def _log(lab: Any, group: str, start_ms: int) -> list[Mark]:
    """What a log group holds, without the lines the service itself writes; nothing if there is no such group yet."""
    try:
        pages = (
            lab.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=group, startTime=start_ms, PaginationConfig={"MaxItems": LINES})
        )
        events = [e for page in pages for e in page["events"]]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return []
    found = []
    for one in events:
        text = str(one["message"]).strip()
        if not MACHINERY.match(text):
            bad = "[ERROR]" in text or "Traceback" in text or "Task timed out" in text
            found.append(Mark(one["timestamp"], text, "failed" if bad else "event"))
    return found


def _finding(name: str, states: Sequence[Span], start_ms: int, rows: Sequence[Strip | Lane]) -> str:
    rang = standing.in_alarm(states, start_ms)
    counts = {r.label: len([m for m in r.marks if m.at_ms >= start_ms]) for r in rows if isinstance(r, Lane)}
    told = [
        counted(n, NOUNS.get(label) or ("log line" if label.endswith(" log") else "scaling activity"), plural)
        for label, n in counts.items()
        if n and label != ACTIONS
        for plural in ("scaling activities" if label.endswith(" scaling") else "",)
    ]
    return f"{name}: {rang}" + (f"; {', '.join(told)}" if told else "")
