"""Keeping a lab: files, recovery after a crash, a line of text; and every way such a thing can be damaged."""

import contextlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from botocore import xform_name
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import BadInput, Lab, SaveError, api, shop
from cwlab.errors import CorruptSave, NewerSave


def used() -> Lab:
    """A lab with something of everything in it: metrics of all forms, IAM, a fault, a failed call, time passed."""
    lab = Lab()
    cloudwatch, iam = lab.client("cloudwatch"), lab.client("iam")
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Latency", "Values": [1.0, 250.5], "Counts": [3, 1], "Unit": "Milliseconds",
             "Dimensions": [{"Name": "Page", "Value": "<b>cart</b>"}]},
            {"MetricName": "Orders", "StatisticValues": {"SampleCount": 2, "Sum": 3, "Minimum": 1, "Maximum": 2}},
            {"MetricName": "Fast", "Value": 1, "StorageResolution": 1},
        ],
    )  # fmt: skip
    iam.create_user(UserName="ana")
    lab.advance(minutes=2)
    with pytest.raises(cloudwatch.exceptions.ClientError):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[])
    lab.fault("cloudwatch", "ListMetrics", error="throttling", rate=0.2, hours=5)
    lab.client("cloudwatch", region="eu-west-1").put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 2**300}]
    )
    lab.advance(minutes=1)
    return lab


def described(lab: Lab):
    """What the describe calls say, in a fork (asking is journaled too)."""
    lab = lab.fork()
    lab.mend()
    out = [lab.now, [(e.seq, e.operation, e.error, e.python()) for e in lab.journal][:-1]]
    for region in ("us-east-1", "eu-west-1"):
        cloudwatch = lab.client("cloudwatch", region=region)
        metrics = cloudwatch.list_metrics()["Metrics"]
        if not metrics:
            continue
        queries = [{"Id": f"q{n}", "MetricStat": {"Metric": m, "Period": 60, "Stat": stat}}
                   for n, (m, stat) in enumerate((m, s) for m in metrics for s in ("Sum", "p90", "SampleCount"))]  # fmt: skip
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=queries, StartTime="2026-03-02T08:00:00Z", EndTime="2026-03-02T10:00:00Z"
        )
        out += [metrics, answer["MetricDataResults"]]
    out.append(lab.client("iam").list_users()["Users"])
    return out


def everything_described(lab: Lab):
    """The answer of every operation of every service that only reads and can be called with nothing but a page."""
    lab, out = lab.fork(), {}
    for service in api.supported():
        client = lab.client(service)
        for name, operation in sorted(api.OPERATIONS[service].items()):
            shape = client.meta.service_model.operation_model(name).input_shape
            if not operation.readonly or (shape is not None and shape.required_members):
                continue
            try:
                answer = getattr(client, xform_name(name))()
            except client.exceptions.ClientError as error:  # wants a parameter after all, and says so
                answer = error.response["Error"]
            answer.pop("ResponseMetadata", None)
            out[f"{service}:{name}"] = answer
    return out


def test_a_saved_shop_answers_every_describe_call_as_before(tmp_path):
    lab = Lab()
    shop.build(lab)
    shop.load_day(lab)
    lab.advance(minutes=30)
    before = everything_described(lab)
    assert len(before) >= 30
    assert before["ec2:DescribeInstances"]["Reservations"]
    assert before["autoscaling:DescribeAutoScalingGroups"]["AutoScalingGroups"][0]["Instances"]
    back = Lab.open(lab.save(tmp_path / "shop.cwlab"))
    assert everything_described(back) == before
    cpu = {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Period": 300, "Statistics": ["Average", "Maximum"],
           "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "shop-web"}],
           "StartTime": "2026-03-02T09:00:00Z", "EndTime": "2026-03-02T10:00:00Z"}  # fmt: skip
    for each in (lab, back):
        each.advance(minutes=30)
    answers = [each.client("cloudwatch").get_metric_statistics(**cpu)["Datapoints"] for each in (lab, back)]
    assert answers[0] == answers[1] != []
    assert everything_described(back) == everything_described(lab)


def test_a_saved_lab_opens_as_an_equal_world(tmp_path):
    lab = used()
    back = Lab.open(lab.save(tmp_path / "monday.cwlab"))
    assert described(back) == described(lab)
    assert back.world.timeline.state() == lab.world.timeline.state()
    lab.advance(hours=1)
    back.advance(hours=1)
    assert described(back) == described(lab)
    back.rewind(to="2026-03-02T09:01:00Z")
    lab.rewind(to="2026-03-02T09:01:00Z")
    assert described(back) == described(lab)


def test_the_same_lab_is_saved_as_the_same_bytes_also_by_another_process(tmp_path):
    one = used().save(tmp_path / "one.cwlab").read_bytes()
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_savefile; test_savefile.used().save(sys.argv[2])\n"
    subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "two.cwlab")], check=True
    )
    assert (tmp_path / "two.cwlab").read_bytes() == one
    assert Lab.open(tmp_path / "two.cwlab").save(tmp_path / "three.cwlab").read_bytes() == one


def test_a_save_that_fails_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "a.cwlab"
    used().save(path)
    before = path.read_bytes()
    monkeypatch.setattr(
        zipfile.ZipFile, "writestr", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full"))
    )
    with pytest.raises(OSError, match="disk full"):
        Lab().save(path)
    assert path.read_bytes() == before


