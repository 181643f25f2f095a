"""``os`` and ``sys`` of a machine that is not there: environment variables, paths as text, standard output."""

from __future__ import annotations

import posixpath
import sys as real_sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NoReturn

from cwlab.errors import NotModelled
from cwlab.services.lambda_.runtime.chance import Dice
from cwlab.services.lambda_.runtime.output import Output

_PATHS = (
    "basename",
    "commonpath",
    "commonprefix",
    "dirname",
    "isabs",
    "join",
    "normpath",
    "relpath",
    "split",
    "splitext",
)
_EXITS = ("exc_info", "exception", "maxsize", "maxunicode", "byteorder", "getsizeof", "intern", "float_info", "hash_info",
          "int_info", "getrecursionlimit", "getdefaultencoding", "version_info", "version", "hexversion",
          "implementation")  # fmt: skip


class Refusing(ModuleType):
    """A module of which a function has a part: the rest is refused by name."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        have = ", ".join(sorted(n for n in self.__dict__ if not n.startswith("_")))
        raise NotModelled(f"{self.__name__}.{name} in a function", f"{self.__name__} has here: {have}.")


def os_module(environment: Mapping[str, str], dice: Dice) -> ModuleType:
    """The module ``os``."""
    made, path = Refusing("os"), Refusing("os.path")
    path.__dict__.update({name: getattr(posixpath, name) for name in _PATHS})
    environ = dict(environment)
    made.__dict__.update(
        environ=environ,
        getenv=environ.get,
        path=path,
        sep="/",
        linesep="\n",
        name="posix",
        getcwd=lambda: "/var/task",
        getpid=lambda: 8,
        cpu_count=lambda: 2,
        urandom=dice.bytes,
        fspath=lambda p: p,
        PathLike=object,
    )
    return made


def sys_module(out: Output, modules: dict[str, Any]) -> ModuleType:
    """The module ``sys``."""
    made = Refusing("sys")
    made.__dict__.update({name: getattr(real_sys, name) for name in _EXITS})

    def leave(status: Any = None) -> NoReturn:
        raise SystemExit(status)

    made.__dict__.update(
        stdout=out,
        stderr=out,
        __stdout__=out,
        __stderr__=out,
        exit=leave,
        modules=modules,
        path=["/var/task"],
        argv=["/var/runtime/bootstrap.py"],
        platform="linux",
        executable="/var/lang/bin/python3",
        dont_write_bytecode=True,
    )
    return made
