"""StateReason and StateReasonData, word for word."""

import json
from typing import Any

import pytest

from cwlab.services.cloudwatch.alarms import reasons
from cwlab.services.cloudwatch.alarms.decide import Settings, decide
from cwlab.services.cloudwatch.alarms.watched import View

START = 1_570_035_540  # 02/10/19 16:59:00
NOW = 1_570_035_720_000


def rule(n: int, m: int, treatment: str = "missing", comparison: str = "GreaterThanThreshold") -> Settings:
    return Settings(comparison, 50.0, n, m, treatment)


def view(*values: float | None, bounds: Any = None) -> View:
    return View(START, 60, list(values), [0.0 if v is None else 5.0 for v in values], bounds)


def text(settings: Settings, seen: View, *, stated: bool, current: str = "OK") -> str:
    found = decide(seen.values, settings, current, counts=seen.counts, bounds=seen.bounds)
    return reasons.reason(found, settings, seen, stated_m=stated)


CASES = [
    (rule(1, 1), view(99.5), True,
     ("Threshold Crossed: 1 out of the last 1 datapoints [99.5 (02/10/19 16:59:00)] was greater than the threshold (50.0) "
     "(minimum 1 datapoint for OK -> ALARM transition).")),
    (rule(3, 2), view(99.5, 1.0, 60.0), True,
     ("Threshold Crossed: 2 out of the last 3 datapoints [60.0 (02/10/19 17:01:00), 99.5 (02/10/19 16:59:00)] were greater "
     "than the threshold (50.0) (minimum 2 datapoints for OK -> ALARM transition).")),
    (rule(3, 2), view(1.0, 2.0, 60.0), True,
     ("Threshold Crossed: 2 out of the last 3 datapoints [2.0 (02/10/19 17:00:00), 1.0 (02/10/19 16:59:00)] were not greater "
     "than the threshold (50.0) (minimum 2 datapoints for ALARM -> OK transition).")),
    (rule(3, 3), view(60.0, 60.0, 60.0), False,
     ("Threshold Crossed: 3 datapoints [60.0 (02/10/19 17:01:00), 60.0 (02/10/19 17:00:00), 60.0 (02/10/19 16:59:00)] were "
     "greater than the threshold (50.0).")),
    (rule(1, 1), view(1.0), False,
     "Threshold Crossed: 1 datapoint [1.0 (02/10/19 16:59:00)] was not greater than the threshold (50.0)."),
    (rule(1, 1, comparison="LessThanOrEqualToThreshold"), view(1.0), False,
     "Threshold Crossed: 1 datapoint [1.0 (02/10/19 16:59:00)] was less than or equal to the threshold (50.0)."),
    (rule(1, 1, comparison="GreaterThanOrEqualToThreshold"), view(1.0), False,
     "Threshold Crossed: 1 datapoint [1.0 (02/10/19 16:59:00)] was not greater than or equal to the threshold (50.0)."),
    (rule(1, 1, "breaching"), view(None), False,
     "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching]."),
    (rule(3, 3, "breaching"), view(None, None, None), False,
     "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching]."),
    (rule(3, 3, "breaching"), view(60.0, None, None), False,
     "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching]."),
    (rule(3, 3, "notBreaching"), view(None, None, None), False,
     "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching]."),
    (rule(3, 2, "breaching"), view(60.0, None, None), True,
     ("Threshold Crossed: 1 out of the last 3 datapoints [60.0 (02/10/19 16:59:00)] was greater than the threshold (50.0) and "
     "2 missing datapoints were treated as [Breaching] (minimum 2 datapoints for OK -> ALARM transition).")),
    (rule(1, 1), view(None), False, "Insufficient Data: 1 datapoint was unknown."),
    (rule(3, 3), view(None, None, None), True, "Insufficient Data: 3 datapoints were unknown."),
    (rule(1, 1), view(4.6970851655476665e108), False,
     "Threshold Crossed: 1 datapoint [4.6970851655476665E108 (02/10/19 16:59:00)] was greater than the threshold (50.0)."),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "seen", "stated", "wanted"), CASES)
