"""Progress: a file in the learner's folder, and a token short enough to copy.

A ``Progress`` is a value: what was answered, by item id. ``Store`` keeps it in ``.cwlab/progress.json`` under
the learner's folder, written whole and put in place at once, so that a crash leaves the old file or the new
one. Nothing is sent anywhere. Reading is strict: a file or a token is data from outside.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from cwlab.errors import BadFile, BadInput

VERSION = 1
FOLDER, FILE = ".cwlab", "progress.json"
TOKEN = "progress1"
MAX_BYTES = 1_000_000  # a full progress file has about 10 kB
KINDS = ("prediction", "exercise", "trap")


@dataclass(frozen=True)
class Item:
    """What one learner did with one prediction, exercise or trap.

    Args:
        kind: ``prediction``, ``exercise`` or ``trap``.
        answer: a prediction's or a trap's answer, in its stored form; the first one for traps.
        confidence: of a prediction.
        right: whether it was right; None while nobody knows. For traps: whether the first answer was.
        tries: answers given.
        hints: steps of help taken.
        seen: the reveal, the solution or the feedback was seen.
    """

    kind: str
    answer: str | float | None = None
    confidence: str | None = None
    right: bool | None = None
    tries: int = 0
    hints: int = 0
    seen: bool = False

    @property
    def state(self) -> str:
        """``done`` when answered right or its truth was seen, else ``begun``."""
        return "done" if self.right or (self.kind != "exercise" and self.seen) else "begun"


@dataclass(frozen=True)
class Progress:
    """All a learner did, as a value: items by id, and the learner's name if given."""

    items: Mapping[str, Item] = field(default_factory=dict)
    learner: str = ""

    def with_item(self, name: str, item: Item) -> Progress:
        """The same with one item set."""
        return replace(self, items={**self.items, name: item})

    def without(self, topic: str) -> Progress:
        """The same without the items of a topic."""
        return replace(self, items={k: v for k, v in self.items.items() if k.rpartition(".")[0] != topic})

    def merge(self, other: Progress) -> Progress:
        """Both together; where both know an item, the one that is further on. Merging twice changes nothing."""
        merged = {
            name: max((p.items[name] for p in (self, other) if name in p.items), key=_how_far)
            for name in sorted({*self.items, *other.items})
        }
        return Progress(merged, max(self.learner, other.learner))

    def to_data(self) -> dict[str, Any]:
        """As plain data; what is at its default is left out."""
        empty = asdict(Item(""))
        items = {
            name: {
                k: v
                for k, v in asdict(item).items()
                if k == "kind" or v != empty[k] or type(v) is not type(empty[k])
            }
            for name, item in sorted(self.items.items())
        }
        return {"version": VERSION, "learner": self.learner, "items": items}

    def token(self) -> str:
        """A short text that holds it all; ``from_token`` reads it back."""
        raw = zlib.compress(_json(self.to_data()), 9)
        body = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return f"{TOKEN}.{body}.{zlib.crc32(raw):08x}"


def _how_far(item: Item) -> tuple[Any, ...]:
    rank = (item.state == "done", bool(item.right), item.seen, item.tries, item.hints)
    return (*rank, repr(item))  # the text decides between equals, so that the order of merging does not


def _json(data: object) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def from_data(data: object) -> Progress:
    """Progress from plain data of unknown origin.

    Raises:
        BadInput: it is not progress of this version; says what is wrong.
    """
    if not isinstance(data, dict) or not isinstance(data.get("items"), dict):
        raise BadInput(
            _brief(data), "is not a progress record.", "It must be an object with version and items."
        )
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version > VERSION:
        raise BadInput(
            _brief(version),
            f"is not a version of progress this cwlab reads (up to {VERSION}).",
            "Update cwlab.",
        )
    learner = data.get("learner", "")
    if not isinstance(learner, str):
        raise BadInput(_brief(learner), "is not a learner's name.", "A name is a text.")
    return Progress({_name(k): _item(k, v) for k, v in data["items"].items()}, learner)


def _name(name: object) -> str:
    if not isinstance(name, str) or "." not in name or len(name) > 100:
        raise BadInput(_brief(name), "is not an item's id.", "An id has the form topic.short.")
    return name


_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "answer": (str, float, int, type(None)),
    "confidence": (str, type(None)),
    "right": (bool, type(None)),
    "tries": (int,),
    "hints": (int,),
    "seen": (bool,),
}


