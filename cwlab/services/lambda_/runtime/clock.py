"""``time`` and ``datetime`` as an invocation sees them: its own virtual time, UTC, and sleeps that cost nothing real."""

from __future__ import annotations

import datetime as dt
import time as real_time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from cwlab.timeline import to_datetime


class Clock:
    """One invocation's time.

    Args:
        start_ms: the world's instant at which it began.
        elapsed_us: microseconds since.
        wait: lets microseconds pass.
    """

    def __init__(self, start_ms: int, elapsed_us: Callable[[], int], wait: Callable[[int], None]) -> None:
        self.start_ms = start_ms
        self.elapsed_us = elapsed_us
        self.wait = wait

    def now_us(self) -> int:
        return self.start_ms * 1000 + self.elapsed_us()

    def now_ms(self) -> int:
        return self.now_us() // 1000

    def now(self) -> dt.datetime:
        return to_datetime(self.now_us() / 1000)


def time_module(clock: Clock) -> ModuleType:
    """The module ``time``."""
    made = ModuleType("time")
    made.__dict__["struct_time"] = real_time.struct_time

    def sleep(secs: float) -> None:
        if secs < 0:
            raise ValueError("sleep length must be non-negative")
        clock.wait(round(min(secs, 1e9) * 1_000_000))

    def split(secs: float | None = None) -> real_time.struct_time:
        at = clock.now() if secs is None else to_datetime(secs * 1000)
        return at.utctimetuple()

    def strftime(format: str, t: Any = None) -> str:
        return real_time.strftime(format, split() if t is None else t)  # noqa: TID251 (of a given instant)

    def strptime(string: str, format: str = "%a %b %d %H:%M:%S %Y") -> real_time.struct_time:
        return real_time.strptime(string, format)

    def asctime(t: Any = None) -> str:
        return real_time.asctime(split() if t is None else t)

    def mktime(t: Any) -> float:
        import calendar

        return float(calendar.timegm(t))

    made.__dict__.update(
        time=lambda: clock.now_us() / 1e6,
        time_ns=lambda: clock.now_us() * 1000,
        monotonic=lambda: clock.now_us() / 1e6,
        monotonic_ns=lambda: clock.now_us() * 1000,
        perf_counter=lambda: clock.elapsed_us() / 1e6,
        perf_counter_ns=lambda: clock.elapsed_us() * 1000,
        process_time=lambda: clock.elapsed_us() / 1e6,
        process_time_ns=lambda: clock.elapsed_us() * 1000,
        sleep=sleep,
        gmtime=split,
        localtime=split,
        strftime=strftime,
        strptime=strptime,
        asctime=asctime,
        ctime=lambda secs=None: asctime(split(secs)),
        mktime=mktime,
        timezone=0,
        altzone=0,
        daylight=0,
        tzname=("UTC", "UTC"),
    )
    return made


def datetime_module(clock: Clock) -> ModuleType:
    """The module ``datetime``: its classes are Python's, save that they know another now."""

    class _LikeDate(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, dt.date)

    class _LikeDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, dt.datetime)

    class date(dt.date, metaclass=_LikeDate):  # noqa: N801 (Python's own name for it)
        @classmethod
        def today(cls) -> Any:
            at = clock.now()
            return cls(at.year, at.month, at.day)

    class datetime(dt.datetime, metaclass=_LikeDatetime):  # noqa: N801
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            at = clock.now()
            if tz is not None:
                at = at.astimezone(tz)
            return cls(
                at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tz, fold=at.fold
            )

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now()

        @classmethod
        def today(cls) -> Any:
            return cls.now()

        @classmethod
        def fromtimestamp(cls, timestamp: float, tz: dt.tzinfo | None = None) -> Any:
            """Without a zone Python takes the machine's; a function's machine is at UTC."""
            if tz is not None:
                return super().fromtimestamp(timestamp, tz)
            return super().fromtimestamp(timestamp, dt.UTC).replace(tzinfo=None)

        @classmethod
        def strptime(cls, date_string: str, format: str) -> Any:
            """Called from here: Python's own imports a module of its own, in the name of whoever calls it."""
            return super().strptime(date_string, format)

        def timestamp(self) -> float:
            at = self if self.tzinfo is not None else self.replace(tzinfo=dt.UTC)
            return dt.datetime.timestamp(at)

        def astimezone(self, tz: dt.tzinfo | None = None) -> Any:
            at = self if self.tzinfo is not None else self.replace(tzinfo=dt.UTC)
            return dt.datetime.astimezone(at, tz or dt.UTC)

    for cls in (date, datetime):
        cls.__module__, cls.__qualname__ = "datetime", cls.__name__
    made = ModuleType("datetime")
    made.__dict__.update(dt.__dict__)
    made.__dict__.update(date=date, datetime=datetime)
    return made


def plain(value: Any) -> Any:
    """The same value with every instant as Python's own datetime: what leaves an invocation remembers nothing of it.

    An instant without a zone is UTC, as everywhere on a function's machine.
    """
    if isinstance(value, dt.datetime):
        return dt.datetime(
            value.year,
            value.month,
            value.day,
            value.hour,
            value.minute,
            value.second,
            value.microsecond,
            value.tzinfo or dt.UTC,
            fold=value.fold,
        )
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
