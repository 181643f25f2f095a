"""CloudWatch metrics as a learner calls them: through boto3, on the virtual clock."""

import math
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from cwlab import Lab
from cwlab.errors import BadInput, NotModelled


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def cloudwatch(lab: Lab) -> Any:
    return lab.client("cloudwatch")


def put(client: Any, name: str = "Orders", value: float = 1.0, **datum: Any) -> None:
    client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": name, "Value": value, **datum}])


def dimensions(**pairs: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in pairs.items()]


def sums(lab: Lab, client: Any, name: str = "Orders", *, hours: int = 1, **query: Any) -> list[float]:
    """The sums of the last hours' minutes, oldest first."""
    asked = {"Namespace": "Shop", "MetricName": name, "Period": 60, "Statistics": ["Sum"], **query}
    answer = client.get_metric_statistics(
        StartTime=lab.now - timedelta(hours=hours), EndTime=lab.now, **asked
    )
    return [p["Sum"] for p in sorted(answer["Datapoints"], key=lambda p: p["Timestamp"])]


def query(
    id_: str = "a", name: str = "Orders", stat: str = "Sum", period: int = 60, **more: Any
) -> dict[str, Any]:
    metric = {"Namespace": "Shop", "MetricName": name, "Dimensions": more.pop("Dimensions", [])}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


def data(lab: Lab, client: Any, *queries: dict[str, Any], hours: int = 1, **params: Any) -> dict[str, Any]:
    asked = {
        "MetricDataQueries": list(queries),
        "StartTime": lab.now - timedelta(hours=hours),
        "EndTime": lab.now,
    }
    return client.get_metric_data(**{**asked, **params})  # type: ignore[no-any-return]


# Metrics, dimensions ----------------------------------------------------------------------------------------------


@pytest.mark.syllabus("M12")
def test_a_metric_is_a_set_of_datapoints_in_order_of_time(lab: Lab, cloudwatch: Any) -> None:
    for minute in (3, 1, 2):
        put(cloudwatch, value=minute, Timestamp=lab.now - timedelta(minutes=minute))
    found = data(lab, cloudwatch, query(), ScanBy="TimestampAscending")["MetricDataResults"][0]
    assert found["Values"] == [3.0, 2.0, 1.0]
    assert found["Timestamps"] == [lab.now - timedelta(minutes=m) for m in (3, 2, 1)]


@pytest.mark.syllabus("M14", "M15")
def test_flat_metrics_are_told_apart_by_dimensions_and_never_rolled_up(lab: Lab, cloudwatch: Any) -> None:
    for host, value in (("web-1", 10.0), ("web-2", 30.0)):
        put(cloudwatch, "CPU", value, Dimensions=dimensions(Host=host))
        put(cloudwatch, "CPU", value, Dimensions=dimensions(Group="web"))
    lab.advance(minutes=1)
    assert sums(lab, cloudwatch, "CPU", Dimensions=dimensions(Host="web-1")) == [10.0]
    assert sums(lab, cloudwatch, "CPU", Dimensions=dimensions(Group="web")) == [40.0]
    assert sums(lab, cloudwatch, "CPU") == []


@pytest.mark.syllabus("M10")
def test_accounts_and_regions_have_their_own_metrics(lab: Lab, cloudwatch: Any) -> None:
    put(cloudwatch)
    assert lab.client("cloudwatch", region="eu-west-1").list_metrics()["Metrics"] == []
    assert lab.client("cloudwatch", account="222222222222").list_metrics()["Metrics"] == []
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1


@pytest.mark.syllabus("M10")
def test_a_policy_can_allow_one_namespace(lab: Lab) -> None:
    iam = lab.client("iam")
    iam.create_role(
        RoleName="Publisher",
        AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}',
    )
    iam.put_role_policy(
        RoleName="Publisher",
        PolicyName="p",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":'
        '"Allow","Action":"cloudwatch:PutMetricData","Resource":"*","Condition":{"StringEquals":'
        '{"cloudwatch:namespace":"Shop"}}}]}',
    )
    client = lab.client("cloudwatch", role="Publisher")
    put(client)
    with pytest.raises(ClientError, match="not authorized to perform: cloudwatch:PutMetricData"):
        client.put_metric_data(Namespace="Other", MetricData=[{"MetricName": "m", "Value": 1}])


