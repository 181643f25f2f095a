"""The command `cwlab`: what it opens, what it leaves alone, what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cwlab import cli, course, doctor
from cwlab.learn.progress import Progress


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for the labs that came with the installation."""
    labs = tmp_path / "installed" / "labs"
    labs.mkdir(parents=True)
    for name in ("00-start.ipynb", "01-metrics.ipynb"):
        (labs / name).write_text(f"{name} as shipped")
    (labs / ".ipynb_checkpoints").mkdir()
    (labs / ".ipynb_checkpoints" / "left-over.ipynb").write_text("never copied")
    (labs / "src").mkdir()
    (labs / "src" / "metrics.py").write_text("solutions inside")
    (labs.parent / "data").mkdir()
    (labs.parent / "data" / "day.csv").write_text("timestamp,value")
    monkeypatch.setattr(course, "folder", lambda name: labs.parent / name)
    return labs


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """The programs `cwlab` would have started."""
    calls: list[dict] = []

    def run(command, **options):
        calls.append({"command": command, **options})
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(cli.subprocess, "run", run)
    return calls


def test_the_labs_are_laid_out_once_and_then_left_as_they_are(packaged: Path, tmp_path: Path):
    mine = tmp_path / "my labs"
    first, second = course.lay_out(mine), course.lay_out(mine)
    assert first.new == ("00-start.ipynb", "01-metrics.ipynb")
    assert second == course.Copied()
    assert str(second) == "your labs are up to date"
    assert not (mine / ".ipynb_checkpoints").exists()
    assert not (mine / "src").exists(), "what notebooks are made from holds the solutions"


def test_an_edited_lab_is_never_written_over_and_the_others_are_brought_up_to_date(
    packaged: Path, tmp_path: Path
):
    mine = tmp_path / "mine"
    course.lay_out(mine)
    (mine / "01-metrics.ipynb").write_text("my answers")
    for lab in packaged.glob("*.ipynb"):
        lab.write_text("the next release")
    done = course.lay_out(mine)
    assert done.renewed == ("00-start.ipynb",)
    assert done.kept == ("01-metrics.ipynb",)
    assert (mine / "01-metrics.ipynb").read_text() == "my answers"
    assert (mine / "00-start.ipynb").read_text() == "the next release"
    assert course.lay_out(mine).kept == ("01-metrics.ipynb",), "it stays so however often cwlab is started"


def test_a_file_of_the_learners_own_with_a_labs_name_is_kept(packaged: Path, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "00-start.ipynb").write_text("was here before")
    assert course.lay_out(tmp_path / "mine").kept == ("00-start.ipynb",)
    assert (tmp_path / "mine" / "00-start.ipynb").read_text() == "was here before"


def test_a_removed_lab_comes_back(packaged: Path, tmp_path: Path):
    course.lay_out(tmp_path / "mine")
    (tmp_path / "mine" / "00-start.ipynb").unlink()
    assert course.lay_out(tmp_path / "mine").new == ("00-start.ipynb",)


def test_the_installations_own_folder_is_opened_as_it_is(packaged: Path):
    before = sorted(packaged.rglob("*"))
    assert course.lay_out(packaged) == course.Copied()
    assert sorted(packaged.rglob("*")) == before, "not even a note is left in it"


@pytest.mark.parametrize(
    ("arguments", "folder", "passed_on"),
    [
        ([], "cwlab-labs", []),
        (["--no-browser", "--port", "8899"], "cwlab-labs", ["--no-browser", "--port", "8899"]),
        (["open", "--port", "8899"], "cwlab-labs", ["--port", "8899"]),
        (["open", "my labs", "--port", "8899"], "my labs", ["--port", "8899"]),
    ],
)
def test_jupyterlab_starts_in_the_folder_with_every_other_word(
    packaged: Path,
    started: list[dict],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments,
    folder,
    passed_on,
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 0
    (call,) = started
    assert call["command"][:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path / folder}" in call["command"]
    assert call["command"][len(call["command"]) - len(passed_on) :] == passed_on
    assert (tmp_path / folder / "01-metrics.ipynb").exists()


def test_jupyterlabs_news_and_update_checks_are_off(
    packaged: Path, started: list[dict], tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/theirs")
    cli.main(["open", str(tmp_path / "mine")])
    ours, theirs = started[0]["env"]["JUPYTER_CONFIG_PATH"].split(":")
    assert theirs == "/theirs"
    settings = json.loads(Path(ours, "labconfig", "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"] == {
        "fetchNews": "false",
        "checkForUpdates": False,
    }


def test_a_folder_that_cannot_be_made_is_said_in_one_line(packaged: Path, tmp_path: Path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["open", str(tmp_path / "file" / "labs")]) == 1
    assert capsys.readouterr().err.startswith("cwlab: ")


def test_a_class_is_gathered_into_one_table(tmp_path: Path, capsys):
    for learner in ("Ada", "Grace"):
        (tmp_path / f"{learner}.txt").write_text(Progress(learner=learner).token())
    assert cli.main(["class", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "Ada" in said
    assert "Grace" in said


def test_a_class_without_progress_files_is_said_in_one_line(tmp_path: Path, capsys):
    assert cli.main(["class", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("cwlab: ")


def test_a_word_that_is_no_command_is_refused_and_makes_no_folder(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["docter"])
    assert stopped.value.code == 2
    assert "doctor" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_starting_cwlab_imports_nothing_heavy():
    heavy = "boto3 botocore numpy pandas altair ipywidgets jupyterlab IPython"
    code = f"import sys, cwlab.cli; print([name for name in {heavy.split()} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_python_m_cwlab_tells_its_version():
    done = subprocess.run(
        [sys.executable, "-m", "cwlab", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("cwlab 0.1")


def test_the_doctor_finds_this_installation_well(tmp_path: Path, capsys):
    assert cli.main(["doctor", str(tmp_path)]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert said.endswith("cwlab: ready\n")
    for what in ("Python", "boto3", "charts", "panels", "live charts", "kernel", "your folder"):
        assert f"ok   {what}" in said


def test_the_doctor_names_the_mend_for_an_old_or_missing_package(monkeypatch, tmp_path: Path, capsys):
    real = doctor.metadata.version

    def version(name: str) -> str:
        if name == "anywidget":
            raise doctor.metadata.PackageNotFoundError(name)
        return "0.1" if name == "boto3" else real(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert cli.main(["doctor", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert 'MEND boto3: 0.1\n     pip install "boto3>=1.40"' in said
    assert 'MEND anywidget: missing\n     pip install "anywidget>=0.9"' in said
    assert said.endswith("cwlab: 2 to mend\n")


def test_the_doctor_goes_on_when_a_look_fails(monkeypatch, tmp_path: Path):
    def broken():
        raise RuntimeError("no such thing")
        yield

    monkeypatch.setattr(doctor, "_kernel", broken)
    findings = doctor.examine(tmp_path)
    assert any("no such thing" in finding.seen and finding.serious for finding in findings)
    assert any(finding.what == "Chromium" for finding in findings)


def test_a_missing_chromium_is_a_note_for_those_who_run_the_tests(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(doctor, "which", lambda name: None)
    (chromium,) = [finding for finding in doctor.examine(tmp_path) if finding.what == "Chromium"]
    assert not chromium.serious
    assert "apt-get install chromium" in str(chromium)
