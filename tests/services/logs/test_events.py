"""Writing and reading events: what is accepted can be read back in order, once; what is rejected is named."""

import gc
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cwlab import Lab, NotModelled
from cwlab.services.logs import accepted
from tests.services.logs.conftest import client, event, ms

HOUR, DAY = 3_600_000, 86_400_000


def put(lab: Lab, events: list[dict], stream: str = "web", group: str = "/app") -> dict:
    return client(lab).put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def everything(lab: Lab, **more) -> list[dict]:
    """All events of a group, by FilterLogEvents' own paginator."""
    pages = client(lab).get_paginator("filter_log_events").paginate(logGroupName="/app", **more)
    return [each for page in pages for each in page["events"]]


def forward(lab: Lab, limit: int, **more) -> list[dict]:
    """All events of a stream from its head, until the token comes back."""
    logs, found, token = client(lab), [], None
    while True:
        asked = {"nextToken": token} if token else {}
        page = logs.get_log_events(
            logGroupName="/app", logStreamName="web", limit=limit, startFromHead=True, **asked, **more
        )
        found += page["events"]
        assert len(page["events"]) <= limit
        if page["nextForwardToken"] == token:
            assert page["events"] == []
            return found
        token = page["nextForwardToken"]


def backward(lab: Lab, limit: int, **more) -> list[dict]:
    logs, found, token = client(lab), [], None
    while True:
        asked = {"nextToken": token} if token else {}
        page = logs.get_log_events(logGroupName="/app", logStreamName="web", limit=limit, **asked, **more)
        found = page["events"] + found
        if page["nextBackwardToken"] == token:
            return found
        token = page["nextBackwardToken"]


FEW = settings(max_examples=20)  # each of these puts many batches


def fresh(retention: int | None = None) -> Lab:
    lab = Lab()
    logs = client(lab)
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    logs.create_log_stream(logGroupName="/app", logStreamName="db")
    if retention is not None:
        logs.put_retention_policy(logGroupName="/app", retentionInDays=retention)
    return lab


# -- laws ------------------------------------------------------------------------------------------------------------

AGES = st.one_of(
    st.integers(-3 * HOUR, 20 * DAY),
    st.sampled_from([-2 * HOUR - 1, -2 * HOUR, 0, 7 * DAY, 7 * DAY + 1, 14 * DAY, 14 * DAY + 1]),
)


@pytest.mark.syllabus("L11", "L12")
@given(
    ages=st.lists(AGES, min_size=1, max_size=12),
    retention=st.sampled_from([None, 1, 7, 30]),
)
@example(ages=[14 * DAY + 1, 7 * DAY + 1, 0, -2 * HOUR - 1], retention=7)
@example(ages=[3 * DAY, DAY + 1, DAY, 0], retention=1)
def test_what_is_accepted_is_read_back_and_what_is_rejected_is_named(ages, retention):
    lab = fresh(retention)
    now = ms(lab)
    stamps = sorted(now - age for age in ages)
    kept = [
        n
        for n, stamp in enumerate(stamps)
        if now - 14 * DAY <= stamp <= now + 2 * HOUR and (retention is None or stamp >= now - retention * DAY)
    ]
    batch = [event(stamp, f"event {n}") for n, stamp in enumerate(stamps)]
    if kept and stamps[kept[-1]] - stamps[kept[0]] > DAY:
        with pytest.raises(client(lab).exceptions.InvalidParameterException):
            put(lab, batch)
        assert everything(lab) == []
        return
    told = put(lab, batch).get("rejectedLogEventsInfo", {})
    accepted = set(range(len(stamps)))
    accepted -= set(range(told.get("tooOldLogEventEndIndex", 0)))
    accepted -= set(range(told.get("expiredLogEventEndIndex", 0)))
    accepted -= set(range(told.get("tooNewLogEventStartIndex", len(stamps)), len(stamps)))
    assert sorted(accepted) == kept
    assert [(e["timestamp"], e["message"]) for e in everything(lab)] == [
        (stamps[n], f"event {n}") for n in kept
    ]
    assert ("tooOldLogEventEndIndex" in told) == (stamps[0] < now - 14 * DAY)
    assert ("tooNewLogEventStartIndex" in told) == (stamps[-1] > now + 2 * HOUR)


