"""lab.query's companions: the SQL of a query, and the cell magic."""

import duckdb
import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.errors import BadInput
from cwlab.prices import GB, scan_usd
from cwlab.query import load_ipython_extension, sql


class Shell:
    """As much of IPython as an extension needs."""

    def __init__(self, **names):
        self.user_ns, self.magics = names, {}

    def register_magic_function(self, function, kind, name):
        self.magics[kind, name] = function


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    logs = lab.client("logs")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    now = int(lab.now.timestamp() * 1000)
    events = [{"timestamp": now - 7_200_000, "message": "old"}, {"timestamp": now, "message": "new"}]
    logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=events)
    return lab


def test_the_statement_can_be_read():
    text = sql("filter status >= 500 | stats count(*) by bin(5m)")
    assert "FROM events" in text
    assert "GROUP BY" in text


@pytest.mark.parametrize(
    "text",
    [
        "pattern @message | anomaly",
        "diff previousDay",
        "fields jsonParse(@message) as j | unnest j.items into one | dedup one",
        "join type=left left=a right=b where a.k=b.k (SOURCE '/b' | stats latest(@message) as m by k) | fields a.k, b.m",
        "filter k in (SOURCE '/b' | fields k) | lookup t k OUTPUT v | filterIndex k = 'x'",
        "parse @message 'a=*' as a | stats pct(a, 9), sortsFirst(a), stddev(a) as s by bin(1mo), a | stats max(s)",
        "display formatDate(@timestamp, 'yyyy'), regexReplace(@message, 'a', 'b'), isIpInSubnet(ip, '10.0.0.0/8')",
    ],
)
def test_the_statement_as_it_is_shown_is_one_that_the_engine_reads(text):
    (statement,) = duckdb.connect().extract_statements(sql(text))
    assert statement.type == duckdb.StatementType.SELECT


def test_the_cell_magic_asks_the_last_hour_or_as_long_as_it_is_told(lab):
    shell = Shell(lab=lab)
    load_ipython_extension(shell)
    insights = shell.magics["cell", "insights"]
    assert insights("/app", "fields @message")["@message"].tolist() == ["new"]
    assert insights("/app --last 3h", "fields @message")["@message"].tolist() == ["new", "old"]
    shell.user_ns["world"] = shell.user_ns.pop("lab")
    assert insights("/app --lab world --last 3h", "fields @message")["@message"].tolist() == ["new", "old"]


@pytest.mark.parametrize("line", ["", "/app --last", "/app --last soon", "/app --lab", "/app --lab nobody"])
def test_a_cell_that_does_not_say_what_to_ask(lab, line):
    shell = Shell(lab=lab)
    load_ipython_extension(shell)
    with pytest.raises(BadInput):
        shell.magics["cell", "insights"](line, "limit 1")


def test_an_empty_answer_is_an_empty_frame(lab):
    frame = lab.query("/app", "filter @message = 'none' | stats count(*) as n by @logStream, bin(5m)")
    assert frame.empty
    assert list(frame.columns) == ["@logStream", "bin(5m)", "n"]
    assert frame["n"].tolist() == []


def test_columns_stand_in_the_order_of_the_query_whichever_row_has_them(lab):
    messages = ['{"b": 1, "c": 2}', '{"a": 3}', '{"c": 4, "a": 5}']
    events = [
        {"timestamp": int(lab.now.timestamp() * 1000) + n, "message": each} for n, each in enumerate(messages)
    ]
    lab.client("logs").put_log_events(logGroupName="/app", logStreamName="web", logEvents=events)
    lab.advance(seconds=1)
    text = "fields a, b, nothing, c | filter @message like '{'"
    frame = lab.query("/app", text)
    assert list(frame.columns) == ["a", "b", "nothing", "c", "@ptr"]
    assert frame["nothing"].isna().all()
    assert list(lab.query("/app", f"{text} | filter ispresent(b)").columns) == [
        "a",
        "b",
        "nothing",
        "c",
        "@ptr",
    ]
    assert list(lab.query("/app", "fields a | estimate").columns) == ["estimatedBytesScanned"]


def test_a_cell_that_begins_with_source_needs_no_group(lab):
    shell = Shell(lab=lab)
    load_ipython_extension(shell)
    found = shell.magics["cell", "insights"](
        "--last 3h", "SOURCE logGroups(namePrefix: ['/a'])\n| fields @message"
    )
    assert found["@message"].tolist() == ["new", "old"]
    assert lab.query(None, "SOURCE logGroups() | fields @message")["@message"].tolist() == ["new"]


def test_groups_are_named_by_their_arns_too(lab):
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/app"
    assert lab.query(arn, "fields @message")["@message"].tolist() == ["new"]
    assert lab.query(["/app", arn], "stats count(*) as n")["n"].tolist() == [1]


def test_a_frame_tells_what_the_scan_would_cost(lab):
    attrs = lab.query("/app", "fields @message").attrs
    assert attrs["price_usd"] == 3 / 1024**3 * 0.005
    assert lab.query("/app", "fields @message | estimate").attrs["price_usd"] == 0
    far = lab.client("logs", region="ap-northeast-1")
    far.create_log_group(logGroupName="/app")
    assert lab.query("/app", "fields @message", region="ap-northeast-1").attrs["price_usd"] == 0


@pytest.mark.parametrize(("region", "usd"), [("us-east-1", 5.0), ("ap-northeast-1", 7.6), ("eu-west-1", 5.0)])
def test_the_price_of_a_scan(region, usd):
    assert scan_usd(1000 * GB, region) == pytest.approx(usd)


def test_a_diff_costs_both_windows(lab):
    three_hours = {"start": "2026-03-02T06:00:00Z", "end": "2026-03-02T08:30:00Z"}
    alone = lab.query("/app", "fields @message", **three_hours).attrs["price_usd"]
    after = {"start": "2026-03-02T08:30:01Z", "end": "2026-03-02T11:00:00Z"}
    both = lab.query("/app", "diff", **after).attrs["price_usd"]
    assert alone > 0
    assert both == alone + lab.query("/app", "fields @message", **after).attrs["price_usd"]


def test_any_account_may_ask(lab):
    with pytest.raises(ClientError, match="does not exist"):
        lab.query("/app", "fields @message", account="222222222222")
