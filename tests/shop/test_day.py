"""A recorded day in a lab, read back through the API."""

import pytest

from cwlab import Lab
from cwlab.errors import BadInput
from cwlab.shop import latencies, load_day, traffic
from cwlab.shop.record import EVERY, SEED, START

DAY = {"StartTime": "2026-03-01T09:00:00Z", "EndTime": "2026-03-02T09:00:00Z"}


def read(lab, metric, period, stat, start=DAY["StartTime"], end=DAY["EndTime"]):
    query = {
        "Id": "m",
        "MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": metric}, "Period": period, "Stat": stat},
    }
    answer = lab.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query], StartTime=start, EndTime=end, ScanBy="TimestampAscending"
    )
    return answer["MetricDataResults"][0]["Values"]


@pytest.fixture(scope="module")
def lab():
    lab = Lab()
    load_day(lab, ("orders", "latency", "errors", "burst"))
    return lab


@pytest.mark.parametrize(("metric", "column"), [("Orders", "orders"), ("Errors", "errors")])
def test_counts_come_back_as_they_were_made(lab, metric, column):
    assert read(lab, metric, 60, "Sum") == getattr(traffic(SEED, START), column).tolist()


def test_latency_is_a_distribution(lab):
    lists = [each[::EVERY] for each in latencies(SEED, START)]
    assert read(lab, "Latency", 60, "SampleCount") == [len(each) for each in lists]
    assert read(lab, "Latency", 60, "Maximum") == [max(each) for each in lists]
    everything = sorted(value for each in lists for value in each)
    (p50,), (p99,) = (read(lab, "Latency", 86_400, stat) for stat in ("p50", "p99"))
    assert p50 == pytest.approx(everything[len(everything) // 2], rel=0.1)
    assert p99 == pytest.approx(everything[len(everything) * 99 // 100], rel=0.1)


def test_the_burst_can_be_read_by_the_second(lab):
    values = read(lab, "RequestsPerSecond", 1, "Sum", "2026-03-02T08:51:00Z", "2026-03-02T08:52:00Z")
    assert len(values) == 60 and max(values) >= 150


def test_load_day_tells_how_much_it_stored():
    assert load_day(Lab(), "orders") == {"Orders": 1440}


def test_the_part_ahead_of_the_clock_arrives_with_it():
    lab = Lab(start="2026-03-01T12:00:00Z")
    load_day(lab, "orders")
    assert len(read(lab, "Orders", 60, "Sum")) == 181
    lab.advance(hours=1)
    assert len(read(lab, "Orders", 60, "Sum")) == 241


def test_shifted_it_ends_at_the_labs_now():
    lab = Lab(start="2027-01-01T00:00:00Z")
    load_day(lab, "orders", shift=True)
    assert (
        sum(read(lab, "Orders", 3600, "Sum", "2026-12-30T00:00:00Z", "2027-01-01T01:00:00Z"))
        == traffic(SEED, START).orders.sum()
    )


def test_dimensions_and_namespace_are_yours():
    lab = Lab()
    load_day(lab, "orders", namespace="Other", dimensions={"Shop": "north"})
    (metric,) = lab.client("cloudwatch").list_metrics()["Metrics"]
    assert metric == {
        "Namespace": "Other",
        "MetricName": "Orders",
        "Dimensions": [{"Name": "Shop", "Value": "north"}],
    }


def test_one_bad_name_loads_nothing():
    lab = Lab()
    for bad in (("orders", "weather"), ("orders", "incidents")):
        with pytest.raises(BadInput):
            load_day(lab, bad)
    assert lab.client("cloudwatch").list_metrics()["Metrics"] == []
