"""The Insights bench: a query over log groups, its answer as rows and as a chart, its mistakes named and pointed at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError

from cwlab.console import eventlog
from cwlab.console.charts.answers import MOST_BARS, Groups, answers, height
from cwlab.console.logbook import BACK
from cwlab.console.panels import Code, Control, Panel, Pick, Push, Shown, Whole
from cwlab.console.picture import Picture
from cwlab.console.starting import Examples, start_from
from cwlab.console.words import counted, shorten
from cwlab.console.workbench import within
from cwlab.errors import BadInput
from cwlab.query import grouping, sql, vocabulary
from cwlab.timeline import SECOND, to_datetime, to_ms

PAGES = 20
EVERYTHING = "fields @timestamp, @message"
POINTER = "@ptr"
SYSTEM = ("@timestamp", "@message", "@logStream", "@log", "@ingestionTime")
LINE, AREA = "line", "stacked area"


def insights(
    lab: Any,
    groups: str | Iterable[str] | None,
    query: str = "",
    *,
    examples: Examples = (),
    back: str = "1 h",
    region: str | None = None,
) -> Panel:
    """Write a Logs Insights query and see what it gives: rows, a chart of groups, what was scanned, the SQL it becomes.

    Each run is StartQuery and GetQueryResults on a fork, a virtual second later: your lab's clock stays where it is.

    Args:
        lab: the lab.
        groups: a log group's name, or several; None where the query begins with SOURCE.
        query: what stands in the box at first; empty gives the newest events.
        examples: queries to start from, by name or just listed.
        back: how far back at first: "15 min", "1 h", "3 h", "12 h", "1 day", "7 days" or "all".
        region: the groups' Region.

    Twin: ``panel.set(query="stats count(*) by bin(5m)", back="3 h", chart="stacked area", page=2)``. The rows are in
    ``panel.picture.table``, a mistake's caret in ``panel.note``.

    Raises:
        BadInput: no group.
    """
    names = [groups] if isinstance(groups, str) else list(groups or ())
    if not names and groups is not None:
        raise BadInput(names, "names no log group.", "Give a name, or several.")
    offered = _Offered(lab, names, region)

    def draw(query: str, back: str, chart: str, page: int) -> Shown:
        now_ms = to_ms(lab.now)
        start_ms = now_ms - BACK[back] * SECOND if BACK[back] else 0
        text = query if query.strip() else EVERYTHING
        offered.at(now_ms)
        named = {"logGroupNames": names} if names else {}
        asked = {**named, "startTime": start_ms // SECOND, "endTime": -(-now_ms // SECOND)}
        calls = _calls(asked, text, region)
        copy = lab.fork()
        try:
            frame = copy.query(names or None, text, start=to_datetime(start_ms), region=region)
        except eventlog.REFUSALS as error:
            return _refused(error, calls)
        statistics = frame.attrs["statistics"]
        extra = {key: value for key, value in frame.attrs.items() if key not in ("statistics", "query_id")}
        frame = frame.drop(columns=[POINTER], errors="ignore")
        drawn = _groups(text, frame)
        first = start_ms or min([now_ms, *_stamps(frame, drawn)])
        picture = answers(
            frame, drawn, start_ms=first, end_ms=now_ms + round((now_ms - first) * 0.02) + 1, now_ms=now_ms, page=page,
            stacked=chart == AREA, empty=_empty(statistics),
        )  # fmt: skip
        folds = {"The SQL it becomes": sql(text, to_datetime(now_ms))}
        return Shown(picture, _why(statistics, extra, frame, drawn), setup=calls, note="", folds=folds)

    controls: list[Control] = [
        Code("query", "Query", query, words=lambda: offered.words),
        Pick("back", "Back", {word: word for word in BACK}, back),
        Pick("chart", "By time", {LINE: LINE, AREA: AREA}, LINE),
        Whole("page", "Page", 1, PAGES, 1),
        Push("run", "Run", lambda: panel.refresh(), "Ask again: the lab may have moved"),
    ]
    panel = Panel("insights", controls, draw, height=height() + 52, also=start_from("query", examples))
    return panel


# -- what is asked ---------------------------------------------------------------------------------------------------


def _calls(asked: dict[str, Any], text: str, region: str | None) -> list[str]:
    """The same by hand."""
    client = "copy.client('logs')" if region is None else f"copy.client('logs', region={region!r})"
    given = ", ".join(f"{name}={value!r}" for name, value in asked.items())
    return [
        "copy = lab.fork()  # a query takes time, and your lab's clock stays where it is",
        f"logs = {client}",
        "query = logs.start_query(",
        f"    {given},",
        f"    queryString={text!r})",
        "copy.wait(1)  # once its status is Complete, the rows are there",
        "logs.get_query_results(queryId=query['queryId'])",
        f"# as a table, in one call: copy.query({asked.get('logGroupNames')!r}, …)",
    ]


@dataclass
class _Offered:
    """The words the box offers: the language's, and the fields found in the groups, read again when time has moved."""

    lab: Any
    names: Sequence[str]
    region: str | None
    read_ms: int = -1
    words: Sequence[tuple[str, str]] = ()

    def at(self, now_ms: int) -> None:
        """The words at an instant."""
        if now_ms == self.read_ms:
            return
        self.read_ms = now_ms
        known = vocabulary()
        fields = dict.fromkeys([*SYSTEM, *self._fields()])
        self.words = [
            *((word, "command") for word in known.commands),
            *((name, "field") for name in fields),
            *((word, "function") for word in known.functions),
            *((word, "word") for word in known.others),
        ]

    def _fields(self) -> list[str]:
        """Fields of the groups' newest events, the most frequent first."""
        logs = self.lab.fork().client("logs", region=self.region)
        found: dict[str, int] = {}
        for name in self.names:
            try:
                streams = logs.describe_log_streams(
                    logGroupName=name, orderBy="LastEventTime", descending=True, limit=1
                )["logStreams"]
                last = streams[0].get("lastEventTimestamp") if streams else None
                moment = {} if last is None else {"time": last // SECOND}
                for each in logs.get_log_group_fields(logGroupName=name, **moment)["logGroupFields"]:
                    found[each["name"]] = max(found.get(each["name"], 0), each["percent"])
            except eventlog.REFUSALS:
                continue  # the query itself says what is wrong with the group
        return sorted(found, key=lambda name: (-found[name], name))


# -- what is shown ---------------------------------------------------------------------------------------------------


def _groups(text: str, frame: pd.DataFrame) -> Groups | None:
    """How the rows are drawn: grouped ones with a number, as far as their columns are still there."""
    made = grouping(text)
    if made is None:
        return None
    values = [name for name in made.values if name in frame and pd.api.types.is_numeric_dtype(frame[name])]
    times = [
        name for name in made.times if name in frame and pd.api.types.is_datetime64_any_dtype(frame[name])
    ]
    keys = [name for name in made.keys if name in frame]
    if not values or not keys:
        return None
    return Groups(keys, times[0] if times else None, values)


def _stamps(frame: pd.DataFrame, drawn: Groups | None) -> list[int]:
    return [to_ms(t) for t in frame[drawn.time].dropna()] if drawn and drawn.time else []


def _empty(statistics: dict[str, float]) -> str:
    if not statistics["recordsScanned"]:
        return "no events in this time"
    return "no rows" if statistics["recordsMatched"] else "no event matches"


def _why(
    statistics: dict[str, float], extra: dict[str, Any], frame: pd.DataFrame, drawn: Groups | None
) -> str:
    scanned, matched = int(statistics["recordsScanned"]), int(statistics["recordsMatched"])
    size, groups = int(statistics["bytesScanned"]), int(statistics["logGroupsScanned"])
    told = [f"{matched:,} of {counted(scanned, 'event')} matched."]
    told.append(f"Scanned: {counted(size, 'byte')} in {counted(groups, 'group')}{_price(extra)}.")
    for name in frame.columns:
        if missing := int(frame[name].isna().sum()):
            told.append(f"{shorten(name, 30)} is missing in {missing:,} of {counted(len(frame), 'row')}.")
            break
    if drawn is not None and drawn.time is None and len(frame) > MOST_BARS:
        told.append(f"The first {MOST_BARS} rows are drawn.")
    return " ".join(told)


def _price(extra: dict[str, Any]) -> str:
    price = extra.get("price_usd")
    return "" if price is None else f", for {price:.10f}".rstrip("0").rstrip(".") + " USD"


def _refused(error: Exception, calls: Sequence[str]) -> Shown:
    now = pd.DataFrame()
    said = eventlog.refusal(error)
    picture = answers(
        now, None, start_ms=0, end_ms=1, now_ms=0, empty="refused", more=said.partition(": ")[2]
    )
    picture = Picture("Refused", "The query was refused.", now, picture.spec, picture.rows, picture.words)
    note = "\n".join(within(str(each)) for each in getattr(error, "__notes__", ()))
    mark = None
    if isinstance(error, ClientError):
        place = error.response.get("queryCompileError", {}).get("location")
        if place:
            mark = (place["startCharOffset"], place["endCharOffset"])
    return Shown(
        picture, said, setup=[*calls[:4], f"{calls[4]}  # {said.split(':')[0]}"],
        note=note, mark=mark, folds={"The SQL it becomes": "none: the query was refused"},
    )  # fmt: skip