# Resolution, retention --------------------------------------------------------------------------------------------


@pytest.mark.syllabus("M17", "M18")
def test_a_burst_of_seconds_seen_at_longer_and_longer_periods(lab: Lab, cloudwatch: Any) -> None:
    start = lab.now - timedelta(minutes=10)
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {
                "MetricName": "Orders",
                "Value": 1.0,
                "StorageResolution": 1,
                "Timestamp": start + timedelta(seconds=s),
            }
            for s in range(90)
        ],
    )
    found = {
        p: data(lab, cloudwatch, query(period=p))["MetricDataResults"][0]["Values"][::-1]
        for p in (1, 10, 60, 300)
    }
    assert found == {1: [1.0] * 90, 10: [10.0] * 9, 60: [60.0, 30.0], 300: [90.0]}


@pytest.mark.syllabus("M19", "M20")
def test_the_same_query_fifteen_months_long(lab: Lab, cloudwatch: Any) -> None:
    put(cloudwatch, value=5.0, StorageResolution=1)
    begin = lab.now
    end = begin + timedelta(hours=1)

    def readable() -> list[int]:
        return [
            p
            for p in (1, 60, 300, 3600)
            if data(lab, cloudwatch, query(period=p), StartTime=begin, EndTime=end)["MetricDataResults"][0][
                "Values"
            ]
        ]

    seen = []
    for days in (0.1, 1, 16, 64, 456):
        lab.advance(until=begin + timedelta(days=days))
        seen.append(readable())
    assert seen == [[1, 60, 300, 3600], [60, 300, 3600], [300, 3600], [3600], []]


@pytest.mark.syllabus("M20")
def test_a_year_of_minutes_adds_up_by_the_hour(lab: Lab, cloudwatch: Any) -> None:
    minutes = 100 * 1440
    stamps = int(lab.now.timestamp()) - 60 * np.arange(minutes, 0, -1)
    lab.act("cloudwatch", "load", namespace="Shop", metric="Orders", stamps=stamps, values=np.ones(minutes))
    answer = data(lab, cloudwatch, query(period=3600), StartTime=lab.now - timedelta(days=100))[
        "MetricDataResults"
    ][0]
    assert answer["Values"] == [60.0] * (minutes // 60)


# Asking -----------------------------------------------------------------------------------------------------------


def test_get_metric_statistics_promises_no_order(lab: Lab, cloudwatch: Any) -> None:
    for minute in range(30):
        put(cloudwatch, Timestamp=lab.now - timedelta(minutes=minute + 1))

    def ask() -> list[Any]:
        points = cloudwatch.get_metric_statistics(
            Namespace="Shop",
            MetricName="Orders",
            StartTime=lab.now - timedelta(hours=1),
            EndTime=lab.now,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return [p["Timestamp"] for p in points]

    assert ask() != sorted(ask())
    assert ask() == ask()
    assert len(ask()) == 30


def test_pages_together_are_the_whole_and_come_by_paginator(lab: Lab, cloudwatch: Any) -> None:
    for minute in range(1, 20):
        put(cloudwatch, "A", minute, Timestamp=lab.now - timedelta(minutes=minute))
        put(cloudwatch, "B", -minute, Timestamp=lab.now - timedelta(minutes=minute))
    queries = [query("a", "A"), query("b", "B"), query("none", "C")]
    whole = data(lab, cloudwatch, *queries)["MetricDataResults"]
    pages = list(
        cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=lab.now - timedelta(hours=1),
            EndTime=lab.now,
            MaxDatapoints=7,
        )
    )
    assert len(pages) == 6
    assert all(sum(len(r["Values"]) for r in page["MetricDataResults"]) <= 7 for page in pages)
    for n, result in enumerate(whole):
        assert [v for page in pages for v in page["MetricDataResults"][n]["Values"]] == result["Values"]
        assert pages[-1]["MetricDataResults"][n]["StatusCode"] == "Complete"


def test_a_token_serves_only_the_request_it_came_from(lab: Lab, cloudwatch: Any) -> None:
    for minute in range(1, 20):
        put(cloudwatch, "A", minute, Timestamp=lab.now - timedelta(minutes=minute))
    token = data(lab, cloudwatch, query("a", "A"), MaxDatapoints=5)["NextToken"]
    with pytest.raises(ClientError) as caught:
        data(lab, cloudwatch, query("a", "B"), MaxDatapoints=5, NextToken=token)
    assert caught.value.response["Error"]["Code"] == "InvalidNextToken"


def test_list_metrics_comes_in_pages_of_500(lab: Lab, cloudwatch: Any) -> None:
    for page in range(3):
        cloudwatch.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": f"m{page}-{n}", "Value": 1} for n in range(400)]
        )
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace="Shop"))
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 200]
    assert len({m["MetricName"] for page in pages for m in page["Metrics"]}) == 1200


