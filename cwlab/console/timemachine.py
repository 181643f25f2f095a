"""The time machine: now, play and pause, forward, jump, rewind, fork, and what is due next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cwlab.console.calls import Recorder
from cwlab.console.charts.story import story
from cwlab.console.panels import Panel, Push, Shown, Words
from cwlab.console.picture import Picture
from cwlab.console.words import clock, counted, shorten
from cwlab.errors import BadTime
from cwlab.timeline import iso, to_ms

PAST = 60  # entries of the journal in sight
DUE = 6
TICK_MS = 1000  # of real time for one virtual minute, while playing


class TimeMachine(Panel):
    """A panel that moves a lab through time. Each control has a method of the same effect.

    ``forward(minutes=1)``, ``jump("2026-03-02T12:00:00Z")``, ``jump("next")``, ``back()``, ``fork()``.
    ``follow(panel)`` redraws another panel of the same lab after each move; ``on_move(function)`` calls a function.
    ``forks`` holds the copies made by the button.
    """

    def __init__(self, lab: Any, follow: Sequence[Panel] = ()) -> None:
        self.lab = lab
        self.forks: list[Any] = []
        self._before: list[datetime] = []  # where each move started, for back()
        self._entries: list[Any] = []
        self._setup: list[str] = []
        self._said = ""
        self._followers: list[Callable[[], Any]] = [p.refresh for p in follow]
        super().__init__(
            "time machine",
            [
                Words("to", "Jump to (UTC)", ""),
                Push("minute", "+1 min", lambda: self.forward(minutes=1), "One minute on"),
                Push("hour", "+1 h", lambda: self.forward(hours=1), "One hour on"),
                Push("day", "+1 day", lambda: self.forward(days=1), "One day on"),
                Push("back", "Rewind", self.back, "Back to where the last move started"),
                Push("fork_", "Fork", self.fork, "Keep a copy of the lab as it is now"),
            ],
            self._draw_now,
            height=190,
            also=_play,
        )

    # -- what the buttons do ----------------------------------------------------------------------------------

    def forward(self, **span: float) -> Picture:
        """Let time pass: ``seconds``, ``minutes``, ``hours``, ``days``, as ``lab.advance`` takes them."""
        return self._move(lambda: self.lab.advance(**span), "")

    def jump(self, to: str | datetime) -> Picture:
        """Go to an instant: forward by advancing, back by rewinding. ``"next"`` goes to what is due next.

        Raises:
            BadTime: the instant cannot be read, or nothing is due.
        """
        if to == "next":
            due = self.lab.agenda(1)
            if not due:
                raise BadTime(to, "nothing is on the agenda.", "Give an instant, or move forward.")
            to = iso(max(due[0].at_ms, to_ms(self.lab.now)))
        if to_ms(to) < to_ms(self.lab.now):
            return self.rewind(to)
        if to_ms(to) == to_ms(self.lab.now):
            return self._move(lambda: None, "You are there already.")
        return self._move(lambda: self.lab.advance(until=to), "")

    def rewind(self, to: str | datetime) -> Picture:
        """Go back. The calls made up to that instant are kept, the rest is dropped."""
        text = to if isinstance(to, str) else iso(to_ms(to))
        return self._move(
            lambda: self.lab.rewind(to=to),
            "What came later is dropped; fork first if you want to keep it.",
            f"lab.rewind(to={text!r})",
            moved_back=True,
        )

    def back(self) -> Picture:
        """Rewind to where the last move started.

        Raises:
            BadTime: nothing was moved with this panel yet.
        """
        now = self.lab.now
        while self._before and self._before[-1] >= now:
            self._before.pop()
        if not self._before:
            raise BadTime(
                iso(to_ms(now)),
                "no move of this panel lies before now.",
                'Name an instant: panel.rewind("…Z").',
            )
        return self.rewind(self._before.pop())

    def fork(self) -> Any:
        """Keep an independent copy of the lab as it is now, and return it; ``forks`` has them all."""
        twin = self.lab.fork()
        self.forks.append(twin)
        self._entries, self._setup = [], ["what_if = lab.fork()"]
        self._said = (
            f"Copy {len(self.forks)} is kept in panel.forks[{len(self.forks) - 1}]; both go on by themselves."
        )
        self.refresh()
        return twin

    def follow(self, *panels: Panel) -> TimeMachine:
        """Redraw these panels after each move."""
        self._followers += [p.refresh for p in panels]
        return self

    def on_move(self, function: Callable[[], Any]) -> TimeMachine:
        """Call a function after each move."""
        self._followers.append(function)
        return self

    def set(self, **values: Any) -> Picture:
        """``set(to="2026-03-02T12:00:00Z")`` is ``jump``; the rest are methods."""
        if set(values) == {"to"}:
            return self.jump(values["to"])
        return super().set(**values)

    # -- machinery ----------------------------------------------------------------------------------------------

    def _move(
        self, act: Callable[[], Any], said: str, setup: str = "", *, moved_back: bool = False
    ) -> Picture:
        before = self.lab.now
        with Recorder(self.lab) as made:
            act()
        self._entries = [] if moved_back else made.entries
        self._setup = [setup] if setup else []
        self._said = said
        if not moved_back and self.lab.now > before:
            self._before.append(before)
        picture = self.refresh()
        for tell in self._followers:
            tell()
        return picture

    def _moved(self, name: str, value: Any) -> None:
        if name == "to" and value and not self._setting:
            self._by_hand(lambda: self.jump(value.strip()))
            self._setting = True
            self._widgets["to"].value = ""
            self._setting = False

    def _tick(self, change: Any) -> None:
        """One beat of play: a minute, unless the browser is still painting the one before."""
        if change["new"] > change["old"] and not self._in_flight:
            self._by_hand(lambda: self.forward(minutes=1))

    def _draw_now(self, to: str = "") -> Shown:
        lab = self.lab
        due = lab.agenda(DUE)
        picture = story(lab.journal[-PAST:], due, to_ms(lab.now), title=f"Now: {clock(lab.now)}")
        happened = sum(1 for e in self._entries if e.depth > 0)
        coming = (
            f"Next on the agenda: {shorten(due[0].service)} {shorten(due[0].handler)} at {iso(due[0].at_ms)}."
            if due
            else "Nothing is on the agenda."
        )
        said = self._said or (
            f"{counted(happened, 'thing')} happened by {'itself' if happened == 1 else 'themselves'}."
            if happened
            else ""
        )
        return Shown(picture, f"{said} {coming}".strip(), self._entries, setup=tuple(self._setup))

    @property
    def calls(self) -> str:
        """What the last move was, as Python."""
        from cwlab.console.calls import python

        return python(self.shown.entries, self.shown.setup)


def _play(panel: Panel) -> list[Any]:
    """The browser's own timer: play, pause, and nothing moves by itself before you press it."""
    import ipywidgets as w

    play = w.Play(value=0, min=0, max=10**6, step=1, interval=TICK_MS, show_repeat=False, description="Play")
    assert isinstance(panel, TimeMachine)
    play.observe(panel._tick, "value")
    return [play]


def time_machine(lab: Any, *follow: Panel) -> TimeMachine:
    """The time machine of a lab.

    Args:
        lab: the lab it moves.
        follow: panels of the same lab that redraw after each move.
    """
    return TimeMachine(lab, follow)
