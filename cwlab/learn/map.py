"""The progress map: every point of the syllabus, and whether you have seen it for yourself.

done      every question about the point was answered (exercises: rightly)
seen      some were
missing   none yet
"""

from __future__ import annotations

from collections.abc import Iterable

from cwlab.learn import syllabus
from cwlab.learn.display import INK, LINE, SOFT, View, esc
from cwlab.learn.progress import Progress
from cwlab.learn.topic import Topic

SHAPES = {"done": "●", "seen": "◐", "missing": "○"}
COLORS = {"done": "#009e73", "seen": "#0072b2", "missing": "#808080"}


def states(progress: Progress, topics: Iterable[Topic]) -> dict[str, str]:
    """Point id to ``done``, ``seen`` or ``missing``, for all points."""
    about: dict[str, list[str]] = {}
    for topic in topics:
        for item in topic.items():
            for point in item.points:
                about.setdefault(point, []).append(item.id)
    return {p.id: _state(progress, about.get(p.id, [])) for p in syllabus.points()}


def _state(progress: Progress, ids: list[str]) -> str:
    made = [progress.items[one].state for one in ids if one in progress.items]
    if ids and made.count("done") == len(ids):
        return "done"
    return "seen" if made else "missing"


def progress_map(progress: Progress, topics: Iterable[Topic]) -> View:
    """The map as a picture of shapes, topic by topic, and as text that names each point."""
    state = states(progress, topics)
    found = {word: sum(1 for s in state.values() if s == word) for word in SHAPES}
    title = f"Your map: {found['done']} of {len(state)} points done, {found['seen']} seen, {found['missing']} still to come"
    rows, text = [], [title]
    for letter, name in syllabus.topics().items():
        points = [p for p in syllabus.points() if p.topic == letter]
        cells = "".join(
            f"<span role='img' aria-label='{esc(p.id)} {state[p.id]}' title='{esc(p.id)} {state[p.id]}: {esc(p.point)}' "
            f"style='display:inline-block;width:2.7em;text-align:center'>"
            f"<span style='color:{COLORS[state[p.id]]};font-size:1.2em'>{SHAPES[state[p.id]]}</span>"
            f"<br><span style='{SOFT};font-size:0.8em'>{esc(p.id)}</span></span>"
            for p in points
        )
        rows.append(
            f"<tr><th scope='row' style='text-align:left;vertical-align:top;width:11em;padding:6px 12px 6px 0;border-bottom:{LINE}'>{esc(name[0].upper() + name[1:])}</th>"
            f"<td style='text-align:left;padding:6px 0;border-bottom:{LINE};white-space:normal'>{cells}</td></tr>"
        )
        strip = "".join(SHAPES[state[p.id]] for p in points)
        text.append(f"{strip:<24}{letter}: {name}")
        for word in ("done", "seen"):
            named = [p.id for p in points if state[p.id] == word]
            if named:
                text.append(f"{'':24}{word}: {' '.join(named)}")
    legend = " · ".join(f"{shape} {word}" for word, shape in SHAPES.items())
    text.append(legend)
    markup = (
        f"<div style='{INK};max-width:70em'><strong>{esc(title)}</strong>"
        f"<table style='{INK};border-collapse:collapse;width:100%'><tbody>{''.join(rows)}</tbody></table>"
        f"<div style='{SOFT}'>{legend}</div></div>"
    )
    return View(markup, "\n".join(text))
