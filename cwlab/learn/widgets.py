"""Controls for predictions and exam traps. Each has a label, works by keyboard and does what its Python twin does.

A control calls back with the answer and shows the text it gets in return; it decides nothing. ipywidgets is
imported when a control is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cwlab.errors import CwlabError
from cwlab.learn.display import View, esc
from cwlab.learn.prediction import CONFIDENCES, DEFAULT_CONFIDENCE, Choice, Mark, Number, Prediction, clock
from cwlab.timeline import iso, to_ms

WIDE = "40em"


def prediction_controls(
    asked: Prediction, commit: Callable[[Any, str], View], kept: tuple[Any, str] | None
) -> Any:
    """An answer, how sure, and a button that commits.

    Args:
        commit: called with the answer and the confidence; returns what to show.
        kept: the answer and confidence committed before, if any.
    """
    answer = _answer_control(asked, kept[0] if kept else None)
    sure = _buttons(
        CONFIDENCES,
        "How sure?",
        kept[1] if kept else DEFAULT_CONFIDENCE,
    )
    return _form([answer, sure], "Commit", lambda: commit(answer.value, sure.value))


def trap_controls(options: Mapping[str, str], choose: Callable[[str], View]) -> Any:
    """One button for each option, and one that answers."""
    answer = _buttons(dict(zip(options, options, strict=True)), "Your answer", None, options)
    return _form([answer], "Answer", lambda: choose(answer.value))


def _buttons(
    labels: Mapping[str, str], label: str, value: str | None, hints: Mapping[str, str] | None = None
) -> Any:
    """A choice as buttons. Radio buttons would do, but JupyterLab keeps the arrow keys they need for itself."""
    import ipywidgets as w

    return w.ToggleButtons(
        options=[(spoken, word) for word, spoken in labels.items()],
        value=value,
        tooltips=[hints[word] for word in labels] if hints else [],
        description=label,
        style={"description_width": "initial", "button_width": "4em" if hints else "7em"},
    )


def _answer_control(asked: Prediction, kept: Any) -> Any:
    import ipywidgets as w

    style, layout = {"description_width": "initial"}, {"width": WIDE}
    if isinstance(asked, Choice):
        return _buttons(
            dict(zip(asked.options, asked.options, strict=True)), "Your answer", kept, asked.options
        )
    if isinstance(asked, Number):
        return w.BoundedFloatText(
            value=asked.low if kept is None else kept,
            min=asked.low,
            max=asked.high,
            description=f"Your answer ({asked.unit})",
            style=style,
            layout={"width": "20em"},
        )
    assert isinstance(asked, Mark)
    low, high = to_ms(asked.start), to_ms(asked.end)
    stamps = range(low, high + 1, asked.step_s * 1000)
    value = min(stamps, key=lambda at: abs(at - to_ms(kept))) if kept else stamps[0]
    return w.SelectionSlider(
        options=[(clock(at), iso(at)) for at in stamps],
        value=iso(value),
        description="Instant (UTC)",
        style=style,
        layout=layout,
        continuous_update=False,
    )


def _form(controls: list[Any], label: str, act: Callable[[], View]) -> Any:
    """Controls, a button, and a line that says what came of it. A bad answer is said there, never raised."""
    import ipywidgets as w

    status = w.HTML(value="")
    button = w.Button(
        description=label,
        tooltip="By keyboard: Tab to it, then Space",
        layout={"margin": "8px 2px", "width": "auto", "min_width": "9em", "align_self": "flex-start"},
    )

    def said(_: object = None) -> None:
        """The button says what it will do: what is pressed shows in words, too."""
        chosen = [getattr(one, "label", None) or one.value for one in controls]
        words = [f"{one:.12g}" if isinstance(one, float) else str(one) for one in chosen]
        button.description = label if None in chosen else f"{label}: {', '.join(words)}"

    def on_click(_: object) -> None:
        if any(one.value is None for one in controls):
            status.value = "<em>Choose an answer first.</em>"
            return
        try:
            status.value = act().html
        except CwlabError as error:
            status.value = f"<em>{esc(error)}</em>"

    for one in controls:
        one.observe(said, "value")
    said()
    button.on_click(on_click)
    return w.VBox([*controls, button, status], layout={"margin": "4px 0 8px 16px"})
