"""The Insights bench: rows, charts and mistakes of a query; what an event holds is harmless; the calls run as they stand."""

import json
import time

import pytest

from cwlab import Lab, console
from cwlab.console.codebox import CodeBox
from cwlab.errors import BadInput

NASTY = "<script>alert(1)</script> \x1b[31mred\x1b[0m nul \x00 tab\t bell \x07 \u202eevil \U0001f389 `tick`"
APP, WEB = "/shop/app", "/shop/web"


@pytest.fixture(scope="module")
def lab():
    """Half an hour of JSON lines, two a minute: every third has no latency, one a text for it; and a group of nasty text."""
    lab = Lab()
    logs = lab.client("logs")
    for group in (APP, WEB):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="<b>x")
    for minute in range(30):
        at = int(lab.now.timestamp() * 1000)
        lines = [
            {"path": "/orders", "status": 200 if minute % 4 else 500, "latency": 10 * minute},
            {"path": NASTY, "status": 404} | ({"latency": "slow"} if minute == 7 else {}),
        ]
        events = [{"timestamp": at + n, "message": json.dumps(line)} for n, line in enumerate(lines)]
        logs.put_log_events(logGroupName=APP, logStreamName="<b>x", logEvents=events)
        logs.put_log_events(
            logGroupName=WEB, logStreamName="<b>x", logEvents=[{"timestamp": at, "message": NASTY}]
        )
        lab.advance(minutes=1)
    return lab


@pytest.fixture(scope="module")
def panel(lab):
    return console.insights(lab, APP)


def texts(picture):
    rows = picture.to_dict()["datasets"]["texts"]
    return [row["text"] for row in rows] + [row["tip"] for row in rows]


def lines(picture):
    """How many lines there are in the chart, its grid and axes left out."""
    return {row["color"] for row in picture.to_dict()["datasets"]["lines"]}


# -- what is shown -----------------------------------------------------------------------------------------------------
def test_an_empty_box_gives_the_newest_events(panel):
    picture = panel.set(query="")
    assert list(picture.table.columns) == ["@timestamp", "@message"]
    assert len(picture.table) == 60 and picture.title == "60 rows"
    assert panel.why.startswith("60 of 60 events matched. Scanned: ")
    assert panel.note == "" and panel.shown.mark is None


def test_the_text_twin_has_the_rows_and_what_was_scanned(panel):
    panel.set(query="filter status >= 500 | fields path, latency")
    assert repr(panel).splitlines()[0] == "8 rows"
    assert "8 rows of path, latency; 8 shown. The first: path: /orders; latency: 280." in repr(panel)
    assert "8 of 60 events matched. Scanned: " in panel.why and " bytes in 1 group" in panel.why


def test_what_is_missing_is_a_dash_and_is_told(panel):
    picture = panel.set(query="fields path, latency")
    assert "–" in texts(picture)
    assert "latency is missing in 29 of 60 rows." in panel.why


@pytest.mark.parametrize("group", [APP, WEB])
@pytest.mark.parametrize("query", ["", "stats count(*) by path", "fields @message, @logStream", "stats count(*) by bin(5m), path"])  # fmt: skip
def test_events_are_shown_harmlessly(lab, group, query):
    panel = console.insights(lab, group, query)
    picture = panel.picture
    assert all(c.isprintable() for text in [*texts(picture), picture.title, panel.why] for c in text)
    assert all(c.isprintable() or c == "\n" for c in picture.text)
    json.dumps(picture.to_dict())


def test_groups_by_time_are_lines_or_areas_and_by_anything_else_bars(panel):
    by_time = panel.set(query="stats count(*) as n, avg(latency) by bin(5m)", chart="line")
    assert len(by_time.rows["areas"]) == 0 and len(lines(by_time)) >= 2
    assert by_time.title == "n is 10 in all 6 rows"
    stacked = panel.set(chart="stacked area")
    assert len(stacked.rows["areas"]) > 0
    bars = panel.set(query="stats count(*) as n by status")
    assert bars.title == "n is highest for 404: 30"
    assert sum(row["y2"] - row["y"] > 40 and row["x2"] - row["x"] < 100 for row in bars.rows["boxes"]) == 3
    assert "n is highest" not in panel.set(query="fields status").title


