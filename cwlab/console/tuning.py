"""The tuning panel: numbers you choose, a world that plays with them, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwlab.console.calls import called
from cwlab.console.panels import Control, Panel, Pick, Push, Shown, Whole
from cwlab.console.picture import Picture
from cwlab.errors import BadInput

TITLE = 58  # pixels a title and the margins take
KEPT = 40  # worlds kept, so that going back is at once


def tune(
    play: Callable[..., Any],
    view: Callable[[Any], Picture],
    *,
    why: Callable[[Any], str] | None = None,
    height: int | None = None,
    labels: Mapping[str, str] | None = None,
    **settings: Sequence[Any],
) -> Panel:
    """Tune what a world does: each move plays it from the start with your numbers.

    Args:
        play: makes a world with these settings (by name), lets it run, and returns it.
        view: draws a world.
        why: one sentence about a world; the settings in words when left out.
        height: pixels kept for the picture; what the first one takes when left out.
        labels: what a control is called, by the setting's name.
        settings: for each a triple of whole numbers (least, most, first), with a step as a fourth; or a list of choices,
            the first chosen.

    Twin: ``panel.set(threshold=70)``

    Raises:
        BadInput: a setting is neither.

    Example:
        ``console.tune(play, lambda world: console.aftermath(world, "cpu-high"), threshold=(40, 90, 60, 5))``
    """
    worlds: dict[tuple[Any, ...], Any] = {}
    named = dict(labels or {})
    controls: list[Control] = []
    for name, given in settings.items():
        label = named.get(name, name.replace("_", " ").capitalize())
        if isinstance(given, list) and given:
            controls.append(Pick(name, label, {str(v): v for v in given}, given[0]))
        elif isinstance(given, tuple) and len(given) in (3, 4) and all(isinstance(v, int) for v in given):
            controls.append(Whole(name, label, given[0], given[1], given[2], *given[3:]))
        else:
            raise BadInput(
                f"{name}={given!r}",
                "is no setting of a panel.",
                "Give (least, most, first) or (least, most, first, step) as whole numbers, or a list of choices.",
            )

    def draw(**values: Any) -> Shown:
        key = tuple(values.values())
        if key not in worlds:
            if len(worlds) >= KEPT:
                del worlds[next(iter(worlds))]
            worlds[key] = play(**values)
        told = ", ".join(f"{name}={value!r}" for name, value in values.items())
        spoken = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
        said = why(worlds[key]) if why else f"Played from the start with {spoken}."
        return Shown(view(worlds[key]), said, setup=[f"world = {called(play)}({told})"])

    if height is None:
        first = draw(**{c.name: c.value for c in controls if not isinstance(c, Push)}).picture
        height = int(first.spec.get("height", 360)) + TITLE
    return Panel("tuning", controls, draw, height=height)
