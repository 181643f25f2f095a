"""A slow evaluator of queries over plain dictionaries, written from the rules and not from the compiler.

A query is a list of commands and a command a tuple: ``("filter", expression)``. An expression is a tuple, too:

    ("num", "2.5") ("text", "x") ("word", "true") ("field", "b.c") ("made", "count(*)")    made: by the text that made it
    ("neg", e) ("not", e) ("op", sign, e, e) ("like", e, part, negated) ("match", e, regex, negated)
    ("in", e, [e, ...], negated) ("call", name, e, ...) ("floor", e, count, unit) ("ceil", e, count, unit)
    ("bin", count, unit) ("agg", name, e or None, percentile or None)

``text.py`` writes them as text. Values are None (absent), str, float, bool, and ``Time`` (ms).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.services.logs.insights.text import constant, label, shown_as

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?", re.ASCII)
SPANS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
MOST = {"ms": 1000, "s": 60, "m": 60, "h": 24}
MONTHS = {"mo": 1, "q": 3, "y": 12}
MONDAY = 4 * 86_400_000  # the first one after 1970 began
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "^": math.pow,
}
Row = dict[Any, Any]
Expr = tuple[Any, ...]


class Time(int):
    """An instant, ms since 1970."""


class Event(Row):
    """A row that is an event still. Its keys are the names a query gave; the rest is in attributes."""

    def __init__(self, ts: int, place: int, stream: str, log: str, message: str, discovered: Any) -> None:
        super().__init__()
        self.pointer = (log, stream, ts, place)
        self.discovered = discovered  # a JSON document, or the fields of a line
        self.system = {"@timestamp": Time(ts), "@message": message, "@logStream": stream, "@log": log}
        self.time = Time(ts)

    def order(self) -> tuple[int, int]:
        return (-self.pointer[2], self.pointer[3])

    def copy(self) -> Event:
        made = Event.__new__(Event)
        dict.__init__(made, self)
        made.__dict__.update(self.__dict__)
        return made


# -- values ----------------------------------------------------------------------------------------------------------
def number(value: Any) -> float | None:
    """As a number."""
    if isinstance(value, bool | float | Time):
        return float(value)
    looks = NUMBER.fullmatch(value) if isinstance(value, str) else None
    if looks is None:
        return None
    digits, exponent = looks[1].partition(".")[0], int(looks[2] or 0)
    return float(value) if len(digits) <= 100 and exponent < 200 else None  # longer ones are text


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def text(value: Any) -> str | None:
    """As text, the way it is shown."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Time):
        return (EPOCH + timedelta(milliseconds=int(value))).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if isinstance(value, float):
        return repr(value + 0.0).removesuffix(".0")
    return value if isinstance(value, str) else None


def instant(value: Any) -> Time | None:
    """As an instant; the calendar has the years 1 to 9999."""
    ms = value if isinstance(value, Time) else number(value)
    return Time(math.floor(ms)) if ms is not None and FIRST <= ms <= LAST else None


def holds(value: Any) -> bool:
    """As a condition."""
    if isinstance(value, Time):
        return True
    return value == "true" or bool(number(value))