def test_a_group_beside_the_time_makes_a_line_each(panel):
    picture = panel.set(query="stats count(*) as n by status, bin(10m)", chart="line")
    assert {"200", "404", "500"} <= set(texts(picture))


def test_at_most_a_hundred_bars_are_drawn(lab):
    panel = console.insights(lab, APP, "stats count(*) by @timestamp, path", back="1 h")
    assert len(panel.picture.table) == 60
    many = lab.fork()
    logs = many.client("logs")
    at = int(many.now.timestamp() * 1000)
    logs.put_log_events(
        logGroupName=APP, logStreamName="<b>x",
        logEvents=[{"timestamp": at + n, "message": json.dumps({"who": n})} for n in range(130)],
    )  # fmt: skip
    many.advance(seconds=1)
    panel = console.insights(many, APP, "filter ispresent(who) | stats count(*) by who")
    assert "The first 100 rows are drawn." in panel.why
    assert sum("count(*): 1" in row["tip"] for row in panel.picture.rows["dots"]) == 100


def test_pages_hold_the_rows_in_order(panel):
    first = texts(panel.set(query="fields @timestamp | sort @timestamp asc", page=1))
    second = texts(panel.set(page=2))
    assert "2026-03-02 09:00:00.000" in first and "2026-03-02 09:00:00.000" not in second
    assert "no more rows" in texts(panel.set(page=9))
    panel.set(page=1)


def test_no_rows_say_why(panel):
    assert "no event matches" in texts(panel.set(query="filter status = 1"))
    assert "no rows" not in texts(panel.set(query="filter status = 1"))
    later = panel.set(query="")
    assert len(later.table)


def test_a_field_that_nobody_has_says_so(panel):
    picture = panel.set(query="fields statuss, 1 / 0 as x")
    assert {"statuss", "x", "–"} <= set(texts(picture))
    assert "statuss is missing in 60 of 60 rows" in panel.why
    picture = panel.set(query="fields @ptr")
    assert "nothing but @ptr, which is not shown" in texts(picture) and "nothing but @ptr" in picture.summary
    panel.set(query="")


def test_days_are_called_by_their_date(panel):
    assert panel.set(query="stats count(*) as n by bin(1d)").title == "n is highest on 2026-03-02: 60"


def test_a_time_without_events_says_so():
    lab = Lab()
    lab.client("logs").create_log_group(logGroupName="/empty")
    panel = console.insights(lab, "/empty")
    assert panel.picture.title == "No rows" and "no events in this time" in texts(panel.picture)


def test_several_groups_are_asked_at_once(lab):
    panel = console.insights(lab, [APP, WEB], "stats count(*) as n by @log")
    assert sorted(panel.picture.table["n"]) == [30, 60] and "in 2 groups" in panel.why


def test_the_drawing_stays_so_that_only_rows_are_sent(panel):
    one = panel.set(query="fields status")
    two = panel.set(query="stats count(*) by bin(1m)")
    assert one.spec == two.spec == panel.set(query="oops").spec


def test_a_query_is_drawn_in_a_tenth_of_a_second(panel):
    panel.set(query="stats avg(latency) by bin(1m)")
    spent = []
    for query in ("stats count(*) by status", "filter status = 404", "stats avg(latency) by bin(1m)") * 3:
        start = time.process_time()
        panel.set(query=query)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.1


# -- mistakes ----------------------------------------------------------------------------------------------------------
def test_a_mistake_is_named_and_pointed_at(panel):
    picture = panel.set(query="fields status\n| filter status = \n| limit 3")
    assert picture.title == "Refused" and panel.why.startswith("MalformedQueryException: an operator without")
    line, caret, said = panel.note.splitlines()
    assert line == "| limit 3" and caret == "^" and said.startswith("an operator without its right side.")
    assert panel.shown.mark == (33, 34)
    assert "refused" in texts(picture) and any(t.startswith("an operator without") for t in texts(picture))
    panel.set(query="fields status")
    assert panel.note == "" and panel.shown.mark is None


@pytest.mark.parametrize(
    "query", ["'", "fields " + "(" * 300, "limit 0", "filter a like /(/", "\x00", NASTY, "stats", "| |"]
)
def test_any_text_is_answered_by_the_panel(panel, query):
    panel.set(query=query)
    assert panel.picture.title == "Refused" and panel.why.startswith("MalformedQueryException")
    assert all(c.isprintable() or c == "\n" for c in panel.note + panel.why)
    panel.set(query="fields status")


