"""Puts the labs and their data into the wheel; everything else is said in pyproject.toml."""

from pathlib import Path
from shutil import copytree, ignore_patterns

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
LEFT_OUT = ignore_patterns(
    ".*", "__pycache__", "src"
)  # src: what the notebooks are made from, for those who write them
CARRIED = (
    "labs",
    "data",
)  # beside the package in the repository, inside it (cwlab/labs, cwlab/data) once installed


class BuildWithLabs(build_py):
    """Builds the package, then lays the labs and the data inside it. An editable install uses them where they are."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for name in CARRIED:
            target = Path(self.build_lib, "cwlab", name)
            copytree(HERE / name, target, ignore=LEFT_OUT, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithLabs})
