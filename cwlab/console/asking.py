"""The panel for flat metrics: choose dimensions, see whether such a metric exists, and what it answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from cwlab.console import reading
from cwlab.console.calls import Recorder
from cwlab.console.charts.lines import lines
from cwlab.console.charts.stack import stack
from cwlab.console.charts.tree import ROW as TREE_ROW
from cwlab.console.charts.tree import dimension_text, identity, tree, tree_lines
from cwlab.console.panels import Control, Panel, Pick, Shown
from cwlab.console.reading import Dimensions
from cwlab.console.words import counted, shorten
from cwlab.errors import BadInput
from cwlab.timeline import to_ms

NOT_GIVEN = ""
MAX_NAMES = 5
MAX_VALUES = 30
TREE_LINES = 14
STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")


def ask(
    lab: Any,
    namespace: str,
    name: str,
    dimensions: Dimensions | None = None,
    *,
    statistic: str = "Average",
    period: int = 300,
    hours: float = 3,
) -> Panel:
    """Ask for a metric by its dimensions: the tree shows whether it exists, the line what it answers.

    A metric is its namespace, its name and the *whole* set of its dimensions. Ask with one too few and you ask for
    another metric, which may not exist: the answer is empty, and no error.

    Args:
        lab: the lab; the calls are made on it.
        namespace, name: the metric.
        dimensions: the first question; the controls change it.
        statistic, period, hours: how it is asked.

    Twin: ``panel.set(InstanceId="i-…")``; ``""`` leaves a dimension out. A dimension whose name is no Python name is
    set by ``panel.set(**{"my dimension": "value"})``.

    Raises:
        BadInput: the metric has no datapoints yet, or more than five dimension names.
    """
    family = reading.metrics(lab.client("cloudwatch"), namespace, name)
    names = sorted({d["Name"] for m in family for d in m["Dimensions"]})
    if not family:
        raise BadInput(
            f"{namespace} {name}", "there is no such metric yet.", "Put data first, or check the spelling."
        )
    if len(names) > MAX_NAMES:
        raise BadInput(
            len(names),
            f"dimension names are more than the {MAX_NAMES} this panel has room for.",
            "Use console.metric(lab, namespace, name, dimensions).",
        )
    room = min(tree_lines(family) + 2, TREE_LINES)  # a little more than now, so that new metrics find a place
    asked_first = {d["Name"]: d["Value"] for d in reading.dimension_list(dimensions)}
    if odd := sorted(set(asked_first) - set(names)):
        raise BadInput(
            odd[0], f"no {namespace} {name} has this dimension.", f"There are: {', '.join(names)}."
        )
    controls: list[Control] = []
    for dimension in names:
        values = sorted({d["Value"] for m in family for d in m["Dimensions"] if d["Name"] == dimension})[
            :MAX_VALUES
        ]
        options = {"(not given)": NOT_GIVEN} | {shorten(v, 34): v for v in values}
        pick = Pick(dimension, shorten(dimension, 24), options, NOT_GIVEN)
        controls.append(replace(pick, value=pick.check(asked_first.get(dimension, NOT_GIVEN))))
    controls.append(Pick("statistic", "Statistic", {s: s for s in STATISTICS}, statistic))

    def draw(statistic: str, **dimensions: str) -> Shown:
        given = {k: v for k, v in dimensions.items() if v != NOT_GIVEN}
        asked = {"Namespace": namespace, "MetricName": name, "Dimensions": reading.dimension_list(given)}
        cloudwatch = lab.client("cloudwatch")
        end = lab.now
        start = end - timedelta(hours=hours)
        with Recorder(lab) as made:
            present = reading.metrics(cloudwatch, namespace, name)
            queries = [reading.query("q", namespace, name, given, statistic, period)]
            points = reading.answers(cloudwatch, queries, start, end)["q"]
        exists = any(identity(m) == identity(asked) for m in present)
        start_ms, end_ms = to_ms(start), to_ms(end)
        answer = lines(
            points.assign(series=name),
            name=name,
            y_title=statistic,
            period_s=period,
            start_ms=start_ms,
            end_ms=end_ms + round((end_ms - start_ms) * 0.04),
            now_ms=end_ms,
        )
        whole = tree(present, asked=asked, lines=room)
        title = f"Asked with {shorten(dimension_text(asked), 60)}: " + (
            counted(len(points), "datapoint") if exists else "no such metric, an empty answer"
        )
        return Shown(
            stack([whole, answer], title=title), _why(asked, present, exists, len(points)), made.entries
        )

    return Panel("ask", controls, draw, height=TREE_ROW * room + 356)


def _why(asked: Any, present: Any, exists: bool, points: int) -> str:
    if exists and points:
        return "A metric with exactly these dimensions exists, so its series is the answer."
    if exists:
        return "A metric with exactly these dimensions exists, but it has no datapoints in this window."
    given = identity(asked)[2]
    near = [m for m in present if identity(m)[2] > given]
    if near:
        return (
            f"Metrics are flat: {counted(len(near), 'metric has', 'metrics have')} these dimensions and more, but none "
            f"has exactly these, and nothing is rolled up for you."
        )
    return "No metric has exactly these dimensions; CloudWatch answers with nothing, and with no error."