def test_dynamic_labels(lab: Lab, cloudwatch: Any) -> None:
    for minute, value in ((3, 4.0), (2, 1.0), (1, 2.5)):
        put(
            cloudwatch,
            value=value,
            Timestamp=lab.now - timedelta(minutes=minute),
            Dimensions=dimensions(Zone="a"),
        )
    text = (
        "${LABEL}: ${AVG} ${SUM} ${DATAPOINT_COUNT} ${MIN}@${MIN_TIME}",
        "${FIRST} ${LAST} ${FIRST_LAST_RANGE} ${MIN_MAX_RANGE} ${FIRST_LAST_TIME_RANGE} ${MAX_TIME_RELATIVE}",
        "${PROP('Dim.Zone')} ${PROP('MetricName')} ${PROP('Stat')} ${PROP('Period')} ${PROP('Region')} ${PROP('Namespace')}",
    )
    queries = [query(f"q{n}", Dimensions=dimensions(Zone="a"), Label=label) for n, label in enumerate(text)]
    found = data(lab, cloudwatch, *queries, LabelOptions={"Timezone": "+0130"})["MetricDataResults"]
    assert [r["Label"] for r in found] == [
        "Orders: 2.5 7.5 3 1@2026-03-02 10:28 +0130",
        "4 2.5 -1.5 3 2m 3m ago",
        "a Orders Sum 60 us-east-1 Shop",
    ]


@pytest.mark.parametrize(
    ("label", "wrong"),
    [
        ("${LABEL} ${LABEL}", "uses ${LABEL} more than once"),
        ("${NOPE}", "uses the unknown dynamic value ${NOPE}"),
        (" ".join(["${AVG}"] * 7), "has 7 dynamic values; at most 6 are allowed"),
    ],
)
def test_labels_that_cannot_be_filled(lab: Lab, cloudwatch: Any, label: str, wrong: str) -> None:
    with pytest.raises(ClientError) as caught:
        data(lab, cloudwatch, query(Label=label))
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert wrong in caught.value.response["Error"]["Message"]


def test_expressions_over_another_account_are_refused_by_name(lab: Lab, cloudwatch: Any) -> None:
    with pytest.raises(NotModelled, match="The expression 'b' over metrics of account 222222222222"):
        data(lab, cloudwatch, query("a"), {"Id": "b", "Expression": "a * 2", "AccountId": "222222222222"})


def test_linked_accounts_are_refused_by_name(cloudwatch: Any) -> None:
    with pytest.raises(NotModelled, match="IncludeLinkedAccounts"):
        cloudwatch.list_metrics(IncludeLinkedAccounts=True)


# Bad input leaves the world as it was -----------------------------------------------------------------------------

