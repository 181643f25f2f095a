"""Checking what a caller passed: botocore's model, compiled once for each operation.

``normalize`` does in one pass what botocore's validator and serializer do in two: it checks types and required
members and makes a copy the caller cannot change later (instants become aware datetimes, numbers floats where
the model says so). Where anything is wrong, botocore's own validator is asked, so that the error is
botocore's own, to the letter.

botocore lets enums, lengths and patterns pass, since the service checks those. So the same pass collects what
the service would refuse, and the door refuses it in the service's name.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cwlab.errors import AwsError

Path = list[str | int]
Violation = tuple[Path, str, Any, Any]  # where, which rule (enum, max, min, pattern, number), the value, the shape
Check = Callable[[Any, Path, list[Violation]], Any]


class _Bad(Exception):
    """Something botocore itself refuses; its validator will say what."""


def _string(shape: Any) -> Check:
    enum = frozenset(shape.enum)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    pattern = _pattern(shape.metadata.get("pattern"))

    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if not isinstance(value, str):
            raise _Bad
        if low is not None and len(value) < low:
            raise _Bad
        if enum and value not in enum:
            found.append((path, "enum", value, shape))
        elif high is not None and len(value) > high:
            found.append((path, "max", value, shape))
        elif pattern is not None and not pattern.fullmatch(value):
            found.append((path, "pattern", value, shape))
        return value

    return check


def _pattern(source: str | None) -> re.Pattern[str] | None:
    if source is None:
        return None
    try:
        return re.compile(source, re.DOTALL)
    except re.error:  # a Java pattern Python cannot read; the service's own code checks such members
        return None


def _number(shape: Any) -> Check:
    whole = shape.type_name in ("integer", "long")
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if whole:
            if not isinstance(value, int):
                raise _Bad
        else:
            if not isinstance(value, (float, int, Decimal)):
                raise _Bad
            value = float(value)
            if math.isnan(value):
                found.append((path, "number", value, shape))
                return value
        if low is not None and value < low:
            raise _Bad
        if high is not None and value > high:
            found.append((path, "max", value, shape))
        return value

    return check


def _boolean(shape: Any) -> Check:
    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if not isinstance(value, bool):
            raise _Bad
        return value

    return check


def _timestamp(shape: Any) -> Check:
    from botocore.utils import parse_to_aware_datetime

    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if type(value) is datetime and value.tzinfo is UTC:
            return value
        if isinstance(value, datetime) and value.tzinfo is None:
            # botocore reads a naive datetime in the machine's zone; here every machine reads it as UTC.
            return value.replace(tzinfo=UTC)
        try:
            return parse_to_aware_datetime(value).astimezone(UTC)
        except (TypeError, ValueError, AttributeError, OverflowError):
            raise _Bad from None

    return check


def _blob(shape: Any) -> Check:
    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        if isinstance(value, str):
            return value.encode()
        if hasattr(value, "read"):
            content = value.read()
            return content.encode() if isinstance(content, str) else bytes(content)
        raise _Bad

    return check


def _list(shape: Any) -> Check:
    member = compile_shape(shape.member)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")

    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if not isinstance(value, (list, tuple)) or (low is not None and len(value) < low):
            raise _Bad
        if high is not None and len(value) > high:
            found.append((path, "max", value, shape))
        return [member(item, [*path, n], found) for n, item in enumerate(value)]

    return check


def _map(shape: Any) -> Check:
    key_check, value_check = compile_shape(shape.key), compile_shape(shape.value)

    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if not isinstance(value, dict):
            raise _Bad
        return {key_check(k, [*path, "key"], found): value_check(v, [*path, str(k)], found) for k, v in value.items()}

    return check


def _document(shape: Any) -> Check:
    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if value is None or isinstance(value, (str, int, bool, float)):
            return value
        if isinstance(value, dict):
            return {k: check(v, path, found) for k, v in value.items()}
        if isinstance(value, list):
            return [check(v, path, found) for v in value]
        raise _Bad

    return check


def _structure(shape: Any) -> Check:
    if shape.is_document_type:
        return _document(shape)
    required = tuple(shape.metadata.get("required", ()))
    union = shape.is_tagged_union
    checks: dict[str, Check] = {}
    members = shape.members

    def check(value: Any, path: Path, found: list[Violation]) -> Any:
        if not isinstance(value, dict) or (union and len(value) != 1):
            raise _Bad
        for name in required:
            if name not in value:
                raise _Bad
        out = {}
        for name, item in value.items():
            inner = checks.get(name)
            if inner is None:
                if name not in members:
                    raise _Bad
                inner = checks[name] = compile_shape(members[name])
            out[name] = inner(item, [*path, name], found)
        return out

    return check


_KINDS: dict[str, Callable[[Any], Check]] = {
    "string": _string, "character": _string, "integer": _number, "long": _number, "float": _number, "double": _number,
    "boolean": _boolean, "timestamp": _timestamp, "blob": _blob, "list": _list, "map": _map, "structure": _structure,
}


def compile_shape(shape: Any) -> Check:
    """A function that checks and copies one value of this shape. Members compile when first met."""
    return _KINDS[shape.type_name](shape)


@lru_cache(maxsize=None)
def _compiled(operation_model: Any) -> Check:
    return compile_shape(operation_model.input_shape)


def normalize(params: dict[str, Any], operation_model: Any) -> tuple[dict[str, Any], list[Violation]]:
    """Check and copy a request's parameters.

    Returns:
        The copy, and what the service would refuse.

    Raises:
        ParamValidationError: as botocore raises it.
    """
    if operation_model.input_shape is None:
        return {}, []
    found: list[Violation] = []
    try:
        return _compiled(operation_model)(params, [], found), found
    except _Bad:
        from botocore.exceptions import ParamValidationError
        from botocore.validate import ParamValidator

        report = ParamValidator().validate(params, operation_model.input_shape)
        if not report.has_errors():
            raise RuntimeError(f"{operation_model.name}: refused by the compiled model, accepted by botocore") from None
        raise ParamValidationError(report=report.generate_report()) from None


def dotted(path: Path) -> str:
    """Where in the request, as query-protocol services write it: ``MetricData.member.1.Value``."""
    return ".".join(f"member.{step + 1}" if isinstance(step, int) else step for step in path)


def refusals(service: str, found: list[Violation]) -> tuple[AwsError, ...]:
    """What the service answers to each violation: its own wording where it has one, else AWS's common wording."""
    own = _wording(service)
    out = []
    for path, rule, value, shape in found:
        error = own(path, rule, value, shape) if own is not None else None
        out.append(error or common_wording(path, rule, value, shape))
    return tuple(out)


