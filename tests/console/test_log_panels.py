"""Panels and pictures of logs: what a line holds is harmless, every control has its twin, the calls run as they stand."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab, console, shop
from cwlab.console.charts.loglines import LogLine, columns, loglines
from cwlab.errors import BadInput
from cwlab.learn.topics import logs as topic

NASTY = "<script>alert(1)</script> \x1b[31mred\x1b[0m nul \x00 tab\t bell \x07 \u202eevil \U0001f389 ERROR"
GROUP, STREAM = "/app", "<b>x"


def ms(lab):
    return int(lab.now.timestamp() * 1000)


@pytest.fixture
def lab():
    lab = Lab()
    logs = lab.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    for stream in (STREAM, "web"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    for minute in range(30):
        texts = [NASTY, f"INFO request {minute}"] if minute % 3 == 0 else [f"INFO request {minute}"]
        events = [{"timestamp": ms(lab) + n, "message": text} for n, text in enumerate(texts)]
        logs.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)
        lab.advance(minutes=1)
    return lab


def shown(picture):
    """Every text a picture puts on the page, and its words."""
    spec = picture.to_dict()
    texts = [row["text"] for row in spec["datasets"]["texts"]] + [
        row["tip"] for row in spec["datasets"]["texts"]
    ]
    return [*texts, picture.title, picture.summary]


def harmless(picture):
    return all(c.isprintable() for text in shown(picture) for c in text if c != "\n")


def run(calls, lab):
    """The calls of a panel, run as they stand; returns the operations they made."""
    before = len(lab.journal)
    exec("\n".join(line for line in calls.splitlines() if not line.startswith("#")), {"lab": lab})
    return [e.operation for e in lab.journal.since(before) if e.kind == "call"]


# -- the events of a group ---------------------------------------------------------------------------------------------
def test_log_text_is_shown_harmlessly(lab):
    panel = console.logs(lab, GROUP, pattern="ERROR")
    assert harmless(panel.picture)
    assert any("<script>" in text for text in shown(panel.picture))  # as text: nothing is taken away
    assert any("\\x1b[31m" in text for text in shown(panel.picture))
    assert not any("\x1b" in cell for cell in panel.picture.table["message"])


def test_a_pattern_finds_counts_and_lights_up(lab):
    panel = console.logs(lab, GROUP)
    assert panel.picture.title == "/app: 40 events"
    assert panel.set(pattern="ERROR").title == "/app: 10 events match"
    bold = [
        row["text"] for row in panel.picture.rows["texts"] if row["weight"] == 600 and row["text"] == "ERROR"
    ]
    assert len(bold) == 10
    assert panel.set(stream="web").title == "/app: 0 events match"


def test_pages_go_back_in_time_and_end(lab):
    panel = console.logs(lab, GROUP, rows=12)
    first = panel.picture.table["time (UTC)"].min()
    assert panel.set(page=2).table["time (UTC)"].max() <= first
    assert len(panel.set(page=4).table) == 40 - 36
    assert len(panel.set(page=5).table) == 0


def test_of_many_events_the_newest_are_read_and_that_is_said(tmp_path):
    path = tmp_path / "many.log"
    path.write_text(
        "".join(f"2026-03-02T08:{n // 600:02}:{n // 10 % 60:02}Z event {n}\n" for n in range(12_000)),
        encoding="ascii",
    )
    lab = Lab()
    lab.load_logs(path, group=GROUP, stream="web")
    panel = console.logs(lab, GROUP)
    assert panel.picture.table["message"].iloc[-1].endswith("event 11999")
    assert "newest 10,000" in panel.why


def test_a_refused_pattern_is_told_in_aws_s_words_with_a_caret(lab):
    panel = console.logs(lab, GROUP)
    panel.set(pattern="[a, b")
    assert panel.why.startswith("InvalidParameterException")
    assert "^" in panel.note
    panel.set(pattern="ERROR")
    assert panel.note == ""


def test_a_group_that_is_not_there_is_told():
    panel = console.logs(Lab(), "/none")
    assert panel.why.startswith("ResourceNotFoundException")


def test_the_calls_of_each_panel_run_as_they_stand(lab):
    assert run(console.logs(lab, GROUP, pattern='"ERROR" -x').calls, lab) == ["FilterLogEvents"]
    assert run(console.pattern(lab, [NASTY], "ERROR").calls, lab) == ["TestMetricFilter"]
    assert set(run(console.sources(lab, GROUP).calls, lab)) == {"FilterLogEvents"}


@pytest.mark.parametrize("make", [
    lambda lab: console.logs(lab, GROUP), lambda lab: console.live_tail(lab, GROUP),
    lambda lab: console.pattern(lab, ["x"]), lambda lab: console.sources(lab, GROUP),
])  # fmt: skip
def test_a_panel_has_at_most_seven_controls_and_says_its_twin(lab, make):
    panel = make(lab)
    assert len(panel.controls) <= 7
    assert "panel.set(" in panel.calls
    panel.set(**panel.values)


# -- Live Tail ---------------------------------------------------------------------------------------------------------
def test_live_tail_shows_what_comes_in_from_now_on(lab):
    tail = console.live_tail(lab, GROUP)
    assert len(tail.picture.table) == 0
    lab.advance(seconds=1)
    lab.client("logs").put_log_events(
        logGroupName=GROUP, logStreamName="web", logEvents=[{"timestamp": ms(lab), "message": NASTY}]
    )
    tail.go(seconds=10)
    assert len(tail.picture.table) == 1
    assert harmless(tail.picture)
    assert len(tail.set(pattern="-ERROR").table) == 0
    tail.go()
    assert lab.now == lab.start + timedelta(minutes=31, seconds=11)
    lab.rewind(lab.start + timedelta(minutes=10))
    tail.refresh()


# -- the pattern bench -------------------------------------------------------------------------------------------------
LINES = [
    NASTY,
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET / HTTP/1.0" 404 1534',
    '{"type": "Root", "n": 5}',
]


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("", [1, 2, 3]),
        ("ERROR", [1]),
        ("-ERROR", [2, 3]),
        ("[ip, id, user, time, request, status = 4*, bytes]", [2]),
        ('{ $.type = "Root" }', [3]),
        ("{ $.n > 4 }", [3]),
        ("%HTTP/[0-9]%", [2]),
    ],
)
def test_the_bench_agrees_with_test_metric_filter(lab, pattern, matching):
    panel = console.pattern(lab, LINES, pattern)
    table = panel.picture.table
    assert table[table["match"] == "yes"]["line"].tolist() == matching
    found = lab.client("logs").test_metric_filter(filterPattern=pattern, logEventMessages=LINES)["matches"]
    assert [match["eventNumber"] + 1 for match in found] == matching
    assert harmless(panel.picture)


def test_fields_are_told_for_the_line_looked_at(lab):
    panel = console.pattern(lab, LINES, "[ip, id, user, time, request, status, bytes]", look=2)
    assert "$status=404" in panel.picture.table["fields"][1]
    assert {"$ip", "127.0.0.1"} <= {row["text"] for row in panel.picture.rows["texts"]}


def test_a_mistake_is_pointed_at_and_named(lab):
    panel = console.pattern(lab, LINES, '{ $.type == "Root" }')
    line, caret, named = panel.note.splitlines()
    assert line[caret.index("^") - 1 : caret.index("^") + 1] == "=="
    assert "one equals sign is enough" in named
    assert panel.picture.title == "This pattern cannot be read"


def test_the_bench_takes_one_to_ten_lines(lab):
    for lines in ([], ["x"] * 11, [""]):
        with pytest.raises(BadInput):
            console.pattern(lab, lines)


# -- sources, groups, outcomes, exports --------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def three():
    world = topic.three_machines(Lab())
    world.advance(minutes=10)
    return world


def test_sources_tell_who_sends_and_why_others_do_not(three):
    panel = console.sources(three, topic.FILE, ["web-1", "web-2", "till-7"])
    table = panel.picture.table.set_index("source")
    assert table["standing"].to_dict() == {"web-1": "sending", "web-2": "silent", "till-7": "refused"}
    assert "no agent" in table.loc["web-2", "why"]
    assert table.loc["till-7", "why"].startswith("NoCredentialProviders")
    assert table.loc["web-1", "events"] == len(topic.messages(three))


def test_the_picture_of_sources_fills_with_time(three):
    panel = console.sources(three, topic.FILE, ["web-1"])
    counts = [int(panel.set(at=at).table["events"].sum()) for at in panel.controls["at"].options.values()]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] == len(topic.messages(three))


def test_a_role_without_permission_is_told(three):
    world = three.fork()
    world.client("iam").detach_role_policy(
        RoleName="shop-web", PolicyArn="arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
    )
    world.advance(minutes=10)
    table = console.sources(world, topic.FILE, ["web-1"]).picture.table
    assert table["standing"][0] == "refused"
    assert "AccessDenied" in table["why"][0]


def test_sources_want_time_and_machines_that_are_there():
    with pytest.raises(BadInput, match="advance"):
        console.sources(Lab(), "/app")
    lab = Lab()
    lab.advance(minutes=1)
    with pytest.raises(BadInput, match="not a machine"):
        console.sources(lab, "/app", ["nobody"])


def test_a_group_s_settings(lab):
    logs = lab.client("logs")
    states = console.group(lab, GROUP).table.set_index("setting")["state"]
    assert (states["retention"], states["encryption"]) == ("default", "default")
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    logs.put_metric_filter(logGroupName=GROUP, **topic.FAILED)
    states = console.group(lab, GROUP).table.set_index("setting")["state"]
    assert (states["retention"], states["metric filters"]) == ("set", "1")
    assert "no such group" in console.group(lab, "/none").title


def test_groups_by_region(lab):
    table = console.groups(lab, ["us-east-1", "eu-west-1"]).table
    assert table["group"].tolist() == ["/app", "eu-west-1"]
    assert table["place"].tolist() == ["filled", "none"]


def test_outcomes_tell_refusals_in_aws_s_words(lab):
    with pytest.raises(ClientError):
        lab.client("logs").put_log_events(
            logGroupName="/none", logStreamName="x", logEvents=[{"timestamp": 1, "message": "m"}]
        )
    picture = console.outcomes(lab, ["PutLogEvents"], last=2)
    assert picture.title == "1 of 2 calls refused"
    assert (
        picture.table["said"].tolist()[-1]
        == "ResourceNotFoundException: The specified log group does not exist."
    )


@pytest.mark.parametrize("there_already", [False, True])
def test_an_export_at_any_time_of_its_twelve_hours(there_already):
    world = Lab()
    world.load_logs(shop.recording("secure"), group=topic.FILE, stream="web-1")
    topic.make_bucket(world, "shop-logs")
    task = topic.export(world, "shop-logs")
    if there_already:
        world.advance(hours=12)
    now = world.now
    panel = console.export(world, task)
    assert panel.picture.title.startswith("After 5 min: PENDING, 0 objects")
    assert panel.set(at="12 h").title == "After 12 h: COMPLETED, 1 object in the bucket"
    assert world.now == now
    operations = run(panel.calls, world)
    assert operations[-2:] == ["DescribeExportTasks", "ListObjectsV2"] or operations == []
    with pytest.raises(BadInput):
        console.export(world, "nothing")


def test_wide_letters_take_two_columns_and_long_lines_are_cut():
    assert columns("a\U0001f389e\u0301") == 4
    lines = [LogLine(0, "s", "x" * 5000 + " END", [(5001, 5004)])]
    picture = loglines(lines, [0], start_ms=0, end_ms=1000, now_ms=1000, rows=2, title="t")
    assert max(len(row["text"]) for row in picture.rows["texts"]) < 120
    assert any(row["text"] == "END" and row["weight"] == 600 for row in picture.rows["texts"])


def test_pictures_are_plain_data(lab):
    json.dumps(console.group(lab, GROUP).to_dict())
    json.dumps(console.logs(lab, GROUP).picture.to_dict())
