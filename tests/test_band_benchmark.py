"""The band's figure: what it counts as ordinary and as plain anomaly, and that it is reached on data made here."""

import numpy as np
import pytest

from benchmarks import band


def test_what_is_ordinary_is_decided_by_the_hour_and_without_the_band():
    stamps = np.arange(0, 14 * 86_400, 300)
    values = 100.0 * (stamps // 3600 % 24) + stamps // 300 % 11
    values[2000], values[2100] = values[2000] + 40, values[2100] + 10
    judged = band.tukey(stamps, values)
    assert np.flatnonzero(judged.anomalous).tolist() == [2000]
    assert np.flatnonzero(~judged.ordinary).tolist() == [2000, 2100]


def test_named_periods_are_the_anomalies():
    stamps = np.arange(0, 3000, 300)
    judged = band.named(stamps, np.zeros(10), [(300, 900)])
    assert np.flatnonzero(judged.anomalous).tolist() == [1, 2]
    assert np.flatnonzero(~judged.ordinary).tolist() == [1, 2]


def test_the_figure_is_reached_on_the_shops_requests():
    for row in list(band.rows())[:2]:
        assert row.good, row


def test_any_recording_can_be_given(tmp_path, capsys):
    stamps, values, periods = band.generated()
    when = np.array(stamps, "datetime64[s]").astype(str)
    lines = [f"{t.replace('T', ' ')},{v}" for t, v in zip(when, values, strict=True)]
    file = tmp_path / "recording.csv"
    file.write_text("\n".join(["timestamp,value", *lines]))
    ends = [str(np.datetime64(s, "s")) for period in periods for s in period]
    spans = [f"{a}/{b}" for a, b in zip(ends[::2], ends[1::2], strict=True)]
    named = [word for span in spans for word in ("--anomaly", span)]
    assert band.main([str(file), *named]) == 0
    said = capsys.readouterr().out
    assert "21 of 21" in said and "INSIDE" not in said and "first half" in said
    assert band.main([]) == 2 and "python -m benchmarks.band" in capsys.readouterr().out


@pytest.mark.parametrize("step", [60, 300])
def test_finer_recordings_are_averaged(step):
    stamps = np.arange(7, 7 + 3600, step)
    slots, means = band.five_minutes(stamps, stamps.astype(float))
    assert (slots % 300 == 0).all() and len(slots) == 12
    assert np.average(means, weights=np.unique(stamps // 300, return_counts=True)[1]) == pytest.approx(
        stamps.mean()
    )
