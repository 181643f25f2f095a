"""lab.query's companions: the SQL of a query, and the cell magic."""

import pytest

from cwlab import Lab
from cwlab.errors import BadInput
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


def test_the_cell_magic_asks_the_last_hour_or_as_long_as_it_is_told(lab):
    shell = Shell(lab=lab)
    load_ipython_extension(shell)
    insights = shell.magics["cell", "insights"]
    assert insights("/app", "fields @message")["@message"].tolist() == ["new"]
    assert insights("/app --last 3h", "fields @message")["@message"].tolist() == ["new", "old"]


@pytest.mark.parametrize("line", ["", "/app --last", "/app --last soon"])
def test_a_cell_that_does_not_say_what_to_ask(lab, line):
    shell = Shell(lab=lab)
    load_ipython_extension(shell)
    with pytest.raises(BadInput):
        shell.magics["cell", "insights"](line, "limit 1")


def test_an_empty_answer_is_an_empty_frame(lab):
    assert lab.query("/app", "filter @message = 'none'").empty