BATCHES = st.lists(
    st.tuples(
        st.sampled_from(["web", "db"]),
        st.integers(0, 50),  # seconds until it is sent
        st.lists(st.integers(-20, 20), min_size=1, max_size=90),  # stamps, seconds around now
    ),
    min_size=1,
    max_size=6,
)


def sent(lab: Lab, batches) -> list[tuple]:
    """Put the batches; returns what was put as (timestamp, arrival, stream, message), in order of time and arrival."""
    out = []
    for number, (stream, wait_s, offsets) in enumerate(batches):
        if wait_s:
            lab.advance(seconds=wait_s)
        stamps = sorted(ms(lab) + 1000 * o for o in offsets)
        put(lab, [event(s, f"{number}/{i}") for i, s in enumerate(stamps)], stream)
        out += [(s, (number, i), stream, f"{number}/{i}") for i, s in enumerate(stamps)]
    return sorted(out)


@FEW
@given(BATCHES, st.integers(1, 60))
def test_pages_forward_and_backward_and_of_the_group_tell_the_same(batches, limit):
    lab = fresh()
    all_of_them = sent(lab, batches)
    web = [(s, m) for s, _, stream, m in all_of_them if stream == "web"]
    assert [(e["timestamp"], e["message"]) for e in forward(lab, limit)] == web
    assert [(e["timestamp"], e["message"]) for e in backward(lab, limit)] == web
    found = everything(lab, PaginationConfig={"PageSize": limit})
    assert [(e["timestamp"], e["logStreamName"], e["message"]) for e in found] == [
        (s, stream, m) for s, _, stream, m in all_of_them
    ]
    ids = [e["eventId"] for e in found]
    assert ids == sorted(ids, key=int) and len(set(ids)) == len(ids)
    assert all(int(e["eventId"]) >> 144 == e["timestamp"] and len(e["eventId"]) == 56 for e in found)
    one = everything(lab, logStreamNames=["db"])
    assert one == [e for e in found if e["logStreamName"] == "db"]


@FEW
@given(BATCHES, BATCHES)
def test_a_fork_goes_its_own_way(before, after):
    lab = fresh()
    had = sent(lab, before)
    twin = lab.fork()
    more = sent(twin, after)
    sent(lab, [("web", 0, [0])])
    assert len(everything(lab)) == len(had) + 1
    assert sorted(e["message"] for e in everything(twin)) == sorted(
        [m for *_, m in had] + [m for *_, m in more]
    )


@settings(max_examples=8)
@given(BATCHES)
def test_a_lab_is_the_same_after_saving_rewinding_and_in_another_run(tmp_path_factory, batches):
    lab = fresh()
    sent(lab, batches)
    lab.advance(minutes=1)
    made = [entry.params for entry in lab.journal]
    told = everything(lab)
    again = fresh()
    sent(again, batches)
    assert everything(again) == told
    path = lab.save(tmp_path_factory.mktemp("saved") / "logs.cwlab")
    opened = Lab.open(path)
    assert [entry.params for entry in opened.journal][: len(made)] == made
    assert everything(opened) == told
    sent(opened, batches)
    sent(lab, batches)
    assert everything(opened) == everything(lab)
    lab.rewind(lab.now)
    assert everything(lab) == everything(opened)


# -- the rules one by one --------------------------------------------------------------------------------------------


def test_sequence_tokens_are_ignored(lab, logs):
    for token in ("x", put(lab, [event(ms(lab))])["nextSequenceToken"], "0"):
        told = logs.put_log_events(
            logGroupName="/app", logStreamName="web", logEvents=[event(ms(lab), "same")], sequenceToken=token
        )
        assert len(told["nextSequenceToken"]) == 56
    assert [e["message"] for e in everything(lab)] == ["m", "same", "same", "same"]