@lru_cache(maxsize=None)
def _wording(service: str) -> Callable[..., AwsError | None] | None:
    from cwlab.api import module_name

    name = f"{module_name(service)}.constraints"
    try:
        if importlib.util.find_spec(name) is None:
            return None
    except ModuleNotFoundError:
        return None
    return importlib.import_module(name).constraint_error  # type: ignore[no-any-return]


def common_wording(path: Path, rule: str, value: Any, shape: Any) -> AwsError:
    """The text most AWS services send when a member breaks a constraint of the model."""
    where = ".".join(f"{step + 1}.member" if isinstance(step, int) else step[:1].lower() + step[1:] for step in path)
    meta = shape.metadata
    rules = {
        "enum": f"Member must satisfy enum value set: [{', '.join(shape.enum) if rule == 'enum' else ''}]",
        "max": (f"Member must have length less than or equal to {meta.get('max')}"
                if shape.type_name in ("string", "list") else f"Member must have value less than or equal to {meta.get('max')}"),
        "pattern": f"Member must satisfy regular expression pattern: {meta.get('pattern')}",
        "number": "Member must be a number",
    }
    shown = str(value) if len(str(value)) <= 200 else f"{str(value)[:200]}..."
    return AwsError("ValidationException",
                    f"1 validation error detected: Value '{shown}' at '{where}' failed to satisfy constraint: {rules[rule]}")


def violations_of(service: str, operation: str, params: dict[str, Any]) -> tuple[AwsError, ...]:
    """The refusals of a recorded request, found again for a replay."""
    from cwlab.boto import service_model

    model = service_model(service)
    return refusals(service, normalize(params, model.operation_model(operation))[1])
