"""The explorer: namespace → names of dimensions → metric with its dimension values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.charts import base
from cwlab.console.picture import Picture, altair, drawing, show
from cwlab.console.words import counted, shorten

ROW = 22  # pixels a line of the tree takes
LIMIT = 40  # lines drawn; the table has them all
INDENT = 1.0

Metric = Mapping[str, Any]  # as ListMetrics answers: Namespace, MetricName, Dimensions


def dimension_names(metric: Metric) -> str:
    """The names of a metric's dimensions, as the console groups them."""
    return ", ".join(sorted(d["Name"] for d in metric["Dimensions"])) or "(no dimensions)"


def dimension_text(metric: Metric) -> str:
    """Name=value of each dimension, ordered by name."""
    pairs = sorted((d["Name"], d["Value"]) for d in metric["Dimensions"])
    return ", ".join(f"{name}={value}" for name, value in pairs) or "(no dimensions)"


def identity(metric: Metric) -> tuple[str, str, frozenset[tuple[str, str]]]:
    """What tells metrics apart: namespace, name, and the set of dimensions. Their order does not count."""
    return (
        metric["Namespace"],
        metric["MetricName"],
        frozenset((d["Name"], d["Value"]) for d in metric["Dimensions"]),
    )


@cache
def _drawing(lines: int) -> dict[str, Any]:
    alt = altair()
    y = alt.Y("row:Q", scale=alt.Scale(domain=[-0.6, lines - 0.4], reverse=True, nice=False), axis=None)
    x_scale = alt.Scale(domain=[-0.15, 8], nice=False)
    nodes = alt.Chart(base.data("nodes")).encode(x=alt.X("depth:Q", scale=x_scale, axis=None), y=y)
    kinds = ["namespace", "dimensions", "metric"]
    color = alt.Color(
        "kind:N",
        legend=None,
        scale=alt.Scale(
            domain=kinds, range=[theme.COLORS["blue"], theme.COLORS["purple"], theme.COLORS["green"]]
        ),
    )
    shape = alt.Shape(
        "kind:N", legend=None, scale=alt.Scale(domain=kinds, range=["square", "diamond", "circle"])
    )
    tips = [alt.Tooltip("kind:N", title="this is"), alt.Tooltip("whole:N", title="in full")]
    asked = alt.datum.asked == 1
    elbows = (
        alt.Chart(base.data("edges"))
        .mark_line(strokeWidth=1.2, color=theme.INK, opacity=0.45)
        .encode(x=alt.X("depth:Q", scale=x_scale, axis=None), y=y, detail="edge:N", order="step:Q")
    )
    marks = nodes.mark_point(filled=True, size=70, opacity=1).encode(color=color, shape=shape, tooltip=tips)
    ring = nodes.transform_filter(asked).mark_point(
        filled=False, size=230, strokeWidth=2.5, color=theme.COLORS["vermillion"]
    )
    text = nodes.mark_text(align="left", baseline="middle", dx=13, limit=540).encode(
        text="label:N",
        tooltip=tips,
        color=alt.condition(asked, alt.value(theme.COLORS["vermillion"]), alt.value(theme.INK)),
    )
    chart = alt.layer(elbows, marks, ring, text)
    return drawing(base.finish(chart, height=ROW * lines))


def _nodes(metrics: Sequence[Metric], asked: object) -> list[dict[str, Any]]:
    """The lines of the tree from top to bottom."""
    groups: dict[str, dict[str, list[Metric]]] = {}
    order = sorted(
        metrics, key=lambda m: (m["Namespace"], dimension_names(m), dimension_text(m), m["MetricName"])
    )
    for metric in order:
        groups.setdefault(metric["Namespace"], {}).setdefault(dimension_names(metric), []).append(metric)
    nodes: list[dict[str, Any]] = []

    def add(depth: int, kind: str, label: str, whole: str, is_asked: bool = False) -> None:
        nodes.append(
            {
                "row": len(nodes),
                "depth": depth * INDENT * 0.35,
                "kind": kind,
                "label": label,
                "whole": whole,
                "asked": int(is_asked),
                "level": depth,
            }
        )

    for namespace, families in groups.items():
        n = sum(len(f) for f in families.values())
        add(0, "namespace", f"{shorten(namespace, 40)}  ({counted(n, 'metric')})", namespace)
        for names, members in families.items():
            add(1, "dimensions", f"{shorten(names, 60)}  ({len(members)})", names)
            for metric in members:
                values = ", ".join(
                    shorten(d["Value"], 24) for d in sorted(metric["Dimensions"], key=lambda d: d["Name"])
                )
                add(
                    2,
                    "metric",
                    metric["MetricName"] + (f"  ·  {values}" if values else ""),
                    f"{metric['MetricName']} {dimension_text(metric)}",
                    identity(metric) == asked,
                )
    return nodes