def test_an_event_of_a_megabyte_is_taken_unless_the_older_limit_is_set(lab, logs):
    big = "x" * (1_048_576 - 26)
    with pytest.raises(logs.exceptions.InvalidParameterException, match="exceeds limit of 1048576"):
        put(lab, [event(ms(lab), big + "x")])
    lab.act("logs", "configure", max_event_bytes=262_144)
    with pytest.raises(logs.exceptions.InvalidParameterException, match="exceeds limit of 262144"):
        put(lab, [event(ms(lab), big)])
    put(lab, [event(ms(lab), "x" * (262_144 - 26))])
    lab.act("logs", "configure", max_event_bytes=1_048_576)
    put(lab, [event(ms(lab), big)])
    assert [len(e["message"]) for e in everything(lab)] == [262_118, 1_048_550]
    assert len(logs.filter_log_events(logGroupName="/app")["events"]) == 1  # a page holds a megabyte
    assert len(logs.get_log_events(logGroupName="/app", logStreamName="web")["events"]) == 1


def test_a_batch_of_the_greatest_size_is_taken(lab, logs):
    put(lab, [event(ms(lab), "x")] * 10_000)
    with pytest.raises(logs.exceptions.InvalidParameterException, match="less than or equal to 10000"):
        put(lab, [event(ms(lab), "x")] * 10_001)
    size = 1_048_576 // 8 - 26
    put(lab, [event(ms(lab), "y" * size)] * 8)
    with pytest.raises(logs.exceptions.InvalidParameterException, match="exceeds limit of 1048576"):
        put(lab, [event(ms(lab), "y" * size)] * 7 + [event(ms(lab), "y" * (size + 1))])
    assert len(everything(lab)) == 10_008


TEXTS = ["\0", "a\0b", "\x1b[31mred\x1b[0m", "😀", "<script>alert(1)</script>", " ", "\t", "line\r\nline", "é" * 40, "\ufeff",
         "\u2028", '{"a": "\\u0000"}', "$d", "%s"]  # fmt: skip


@FEW
@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(min_size=1)), min_size=1, max_size=80))
def test_text_is_data(texts):
    lab = fresh()
    put(lab, [event(ms(lab), text) for text in texts])
    assert [e["message"] for e in everything(lab)] == texts
    assert [e["message"] for e in forward(lab, 7)] == texts
    assert [e["message"] for e in lab.journal[3].params["logEvents"]] == texts


def test_half_a_surrogate_pair_becomes_the_replacement_character(lab, logs):
    put(lab, [event(ms(lab), "a\ud83dz"), event(ms(lab), "\udc00")])
    assert [e["message"] for e in everything(lab)] == ["a\ufffdz", "\ufffd"]


def test_the_end_is_exclusive_in_a_stream_and_inclusive_in_a_group(lab, logs):
    now = ms(lab)
    put(lab, [event(now + n, str(n)) for n in range(5)])
    span = {"startTime": now + 1, "endTime": now + 3}
    found = logs.get_log_events(logGroupName="/app", logStreamName="web", **span)["events"]
    assert [e["message"] for e in found] == ["1", "2"]
    assert [e["message"] for e in everything(lab, **span)] == ["1", "2", "3"]
    assert [e["message"] for e in forward(lab, 1, **span)] == ["1", "2"]
    assert [e["message"] for e in backward(lab, 1, **span)] == ["1", "2"]


def test_a_stream_shows_its_newest_page_unless_told_otherwise(lab, logs):
    now = ms(lab)
    put(lab, [event(now + n, str(n)) for n in range(5)])
    ask = {"logGroupName": "/app", "logStreamName": "web", "limit": 2}
    assert [e["message"] for e in logs.get_log_events(**ask)["events"]] == ["3", "4"]
    first = logs.get_log_events(**ask, startFromHead=True)
    assert [e["message"] for e in first["events"]] == ["0", "1"]
    assert set(first["events"][0]) == {"timestamp", "message", "ingestionTime"}


