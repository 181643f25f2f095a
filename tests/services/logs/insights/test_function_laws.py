"""Laws of functions: against Python's own where it has an equal, and that nothing breaks the engine."""

import base64
import ipaddress
import math
import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.functions import FUNCTIONS
from cwlab.services.logs.insights.functions.addresses import PRIVATE, RESERVED
from cwlab.services.logs.insights.parse import parse
from tests.services.logs.insights.asking import START, query, refused

LETTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
FEW = settings(max_examples=6)  # each is a query over many messages


def computed(expressions: list[str], messages: list[str]) -> list[tuple[str | None, ...]]:
    """What expressions of @message give for each of them."""
    text = "fields " + ", ".join(f"{expression} as x{n}" for n, expression in enumerate(expressions))
    rows = query(text, *messages)[::-1]
    return [tuple(row.get(f"x{n}") for n in range(len(expressions))) for row in rows]


def digit(condition: bool) -> str:
    return "1" if condition else "0"


def decoded(text: str) -> str | None:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


def unpacked(text: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text) is None or (text.endswith("=") and len(text) % 4):
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except ValueError:
        return None


@FEW
@given(st.lists(LETTERS | st.from_regex(r"(%[0-9A-Fa-f]{2}|[a +%]){0,6}", fullmatch=True), min_size=1))
def test_texts_are_encoded_as_python_does(messages):
    expressions = ["urlencode(@message)", "urldecode(@message)", "base64encode(@message)"]
    expressions += ["base64decode(base64encode(@message))", "messageSize(@message)", "strlen(@message)"]
    wanted = [
        (
            quote(each, safe="-_.~"),
            decoded(each),
            base64.b64encode(each.encode()).decode(),
            each,
            str(len(each.encode())),
            str(len(each)),
        )
        for each in messages
    ]
    assert computed(expressions, messages) == wanted


@FEW
@given(st.lists(st.from_regex(r"[A-Za-z0-9+/ ]{0,9}={0,2}", fullmatch=True), min_size=1))
def test_base64_is_read_with_its_signs_of_equality_or_without(messages):
    assert computed(["base64decode(@message)"], messages) == [(unpacked(each),) for each in messages]


@FEW
@given(st.lists(st.text("abAB-", max_size=8), min_size=1), st.text("abAB", min_size=1, max_size=2))
def test_texts_are_cut_and_found_as_python_does(messages, part):
    expressions = [f'startsWith(@message, "{part}")', f'endsWith(@message, "{part}")']
    expressions += [f'strcontains(@message, "{part}")', f'strcontains(@message, "{part}", true)']
    expressions += [f'trim(@message, "{part}")', f'ltrim(@message, "{part}")', f'rtrim(@message, "{part}")']
    expressions += ["substr(@message, 2)", "substr(@message, 1, 3)", f'replace(@message, "{part}", "xy")']
    expressions += [f'regexReplace(@message, "[{part}]+", "<\\0>")', "toupper(@message)"]
    wanted = [
        (
            digit(each.startswith(part)),
            digit(each.endswith(part)),
            digit(part in each),
            digit(part.lower() in each.lower()),
            each.strip(part),
            each.lstrip(part),
            each.rstrip(part),
            each[2:],
            each[1:4],
            each.replace(part, "xy"),
            re.sub(f"[{part}]+", r"<\g<0>>", each),
            each.upper(),
        )
        for each in messages
    ]
    assert computed(expressions, messages) == wanted


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


FOURS = st.lists(st.integers(0, 260).map(str) | st.just("01"), min_size=3, max_size=5).map(".".join)
SIXES = st.lists(st.sampled_from(["", "0", "1", "fe80", "FFFF", "12345", "1.2.3.4", "g"]), max_size=9).map(
    ":".join
)


