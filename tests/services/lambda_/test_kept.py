"""What is kept of functions: forks, saves, recovery, rewinding; and that no source from a file runs unasked."""

import contextlib
import json

import pytest

from cwlab import Lab
from cwlab.errors import CodeRefused

SOURCE = """
    import boto3, random
    cloudwatch = boto3.client("cloudwatch")
    def handler(event, context):
        print("dice", random.random())
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Runs", "Value": 1}])
        try:
            cloudwatch.put_metric_data(Namespace="AWS/No", MetricData=[{"MetricName": "Runs", "Value": 1}])
        except Exception as error:
            print(type(error).__name__)
        try:
            cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Runs", "Value": 1, "Unit": "Apples"}])
        except Exception as error:
            print(error)
        if event.get("fail"):
            raise ValueError("asked to")
        return event
    """


def story(fn, lab):
    """A lab in which a function was invoked in both ways, failed, and has retries ahead."""
    fn.with_role(lab)
    fn.create_in(lab, SOURCE)
    assert fn.invoke_in(lab, {"n": 1}).value == {"n": 1}
    lab.advance(minutes=1)
    lab.client("lambda").invoke(FunctionName="f", InvocationType="Event", Payload=b'{"fail": true}')
    with contextlib.suppress(Exception):
        lab.client("lambda").invoke(FunctionName="none")
    lab.advance(seconds=30)
    return lab


def told(fn, lab):
    lab = lab.fork()
    return [lab.now, fn.log(lab=lab), fn.total("Invocations", lab=lab), fn.total("Errors", lab=lab),
            [(e.seq, repr(e)) for e in lab.journal][:-3]]  # fmt: skip


@pytest.fixture
def done(fn):
    return story(fn, Lab())


def never(monkeypatch):
    """From now on no source runs."""
    from cwlab.services.lambda_ import invoke

    def ran(task):
        raise AssertionError("source ran")

    monkeypatch.setattr(invoke, "run", ran)


def test_the_same_calls_give_the_same_bytes(fn, done):
    again = story(fn, Lab())
    assert told(fn, again) == told(fn, done)
    again.advance(minutes=5)
    done.advance(minutes=5)
    assert told(fn, again) == told(fn, done)


def test_a_fork_with_an_invocation_ahead_goes_its_own_way(fn, done):
    fork = done.fork()
    fork.client("lambda").delete_function(FunctionName="f")
    fork.advance(minutes=5)
    done.advance(minutes=5)
    assert (fn.total("Invocations", lab=done), fn.total("Invocations", lab=fork)) == (4, 2)
    assert fn.total("AsyncEventsDropped", lab=fork) == 1
    twin = story(fn, Lab()).fork()
    twin.advance(minutes=5)
    assert told(fn, twin)[:4] == told(fn, done)[:4]  # the journal holds what was asked meanwhile


def test_a_rewind_runs_no_source_and_changes_nothing(fn, done, monkeypatch):
    until, before = done.now, told(fn, done)
    done.advance(minutes=10)
    never(monkeypatch)
    done.rewind(to=until)
    assert told(fn, done) == before


def test_opening_a_file_runs_nothing_and_what_would_run_is_refused_by_name(fn, done, tmp_path, monkeypatch):
    path = done.save(tmp_path / "a.cwlab")
    never(monkeypatch)
    opened = Lab.open(path)
    assert told(fn, opened) == told(fn, done)
    with pytest.raises(CodeRefused, match=r"'f' came with this lab's file.*allow_code=True"):
        fn.invoke_in(opened)
    with pytest.raises(CodeRefused, match="'f'"):
        opened.advance(minutes=5)  # a retry is ahead
    assert fn.total("Invocations", lab=opened) == 2
    with pytest.raises(CodeRefused):
        opened.fork().advance(minutes=5)
    opened.rewind(to=opened.start)
    opened.client("cloudwatch").list_metrics()


def test_allow_code_lets_it_run(fn, done, tmp_path):
    opened = Lab.open(done.save(tmp_path / "a.cwlab"), allow_code=True)
    for lab in (opened, done):
        lab.advance(minutes=5)
    assert told(fn, opened) == told(fn, done)


def test_code_you_bring_yourself_runs_in_an_opened_lab(fn, done, tmp_path):
    opened = Lab.open(done.save(tmp_path / "a.cwlab"))
    fn.create_in(opened, "def handler(event, context): return 'mine'", name="mine")
    assert fn.invoke_in(opened, name="mine").value == "mine"
    opened.client("lambda").update_function_code(
        FunctionName="f", ZipFile=fn.zipped("def handler(event, context): return 'new'")
    )
    assert fn.invoke_in(opened).value == "new"


def test_a_rewind_of_an_opened_lab_takes_results_from_the_journal(fn, done, tmp_path, monkeypatch):
    done.advance(minutes=10)
    opened = Lab.open(done.save(tmp_path / "a.cwlab"))
    never(monkeypatch)
    for lab in (opened, done):
        lab.rewind(to="2026-03-02T09:02:00Z")
    assert told(fn, opened) == told(fn, done)


@pytest.mark.parametrize("way", ["recover", "share"])
def test_recovering_and_sharing_run_nothing_either(fn, tmp_path, monkeypatch, way):
    lab = Lab()
    lab.autosave(tmp_path / "j")
    story(fn, lab)
    never(monkeypatch)
    again = Lab.recover(tmp_path / "j") if way == "recover" else Lab.from_share(lab.share())
    assert told(fn, again) == told(fn, lab)
    with pytest.raises(CodeRefused):
        again.advance(minutes=5)
    monkeypatch.undo()
    allowed = (
        Lab.recover(tmp_path / "j", allow_code=True)
        if way == "recover"
        else Lab.from_share(lab.share(), allow_code=True)
    )
    for each in (allowed, lab):
        each.advance(minutes=5)
    assert told(fn, allowed) == told(fn, lab)


def test_a_file_whose_journal_lost_its_results_is_refused_and_stays(fn, done, tmp_path):
    text = done.share()
    import base64
    import zlib

    body = text.removeprefix("cwlab1.")
    lines = zlib.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))).decode().splitlines()
    kept = [line for line in lines if '"ran"' not in line]
    assert len(kept) < len(lines)
    shorter = "cwlab1." + base64.urlsafe_b64encode(zlib.compress("\n".join(kept).encode())).decode()
    with pytest.raises(CodeRefused, match="'f'"):
        Lab.from_share(shorter)
    assert len(Lab.from_share(shorter, allow_code=True).journal)


def test_the_journal_tells_that_it_ran(done):
    ran = [e for e in done.journal if e.kind == "ran"]
    assert [json.loads(e.result.payload).get("errorType") for e in ran] == [None, "ValueError"]
    assert ran[0].python() == "# the function f ran" and ran[0].depth == 1
    inside = [e for e in done.journal if e.parent == ran[0].seq]
    assert [e.operation for e in inside] == ["PutMetricData"] * 3 and [bool(e.error) for e in inside] == [
        False,
        True,
        True,
    ]
