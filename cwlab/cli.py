"""The command `cwlab`: opens the labs, checks the installation, gathers a class. Imports what a command needs when it runs."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cwlab.errors import CwlabError

FOLDER = "cwlab-labs"
DOORWAY = "00-start.ipynb"
WORDS = """\
cwlab                      copy the labs to ./cwlab-labs (your edits stay) and open them in JupyterLab
cwlab open FOLDER          the same in FOLDER
cwlab open --no-browser --port 8899      what cwlab does not know is passed on to JupyterLab
cwlab doctor               check this installation; says how to mend what is wrong
cwlab class FOLDER         one table of the progress files in FOLDER, made on this machine
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 for success, 1 for a finding or failure, 2 for words it does not know."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "open")
    try:
        if given[0] == "open" and not {"-h", "--help"} & set(given):
            # Not argparse: it would take the 8899 of JupyterLab's `--port 8899` for our FOLDER.
            named = given[1:2] if given[1:2] and not given[1].startswith("-") else []
            return _open(Path(*(named or [FOLDER])), given[1 + len(named) :])
        chosen = _parser().parse_args(given)
        if chosen.command == "doctor":
            return _doctor(Path(chosen.folder))
        return _class(Path(chosen.folder))
    except (OSError, CwlabError) as error:
        print(f"cwlab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cwlab",
        description="A laboratory for Amazon CloudWatch on a virtual clock.",
        epilog=WORDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cwlab {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    opening = commands.add_parser("open", help="open the labs in a folder of yours", allow_abbrev=False)
    opening.add_argument("folder", nargs="?", default=FOLDER, metavar="FOLDER", help=f"default: ./{FOLDER}")
    doctor = commands.add_parser("doctor", help="check this installation", allow_abbrev=False)
    doctor.add_argument(
        "folder", nargs="?", default=".", metavar="FOLDER", help="where you mean to work (default: here)"
    )
    gather = commands.add_parser(
        "class", help="gather learners' progress files into one table", allow_abbrev=False
    )
    gather.add_argument("folder", metavar="FOLDER", help="the folder that holds the progress files")
    return parser


def _version() -> str:
    try:
        return version("cwlab")
    except PackageNotFoundError:  # run from its source, not installed
        return "0 (not installed)"


def _open(folder: Path, passed_on: list[str]) -> int:
    from cwlab.course import lay_out

    done = lay_out(folder)
    print(f"cwlab: labs in {folder.resolve()}")
    for line in str(done).splitlines():
        print(f"cwlab: {line}")
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{DOORWAY}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in passed_on:
        print("cwlab: you are root, as in a container: JupyterLab is told that this is meant (--allow-root)")
        command.append("--allow-root")
    print("cwlab: starting JupyterLab; its address follows; Ctrl-C twice stops it", flush=True)
    # Ctrl-C is for JupyterLab alone, which asks first and then stops its kernels; we wait for it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run([*command, *passed_on], env=_environment(), check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    return 0 if code == -signal.SIGINT else code  # stopped as it was asked to


def _environment() -> dict[str, str]:
    """This process's environment, and in it the settings a lab brings: JupyterLab's own news and update checks are off.

    They hold for the JupyterLab started here, and change nothing for any other.
    """
    ours = str(Path(__file__).resolve().parent / "jupyter")
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join([ours, others] if others else [ours])}


def _doctor(folder: Path) -> int:
    from cwlab.doctor import examine

    findings = examine(folder)
    for finding in findings:
        print(finding)
    broken = sum(finding.serious for finding in findings)
    print(f"cwlab: {broken} to mend" if broken else "cwlab: ready")
    return 1 if broken else 0


def _class(folder: Path) -> int:
    from cwlab.learn.report import class_table

    print(class_table(folder))
    return 0
