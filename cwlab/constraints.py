"""Checking what a caller passed: botocore's model, compiled once for each operation.

``normalize`` does in one pass what botocore's validator and serializer do in two: it checks types and required
members and makes a copy the caller cannot change later (instants become aware datetimes, numbers floats where
the model says so). Where anything is wrong, botocore's own validator is asked, so that the error is
botocore's own, to the letter.

botocore lets enums, lengths and patterns pass, since the service checks those. So a second, slower look finds what
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
from functools import cache
from typing import Any, Literal

from cwlab.errors import AwsError

Path = list[str | int]
Violation = tuple[Path, str, Any, Any]  # where, which rule (enum, max, pattern, number), the value, the shape
Check = Callable[[Any], Any]


class _Unusual(Exception):
    """Something botocore or the service refuses. The slow way says what."""


def _string(shape: Any) -> Check:
    enum = frozenset(shape.enum)
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)
    pattern = compiled_pattern(shape)

    def check(value: Any) -> Any:
        if not isinstance(value, str) or not low <= len(value) <= high:
            raise _Unusual
        if (enum and value not in enum) or (pattern is not None and not pattern.fullmatch(value)):
            raise _Unusual
        return value

    return check


def compiled_pattern(shape: Any) -> re.Pattern[str] | None:
    """The model's pattern, or None where there is none, or none that Python can read (some are Java's own)."""
    source = shape.metadata.get("pattern")
    if source is None:
        return None
    try:
        return re.compile(source, re.DOTALL)
    except re.error:
        return None


def _number(shape: Any) -> Check:
    whole = shape.type_name in ("integer", "long")
    kinds = (int,) if whole else (float, int, Decimal)
    low, high = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)

    def check(value: Any) -> Any:
        if not isinstance(value, kinds) or not low <= value <= high:  # NaN fails the comparison
            raise _Unusual
        return value if whole else float(value)

    return check


def _boolean(shape: Any) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, bool):
            raise _Unusual
        return value

    return check


def _timestamp(shape: Any) -> Check:
    from botocore.utils import parse_to_aware_datetime

    def check(value: Any) -> Any:
        if type(value) is datetime and value.tzinfo is UTC:
            return value
        if isinstance(value, datetime) and value.tzinfo is None:
            # botocore reads a naive datetime in the machine's zone; here every machine reads it as UTC.
            return value.replace(tzinfo=UTC)
        try:
            return parse_to_aware_datetime(value).astimezone(UTC)
        except (TypeError, ValueError, AttributeError, OverflowError):
            raise _Unusual from None

    return check


def _blob(shape: Any) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        if isinstance(value, str):
            return value.encode()
        if hasattr(value, "read"):
            if hasattr(value, "signal_transferring"):  # boto3's transfers tell of progress from here on
                value.signal_transferring()
            content = value.read()
            return content.encode() if isinstance(content, str) else bytes(content)
        raise _Unusual

    return check


def _list(shape: Any) -> Check:
    member = compile_shape(shape.member)
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)

    def check(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or not low <= len(value) <= high:
            raise _Unusual
        return [member(item) for item in value]

    return check


def _map(shape: Any) -> Check:
    key_check, value_check = compile_shape(shape.key), compile_shape(shape.value)

    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Unusual
        return {key_check(k): value_check(v) for k, v in value.items()}

    return check


def _document(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _document(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_document(v) for v in value]
    if value is None or isinstance(value, (str, int, bool, float)):
        return value
    raise _Unusual


def _structure(shape: Any) -> Check:
    if shape.is_document_type:
        return _document
    required = frozenset(shape.metadata.get("required", ()))
    union = shape.is_tagged_union
    members = shape.members
    checks: dict[str, Check] = {}  # filled as members are met: some shapes contain themselves

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or not required <= value.keys() or (union and len(value) != 1):
            raise _Unusual
        out = {}
        for name, item in value.items():
            inner = checks.get(name)
            if inner is None:
                if name not in members:
                    raise _Unusual
                inner = checks[name] = compile_shape(members[name])
            out[name] = inner(item)
        return out

    return check


_KINDS: dict[str, Callable[[Any], Check]] = {
    "string": _string,
    "character": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
    "list": _list,
    "map": _map,
    "structure": _structure,
}


def compile_shape(shape: Any) -> Check:
    """A function that checks and copies one value of this shape; it raises at anything out of the ordinary."""
    return _KINDS[shape.type_name](shape)


@cache
def _compiled(operation_model: Any) -> Check:
    return compile_shape(operation_model.input_shape)


def normalize(params: dict[str, Any], operation_model: Any) -> tuple[dict[str, Any], list[Violation]]:
    """Check and copy a request's parameters.

    Returns:
        The copy, and what the service would refuse.

    Raises:
        ParamValidationError: as botocore raises it.
    """
    shape = operation_model.input_shape
    if shape is None:
        return {}, []
    try:
        return _compiled(operation_model)(params), []
    except _Unusual:
        from botocore.exceptions import ParamValidationError
        from botocore.validate import ParamValidator

        report = ParamValidator().validate(params, shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report()) from None
        found: list[Violation] = []
        return _slowly(params, shape, [], found), found


def _slowly(value: Any, shape: Any, path: Path, found: list[Violation]) -> Any:
    """Copy a value botocore accepts, noting where in it each constraint is broken."""
    kind, meta = shape.type_name, shape.metadata
    if kind == "structure" and not shape.is_document_type:
        return {k: _slowly(v, shape.members[k], [*path, k], found) for k, v in value.items()}
    if kind == "list":
        if len(value) > meta.get("max", math.inf):
            found.append((path, "max", value, shape))
        return [_slowly(v, shape.member, [*path, n], found) for n, v in enumerate(value)]
    if kind == "map":
        return {
            _slowly(k, shape.key, [*path, "key"], found): _slowly(v, shape.value, [*path, str(k)], found)
            for k, v in value.items()
        }
    if kind in ("string", "character"):
        pattern = compiled_pattern(shape)
        if shape.enum and value not in shape.enum:
            found.append((path, "enum", value, shape))
        elif len(value) > meta.get("max", math.inf):
            found.append((path, "max", value, shape))
        elif pattern is not None and not pattern.fullmatch(value):
            found.append((path, "pattern", value, shape))
        return value
    if kind in ("float", "double", "integer", "long"):
        number = float(value) if kind in ("float", "double") else value
        if number != number:
            found.append((path, "number", number, shape))
        elif number > meta.get("max", math.inf):
            found.append((path, "max", number, shape))
        return number
    return compile_shape(shape)(value)


def dotted(path: Path) -> str:
    """Where in the request, as query-protocol services write it: ``MetricData.member.1.Value``."""
    return ".".join(f"member.{step + 1}" if isinstance(step, int) else step for step in path)


def refusals(service: str, found: list[Violation]) -> tuple[AwsError, ...]:
    """What the service answers to each violation: its own wording where it has one, else AWS's common wording."""
    own = _wording(service)
    out = []
    for path, rule, value, shape in found:
        error = own(path, rule, value, shape) if own is not None else None
        if error is not False:  # False: the service accepts what its model does not list
            out.append(error or common_wording(path, rule, value, shape))
    return tuple(out)