BAD: dict[str, Any] = {
    "not a number": [{"Value": math.nan}],
    "2**361": [{"Value": 2.0**361}],
    "-2**361": [{"Value": -(2.0**361)}],
    "31 dimensions": [{"Value": 1, "Dimensions": dimensions(**{f"d{n}": "v" for n in range(31)})}],
    "control characters": [{"Value": 1, "Dimensions": dimensions(a="b\x07")}],
    "15 days old": [{"Value": 1, "Timestamp": timedelta(days=-15)}],
    "3 hours ahead": [{"Value": 1, "Timestamp": timedelta(hours=3)}],
    "one bad datum among 1,000": [{"Value": 1.0}] * 500 + [{"Value": math.inf}] + [{"Value": 1.0}] * 499,
    "a statistic set upside down": [
        {"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}}
    ],
}


def stored(lab: Lab) -> dict[Any, Any]:
    """Everything CloudWatch keeps, by value identity: tables hold immutable values."""
    return {key: dict(table) for key, table in lab.world.tables.items() if key[2] == "cloudwatch"}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_one_bad_datum_rejects_its_request_and_changes_nothing(
    lab: Lab, cloudwatch: Any, bad: list[dict[str, Any]]
) -> None:
    put(cloudwatch, "m", 7.0)
    before, listed = stored(lab), cloudwatch.list_metrics()["Metrics"]
    entries = [{"MetricName": "m", **d} for d in bad]
    for entry in entries:
        if isinstance(entry.get("Timestamp"), timedelta):
            entry["Timestamp"] = lab.now + entry["Timestamp"]
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=entries)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert stored(lab) == before
    assert cloudwatch.list_metrics()["Metrics"] == listed
    assert lab.journal[-2].error == "InvalidParameterValue"
    lab.advance(minutes=1)
    assert sums(lab, cloudwatch, "m") == [7.0]


def test_a_query_changes_nothing(lab: Lab, cloudwatch: Any) -> None:
    put(cloudwatch)
    lab.advance(minutes=1)
    before = stored(lab)
    sums(lab, cloudwatch)
    data(lab, cloudwatch, query(stat="p90"))
    cloudwatch.list_metrics()
    assert stored(lab) == before


# Shapes -----------------------------------------------------------------------------------------------------------


def test_every_answer_has_the_shape_botocore_models(lab: Lab, cloudwatch: Any) -> None:
    put(cloudwatch, Dimensions=dimensions(a="b"))
    put(cloudwatch, "Two", Unit="Seconds")
    put(cloudwatch, "Two", Unit="Bytes")
    lab.advance(minutes=2)
    window = {"StartTime": lab.now - timedelta(hours=1), "EndTime": lab.now}
    answers = {
        "ListMetrics": [cloudwatch.list_metrics(), cloudwatch.list_metrics(Namespace="None")],
        "GetMetricStatistics": [
            cloudwatch.get_metric_statistics(
                Namespace="Shop",
                MetricName="Two",
                Period=60,
                Statistics=["Sum", "Average"],
                ExtendedStatistics=["p90"],
                **window,
            )
        ],
        "GetMetricData": [
            data(
                lab,
                cloudwatch,
                query(),
                query("two", "Two"),
                query("far", "Two", AccountId="999999999999"),
                MaxDatapoints=1,
            )
        ],
    }
    for operation, given in answers.items():
        shape = cloudwatch.meta.service_model.operation_model(operation).output_shape
        for answer in given:
            del answer["ResponseMetadata"]
            assert not ParamValidator().validate(answer, shape).has_errors(), operation


# Forks, saves, settings -------------------------------------------------------------------------------------------


def test_forks_go_on_by_themselves(lab: Lab, cloudwatch: Any) -> None:
    put(cloudwatch, value=1.0)
    twin = lab.fork()
    put(cloudwatch, value=2.0)
    put(twin.client("cloudwatch"), value=40.0)
    for world in (lab, twin):
        world.advance(minutes=1)
    assert sums(lab, cloudwatch) == [3.0]
    assert sums(twin, twin.client("cloudwatch")) == [41.0]