def tree_lines(metrics: Sequence[Metric]) -> int:
    """How many lines the tree of these metrics takes."""
    return len(_nodes(metrics, None))


def _fit(nodes: list[dict[str, Any]], lines: int) -> list[dict[str, Any]]:
    """At most ``lines`` lines: what was asked stays in sight, the rest is counted."""
    if len(nodes) <= lines:
        return nodes
    kept = nodes[: lines - 1]
    hidden = nodes[lines - 1 :]
    for node in hidden:
        if node["asked"]:
            kept[-1] = node | {"row": lines - 2}
    left = len(nodes) - len(kept)
    return [
        *kept,
        kept[0]
        | {
            "row": lines - 1,
            "kind": "more",
            "label": f"… {counted(left, 'more line')} in the table",
            "whole": "",
            "asked": 0,
            "level": 0,
        },
    ]


def _edges(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    edges = []
    parents: dict[int, dict[str, Any]] = {}
    for node in nodes:
        if node["kind"] != "more":
            parents[node["level"]] = node
            parent = parents.get(node["level"] - 1)
            if parent is not None:
                corner = [
                    (parent["row"], parent["depth"]),
                    (node["row"], parent["depth"]),
                    (node["row"], node["depth"]),
                ]
                edges += [
                    {"edge": node["row"], "step": i, "row": row, "depth": depth}
                    for i, (row, depth) in enumerate(corner)
                ]
    return edges


def tree(
    metrics: Sequence[Metric], *, asked: Metric | None = None, lines: int | None = None, title: str = ""
) -> Picture:
    """Metrics as the console's explorer shows them.

    Args:
        metrics: as ListMetrics answers them.
        asked: a metric you ask for; ringed when it exists.
        lines: height in lines; as many as are needed (up to 40) when left out.
        title: the finding; found by itself when left out.
    """
    wanted = identity(asked) if asked is not None else None
    nodes = _nodes(metrics, wanted)
    lines = lines or max(3, min(len(nodes), LIMIT))
    drawn = _fit(nodes, lines)
    namespaces = {m["Namespace"] for m in metrics}
    table = pd.DataFrame(
        [
            {
                "namespace": m["Namespace"],
                "dimensions": dimension_text(m),
                "metric": m["MetricName"],
                **({"asked": identity(m) == wanted} if asked is not None else {}),
            }
            for m in sorted(
                metrics,
                key=lambda m: (m["Namespace"], dimension_names(m), dimension_text(m), m["MetricName"]),
            )
        ],
        columns=["namespace", "dimensions", "metric", *(["asked"] if asked is not None else [])],
    )
    summary = f"{counted(len(metrics), 'metric')} in {counted(len(namespaces), 'namespace')}, grouped by dimension names."
    if asked is not None:
        found = any(identity(m) == wanted for m in metrics)
        summary += f" You ask for {asked['MetricName']} with {dimension_text(asked)}: " + (
            "this metric exists (ringed)." if found else "no such metric."
        )
    return show(
        _drawing(lines),
        summary,
        table,
        title=title or _finding(metrics, namespaces),
        rows={"nodes": [{k: v for k, v in n.items() if k != "level"} for n in drawn], "edges": _edges(drawn)},
    )


def _finding(metrics: Sequence[Metric], namespaces: set[str]) -> str:
    if not metrics:
        return "No metrics yet"
    if len(namespaces) == 1:
        return f"{shorten(next(iter(namespaces)), 40)} holds {counted(len(metrics), 'separate metric')}"
    return f"{counted(len(namespaces), 'namespace')} keep {counted(len(metrics), 'metric')} apart"
