import gc
import json
from datetime import timedelta
from pathlib import Path

import pytest

import cwlab.learn.twin as twin_module
from cwlab import Lab, open_lab
from cwlab.errors import BadInput, NotModelled


def test_it_says_ready_and_how_far_you_are(topic, tmp_path, capsys):
    lab = open_lab(topic, folder=tmp_path)
    said = capsys.readouterr().out
    assert "Ready: The clock (cwlab " in said and "0 of 3 predictions compared" in said
    assert "Controls cannot be shown here" in said, "no notebook, no controls: said in words"
    assert isinstance(lab, Lab)


def test_progress_and_journal_are_kept_in_the_learners_folder_only(topic, tmp_path):
    lab = open_lab(topic, folder=tmp_path)
    lab.predict("m1", 1.5)
    lab.advance(minutes=5)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == [
        ".cwlab/progress.json",
        ".cwlab/sample.journal",
    ]
    back = Lab.recover(tmp_path / ".cwlab" / "sample.journal")
    assert back.now == lab.now


def test_what_a_killed_kernel_left_behind_is_moved_aside_and_named(topic, tmp_path, capsys):
    killed = open_lab(topic, folder=tmp_path)
    killed.advance(minutes=7)
    then = killed.now
    del killed
    gc.collect()
    capsys.readouterr()
    open_lab(topic, folder=tmp_path)
    said = capsys.readouterr().out
    before = tmp_path / ".cwlab" / "sample-before.journal"
    assert "Lab.recover(" in said and Lab.recover(before).now == then


def test_the_folder_may_come_from_the_environment(topic, tmp_path, monkeypatch):
    monkeypatch.setenv("CWLAB_FOLDER", str(tmp_path))
    open_lab(topic).predict("m1", 1)
    assert (tmp_path / ".cwlab" / "progress.json").is_file()


def test_the_test_hook_comes_from_the_environment(topic, tmp_path, monkeypatch):
    monkeypatch.setenv("CWLAB_COMMIT", "truth")
    assert "As you predicted" in repr(open_lab(topic, folder=tmp_path).reveal("m1"))


def test_a_folder_that_cannot_be_written_is_said_and_the_lab_works(topic, tmp_path, capsys):
    (tmp_path / ".cwlab").write_text("a file where the folder should be")
    lab = open_lab(topic, folder=tmp_path)
    assert "kept in memory only" in capsys.readouterr().out
    lab.predict("m1", 1)
    assert lab.committed("m1")


def test_each_loop_runs_on_a_fresh_world_like_the_last(topic, tmp_path):
    lab = open_lab(topic, folder=tmp_path, seed=11, start="2026-05-01T00:00:00Z")
    one = lab.fresh("loop")
    one.advance(hours=1)
    two = lab.fresh("loop")
    assert type(two) is Lab and (two.seed, two.start, two.now) == (11, lab.start, lab.start)
    assert lab.fresh(start="2026-06-01T00:00:00Z").start.month == 6
    assert lab.now == lab.start, "what happens in a loop's world leaves the lab alone"


def test_a_fork_of_a_learning_lab_is_a_lab(topic, tmp_path):
    lab = open_lab(topic, folder=tmp_path)
    fork = lab.fork()
    fork.advance(hours=1)
    assert fork.now != lab.now


def test_an_unknown_topic_or_target_says_what_there_is(tmp_path):
    with pytest.raises(BadInput, match=r"is not a topic of this version\. There are: "):
        open_lab("juggling", folder=tmp_path)
    with pytest.raises(BadInput, match='Use "lab" or "aws"'):
        open_lab("juggling", target="azure", folder=tmp_path)


# -- the twin on AWS -----------------------------------------------------------------------------------------------


def cells(lab):
    """What a lab's cells do, in little."""
    world = lab.fresh("loop")
    iam = world.client("iam")
    iam.create_user(UserName="ada")
    world.advance(minutes=5)
    iam.tag_user(UserName="ada", Tags=[{"Key": "team", "Value": "shop"}])
    world.client("iam", region="eu-west-1").get_user(UserName="ada")
    return world


def calls(journal):
    return [(e.service, e.operation, e.params) for e in journal if e.kind == "call" and e.depth == 0]


def test_the_same_cells_make_the_same_calls_on_aws(topic, tmp_path):
    here = cells(open_lab(topic, folder=tmp_path))
    aws = Lab()  # stands for AWS: whatever boto3 is asked for inside comes here
    with aws.intercept():
        cells(open_lab(topic, target="aws", folder=tmp_path, region="us-east-1"))
    assert calls(here.journal) == calls(aws.journal) != []


