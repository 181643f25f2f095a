"""The labs there are, and how their notebooks are run under nbval."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LABS = ROOT / "labs"
sys.path.insert(0, str(ROOT / "tools"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``notebook_name`` runs once for each source in labs/src; one that takes ``topic_name`` for each topic."""
    if "notebook_name" in metafunc.fixturenames:
        metafunc.parametrize("notebook_name", [p.stem for p in sorted((LABS / "src").glob("*.py"))])
    if "topic_name" in metafunc.fixturenames:
        from cwlab.learn import topics

        metafunc.parametrize("topic_name", topics.names())


@pytest.fixture
def nbval(tmp_path: Path):
    """Run a notebook under strict nbval in a process of its own; returns (passed, what it said, processor seconds)."""

    def run(notebook: Path, **more: str) -> tuple[bool, str, float]:
        settings = tmp_path / "pytest.ini"
        settings.write_text("[pytest]\n")
        env = {
            **os.environ,
            "CWLAB_FOLDER": str(tmp_path / "home"),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "CWLAB_PROGRESS": "off",
        }
        env["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(ROOT), str(ROOT / "tools"), os.environ.get("PYTHONPATH")])
        )
        env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        for name in ("CWLAB_COMMIT", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            env.pop(name, None)
        env |= more
        # Only the plugin that is needed, and nbformat's quick way in: three seconds of every pass otherwise.
        program = "import sys, quick_nbformat, pytest; sys.exit(pytest.main(sys.argv[1:]))"
        wanted = [
            "-c",
            str(settings),
            "-p",
            "nbval.plugin",
            "-p",
            "no:cacheprovider",
            "--nbval",
            "--nbval-current-env",
        ]
        command = [sys.executable, "-c", program, *wanted, "-q", str(notebook)]
        before = os.times()
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        return done.returncode == 0, f"{done.stdout}{done.stderr}", spent

    return run


@pytest.fixture
def beside(tmp_path: Path):
    """Put a notebook where it finds what the labs' folder holds, without writing there."""

    def put(name: str) -> Path:
        home = tmp_path / "labs"
        home.mkdir(exist_ok=True)
        for path in LABS.iterdir():
            if path.suffix != ".ipynb" and not path.name.startswith("."):
                (home / path.name).symlink_to(path)
        if (ROOT / "data").is_dir():
            (tmp_path / "data").symlink_to(ROOT / "data")
        return home / name

    yield put
    shutil.rmtree(tmp_path / "labs", ignore_errors=True)