def test_a_missing_group_is_an_answer_and_no_group_an_error(lab):
    panel = console.insights(lab, "/nowhere")
    assert panel.picture.title == "Refused" and panel.why.startswith("ResourceNotFoundException")
    with pytest.raises(BadInput, match="names no log group"):
        console.insights(lab, [])


def test_a_query_may_choose_its_groups_itself(lab):
    panel = console.insights(
        lab, None, "SOURCE logGroups(namePrefix: ['/shop/']) | stats count(*) as n by @log"
    )
    assert sorted(panel.picture.table["n"]) == [30, 60]
    assert "logGroupNames" not in panel.calls


# -- beside the picture ------------------------------------------------------------------------------------------------
def test_the_lab_stays_where_it_is_and_the_calls_run_as_they_stand(lab, panel):
    panel.set(query="stats count(*) as n by status", back="1 h")
    before = len(lab.journal), lab.now
    panel.refresh()
    assert (len(lab.journal), lab.now) == before
    names = {"lab": lab}
    exec("\n".join(line for line in panel.calls.splitlines() if not line.startswith("#")), names)
    assert [e.operation for e in names["copy"].journal.since(before[0]) if e.kind == "call"] == [
        "StartQuery",
        "GetQueryResults",
    ]
    got = names["logs"].get_query_results(queryId=names["query"]["queryId"])
    assert got["status"] == "Complete" and len(got["results"]) == len(panel.picture.table)
    panel.set(query="limit")
    assert panel.calls.splitlines()[-1].endswith("# MalformedQueryException")
    panel.set(query="")


def test_the_sql_is_shown_in_a_fold(panel):
    panel.set(query="stats count(*) as n by status")
    ((label, text),) = panel.shown.folds.items()
    assert label == "The SQL it becomes" and text.startswith("WITH ") and "COUNT(*)" in text


def test_words_are_offered_by_their_kind(lab, panel):
    box = CodeBox()
    box.offer(panel.controls["query"].words())
    kinds = dict(box.words)
    assert kinds["stats"] == "command" and kinds["count_distinct"] == "function" and kinds["by"] == "word"
    assert kinds["latency"] == kinds["@timestamp"] == "field"


def test_fields_of_old_events_are_offered_as_well():
    lab = Lab()
    lab.client("logs").create_log_group(logGroupName="/g")
    lab.client("logs").create_log_stream(logGroupName="/g", logStreamName="s")
    at = int(lab.now.timestamp() * 1000)
    lab.client("logs").put_log_events(
        logGroupName="/g", logStreamName="s", logEvents=[{"timestamp": at, "message": '{"shelf": 7}'}]
    )
    lab.advance(days=3)
    panel = console.insights(lab, "/g", back="all")
    assert ("shelf", "field") in panel.controls["query"].words()


def test_a_word_nobody_can_type_is_not_offered():
    box = CodeBox()
    box.offer([("ok", "field"), ("a\x1bb", "field"), ("a`b", "field"), ("a\nb", "field"), ("a b", "field")])
    assert box.words == [["ok", "field"], ["a b", "field"]]


def test_controls_and_box_follow_the_twin(lab):
    panel = console.insights(lab, APP, examples={"errors": "filter status >= 500"})
    assert panel.widget is not None
    box = panel._widgets["query"]
    panel.set(query="filter status >")
    assert box.value == "filter status >" and box.mark == [15, 16]
    box._handle_custom_msg({"run": "filter status >= 500"}, [])
    assert (
        panel.values["query"] == "filter status >= 500"
        and len(panel.picture.table) == 8
        and box.mark == [-1, -1]
    )
    sent = panel._sent
    box._handle_custom_msg({"run": "filter status >= 500"}, [])
    assert panel._sent == sent + 1
    with pytest.raises(BadInput, match="takes text"):
        panel.set(query=3)


def test_the_kernel_sends_the_folds(lab):
    panel = console.insights(lab, APP)
    assert panel.widget.children[-1].frame["folds"][0][0] == "The SQL it becomes"