def _item(name: object, data: object) -> Item:
    known = {f.name for f in fields(Item)}
    if not isinstance(data, dict) or data.get("kind") not in KINDS or not set(data) <= known:
        raise BadInput(
            _brief(data),
            f"is not what was done with {_brief(name)}.",
            f"It may hold: {', '.join(sorted(known))}.",
        )
    for key, value in data.items():
        if not isinstance(value, _TYPES[key]) or (
            key != "right" and key != "seen" and isinstance(value, bool)
        ):
            raise BadInput(_brief(value), f"cannot be {key!r} of {_brief(name)}.", "")
    return Item(**data)


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def from_token(token: str) -> Progress:
    """Progress from a token.

    Raises:
        BadInput: the token is damaged or is none.

    >>> from_token(Progress({"metrics.m1": Item("trap", "A")}).token()).items["metrics.m1"].answer
    'A'
    """
    parts = token.strip().split(".")
    remedy = "Copy the whole token again: it begins with progress1. and has two dots."
    if len(parts) != 3 or parts[0] != TOKEN or len(token) > MAX_BYTES:
        raise BadInput(_brief(token), "is not a progress token.", remedy)
    try:
        raw = base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadInput(
            _brief(token), "is a damaged progress token: it holds foreign characters.", remedy
        ) from None
    if f"{zlib.crc32(raw):08x}" != parts[2]:
        raise BadInput(_brief(token), "is a damaged progress token: its checksum does not fit.", remedy)
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(raw, MAX_BYTES)
        if unpacker.unconsumed_tail:
            raise BadInput(_brief(token), f"holds more than {MAX_BYTES} bytes.", remedy)
        return from_data(json.loads(text))
    except (zlib.error, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(_brief(token), "is a damaged progress token.", remedy) from None


def read(path: Path) -> Progress:
    """Progress from a file.

    Raises:
        BadFile: the file is damaged or is something else; the file is left as it is.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFile(
                path,
                None,
                f"{path.stat().st_size} bytes",
                "is too large for a progress file.",
                "Is it another file?",
            )
        data = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadFile(
            path,
            None,
            "bytes",
            "is not text in UTF-8, so no progress file.",
            "Delete it or bring back a copy.",
        ) from None
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise BadFile(
            path, line, "text", "is not JSON, so no progress file.", "Delete it or bring back a copy."
        ) from None
    try:
        return from_data(data)
    except BadInput as error:
        raise BadFile(path, None, error.value, error.rule, error.remedy) from None


class Store:
    """The progress file of one learner's folder.

    Args:
        folder: the learner's folder; the file is ``.cwlab/progress.json`` in it. None keeps all in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self.path = folder / FOLDER / FILE if folder else None
        self.note = ""  # a sentence for the learner when something about the file needs saying
        self._kept = self._load()

    def _load(self) -> Progress:
        if self.path is None or not self.path.is_file():
            return Progress()
        try:
            return read(self.path)
        except OSError as error:
            self.path = None
            self.note = f"Your progress file cannot be read ({error.strerror}) and is left as it is; progress is kept in memory only."
            return Progress()
        except BadFile as error:
            aside = self.path.with_name("progress-damaged.json")
            self.path.replace(aside)
            self.note = f"Your progress file could not be read and is kept as {aside.name}: {error.rule} You begin anew; `lab.progress(token=…)` brings a token's progress back."
            return Progress()

    def get(self) -> Progress:
        """Everything known now."""
        return self._kept

    def put(self, topic: str, progress: Progress) -> None:
        """Keep the items of one topic (and the learner's name); other topics' items in the file stay.

        Another notebook may have written meanwhile, so the file is read again first.
        """
        on_file = self._load() if self.path else self._kept
        mine = {k: v for k, v in progress.items.items() if k.rpartition(".")[0] == topic}
        self._kept = Progress({**on_file.without(topic).items, **mine}, progress.learner or on_file.learner)
        self._write()

    def take(self, other: Progress) -> None:
        """Merge progress from elsewhere, a token for example."""
        self._kept = (self._load() if self.path else self._kept).merge(other)
        self._write()

    def _write(self) -> None:
        if self.path is None:
            return
        part = self.path.with_name(f"{FILE}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(json.dumps(self._kept.to_data(), indent=1, ensure_ascii=False).encode() + b"\n")
            part.replace(self.path)
        except OSError as error:
            self.path = None
            self.note = f"Progress cannot be written here ({error.strerror}); it is kept in memory only. Copy the token before you close."


def completed(progress: Progress, ids: Iterable[str]) -> int:
    """How many of these items are done."""
    return sum(1 for one in ids if one in progress.items and progress.items[one].state == "done")
