"""What all drawings share: the UTC axis, the "now" rule, the headline, rows from frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cwlab.console import theme
from cwlab.console.picture import Row, altair

WIDTH = 640

#: Axis labels in UTC: the date at midnight, otherwise the time with as many parts as it needs.
UTC_LABEL = (
    "utcFormat(datum.value, utchours(datum.value) == 0 && utcminutes(datum.value) == 0 && utcseconds(datum.value) == 0"
    " ? '%b %d' : utcseconds(datum.value) ? '%H:%M:%S' : '%H:%M')"
)


def param(name: str, value: Any) -> Any:
    """A value of the drawing that can change without drawing anew."""
    return altair().param(name=name, value=value)


def headline() -> Any:
    """A title that follows the parameter ``headline``."""
    alt = altair()
    return alt.TitleParams(text=alt.ExprRef("headline"))


def data(name: str) -> Any:
    """A named data set, filled when the picture is made."""
    return altair().NamedData(name=name)


def utc_x(field: str = "t", title: str = "time (UTC)", *, bounds: bool = True, labels: bool = True) -> Any:
    """The time axis. With ``bounds`` it runs from the parameter ``from_ms`` to ``to_ms``."""
    alt = altair()
    limits = {"domainMin": alt.ExprRef("from_ms"), "domainMax": alt.ExprRef("to_ms")} if bounds else {}
    axis = alt.Axis(
        labelExpr=UTC_LABEL, labels=labels, ticks=labels, tickCount=8, labelOverlap=True, grid=True
    )
    return alt.X(
        f"{field}:T",
        title=title if labels else None,
        axis=axis,
        scale=alt.Scale(type="utc", nice=False, **limits),
    )


def y_name() -> Any:
    """The name of the vertical axis, from the parameter ``y_name``: level, above the axis, and free to change."""
    alt = altair()
    one = alt.Chart(alt.InlineData(values=[{}]))
    return one.mark_text(
        text=alt.ExprRef("y_name"), x=0, y=-3, align="left", baseline="bottom", color=theme.INK
    )


def now_rule() -> Any:
    """A line at now with its word above it: right of it lies the future, which is empty."""
    alt = altair()
    base = alt.Chart(data("now")).encode(x=alt.X("t:T"))
    rule = base.mark_rule(color=theme.INK, strokeWidth=1.5)
    word = base.mark_text(text="now", baseline="bottom", y=-3, color=theme.INK, fontWeight=600)
    return alt.layer(rule, word)


def finish(chart: Any, *params: Any, height: float | None = None) -> dict[str, Any]:
    """The drawing as a plain specification: parameters, headline, size."""
    chart = chart.add_params(param("headline", ""), *params).properties(title=headline())
    if height is not None:
        chart = chart.properties(width=WIDTH, height=height)
    spec: dict[str, Any] = chart.to_dict()
    return spec


def to_rows(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame as plain JSON values; missing numbers become null."""
    columns = []
    for name in frame.columns:
        values = frame[name].tolist()
        columns.append([None if isinstance(v, float) and v != v else v for v in values])
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)]
