"""The panel kit: labeled controls, a picture, why, and the calls it made.

A panel reads from top to bottom: what you can change, what happened (the picture), why (one sentence), the
calls it just made as Python. It is a thin view: ``draw(**values)`` is a plain function of the controls' values,
and each control has a twin in ``panel.set(name=value)``. With no browser at all a panel still works:
``panel.set(...)`` returns the picture, ``panel.why`` and ``panel.calls`` the rest.

One redraw is in flight: while the browser paints, moves of a slider are remembered, and only the last is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cwlab.console.calls import python
from cwlab.console.picture import Picture
from cwlab.errors import BadInput

if TYPE_CHECKING:
    from cwlab.console.live import LiveView

MAX_CONTROLS = 7
LABEL = {"description_width": "initial"}


@dataclass(frozen=True)
class Pick:
    """A choice among named values; with ``slider`` they lie on a slider, in their order.

    ``options`` maps what is shown to the value that ``panel.set`` takes.
    """

    name: str
    label: str
    options: Mapping[str, Any]
    value: Any
    slider: bool = False

    def check(self, value: Any) -> Any:
        """The value, if it is one of the options."""
        for known in self.options.values():
            if type(known) is type(value) and known == value:
                return known
        for known in self.options.values():  # 1 for 1.0, and the word itself for what it stands for
            if known == value:
                return known
        if isinstance(value, str) and value in self.options:
            return self.options[value]
        known = ", ".join(repr(v) for v in self.options.values())
        raise BadInput(value, f"{self.name} takes one of {known}.")

    def widget(self) -> Any:
        import ipywidgets as w

        options = list(self.options.items())
        if self.slider:
            return w.SelectionSlider(
                options=options,
                value=self.value,
                description=self.label,
                style=LABEL,
                continuous_update=True,
                layout=w.Layout(width="440px"),
            )
        return w.Dropdown(
            options=options,
            value=self.value,
            description=self.label,
            style=LABEL,
            layout=w.Layout(width="auto", max_width="320px"),
        )


@dataclass(frozen=True)
class Whole:
    """A whole number on a slider."""

    name: str
    label: str
    low: int
    high: int
    value: int
    step: int = 1

    def check(self, value: Any) -> int:
        """The number, if it lies between the ends."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise BadInput(value, f"{self.name} takes a whole number from {self.low} to {self.high}.")
        return value

    def widget(self) -> Any:
        import ipywidgets as w

        return w.IntSlider(
            value=self.value,
            min=self.low,
            max=self.high,
            step=self.step,
            description=self.label,
            style=LABEL,
            layout=w.Layout(width="440px"),
        )


@dataclass(frozen=True)
class Tick:
    """Yes or no."""

    name: str
    label: str
    value: bool = False

    def check(self, value: Any) -> bool:
        """The value, if it is True or False."""
        if not isinstance(value, bool):
            raise BadInput(value, f"{self.name} takes True or False.")
        return value

    def widget(self) -> Any:
        import ipywidgets as w

        return w.Checkbox(
            value=self.value, description=self.label, indent=False, layout=w.Layout(width="auto")
        )


@dataclass(frozen=True)
class Words:
    """A line of text, taken when you press Enter or leave the field. With ``wide`` it has a row to itself, and the
    letters of code."""

    name: str
    label: str
    value: str = ""
    wide: bool = False

    def check(self, value: Any) -> str:
        """The text."""
        if not isinstance(value, str):
            raise BadInput(value, f"{self.name} takes text.")
        return value

    def widget(self) -> Any:
        import ipywidgets as w

        more = {"layout": w.Layout(width="100%", max_width="860px")} if self.wide else {}
        field = w.Text(value=self.value, description=self.label, style=LABEL, continuous_update=False, **more)
        return field.add_class("cwlab-code") if self.wide else field


