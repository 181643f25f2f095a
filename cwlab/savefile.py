"""Keeping a lab: a save file, an autosaved journal, a line of text to share.

A save file is a zip: ``manifest.json`` (format and version), ``state.json`` (tables, agenda),
``journal.json`` and ``columns/`` (bulk, in NumPy's own format). All of it is data; opening one never runs code. A new file is written
beside the old one and takes its place at the end, so an interrupted save loses nothing.
"""

from __future__ import annotations

import base64
import io
import json
import os
import weakref
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwlab.arn import check_account, check_region
from cwlab.codec import Decoder, Encoder
from cwlab.errors import BadInput, CorruptSave, CwlabError, NewerSave
from cwlab.journal import Entry
from cwlab.table import AppendOnly, Table
from cwlab.timeline import Entry as Due
from cwlab.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from cwlab.lab import Lab

FORMAT = 1


def _header(world: World) -> dict[str, Any]:
    from cwlab import __version__

    return {
        "what": "cwlab",
        "format": FORMAT,
        "cwlab": __version__,
        "seed": world.seed,
        "start_ms": world.start_ms,
        "account": world.account,
        "region": world.region,
    }


def _world(header: dict[str, Any], path: object) -> World:
    """An empty world from a header.

    Raises:
        CorruptSave, NewerSave.
    """
    if not isinstance(header, dict) or header.get("what") != "cwlab":
        raise CorruptSave(f"{path}: this is not a saved lab. Give a file that lab.save(…) wrote.")
    if not isinstance(header.get("format"), int) or header["format"] > FORMAT:
        raise NewerSave(
            f"{path}: written by cwlab {header.get('cwlab')} (format {header.get('format')}; this version reads up to "
            f"{FORMAT}). Update cwlab: pip install --upgrade cwlab."
        )
    try:
        return World(
            int(header["seed"]),
            int(header["start_ms"]),
            check_account(header["account"]),
            check_region(header["region"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise CorruptSave(f"{path}: the header is damaged ({problem}). Open another copy.") from problem


def _services(world: World) -> None:
    """Import the modules whose records the file may hold, before decoding."""
    import importlib
    import pkgutil

    import cwlab.services
    from cwlab import faults  # noqa: F401

    for module in pkgutil.walk_packages(cwlab.services.__path__, "cwlab.services."):
        importlib.import_module(module.name)
    importlib.import_module("cwlab.hosts")


def save(lab: Lab, path: str | os.PathLike[str]) -> Path:
    """Write a lab to one file; returns its path."""
    path = Path(path)
    world, encoder = lab.world, Encoder()
    with world.lock:
        now_ms, next_seq, agenda = world.timeline.state()
        state = {
            "now_ms": now_ms,
            "next_seq": next_seq,
            "position": world.journal.position,
            "agenda": [encoder.encode([*entry]) for entry in agenda],
            "tables": [
                [list(key), encoder.encode([[k, v] for k, v in table.items()])]
                for key, table in sorted(world.tables.items())
                if len(table)
            ],
        }
        journal = encoder.encode(list(world.journal))
        header = _header(world)
    parts = {
        "manifest.json": json.dumps(header).encode(),
        "state.json": json.dumps(state, separators=(",", ":")).encode(),
        "journal.json": json.dumps(journal, separators=(",", ":")).encode(),
    }
    for dtype, column in encoder.columns().items():
        parts[f"columns/{dtype[1:]}.npy"] = _npy(column)
    beside = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, 1)
    beside.replace(path)
    return path


def _npy(column: np.ndarray[Any, Any]) -> bytes:
    """A column in NumPy's file format, which says its type and byte order itself."""
    import numpy as np

    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(column), allow_pickle=False)
    return out.getvalue()


def open_lab(cls: type[Lab], path: str | os.PathLike[str], allow_code: bool = False) -> Lab:
    """The lab a file holds.

    Raises:
        CorruptSave, NewerSave: nothing was opened; the file is as it was.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
    except FileNotFoundError:
        raise BadInput(str(path), "is not there.", "Check the name and the folder.") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as problem:
        raise CorruptSave(
            f"{path}: this is not a saved lab, or it is damaged ({problem}). Open another copy."
        ) from problem
    try:
        header = json.loads(parts["manifest.json"])
        world = _world(header, path)
        empty = world.fork()
        _services(world)
        _fill(world, parts)
    except CwlabError:
        raise
    except Exception as problem:  # whatever a damaged file makes json, numpy or a record stumble over
        raise CorruptSave(
            f"{path}: damaged ({type(problem).__name__}: {problem}). Open another copy."
        ) from problem
    if not allow_code:
        world.own_code = empty.own_code = frozenset()
    lab = cls.__new__(cls)
    lab._take(world)
    lab._kept = [(world.start_ms, 0, empty)]
    lab._keep()
    return lab


def _fill(world: World, parts: dict[str, bytes]) -> None:
    import numpy as np

    columns = [
        np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
        for name, content in parts.items()
        if name.startswith("columns/")
    ]
    decoder = Decoder({column.dtype.str: column for column in columns})
    state = json.loads(parts["state.json"])
    for key, items in state["tables"]:
        world.tables[tuple(key)] = Table(world.log, dict(decoder.decode(items)))
    world.timeline.restore(
        state["now_ms"], state["next_seq"], [Due(*decoder.decode(entry)) for entry in state["agenda"]]
    )
    world.journal._log = AppendOnly(decoder.decode(json.loads(parts["journal.json"])))
    world.journal._next = state["position"]


# -- the autosaved journal -------------------------------------------------------------------------------------


class Autosave:
    """Writes each entry from outside to a file before its answer is seen. One JSON line an entry."""

    def __init__(self, lab: Lab, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._close: Callable[[], object] = lambda: None
        self.restart(lab)

    def restart(self, lab: Lab) -> None:
        """Write what is true now, then follow on: at the start and after a rewind."""
        beside = self.path.with_name(f".{self.path.name}.part")
        with beside.open("w", encoding="utf-8") as file:
            file.write(json.dumps(_header(lab.world)) + "\n")
            for entry in lab.journal.inputs():
                file.write(_line(entry))
        beside.replace(self.path)
        self._close()
        self._file = self.path.open("a", encoding="utf-8")
        self._close = weakref.finalize(self, self._file.close)  # when nobody holds the lab any more
        lab.world.listeners = [
            listener for listener in lab.world.listeners if getattr(listener, "__self__", None) is not self
        ]
        lab.world.listeners.append(self.write)

    def write(self, entry: Entry) -> None:
        if entry.needed:
            self._file.write(_line(entry))
            self._file.flush()


def _line(entry: Entry) -> str:
    """An entry as one line of JSON, arrays written out."""
    encoder = Encoder()
    body = encoder.encode(entry)
    columns = {
        name: base64.b64encode(zlib.compress(column.tobytes(), 1)).decode()
        for name, column in encoder.columns().items()
    }
    return json.dumps([body, columns] if columns else [body], separators=(",", ":")) + "\n"


def _entry(line: str) -> Entry:
    import numpy as np

    body, *more = json.loads(line)
    columns = {
        name: np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=name)
        for name, text in (more[0] if more else {}).items()
    }
    entry = Decoder(columns).decode(body)
    if not isinstance(entry, Entry):
        raise ValueError("not a journal entry")
    return entry


def _journal_here() -> Path:
    """The one journal with calls in it that ``open_lab`` left in the learner's folder."""
    folder = Path(os.environ.get("CWLAB_FOLDER") or Path.cwd()) / ".cwlab"
    found = [path for path in sorted(folder.glob("*.journal")) if path.read_bytes().count(b"\n") > 1]
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadInput(
            str(folder),
            "holds no journal of a lab.",
            "Autosaving is on in open_lab(…); a bare Lab() writes nothing.",
        )
    names = ", ".join(str(path) for path in found)
    raise BadInput(
        str(folder), "holds more than one journal.", f"Choose: Lab.recover(path) with one of {names}."
    )


def recover(cls: type[Lab], path: str | os.PathLike[str] | None, allow_code: bool = False) -> Lab:
    """Replay an autosaved journal. A torn last line was never answered, so it is left out."""
    path = Path(path) if path is not None else _journal_here()
    try:
        header, *lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise BadInput(
            str(path), "is not there.", "Autosaving is on in open_lab(…); a bare Lab() writes nothing."
        ) from None
    try:
        world = _world(json.loads(header), path)
        _services(world)
    except ValueError as problem:
        if isinstance(problem, CwlabError):
            raise
        raise CorruptSave(f"{path}: this is not an autosaved journal.") from problem
    entries = []
    for number, line in enumerate(lines, 2):
        if number - 1 == len(lines):  # after the last newline: nothing, or a torn line
            break
        try:
            entries.append(_entry(line))
        except (ValueError, TypeError, KeyError, zlib.error) as problem:
            raise CorruptSave(
                f"{path}, line {number}: damaged ({problem}). Remove this line and those after it, then recover again."
            ) from problem
    return _replayed(cls, world, entries, allow_code)


def _replayed(cls: type[Lab], world: World, entries: list[Entry], allow_code: bool) -> Lab:
    if not allow_code:
        world.own_code = frozenset()
    empty = world.fork()
    world.replay(entries)
    lab = cls.__new__(cls)
    lab._take(world)
    lab._kept = [(world.start_ms, 0, empty)]
    return lab


# -- a line of text --------------------------------------------------------------------------------------------


def share(lab: Lab) -> str:
    """What was done, compressed, as one line of text."""
    lines = [json.dumps(_header(lab.world)) + "\n", *(_line(entry) for entry in lab.journal.inputs())]
    return "cwlab1." + base64.urlsafe_b64encode(zlib.compress("".join(lines).encode(), 9)).decode().rstrip(
        "="
    )


def from_share(cls: type[Lab], text: str, allow_code: bool = False) -> Lab:
    """The lab that ``share`` described, rebuilt by doing it again."""
    text = "".join(text.split())
    if not text.startswith("cwlab1."):
        raise CorruptSave("The text does not begin with cwlab1. Copy the whole line that lab.share() gave.")
    try:
        body = text.removeprefix("cwlab1.")
        lines = zlib.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))).decode().splitlines()
        world = _world(json.loads(lines[0]), "shared text")
        _services(world)
        entries = [_entry(line) for line in lines[1:]]
    except CwlabError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, zlib.error) as problem:
        raise CorruptSave(
            f"The text is damaged or cut short ({problem}). Copy the whole line that lab.share() gave."
        ) from problem
    return _replayed(cls, world, entries, allow_code)
