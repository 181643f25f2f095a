"""The two commands, the lock, the wheel, and the rules that watch over the code: each does what it says."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8")


def run(*command: str | Path, cwd: Path = ROOT, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **options)


def tracked() -> list[str]:
    """The project's own files, as git knows them."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def copy(target: Path, *names: str) -> Path:
    """The named files and folders of this repository, in `target`."""
    target.mkdir(parents=True)
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


# -------------------------------------------------------------------------------------------------------------- the lock


def test_the_lock_answers_every_requirement_of_the_project():
    pins = {
        name.lower().replace("_", "-"): Version(number)
        for name, number in re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", LOCK, re.MULTILINE)
    }
    project = PYPROJECT["project"]
    wanted = [
        *project["dependencies"],
        *(need for extra in project["optional-dependencies"].values() for need in extra),
        *PYPROJECT["build-system"]["requires"],
    ]
    for need in map(Requirement, wanted):
        assert need.specifier.contains(pins[need.name], prereleases=True), f"{need}: run `make lock`"


def test_the_lock_names_no_index_and_hashes_every_package():
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK
    for entry in re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip()):
        if not entry.startswith("#"):
            assert "==" in entry
            assert "--hash=sha256:" in entry, entry


def test_binders_python_is_one_of_ours():
    name, number = (ROOT / "binder" / "runtime.txt").read_text().strip().split("-")
    assert name == "python"
    assert SpecifierSet(PYPROJECT["project"]["requires-python"]).contains(number)


# ---------------------------------------------------------------------------------------------------------- the commands


@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild", "tools/set-up"])
def test_scripts_parse_and_may_be_run(script: str):
    assert os.access(ROOT / script, os.X_OK)
    assert run("bash", "-n", script).stderr == ""


def test_make_sets_up_only_where_it_must_also_in_a_folder_with_a_space(tmp_path: Path):
    folder = copy(tmp_path / "my labs (copy)", "Makefile", "binder", "pyproject.toml", "setup.py", "tools")
    set_up, start = "sh tools/set-up lab", "-m cwlab open labs --port 8899"

    def plan() -> str:
        return run("make", "-n", "lab", "ARGS=--port 8899", cwd=folder).stdout

    assert set_up in plan()
    assert start in plan()
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    ready = folder / ".venv" / ".ready"
    ready.write_text(f"{folder.resolve()}\n")
    assert set_up not in plan(), "a second run starts at once"
    ready.write_text("/where/it/stood/before\n")
    assert set_up in plan(), "a folder that was moved is set up again"
    ready.write_text(f"{folder.resolve()}\n")
    os.utime(folder / "binder" / "requirements.txt", (2_000_000_000 * 2,) * 2)
    assert set_up in plan(), "a renewed lock is installed"


def test_set_up_says_what_to_do_where_python_is_too_old(tmp_path: Path):
    folder = copy(tmp_path / "a b", "binder", "tools")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "python3").write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n')
    (tools / "python3").chmod(0o755)
    done = run("sh", "tools/set-up", "lab", cwd=folder, env={"PATH": str(tools)})
    assert done.returncode == 1
    assert "no Python 3.11 or newer was found (python3 is Python 3.9.2)" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (folder / ".venv").exists()


def test_make_help_lists_every_command():
    said = run("make", "help").stdout
    for target in re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE):
        assert f"make {target} " in said
    assert "make lab" in said
    assert "make test" in said


# ------------------------------------------------------------------------------------------------------------- the wheel