@dataclass(frozen=True)
class Code:
    """A few lines of code, taken on Ctrl+Enter or when you leave the box.

    ``words`` gives what can stand in it, as pairs of a word and its kind; it is asked again after each move.
    """

    name: str
    label: str
    value: str = ""
    words: Callable[[], Sequence[tuple[str, str]]] = tuple
    rows: int = 6

    def check(self, value: Any) -> str:
        """The text."""
        if not isinstance(value, str):
            raise BadInput(value, f"{self.name} takes text.")
        return value

    def widget(self) -> Any:
        from cwlab.console.codebox import CodeBox

        return CodeBox(label=self.label, value=self.value, rows=self.rows)


@dataclass(frozen=True)
class Push:
    """A button. Its twin is the function itself, which ``action`` names in the panel: ``panel.<name>()``."""

    name: str
    label: str
    action: Callable[[], Any]
    hint: str = ""

    def widget(self) -> Any:
        import ipywidgets as w

        return w.Button(description=self.label, tooltip=self.hint, layout=w.Layout(width="auto"))


Control = Pick | Whole | Tick | Words | Code | Push


@dataclass(frozen=True)
class Shown:
    """What a panel shows after a move.

    Args:
        picture: what happened.
        why: one sentence, in words anyone can follow.
        entries: journal entries of the calls made, in order.
        setup: lines of Python that go before them: a fork, or a long list made by a loop, which reads better than
            what the journal has of it. A test runs them.
        note: lines that must keep their columns, such as a caret under a mistake. None: the panel never has any; "" keeps
            room for them.
        mark: where the mistake is in a box of code, from one place to another.
        folds: more texts, each under its label in a fold that is closed at first. The labels stay the same.
    """

    picture: Picture
    why: str
    entries: Sequence[Any] = ()
    setup: Sequence[str] = ()
    note: str | None = None
    mark: tuple[int, int] | None = None
    folds: Mapping[str, str] = field(default_factory=dict)


