"""One drawing function for each type of widget. Each asks with the lab's own clients, as its reader could.

A widget whose service or operation is not modeled yet says so by name, and one whose call is refused shows the
refusal; neither keeps the others from being drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cwlab.console import reading, theme
from cwlab.console.board import markdown
from cwlab.console.board.canvas import MONO_LETTER, Canvas, fitting, wrapped
from cwlab.console.board.plots import PALETTE, VIEWS, Drawn, Look, Room, readable_color
from cwlab.console.board.rows import Asked, asked
from cwlab.console.board.times import readable, window
from cwlab.console.words import counted
from cwlab.errors import CwlabError, NotModelled
from cwlab.timeline import to_datetime, to_ms

REFUSALS = (CwlabError, ClientError, BotoCoreError)
_SOURCE = re.compile(
    r"\s*SOURCE\s+((?:'[^']*'|\"[^\"]*\"|[^|\s]+)(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*)\s*\|?", re.IGNORECASE
)
_NAMES = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass
class Sight:
    """What all widgets of a dashboard share, and what they tell for its table and its summary."""

    lab: Any
    sheet: Canvas
    start: object
    end: object
    now_ms: int
    table: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def tell(self, title: str, what: str) -> None:
        self.told.append(f"{title}: {what.rstrip('.')}")


def draw(sight: Sight, widget: Mapping[str, Any], room: Room, title: str) -> None:
    """Draw one widget into its room."""
    kind = str(widget.get("type"))
    given = widget.get("properties")
    properties = given if isinstance(given, Mapping) else {}
    try:
        if kind not in _KINDS:
            raise NotModelled(f"The widget type {kind!r}")
        _KINDS[kind](sight, properties, room, title)
    except NotModelled as problem:
        _say(sight, room, title, f"{problem.what} is not modeled in this version of cwlab")
    except REFUSALS as problem:
        _say(sight, room, title, str(problem))


def _say(sight: Sight, room: Room, title: str, words: str) -> None:
    sight.tell(title, words)
    sight.sheet.paragraph(room.x, room.y + 12, words, room.width, room.y2)


# Metric ------------------------------------------------------------------------------------------------------------


def _metric(sight: Sight, given: Mapping[str, Any], room: Room, title: str) -> None:
    start_ms, end_ms = window(given.get("start") or sight.start, given.get("end") or sight.end, sight.now_ms)
    look = Look(start_ms, end_ms, sight.now_ms, given)
    whole = given.get("setPeriodToTimeRange") and given.get("view") in ("singleValue", "bar", "pie", "gauge")
    seconds = max(60, (end_ms - start_ms) // 60_000 * 60)

    def period_of(period: int) -> int:
        return seconds if whole else readable(period, start_ms, sight.now_ms)

    queries = asked(given, period_of)
    arns = [str(arn) for arn in look.annotations("alarms")]
    if arns:
        more, look = _of_alarms(sight, arns, queries, look)
        queries += more
    series = answers(sight.lab, queries, start_ms, end_ms)
    draw_series(sight, series, room, title, look)


def _of_alarms(
    sight: Sight, arns: Sequence[str], queries: Sequence[Asked], look: Look
) -> tuple[list[Asked], Look]:
    """What alarm annotations add: each alarm's threshold as a line, and its metric if the widget has none of its own."""
    alarms = _alarms(sight.lab, arns)
    lines = [
        {"value": alarm["Threshold"], "label": f"{alarm['AlarmName']}: {alarm.get('ComparisonOperator', '')}"}
        for alarm in alarms
        if "Threshold" in alarm
    ]
    given = look.properties.get("annotations")
    annotations = {**(given if isinstance(given, Mapping) else {})}
    annotations["horizontal"] = [*look.annotations("horizontal"), *lines]
    look = replace(look, properties={**look.properties, "annotations": annotations})
    return ([] if queries else [row for i, alarm in enumerate(alarms) for row in _watched(alarm, i)]), look


