"""A Logs Insights query from the text to a table, as ``lab.query`` and the cell magic ``%%insights`` give it.

The magic is there after ``%load_ext cwlab.query``::

    %%insights /shop/web --last 3h
    filter status >= 500
    | stats count(*) by bin(5m)

``open_lab`` loads it by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cwlab.errors import BadInput
from cwlab.prices import scan_usd
from cwlab.timeline import HOUR, SECOND, to_ms

if TYPE_CHECKING:
    from pandas import DataFrame

    from cwlab.lab import Lab
    from cwlab.services.logs.insights.compile import Compiled

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", re.ASCII)
_SPAN = re.compile(r"(\d+)([smhdw])")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def query(
    lab: Lab,
    groups: str | Iterable[str] | None,
    text: str,
    *,
    start: str | datetime | None = None,
    end: str | datetime | None = None,
    limit: int | None = None,
    region: str | None = None,
    account: str | None = None,
) -> DataFrame:
    """Run a query as a client does: start it, ask until it is complete (about a virtual second), take every page.

    Columns stand in the query's order; a field that no row has is an empty one. Columns that hold only numbers, or only
    times, become numbers and times (UTC). ``frame.attrs`` has ``statistics``, ``query_id`` and
    ``price_usd``: what the scan would cost, by ``cwlab.prices``.

    Args:
        groups: a log group's name or ARN, or several; None where the text begins with SOURCE.
        text: the query.
        start, end: instants, both included; the last hour when left out.
        limit: the most rows; 10,000 when neither this nor the query says.
        region: the groups' Region.
        account: who asks; the lab's own account unless told.

    Raises:
        BadInput: the query did not complete.
        ClientError: what StartQuery answers, with a caret under the mistake.
    """
    import pandas as pd

    now_ms = to_ms(lab.now)
    end_ms = now_ms if end is None else to_ms(end)
    start_ms = end_ms - HOUR if start is None else to_ms(start)
    logs = lab.client("logs", region=region, account=account)
    request: dict[str, Any] = _named(groups) | {
        "startTime": start_ms // SECOND,
        "endTime": -(-end_ms // SECOND),
        "queryString": text,
    }
    if limit is not None:
        request["limit"] = limit
    query_id = logs.start_query(**request)["queryId"]
    answer = logs.get_query_results(queryId=query_id)
    while answer["status"] in ("Scheduled", "Running"):
        lab.wait(1)
        answer = logs.get_query_results(queryId=query_id)
    if answer["status"] != "Complete":
        raise BadInput(
            query_id, f"ended as {answer['status']}.", "See lab.client('logs').describe_queries()."
        )
    statistics, rows = answer["statistics"], answer["results"]
    while "nextToken" in answer:
        answer = logs.get_query_results(queryId=query_id, nextToken=answer["nextToken"])
        rows = rows + answer["results"]
    maps = [{cell["field"]: cell["value"] for cell in row} for row in rows]
    frame = pd.DataFrame({name: _column([each.get(name) for each in maps]) for name in _names(text, maps)})
    price = scan_usd(statistics["bytesScanned"], region or lab.region)
    frame.attrs |= {"statistics": statistics, "query_id": query_id, "price_usd": price}
    return frame


def _named(groups: str | Iterable[str] | None) -> dict[str, list[str]]:
    """The groups as a request names them: nothing, names, or names and ARNs."""
    names = [groups] if isinstance(groups, str) else list(groups or ())
    if any(name.startswith("arn:") for name in names):
        return {"logGroupIdentifiers": names}
    return {"logGroupNames": names} if names else {}


def _names(text: str, rows: list[dict[str, str]]) -> list[str]:
    """The columns of an answer: the query's in its order, and what rows have beside them (``@ptr``)."""
    asked = _asked(text)
    more = {name for row in rows for name in row}.difference(asked)
    return [*asked, *sorted(more)]


@lru_cache(maxsize=64)
def _asked(text: str) -> tuple[str, ...]:
    """The columns a query asks for, whether rows have them or not."""
    from cwlab.services.logs.insights import nodes
    from cwlab.services.logs.insights.parse import parse

    if isinstance(parse(text).commands[-1], nodes.Estimate):
        return ()  # its rows are not run
    return tuple(column.name for column in _plan(text, 0).columns)


def _plan(text: str, now_ms: int) -> Compiled:
    """A query compiled, however many ``stats`` it has: whether it may have them is a setting of the lab."""
    from cwlab.services.logs.insights.compile import compiled
    from cwlab.services.logs.insights.parse import parse

    query = parse(text)
    return compiled(query, now_ms, most_stats=len(query.commands))


def _column(values: list[str | None]) -> Any:
    """Values as numbers or times where all are."""
    import pandas as pd

    present = [value for value in values if value is not None]
    if present and all(_NUMBER.fullmatch(value) for value in present):
        return pd.to_numeric(pd.Series(values, dtype=object))
    if present and all(_TIME.fullmatch(value) for value in present):
        return pd.to_datetime(pd.Series(values, dtype=object), utc=True)
    return pd.Series(values, dtype=object)