class Panel:
    """Controls over a picture.

    Args:
        name: a short name, used in the calls ("panel.set(...)") and by screen readers.
        controls: at most seven.
        draw: a plain function of the controls' values (by name) that returns what to show.
        height: pixels kept for the picture, so that nothing below it jumps.
        also: widgets shown under the controls, such as a play button.
    """

    def __init__(
        self,
        name: str,
        controls: Sequence[Control],
        draw: Callable[..., Shown],
        *,
        height: int = 330,
        also: Callable[[Panel], Sequence[Any]] | None = None,
    ) -> None:
        if len(controls) > MAX_CONTROLS:
            raise BadInput(len(controls), f"a panel has at most {MAX_CONTROLS} controls.", "Split it in two.")
        self.name = name
        self.controls = {c.name: c for c in controls}
        self.values: dict[str, Any] = {c.name: c.value for c in controls if not isinstance(c, Push)}
        self.shown: Shown
        self._draw = draw
        self._height = height
        self._also = also
        self._widgets: dict[str, Any] = {}
        self._box: Any = None
        self._live: LiveView | None = None
        self._sent = 0
        self._watched = False  # a browser has painted a frame: from then on frames wait for the one before
        self._in_flight = False
        self._waiting = False
        self._error = ""
        self._setting = False
        self.refresh()

    # -- the Python twin ------------------------------------------------------------------------------------

    def set(self, **values: Any) -> Picture:
        """Move controls, redraw, and return the picture: what moving them by hand does.

        Raises:
            BadInput: there is no such control, or it does not take that value.
        """
        checked = {}
        for name, value in values.items():
            control = self.controls.get(name)
            if control is None or isinstance(control, Push):
                raise BadInput(name, f"{self.name} has no such control.", f"It has {', '.join(self.values)}.")
            checked[name] = control.check(value)
        before = self.values
        self.values = before | checked
        try:
            self.refresh()
        except BaseException:
            self.values = before
            raise
        self._move_widgets()
        return self.picture

    def refresh(self) -> Picture:
        """Draw again with the present values: the world may have moved."""
        self.shown = self._draw(**self.values)
        self._error = ""
        self._send()
        return self.picture

    @property
    def picture(self) -> Picture:
        """The present picture."""
        return self.shown.picture

    @property
    def why(self) -> str:
        """The reason, one sentence."""
        return self.shown.why

    @property
    def note(self) -> str:
        """Lines that keep their columns, such as a caret under a mistake; empty when there are none."""
        return self.shown.note or ""

    @property
    def calls(self) -> str:
        """The calls of the last move, as Python ready to copy."""
        twin = f"panel.set({', '.join(f'{k}={v!r}' for k, v in self.values.items())})" if self.values else ""
        head = [f"# the same without the mouse: {twin}"] if twin else []
        body = python(self.shown.entries, self.shown.setup)
        return "\n".join([*head, body] if body else head)

    # -- the widgets ----------------------------------------------------------------------------------------

    @property
    def widget(self) -> Any:
        """The panel as a widget, made on first use."""
        if self._box is None:
            self._box = self._build()
        return self._box

    def _build(self) -> Any:
        import ipywidgets as w

        from cwlab.console.live import LiveView

        for name, control in self.controls.items():
            widget = self._widgets[name] = control.widget()
            if isinstance(control, Push):
                widget.on_click(lambda _button, act=control.action: self._by_hand(act))
            else:
                if widget.value != self.values[name]:
                    widget.value = self.values[name]
                widget.observe(lambda change, name=name: self._moved(name, change["new"]), "value")
            if isinstance(control, Code):
                widget.on_run(lambda name=name: self._moved(name, self.values[name]))
        self._live = LiveView(self._painted, height=self._height)
        self._send()
        buttons = [self._widgets[n] for n, c in self.controls.items() if isinstance(c, Push)]
        others = [self._widgets[n] for n, c in self.controls.items() if not isinstance(c, Push)]
        extra = list(self._also(self)) if self._also else []
        rows = [w.HBox(part).add_class("cwlab-controls") for part in (others, [*extra, *buttons]) if part]
        return w.VBox([*rows, self._live]).add_class("cwlab-panel")

    def _moved(self, name: str, value: Any) -> None:
        """A control was moved in the browser."""
        if self._setting:
            return
        self.values = self.values | {name: value}
        if self._in_flight:
            self._waiting = True
        else:
            self._by_hand(self.refresh)

    def _by_hand(self, act: Callable[[], Any]) -> None:
        """Do what a control asks for; an error is shown in the panel, where the hand is."""
        try:
            act()
        except Exception as error:  # noqa: BLE001  every failure is shown, in its own words: a widget has no traceback
            self._error = f"{type(error).__name__}: {error}"
            self._send()

    def _painted(self, number: int) -> None:
        """The browser has painted a frame; draw what was asked for meanwhile."""
        self._watched = True
        if number < self._sent:
            return
        self._in_flight = False
        if self._waiting:
            self._waiting = False
            self._by_hand(self.refresh)

    def _send(self) -> None:
        if self._live is None:
            return
        for name, control in self.controls.items():
            if isinstance(control, Code):
                self._widgets[name].offer(control.words())
                self._widgets[name].underline(self.shown.mark)
        self._sent += 1
        self._in_flight = self._watched
        self._live.update(
            self._sent,
            self.picture,
            self._error or self.why,
            self.calls,
            error=bool(self._error),
            note=self.shown.note,
            folds=self.shown.folds,
        )

    def _move_widgets(self) -> None:
        self._setting = True
        try:
            for name, widget in self._widgets.items():
                if name in self.values and widget.value != self.values[name]:
                    widget.value = self.values[name]
        finally:
            self._setting = False

    def __repr__(self) -> str:
        return "\n".join(filter(None, (self.picture.text, self.why, self.note)))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """The widget where widgets can be shown, otherwise the chart, otherwise the words."""
        bundle = self.picture._repr_mimebundle_()
        bundle["text/plain"] = repr(self)
        bundle["application/vnd.jupyter.widget-view+json"] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": self.widget.model_id,
        }
        return bundle
