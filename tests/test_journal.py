"""The journal: lines that can be read, and copied."""

import numpy as np

from cwlab import Lab
from cwlab.journal import Packed


def test_a_line_copied_as_python_does_the_same_again():
    lab = Lab()
    cloudwatch, iam = lab.client("cloudwatch"), lab.client("iam")
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[{"MetricName": "Orders", "Value": 3, "Timestamp": "2026-03-02T08:59:00Z",
                     "Dimensions": [{"Name": "Page", "Value": "it's <here>"}]}],
    )  # fmt: skip
    lab.advance(minutes=5)
    iam.create_user(UserName="ana")
    cloudwatch.list_metrics(Namespace="Shop")
    again = Lab()
    names = {"lab": again, "cloudwatch": again.client("cloudwatch"), "iam": again.client("iam")}
    for entry in lab.journal:
        exec(entry.python(), names)
    assert [(e.at_ms, e.operation, e.params, e.result) for e in again.journal] == [
        (e.at_ms, e.operation, e.params, e.result) for e in lab.journal
    ]


def test_long_calls_are_broken_over_lines_and_can_still_be_run():
    lab = Lab()
    lab.client("cloudwatch").put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": f"metric-{n}", "Value": n} for n in range(300)]
    )
    lab.act(
        "cloudwatch",
        "load",
        namespace="Shop",
        metric="Orders",
        stamps=np.arange(500),
        values=np.arange(500) / 7,
    )
    again = Lab()
    for entry in lab.journal:
        text = entry.python()
        assert max(map(len, text.splitlines())) <= 100
        exec(text, {"lab": again, "cloudwatch": again.client("cloudwatch")})
    assert (
        lab.journal[0]
        .python()
        .startswith("cloudwatch.put_metric_data(\n    Namespace='Shop',\n    MetricData=[\n        {")
    )
    assert again.journal[0].params == lab.journal[0].params
    assert np.array_equal(again.journal[1].params["values"], lab.journal[1].params["values"])


def test_who_called_from_where_and_what_became_of_it():
    lab = Lab()
    client = lab.client("cloudwatch", account="222222222222", region="eu-west-1")
    client.list_metrics()
    entry = lab.journal[0]
    assert (entry.account, entry.region, entry.caller.arn) == (
        "222222222222",
        "eu-west-1",
        "arn:aws:iam::222222222222:user/admin",
    )
    assert entry.at == lab.now
    assert len(lab.journal[0:1]) == 1
    assert (
        repr(lab.journal)
        == "Journal of 1 entries, the last 2026-03-02T09:00:00Z cloudwatch:ListMetrics user/admin"
    )


def test_long_requests_are_kept_as_text_and_read_as_before():
    lab = Lab()
    data = [{"MetricName": f"m{n}", "Value": n / 3, "Timestamp": lab.now} for n in range(200)]
    lab.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=data)
    twin = lab.fork()
    before = lab.journal[0].params
    lab.advance(minutes=1)
    assert isinstance(lab.journal[0].request, Packed)
    assert lab.journal[0].params == before == twin.journal[0].params
    lab.rewind(to=lab.start)
    assert lab.journal[0].params == before
