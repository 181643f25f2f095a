"""What a configuration may hold, checked as the agent's own JSON schema checks it. Pure.

A mistake names its path (``/logs/logs_collected/files/collect_list/0``) in the agent's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cwlab.errors import BadInput, NotModelled

Check = Callable[[Any, str], None]


def wrong(path: str, value: Any, error: str, remedy: str = "") -> BadInput:
    """A mistake in a configuration, as ``amazon-cloudwatch-agent-ctl`` prints it."""
    return BadInput(value, f"Under path : {path or '/'} | Error : {error}.", remedy)


@dataclass(frozen=True, slots=True)
class Object:
    """A JSON object: which keys it takes, which it needs, and which AWS has and this lab has not."""

    keys: Mapping[str, Check]
    needs: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise wrong(path, value, f"Invalid type. Expected: object, given: {kind(value)}")
        for key in value:
            if key in self.keys:
                continue
            if key in self.elsewhere:
                raise NotModelled(
                    f"The agent's setting {path}/{key}", f"Modeled here: {', '.join(self.keys)}."
                )
            error = f"Additional property {key} is not allowed"
            raise wrong(path, key, error, f"Settings here: {', '.join(self.keys) or 'none'}.")
        for key in self.needs:
            if key not in value:
                raise wrong(path, dict(value), f"{key} is required", f"Give {key}.")
        for key, each in value.items():
            self.keys[key](each, f"{path}/{key}")


@dataclass(frozen=True, slots=True)
class Array:
    """A JSON array of one kind of thing."""

    each: Check
    least: int = 0
    most: int | None = None

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise wrong(path, value, f"Invalid type. Expected: array, given: {kind(value)}")
        if len(value) < self.least:
            raise wrong(path, value, f"Array must have at least {self.least} items")
        if self.most is not None and len(value) > self.most:
            raise wrong(path, len(value), f"Array must have at most {self.most} items")
        for i, one in enumerate(value):
            self.each(one, f"{path}/{i}")


@dataclass(frozen=True, slots=True)
class Text:
    """A string; ``among`` lists the only ones there are."""

    least: int = 1
    most: int = 4_096
    among: tuple[str, ...] = ()
    rule: Callable[[str], None] | None = None

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise wrong(path, value, f"Invalid type. Expected: string, given: {kind(value)}")
        if len(value) < self.least:
            raise wrong(path, value, f"String length must be greater than or equal to {self.least}")
        if len(value) > self.most:
            raise wrong(path, f"{value[:40]}…", f"String length must be less than or equal to {self.most}")
        if self.among and value not in self.among:
            listed = ", ".join(f'"{each}"' for each in self.among)
            raise wrong(path, value, f"{path.rsplit('/', 1)[-1]} must be one of the following: {listed}")
        if self.rule is not None:
            try:
                self.rule(value)
            except BadInput as problem:
                raise wrong(path, problem.value, problem.rule.rstrip("."), problem.remedy) from None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in a range, or out of a list."""

    least: int = 1
    most: int = 172_800
    among: tuple[int, ...] = ()

    def __call__(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(path, value, f"Invalid type. Expected: integer, given: {kind(value)}")
        if self.among:
            if value not in self.among:
                listed = ", ".join(map(str, self.among))
                raise wrong(path, value, f"{path.rsplit('/', 1)[-1]} must be one of the following: {listed}")
        elif value < self.least:
            raise wrong(path, value, f"Must be greater than or equal to {self.least}")
        elif value > self.most:
            raise wrong(path, value, f"Must be less than or equal to {self.most}")


def truth(value: Any, path: str) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise wrong(path, value, f"Invalid type. Expected: boolean, given: {kind(value)}")


def texts(value: Any, path: str) -> None:
    """An object whose values are strings: dimensions."""
    if not isinstance(value, Mapping):
        raise wrong(path, value, f"Invalid type. Expected: object, given: {kind(value)}")
    for key, each in value.items():
        Text(most=1024)(each, f"{path}/{key}")


def kind(value: Any) -> str:
    """What JSON calls the type of a value."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    found = names.get(type(value))
    return found or ("object" if isinstance(value, Mapping) else "array")