def test_a_saved_lab_answers_as_before(lab: Lab, cloudwatch: Any, tmp_path: Any) -> None:
    put(cloudwatch, value=1.0, Dimensions=dimensions(a="b"))
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Latency", "Values": [2, 10], "Counts": [2, 3], "Unit": "Seconds"},
            {
                "MetricName": "Set",
                "StatisticValues": {"SampleCount": 3, "Sum": 15, "Minimum": 1, "Maximum": 9},
            },
        ],
    )
    lab.act(
        "cloudwatch",
        "load",
        namespace="Shop",
        metric="Big",
        stamps=[int(lab.now.timestamp()) + 60 * n for n in range(-5, 5)],
        values=list(range(10)),
    )
    lab.save(tmp_path / "a.cwlab")
    other = Lab.open(tmp_path / "a.cwlab")

    def everything(world: Lab) -> list[Any]:
        world.advance(minutes=3)
        client = world.client("cloudwatch")
        found = data(
            world,
            client,
            query("a", "Orders", Dimensions=dimensions(a="b")),
            query("b", "Latency", "p90"),
            query("c", "Set", "p100"),
            query("d", "Set", "p50"),
            query("e", "Big"),
        )
        return [found["MetricDataResults"], client.list_metrics()["Metrics"]]

    assert everything(other) == everything(lab)


def test_late_data_show_late_where_a_lab_asks_for_it(lab: Lab, cloudwatch: Any) -> None:
    lab.act("cloudwatch", "configure", statistics_delay_s=120, listing_delay_s=900, late_delay_s=7200)
    put(cloudwatch, value=1.0)
    put(cloudwatch, "Late", 2.0, Timestamp=lab.now - timedelta(hours=4))
    seen = []
    for minute in (1, 2, 15, 120):
        lab.advance(until=lab.start + timedelta(minutes=minute))
        seen.append(
            (
                sums(lab, cloudwatch, hours=3),
                sums(lab, cloudwatch, "Late", hours=7),
                [m["MetricName"] for m in cloudwatch.list_metrics()["Metrics"]],
            )
        )
    assert seen == [
        ([], [], []),
        ([1.0], [], []),
        ([1.0], [], ["Orders"]),
        ([1.0], [2.0], ["Orders", "Late"]),
    ]


def test_percentiles_can_be_exact(lab: Lab, cloudwatch: Any) -> None:
    cloudwatch.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "m", "Values": [2, 10], "Counts": [2, 3]}]
    )
    lab.advance(minutes=1)

    def p50() -> float:
        return data(lab, cloudwatch, query(name="m", stat="p50"))["MetricDataResults"][0]["Values"][0]  # type: ignore[no-any-return]

    assert p50() == pytest.approx(9.874619498547638, rel=1e-12)
    lab.act("cloudwatch", "configure", exact_percentiles=True)
    assert p50() == 10.0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"nonsense": 1}, "'nonsense': is not a setting"),
        ({"listing_delay_s": -1}, "-1: is not a value for listing_delay_s"),
        ({"exact_percentiles": 1}, "1: is not a value for exact_percentiles"),
        ({"listing_delay_s": 1.5}, "1.5: is not a value"),
    ],
)
def test_settings_take_what_they_can_use(lab: Lab, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        lab.act("cloudwatch", "configure", **changes)


# Bulk -------------------------------------------------------------------------------------------------------------


def test_coming_rows_arrive_as_the_clock_reaches_them(lab: Lab, cloudwatch: Any) -> None:
    now = int(lab.now.timestamp())
    lab.act(
        "cloudwatch",
        "load",
        namespace="Shop",
        metric="Orders",
        stamps=[now - 60, now + 60, now + 120],
        values=[1.0, 2.0, 3.0],
    )
    assert sums(lab, cloudwatch) == [1.0]
    lab.advance(seconds=119)
    ahead = data(lab, cloudwatch, query(), EndTime=lab.now + timedelta(hours=1))["MetricDataResults"][0][
        "Values"
    ]
    assert ahead == [2.0, 1.0]
    lab.advance(seconds=1)
    ahead = data(lab, cloudwatch, query(), EndTime=lab.now + timedelta(hours=1))["MetricDataResults"][0][
        "Values"
    ]
    assert ahead == [3.0, 2.0, 1.0]


def test_a_metric_that_only_begins_tomorrow_is_not_listed_today(lab: Lab, cloudwatch: Any) -> None:
    tomorrow = int(lab.now.timestamp()) + 86_400
    lab.act("cloudwatch", "load", namespace="Shop", metric="Orders", stamps=[tomorrow], values=[1.0])
    assert cloudwatch.list_metrics()["Metrics"] == []
    lab.advance(days=1)
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"values": [1.0]}, "are not two columns of one length"),
        ({"values": [1.0, math.nan]}, "nan: is not a value"),
        ({"values": [1.0, 2.0**361]}, "is not a value a metric can have"),
        ({"unit": "Apples"}, "'Apples': is not a unit"),
        ({"resolution": 5}, "5: is not a storage resolution"),
    ],
)
def test_columns_that_cannot_be_loaded(lab: Lab, wrong: dict[str, Any], says: str) -> None:
    given = {"namespace": "Shop", "metric": "Orders", "stamps": [0, 60], "values": [1.0, 2.0], **wrong}
    with pytest.raises(BadInput, match=says):
        lab.act("cloudwatch", "load", **given)
    assert not any(stored(lab).values())


