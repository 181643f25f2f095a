"""Where the labs and the recorded data are, in the repository and once installed, and a learner's own copy of them.

In the repository `labs/` and `data/` stand beside the package; a wheel carries them inside it (see setup.py).
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

PACKAGE = Path(__file__).resolve().parent
LEFT_OUT = (
    "src",
    "__pycache__",
)  # in the repository's labs/: what the notebooks are made from, solutions among it
NOTE = Path(
    ".cwlab", "copied.json"
)  # in the learner's folder: what was copied there, so that edits are known as such


def folder(name: str) -> Path:
    """The folder `name` ("labs" or "data") that came with this installation.

    Raises:
        FileNotFoundError: the installation lacks it.
    """
    for candidate in (PACKAGE / name, PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"cwlab's folder {name!r} is neither in {PACKAGE} nor beside it: the installation is not whole; install cwlab again"
    )


@dataclass(frozen=True)
class Copied:
    """What became of each file when the labs were laid out in a learner's folder, by path relative to it."""

    new: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What a learner wants to know, a line each."""
        lines = []
        if self.new:
            lines.append(f"{len(self.new)} new: {', '.join(self.new)}")
        if self.renewed:
            lines.append(f"brought up to date (you had not changed them): {', '.join(self.renewed)}")
        if self.kept:
            lines.append(f"left as you edited them: {', '.join(self.kept)} (move one away to get it fresh)")
        return "\n".join(lines) or "your labs are up to date"


def lay_out(target: Path) -> Copied:
    """Copies the labs that came with cwlab into `target`, which may hold an earlier copy.

    A file that the learner has edited is never written over, and one they removed comes back.

    Raises:
        OSError: the folder cannot be made or written.
    """
    source = folder("labs")
    target.mkdir(parents=True, exist_ok=True)
    if target.samefile(source):
        return Copied()
    note = target / NOTE
    before: dict[str, str] = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
    now = dict(before)
    new, renewed, kept = [], [], []
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if not path.is_file() or any(part.startswith(".") or part in LEFT_OUT for part in Path(name).parts):
            continue
        mine, fresh = target / name, _digest(path)
        if not mine.exists():
            new.append(name)
        elif (held := _digest(mine)) == fresh:
            now[name] = fresh
            continue
        elif held == before.get(name):
            renewed.append(name)
        else:
            kept.append(name)
            continue
        mine.parent.mkdir(parents=True, exist_ok=True)
        copyfile(path, mine)
        now[name] = fresh
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return Copied(tuple(new), tuple(renewed), tuple(kept))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
