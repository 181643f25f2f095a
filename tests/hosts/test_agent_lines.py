"""Lines to events: times, several lines in one, filters, sizes."""

from __future__ import annotations

import pytest

from cwlab import BadInput
from cwlab.hosts import timeformat
from cwlab.hosts.agent.lines import CUT, MOST_BYTES, read
from cwlab.hosts.agent.records import Filter, LogFile
from cwlab.timeline import iso, to_ms

NOW = to_ms("2026-03-02T09:00:00Z")

TIMES = """
%Y-%m-%d %H:%M:%S        | 2026-03-01 23:59:58 ok             | 2026-03-01T23:59:58Z
%Y-%m-%dT%H:%M:%S.%fZ    | at 2026-03-01T23:59:58.25Z         | 2026-03-01T23:59:58.250Z
%Y-%m-%d %H:%M:%S,%f     | 2026-03-01 23:59:58,123456789 x    | 2026-03-01T23:59:58.123Z
%b %d %H:%M:%S           | Mar  1 10:11:12 web sshd[1]: x     | 2026-03-01T10:11:12Z
%b %-d %H:%M:%S          | Mar 1 10:11:12 web sshd[1]: x      | 2026-03-01T10:11:12Z
%B %d %Y %H:%M           | February 28 2026 10:11             | 2026-02-28T10:11:00Z
%d/%b/%Y:%H:%M:%S %z     | [01/Mar/2026:10:11:12 +0200] GET   | 2026-03-01T08:11:12Z
%d/%b/%Y:%H:%M:%S %z     | [01/mar/2026:10:11:12 -0530] GET   | 2026-03-01T15:41:12Z
%a %b %d %H:%M:%S %Y     | [Sun Mar 01 04:47:44 2026] [error] | 2026-03-01T04:47:44Z
%A, %d %b %y %H:%M:%S %Z | Sunday, 01 Mar 26 04:47:44 UTC     | 2026-03-01T04:47:44Z
%m/%d/%y %I:%M:%S %p     | 03/01/26 12:05:06 AM start         | 2026-03-01T00:05:06Z
%m/%d/%y %I:%M:%S %p     | 03/01/26 12:05:06 pm start         | 2026-03-01T12:05:06Z
%-m/%-d/%Y %-I:%-M:%-S %p | 3/1/2026 4:5:6 PM start           | 2026-03-01T16:05:06Z
%y%m%d %H:%M:%S          | 690101 00:00:00                    | 1969-01-01T00:00:00Z
%H:%M:%S                 | 10:11:12 only                      | 2026-01-01T10:11:12Z
%Y-%m-%d %H:%M:%S        | first 2026-03-01 01:00:00, then 2026-03-01 02:00:00 | 2026-03-01T01:00:00Z
%Y-%m-%d %H:%M:%S        | no time here                       | -
%Y-%m-%d %H:%M:%S        | 2026-02-30 01:00:00                | -
%I:%M %p                 | 13:00 PM                           | -
"""


@pytest.mark.syllabus("L05")
@pytest.mark.parametrize("row", TIMES.strip().splitlines())
def test_times_in_lines(row):
    form, line, expected = (part.strip() for part in row.split("|"))
    found = timeformat.compiled(form).find(line, NOW)
    assert (iso(found[0]) if found else "-") == expected


@pytest.mark.parametrize("form", ["", "plain", "%Q", "%H %H", "%", "%-y", 5])
def test_formats_that_cannot_be(form):
    with pytest.raises(BadInput):
        timeformat.compiled(form)


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%S.%fZ",
        "%b %d %H:%M:%S %y",
        "%A %B %-d %Y %-I:%-M:%-S %p %Z",
        "%a %d %b %Y %I:%M:%S%p %z",
    ],
)
def test_what_is_written_is_found_again(form):
    for at in ("2026-03-02T09:05:06Z", "2026-11-12T21:35:06Z", "2026-01-01T00:00:00Z"):
        text = timeformat.written(form, to_ms(at))
        assert timeformat.compiled(form).find(f"x {text} y", NOW)[0] == to_ms(at)


def found(text, now_ms=NOW, written=None, closing=False, last_ms=0, **settings):
    item = LogFile("/x", "g", "s", **settings)
    data = text.encode(item.encoding)
    cuts, stamps = zip(*(written or [(0, NOW - 10_000)]), strict=True)
    return read(item, data, 0, cuts, stamps, now_ms=now_ms, since_ms=0, last_ms=last_ms, closing=closing)


