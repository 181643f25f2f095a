"""Live Tail: what comes in from now on, line by line, while time runs."""

from __future__ import annotations

from typing import Any

from cwlab.console import eventlog
from cwlab.console.calls import Recorder
from cwlab.console.charts.loglines import height, loglines
from cwlab.console.panels import Panel, Pick, Push, Shown, Words
from cwlab.console.picture import Picture
from cwlab.console.words import counted, shorten
from cwlab.timeline import HOUR, iso, to_ms

ROWS = 14
STEPS = {"10 s": 10, "1 min": 60, "10 min": 600, "1 h": 3600}
TICK_MS = 1000  # of real time between two steps, while playing


class LiveTail(Panel):
    """A session of Live Tail. ``go(minutes=1)`` lets time pass; ``set(pattern=…)`` filters what is shown."""

    def __init__(self, lab: Any, group: str, pattern: str, step: str) -> None:
        self.lab, self.group = lab, group
        self.began_ms = to_ms(lab.now)
        self._made: list[Any] = []
        super().__init__(
            "live tail",
            [
                Words("pattern", "Filter pattern", pattern, wide=True),
                Pick("step", "A step is", {word: word for word in STEPS}, step),
                Push("forward", "Go on", self.go, "Let one step of time pass"),
            ],
            self._draw_now,
            height=height(ROWS) + 70,
            also=_play,
        )

    def go(self, **span: float) -> Picture:
        """Let time pass, one step unless told: ``seconds``, ``minutes``, ``hours``."""
        with Recorder(self.lab) as made:
            self.lab.advance(**(span or {"seconds": STEPS[self.values["step"]]}))
        self._made = [e for e in made.entries if e.depth == 0]
        return self.refresh()

    def _tick(self, change: Any) -> None:
        if change["new"] > change["old"] and not self._in_flight:
            self._by_hand(self.go)

    def _draw_now(self, pattern: str, step: str) -> Shown:
        del step
        now_ms = to_ms(self.lab.now)
        if now_ms < self.began_ms:  # the lab was rewound
            self.began_ms = now_ms
        found = eventlog.find(
            self.lab.client("logs"), self.group, pattern, (), self.began_ms - 2 * HOUR, now_ms + 2 * HOUR
        )
        came = sorted(
            (e for e in found.events if self.began_ms < e["ingestionTime"] <= now_ms),
            key=lambda e: e["ingestionTime"],
        )
        entries, self._made = self._made, []
        title = (
            "Refused"
            if found.refused
            else f"Live Tail of {shorten(self.group, 40)}: {counted(len(came), 'line')}"
        )
        picture = loglines(
            [eventlog.line(e, pattern) for e in came[-ROWS:]], [e["ingestionTime"] for e in came],
            start_ms=self.began_ms, end_ms=max(now_ms, self.began_ms + 60_000), now_ms=now_ms, rows=ROWS, title=title,
            empty="nothing came in since the session began" if not found.refused else "refused",
        )  # fmt: skip
        why = (
            eventlog.refusal(found.refused)
            if found.refused
            else f"The session began at {iso(self.began_ms)} and shows what came in since; what was there before is not tailed."
        )
        return Shown(picture, why, entries, note=eventlog.pointer(found.refused))


def _play(panel: Panel) -> list[Any]:
    """The browser's own timer: nothing moves by itself before you press it."""
    import ipywidgets as w

    play = w.Play(value=0, min=0, max=10**6, step=1, interval=TICK_MS, show_repeat=False, description="Play")
    assert isinstance(panel, LiveTail)
    play.observe(panel._tick, "value")
    return [play]


def live_tail(lab: Any, group: str, pattern: str = "", *, step: str = "1 min") -> LiveTail:
    """Follow a log group while time runs.

    Args:
        lab: the lab; "Go on" and Play move its clock.
        group: the log group.
        pattern: a filter pattern; empty shows every line.
        step: how much time a step is: "10 s", "1 min", "10 min" or "1 h".

    Twin: ``panel.go(minutes=5)``, ``panel.set(pattern="Failed")``
    """
    return LiveTail(lab, group, pattern, step)