@pytest.mark.slow
def test_the_wheel_carries_the_labs_and_works_where_it_is_installed(tmp_path: Path):
    source = copy(
        tmp_path / "source",
        "pyproject.toml",
        "setup.py",
        "MANIFEST.in",
        "README.md",
        "LICENSE",
        "cwlab",
        "labs",
        "data",
    )
    built = run(
        BIN / "uv",
        "build",
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "-o",
        tmp_path,
        source,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())

    ours = [name for name in tracked() if name.startswith(("cwlab/", "labs/", "data/"))]
    for name in ours:
        if not name.startswith("labs/src/"):
            assert (name if name.startswith("cwlab/") else f"cwlab/{name}") in held
    assert not any("labs/src" in name for name in held), "the notebooks' sources hold the solutions"

    # `pip install` of that wheel, with the packages that are here already.
    target = tmp_path / "installed"
    shutil.unpack_archive(wheel, target, "zip")
    code = "import cwlab.course as c; print(c.__file__); print(c.lay_out(c.Path('my labs')).new); print(c.folder('data'))"
    done = run(sys.executable, "-c", code, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(target)})
    assert done.returncode == 0, done.stderr
    where, laid_out, data = done.stdout.splitlines()
    assert where.startswith(str(target))
    assert data == str(target / "cwlab" / "data")
    for notebook in (ROOT / "labs").glob("*.ipynb"):
        assert notebook.name in laid_out
        assert (tmp_path / "my labs" / notebook.name).read_bytes() == notebook.read_bytes()


# ------------------------------------------------------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    "code",
    [
        "import time\nt = time.time()",
        "from time import time\nt = time()",
        "from time import perf_counter as p\nt = p()",
        "import time\ntime.sleep(1)",
        "from datetime import datetime\nt = datetime.now()",
        "from datetime import datetime, UTC\nt = datetime.now(UTC)",
        "import datetime as d\nt = d.datetime.utcnow()",
        "from datetime import date\nt = date.today()",
        "import random\nr = random.random()",
        "from random import Random",
        "import numpy as np\nr = np.random.default_rng(1)",
        "import uuid\nu = uuid.uuid4()",
        "from uuid import uuid4",
        "import os\nb = os.urandom(8)",
        "import secrets",
        "import pickle",
    ],
)
def test_the_no_wall_clock_rule_refuses(code: str):
    done = run(
        BIN / "ruff",
        "check",
        "--select",
        "TID251,DTZ",
        "--stdin-filename",
        "cwlab/sample.py",
        "-",
        input=f"{code}\n",
    )
    assert done.returncode == 1, done.stdout + done.stderr


def test_the_import_contract_refuses_a_service_that_imports_another(tmp_path: Path):
    folder = copy(tmp_path / "copy", "cwlab", "pyproject.toml")
    with (folder / "cwlab" / "services" / "ec2" / "__init__.py").open("a") as file:
        file.write("\nfrom cwlab.services.iam import records\n")
    done = run(BIN / "lint-imports", "--no-cache", cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)})
    assert "no service imports another BROKEN" in done.stdout, done.stdout + done.stderr
    assert "cwlab.services.ec2 -> cwlab.services.iam" in done.stdout


def test_a_test_that_reaches_for_the_network_fails_even_when_the_error_is_swallowed(no_sockets: list[str]):
    with pytest.raises(AssertionError, match="tests open no socket"):
        socket.create_connection(("127.0.0.1", 9))
    with pytest.raises(AssertionError, match="tests open no socket"):
        socket.getaddrinfo("localhost", 80)
    assert len(no_sockets) == 2, "each is remembered, so that the test would fail at its end"
    no_sockets.clear()


def test_the_public_address_is_written_in_one_place():
    places = []
    for name in tracked():
        if (
            Path(name).suffix in {".md", ".toml", ".py", ".ipynb", ".txt", ".yml", ""}
            and name != "tests/test_setup.py"
        ):
            text = (ROOT / name).read_text(encoding="utf-8")
            places += [name] * text.count("mybinder.org/v2/gh/")
    assert places == ["README.md"]


@pytest.mark.parametrize("page", [name for name in tracked() if name.endswith(".md")])
def test_links_between_the_documents_lead_somewhere(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "://" not in link:
            assert (ROOT / page).parent.joinpath(link).exists(), f"{page} links to {link}, which is not there"
