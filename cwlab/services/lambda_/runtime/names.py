"""Which modules and builtins a function may use, and what the others answer."""

from __future__ import annotations

import builtins
import importlib
import itertools as real_itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, ModuleType
from typing import Any, NoReturn

from cwlab.errors import NotModelled
from cwlab.services.lambda_.runtime.instrument import OPERATE, STEP, compiled
from cwlab.services.lambda_.runtime.meter import Meter

# Modules that compute and hold no state of their own. Each invocation gets copies: what it writes into one, stays there.
ALLOWED = frozenset([
    "abc", "array", "base64", "binascii", "bisect", "calendar", "cmath", "collections", "collections.abc",
    "colorsys", "contextlib", "copy", "csv", "dataclasses", "decimal", "difflib", "email.utils", "enum",
    "fractions", "functools", "gzip", "hashlib", "heapq", "hmac", "html", "html.parser", "io", "ipaddress",
    "itertools", "json", "json.decoder", "json.encoder", "keyword", "math", "numbers", "operator", "pprint",
    "quopri", "re", "reprlib", "statistics", "string", "struct", "textwrap", "types", "typing",
    "unicodedata", "urllib.parse", "weakref", "xml.etree.ElementTree", "zlib", "zoneinfo",
    "botocore.config", "botocore.exceptions", "__future__",
])  # fmt: skip
# Modules of ours in the place of Python's (see ``run``).
OWN = frozenset(
    [
        "boto3",
        "datetime",
        "itertools",
        "logging",
        "os",
        "random",
        "secrets",
        "sys",
        "time",
        "traceback",
        "uuid",
        "warnings",
    ]
)
_TICK = 8  # steps of an item of count, cycle or repeat
_REFUSED = {
    "open": "Keep data in S3, in a message, or in an environment variable.",
    "input": "Nobody types to a function: take it from the event.",
    "exec": "Write the code into the function.",
    "eval": "For data, use json.loads.",
    "compile": "Write the code into the function.",
    "breakpoint": "Print what you want to see; it is in the function's log.",
    "help": "",
}
Files = Mapping[str, str]