def _watched(alarm: Mapping[str, Any], n: int) -> list[Asked]:
    """The queries an alarm evaluates, as rows of a widget."""
    region = alarm["AlarmArn"].split(":")[3] if "AlarmArn" in alarm else None
    if "Metrics" in alarm:
        return [Asked({"ReturnData": True, **query}, region, None, right=False) for query in alarm["Metrics"]]
    if "MetricName" not in alarm:
        return []
    query = reading.query(
        f"alarm{n}",
        alarm["Namespace"],
        alarm["MetricName"],
        alarm.get("Dimensions"),
        alarm.get("Statistic") or alarm.get("ExtendedStatistic", "Average"),
        alarm["Period"],
        alarm.get("Unit"),
    )
    return [Asked({**query, "ReturnData": True}, region, None, right=False)]


def draw_series(sight: Sight, series: Sequence[Drawn], room: Room, title: str, look: Look) -> None:
    """Series in the view their widget names, and into the table."""
    view = look.properties.get("view", "timeSeries")
    VIEWS.get(str(view), VIEWS["timeSeries"])(sight.sheet, room, series, look)
    for one in series:
        for t, value in zip(one.t, one.values, strict=True):
            sight.table.append(
                {"widget": title, "series": one.label, "time (UTC)": to_datetime(t), "value": value}
            )
    points = sum(len(one.t) for one in series)
    sight.tell(title, f"{counted(len(series), 'series', 'series')}, {counted(points, 'datapoint')}")


def answers(lab: Any, queries: Sequence[Asked], start_ms: int, end_ms: int) -> list[Drawn]:
    """GetMetricData, Region by Region, all pages: the series in the order of their rows.

    An expression may answer several series; each keeps its place among those of its row, whatever page it is on.
    """
    found: dict[tuple[str | None, str, int], tuple[str, list[int], list[float]]] = {}
    for region in dict.fromkeys(q.region for q in queries):
        mine = [q.query for q in queries if q.region == region]
        if not any(query["ReturnData"] for query in mine):
            continue
        client = lab.client("cloudwatch", **({"region": region} if region else {}))
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=mine,
            StartTime=to_datetime(start_ms),
            EndTime=to_datetime(end_ms),
            ScanBy="TimestampAscending",
        )
        for page in pages:
            places: dict[str, int] = {}
            for result in page["MetricDataResults"]:
                place = places[result["Id"]] = places.get(result["Id"], -1) + 1
                _, stamps, values = found.setdefault((region, result["Id"], place), (result["Label"], [], []))
                stamps += [to_ms(t) for t in result["Timestamps"]]
                values += result["Values"]
    drawn: list[Drawn] = []
    for row in queries:
        own = sorted((k, v) for k, v in found.items() if k[0] == row.region and k[1] == row.query["Id"])
        for _, (label, stamps, values) in own:
            n = sum(not one.band for one in drawn)
            color = readable_color(row.color) if len(own) == 1 or row.band else None
            period = row.query.get("Period") or row.query["MetricStat"]["Period"]
            drawn.append(
                Drawn(
                    label,
                    stamps,
                    values,
                    period,
                    color or PALETTE[n % len(PALETTE)],
                    theme.SHAPES[n % len(theme.SHAPES)],
                    row.right,
                    row.band and len(own) == 2,
                )
            )
    return drawn


# Text --------------------------------------------------------------------------------------------------------------

_SIZES = {"h1": 20, "h2": 17, "h3": 15, "h4": 13, "h5": 12, "h6": 12}


def _text(sight: Sight, given: Mapping[str, Any], room: Room, title: str) -> None:
    lines = markdown.lines(str(given.get("markdown", "")))
    y, sheet = room.y + 4, sight.sheet
    for line in lines:
        size = _SIZES.get(line.kind, 12)
        if line.kind == "gap":
            y += 8
            continue
        if y + size > room.y2:
            sheet.text(room.x2, room.y2 - 4, "…", size=14, weight=600, align="right")
            break
        if line.kind == "rule":
            sheet.line([(room.x, y + 4), (room.x2, y + 4)], theme.INK, width=0.8)
            y += 10
            continue
        x = room.x + 14 * line.indent
        if line.kind in ("code", "row"):
            words = fitting(line.text, room.x2 - x, 11, MONO_LETTER)
            sheet.text(x, y + 8, words, size=11, font=theme.MONO, tip=line.text)
            y += 16
            continue
        if line.kind == "quote":
            sheet.line([(room.x + 4, y), (room.x + 4, y + 16)], theme.INK, width=2)
        for part in wrapped(line.text, room.x2 - x, size * (1.06 if line.strong else 1)):
            if y + size > room.y2 + 4:
                break
            sheet.text(x, y + size / 2 + 2, part, size=size, weight=600 if line.strong else 400)
            y += size + 6
    plain = " ".join(line.text for line in lines if line.text)
    sight.tell(title, plain or "an empty text")