def compare(a: Any, sign: str, b: Any) -> bool:
    x: Any = number(a)
    y: Any = number(b)
    if x is None or y is None:
        x, y = text(a), text(b)
    if x is None or y is None:
        return False
    return {"=": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[sign]


def natural(value: Any) -> tuple[Any, ...]:
    """Numbers after all else; else by runs: digits by length, then value, the rest letter by letter."""
    if isinstance(value, bool | float | Time):
        return (1, float(value), "")
    found = number(value)
    if found is not None:
        return (1, found, value)
    runs = re.findall(r"[0-9]+|[^0-9]+", value)
    return (0, [("0", len(run), run) if run[0] in "0123456789" else (run, 0, "") for run in runs])


def rounded(time: Time, count: int, unit: str, up: bool) -> Time:
    count = min(count, MOST.get(unit, count))
    if unit in MONTHS:
        at = EPOCH + timedelta(milliseconds=int(time))
        months = count * MONTHS[unit]
        index = ((at.year - 1970) * 12 + at.month - 1) // months * months
        low, high = (
            Time((EPOCH.replace(year=1970 + i // 12, month=i % 12 + 1) - EPOCH) // timedelta(milliseconds=1))
            for i in (index, index + months)
        )
    else:
        span, first = count * SPANS[unit], MONDAY if unit == "w" else 0
        low = Time((int(time) - first) // span * span + first)
        high = Time(low + span)
    return low if not up or low == time else high


# -- expressions -----------------------------------------------------------------------------------------------------
def found(row: Row, name: str) -> Any:
    """A field: one the query made, else of the event itself."""
    if name in row or not isinstance(row, Event):
        return row.get(name)
    if name in row.system:
        return row.system[name]
    if name.startswith("@"):
        return leaf(row.discovered.get(name[1:])) if name.startswith("@@") else line_field(row, name)
    value: Any = row.discovered
    for part in name.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = None
    return leaf(value) if leaf(value) is not None else leaf(row.discovered.get(name))


def line_field(row: Event, name: str) -> Any:
    return row.discovered.get((name,))


def leaf(value: Any) -> str | None:
    """A value of a document: numbers as they are written, so the tests hold them as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def value(e: Expr, row: Row, now_ms: int = 0) -> Any:
    kind, *given = e

    def of(part: Expr) -> Any:
        return value(part, row, now_ms)

    if not isinstance(row, Event) and not constant(e) and shown_as(e) in row:
        return row[shown_as(e)]  # what a stats before made of the same text
    match kind:
        case "num":
            return float(given[0])
        case "text":
            return given[0]
        case "word":
            return given[0] == "true"
        case "field" | "made":
            return found(row, given[0])
        case "neg":
            x = number(of(given[0]))
            return None if x is None else -x
        case "not":
            return not holds(of(given[0]))
        case "op":
            return operation(given[0], given[1], given[2], of)
        case "like":
            whole = text(of(given[0]))
            return (whole is not None and given[1] in whole) != given[2]
        case "match":
            whole = text(of(given[0]))
            return (whole is not None and re.search(given[1], whole) is not None) != given[2]
        case "in":
            return any(operation("=", given[0], item, of) for item in given[1]) != given[2]
        case "call":
            return call(given[0], [of(part) for part in given[1:]], now_ms)
        case "bin":
            return rounded(row.time, given[0], given[1], False)
        case "floor" | "ceil":
            at = instant(of(given[0]))
            return None if at is None else rounded(at, given[1], given[2], kind == "ceil")
    raise AssertionError(e)


def operation(sign: str, left: Expr, right: Expr, of: Callable[[Expr], Any]) -> Any:
    if sign in ("and", "or"):
        a, b = holds(of(left)), holds(of(right))
        return a and b if sign == "and" else a or b
    if sign in ("=", "!="):
        for field, other in ((left, right), (right, left)):
            seen = of(field)
            if not constant(field) and isinstance(seen, str) and constant(other):
                word = {"1": "true", "0": "false"}.get(str(text(of(other))))
                if word is not None:  # JSON's true is 1
                    same = seen == word or number(seen) == number(of(other))
                    return same == (sign == "=")
    if sign in ("=", "!=", "<", "<=", ">", ">="):
        return compare(of(left), sign, of(right))
    x, y = number(of(left)), number(of(right))
    if x is None or y is None or (sign in "/%" and y == 0):
        return None
    try:
        return finite(ARITHMETIC[sign](x, y))
    except (OverflowError, ValueError, ZeroDivisionError):
        return None


def call(name: str, given: list[Any], now_ms: int) -> Any:
    if name == "now":
        return float(now_ms // 1000)
    if name == "ispresent":
        return given[0] is not None
    if name == "isempty":
        return float(text(given[0]) in (None, ""))
    if name == "isblank":
        return float(not (text(given[0]) or "").strip())
    if name == "coalesce":
        there = [each for each in given if each is not None]
        return there[0] if there else None
    if None in given:
        return None
    words = [str(text(each)) for each in given]
    if name in TEXTS:
        return TEXTS[name](*words)
    if name == "substr":
        start, *length = (math.floor(n) if (n := number(each)) is not None else -1 for each in given[1:])
        if min([start, *length]) < 0:
            return None
        return words[0][start : start + length[0]] if length else words[0][start:]
    numbers = [number(each) for each in given]
    if name == "tomillis":
        return None if (at := instant(given[0])) is None else float(at)
    if name == "frommillis":
        return instant(given[0])
    if None in numbers:
        return None
    try:
        return finite(NUMBERS[name](*numbers))
    except ValueError:
        return None


TEXTS: dict[str, Callable[..., Any]] = {
    "concat": lambda *parts: "".join(parts),
    "strlen": lambda s: float(len(s)),
    "toupper": str.upper,
    "tolower": str.lower,
    "trim": lambda s, chars=" \t\n\r\f\v": s.strip(chars),
    "ltrim": lambda s, chars=" \t\n\r\f\v": s.lstrip(chars),
    "rtrim": lambda s, chars=" \t\n\r\f\v": s.rstrip(chars),
    "replace": lambda s, old, new: s.replace(old, new) if old else s,
    "strcontains": lambda s, part: float(part in s),
}
NUMBERS: dict[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": lambda x: float(math.ceil(x)),
    "floor": lambda x: float(math.floor(x)),
    "greatest": lambda *xs: max(xs),
    "least": lambda *xs: min(xs),
    "sqrt": math.sqrt,
    "log": math.log,
}


# -- commands --------------------------------------------------------------------------------------------------------
class Run:
    """One query over events.

    ``matched`` are the events that pass the filters, before rows are left out or become groups.
    """

    def __init__(self, events: list[Event], now_ms: int = 0) -> None:
        self.rows: list[Row] = sorted((event.copy() for event in events), key=Event.order)
        self.now_ms = now_ms
        self.shown: list[str] = []
        self.displayed: list[str] | None = None
        self.matched: int | None = None

    def answer(self, commands: list[tuple[Any, ...]]) -> list[dict[str, str]]:
        for name, *given in commands:
            if name in ("limit", "dedup", "stats") and self.matched is None:
                self.matched = len(self.rows)
            getattr(self, name)(*given)
        if self.matched is None:
            self.matched = len(self.rows)
        columns = self.shown if self.displayed is None else self.displayed
        if not columns and all(isinstance(row, Event) for row in self.rows):
            columns = ["@timestamp", "@message"]
        return [
            {name: shown for name in columns if (shown := text(found(row, name))) is not None}
            for row in self.rows
        ]

    def define(self, outputs: list[tuple[Expr, str | None]]) -> list[str]:
        names = []
        for e, alias in outputs:
            name = label(e, alias)
            if e[0] in ("field", "made") and alias is None:
                names.append(name)
                continue
            for row in self.rows:
                row[name] = value(e, row, self.now_ms)
            names.append(name)
        return names

    def fields(self, outputs: list[tuple[Expr, str | None]]) -> None:
        names = self.define(outputs)
        self.shown = list(dict.fromkeys([*self.shown, *names]))

    def display(self, outputs: list[tuple[Expr, str | None]]) -> None:
        self.displayed = list(dict.fromkeys(self.define(outputs)))

    def filter(self, condition: Expr) -> None:
        self.rows = [row for row in self.rows if holds(value(condition, row, self.now_ms))]

    def sort(self, keys: list[tuple[Expr, bool]]) -> None:
        if all(isinstance(row, Event) for row in self.rows):
            self.rows.sort(key=Event.order)  # type: ignore[arg-type]
        for e, down in reversed(keys):  # each sort leaves equal rows as they are
            keyed = [(value(e, row, self.now_ms), row) for row in self.rows]
            there = [pair for pair in keyed if pair[0] is not None]
            there.sort(key=lambda pair: natural(pair[0]), reverse=down)
            self.rows = [row for _, row in there] + [row for v, row in keyed if v is None]

    def limit(self, most: int) -> None:
        self.rows = self.rows[:most]

    def dedup(self, names: list[str]) -> None:
        seen, kept = set(), []
        for row in self.rows:
            key = tuple(text(found(row, name)) for name in names)
            if None in key or key not in seen:
                kept.append(row)
            seen.add(key)
        self.rows = kept

    def parse(self, source: Expr | None, glob: str, aliases: list[str]) -> None:
        for row in self.rows:
            whole = text(found(row, "@message") if source is None else value(source, row, self.now_ms))
            row |= dict.fromkeys(aliases) | (
                {} if whole is None else dict(zip(aliases, parsed(whole, glob), strict=False))
            )

    def extract(self, source: Expr, regex: str) -> None:
        """``parse`` with an expression."""
        names = re.findall(r"\(\?P<(\w+)>", regex)
        for row in self.rows:
            whole = text(value(source, row, self.now_ms))
            hit = None if whole is None else re.search(regex, whole)
            row |= dict.fromkeys(names) if hit is None else {n: hit[n] or "" for n in names}

    def stats(self, values: list[tuple[Expr, str | None]], keys: list[tuple[Expr, str | None]]) -> None:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in self.rows:
            groups.setdefault(tuple(value(e, row, self.now_ms) for e, _ in keys), []).append(row)

        def order(key: tuple[Any, ...]) -> list[Any]:
            """Times the newest first, all else in natural order; what is absent last."""
            return [
                (1,) if part is None else (0, -part) if isinstance(part, Time) else (0, natural(part))
                for part in key
            ]

        names = [label(*output) for output in [*keys, *values]]
        made = []
        for key in sorted(groups, key=order):
            row = dict(zip(names, key, strict=False))
            for e, alias in values:
                row[label(e, alias)] = self.total(e, groups[key], row)
            made.append(row)
        self.rows, self.shown, self.displayed = made, names, None

    def total(self, e: Expr, rows: list[Row], row: Row) -> Any:
        """One value of ``stats``; ``row`` has those before it."""
        if e[0] == "agg":
            _, name, field, percentile = e
            if field is None:
                return float(len(rows))
            pairs = [(value(field, each, self.now_ms), each) for each in rows]
            return aggregate(name, [pair for pair in pairs if pair[0] is not None], percentile)
        if e[0] == "op":
            return operation(e[1], e[2], e[3], lambda part: self.total(part, rows, row))
        return value(e, row, self.now_ms)


def parsed(whole: str, glob: str) -> list[str]:
    """What the stars of a glob stand for; nothing where it does not fit."""
    first, *rest = glob.split("*")
    at = whole.find(first)
    if at < 0:
        return []
    at += len(first)
    made = []
    for n, literal in enumerate(rest):
        end = len(whole) if n == len(rest) - 1 and not literal else whole.find(literal, at)
        if end < 0:
            return []
        made.append(whole[at:end])
        at = end + len(literal)
    return made


def aggregate(name: str, pairs: list[tuple[Any, Row]], percentile: int | None) -> Any:
    values = [each for each, _ in pairs]
    numbers = sorted(n for n in map(number, values) if n is not None)
    match name:
        case "count":
            return float(len(values))
        case "count_distinct":
            return float(len({text(each) for each in values}))
        case "min" | "max":
            pick = min if name == "min" else max
            if values and isinstance(values[0], Time):
                return pick(values)
            return pick(numbers) if numbers else pick(map(str, values), default=None)
        case "earliest" | "latest":
            ordered = sorted(pairs, key=lambda pair: (pair[1].pointer[2], pair[1].pointer[3]))
            return ordered[0 if name == "earliest" else -1][0] if pairs else None
        case "sortsFirst" | "sortsLast":
            pick = min if name == "sortsFirst" else max
            return pick(values, key=natural) if values else None
    if not numbers:
        return None
    mean = math.fsum(numbers) / len(numbers)
    match name:
        case "sum":
            return math.fsum(numbers)
        case "avg":
            return mean
        case "stddev":
            return math.sqrt(math.fsum((n - mean) ** 2 for n in numbers) / len(numbers))
        case "pct":
            rank = math.ceil(Fraction(percentile or 0, 100) * len(numbers))
            return numbers[max(rank, 1) - 1]
    raise AssertionError(name)
