"""Whatever happens to the connection and to the file, each line arrives exactly once, in order."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.hosts.agent.batches import MOST_BYTES, MOST_EVENTS, SPAN_MS, batches, size
from cwlab.hosts.agent.lines import Event, read
from cwlab.hosts.agent.records import LogFile
from cwlab.hosts.files import File, fits
from tests.hosts.conftest import arrived, collecting, launched, with_profile


@functools.cache
def ready() -> tuple[Lab, str]:
    lab = with_profile(Lab())
    return lab, launched(lab).id


ERRORS = ["unreachable", "throttling", "outage", "refusal"]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 4)),
        st.tuples(st.just("rotate"), st.integers(0, 3)),
        st.tuples(st.just("advance"), st.integers(1, 90)),
        st.tuples(st.just("cut"), st.sampled_from(ERRORS)),
        st.tuples(st.just("mend"), st.just(0)),
        st.tuples(st.just("fork"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=14,
)


@pytest.mark.syllabus("L05", "L12")
@settings(max_examples=25)
@given(steps, st.sampled_from(["*", "PutLogEvents", "CreateLogStream"]))
def test_each_line_arrives_once_and_in_order(plan, operation):
    base, key = ready()
    lab = base.fork()
    host, written = lab.host(key), []
    host.agent.start(collecting())
    for what, amount in plan:
        if what == "append":
            fresh = [f"line {len(written) + n}" for n in range(amount)]
            host.append("/var/log/app.log", fresh)
            written += fresh
        elif what == "rotate" and "/var/log/app.log" in host.files:
            host.rotate("/var/log/app.log", keep=amount)
        elif what == "advance":
            lab.advance(seconds=amount)
        elif what == "cut":
            lab.fault("logs", operation, error=amount)
        elif what == "mend":
            lab.mend()
        elif what == "fork":
            other = lab.fork()
            other.host(key).append("/var/log/app.log", "elsewhere")
            other.advance(minutes=1)
        elif what == "restart" and "/var/log/app.log" in host.files:
            # A file that was rotated away meanwhile would be lost, by a named rule: so not here.
            at = host.agent.pending()["/var/log/app.log"]
            if not at:
                host.agent.stop()
                host.agent.start(collecting())
    lab.mend()
    lab.advance(minutes=3)
    found = arrived(lab) if lab.client("logs").describe_log_groups()["logGroups"] else []
    assert found == written
    assert host.agent.pending()["/var/log/app.log"] == 0


# Pieces of it ----------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=12)


@given(
    st.lists(st.tuples(st.lists(texts, min_size=1, max_size=4), st.integers(0, 3_000)), max_size=20),
    st.integers(0, 200),
)
def test_a_file_gives_back_what_was_written_and_when(writes, start):
    file, data, at, marks = File(1, "/x", "/x", 0), b"", 0, []
    for lines, later in writes:
        at += later
        piece = "".join(f"{line}\n" for line in lines).encode()
        marks.append((len(data), at))
        file, data = file.grown(piece, at), data + piece
    assert file.read() == data and file.size == len(data)
    assert file.read(start) == data[start:]
    assert file.read(start, 7) == data[start : start + 7]
    assert len(file.pieces) <= 12
    cuts, stamps = file.written(0)
    assert list(zip(cuts, stamps, strict=True)) == marks


@given(st.lists(texts, max_size=20), st.integers(0, 19), st.sampled_from(["utf-8", "utf-16-le", "latin-1"]))
def test_a_stretch_read_in_two_parts_holds_the_same_events(lines, cut, encoding):
    lines = [line for line in lines if line.encode(encoding, "ignore").decode(encoding) == line]
    item = LogFile("/x", "g", "s", encoding=encoding, start_pattern=".")
    data = "".join(f"{line}\n" for line in lines).encode(encoding)

    def events(part, base):
        return read(item, part, base, [base], [0], now_ms=10_000, since_ms=0, last_ms=0)

    whole = events(data, 0)
    place = sum(len(f"{line}\n".encode(encoding)) for line in lines[:cut])
    first, second = events(data[:place], 0), events(data[place:], place)
    joined = [e.text for e in first.events + second.events]
    if all(lines[cut : cut + 1]):  # an empty line belongs to the event before it
        assert joined == [e.text for e in whole.events]
    assert whole.end == len(data)


@given(st.lists(st.tuples(st.integers(0, 3 * SPAN_MS), st.sampled_from([1, 200_000, 262_000])), max_size=30))
def test_batches_are_as_put_log_events_takes_them(rows):
    events = [Event(stamp, "x" * length, n) for n, (stamp, length) in enumerate(rows)]
    cut = [batch for batch, _ in batches(events)]
    assert [event for batch in cut for event in batch] == events
    for batch in cut:
        stamps = [event.stamp_ms for event in batch]
        assert len(batch) <= MOST_EVENTS
        assert sum(map(size, batch)) <= MOST_BYTES
        assert max(stamps) - min(stamps) <= SPAN_MS


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("/var/log/*.log", "/var/log/a.log", True),
        ("/var/log/*.log", "/var/log/b/a.log", False),
        ("/var/log/**.log", "/var/log/b/c/a.log", True),
        ("/var/log/**/a.log", "/var/log/a.log", True),
        ("/var/log/**/a.log", "/var/log/x/y/a.log", True),
        ("/var/log/a?.log", "/var/log/a1.log", True),
        ("/var/log/a[0-9].log", "/var/log/a1.log", True),
        ("/var/log/a[!0-9].log", "/var/log/a1.log", False),
        ("/var/log/a[1.log", "/var/log/a[1.log", True),
        ("/var/log/secure", "/var/log/secure.1", False),
        ("/var/log/secure*", "/var/log/secure.1", True),
        ("/a+b", "/aab", False),
    ],
)
def test_globs(pattern, path, found):
    assert fits(pattern, path) is found
