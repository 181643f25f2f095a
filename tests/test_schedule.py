"""rate and cron: examples of the guide, and a slow checker that looks at one minute after the other."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab.schedule import BadSchedule, parse
from cwlab.timeline import DAY, MINUTE, to_datetime, to_ms

START = "2026-03-02T09:00:00Z"  # a Monday

# expression | the next four runs after START
# Source of the first eight: EventBridge User Guide, "Cron expressions", the table of examples.
NEXT = """
cron(0 10 * * ? *)            | 2026-03-02 10:00, 2026-03-03 10:00, 2026-03-04 10:00, 2026-03-05 10:00
cron(15 12 * * ? *)           | 2026-03-02 12:15, 2026-03-03 12:15, 2026-03-04 12:15, 2026-03-05 12:15
cron(0 18 ? * MON-FRI *)      | 2026-03-02 18:00, 2026-03-03 18:00, 2026-03-04 18:00, 2026-03-05 18:00
cron(0 8 1 * ? *)             | 2026-04-01 08:00, 2026-05-01 08:00, 2026-06-01 08:00, 2026-07-01 08:00
cron(0/15 * * * ? *)          | 2026-03-02 09:15, 2026-03-02 09:30, 2026-03-02 09:45, 2026-03-02 10:00
cron(0/10 * ? * MON-FRI *)    | 2026-03-02 09:10, 2026-03-02 09:20, 2026-03-02 09:30, 2026-03-02 09:40
cron(0/5 8-17 ? * MON-FRI *)  | 2026-03-02 09:05, 2026-03-02 09:10, 2026-03-02 09:15, 2026-03-02 09:20
cron(0/30 20-2 ? * MON-FRI *) | 2026-03-02 20:00, 2026-03-02 20:30, 2026-03-02 21:00, 2026-03-02 21:30
cron(0 10 ? * 6L 2027-2028)   | 2027-01-29 10:00, 2027-02-26 10:00, 2027-03-26 10:00, 2027-04-30 10:00
cron(0 8 L * ? *)             | 2026-03-31 08:00, 2026-04-30 08:00, 2026-05-31 08:00, 2026-06-30 08:00
cron(0 8 LW * ? *)            | 2026-03-31 08:00, 2026-04-30 08:00, 2026-05-29 08:00, 2026-06-30 08:00
cron(0 8 L-3 * ? *)           | 2026-03-28 08:00, 2026-04-27 08:00, 2026-05-28 08:00, 2026-06-27 08:00
cron(0 8 1W * ? *)            | 2026-04-01 08:00, 2026-05-01 08:00, 2026-06-01 08:00, 2026-07-01 08:00
cron(0 8 1W 8 ? *)            | 2026-08-03 08:00, 2027-08-02 08:00, 2028-08-01 08:00, 2029-08-01 08:00
cron(0 8 31W 5 ? *)           | 2026-05-29 08:00, 2027-05-31 08:00, 2028-05-31 08:00, 2029-05-31 08:00
cron(0 8 ? * 3#2 *)           | 2026-03-10 08:00, 2026-04-14 08:00, 2026-05-12 08:00, 2026-06-09 08:00
cron(0 8 ? * FRI#5 *)         | 2026-05-29 08:00, 2026-07-31 08:00, 2026-10-30 08:00, 2027-01-29 08:00
cron(0 8 ? * L *)             | 2026-03-07 08:00, 2026-03-14 08:00, 2026-03-21 08:00, 2026-03-28 08:00
cron(0 0 29 FEB ? *)          | 2028-02-29 00:00, 2032-02-29 00:00, 2036-02-29 00:00, 2040-02-29 00:00
cron(0 0 30 2 ? *)            |
cron(0 0 1 1 ? 2027)          | 2027-01-01 00:00
cron(0 0 1 1 ? 2020)          |
cron(59 23 31 12 ? 2199)      | 2199-12-31 23:59
cron(5,7 9 2 MAR ? *)         | 2026-03-02 09:05, 2026-03-02 09:07, 2027-03-02 09:05, 2027-03-02 09:07
rate(1 minute)                | 2026-03-02 09:01, 2026-03-02 09:02, 2026-03-02 09:03, 2026-03-02 09:04
rate(5 minutes)               | 2026-03-02 09:05, 2026-03-02 09:10, 2026-03-02 09:15, 2026-03-02 09:20
rate(1 hour)                  | 2026-03-02 10:00, 2026-03-02 11:00, 2026-03-02 12:00, 2026-03-02 13:00
rate(7 days)                  | 2026-03-09 09:00, 2026-03-16 09:00, 2026-03-23 09:00, 2026-03-30 09:00
"""
ROWS = [[part.strip() for part in line.split("|")] for line in NEXT.strip().splitlines()]


@pytest.mark.parametrize(("expression", "runs"), ROWS)
def test_the_next_runs(expression, runs):
    now = base = to_ms(START)
    found = []
    while len(found) < 4 and (due := parse(expression).after(now, base)) is not None:
        assert due > now
        now = due
        found.append(to_datetime(now).strftime("%Y-%m-%d %H:%M"))
    assert ", ".join(found) == runs


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "every minute",
        "rate()",
        "rate(5)",
        "rate(0 minutes)",
        "rate(-1 minutes)",
        "rate(1.5 hours)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(10 seconds)",
        "rate(1 week)",
        "Rate(1 minute)",
        "cron()",
        "cron(0 10 * * ?)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 1 * MON *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 0 * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 * FOO ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * 3#6 *)",
        "cron(0 10 ? * 3#1,6#3 *)",
        "cron(0 10 ? * 3W *)",
        "cron(0 10 3#2 * ? *)",
        "cron(0 10 * * ? 1969)",
        "cron(0 10 * * ? 2200)",
        "cron(0/0 10 * * ? *)",
        "cron(L 10 * * ? *)",
        "cron(? 10 * * ? *)",
        "cron(0 10 35W * ? *)",
    ],
)
def test_what_is_no_schedule(bad):
    with pytest.raises(BadSchedule) as caught:
        parse(bad)
    assert caught.value.rule


def test_a_rate_counts_from_when_it_was_set():
    base = to_ms("2026-03-02T09:00:30Z")
    assert parse("rate(5 minutes)").after(base, base) == base + 5 * MINUTE
    assert parse("rate(5 minutes)").after(base + 5 * MINUTE, base) == base + 10 * MINUTE
    assert parse("rate(1 day)").after(base - DAY * 10, base) == base + DAY


# A slow checker -------------------------------------------------------------------------------------------------------

NAMES = {"month": calendar.month_abbr, "week": ["", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]}


def simple(low: int, high: int, width: int) -> st.SearchStrategy[str]:
    """``*``, a number, a list, a range, a step."""
    number = st.integers(low, high)
    return st.one_of(
        st.just("*"),
        number.map(str),
        st.lists(number, min_size=2, max_size=3).map(lambda ns: ",".join(map(str, ns))),
        st.tuples(number, number).map(lambda p: f"{p[0]}-{p[1]}"),
        st.tuples(number, st.integers(1, width)).map(lambda p: f"{p[0]}/{p[1]}"),
        st.integers(1, width).map(lambda n: f"*/{n}"),
        st.tuples(number, number, st.integers(1, width)).map(lambda p: f"{min(p[:2])}-{max(p[:2])}/{p[2]}"),
    )


DAYS = simple(1, 31, 9) | st.sampled_from(["L", "LW", "L-2", "1W", "15W", "31W"])
WEEKDAYS = simple(1, 7, 3) | st.sampled_from(
    ["MON-FRI", "SAT,SUN", "2L", "FRIL", "L", "3#2", "SUN#1", "7#5", "FRI-MON"]
)
BOTH = st.one_of(DAYS.map(lambda d: (d, "?")), WEEKDAYS.map(lambda w: ("?", w)))


def slow(field: str, value: int, low: int, high: int) -> bool:
    """Does a plain field hold a value? Walks the circle of values from a part's start."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        elif "-" in span:
            first, last = map(int, span.split("-"))
        else:
            first = int(span)
            last = high if step else first
        at, n = first, 0
        while True:
            if at == value and n % int(step or 1) == 0:
                return True
            if at == last:
                break
            at, n = (at + 1 if at < high else low), n + 1
    return False


def slow_day(part: str, day: date) -> bool:
    """Does a part of day-of-month hold a day?"""
    last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if part == "L":
        return day == last
    if part.startswith("L-"):
        return day == last - timedelta(days=int(part[2:]))
    if part.endswith("W"):
        if part != "LW" and int(part[:-1]) > last.day:
            return False
        wanted = last if part == "LW" else day.replace(day=int(part[:-1]))
        inside = [day.replace(day=n) for n in range(1, last.day + 1)]
        workdays = [each for each in inside if each.isoweekday() < 6]
        return day == min(workdays, key=lambda each: abs((each - wanted).days))
    return slow(part, day.day, 1, 31)


def slow_weekday(part: str, day: date) -> bool:
    """Does a part of day-of-week hold a day?"""
    for n, name in enumerate(NAMES["week"]):
        part = part.replace(name, str(n)) if name else part
    number = day.isoweekday() % 7 + 1
    if part == "L":
        return number == 7
    if part.endswith("L"):
        return number == int(part[:-1]) and (day + timedelta(days=7)).month != day.month
    if "#" in part:
        weekday, nth = map(int, part.split("#"))
        return number == weekday and (day.day + 6) // 7 == nth
    return slow(part, number, 1, 7)


def slow_after(fields: list[str], start: datetime, most_days: int) -> datetime | None:
    """Look at one minute after the other (days that cannot be are passed over)."""
    minutes, hours, of_month, month, of_week, year = fields
    at = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = at + timedelta(days=most_days)
    while at < end:
        held = slow(month, at.month, 1, 12) and slow(year, at.year, 1970, 2199)
        if of_month != "?":
            held = held and any(slow_day(part, at.date()) for part in of_month.split(","))
        else:
            held = held and any(slow_weekday(part, at.date()) for part in of_week.split(","))
        if not held:
            at = (at + timedelta(days=1)).replace(hour=0, minute=0)
        elif not slow(hours, at.hour, 0, 23):
            at = (at + timedelta(hours=1)).replace(minute=0)
        elif not slow(minutes, at.minute, 0, 59):
            at += timedelta(minutes=1)
        else:
            return at
    return None


@settings(max_examples=250)
@given(
    simple(0, 59, 40),
    simple(0, 23, 12),
    BOTH,
    simple(1, 12, 5),
    st.sampled_from(["*", "2026-2027", "2026,2028", "2027/2", "*/3"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)
def test_the_next_run_is_what_a_slow_search_finds(minutes, hours, days, month, year, start):
    fields = [minutes, hours, days[0], month, days[1], year]
    start = start.replace(tzinfo=UTC)
    found = parse(f"cron({' '.join(fields)})").after(to_ms(start), 0)
    slowly = slow_after(fields, start, 800)
    if slowly is not None:
        assert found is not None
        assert to_datetime(found) == slowly
    else:
        assert found is None or to_datetime(found) >= start + timedelta(days=800)


@given(
    st.integers(1, 1000),
    st.sampled_from(["minute", "hour", "day"]),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)
def test_a_rate_is_strictly_ahead_and_within_one_interval(count, unit, base, ms):
    schedule = parse(f"rate({count} {unit}{'s' if count > 1 else ''})")
    every = schedule.after(0, 0)
    due = schedule.after(ms, base)
    assert due is not None
    assert due > ms
    assert (due - base) % every == 0
    assert due - every <= max(ms, base)
