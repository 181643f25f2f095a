"""Pictures under each other: one title, one summary, one table."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cwlab.console.picture import EMBED, Picture, drawing
from cwlab.errors import BadInput

WHOLE = (
    "$schema",
    "config",
    "usermeta",
    "background",
    "padding",
    "params",
    "title",
    "description",
    "datasets",
)


def stack(
    pictures: Sequence[Picture],
    *,
    title: str,
    summary: str = "",
    spacing: int = 12,
    own: Sequence[str] = (),
) -> Picture:
    """Pictures from top to bottom as one. Time axes share their ends through the parameters they have in common.

    Args:
        pictures: from top to bottom.
        title: the finding of the whole.
        summary: one line; the summaries one after the other when left out.
        own: parameters that each picture keeps for itself, such as ``y_name``.

    Raises:
        BadInput: two of them give a shared parameter different values.
    """
    parts: list[dict[str, Any]] = []
    params: dict[str, dict[str, Any]] = {}
    words: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    datasets: dict[str, Any] = {}  # rows that belong to a drawing itself, such as the one behind a lone word
    for i, picture in enumerate(pictures):
        spec = copy.deepcopy(dict(picture.spec))
        apart = {name: f"{name}_{i}" for name in own}
        _refer(spec, apart)
        for param in spec.get("params", ()):
            name = apart.get(param["name"], param["name"])
            params.setdefault(name, {**param, "name": name})
        for name, value in picture.words.items():
            key = apart.get(name, name)
            if words.setdefault(key, value) != value:
                raise BadInput(
                    value,
                    f"parameter {key!r} is already {words[key]!r} in a picture above.",
                    "Give both the same window.",
                )
        _rename(spec, {name: f"{name}_{i}" for name in picture.rows})
        datasets |= spec.get("datasets", {})
        rows |= {f"{name}_{i}": r for name, r in picture.rows.items()}
        parts.append({k: v for k, v in spec.items() if k not in WHOLE})
    spec = drawing(
        {
            "vconcat": parts,
            "spacing": spacing,
            "resolve": {"scale": {"color": "independent", "shape": "independent"}},
            "params": list(params.values()),
            "datasets": datasets,
            "usermeta": {"embedOptions": EMBED},
            "title": {"text": {"expr": "headline"}},
        }
    )
    return Picture(
        title,
        summary or " ".join(p.summary for p in pictures),
        pd.concat([p.table for p in pictures if len(p.table)] or [pictures[0].table], ignore_index=True),
        spec,
        rows,
        words,
    )


def _refer(node: Any, names: dict[str, str]) -> None:
    """Give parameters that stand alone in an expression new names."""
    if isinstance(node, dict):
        if node.get("expr") in names:
            node["expr"] = names[node["expr"]]
        for value in node.values():
            _refer(value, names)
    elif isinstance(node, list):
        for value in node:
            _refer(value, names)


def _rename(node: Any, names: dict[str, str]) -> None:
    """Give the named data sets inside a specification new names."""
    if isinstance(node, dict):
        data = node.get("data")
        if isinstance(data, dict) and data.get("name") in names:
            node["data"] = {"name": names[data["name"]]}
        for value in node.values():
            _rename(value, names)
    elif isinstance(node, list):
        for value in node:
            _rename(value, names)
