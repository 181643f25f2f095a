"""A choice of texts to start from, under a panel's box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cwlab.console.words import shorten

if TYPE_CHECKING:
    from cwlab.console.panels import Panel

Examples = Mapping[str, str] | Iterable[str]


def start_from(control: str, given: Examples) -> Callable[[Panel], Sequence[Any]] | None:
    """Widgets for a panel's ``also``: a drop-down that puts an example into a box.

    Its twin is ``panel.set(<control>=…)``.

    Args:
        control: the box's name.
        given: the texts, by name or just listed.
    """
    known = dict(given) if isinstance(given, Mapping) else {text: text for text in given}
    if not known:
        return None

    def widgets(panel: Panel) -> list[Any]:
        import ipywidgets as w

        choice = w.Dropdown(
            options=[("…", ""), *((shorten(name, 60), text) for name, text in known.items())],
            value="",
            description="Start from",
            style={"description_width": "initial"},
            layout=w.Layout(width="auto", max_width="480px"),
        )
        choice.observe(lambda change: change["new"] and panel.set(**{control: change["new"]}), "value")
        box = panel._widgets[control]  # once it is edited it is no example any more

        def follow(_change: object = None) -> None:
            choice.value = box.value if box.value in known.values() else ""

        box.observe(follow, "value")
        follow()
        return [choice]

    return widgets
