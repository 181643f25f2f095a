"""The "now break it" panel: choose what breaks, scrub through time, see what is left to see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cwlab.console.calls import called
from cwlab.console.panels import Panel, Pick, Shown
from cwlab.console.picture import Picture
from cwlab.console.words import counted
from cwlab.errors import BadInput
from cwlab.timeline import iso, to_ms

STEPS = 40  # places of the time slider at most


def breaking(
    play: Callable[[str], Any],
    faults: Sequence[str],
    view: Callable[[Any], Picture],
    *,
    finding: Callable[[Picture], str] | None = None,
    why: Callable[[Any], str] | None = None,
    height: int = 300,
) -> Panel:
    """What a metric shows when something breaks, and at which instant you could have known.

    Each fault is played once, in a world of its own; the time slider rewinds a fork of it.

    The time axis stays where it is while "now" moves along it.

    Args:
        play: makes a world, lets it run with the fault of this name, and returns it.
        faults: the names, the healthy case first. Every world must run for the same time.
        view: draws a world; its picture's table has a row for each datapoint.
        finding: what a picture shows, in a few words; how many datapoints there are when left out.
        why: one sentence about a world; what your calls came to when left out.
        height: pixels kept for the picture.

    Twin: ``panel.set(fault="late", at="2026-03-02T09:12:00Z")``

    Raises:
        BadInput: there is no fault to choose.
    """
    if not faults:
        raise BadInput(list(faults), "holds no fault.", 'Name at least the healthy case: ["none"].')
    worlds: dict[str, Any] = {faults[0]: play(faults[0])}
    first = worlds[faults[0]]
    minutes = int((first.now - first.start) / timedelta(minutes=1))
    axis = {key: value for key, value in view(first.fork()).words.items() if key in ("from_ms", "to_ms")}
    step = max(1, -(-minutes // STEPS))
    stops = [iso(to_ms(first.start) + m * 60_000) for m in range(step, minutes + 1, step)]

    def draw(fault: str, at: str) -> Shown:
        if fault not in worlds:
            worlds[fault] = play(fault)
        then = worlds[fault].fork()
        if to_ms(at) < to_ms(then.now):
            then.rewind(to=at)
        calls = [e for e in then.journal if e.kind == "call" and e.depth == 0]
        setup = [f"world = {called(play)}({fault!r}).fork()", f"world.rewind(to={at!r})"]
        seen = view(then)
        found = finding(seen) if finding else counted(len(seen.table), "datapoint")
        title = f"{fault}, {at[11:16]}: {found}"
        picture = replace(seen, title=title, words={**seen.words, **axis})
        return Shown(picture, why(then) if why else _why(calls), setup=setup)

    return Panel(
        "breaking",
        [
            Pick("fault", "What breaks", {f: f for f in faults}, faults[0]),
            Pick("at", "Time (UTC)", {s[11:16]: s for s in stops}, stops[-1], slider=True),
        ],
        draw,
        height=height,
    )


def _why(calls: Sequence[Any]) -> str:
    refused = Counter(str(e.error) for e in calls if e.error)
    sent = counted(len(calls), "call was", "calls were")
    if not refused:
        return f"{sent} made so far and every one was answered well: no error anywhere."
    named = " and ".join(f"{n} with {code}" for code, n in sorted(refused.items()))
    return f"{sent} made so far; {sum(refused.values())} came back with an error: {named}."