def messages(text, **settings):
    return [event.text for event in found(text, **settings).events]


def test_a_line_that_begins_with_a_space_belongs_to_the_one_before():
    assert messages("Traceback\n  File x\n\tline 3\nError\n") == ["Traceback\n  File x\n\tline 3", "Error"]


def test_a_start_pattern_decides_where_events_begin():
    text = "2026 one\ntwo\n2026 three\n"
    assert messages(text, start_pattern="^2026") == ["2026 one\ntwo", "2026 three"]


def test_the_time_may_be_where_events_begin():
    text = "09:00:00 boom\nat line 4\nat line 5\n09:00:01 fine\n"
    events = found(text, time_format="%H:%M:%S", start_pattern="{timestamp_format}").events
    assert [e.text for e in events] == ["09:00:00 boom\nat line 4\nat line 5", "09:00:01 fine"]
    assert events[1].stamp_ms - events[0].stamp_ms == 1_000


def test_the_last_event_waits_a_second_for_its_next_line():
    early = found("a\n  b\n", now_ms=NOW - 9_500)
    assert (early.events, early.end, early.open_ms) == ([], 0, NOW - 10_000)
    assert [e.text for e in found("a\n  b\n", now_ms=NOW - 9_000).events] == ["a\n  b"]


def test_a_pause_of_more_than_a_second_ends_an_event():
    text = "a\n  b\n"
    assert messages(text, written=[(0, NOW - 5_000), (2, NOW - 3_999)]) == ["a", "  b"]
    assert messages(text, written=[(0, NOW - 5_000), (2, NOW - 4_000)]) == ["a\n  b"]


def test_where_more_follows_nothing_is_closed_yet():
    item = LogFile("/x", "g", "s")
    result = read(item, b"a\nb\n c\nd", 0, [0], [0], now_ms=NOW, since_ms=0, last_ms=0, more=True)
    assert ([e.text for e in result.events], result.end) == (["a"], 2)


def test_a_line_without_an_end_is_not_read_yet():
    rest = found("whole\nhal")
    assert ([e.text for e in rest.events], rest.end) == ([], 0)
    assert messages("whole\nhal", closing=True) == ["whole", "hal"]


def test_lines_without_a_time_have_that_of_the_line_before():
    events = found("08:00:00 a\nb\n", time_format="%H:%M:%S").events
    assert events[0].stamp_ms == events[1].stamp_ms == to_ms("2026-01-01T08:00:00Z")
    assert found("b\n", time_format="%H:%M:%S").events[0].stamp_ms == NOW - 10_000
    assert found("b\n", time_format="%H:%M:%S", last_ms=77).events[0].stamp_ms == 77


def test_without_a_format_the_moment_of_reading_is_the_time():
    (event,) = found("a\n").events
    assert event.stamp_ms == NOW - 10_000


def test_trimming_takes_the_time_out():
    assert messages("08:00:00 a\n", time_format="%H:%M:%S", trim=True) == ["a"]


def test_a_line_must_pass_all_filters():
    filters = (Filter("exclude", "DEBUG"), Filter("include", r"P(UT|OST)"))
    text = "POST a\nDEBUG POST b\nGET c\nPUT d\n"
    result = found(text, filters=filters)
    assert ([e.text for e in result.events], result.left_out, result.end) == (
        ["POST a", "PUT d"],
        2,
        len(text),
    )


def test_carriage_returns_and_empty_lines_are_dropped():
    assert messages("a\r\n\r\nb\r\n") == ["a", "b"]


def test_an_event_too_large_is_cut_off():
    (text,) = messages("é" * 200_000 + "\n")
    assert text.endswith(CUT)
    assert MOST_BYTES - 1 <= len(text.encode()) <= MOST_BYTES


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le", "shift_jis", "utf-32-be"])
def test_encodings(encoding):
    text = "Grüße" if encoding != "shift_jis" else "日本"
    assert (
        messages(f"{text}\nĊ\n" if encoding.startswith("utf") else f"{text}\n", encoding=encoding)[0] == text
    )


def test_bytes_that_are_no_text_do_not_stop_it():
    item = LogFile("/x", "g", "s")
    result = read(item, b"\xff\xfe\x00a\n", 0, [0], [0], now_ms=NOW, since_ms=0, last_ms=0)
    assert [e.text for e in result.events] == ["\ufffd\ufffd\x00a"]