def test_cells_of_the_metrics_lab_make_the_same_calls_on_aws(tmp_path):
    source = (Path(__file__).parents[2] / "labs" / "src" / "01-metrics.py").read_text(encoding="utf-8")
    (cell,) = [each for each in source.split("# %%") if 'fresh("flat")' in each]
    code = cell.partition("\n")[2].partition("lab.reveal")[0]
    asked = (
        "cloudwatch.get_metric_statistics(Namespace='Shop/Hosts', MetricName='CPUUtilization', Period=60, "
        "Statistics=['Average'], StartTime=world.now - timedelta(hours=1), EndTime=world.now)"
    )

    def run(lab):
        exec(code + asked, {"lab": lab, "timedelta": timedelta})

    here = open_lab("metrics", folder=tmp_path)
    here.fresh = lambda name: here  # AWS has one world, so the twin's calls are held against one
    run(here)
    aws = Lab()
    with aws.intercept():
        run(open_lab("metrics", target="aws", folder=tmp_path, region="us-east-1"))
    made = [
        [call for call in calls(each.journal) if call[1] != "GetCallerIdentity"]  # the twin asks AWS the time
        for each in (here, aws)
    ]
    assert made[0] == made[1]
    assert len(made[0]) == 7


def timeless(made):
    """Calls without the instants in them: on AWS time passes by itself, and here it was not waited for."""
    return json.loads(
        json.dumps(made, default=str),
        object_hook=lambda found: {k: v for k, v in found.items() if k != "Timestamp"},
    )


@pytest.mark.parametrize(("title", "made"), [("mail", 38), ("spike", 3), ("storm", 47)])
def test_cells_of_the_alarms_lab_make_the_same_calls_on_aws(title, made, tmp_path):
    source = (Path(__file__).parents[2] / "labs" / "src" / "02-alarms.py").read_text(encoding="utf-8")
    cells = [
        each.partition("\n")[2] for each in source.split("# %%") if "syllabus:" in each.partition("\n")[0]
    ]
    half = "half = {" + cells[0].partition("half = {")[2].partition("\n\n")[0]
    helpers = next(c for c in cells if "def ops_topic" in c).partition("world = ")[0]
    code = next(c for c in cells if f'fresh("{title}")' in c)
    code = "world = " + code.partition("world = ")[2].partition("lab.reveal")[0]

    def run(lab):
        exec(f"{half}\n{helpers}\n{code}", {"lab": lab, "timedelta": timedelta})

    here = open_lab("alarms", folder=tmp_path)
    here.fresh = lambda name: here  # AWS has one world, so the twin's calls are held against one
    run(here)
    aws = Lab()
    with aws.intercept():
        run(open_lab("alarms", target="aws", folder=tmp_path, region="us-east-1"))
    ours = [c for c in calls(here.journal) if c[1] not in ("GetCallerIdentity", "ConfirmSubscription")]
    theirs = [c for c in calls(aws.journal) if c[1] != "GetCallerIdentity"]
    assert timeless(ours) == timeless(theirs)
    assert len(ours) == made


def test_the_twin_says_loudly_that_it_is_aws_and_how_long_it_takes(topic, tmp_path, capsys):
    twin = open_lab(topic, target="aws", folder=tmp_path)
    said = capsys.readouterr().out
    assert "This is AWS itself" in said and "may cost money" in said and "An hour costs an hour." in said
    twin.advance(days=1, minutes=5)
    said = capsys.readouterr().out
    assert "Go on in 1 day 5 minutes." in said and "costing" in said
    twin.advance(until="2026-03-02T10:00:00Z")
    assert "Go on at 2026-03-02T10:00:00Z." in capsys.readouterr().out


def test_the_twin_teaches_as_the_lab_does(topic, tmp_path):
    twin = open_lab(topic, target="aws", folder=tmp_path)
    twin.predict("m1", 1.5)
    assert "As you predicted" in repr(twin.reveal("m1")), "the key still comes from the model"


def test_the_twin_refuses_what_aws_cannot_do_and_names_the_way(topic, tmp_path):
    twin = open_lab(topic, target="aws", folder=tmp_path)
    for name in twin_module.ONLY_HERE:
        with pytest.raises(NotModelled, match=f"lab.{name} on AWS"):
            getattr(twin, name)
    with pytest.raises(AttributeError):
        twin.nonsense  # noqa: B018
    with pytest.raises(BadInput, match="AWS_PROFILE"):
        twin.client("iam", role="Auditor")


def test_the_twins_now_is_the_time_aws_puts_on_its_answers(topic, tmp_path, monkeypatch):
    twin = open_lab(topic, target="aws", folder=tmp_path)

    class Sts:
        def get_caller_identity(self):
            return {"ResponseMetadata": {"HTTPHeaders": {"date": "Mon, 02 Mar 2026 09:00:00 GMT"}}}

    monkeypatch.setattr(type(twin), "client", lambda self, service, **_: Sts())
    assert twin.now.isoformat() == "2026-03-02T09:00:00+00:00"


def test_an_answer_of_the_lab_carries_its_own_time_so_that_the_twin_reads_it_there(topic, tmp_path):
    aws = Lab(start="2026-05-01T12:34:56Z")
    with aws.intercept():
        twin = open_lab(topic, target="aws", folder=tmp_path, region="us-east-1")
        assert twin.now == aws.now


def test_progress_on_file_is_plain_json(topic, tmp_path):
    open_lab(topic, folder=tmp_path).predict("m1", 1.5, confidence="sure")
    data = json.loads((tmp_path / ".cwlab" / "progress.json").read_text())
    assert data["items"]["sample.m1"] == {
        "kind": "prediction",
        "answer": 1.5,
        "confidence": "sure",
        "tries": 1,
    }
