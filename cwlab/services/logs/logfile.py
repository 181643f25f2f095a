"""Your own data: a log file, as it lies on a machine. Plain or gzip, lines ending in LF or CRLF.

A line with a time begins an event; lines without one belong to the event before (a stack trace stays whole). Nothing is
stored unless the whole file can be read.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from cwlab.errors import BadFile, BadInput
from cwlab.progress import bar
from cwlab.services.logs.ingest import MAX_BATCH_BYTES, OVERHEAD, utf8
from cwlab.services.logs.timeformats import LOOKED_AT, Format, Moment, NoSuchTime, custom, detect
from cwlab.timeline import DAY, iso, to_datetime, to_ms

LONGEST = MAX_BATCH_BYTES - OVERHEAD  # bytes of one event
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEARS_BACK = 8  # far enough for a 29th of February


@dataclass(frozen=True)
class LoadedLog:
    """What ``lab.load_logs`` made of a file.

    Args:
        events: how many events, ``ahead`` of which arrive as the clock reaches them.
        first, last: their times in the lab.
        time_format: how the file writes the time.
        year: the year given to the first line of a file that leaves it out; else None.
    """

    group: str
    stream: str
    events: int
    ahead: int
    first: datetime
    last: datetime
    time_format: str
    year: int | None

    def __repr__(self) -> str:
        said = [
            f"{self.events:,} events in {self.group}, stream {self.stream}: {iso(to_ms(self.first))} to {iso(to_ms(self.last))}",
            f"Times as in {self.time_format}."
            + (
                ""
                if self.year is None
                else f" The first line is taken as of {self.year}; year=… changes that."
            ),
        ]
        if self.ahead:
            said.append(f"{self.ahead:,} of them arrive as the clock reaches them.")
        return "\n".join(said)


def load(
    lab: Any,
    path: str | os.PathLike[str],
    *,
    group: str,
    stream: str,
    replay: bool = False,
    time_format: str | None = None,
    year: int | None = None,
    encoding: str = "utf-8",
) -> LoadedLog:
    """Read a file and give its events to a stream of the lab, which is made if missing. See ``Lab.load_logs``.

    Raises:
        BadFile: names file, line, value, rule and remedy; nothing was stored.
        BadInput: the time format, year or encoding cannot be used.
    """
    form = None if time_format is None else custom(time_format)
    now_ms = to_ms(lab.now)
    found = read(path, form=form, year=year, now_ms=now_ms, encoding=encoding)
    stamps, messages = found.stamps, found.messages
    if replay:
        shift = now_ms - min(stamps)
        stamps = [stamp + shift for stamp in stamps]
    _make(lab, group, stream)
    past = [n for n, stamp in enumerate(stamps) if stamp <= now_ms and not replay]
    ahead = list(range(len(stamps))) if replay else [n for n, stamp in enumerate(stamps) if stamp > now_ms]
    for verb, rows in (("load", past), ("replay", ahead)):
        if rows:
            lab.act("logs", verb, group=group, stream=stream,
                    stamps=[stamps[n] for n in rows], messages=[messages[n] for n in rows])  # fmt: skip
    first, last = to_datetime(min(stamps)), to_datetime(max(stamps))
    return LoadedLog(group, stream, len(stamps), len(ahead), first, last, found.time_format, found.year)


def _make(lab: Any, group: str, stream: str) -> None:
    logs = lab.client("logs")
    for make in (
        lambda: logs.create_log_group(logGroupName=group),
        lambda: logs.create_log_stream(logGroupName=group, logStreamName=stream),
    ):
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            make()


@dataclass(frozen=True)
class Read:
    """A file's events: times in ms, in the file's order, and texts."""

    stamps: list[int]
    messages: list[str]
    time_format: str
    year: int | None


def read(
    path: str | os.PathLike[str],
    *,
    form: Format | None = None,
    year: int | None = None,
    now_ms: int,
    encoding: str = "utf-8",
) -> Read:
    """The events of a file.

    Args:
        form: how it writes the time; found by itself when None.
        year: of the first line, where the file leaves it out; by default the latest with which no line lies ahead.
        now_ms: the lab's now.

    Raises:
        BadFile: a line cannot be read, or there is none.
    """
    size = max(_size(path), 1)
    with _opened(path) as raw, bar(lambda: min(raw.tell() / size, 1.0)) as step:
        lines = _lines(path, raw, encoding)
        head = list(islice(lines, LOOKED_AT))
        if not any(text.strip() for _, text in head):
            raise BadFile(path, None, "no lines", "there is nothing in the file.", "Add lines of log.")
        form = form or detect(text for _, text in head)
        if form is None or not any(form.fits(text) for _, text in head):
            number, text = next((n, t) for n, t in head if t.strip())
            rule = "has no time." if form is None else f"has no time in this format ({form.name})."
            raise BadFile(path, number, text[:80], rule,
                          'Say how times are written, as time_format="%d.%m.%Y %H:%M:%S".')  # fmt: skip
        moments, numbers, texts = _events(path, chain(head, lines), form, step)
    stamps, chosen = _dated(path, moments, numbers, year, now_ms)
    return Read(stamps, texts, form.name, chosen if form.yearless else None)


def _events(
    path: object, lines: Iterator[tuple[int, str]], form: Format, step: Any
) -> tuple[list[Moment], list[int], list[str]]:
    """Moments, line numbers and texts; continuation lines are part of the text before."""
    moments: list[Moment | None] = []
    numbers: list[int] = []
    texts: list[list[str]] = []
    length = 0
    for number, text in lines:
        step(number)
        if not text.strip():
            continue
        try:
            moment = form.find(text)
        except NoSuchTime:
            raise BadFile(
                path,
                number,
                text[:40],
                "begins with a time that does not exist.",
                "Mend the line, or leave it out.",
            ) from None
        if moment is None and moments and moments[-1] is not None:
            texts[-1].append(text)
            length += len(text) + 1
            if length > LONGEST:  # before the memory is full of it
                raise _too_long(path, numbers[-1], length)
            continue
        moments.append(moment)
        numbers.append(number)
        texts.append([text])
        length = len(text)
    joined = ["\n".join(parts) for parts in texts]
    for number, message in zip(numbers, joined, strict=True):
        if len(message) * 4 > LONGEST and (length := len(utf8(message))) > LONGEST:
            raise _too_long(path, number, length)
    first = next(moment for moment in moments if moment is not None)
    return [moment or first for moment in moments], numbers, joined


def _too_long(path: object, line: int, length: int) -> BadFile:
    rule = f"an event, the lines that go on with it included, has at most {LONGEST:,}."
    return BadFile(path, line, f"{length:,} bytes and more", rule, "Cut it in pieces, or say time_format=….")


def _dated(
    path: object, moments: list[Moment], numbers: list[int], year: int | None, now_ms: int
) -> tuple[list[int], int | None]:
    """Stamps of moments; where the year is left out, it goes up when December turns to January."""
    if moments[0].day[0] is not None:
        known = {day: (date(day[0] or 1, day[1], day[2]).toordinal() - _EPOCH_DAY) * DAY
                 for day in {moment.day for moment in moments}}  # fmt: skip
        return [known[moment.day] + moment.ms for moment in moments], None
    if year is not None and (isinstance(year, bool) or not isinstance(year, int) or not 1970 <= year <= 9000):
        raise BadInput(year, "is not a year.", "Give it as year=2025.")
    later, before = [], moments[0].day[1]
    turns = 0
    for moment in moments:
        month = moment.day[1]
        if abs(month - before) > 6:
            turns += 1 if month < before else -1
        before = month
        later.append((turns, month, moment.day[2]))
    newest = to_datetime(now_ms).year
    tried = [year] if year is not None else [newest - back for back in range(_YEARS_BACK + max(later)[0] + 1)]
    for first in tried:
        try:
            days = {d: (date(first + d[0], d[1], d[2]).toordinal() - _EPOCH_DAY) * DAY for d in set(later)}
        except ValueError:
            continue
        stamps = [days[d] + moment.ms for d, moment in zip(later, moments, strict=True)]
        if year is not None or max(stamps) <= now_ms:
            return stamps, first
    leap = next(n for n, moment in zip(numbers, moments, strict=True) if moment.day[1:] == (2, 29))
    raise BadFile(path, leap, "Feb 29", f"is no day of {tried[0]}.", "Give a leap year, as year=2024.")


# -- lines ---------------------------------------------------------------------------------------------------------
def _size(path: str | os.PathLike[str]) -> int:
    try:
        return Path(path).stat().st_size
    except OSError as problem:
        raise BadFile(
            path, None, os.fspath(path), f"cannot be opened: {problem.strerror}.", "Check the path."
        ) from None


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    try:
        file = Path(path).open("rb")  # noqa: SIM115  (closed below; a `with` here would also catch what reading raises)
    except OSError as problem:
        raise BadFile(
            path, None, os.fspath(path), f"cannot be opened: {problem.strerror}.", "Give the path of a file."
        ) from None
    with file:
        yield file


def _lines(path: object, raw: BinaryIO, encoding: str) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends. Only LF ends a line: a lone CR is part of it."""
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    plain: Any = gzip.GzipFile(fileobj=raw) if packed else raw
    try:
        file = TextIOWrapper(plain, encoding="utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding,
                             newline="\n")  # fmt: skip
    except LookupError:
        raise BadInput(
            encoding, "is no encoding Python knows.", 'Give encoding="utf-8" or "latin-1".'
        ) from None
    number = 0
    try:
        while text := file.readline(LONGEST + 1):
            number += 1
            if len(text) > LONGEST:
                raise BadFile(
                    path, number, f"{text[:40]}…", f"is longer than {LONGEST:,} bytes.", "Cut the line."
                )
            yield number, text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
    except UnicodeDecodeError as problem:
        broken = problem.object[problem.start : problem.start + 8]
        line = number + 1 + bytes(problem.object[: problem.start]).count(b"\n")
        raise BadFile(path, line, broken, f"is not {encoding} text.",
                      'Say what it is, as encoding="latin-1".') from None  # fmt: skip
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise BadFile(path, number + 1, str(problem), "the gzip file is torn: it can be read up to here.",
                      "Fetch it again, or load what is whole: gzip -dc FILE > part.log") from None  # fmt: skip
    finally:
        with suppress(ValueError):
            file.detach()  # the file is closed by who opened it