@FEW
@given(
    st.lists(
        FOURS | SIXES | st.ip_addresses().map(str) | st.ip_addresses(v=6).map(lambda each: each.exploded),
        min_size=1,
        max_size=30,
    ),
    st.ip_addresses(),
    st.integers(0, 128),
)
def test_addresses_are_read_as_python_does(messages, near, length):
    subnet = ipaddress.ip_network(f"{near}/{min(length, near.max_prefixlen)}", strict=False)
    exact = "isIpv4InSubnet" if subnet.version == 4 else "isIpv6InSubnet"
    expressions = ["isValidIp(@message)", "isValidIpV4(@message)", "isValidIpV6(@message)"]
    expressions += [f'isIpInSubnet(@message, "{subnet}")', f'{exact}(@message, "{near}/{subnet.prefixlen}")']
    expressions += ["isPrivateIP(@message)", "isReservedIP(@message)", "isPublicIP(@message)"]
    expressions += ["ipv4ToNumber(@message)"]
    messages = [*messages, str(near)]
    wanted = []
    for found in map(address, messages):
        private, reserved = (
            found is not None and any(found in each for each in every) for every in (PRIVATE, RESERVED)
        )
        inside = digit(found is not None and found in subnet)
        version = None if found is None else found.version
        conditions = [found is not None, version == 4, version == 6]
        wanted.append(
            (
                *map(digit, conditions),
                inside,
                inside,
                digit(private),
                digit(reserved),
                digit(found is not None and not private and not reserved),
                str(int(found)) if version == 4 else None,
            )
        )
    assert computed(expressions, messages) == wanted


def test_a_subnet_may_be_a_field():
    events = ['{"ip": "10.1.2.3", "net": "10.0.0.0/8"}', '{"ip": "11.1.2.3", "net": "10.0.0.0/8"}']
    events += ['{"ip": "10.1.2.3", "net": "x"}']
    rows = query("fields isIpv4InSubnet(ip, net) as x", *events)[::-1]
    assert [row["x"] for row in rows] == ["1", "0", "0"]


@FEW
@given(st.lists(st.floats(-1e9, 1e9).map(repr) | st.integers(-(2**40), 2**40).map(str), min_size=1))
def test_numbers_are_computed_as_python_does(messages):
    expressions = ["abs(@message)", "ceil(@message)", "floor(@message)", "sqrt(@message)", "log(@message)"]
    expressions += ["round(@message)", "round(@message, 2)", "toLong(@message)", "decToHex(@message)"]
    for found, text in zip(computed(expressions, messages), messages, strict=True):
        x = float(text)
        halves = math.copysign(math.floor(abs(x) + 0.5), x)
        wanted = [abs(x), math.ceil(x), math.floor(x), math.sqrt(x) if x >= 0 else None]
        wanted += [math.log(x) if x > 0 else None, halves]
        for given_, value in zip(found, wanted, strict=False):
            assert (given_ is None) == (value is None)
            assert value is None or float(given_ or "nan") == pytest.approx(value, rel=1e-12)
        assert abs(float(found[6] or "nan") - x) <= 0.005 + 1e-6
        assert int(float(found[7] or "nan")) == math.trunc(x)
        assert found[8] == hex(math.trunc(x) % 2**64)


MOMENTS = st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=20)


def in_ms(time: datetime) -> int:
    return (time.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@FEW
@given(MOMENTS, st.sampled_from([0, 330, -210, 60, 840]))
def test_times_are_written_and_read_as_python_does(times, minutes):
    zone = timezone(timedelta(minutes=minutes))
    sign = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    form = "yyyy-MM-dd'T'HH:mm:ss.SSSxxx"
    expressions = [f'formatDate(@message, "{form}", "{sign}")']
    expressions += [f'formatDate(@message, "EEEE d MMMM yyyy, hh:mm:ss a DDD Z", "{sign}")']
    expressions += [f'parseDate(formatDate(@message, "{form}", "Asia/Tokyo"), "{form}")']
    expressions += [
        f'parseDate(formatDate(@message, "d.M.yyyy h:m:s.SSS a", "{sign}"), "d.M.yyyy h:m:s.SSS a", "{sign}")'
    ]
    stamps = [in_ms(each) for each in times]
    wanted = []
    for ms in stamps:
        there = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(zone)
        wanted.append(
            (
                there.isoformat(timespec="milliseconds"),
                there.strftime(f"%A {there.day} %B %Y, %I:%M:%S %p %j %z"),
                str(ms),
                str(ms),
            )
        )
    assert computed(expressions, list(map(str, stamps))) == wanted


UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}
MONTHS = {"mo": 1, "q": 3, "y": 12}


