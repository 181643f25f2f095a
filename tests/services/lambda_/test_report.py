"""What an invocation leaves in its log and in CloudWatch."""

import re

SOURCE = "def handler(event, context):\n    print('hello')\n    print('world', end='')"


def test_the_lines_of_an_invocation(fn, lab):
    fn.create(SOURCE)
    said = fn.invoke()
    lines = fn.log()
    own = re.search(r"RequestId: (\S+)", lines[0])[1]
    assert lines[:4] == [
        f"START RequestId: {own} Version: $LATEST",
        "hello",
        "world",
        f"END RequestId: {own}",
    ]
    assert re.fullmatch(
        rf"REPORT RequestId: {own}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: 38 MB\tInit Duration: \d+\.\d\d ms\t",
        lines[4],
    )
    assert said.log == "\n".join(lines) + "\n"
    assert lab.client("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "/aws/lambda/f"


def test_a_warm_environment_goes_on_in_its_stream_and_a_cold_one_begins_another(fn, lab):
    fn.create(SOURCE)
    logs = lab.client("logs")

    def streams():
        return [
            s["logStreamName"] for s in logs.describe_log_streams(logGroupName="/aws/lambda/f")["logStreams"]
        ]

    fn.invoke()
    first = streams()
    assert re.fullmatch(r"2026/03/02/\[\$LATEST\][0-9a-f]{32}", first[0])
    lab.advance(minutes=9)
    assert "Init Duration" not in fn.invoke().log and streams() == first
    lab.advance(minutes=11)
    assert "Init Duration" in fn.invoke().log and len(streams()) == 2
    fn.client.update_function_code(FunctionName="f", ZipFile=fn.zipped("def handler(event, context): pass"))
    assert "Init Duration" in fn.invoke().log and len(streams()) == 3


def test_without_permission_nothing_arrives_and_the_function_runs_all_the_same(fn, lab):
    lab.client("iam").put_role_policy(RoleName="fn", PolicyName="own", PolicyDocument=fn.allow("sqs:*"))
    fn.create(SOURCE)
    said = fn.invoke()
    assert said.error is None and "hello" in said.log
    assert lab.client("logs").describe_log_groups()["logGroups"] == []
    refusals = [(e.operation, e.error) for e in lab.journal if e.service == "logs" and e.error]
    assert ("PutLogEvents", "AccessDeniedException") in refusals


def test_a_group_that_may_not_be_made_must_be_there(fn, lab):
    allow = fn.allow(["logs:CreateLogStream", "logs:PutLogEvents"])
    lab.client("iam").put_role_policy(RoleName="fn", PolicyName="own", PolicyDocument=allow)
    fn.create(SOURCE)
    fn.invoke()
    assert lab.client("logs").describe_log_groups()["logGroups"] == []
    lab.client("logs").create_log_group(logGroupName="/aws/lambda/f")
    fn.invoke()
    assert "hello" in fn.log()


def test_the_metrics_of_invocations(fn, lab):
    fn.create("def handler(event, context):\n    if event.get('fail'): 1/0")
    for event in ({}, {}, {"fail": True}):
        fn.invoke(event)
    assert [fn.total(m) for m in ("Invocations", "Errors", "Throttles")] == [3, 1, 0]
    assert 0 < fn.total("Duration", stat="Average") < 10
    names = {
        tuple(d["Name"] for d in m["Dimensions"])
        for m in lab.client("cloudwatch").list_metrics(Namespace="AWS/Lambda", MetricName="Invocations")[
            "Metrics"
        ]
    }
    assert names == {(), ("FunctionName",), ("FunctionName", "Resource")}


def test_an_alarm_on_errors_can_see_them(fn, lab):
    fn.create("def handler(event, context): 1/0")
    fn.invoke()
    lab.advance(minutes=1)
    data = lab.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "e", "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}, "Period": 60, "Stat": "Sum"}}],
        StartTime=lab.start, EndTime=lab.now,
    )["MetricDataResults"][0]  # fmt: skip
    assert data["Values"] == [1.0]


def test_a_fault_in_cloudwatch_or_logs_does_not_reach_the_function(fn, lab):
    fn.create(SOURCE)
    lab.fault("cloudwatch", "PutMetricData", error="outage")
    lab.fault("logs", error="throttling")
    assert fn.invoke().error is None
