"""Log files: times found by themselves, continuation lines, both modes, and files that cannot be read."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import BadFile, BadInput
from cwlab.services.logs.timeformats import detect
from tests.services.logs.conftest import client, ms

GROUP, STREAM = "/var/log/secure", "web"
SYSLOG = (
    b"Dec 31 23:59:58 web sshd[1]: Failed password for root from 203.0.113.9 port 4022 ssh2\r\n"
    b"Jan  1 00:00:01 web sshd[2]: Accepted publickey for ada from 192.0.2.7\r\n"
)


def write(folder, content, name="a.log"):
    path = folder / name
    path.write_bytes(content)
    return path


def events(lab, stream=STREAM, group=GROUP):
    pages = (
        client(lab).get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNames=[stream])
    )
    return [(e["timestamp"], e["message"]) for page in pages for e in page["events"]]


def load(lab, path, **more):
    return lab.load_logs(path, group=GROUP, stream=STREAM, **more)


def stamp(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("2026-01-02T03:04:05Z started", "2026-01-02 03:04:05"),
        ("2026-01-02 03:04:05,678 INFO started", "2026-01-02 03:04:05.678"),
        ("2026-01-02T03:04:05.678901+01:00 started", "2026-01-02 02:04:05.678"),
        ("<34>1 2026-01-02T03:04:05.003Z host app - - - started", "2026-01-02 03:04:05.003"),
        ("2026-01-02 03:04:05,51.846", "2026-01-02 03:04:05"),
        ("[Fri Jan 02 03:04:05 2026] [notice] started", "2026-01-02 03:04:05"),
        ("[Fri Jan 02 03:04:05.123456 2026] [core:notice] started", "2026-01-02 03:04:05.123"),
        ('127.0.0.1 - - [02/Jan/2026:03:04:05 -0700] "GET / HTTP/1.0" 200 5', "2026-01-02 10:04:05"),
        ("1767323045 started", "2026-01-02 03:04:05"),
        ("1767323045.25 started", "2026-01-02 03:04:05.25"),
        ("1767323045678 started", "2026-01-02 03:04:05.678"),
        ('{"level": "info", "time": "2026-01-02T03:04:05Z"}', "2026-01-02 03:04:05"),
        ('{"ts": 1767323045.678}', "2026-01-02 03:04:05.678"),
        ('{"timestamp": 1767323045678}', "2026-01-02 03:04:05.678"),
        ("INFO 2026-01-02 03:04:05 started", "2026-01-02 03:04:05"),
        ("Jan  2 03:04:05 host app: started", "2026-01-02 03:04:05"),
        ("Dec 10 06:55:46 host app: started", "2025-12-10 06:55:46"),
    ],
)
def test_the_time_is_found_by_itself(tmp_path, line, when):
    lab = Lab()
    load(lab, write(tmp_path, line.encode()))
    assert events(lab) == [(stamp(when), line)]


@pytest.mark.parametrize(
    ("symbols", "line", "when"),
    [
        ("%d.%m.%Y %H:%M:%S", "web 02.01.2026 03:04:05 started", "2026-01-02 03:04:05"),
        ("%d/%m/%y %I:%M %p", "02/01/26 3:04 PM started", "2026-01-02 15:04:00"),
        ("%b %-d %H:%M:%S.%f", "Jan 2 03:04:05.6 started", "2026-01-02 03:04:05.6"),
        ("%A, %B %d %Y %H:%M", "Friday, January 2 2026 03:04", "2026-01-02 03:04:00"),
    ],
)
def test_a_format_of_your_own(tmp_path, symbols, line, when):
    lab = Lab()
    load(lab, write(tmp_path, line.encode()), time_format=symbols)
    assert events(lab) == [(stamp(when), line)]


def test_a_year_left_out_is_the_latest_that_is_not_ahead_and_turns_with_january(tmp_path):
    lab = Lab()
    loaded = load(lab, write(tmp_path, SYSLOG))
    assert [when for when, _ in events(lab)] == [stamp("2025-12-31 23:59:58"), stamp("2026-01-01 00:00:01")]
    assert loaded.year == 2025
    assert "taken as of 2025" in repr(loaded)
    assert not any("\r" in text for _, text in events(lab))


def test_a_year_can_be_given(tmp_path):
    lab = Lab()
    assert load(lab, write(tmp_path, SYSLOG), year=2020).first.year == 2020
    leap = write(tmp_path, b"Feb 29 10:00:00 web a: b\n", "leap.log")
    assert load(lab, leap).first.year == 2024
    with pytest.raises(BadFile, match="line 1: 'Feb 29': is no day of 2025"):
        load(lab, leap, year=2025)
    with pytest.raises(BadInput, match="is not a year"):
        load(lab, leap, year="2025")


def test_lines_without_a_time_belong_to_the_event_before(tmp_path):
    lab = Lab()
    text = b"a line before all\n2026-01-02T03:04:05Z boom\nTraceback:\n  at shop.py\n\n2026-01-02T03:04:06Z fine\n"
    assert load(lab, write(tmp_path, text)).events == 3
    assert events(lab) == [
        (stamp("2026-01-02 03:04:05"), "a line before all"),
        (stamp("2026-01-02 03:04:05"), "2026-01-02T03:04:05Z boom\nTraceback:\n  at shop.py"),
        (stamp("2026-01-02 03:04:06"), "2026-01-02T03:04:06Z fine"),
    ]


def test_gzip_is_read_as_it_is(tmp_path):
    lab = Lab()
    assert load(lab, write(tmp_path, gzip.compress(SYSLOG), "a.log.gz")).events == 2


@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize(
    ("content", "where", "rule"),
    [
        (b"", "", "there is nothing in the file"),
        (b"\n \n", "", "there is nothing in the file"),
        (b"no time here\n", "line 1", "has no time"),
        (b"2026-01-02T03:04:05Z a\n2026-02-30T03:04:05Z b\n", "line 2", "does not exist"),
        (b"2026-01-02T03:04:05Z a\n2026-01-02T03:04:05Z \xff\xfe\n", "line 2", "is not utf-8 text"),
        (
            b"2026-01-02T03:04:05Z a\n" * 500 + b"2026-01-02T03:04:05Z \xe9t\xe9\n",
            "line 501",
            "is not utf-8 text",
        ),
        (b"2026-01-02T03:04:05Z a\n" + b"x" * 1_100_000, "line 2", "is longer than"),
        (b"2026-01-02T03:04:05Z a\n" + b"x\n" * 600_000, "line 1", "has at most"),
        (gzip.compress(b"2026-01-02T03:04:05Z hello\n" * 3000, mtime=0)[:-40], "line", "torn"),
        (gzip.compress(b"2026-01-02T03:04:05Z hello\n" * 3000, mtime=0)[:60] + b"\0" * 40, "line", "torn"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_stored(tmp_path, content, where, rule, replay):
    lab = Lab()
    with pytest.raises(BadFile) as caught:
        load(lab, write(tmp_path, content), replay=replay)
    assert where in str(caught.value)
    assert rule in str(caught.value)
    assert "a.log" in str(caught.value)
    assert client(lab).describe_log_groups()["logGroups"] == []


def test_another_encoding_can_be_said(tmp_path):
    lab = Lab()
    path = write(tmp_path, "2026-01-02T03:04:05Z été".encode("latin-1"))
    load(lab, path, encoding="latin-1")
    assert events(lab)[0][1].endswith("été")
    with pytest.raises(BadInput, match="no encoding"):
        load(lab, path, encoding="klingon")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.log", tmp_path):
        with pytest.raises(BadFile, match="cannot be opened"):
            load(Lab(), path)


@pytest.mark.parametrize("symbols", ["%q", "%H:%M", "%d %m %d", "%"])
def test_a_format_that_cannot_be_used_is_refused(tmp_path, symbols):
    with pytest.raises(BadInput):
        load(Lab(), write(tmp_path, SYSLOG), time_format=symbols)


def test_history_is_stored_at_once_whatever_its_age(tmp_path):
    lab = Lab()
    loaded = load(lab, write(tmp_path, b"1999-12-31T23:59:59Z old\n2026-03-02T09:30:00Z ahead\n"))
    assert events(lab) == [(stamp("1999-12-31 23:59:59"), "1999-12-31T23:59:59Z old")]
    assert loaded.ahead == 1
    lab.advance(minutes=30)
    assert [text for _, text in events(lab)] == ["1999-12-31T23:59:59Z old", "2026-03-02T09:30:00Z ahead"]


def test_a_replay_begins_now_and_arrives_as_the_clock_reaches_each_line(tmp_path):
    lab = Lab()
    start = ms(lab)
    loaded = load(lab, write(tmp_path, b"2020-01-01T10:05:00Z b\n2020-01-01T10:00:00Z a\n2020-01-01T10:05:00Z c\n"),
                  replay=True)  # fmt: skip
    assert (loaded.first, loaded.last) == (lab.now, lab.now + timedelta(minutes=5))
    assert events(lab) == []
    lab.advance(minutes=4)
    assert events(lab) == [(start, "2020-01-01T10:00:00Z a")]
    lab.advance(minutes=1)
    assert [when - start for when, _ in events(lab)] == [0, 300_000, 300_000]
    assert [e.operation for e in lab.journal if e.operation == "PutLogEvents"] == ["PutLogEvents"] * 2
    assert lab.agenda() == []


def test_a_replay_waits_on_the_agenda_as_one_entry_and_survives_saving_and_rewinding(tmp_path):
    lab = Lab()
    start = lab.now
    lines = "".join(f"{start + timedelta(seconds=n):%Y-%m-%dT%H:%M:%S}Z {n}\n" for n in range(300))
    load(lab, write(tmp_path, lines.encode()), replay=True)
    assert len(lab.agenda(99)) == 1
    lab.advance(minutes=1)
    other = Lab.open(lab.save(tmp_path / "lab.cwlab"))
    for each in (lab, other):
        each.advance(minutes=9)
    assert events(other) == events(lab)
    assert len(events(lab)) == 300
    lab.rewind(start + timedelta(minutes=2))
    assert len(events(lab)) == 121
    lab.advance(minutes=8)
    assert events(lab) == events(other)


def test_a_replay_ends_with_its_stream_and_waits_out_a_fault(tmp_path):
    path = write(tmp_path, b"2020-01-01T10:00:00Z a\n2020-01-01T10:05:00Z b\n")
    lab = Lab()
    load(lab, path, replay=True)
    lab.fault("logs", "PutLogEvents", error="outage", minutes=2)
    lab.advance(minutes=10)
    assert len(events(lab)) == 2
    lab = Lab()
    load(lab, path, replay=True)
    client(lab).delete_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    lab.advance(minutes=10)
    assert lab.agenda() == []


def test_more_lines_than_a_request_holds_arrive_in_several(tmp_path):
    lab = Lab()
    text = "2020-01-01T10:00:00Z " + "x" * 79 + "\n"
    load(lab, write(tmp_path, text.encode() * 20_001), replay=True)
    lab.advance(seconds=1)
    assert len(events(lab)) == 20_001


def test_an_existing_group_keeps_what_it_has(tmp_path, logs, lab):
    lab.load_logs(write(tmp_path, SYSLOG), group="/app", stream="web")
    lab.load_logs(write(tmp_path, SYSLOG), group="/app", stream="web")
    assert len(events(lab, "web", "/app")) == 4


@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(1980, 1, 1), datetime(2026, 3, 1)).map(lambda t: t.replace(microsecond=0)),
            st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=20),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_written_is_read_back_in_order_of_time(tmp_path, rows):
    lines = [f"{when:%Y-%m-%dT%H:%M:%S}Z {text}" for when, text in rows]
    lab = Lab()
    load(lab, write(tmp_path, "\n".join(lines).encode()))
    wanted = sorted(
        ((stamp(f"{when}"), line) for (when, _), line in zip(rows, lines, strict=True)), key=lambda r: r[0]
    )
    assert events(lab) == wanted


@given(st.text(max_size=60))
def test_looking_for_a_time_never_fails(line):
    detect([line, "{" + line, "Dec 99 " + line, "9" * 10 + line])