def rounded(ms: int, count: int, unit: str) -> tuple[datetime, datetime]:
    """The beginning of the period an instant is in, and of the next."""
    epoch = datetime(1970, 1, 1)
    time = epoch + timedelta(milliseconds=ms)
    if unit in MONTHS:
        months = count * MONTHS[unit]
        low = ((time.year - 1970) * 12 + time.month - 1) // months * months
        ends = [low, low + months]
        return tuple(datetime(1970 + n // 12, n % 12 + 1, 1) for n in ends)  # type: ignore[return-value]
    span = timedelta(milliseconds=min(count, CAPS.get(unit, count)) * UNITS[unit])
    first = datetime(1970, 1, 5) if unit == "w" else epoch
    low_time = first + (time - first) // span * span
    return low_time, low_time + span


@FEW
@given(MOMENTS, st.integers(1, 90), st.sampled_from([*UNITS, *MONTHS]))
def test_periods_are_those_of_the_calendar(times, count, unit):
    stamps = [in_ms(each) for each in times]
    expressions = [f"datefloor(@message, {count}{unit})", f"dateceil(@message, {count}{unit})"]
    wanted = []
    for ms in stamps:
        low, high = rounded(ms, count, unit)
        pair = (low, low if in_ms(low) == ms else high)
        wanted.append(tuple(each.isoformat(" ", "milliseconds") for each in pair))
    assert computed(expressions, list(map(str, stamps))) == wanted


@pytest.mark.parametrize(
    ("capped", "same"), [("1001ms", "1s"), ("300s", "60s"), ("90m", "1h"), ("25h", "1d"), ("120sec", "1min")]
)
def test_what_is_above_a_cap_is_the_cap(capped, same):
    first, second = (
        query(f"stats count(*) as n by bin({each}) as x", *map(str, range(40)), step=700_000)
        for each in (capped, same)
    )
    assert first == second


def test_a_month_is_as_long_as_it_is():
    (row,) = query(f"fields toMillis(dateceil({START}, 1mo)) - toMillis(datefloor({START}, 1mo)) as ms", "m")
    assert int(row["ms"]) == monthrange(2026, 3)[1] * UNITS["d"]


def test_percentiles_are_the_nearest_rank():
    events = [f'{{"v": {n}}}' for n in range(1, 101)]
    columns = ", ".join(f"pct(v, {p}) as p{p}" for p in range(101))
    (row,) = query(f"stats {columns}, pct(v, 99.9) as most", *events)
    assert [int(row[f"p{p}"]) for p in range(101)] == [max(1, p) for p in range(101)]
    assert row["most"] == "100"


def test_over_time_is_by_bin():
    text = "stats count_over_time(v) as c, sum_over_time(v) as s by bin(1m)"
    rows = query(text, '{"v": 1}', '{"v": 2}', '{"w": 3}', step=30_000)
    assert [(row["c"], row.get("s")) for row in rows] == [("0", None), ("2", "3")]


def test_what_is_a_number_as_a_field():
    numbers = ["5", "+5", "5.", ".5", "-.5e-3", "1e+5", "1E5", "00005", "-0", "1e-999", "1e199", "9" * 100]
    others = ["", "-", ".", "e5", "5e", " 5", "5 ", "5\n", "1_000", "0x10", "inf", "nan", "٣", "5.5.5", ":5"]
    others += ["1e200", "1e400", "-1e400", "9" * 101, "9" * 400]
    found = [x for (x,) in computed(["@message + 0"], [*numbers, *others])]
    assert [float(x or "nan") for x in found[: len(numbers)]] == [float(each) for each in numbers]
    assert found[len(numbers) :] == [None] * len(others)


def test_nothing_nests_without_end():
    """A value that is mentioned twice by each thing around it would double with each."""
    for around in ("({}) = b", "b != ({})", "({}) in [b, c]", "isEmpty({})", "if({}, {}, b)"):
        deep = "a"
        while len(deep) < 2_000:
            deep = around.replace("{}", deep)
        assert refused(f"fields {deep} as x").mistake.name == "too many things inside one another"


def test_a_long_list_is_no_deep_one():
    text = "filter @message in [" + ",".join(map(str, range(2000))) + "] | fields @message"
    assert query(text, "1999", "2000") == [{"@message": "1999"}]


ITEMS = st.lists(
    st.sampled_from(
        ["0", "1", "1.0", "5", '"5"', '"05"', '"x"', '""', "true", "false", '"true"', "@message", "5e0"]
    ),
    min_size=1,
    max_size=5,
)


@FEW
@given(st.sampled_from(["@message", "v", "strlen(v)", "v = 5", '"5"', "m.v"]), ITEMS)
def test_in_is_equal_to_one_of_them(operand, items):
    events = [f'{{"v": {value}}}' for value in ("5", '"5"', '"05"', "true", "false", "1", "0", '"x"', '""')]
    each = " or ".join(f"({operand}) = {item}" for item in items)
    start = "fields jsonParse(@message) as m | fields"
    rows = query(f"{start} ({operand}) in [{', '.join(items)}] as a, ({each}) as b", *events, "5", "x")
    assert [row["a"] for row in rows] == [row["b"] for row in rows]


WRITTEN = ["x", "", "10.0.0.1", "10.0.0.0/8", "yyyy-MM-dd", "UTC", "[1,2]", "%ff", "0xff"]
SIMPLE = st.sampled_from(
    ["none", "@message", "@timestamp", "v", "m", "m.v", "m.l", "v = 1", "true", *map('"{}"'.format, WRITTEN)]
) | st.sampled_from(["1", "-1", "0", "2.5", "1e300", "1e308 * 10", "9e15", "-9e18"])


def composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def called(name: str) -> st.SearchStrategy[str]:
        least, most = FUNCTIONS[name].least, min(FUNCTIONS[name].most, FUNCTIONS[name].least + 2)
        return st.lists(inner, min_size=least, max_size=most).map(lambda each: f"{name}({', '.join(each)})")

    operated = st.tuples(
        inner, st.sampled_from(["+", "-", "*", "/", "%", "^", "=", "!=", "<", "and", "or"]), inner
    )
    rounded_ = st.tuples(inner, st.sampled_from(["5m", "1mo", "2w"])).map(
        lambda pair: "datefloor({}, {})".format(*pair)
    )
    return (
        st.sampled_from(sorted(FUNCTIONS)).flatmap(called)
        | operated.map("({0[0]} {0[1]} {0[2]})".format)
        | rounded_
    )


@settings(max_examples=8)
@given(st.lists(st.recursive(SIMPLE, composed, max_leaves=6), min_size=6, max_size=10))
def test_what_compiles_runs(expressions):
    """Whatever is in the rows: the engine meets no number, text or time it stumbles over."""
    start = "fields jsonParse(@message) as m | fields "
    good = []
    for each in expressions:
        try:
            compiled(parse(start + each), START)
        except QueryError:
            continue
        good.append(each)
    columns = ", ".join(f"{each} as x{n}" for n, each in enumerate(good)) or "1"
    assert len(query(start + columns, '{"v": 5, "l": [1]}', '{"v": "4x", "l": {}}', "10.0.0.1 é", "")) == 4