def rewrite(path: Path, name: str, change) -> None:
    with zipfile.ZipFile(path) as file:
        parts = {n: file.read(n) for n in file.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w") as file:
        for n, content in parts.items():
            file.writestr(n, content)


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (lambda p: p.write_bytes(b"not a lab"), CorruptSave, "not a saved lab"),
        (lambda p: p.write_bytes(p.read_bytes()[:-400]), CorruptSave, "not a saved lab, or it is damaged"),
        (lambda p: rewrite(p, "manifest.json", lambda c: b'{"what": "other"}'), CorruptSave, "not a saved lab"),
        (lambda p: rewrite(p, "manifest.json", lambda c: json.dumps(json.loads(c) | {"format": 99}).encode()), NewerSave, "Update cwlab"),
        (lambda p: rewrite(p, "manifest.json", lambda c: json.dumps(json.loads(c) | {"region": "mars-1"}).encode()), CorruptSave, "header"),
        (lambda p: rewrite(p, "state.json", lambda c: c[:-20]), CorruptSave, "damaged"),
        (lambda p: rewrite(p, "state.json", lambda c: c.replace(b'"$r"', b'"$q"')), CorruptSave, "unknown mark"),
        (lambda p: rewrite(p, "journal.json", lambda c: b"[1, 2"), CorruptSave, "damaged"),
        (lambda p: rewrite(p, "columns/f8.npy", lambda c: c[:60]), CorruptSave, "damaged"),
    ],
)  # fmt: skip
def test_damaged_foreign_and_newer_files_are_refused_and_left_alone(tmp_path, damage, error, says):
    path = used().save(tmp_path / "a.cwlab")
    damage(path)
    before = path.read_bytes()
    with pytest.raises(error, match=says) as caught:
        Lab.open(path)
    assert isinstance(caught.value, SaveError)
    assert path.read_bytes() == before


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(BadInput, match="is not there"):
        Lab.open(tmp_path / "none.cwlab")
    with pytest.raises(BadInput, match="is not there"):
        Lab.recover(tmp_path / "none.journal")


@given(st.data())
@settings(max_examples=40)
def test_no_flipped_byte_does_worse_than_a_refusal(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("flip") / "a.cwlab"
    content = bytearray(SAVED())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with contextlib.suppress(SaveError):
        Lab.open(path)


def SAVED(_kept: list[bytes] = []) -> bytes:  # noqa: B006, N802
    if not _kept:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            _kept.append(used().save(Path(folder) / "a.cwlab").read_bytes())
    return _kept[0]


def test_a_killed_kernel_loses_nothing_that_was_answered(tmp_path):
    code = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import test_savefile
lab = test_savefile.used()
lab.autosave(sys.argv[2])
client = lab.client("cloudwatch")
for n in range(5):
    client.put_metric_data(Namespace="After", MetricData=[{"MetricName": f"m{n}", "Value": n}])
    lab.advance(minutes=1)
print("answered", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "lab.journal"
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "answered\n", done.stderr
    lab = used()
    for n in range(5):
        lab.client("cloudwatch").put_metric_data(
            Namespace="After", MetricData=[{"MetricName": f"m{n}", "Value": n}]
        )
        lab.advance(minutes=1)
    assert described(Lab.recover(path)) == described(lab)
    torn = path.read_text()[:-7]  # the last line was being written: never answered
    path.write_text(torn)
    recovered = Lab.recover(path)
    assert recovered.now == lab.fork().rewind(to="2026-03-02T09:07:00Z")


def test_autosaving_follows_a_rewind(tmp_path):
    lab = used()
    lab.autosave(tmp_path / "a.journal")
    lab.rewind(to="2026-03-02T09:01:00Z")
    lab.client("iam").create_user(UserName="bea")
    back = Lab.recover(tmp_path / "a.journal")
    assert described(back) == described(lab)


def test_a_damaged_line_of_an_autosaved_journal_is_named(tmp_path):
    path = tmp_path / "a.journal"
    used().autosave(path)
    lines = path.read_text().split("\n")
    lines[2] = lines[2][:-3]
    path.write_text("\n".join(lines))
    with pytest.raises(CorruptSave, match=r"a\.journal, line 3: damaged"):
        Lab.recover(path)


def test_a_bare_lab_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    used()
    assert list(tmp_path.iterdir()) == []


def test_a_situation_travels_as_one_line_of_text():
    lab = used()
    text = lab.share()
    assert "\n" not in text
    assert described(Lab.from_share(text)) == described(lab)
    assert described(
        Lab.from_share("\n".join(text[i : i + 70] for i in range(0, len(text), 70)))
    ) == described(lab)
    for broken in ("hello", text[:-30], text.replace("a", "b"), "cwlab1.", "cwlab1.!!!"):
        with pytest.raises(CorruptSave):
            Lab.from_share(broken)


def test_recover_finds_the_one_journal_there_is_and_asks_when_there_are_more(tmp_path, monkeypatch):
    monkeypatch.setenv("CWLAB_FOLDER", str(tmp_path))
    with pytest.raises(BadInput, match="holds no journal"):
        Lab.recover()
    lab = used()
    lab.autosave(tmp_path / ".cwlab" / "metrics.journal")
    Lab().autosave(tmp_path / ".cwlab" / "start.journal")  # nothing in it yet
    assert described(Lab.recover()) == described(lab)
    lab.autosave(tmp_path / ".cwlab" / "metrics-before.journal")
    with pytest.raises(BadInput, match=r"more than one journal.*metrics-before\.journal.*metrics\.journal"):
        Lab.recover()
