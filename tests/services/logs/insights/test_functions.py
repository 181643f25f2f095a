"""Functions: what the guide says of each, and what their wrong use is called."""

import math
from pathlib import Path

import pytest

from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.engine import Source, run
from cwlab.services.logs.insights.functions import FUNCTIONS
from cwlab.services.logs.insights.parse import parse
from tests.services.logs.insights.asking import START, query, refused

NUMBERS = {
    "abs(-2.5)": "2.5",
    "ceil(1.2)": "2",
    "floor(-1.2)": "-2",
    "log(1)": "0",
    "log(0)": None,
    "log(-1)": None,
    "sqrt(16)": "4",
    "sqrt(-1)": None,
    "greatest(1, 3, 2)": "3",
    "greatest(1, none)": None,
    "least(3, 1, 2)": "1",
    "round(2.5)": "3",
    "round(-2.5)": "-3",
    "round(1234.567, 1)": "1234.6",
    "round(1234.567, -2)": "1200",
    'round("x")': None,
    "round(1.5, none)": None,
    'toNumber("1e3")': "1000",
    'toNumber("x")': None,
    'toInt("12.7")': "12",
    'toInt("-12.7")': "-12",
    "toInt(3000000000)": None,
    "toLong(3000000000.9)": "3000000000",
    "toLong(1e30)": None,
    'toDouble("0.5")': "0.5",
    'isNumeric("1e5")': "1",
    'isNumeric("1_000")': "0",
    "isNumeric(none)": "0",
    'hexToDec("0xff")': "255",
    'hexToDec("FF")': "255",
    'hexToDec("xyz")': None,
    "decToHex(255)": "0xff",
    "decToHex(-1)": "0xffffffffffffffff",
    'decToHex("a")': None,
    "haversine(0, 0, 0, 180)": str(math.pi * 6371.0),
    "haversine(10, 20, 10, 20)": "0",
    "haversine(1, 2, 3, none)": None,
    "2^3": "8",
    "10%3": "1",
    "-5 % 3": "-2",
    "2^-1": "0.5",
    "(0-10)^309": None,
    '"+5" + 0': "5",
    '"5." + 0': "5",
    '".5" + 0': "0.5",
    '" 5" + 0': None,
    '"1_000" + 0': None,
    '"0x10" + 0': None,
    '"1e400" + 0': None,
    '"inf" + 0': None,
    '"1e400" > 5': "0",
}
TEXTS = {
    'isempty("")': "1",
    "isempty(none)": "1",
    'isempty(" ")': "0",
    'isblank(" \t")': "1",
    'concat("a", 1, 2.5)': "a12.5",
    'concat("a", none)': None,
    'ltrim("xyZxyfooxyZ","xyZ")': "fooxyZ",
    'rtrim("xyZfooxyxyZ","xyZ")': "xyZfoo",
    'trim("xyZxyfooxyxyZ","xyZ")': "foo",
    'strlen("é😀")': "2",
    'messageSize("é😀")': "6",
    'toupper("aé")': "AÉ",
    'tolower("AÉ")': "aé",
    'substr("xyZfooxyZ",3,3)': "foo",
    'substr("abc",1)': "bc",
    'substr("abc",9)': "",
    'substr("abc",1,99999999999)': "bc",
    'substr("abc",-1)': None,
    'replace("aXbX", "X", "-")': "a-b-",
    'strcontains("aBc", "b")': "0",
    'strcontains("aBc", "b", true)': "1",
    'strcontains("aBc", "b", false)': "0",
    'startsWith("abc", "ab")': "1",
    'startsWith(none, "ab")': None,
    'endsWith("abc", "ab")': "0",
    r'regexReplace("a1b22", "\d+", "#")': "a#b#",
    r'regexReplace("2026-03", "(\d+)-(\d+)", "\2/\1 \0")': "03/2026 2026-03",
    r'regexReplace("a.b", "[.]", "\n")': r"a\nb",
    'urlencode("a b/ü~")': "a%20b%2F%C3%BC~",
    'urldecode("a%20b%2F%C3%BC+%zz")': "a b/ü+%zz",
    'urldecode("%ff")': None,
    'base64encode("aé")': "YcOp",
    'base64decode("YcOp")': "aé",
    'base64decode("YQ")': "a",
    'base64decode("a b")': None,
    'base64decode("/w==")': None,
    'hexToAscii("48656c6c6f")': "Hello",
    'hexToAscii("0x48")': "H",
    'hexToAscii("4")': None,
    'hexToAscii("ff")': None,
    'md5("a")': "0cc175b9c0f1b6a831c399e269772661",
    'sha256("a")': "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
}
GENERAL = {
    "ispresent(none)": "0",
    "ispresent(@message)": "1",
    'coalesce(none, "b")': "b",
    "coalesce(none, 2)": "2",
    "coalesce(none, 2) + 1": "3",
    'if(1 < 2, "yes", "no")': "yes",
    "if(none = 1, 1, 2)": "2",
    "if(none, 1, 2)": "2",
    "if(1 = 1, 1, 2) + 1": "2",
    'if(1 = 1, @timestamp, "x")': "2026-03-02 09:00:00.000",
    'case(1 = 2, "a", 1 = 1, "b", "c")': "b",
    'case(1 = 2, "a", "c")': "c",
    'case(1 = 2, "a")': None,
    "now()": str(START // 1000),
}
ADDRESSES = {
    'isValidIp("10.0.0.1")': "1",
    'isValidIp("10.0.0.01")': "0",
    'isValidIpV4("10.0.0.256")': "0",
    'isValidIpV6("::1")': "1",
    'isValidIpV6("1::2::3")': "0",
    'isValidIpV6("::ffff:192.0.2.1")': "1",
    'isIpInSubnet("10.1.2.3", "10.0.0.0/8")': "1",
    'isIpInSubnet("::1", "10.0.0.0/8")': "0",
    'isIpv4InSubnet("192.0.3.1", "192.0.2.0/24")': "0",
    'isIpv6InSubnet("2001:DB8::1", "2001:db8::/32")': "1",
    "isIpv6InSubnet(none, '::/0')": "0",
    'ipv4ToNumber("1.2.3.4")': "16909060",
    'ipv4ToNumber("::1")': None,
    'isPrivateIP("172.31.255.255")': "1",
    'isPrivateIP("172.32.0.0")': "0",
    'isPrivateIP("fd00::1")': "1",
    'isReservedIP("127.0.0.1")': "1",
    'isReservedIP("fe80::1")': "1",
    'isReservedIP("10.0.0.1")': "0",
    'isPublicIP("8.8.8.8")': "1",
    'isPublicIP("2606:4700::1")': "1",
    'isPublicIP("10.0.0.1")': "0",
    'isPublicIP("x")': "0",
}
TIMES = {
    "toMillis(@timestamp)": str(START),
    'toMillis("x")': None,
    "fromMillis(0)": "1970-01-01 00:00:00.000",
    "fromMillis(-1)": "1969-12-31 23:59:59.999",
    "fromMillis(1e18)": None,
    'parseDate("2026-03-02 10:00:00", "yyyy-MM-dd HH:mm:ss")': "1772445600000",
    'parseDate("2026-03-02 10:00:00", "yyyy-MM-dd HH:mm:ss", "America/New_York")': "1772463600000",
    'parseDate("2026-07-02 10:00:00", "yyyy-MM-dd HH:mm:ss", "America/New_York")': "1783000800000",
    'parseDate("2026-03-02 10:00:00", "yyyy-MM-dd HH:mm:ss", "+05:30")': "1772425800000",
    """parseDate("2026-03-02T10:00:00.123Z", "yyyy-MM-dd'T'HH:mm:ss.SSSX")""": "1772445600123",
    'parseDate("02/Mar/2026:10:00:00 +0100", "dd/MMM/yyyy:HH:mm:ss Z")': "1772442000000",
    'parseDate("Mon, 2 march 2026 1:05 pm", "EEE, d MMMM yyyy h:mm a")': "1772456700000",
    'parseDate("2026-061", "yyyy-DDD")': "1772409600000",
    'parseDate("2026-02-30", "yyyy-MM-dd")': None,
    'parseDate("2026-3-2", "yyyy-MM-dd")': None,
    'parseDate("2026-03-02 x", "yyyy-MM-dd")': None,
    'parseDate("10:00", "HH:mm")': "36000000",
    'parseDate("13:00 PM", "HH:mm a")': "46800000",
    'parseDate("1:00 PM", "h:mm a")': "46800000",
    'parseDate(none, "HH:mm")': None,
    """formatDate(@timestamp, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")""": "2026-03-02T09:00:00.000Z",
    """formatDate(@timestamp, "yyyy-MM-dd'T'HH:mm:ssXXX", "Asia/Kolkata")""": "2026-03-02T14:30:00+05:30",
    'formatDate(1783000800000, "HH:mm Z", "America/New_York")': "10:00 -0400",
    "formatDate(@timestamp, \"EEE, d MMM yy 'o''clock' h a\")": "Mon, 2 Mar 26 o'clock 9 AM",
    'formatDate("x", "yyyy")': None,
    'strftime(@timestamp, "yyyyMMdd")': "20260302",
    'strftime(@timestamp, "%Y%m%d", "-10:00")': "20260301",
}


@pytest.mark.parametrize(
    "group",
    [NUMBERS, TEXTS, GENERAL, ADDRESSES, TIMES],
    ids=["numbers", "texts", "general", "addresses", "times"],
)
def test_a_function_gives_what_the_guide_says(group):
    columns = ", ".join(f"{expression} as x{n}" for n, expression in enumerate(group))
    (row,) = query(f"fields {columns}", "m")
    assert {e: row.get(f"x{n}") for n, e in enumerate(group)} == group


def test_every_function_is_in_a_test():
    here = Path(__file__).read_text(encoding="utf-8").lower()
    others = {"jsonparse", "jsonstringify", "jsonarraysize", "jsonarraycontains", "split"}  # test_json_values
    assert {name for name in FUNCTIONS if f"{name}(" not in here} <= others


@pytest.mark.parametrize(
    ("expression", "name", "place"),
    [
        ('parseDate(a, "yyyy-QQ")', "QQ in a format", '"yyyy-QQ"'),
        ('formatDate(a, "")', "nothing in a format", '""'),
        ('parseDate(a, "HH:mm HH")', "the hour twice in a format", '"HH:mm HH"'),
        ('parseDate(a, "DDD dd")', "the day of the year beside the day in a format", '"DDD dd"'),
        ("parseDate(a, b)", "a format that is no text in quotes", "b"),
        ('formatDate(a, "yyyy \'x")', "a ' that is not closed in a format", '"yyyy \'x"'),
        ('formatDate(a, "yyyy", "Mars/Olympus")', "no time zone Mars/Olympus", '"Mars/Olympus"'),
        ('formatDate(a, "yyyy", b)', "a time zone that is no text in quotes", "b"),
        ('strftime(a, "%Q")', "%Q in a format", '"%Q"'),
        ('regexReplace(a, b, "")', "a regular expression that is no text in quotes", "b"),
        (r'regexReplace(a, "(x)", "\2")', r"\2 without such a group", r'"\2"'),
        ('regexReplace(a, "(?=x)", "")', "looking ahead or behind", "("),
        ('isIpInSubnet(a, "10.0.0.0")', "a subnet that is none", '"10.0.0.0"'),
        ('isIpv4InSubnet(a, "::/8")', "a subnet of IPv4 that is none", '"::/8"'),
        ('isIpv6InSubnet(a, "10.0.0.0/8")', "a subnet of IPv6 that is none", '"10.0.0.0/8"'),
        ("isIpInSubnet(a, b)", "a subnet that is no text in quotes", "b"),
        ("case(" + ", ".join(["a = 1, 1"] * 11) + ")", "case with 11 branches", "a = 1"),
        ("if(a, b)", "if with 2 arguments", "if(a, b)"),
        ("queryTimeRange(1)", "querytimerange with 1 arguments", "queryTimeRange(1)"),
        ("1e999", "a number that is too large", "1e999"),
        ("bin(10001y)", "a period of more than 10000 years", "10001y"),
        ("rate(a, 5m)", "the function rate is not modeled in this version of cwlab", "rate(a"),
        ("median(a)", "the function median is not modeled in this version of cwlab", "median(a)"),
    ],
)
def test_wrong_use_is_named_at_its_place(expression, name, place):
    error = refused(f"fields {expression}")
    assert error.mistake.name == name
    assert error.text[error.at :].startswith(place)


def test_the_time_a_query_is_about():
    text = "fields queryStartTime() as a, queryEndTime() as b, queryTimeRange() as c"
    chunk = build([START], START, [0], [b"m"])
    plan = compiled(parse(text), 5_000, span=(1_000, 61_000))
    assert run(plan, [Source("123456789012:/app", "web", chunk, 0, 1)]).rows == (("1000", "61000", "60000"),)
    assert query(text, "m", now_ms=5_000) == [{"a": "5000", "b": "5000", "c": "0"}]