def sql(text: str, now: str | datetime = "2026-03-02T09:00:00Z") -> str:
    """The SQL statement a query becomes, for DuckDB, over a table ``events`` (ts, ingested, place, stream, log, message,
    kind, json). What a subquery, a join or diff reads beside them are events2, …, of the same columns; a lookup table is table1.

    Args:
        text: the query.
        now: what ``now()`` is.

    >>> print(sql("filter @message like 'x' | stats count(*)").splitlines()[0])
    WITH step1 AS (
    """
    return _plan(text, to_ms(now)).sql


#: How the documentation spells them; any case will do.
_SPELLED = """
decToHex endsWith filterIndex formatDate fromMillis hexToAscii hexToDec ipv4ToNumber isIpInSubnet
isIpv4InSubnet isIpv6InSubnet isNumeric isPrivateIP isPublicIP isReservedIP isValidIp isValidIpV4 isValidIpV6
jsonArrayContains jsonArraySize jsonParse jsonStringify messageSize parseDate queryEndTime queryStartTime
queryTimeRange regexReplace SOURCE sortsFirst sortsLast startsWith toDouble toInt toLong toMillis toNumber
"""


class Vocabulary(NamedTuple):
    """The words of the language, each in order, as the documentation spells them."""

    commands: tuple[str, ...]
    functions: tuple[str, ...]
    others: tuple[str, ...]


def vocabulary() -> Vocabulary:
    """The words that can stand in a query, from its grammar and its functions.

    >>> "stats" in vocabulary().commands, "count_distinct" in vocabulary().functions, "by" in vocabulary().others
    (True, True, True)
    """
    from cwlab.services.logs.insights.expressions import AGGREGATES
    from cwlab.services.logs.insights.functions import FUNCTIONS
    from cwlab.services.logs.insights.parse import commands, keywords

    first = commands()
    functions = {*AGGREGATES, *FUNCTIONS, "bin", "datefloor", "dateceil", "now"}
    known = {word.lower(): word for word in _SPELLED.split()}
    spelled = [
        sorted(known.get(word, word) for word in words) for words in (first, functions, keywords() - first)
    ]
    return Vocabulary(*map(tuple, spelled))


class Grouping(NamedTuple):
    """What the last ``stats`` of a query groups by and computes: names of columns, and which of them are times."""

    keys: tuple[str, ...]
    times: tuple[str, ...]
    values: tuple[str, ...]


def grouping(text: str) -> Grouping | None:
    """What a query's rows stand for; None where they are events.

    Raises:
        AwsError: MalformedQueryException, when the query cannot be read.

    >>> grouping("stats count(*) as n by bin(5m), status")
    Grouping(keys=('bin(5m)', 'status'), times=('bin(5m)',), values=('n',))
    """
    from cwlab.services.logs.insights import nodes
    from cwlab.services.logs.insights.parse import parse

    found = [command for command in parse(text).commands if isinstance(command, nodes.Stats)]
    if not found:
        return None
    keys = found[-1].keys
    rounds = ("bin", "datefloor", "dateceil")
    times = [
        key.name for key in keys if isinstance(key.expression, nodes.Call) and key.expression.name in rounds
    ]
    return Grouping(
        tuple(key.name for key in keys), tuple(times), tuple(value.name for value in found[-1].values)
    )


def load_ipython_extension(shell: Any) -> None:
    """Add the cell magic ``%%insights``."""

    def insights(line: str, cell: str) -> DataFrame:
        """%%insights GROUP [GROUP …] [--last 3h] [--lab NAME]   then the query; the lab is the variable ``lab`` unless named."""
        words = line.split()
        given = _option(words, "--last", "1h")
        found = _SPAN.fullmatch(given)
        if found is None:
            raise BadInput(given, "is no span of time.", "Write --last 30m, 3h, 2d.")
        span = int(found[1]) * _UNIT[found[2]]
        lab = shell.user_ns.get(_option(words, "--lab", "lab"))
        chooses = cell.lstrip().lower().startswith("source")  # its groups by itself
        if not hasattr(lab, "query") or not (words or chooses):
            raise BadInput(
                line,
                "names no log group, or there is no lab.",
                "Write %%insights /my/group, with lab = Lab().",
            )
        from cwlab.timeline import to_datetime

        return query(lab, words, cell, start=to_datetime(to_ms(lab.now) - span * SECOND))

    shell.register_magic_function(insights, "cell", "insights")


def _option(words: list[str], name: str, otherwise: str) -> str:
    """What follows a name in a line of words; both are taken out."""
    if name not in words:
        return otherwise
    at = words.index(name)
    given = words[at + 1] if at + 1 < len(words) else ""
    del words[at : at + 2]
    return given
