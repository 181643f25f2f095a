"""The one renderer: ``show(chart, summary, table)`` makes a ``Picture``, and a Picture is what a notebook displays.

A Picture is emitted as ``application/vnd.vegalite.v5+json``, which JupyterLab draws by itself, offline and in a
notebook nobody has trusted yet, with a plain-text summary beside it. Altair's own renderers do neither: the
default one needs the network, and its mimetype of version 6 is unknown to JupyterLab and refused by nbformat.

A Picture keeps its drawing (the specification) apart from what is drawn (rows and words), so that a panel can
swap the rows in a chart that is already on the screen.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cwlab.console import theme
from cwlab.console.words import clean

if TYPE_CHECKING:
    import pandas as pd

MIMETYPE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
#: The renderer must be SVG: a canvas cannot read CSS colors. No menu: "open in editor" would leave the machine.
EMBED = {"renderer": "svg", "actions": False}

Row = Mapping[str, Any]


def altair() -> Any:
    """The Altair module, imported on first use.

    Altair brings jsonschema, which builds a parser for international addresses when ``rfc3987_syntax`` is
    installed (JupyterLab installs it): half of Altair's import time, for a check no chart needs. Marking the
    module as absent while jsonschema loads makes it go without, and the mark is taken away again.
    """
    if "jsonschema" not in sys.modules:
        name = "rfc3987_syntax"
        absent = name not in sys.modules
        if absent:
            sys.modules[name] = None  # type: ignore[assignment]  # the documented way to make an import fail
        try:
            import jsonschema  # noqa: F401
        finally:
            if absent:
                del sys.modules[name]
    import altair as alt

    return alt


@dataclass(frozen=True)
class Picture:
    """A chart with its finding, its summary and its table.

    Args:
        title: the finding, one sentence.
        summary: one line that says what is drawn, for those who do not see it.
        table: the same data as a table.
        spec: the drawing as Vega-Lite, themed, without rows.
        rows: the rows of each named data set.
        words: the values of the drawing's parameters (title, marks, bounds).
    """

    title: str
    summary: str
    table: pd.DataFrame
    spec: Mapping[str, Any] = field(repr=False)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict, repr=False)
    words: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The whole chart as one Vega-Lite specification."""
        spec = dict(self.spec)
        values = {"headline": self.title, **self.words}
        if "params" in spec:
            spec["params"] = [
                p | {"value": values[p["name"]]} if p["name"] in values else p for p in spec["params"]
            ]
        if self.rows:
            spec["datasets"] = {**spec.get("datasets", {}), **{k: list(v) for k, v in self.rows.items()}}
        spec["description"] = self.text
        return spec

    @property
    def text(self) -> str:
        """The picture in words."""
        return f"{self.title}\n{self.summary}"

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {MIMETYPE: self.to_dict(), "text/plain": self.text}


def drawing(chart: Any) -> dict[str, Any]:
    """An Altair chart, or a Vega-Lite specification, as a themed specification every JupyterLab 4 draws offline."""
    spec = dict(chart) if isinstance(chart, Mapping) else chart.to_dict()
    own = spec.get("config", {})
    base = theme.config()
    own_style = own if isinstance(chart, Mapping) else {}  # what Altair adds by default is not a choice
    spec["config"] = base | {
        k: base.get(k, {}) | v if isinstance(v, dict) else v for k, v in own_style.items()
    }
    spec["$schema"] = SCHEMA
    spec.setdefault("background", theme.PAPER)
    spec.setdefault("padding", 8)
    spec["usermeta"] = {**spec.get("usermeta", {}), "embedOptions": EMBED}
    return spec


def show(
    chart: Any,
    summary: str,
    table: pd.DataFrame,
    *,
    title: str = "",
    rows: Mapping[str, Sequence[Row]] | None = None,
    words: Mapping[str, Any] | None = None,
) -> Picture:
    """Make a chart into a Picture: themed, offline, with its words and its table.

    Args:
        chart: an Altair chart or a Vega-Lite 5 specification as a dict.
        summary: one line that says what is drawn.
        table: the data as a table.
        title: the finding. A chart with a parameter named ``headline`` shows it; any other takes it as its title.
        rows: rows for the chart's named data sets.
        words: values for the chart's parameters.
    """
    spec = drawing(chart)
    title, summary = clean(title), clean(summary)
    if title and not any(p.get("name") == "headline" for p in spec.get("params", ())):
        spec["title"] = title
    return Picture(title or summary, summary, table, spec, rows or {}, words or {})