def test_nobody_loads_into_aws_namespaces(lab: Lab) -> None:
    from cwlab.errors import AwsError

    with pytest.raises(AwsError, match="The value AWS/ for parameter Namespace is invalid"):
        lab.act("cloudwatch", "load", namespace="AWS/EC2", metric="CPUUtilization", stamps=[0], values=[1.0])


# Native metrics ---------------------------------------------------------------------------------------------------


def test_vended_and_published_data_of_one_metric_read_as_one(
    lab: Lab, cloudwatch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cwlab import api

    class Vended(NamedTuple):
        name: str
        dimensions: Any
        unit: str

    now = int(lab.now.timestamp())

    class Provider:
        def list_metrics(self, call: api.Call) -> list[Any]:
            return [Vended("Requests", (("Host", "web-1"),), "Count")]

        def read(self, call: api.Call, name: str, dims: Any, start_s: int, end_s: int) -> Any:
            if (name, dims) != ("Requests", (("Host", "web-1"),)):
                return None
            return {
                "stamp": [now - 120, now - 60],
                "count": [2, 1],
                "sum": [6, 5],
                "min": [2, 5],
                "max": [4, 5],
                "values": ([0, 0], [2, 4], [1, 1]),
            }

    monkeypatch.setitem(api.PROVIDERS, "AWS/Shop", ("cloudwatch", Provider()))
    world = lab.world
    world.door(
        api.Request(
            "cloudwatch",
            "PutMetricData",
            {
                "Namespace": "AWS/Shop",
                "MetricData": [
                    {
                        "MetricName": "Requests",
                        "Value": 10.0,
                        "Unit": "Count",
                        "Timestamp": lab.now - timedelta(minutes=1),
                        "Dimensions": dimensions(Host="web-1"),
                    }
                ],
            },
            api.service_principal("shop.amazonaws.com"),
            world.account,
            world.region,
        )
    )
    asked = query(name="Requests", stat="Sum", Dimensions=dimensions(Host="web-1"))
    asked["MetricStat"]["Metric"]["Namespace"] = "AWS/Shop"
    assert data(lab, cloudwatch, asked)["MetricDataResults"][0]["Values"] == [15.0, 6.0]
    asked["MetricStat"]["Stat"] = "p50"
    assert len(data(lab, cloudwatch, asked)["MetricDataResults"][0]["Values"]) == 2
    asked["MetricStat"]["Unit"] = "Bytes"
    assert data(lab, cloudwatch, asked)["MetricDataResults"][0]["Values"] == []
    listed = cloudwatch.list_metrics(Namespace="AWS/Shop")["Metrics"]
    assert listed == [
        {"Namespace": "AWS/Shop", "MetricName": "Requests", "Dimensions": dimensions(Host="web-1")}
    ]
    assert cloudwatch.list_metrics()["Metrics"] == listed
