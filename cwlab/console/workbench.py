"""The bench: an expression over a choice of series, its result drawn at once, its mistakes named and pointed at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError

from cwlab.console import reading
from cwlab.console.calls import Recorder
from cwlab.console.charts.lines import lines
from cwlab.console.charts.stack import stack
from cwlab.console.exploring import PERIODS, STATISTICS
from cwlab.console.panels import Control, Panel, Pick, Shown, Tick, Words
from cwlab.console.reading import Result
from cwlab.console.starting import Examples, start_from
from cwlab.console.words import clean, clock, counted, shorten, span
from cwlab.errors import BadInput, NotModelled
from cwlab.timeline import to_datetime, to_ms

ID = "e1"
MAX_SERIES = 4  # with expression, statistic and period that is all the room a panel has
MAX_DRAWN = 8
TOP, BOTTOM = 110, 180
COLUMNS = 96  # of a note: what a panel shows without scrolling
_TAKEN = (ID, "expression", "statistic", "period")
_REFUSALS = (ClientError, ParamValidationError, NotModelled)

Series = Mapping[str, Sequence[Any]]


def bench(
    lab: Any,
    series: Series,
    expression: str = "",
    *,
    examples: Examples = (),
    statistic: str = "Average",
    period: int = 60,
    hours: float = 1,
) -> Panel:
    """Write an expression of metric math, SEARCH or Metrics Insights over series of your choice and see what it gives.

    One GetMetricData call asks for the series and the expression. What is refused is shown with AWS's message, a caret
    under the place and the mistake's name; the series are still drawn.

    Args:
        lab: the lab (or its twin on AWS): ``client`` and ``now`` are used, and its journal for the calls.
        series: at most four metrics by the id that expressions call them: ``{"errors": ("Shop", "Errors")}``, or with
            dimensions ``{"cpu": ("AWS/EC2", "CPUUtilization", {"InstanceId": "i-…"})}``.
        expression: what stands in the box at first; empty draws the series alone.
        examples: expressions to start from, by name or just listed.
        statistic, period, hours: how the series are asked. The period is the expression's as well.

    Twin: ``panel.set(expression="errors / requests * 100")``; ``panel.set(errors=False)`` takes a series away.
    ``panel.why`` has the message, ``panel.note`` the caret.

    Raises:
        BadInput: more than four series, or an id that is taken or not one of CloudWatch's.
        ClientError: the series themselves are refused.
    """
    _check(series)
    controls: list[Control] = [
        Words("expression", "Expression", expression, wide=True),
        *(Tick(name, name, True) for name in series),
        Pick("statistic", "Statistic", {s: s for s in dict.fromkeys((*STATISTICS, statistic))}, statistic),
        Pick("period", "Period", {span(p): p for p in sorted({*PERIODS, period})}, period),
    ]

    def draw(expression: str, statistic: str, period: int, **chosen: bool) -> Shown:
        end = lab.now
        start = end - timedelta(hours=hours)
        given = [
            reading.query(name, *_metric(series[name]), statistic, period)
            for name, on in chosen.items()
            if on
        ]
        asked = _Asked(expression.strip(), given, statistic, period, start, end)
        with Recorder(lab) as made:
            answer = asked.of(lab.client("cloudwatch"))
        return replace(_shown(asked, answer), entries=made.entries)

    return Panel("bench", controls, draw, height=TOP + BOTTOM + 190, also=start_from("expression", examples))


def _check(series: Series) -> None:
    if len(series) > MAX_SERIES:
        raise BadInput(
            len(series),
            f"series are more than the {MAX_SERIES} this panel has room for.",
            "Choose among them.",
        )
    for name in series:
        if name in _TAKEN:
            raise BadInput(name, "is what the panel itself uses.", "Give the series another id.")
        if not re.fullmatch(r"[a-z][a-zA-Z0-9_]*", name):
            raise BadInput(
                name, "is not an id.", "It begins with a small letter; letters, digits and _ follow."
            )


def _metric(given: Sequence[Any]) -> tuple[str, str, Any]:
    namespace, name, *dimensions = given
    return namespace, name, dimensions[0] if dimensions else None


# -- asking --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Answer:
    series: Sequence[Result]
    result: Sequence[Result]
    refused: Exception | None = None


@dataclass(frozen=True)
class _Asked:
    expression: str
    series: Sequence[Mapping[str, Any]]
    statistic: str
    period: int
    start: datetime
    end: datetime

    @property
    def ids(self) -> list[str]:
        return [str(query["Id"]) for query in self.series]

    def of(self, client: Any) -> _Answer:
        """The answer; when the expression is refused, that of the series alone."""
        refused: Exception | None = None
        if self.expression:
            own = {"Id": ID, "Expression": self.expression, "Period": self.period}
            try:
                found = reading.results(client, [*self.series, own], self.start, self.end)
                return _Answer([r for r in found if r.id != ID], [r for r in found if r.id == ID])
            except _REFUSALS as error:
                refused = error
        found = reading.results(client, self.series, self.start, self.end) if self.series else []
        return _Answer(found, [], refused)


# -- showing -------------------------------------------------------------------------------------------------------


def _shown(asked: _Asked, answer: _Answer) -> Shown:
    start_ms, end_ms = to_ms(asked.start), to_ms(asked.end)

    def plot(
        found: Sequence[Result], names: Sequence[str], y_title: str, height: int, empty: str, first: int = 0
    ) -> Any:
        frames = [r.points.assign(series=name) for r, name in zip(found, names, strict=True) if len(r.points)]
        return lines(
            pd.concat(frames, ignore_index=True)
            if frames
            else pd.DataFrame({"t": [], "value": [], "series": []}),
            name=y_title,
            y_title=y_title,
            period_s=asked.period,
            start_ms=start_ms,
            end_ms=end_ms + round((end_ms - start_ms) * 0.04),
            now_ms=end_ms,
            empty=empty,
            height=height,
            first=first,
        )

    names = _names(answer.result)
    empty = "refused" if answer.refused else "no datapoints" if asked.expression else "write an expression"
    top = plot(answer.series, asked.ids, asked.statistic, TOP, "no series")
    below = plot(answer.result[:MAX_DRAWN], names[:MAX_DRAWN], ID, BOTTOM, empty, first=len(asked.ids))
    summary = (
        f"{', '.join(asked.ids) or 'No series'} above, the result below; one datapoint per {span(asked.period)}, "
        f"from {clock(asked.start)} to {clock(asked.end)}."
    )
    picture = stack([top, below], title=_title(asked, answer), summary=summary, own=("y_name",))
    picture = replace(picture, table=_table([*answer.series, *answer.result], [*asked.ids, *names]))
    return Shown(picture, _why(asked, answer), note=_note(asked, answer))


def _names(found: Sequence[Result]) -> list[str]:
    """What the lines of a result are called: their labels, numbered where two are alike."""
    labels = [r.label or ID for r in found]
    return [label if labels.count(label) == 1 else f"{label} ({n})" for n, label in enumerate(labels, 1)]


def _title(asked: _Asked, answer: _Answer) -> str:
    if answer.refused:
        return "Refused: " + shorten(_message(answer.refused), 80)
    if not asked.expression:
        return "No expression yet"
    points = sum(len(r.points) for r in answer.result)
    many = f" in {counted(len(answer.result), 'series', 'series')}" if len(answer.result) != 1 else ""
    return f"{shorten(asked.expression, 48)}: {counted(points, 'datapoint') if points else 'no datapoints'}{many}"


def _message(error: Exception) -> str:
    """What AWS says, or what the lab says of what it does not have."""
    if isinstance(error, ClientError):
        return str(error.response["Error"].get("Message", ""))
    return str(error)


def _why(asked: _Asked, answer: _Answer) -> str:
    error = answer.refused
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']}: {clean(_message(error))}"
    if error is not None:
        return f"{type(error).__name__}: {clean(_message(error).replace(chr(10), ' '))}"
    if not asked.expression:
        return f"{asked.statistic} of each series by {span(asked.period)}. The box takes metric math, SEARCH or SQL; press Enter."
    told = [m for r in answer.result for m in r.messages]
    if len(answer.result) > MAX_DRAWN:
        told.append(f"The first {MAX_DRAWN} of {len(answer.result)} series are drawn; the numbers have all.")
    if len(answer.result) != 1:
        return " ".join([f"The answer is {counted(len(answer.result), 'series', 'series')}.", *told])
    got = set(answer.result[0].points["t"])
    used = [r for r in answer.series if re.search(rf"\b{r.id}\b", asked.expression)]
    there = [set(r.points["t"]) for r in used]
    every = set().union(got, *there)
    said = [f"{len(got)} of {counted(len(every), 'period')} have a result."]
    if there and (alone := len(got - set.intersection(*there))):
        said.append(f"In {alone} of them a series is missing, and the result is there all the same.")
    if there and (none := len(every - got)):
        said.append(f"In {none} a series has data and there is no result.")
    return " ".join([*said, *told])


def _note(asked: _Asked, answer: _Answer) -> str:
    """The caret under the mistake, as the lab's notes have it; on AWS itself there are none."""
    notes = getattr(answer.refused, "__notes__", ()) if answer.refused else ()
    return "\n".join(within(note) for note in notes)


