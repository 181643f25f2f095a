"""The one check command (`make check`): everything that can be said about the code without running it.

Each check is a command anyone can run alone. All of them run, whatever fails, so that one round shows everything.
"""

import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent  # not resolved: inside .venv the interpreter is a link

CHECKS: list[tuple[str, list[str], str]] = [  # what, command, remedy
    ("format", ["ruff", "format", "--check", "--output-format", "concise", "."], "make fix"),
    (
        "lint",
        ["ruff", "check", "--quiet", "--output-format", "concise", "."],
        "make fix, then the rest by hand",
    ),
    (
        "no wall clock, no random, in cwlab/",
        ["ruff", "check", "--quiet", "--select", "TID251,DTZ,S311", "cwlab"],
        "time comes from the timeline, chance from the world's seed",
    ),
    ("types", ["mypy", "--no-error-summary", "cwlab"], "see the lines above"),
    (
        "who may import whom",
        ["lint-imports", "--no-logo"],
        "services meet only through the door; see docs/architecture.md",
    ),
    ("Binder's rules", ["jupyter-repo2docker", "--no-build", "."], "see binder/"),
]


def main() -> int:
    failed = []
    for what, command, remedy in CHECKS:
        started = perf_counter()
        done = subprocess.run(
            [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        good = done.returncode == 0
        print(f"check: {what}: {'fine' if good else 'FAILED'} ({perf_counter() - started:.1f} s)", flush=True)
        if not good:
            print(f"{done.stdout}{done.stderr}".rstrip(), flush=True)
            failed.append(f"{what}: {remedy}")
    for line in failed:
        print(f"check: to mend {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