class Names:
    """The modules of one invocation.

    Args:
        files: the sources in its zip, by path.
        given: the modules of ours, such as ``time``, by name.
        out: where ``print`` goes.
        operators: see ``growth``.
    """

    def __init__(
        self,
        files: Files,
        given: Mapping[str, Callable[[], ModuleType]],
        meter: Meter,
        out: Any,
        operators: Mapping[str, Any],
    ) -> None:
        self.files, self._given, self._meter, self._out = files, given, meter, out
        self.modules: dict[str, Any] = {}
        self._builtins = self._make_builtins(operators)

    # -- builtins ----------------------------------------------------------------------------------------------
    def _make_builtins(self, operators: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(vars(builtins))
        for name, remedy in _REFUSED.items():
            made[name] = _refuser(name, remedy)

        def print_(
            *values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
        ) -> None:
            print(*values, sep=sep, end=end, file=self._out if file is None else file)

        class Interrupt(BaseException):
            """Not Python's own: that one is yours, and always ends the lab's work."""

        Interrupt.__name__ = Interrupt.__qualname__ = "KeyboardInterrupt"
        made["KeyboardInterrupt"] = Interrupt
        print_.__name__ = print_.__qualname__ = "print"
        made |= {"print": print_, "__import__": self.import_, STEP: self._meter.step}
        made |= {OPERATE.format(name): function for name, function in operators.items()}
        return made

    # -- import ------------------------------------------------------------------------------------------------
    def import_(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        """``import`` as a function's source meets it."""
        if level:
            package = (globals or {}).get("__package__") or ""
            parts = package.split(".")
            if not package or level > len(parts):
                raise ImportError("attempted relative import with no known parent package")
            base = ".".join(parts[: len(parts) - level + 1])
            name = f"{base}.{name}" if name else base
        module = self._load(name)
        if not fromlist:
            return self._load(name.partition(".")[0])
        for each in fromlist:
            if not hasattr(module, each) and self._exists(f"{name}.{each}"):
                self._load(f"{name}.{each}")
        return module

    def _exists(self, name: str) -> bool:
        path = name.replace(".", "/")
        return name in ALLOWED or f"{path}.py" in self.files or f"{path}/__init__.py" in self.files

    def _load(self, name: str) -> Any:
        if name in self.modules:
            return self.modules[name]
        parent, _, last = name.rpartition(".")
        above = self._load(parent) if parent else None
        if name in self.modules:  # its parent imported it
            return self.modules[name]
        made = self._find(name)
        if made is None and above is not None and hasattr(above, last):
            made = getattr(above, last)  # os.path, boto3.session
        if made is None:
            raise _unknown(name)
        self.modules[name] = made
        if isinstance(
            made, tuple
        ):  # from the zip: it can be seen while it runs, as modules that import each other need
            code, module = made
            self.modules[name] = module
            try:
                exec(code, module.__dict__)  # noqa: S102 (this is the function)
            except BaseException:
                del self.modules[name]
                raise
            made = module
        if above is not None:
            setattr(above, last, made)
        return made

    def _find(self, name: str) -> Any:
        path = name.replace(".", "/")
        for file in (f"{path}.py", f"{path}/__init__.py"):
            if file in self.files:
                return self._own(name, file)
        if name in self._given:
            return self._given[name]()
        if name == "itertools":
            return _itertools(self._meter)
        if name in ALLOWED:
            return _copy(importlib.import_module(name))
        if any(each.startswith(f"{name}.") for each in ALLOWED) or any(
            f.startswith(f"{path}/") for f in self.files
        ):
            return ModuleType(name)  # urllib, xml, email: only what is below
        return None

    def _own(self, name: str, file: str) -> tuple[CodeType, ModuleType]:
        code = compiled(self.files[file], f"/var/task/{file}")
        module = ModuleType(name)
        package = name if file.endswith("/__init__.py") else name.rpartition(".")[0]
        module.__dict__.update(
            __builtins__=self._builtins, __file__=f"/var/task/{file}", __package__=package, __path__=[]
        )
        if package != name:
            del module.__dict__["__path__"]
        return code, module


def _copy(module: ModuleType) -> ModuleType:
    made = ModuleType(module.__name__, module.__doc__)
    made.__dict__.update(module.__dict__)
    return made


def _refuser(name: str, remedy: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise NotModelled(f"{name}() in a function", remedy)

    refuse.__name__ = name
    return refuse


def _unknown(name: str) -> ImportError:
    """Modules that Lambda has and a function here has not are refused by name; others are missing there, too."""
    first = name.partition(".")[0]
    if first in sys.stdlib_module_names or first in (
        "botocore",
        "boto3",
        "s3transfer",
        "dateutil",
        "urllib3",
        "jmespath",
    ):
        return ImportError(
            f"{name!r} is not modeled in a function of cwlab (no files, network, processes or threads). "
            f"Modeled: {', '.join(sorted(ALLOWED | OWN))}.",
            name=name,
        )
    return ModuleNotFoundError(f"No module named {name!r}", name=name)


def _itertools(meter: Meter) -> ModuleType:
    """``itertools`` whose endless iterators take steps: ``list(count())`` then ends at the timeout."""
    made = _copy(real_itertools)

    class count:  # noqa: N801
        def __init__(self, start: Any = 0, step: Any = 1) -> None:
            self._next, self._by = start, step

        def __iter__(self) -> Iterator[Any]:
            return self

        def __next__(self) -> Any:
            meter.step(_TICK)
            value = self._next
            self._next = value + self._by
            return value

    def cycle(iterable: Iterable[Any]) -> Iterator[Any]:
        for value in real_itertools.cycle(iterable):
            meter.step(_TICK)
            yield value

    def repeat(object: Any, times: int | None = None) -> Iterator[Any]:
        for value in real_itertools.repeat(object) if times is None else real_itertools.repeat(object, times):
            meter.step(_TICK)
            yield value

    made.__dict__.update(count=count, cycle=cycle, repeat=repeat)
    return made
