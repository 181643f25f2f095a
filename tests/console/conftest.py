"""A small lab with metrics whose names try to break the page, and every kind of chart drawn from it."""

from datetime import timedelta

import pytest

from cwlab import Lab, console

NASTY = "<img src=x onerror=alert(1)>"


def small_lab() -> Lab:
    lab = Lab()
    cloudwatch = lab.client("cloudwatch")
    for k, instance in enumerate(("i-0123456789abcdef0", "i-0fedcba9876543210")):
        dimensions = [{"Name": "InstanceId", "Value": instance}]
        cloudwatch.put_metric_data(
            Namespace="Shop",
            MetricData=[
                {
                    "MetricName": "Load",
                    "Dimensions": dimensions,
                    "Timestamp": lab.now - timedelta(minutes=m),
                    "Value": float(20 + (7 * m + 11 * k) % 31),
                }
                for m in range(60)
                if m not in (20, 21)
            ],
        )
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[{"MetricName": "Load", "Dimensions": [{"Name": "Page", "Value": NASTY}], "Value": 1.0}],
    )
    lab.advance(minutes=10)
    return lab


@pytest.fixture
def lab() -> Lab:
    return small_lab()


def every_kind(lab: Lab) -> dict[str, console.Picture]:
    """One picture of each kind we draw."""
    instances = [{"InstanceId": "i-0123456789abcdef0"}, {"InstanceId": "i-0fedcba9876543210"}]
    return {
        "metric": console.metric(lab, "Shop", "Load", instances, period=60, hours=1),
        "metric, long": console.metric(lab, "Shop", "Load", instances[0], period=60, hours=20),
        "metric, empty": console.metric(lab, "Shop", "Nothing"),
        "explorer": console.explorer(lab),
        "explorer, empty": console.explorer(lab, "Nowhere"),
        "bench": console.bench(lab, {"load": ("Shop", "Load", instances[0])}, "load / 2").picture,
        "bench, refused": console.bench(lab, {"load": ("Shop", "Load", instances[0])}, "load / (").picture,
        "bench, search": console.bench(lab, {}, "SEARCH('{Shop,InstanceId}', 'Average')").picture,
        "ask": console.ask(lab, "Shop", "Load").set(InstanceId="i-0123456789abcdef0"),
        "resolution": console.resolution(lab).picture,
        "resolution, standard": console.resolution(lab, stored=60).picture,
        "retention": console.retention(lab).picture,
        "retention, gone": console.retention(lab, age_hours=24 * 16).picture,
        "statistics": console.statistics(lab).picture,
        "time machine": console.time_machine(lab).picture,
        "journal": console.journal(lab),
        "agenda": console.agenda(lab),
    }


@pytest.fixture(scope="session")
def pictures() -> dict[str, console.Picture]:
    return every_kind(small_lab())


@pytest.fixture
def pictures_again() -> dict[str, console.Picture]:
    return every_kind(small_lab())