# Alarms ------------------------------------------------------------------------------------------------------------


def _alarm(sight: Sight, given: Mapping[str, Any], room: Room, title: str) -> None:
    arns = [str(a) for a in given.get("alarms") or ()]
    found = _alarms(sight.lab, arns)
    states = given.get("states") or [s.word for s in theme.STATES]
    shown = [a for a in found if a["StateValue"] in states]
    order = given.get("sortBy", "default")
    if order == "default":
        shown.sort(key=lambda a: a["AlarmName"])
    else:
        shown.sort(key=lambda a: a["StateUpdatedTimestamp"], reverse=True)
        if order == "stateUpdatedTimestamp":
            shown.sort(key=lambda a: ("ALARM", "INSUFFICIENT_DATA", "OK").index(a["StateValue"]))
    looks = {s.word: s for s in theme.STATES}
    columns = max(1, int(room.width // 200))
    width = room.width / columns
    for i, alarm in enumerate(shown[: columns * max(1, int(room.height // 34))]):
        x, y = room.x + width * (i % columns), room.y + 34 * (i // columns)
        state = looks[alarm["StateValue"]]
        sight.sheet.box(x, y, x + width - 6, y + 30, line=state.color)
        sight.sheet.dot(
            x + 12, y + 15, state.color, shape=state.shape, size=110, tip=alarm.get("StateReason", "")
        )
        words = fitting(alarm["AlarmName"], width - 34, 11)
        sight.sheet.text(x + 24, y + 10, words, weight=600, tip=alarm.get("StateReason", ""))
        sight.sheet.text(x + 24, y + 22, state.word.replace("_", " "), size=9, color=state.color, weight=600)
        sight.table.append(
            {
                "widget": title,
                "series": alarm["AlarmName"],
                "time (UTC)": alarm.get("StateUpdatedTimestamp"),
                "value": alarm["StateValue"],
            }
        )
    missing = len(arns) - len(found)
    if missing or not shown:
        words = f"{counted(missing, 'alarm')} named here not found" if missing else "no alarm in these states"
        sight.sheet.text(room.x, room.y2 - 6, words, size=11)
    sight.tell(title, ", ".join(f"{a['AlarmName']} {a['StateValue']}" for a in shown) or "no alarm to show")


def _alarms(lab: Any, arns: Sequence[str]) -> list[dict[str, Any]]:
    """The alarms of these ARNs, asked Region by Region."""
    found: list[dict[str, Any]] = []
    by_region: dict[str, list[str]] = {}
    for arn in arns:
        parts = arn.split(":", 6)
        if len(parts) == 7:
            by_region.setdefault(parts[3], []).append(parts[6])
    for region, names in by_region.items():
        client = lab.client("cloudwatch", region=region)
        answer = client.describe_alarms(AlarmNames=names[:100], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        found += [*answer["MetricAlarms"], *answer.get("CompositeAlarms", ())]
    return found


# Logs --------------------------------------------------------------------------------------------------------------


def _log(sight: Sight, given: Mapping[str, Any], room: Room, title: str) -> None:
    query = str(given.get("query", ""))
    groups: list[str] = []
    while found := _SOURCE.match(query):
        groups += [a or b for a, b in _NAMES.findall(found[1])] or [found[1]]
        query = query[found.end() :]
    region = given.get("region")
    client = sight.lab.client("logs", **({"region": str(region)} if region else {}))
    start_ms, end_ms = window(sight.start, sight.end, sight.now_ms)
    started = client.start_query(
        logGroupNames=groups,
        queryString=query.strip(),
        startTime=start_ms // 1000,
        endTime=end_ms // 1000,
    )
    answer = client.get_query_results(queryId=started["queryId"])
    lines = [{f["field"]: f["value"] for f in row if f["field"] != "@ptr"} for row in answer["results"]]
    columns = list(dict.fromkeys(name for line in lines for name in line))
    if not columns:
        sight.tell(title, f"the query is {answer['status'].lower()}, with no result")
        sight.sheet.text(room.x, room.y + 12, f"no result ({answer['status'].lower()})")
        return
    width = room.width / len(columns)
    for k, name in enumerate(columns):
        sight.sheet.text(room.x + width * k, room.y + 8, fitting(name, width - 6, 11), weight=600)
    for i, line in enumerate(lines[: max(0, int((room.height - 20) // 16))]):
        for k, name in enumerate(columns):
            words = fitting(line.get(name, ""), width - 6, 10, MONO_LETTER)
            sight.sheet.text(room.x + width * k, room.y + 28 + 16 * i, words, size=10, font=theme.MONO,
                             tip=line.get(name, ""))  # fmt: skip
    for i, line in enumerate(lines):
        for name, value in line.items():
            sight.table.append(
                {"widget": title, "series": f"{name} {i + 1}", "time (UTC)": None, "value": value}
            )
    sight.tell(title, counted(len(lines), "line"))


# Explorer ----------------------------------------------------------------------------------------------------------

_INSTANCE = "AWS::EC2::Instance"


def _explorer(sight: Sight, given: Mapping[str, Any], room: Room, title: str) -> None:
    """Metrics of the resources that carry certain tags: instances, the one kind whose tags can be asked for here."""
    wanted = [m for m in given.get("metrics") or () if isinstance(m, Mapping)]
    for metric in wanted:
        if metric.get("resourceType", _INSTANCE) != _INSTANCE:
            raise NotModelled(
                f"An explorer widget over {metric['resourceType']}", f"Modeled resource types: {_INSTANCE}."
            )
    client = sight.lab.client("ec2")
    filters = [
        {"Name": f"tag:{label['key']}", "Values": [str(label["value"])]}
        if "value" in label
        else {"Name": "tag-key", "Values": [str(label["key"])]}
        for label in given.get("labels") or ()
    ]
    pages = client.get_paginator("describe_instances").paginate(**({"Filters": filters} if filters else {}))
    instances = [i for page in pages for r in page["Reservations"] for i in r["Instances"]]
    start_ms, end_ms = window(sight.start, sight.end, sight.now_ms)
    period = readable(int(given.get("period", 300)), start_ms, sight.now_ms)
    queries: list[Asked] = []
    names: dict[str, str] = {}
    for metric in wanted:
        for instance in instances:
            id_ = f"q{len(queries)}"
            tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
            names[id_] = f"{tags.get('Name', instance['InstanceId'])} {metric.get('metricName', '')}"
            dimensions = {"InstanceId": instance["InstanceId"]}
            query = reading.query(id_, "AWS/EC2", str(metric.get("metricName")), dimensions,
                                  str(metric.get("stat", "Average")), period)  # fmt: skip
            queries.append(Asked({**query, "Label": names[id_], "ReturnData": True}, None, None, right=False))
    options = given.get("widgetOptions")
    look = Look(start_ms, end_ms, sight.now_ms, options if isinstance(options, Mapping) else {})
    if not queries:
        _say(sight, room, title, "No instance carries these tags, or the widget names no metric.")
        return
    series = answers(sight.lab, queries[:500], start_ms, end_ms)
    aggregate = given.get("aggregateBy")
    if isinstance(aggregate, Mapping) and aggregate.get("func"):
        series = _aggregated(series, str(aggregate["func"]).upper())
    draw_series(sight, series, room, title, look)


_FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "SUM": sum,
}


def _aggregated(series: Sequence[Drawn], function: str) -> list[Drawn]:
    """One series of all of them, each stamp's values put together."""
    if function not in _FUNCTIONS:
        raise NotModelled(
            f"The aggregation {function} of an explorer widget", f"Modeled: {', '.join(_FUNCTIONS)}."
        )
    values: dict[int, list[float]] = {}
    for one in series:
        for t, v in zip(one.t, one.values, strict=True):
            values.setdefault(t, []).append(v)
    stamps = sorted(values)
    joined = [_FUNCTIONS[function](values[t]) for t in stamps]
    period = series[0].period_s if series else 300
    return [
        Drawn(f"{function} of {counted(len(series), 'series', 'series')}", stamps, joined, period, PALETTE[0])
    ]


_KINDS = {"metric": _metric, "text": _text, "alarm": _alarm, "log": _log, "explorer": _explorer}