def test_a_token_at_the_end_finds_what_comes_later(lab, logs):
    ask = {"logGroupName": "/app", "logStreamName": "web", "startFromHead": True}
    empty = logs.get_log_events(**ask)
    assert empty["events"] == []
    again = logs.get_log_events(**ask, nextToken=empty["nextForwardToken"])
    assert again["nextForwardToken"] == empty["nextForwardToken"]
    put(lab, [event(ms(lab), "one")])
    page = logs.get_log_events(**ask, nextToken=empty["nextForwardToken"])
    assert [e["message"] for e in page["events"]] == ["one"]
    end = logs.get_log_events(**ask, nextToken=page["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"] == page["nextForwardToken"]
    back = logs.get_log_events(**ask, nextToken=end["nextBackwardToken"])
    assert [e["message"] for e in back["events"]] == ["one"]


@FEW
@given(BATCHES, st.integers(1, 60))
def test_a_group_can_be_read_from_its_end(batches, limit):
    lab = fresh()
    sent(lab, batches)
    told = everything(lab, startFromHead=False, PaginationConfig={"PageSize": limit})
    assert told == everything(lab)[::-1]


def test_the_end_comes_first_only_since_2024_and_a_token_keeps_its_direction(lab, logs):
    now = ms(lab)
    put(lab, [event(now + n, str(n)) for n in range(5)])
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Jan 1, 2024"):
        logs.filter_log_events(logGroupName="/app", startFromHead=False, startTime=1_704_067_199_999)
    ask = {"logGroupName": "/app", "startTime": 1_704_067_200_000}
    first = logs.filter_log_events(**ask, startFromHead=False, limit=2)
    then = logs.filter_log_events(**ask, startFromHead=True, nextToken=first["nextToken"])
    assert [e["message"] for e in first["events"] + then["events"]] == ["4", "3", "2", "1", "0"]


def test_a_token_belongs_to_its_stream_and_its_request(lab, logs):
    logs.create_log_stream(logGroupName="/app", logStreamName="db")
    put(lab, [event(ms(lab), str(n)) for n in range(5)])
    token = logs.get_log_events(logGroupName="/app", logStreamName="web")["nextForwardToken"]
    with pytest.raises(logs.exceptions.InvalidParameterException, match="nextToken is invalid"):
        logs.get_log_events(logGroupName="/app", logStreamName="db", nextToken=token)
    token = logs.filter_log_events(logGroupName="/app", limit=2)["nextToken"]
    with pytest.raises(logs.exceptions.InvalidParameterException, match="nextToken is invalid"):
        logs.filter_log_events(logGroupName="/app", limit=2, startTime=1, nextToken=token)
    lab.advance(hours=24)
    assert len(logs.filter_log_events(logGroupName="/app", nextToken=token)["events"]) == 3
    lab.advance(seconds=1)
    with pytest.raises(logs.exceptions.InvalidParameterException, match="expired"):
        logs.filter_log_events(logGroupName="/app", limit=2, nextToken=token)


def test_the_tokens_of_a_stream_are_good_for_a_day(lab, logs):
    put(lab, [event(ms(lab), str(n)) for n in range(3)])
    ask = {"logGroupName": "/app", "logStreamName": "web", "startFromHead": True}
    first = logs.get_log_events(**ask, limit=2)
    lab.advance(hours=24)
    rest = logs.get_log_events(**ask, nextToken=first["nextForwardToken"])
    assert [e["message"] for e in rest["events"]] == ["2"]
    lab.advance(minutes=1)
    for token in (first["nextForwardToken"], first["nextBackwardToken"]):
        with pytest.raises(logs.exceptions.InvalidParameterException, match="expired"):
            logs.get_log_events(**ask, nextToken=token)
    end = logs.get_log_events(**ask, nextToken=rest["nextForwardToken"])
    assert end["nextForwardToken"] == rest["nextForwardToken"] and not end["events"]
    back = logs.get_log_events(**ask, nextToken=end["nextBackwardToken"])
    assert [e["message"] for e in back["events"]] == ["0", "1", "2"]


def test_a_group_shows_its_streams_in_one_order_of_time(lab, logs):
    now = ms(lab)
    for stream in ("db", "db-2"):
        logs.create_log_stream(logGroupName="/app", logStreamName=stream)
    put(lab, [event(now, "first put"), event(now + 2, "third")], "web")
    put(lab, [event(now, "second put"), event(now + 1, "second")], "db")
    found = logs.filter_log_events(logGroupName="/app", interleaved=False)
    assert [e["message"] for e in found["events"]] == ["first put", "second put", "second", "third"]
    assert found["searchedLogStreams"] == [] and "nextToken" not in found
    assert everything(lab, logStreamNamePrefix="db") == everything(lab, logStreamNames=["db", "db-2"])
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/app"
    assert logs.filter_log_events(logGroupIdentifier=arn)["events"] == found["events"]


def test_an_empty_pattern_matches_everything(lab, logs):
    put(lab, [event(ms(lab), "one")])
    assert everything(lab, filterPattern="") == everything(lab, filterPattern=" ") == everything(lab)


def test_what_is_not_modeled_is_refused_by_name(logs):
    with pytest.raises(NotModelled, match="ESSENTIALS"):
        logs.create_log_group(logGroupName="/new", logGroupClass="ESSENTIALS")


@pytest.mark.syllabus("L02", "L03")
def test_a_group_is_of_one_region_and_one_account(lab, logs):
    put(lab, [event(ms(lab), "here")])
    for elsewhere in (lab.client("logs", region="eu-west-1"), lab.client("logs", account="222222222222")):
        with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
            elsewhere.filter_log_events(logGroupName="/app")
        elsewhere.create_log_group(logGroupName="/app")
        assert elsewhere.filter_log_events(logGroupName="/app")["events"] == []
    assert [e["message"] for e in everything(lab)] == ["here"]


@pytest.mark.syllabus("L12", "L13")
def test_the_same_log_on_many_instances_is_a_group_with_a_stream_for_each(lab, logs):
    logs.create_log_group(logGroupName="/var/log/messages")
    for n, instance in enumerate(("i-0a", "i-0b", "i-0c")):
        logs.create_log_stream(logGroupName="/var/log/messages", logStreamName=instance)
        put(lab, [event(ms(lab) + n, f"from {instance}")], instance, "/var/log/messages")
    alone = logs.get_log_events(logGroupName="/var/log/messages", logStreamName="i-0b")["events"]
    assert [e["message"] for e in alone] == ["from i-0b"]
    together = logs.filter_log_events(logGroupName="/var/log/messages")["events"]
    assert [e["logStreamName"] for e in together] == ["i-0a", "i-0b", "i-0c"]


# -- what was stored before ------------------------------------------------------------------------------------------


def test_history_is_stored_at_once_whatever_its_age(lab, logs):
    then = ms(lab) - 400 * DAY
    stamps = [then + (n * 7919) % 30_000 for n in range(25_000)]
    lab.act("logs", "load", group="/app", stream="web", stamps=stamps, messages=[f"{s}" for s in stamps])
    found = everything(lab)
    assert [e["timestamp"] for e in found] == sorted(stamps)
    assert all(e["message"] == str(e["timestamp"]) == str(e["ingestionTime"]) for e in found)
    (stream,) = logs.describe_log_streams(logGroupName="/app")["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (min(stamps), max(stamps))


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"stamps": [1, 2], "messages": ["a"]}, "columns of one length"),
        ({"stamps": [1], "messages": [""]}, "no message"),
        ({"stamps": [1 << 45], "messages": ["a"]}, "ahead of now"),
    ],
)
def test_history_that_cannot_be_used_says_why(lab, logs, more, rule):
    with pytest.raises(ValueError, match=rule):
        lab.act("logs", "load", group="/app", stream="web", **more)