def within(note: str) -> str:
    """A note on lines that can be seen whole: the expression cut around its caret, what is said of it below."""
    lines = [clean(line) for line in note.splitlines()]
    found = re.fullmatch(r"( *)\^ ?(.*)", lines[1]) if len(lines) == 2 else None
    if found is None:
        return "\n".join(lines)
    line, column = lines[0], len(found[1])
    if len(line) > COLUMNS:
        left = max(0, min(column - COLUMNS // 2, len(line) - COLUMNS))
        piece = line[left : left + COLUMNS]
        if left:
            piece = "…" + piece[1:]
        if left + COLUMNS < len(line):
            piece = piece[:-1] + "…"
        line, column = piece, column - left
    return f"{line}\n{' ' * column}^\n{found[2]}"


def _table(found: Sequence[Result], names: Sequence[str]) -> pd.DataFrame:
    """A row a period, a column a series: what is missing stays empty."""
    columns = [
        pd.Series(r.points["value"].to_numpy(), index=r.points["t"].to_numpy(), name=name)
        for r, name in zip(found, names, strict=True)
    ]
    wide = pd.concat(columns, axis=1).sort_index() if columns else pd.DataFrame()
    wide.insert(0, "time (UTC)", [to_datetime(int(t)) for t in wide.index])
    return wide.reset_index(drop=True)
