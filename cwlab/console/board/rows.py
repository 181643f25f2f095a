"""The rows of a metric widget, written out: the queries they are, and how their answers are drawn.

Source: "Dashboard Body Structure and Syntax", format of the metrics array. ``"."`` stands for what is at this place
in the row above, ``"..."`` for all that the row above has between; the last member may say how a row is drawn.

    >>> written_out([["AWS/EC2", "CPUUtilization", "InstanceId", "i-1"], ["...", "i-2"], [".", "NetworkIn", ".", "."]])[1:]
    [(['AWS/EC2', 'CPUUtilization', 'InstanceId', 'i-2'], {}), (['AWS/EC2', 'NetworkIn', 'InstanceId', 'i-2'], {})]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

BAND = re.compile(r"\s*ANOMALY_DETECTION_BAND\s*\(", re.IGNORECASE)
PERIOD_S = 300


class Asked(NamedTuple):
    """One row: its query of GetMetricData, where it is asked, and how its answers are drawn."""

    query: dict[str, Any]
    region: str | None
    color: str | None
    right: bool

    @property
    def band(self) -> bool:
        return bool(BAND.match(self.query.get("Expression", "")))


def written_out(rows: Sequence[Sequence[Any]]) -> list[tuple[list[str], dict[str, Any]]]:
    """Each row's texts with nothing abbreviated, and its rendering properties."""
    above: list[str] = []
    found = []
    for row in rows:
        rendering = dict(row[-1]) if row and isinstance(row[-1], Mapping) else {}
        texts = [str(text) for text in row if not isinstance(text, Mapping)]
        if "..." in texts:
            at = texts.index("...")
            after = len(texts) - at - 1
            texts[at : at + 1] = above[at : max(at, len(above) - after)]
        texts = [above[i] if text == "." and i < len(above) else text for i, text in enumerate(texts)]
        if texts:
            above = texts
        found.append((texts, rendering))
    return found


def asked(properties: Mapping[str, Any], period_of: Any) -> list[Asked]:
    """The queries of a metric widget.

    Args:
        properties: the widget's.
        period_of: a function from the period in the body to the one to ask for.
    """
    rows = written_out(properties.get("metrics") or ())
    taken = {str(rendering["id"]) for _, rendering in rows if "id" in rendering}
    names = (f"q{i}" for i in range(10_000) if f"q{i}" not in taken)
    return [_asked(texts, how, properties, period_of, names) for texts, how in rows]


def _asked(
    texts: list[str], how: Mapping[str, Any], properties: Mapping[str, Any], period_of: Any, names: Any
) -> Asked:
    period = period_of(int(how.get("period", properties.get("period", PERIOD_S))))
    query: dict[str, Any] = {"Id": how.get("id") or next(names), "ReturnData": how.get("visible", True)}
    if "label" in how:
        query["Label"] = how["label"]
    account = how.get("accountId", properties.get("accountId"))
    if account:
        query["AccountId"] = str(account)
    if "expression" in how:
        query |= {"Expression": how["expression"], "Period": period}
    else:
        names_, values = texts[2::2], texts[3::2]
        metric = {
            "Namespace": texts[0] if texts else "",
            "MetricName": texts[1] if len(texts) > 1 else "",
            "Dimensions": [{"Name": n, "Value": v} for n, v in zip(names_, values, strict=False)],
        }
        stat = how.get("stat", properties.get("stat", "Average"))
        query["MetricStat"] = {"Metric": metric, "Period": period, "Stat": stat}
    region = how.get("region", properties.get("region"))
    return Asked(query, region, how.get("color"), how.get("yAxis") == "right")