# -- the journal, and what happens to what is accepted ----------------------------------------------------------------


def many(lab: Lab, group: str = "/app") -> None:
    """Batches of all kinds: big, small, partly rejected, mended, history."""
    now = ms(lab)
    put(lab, [event(now - n % 7, f"big {n}") for n in reversed(range(7)) for _ in range(20)])
    put(lab, [event(now, "small")])
    put(lab, [event(now - 15 * DAY), *[event(now, f"kept {n}") for n in range(80)]])
    put(lab, [event(now, f"half a pair \ud800 {n}") for n in range(80)])
    stamps = np.arange(now - 10_000, now - 9_900)[::-1]
    lab.act("logs", "load", group="/app", stream="web", stamps=stamps, messages=[f"{s}" for s in stamps])


def test_what_was_done_can_be_done_again_from_the_journal(tmp_path):
    lab = fresh()
    lab.autosave(tmp_path / "lab.journal")
    many(lab)
    lab.advance(minutes=1)
    told = everything(lab)
    assert len(told) == 140 + 1 + 80 + 80 + 100
    assert everything(Lab.from_share(lab.share())) == told
    assert everything(Lab.recover(tmp_path / "lab.journal")) == told
    entry = next(e for e in lab.journal if e.operation == "PutLogEvents")
    assert entry.python().startswith("logs.put_log_events(\n") and "'big 0'" in entry.python()


