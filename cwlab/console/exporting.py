"""An export task against the clock: how it stands, and what is in the bucket by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.console.charts.watching import Lane, Mark, Span, Strip, height, watching
from cwlab.console.panels import Panel, Pick, Shown
from cwlab.console.words import counted, span
from cwlab.errors import BadInput
from cwlab.timeline import MINUTE, iso, to_ms

STOPS = ("5 min", "30 min", "1 h", "2 h", "3 h", "4 h", "6 h", "8 h", "10 h", "12 h")
MINUTES = {
    "5 min": 5,
    "30 min": 30,
    "1 h": 60,
    "2 h": 120,
    "3 h": 180,
    "4 h": 240,
    "6 h": 360,
    "8 h": 480,
    "10 h": 600,
    "12 h": 720,
}


def export(lab: Any, task: str, *, at: str = "5 min", hours: int = 12) -> Panel:
    """An export task after five minutes, two hours, twelve hours: its status, and the objects in the bucket by then.

    The lab's time may have passed already, or not yet: each place of the slider is a fork of it.

    Args:
        lab: the lab.
        task: the task's id, as CreateExportTask answered.
        at: where the slider stands at first: "5 min", "30 min", "1 h", … "12 h".
        hours: how far the axis reaches.

    Twin: ``panel.set(at="2 h")``

    Raises:
        BadInput: there is no such task.
    """
    made = [t for t in lab.client("logs").describe_export_tasks()["exportTasks"] if t["taskId"] == task]
    if not made:
        raise BadInput(
            task, "is no export task of this lab.", "Give the taskId that create_export_task answered."
        )
    begun = int(made[0]["executionInfo"]["creationTime"])
    bucket, prefix = made[0]["destination"], f"{made[0]['destinationPrefix']}/{task}"
    seen: dict[str, tuple[Any, list[Any]]] = {}
    end_ms = begun + hours * 60 * MINUTE

    worlds: dict[int, Any] = {}

    def look(stop: str) -> tuple[Any, list[Any]]:
        if stop not in seen:
            then = worlds[MINUTES[stop]] = _at(lab, worlds, begun + MINUTES[stop] * MINUTE)
            status = then.client("logs").describe_export_tasks(taskId=task)["exportTasks"][0]
            pages = then.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            seen[stop] = status, [o for page in pages for o in page.get("Contents", [])]
        return seen[stop]

    def draw(at: str) -> Shown:
        status, objects = look(at)
        now_ms = begun + MINUTES[at] * MINUTE
        spans = _spans(
            begun,
            now_ms,
            [(MINUTES[s] * MINUTE + begun, look(s)[0]) for s in STOPS if MINUTES[s] <= MINUTES[at]],
        )
        marks = [
            Mark(
                to_ms(o["LastModified"]),
                o["Key"].rsplit("/", 2)[-2],
                "done",
                f"{o['Key']}, {o['Size']:,} bytes",
            )
            for o in objects
        ]
        code = status["status"]["code"]
        title = f"After {at}: {code}, {counted(len(objects), 'object')} in the bucket"
        picture = watching(
            [], [Strip("export task", spans), Lane("bucket", marks)], start_ms=begun, end_ms=end_ms, now_ms=now_ms, title=title
        )  # fmt: skip
        move = "rewind(to" if to_ms(lab.now) > now_ms else "advance(until"
        setup = [
            "then = lab.fork()",
            *([f"then.{move}={iso(now_ms)!r})"] if to_ms(lab.now) != now_ms else []),
        ]
        setup += [
            f"then.client('logs').describe_export_tasks(taskId={task!r})",
            f"then.client('s3').list_objects_v2(Bucket={bucket!r}, Prefix={prefix!r})",
        ]
        return Shown(picture, _why(status, objects, at), setup=setup)

    return Panel(
        "export",
        [Pick("at", "After", {s: s for s in STOPS}, at, slider=True)],
        draw,
        height=height(0, 2) + 64,
    )


def _at(lab: Any, worlds: Mapping[int, Any], when_ms: int) -> Any:
    """A fork at an instant, made from the nearest one before it."""
    earlier = [w for w in (lab, *worlds.values()) if to_ms(w.now) <= when_ms]
    then = max(earlier, key=lambda w: w.now).fork() if earlier else lab.fork()
    if to_ms(then.now) > when_ms:
        then.rewind(to=iso(when_ms))
    elif to_ms(then.now) < when_ms:
        then.advance(until=iso(when_ms))
    return then


def _spans(begun: int, now_ms: int, seen: Sequence[tuple[int, Any]]) -> list[Span]:
    """The task's states along time; the end of its work is told by the task itself."""
    spans = list[Span]()
    since = begun
    for at_ms, status in seen:
        word = status["status"]["code"]
        if spans and spans[-1].word == word:
            spans[-1] = replace(spans[-1], to_ms=at_ms)
        else:
            done = int(status["executionInfo"].get("completionTime", since))
            if spans:
                spans[-1] = replace(spans[-1], to_ms=max(done, since))
            spans.append(Span(max(done, since), at_ms, word))
        since = at_ms
    return [*spans[:-1], replace(spans[-1], to_ms=max(now_ms, spans[-1].to_ms))] if spans else []


def _why(status: Any, objects: list[Any], at: str) -> str:
    code, told = status["status"]["code"], status["status"].get("message", "")
    times = status["executionInfo"]
    if code == "COMPLETED":
        took = span((times["completionTime"] - times["creationTime"]) // 60_000 * 60)
        return f"It took {took}. What came into the group after it was asked for is not in these files."
    if code in ("PENDING", "RUNNING"):
        return f"DescribeExportTasks says {code}. An export is a batch, not a stream: AWS allows itself up to 12 hours."
    return f"DescribeExportTasks says {code}" + (f": {told}." if told else ".")
