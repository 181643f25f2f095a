"""Exploring a metric: the panel asks what its controls say, and says what the answer is worth."""

import pytest

from cwlab import Lab, console
from cwlab.errors import BadInput


@pytest.fixture
def lab():
    lab = Lab()
    cloudwatch = lab.client("cloudwatch")
    for value in (1, 2, 6):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": value}])
        lab.advance(minutes=20)
    return lab


def test_each_control_changes_the_question(lab):
    panel = console.explore(lab, "Shop", "Orders", statistic="Sum", period=3600, hours=1)
    assert panel.picture.table["Sum"].tolist() == [9.0]
    assert panel.set(statistic="Maximum", period=60).table["Maximum"].tolist() == [1.0, 2.0, 6.0]
    assert "'Period': 60, 'Stat': 'Maximum'" in panel.calls


def test_gaps_are_told_from_zeros(lab):
    panel = console.explore(lab, "Shop", "Orders", statistic="Sum", period=60, hours=1)
    assert (
        panel.why
        == "Each datapoint is the Sum of 1 min: 3 periods of 60 hold data, the others are gaps, not zeros."
    )


def test_an_empty_answer_says_why_it_may_be_empty(lab):
    panel = console.explore(lab, "Shop", "Order", period=60, hours=1)
    assert panel.picture.table.empty
    assert "nothing was sent" in panel.why


def test_a_statistic_of_your_own_is_offered_beside_the_others(lab):
    panel = console.explore(lab, "Shop", "Orders", statistic="TM(10%:90%)", hours=2)
    panel.set(statistic="p99")
    panel.set(statistic="TM(10%:90%)")
    with pytest.raises(BadInput):
        panel.set(statistic="p97")


def test_the_first_question_of_ask_can_be_given():
    lab = Lab()
    both = [{"Name": "Group", "Value": "web"}, {"Name": "Host", "Value": "a"}]
    lab.client("cloudwatch").put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "CPU", "Value": 1, "Dimensions": both}]
    )
    lab.advance(minutes=5)
    panel = console.ask(lab, "Shop", "CPU", {"Group": "web"}, hours=1)
    assert panel.picture.title == "Asked with Group=web: no such metric, an empty answer"
    assert panel.set(Host="a").title == "Asked with Group=web, Host=a: 1 datapoint"
    for wrong in ({"Group": "db"}, {"Zone": "a"}):
        with pytest.raises(BadInput):
            console.ask(lab, "Shop", "CPU", wrong)