def test_reasons(settings: Settings, seen: View, stated: bool, wanted: str):
    assert text(settings, seen, stated=stated) == wanted


def test_a_reason_names_five_points_of_many():
    found = text(rule(8, 8), view(*[60.0 + i for i in range(8)]), stated=False)
    assert found == (
        "Threshold Crossed: 8 datapoints were greater than the threshold (50.0). The most recent datapoints which crossed "
        "the threshold: [67.0 (02/10/19 17:06:00), 66.0 (02/10/19 17:05:00), 65.0 (02/10/19 17:04:00), "
        "64.0 (02/10/19 17:03:00), 63.0 (02/10/19 17:02:00)]."
    )


def test_a_band():
    settings = Settings("LessThanLowerOrGreaterThanUpperThreshold", None, 1, 1)
    assert text(settings, view(0.0, bounds=[(0.02, 0.5)]), stated=True) == (
        "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (02/10/19 16:59:00)] was less than the lower thresholds "
        "[0.02] or greater than the upper thresholds [0.5] (minimum 1 datapoint for OK -> ALARM transition)."
    )


def block(settings: Settings, seen: View, current: str = "OK", **more: Any) -> str:
    found = decide(seen.values, settings, current, counts=seen.counts, bounds=seen.bounds)
    return reasons.data(found, settings, seen, NOW, **{"statistic": "Average", "unit": None, **more})


def test_the_data_block_letter_for_letter():
    assert block(rule(3, 2), view(None, 99.5, None, 60.0), unit="Percent") == (
        '{"version":"1.0","queryDate":"2019-10-02T17:02:00.000+0000","startDate":"2019-10-02T17:00:00.000+0000",'
        '"unit":"Percent","statistic":"Average","period":60,"recentDatapoints":[99.5,null,60.0],"threshold":50.0,'
        '"evaluatedDatapoints":[{"timestamp":"2019-10-02T17:02:00.000+0000","sampleCount":5.0,"value":60.0},'
        '{"timestamp":"2019-10-02T17:00:00.000+0000","sampleCount":5.0,"value":99.5}]}'
    )


def test_gaps_that_decide_have_only_their_time():
    found = json.loads(block(rule(3, 2, "breaching"), view(60.0, None, None)))
    assert found["evaluatedDatapoints"] == [
        {"timestamp": "2019-10-02T17:01:00.000+0000"},
        {"timestamp": "2019-10-02T16:59:00.000+0000", "sampleCount": 5.0, "value": 60.0},
    ]


def test_without_data_there_is_no_start():
    found = json.loads(block(rule(2, 2), view(None, None), current="OK"))
    assert "startDate" not in found
    assert found["recentDatapoints"] == []
    assert len(found["evaluatedDatapoints"]) == 2


def test_ok_tells_of_n_less_m_plus_one_points():
    found = json.loads(block(rule(5, 4), view(1.0, 2.0, 3.0, 60.0, 4.0), current="ALARM"))
    assert [p["value"] for p in found["evaluatedDatapoints"]] == [4.0, 3.0]


def test_a_band_has_its_limits_instead_of_a_threshold():
    settings = Settings("GreaterThanUpperThreshold", None, 1, 1)
    found = json.loads(block(settings, view(9.0, bounds=[(1.0, 2.0)]), statistic=None))
    assert "threshold" not in found and "statistic" not in found
    assert (found["recentLowerThresholds"], found["recentUpperThresholds"]) == ([1.0], [2.0])


def test_both_stay_within_their_lengths():
    settings, seen = rule(1440, 1440), view(*[60.123456789 + i for i in range(1440)])
    assert len(text(settings, seen, stated=True)) <= reasons.MAX_REASON
    data = block(settings, seen)
    assert len(data) <= reasons.MAX_DATA
    assert json.loads(data)["recentDatapoints"][-1] == seen.values[-1]