@cache
def _wording(service: str) -> Callable[..., AwsError | Literal[False] | None] | None:
    from cwlab.api import module_name

    name = f"{module_name(service)}.constraints"
    try:
        if importlib.util.find_spec(name) is None:
            return None
    except ModuleNotFoundError:
        return None
    return importlib.import_module(name).constraint_error


def common_wording(path: Path, rule: str, value: Any, shape: Any) -> AwsError:
    """The text most AWS services send when a member breaks a constraint of the model."""
    where = ".".join(
        f"{step + 1}.member" if isinstance(step, int) else step[:1].lower() + step[1:] for step in path
    )
    meta = shape.metadata
    rules = {
        "enum": f"Member must satisfy enum value set: [{', '.join(shape.enum) if rule == 'enum' else ''}]",
        "max": (
            f"Member must have length less than or equal to {meta.get('max')}"
            if shape.type_name in ("string", "list")
            else f"Member must have value less than or equal to {meta.get('max')}"
        ),
        "pattern": f"Member must satisfy regular expression pattern: {meta.get('pattern')}",
        "number": "Member must be a number",
    }
    shown = str(value) if len(str(value)) <= 200 else f"{str(value)[:200]}..."
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{shown}' at '{where}' failed to satisfy constraint: {rules[rule]}",
    )