def test_batches_as_an_agent_sends_them_weigh_little_more_than_their_text(lab, logs):
    line = "2026-03-02T09:00:00Z GET /items/{} HTTP/1.1 200 {} Mozilla/5.0"
    put(lab, [event(ms(lab))])
    gc.collect()
    tracemalloc.start()
    raw = 0
    for batch in range(100):
        events = [event(ms(lab), line.format(batch, n)) for n in range(20)]
        raw += sum(len(each["message"]) for each in events)
        put(lab, events)
    del events
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 4 * raw, f"{held / raw:.1f} times the text, the journal included"


def test_the_journal_holds_no_second_copy(lab, logs, tmp_path):
    put(lab, [event(ms(lab), "x" * 90)] * 5_000)
    lab.advance(seconds=1)
    (stream,) = [s for key, t in lab.world.tables.items() if key[3] == "streams//app" for s in t.values()]
    (chunk,) = stream.events.chunks
    assert lab.journal[-2].request.chunk is chunk
    opened = Lab.open(lab.save(path := tmp_path / "x.cwlab"))
    assert path.stat().st_size < 300_000
    (stream,) = [s for key, t in opened.world.tables.items() if key[3] == "streams//app" for s in t.values()]
    kept = opened.journal[2].request.chunk.text
    assert np.shares_memory(kept, stream.events.chunks[0].text)


def test_what_is_accepted_is_handed_on_once(lab, logs, monkeypatch):
    seen = []
    monkeypatch.setattr(accepted, "HOOKS", hooks := [])
    monkeypatch.setattr("cwlab.services.logs.events.HOOKS", hooks)
    accepted.on_accepted(
        lambda call, group, stream, events: seen.append((group.name, stream, [m for *_, m in events]))
    )
    put(
        lab,
        [event(ms(lab) - 15 * DAY, "too old"), event(ms(lab), "one"), event(ms(lab) + 3 * HOUR, "too new")],
    )
    put(lab, [event(ms(lab) - 15 * DAY, "too old")])
    put(lab, [event(ms(lab), str(n)) for n in range(100)])
    assert seen == [("/app", "web", ["one"]), ("/app", "web", [str(n) for n in range(100)])]
