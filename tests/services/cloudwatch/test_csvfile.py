"""Your own data: files that can be read are, others are refused whole, with file and line."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cwlab import Lab
from cwlab.errors import BadFile
from cwlab.services.cloudwatch.csvfile import read


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(
        *lines: str, header: str = "timestamp,value", encoding: str = "utf-8", end: str = "\n"
    ) -> Path:
        path = tmp_path / "load.csv"
        path.write_bytes((end.join([header, *lines]) + end).encode(encoding))
        return path

    return written


def test_times_with_and_without_a_zone(write: Any) -> None:
    path = write(
        "2026-03-02 09:00:00,1",
        "2026-03-02T09:01:00Z,2.5",
        "2026-03-02T10:02:00+01:00,-3e2",
        "2026-03-02 09:03:00.5Z, 4",
    )
    stamps, values = read(path)
    assert (stamps - stamps[0]).tolist() == [0, 60, 120, 180]
    assert stamps[0] == 1_772_442_000
    assert values.tolist() == [1.0, 2.5, -300.0, 4.0]


@pytest.mark.parametrize(
    "options",
    [
        {"encoding": "utf-8-sig"},
        {"end": "\r\n"},
        {"header": "Timestamp, Value"},
        {"header": '"timestamp","value"'},
    ],
)
def test_files_as_spreadsheets_write_them(write: Any, options: dict[str, str]) -> None:
    stamps, values = read(write("2026-03-02 09:00:00,1", "", "2026-03-02 09:01:00,2", **options))
    assert values.tolist() == [1.0, 2.0]
    assert len(stamps) == 2


BAD = [
    (
        "torn line",
        ["2026-03-02 09:00:00,1", "2026-03-02 09:0"],
        3,
        "has 1 fields; a line has two. Write timestamp,value.",
    ),
    ("one field too many", ["2026-03-02 09:00:00,1,2"], 2, "has 3 fields"),
    ("no time", ["yesterday,1"], 2, "'yesterday': is not a time."),
    ("a time without a zone", ["2026-03-02T09:00:00,1"], 2, "is a time without a zone."),
    ("a date alone", ["2026-03-02,1"], 2, "is a time without a zone."),
    ("the 30th of February", ["2026-02-30 09:00:00,1"], 2, "is not a time."),
    ("no number", ["2026-03-02 09:00:00,many"], 2, "'many': is not a number."),
    ("an empty value", ["2026-03-02 09:00:00,"], 2, "'': is not a number."),
    ("an underscore", ["2026-03-02 09:00:00,1_000"], 2, "'1_000': is not a number."),
    ("not a number", ["2026-03-02 09:00:00,nan"], 2, "'nan': is not a value a metric can have."),
    ("too large", ["2026-03-02 09:00:00,1e200"], 2, "Values lie between -2**360 and 2**360."),
    ("an open quote", ["2026-03-02 09:00:00,1", '"2026-03-02 09:01:00,2'], 3, "is not CSV."),
]


@pytest.mark.parametrize(("lines", "line", "says"), [pytest.param(*rest, id=name) for name, *rest in BAD])
def test_a_bad_line_is_named_and_nothing_is_stored(
    write: Any, lines: list[str], line: int, says: str
) -> None:
    path, lab = write(*lines), Lab()
    with pytest.raises(BadFile) as caught:
        lab.load_metrics(path, namespace="Shop", metric="Load")
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert says in str(caught.value)
    assert lab.client("cloudwatch").list_metrics()["Metrics"] == []


def test_a_missing_header(write: Any) -> None:
    with pytest.raises(BadFile, match=r'line 1: .*The first line reads "timestamp,value"'):
        read(write(header="2026-03-02 09:00:00,1"))


def test_no_rows_at_all(write: Any) -> None:
    with pytest.raises(BadFile, match="the file has a header and nothing else"):
        read(write())


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(BadFile, match="is not the header"):
        read(tmp_path / "empty.csv")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be opened: No such file"):
        read(tmp_path / "none.csv")


def test_a_file_of_another_encoding(write: Any) -> None:
    with pytest.raises(BadFile, match="is not UTF-8 text"):
        read(write("2026-03-02 09:00:00,1é", encoding="latin-1"))


def ask(lab: Lab, **window: Any) -> list[float]:
    answer = lab.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "a",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "Shop",
                        "MetricName": "Load",
                        "Dimensions": [{"Name": "Host", "Value": "web-1"}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                    "Unit": "Percent",
                },
            }
        ],
        ScanBy="TimestampAscending",
        **window,
    )
    return answer["MetricDataResults"][0]["Values"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", [{"Host": "web-1"}, [{"Name": "Host", "Value": "web-1"}]])
def test_a_recording_in_its_own_time(write: Any, shape: Any) -> None:
    path, lab = write("2026-03-02 08:58:00,1", "2026-03-02 08:59:00,2", "2026-03-02 09:05:00,3"), Lab()
    assert lab.load_metrics(path, namespace="Shop", metric="Load", dimensions=shape, unit="Percent") == 3
    window = {"StartTime": lab.now - timedelta(hours=1), "EndTime": lab.now + timedelta(hours=1)}
    assert ask(lab, **window) == [1.0, 2.0]
    lab.advance(minutes=5)
    assert ask(lab, **window) == [1.0, 2.0, 3.0]


def test_a_recording_shifted_to_end_now(write: Any) -> None:
    path, lab = write("2014-02-14 14:27:00,1", "2014-02-14 14:32:00,2"), Lab()
    lab.load_metrics(
        path, namespace="Shop", metric="Load", dimensions={"Host": "web-1"}, unit="Percent", shift=True
    )
    assert ask(lab, StartTime=lab.now - timedelta(minutes=5), EndTime=lab.now + timedelta(minutes=1)) == [
        1.0,
        2.0,
    ]


def test_rows_of_twelve_years_ago_are_stored_and_past_reading(write: Any) -> None:
    path, lab = write("2014-02-14 14:27:00,1", "2014-02-14 14:32:00,2"), Lab()
    assert (
        lab.load_metrics(path, namespace="Shop", metric="Load", dimensions={"Host": "web-1"}, unit="Percent")
        == 2
    )
    assert ask(lab, StartTime="2014-02-14T14:00:00Z", EndTime="2014-02-14T15:00:00Z") == []
    young = Lab(start="2014-02-14T15:00:00Z")
    young.load_metrics(path, namespace="Shop", metric="Load", dimensions={"Host": "web-1"}, unit="Percent")
    assert ask(young, StartTime="2014-02-14T14:00:00Z", EndTime="2014-02-14T15:00:00Z") == [1.0, 2.0]


def test_a_loaded_file_can_be_replayed(write: Any) -> None:
    path, lab = write("2026-03-02 08:58:00,1", "2026-03-02 08:59:00,2"), Lab()
    lab.load_metrics(path, namespace="Shop", metric="Load", dimensions={"Host": "web-1"}, unit="Percent")
    lab.advance(minutes=2)
    path.unlink()
    lab.rewind(to="2026-03-02T09:01:00Z")
    assert ask(lab, StartTime="2026-03-02T08:00:00Z", EndTime="2026-03-02T09:00:00Z") == [1.0, 2.0]
