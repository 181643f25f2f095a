"""One invocation of a function's source: an event in, an outcome out."""

from __future__ import annotations

import contextlib
import decimal
import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cwlab.api import Principal
from cwlab.codec import record
from cwlab.services.lambda_.runtime import aws, chance, clock, log, system, tracing, warn
from cwlab.services.lambda_.runtime.growth import operators
from cwlab.services.lambda_.runtime.meter import Killed, Meter, Stop, TimedOut
from cwlab.services.lambda_.runtime.names import Names
from cwlab.services.lambda_.runtime.output import Output
from cwlab.services.lambda_.runtime.tracing import frames

RESPONSE_LIMIT = 6 * 1024 * 1024 + 100  # bytes of a response; the 100 are Lambda's own
RECURSION = 1000  # frames, as Python has it
RECURSION_US = (
    4_000  # how long it takes to get there; the exact frame differs between versions of Python, so it is set
)
MESSAGE = 100_000  # characters of an error's message
_INDENT = "\u00a0\u00a0"  # what Lambda's Python runtime indents a traceback with in the log


@dataclass(frozen=True, slots=True)
class Task:
    """All that an invocation is told."""

    name: str
    arn: str
    version: str
    handler: str
    files: Mapping[str, str]
    event: str  # JSON
    environment: Mapping[str, str]
    timeout_ms: int
    memory_mb: int
    request_id: str
    start_ms: int
    start_us: int  # what has passed before its first step
    seed: str
    region: str
    log_group: str
    log_stream: str
    role: Principal
    send: aws.Send


@record
class Outcome:
    """How an invocation ended.

    ``error`` is None, ``Unhandled`` for an error of the function; ``payload`` is JSON, of the answer or of the error.
    """

    payload: str
    error: str | None
    kind: str | None  # timeout, killed, error; None when all went well
    elapsed_us: int
    lines: tuple[tuple[int, str], ...]  # instant in ms and text, of each log event
    sdk: bool = False  # it used boto3
    calls: tuple[
        tuple[Any, ...], ...
    ] = ()  # the requests it made: what a replay makes again (see ``invoke``)


class _Ended(Exception):
    """An error of the function, worded as Lambda words it."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        self.kind, self.message, self.trace = kind, message, trace


class LambdaContext:
    """The ``context`` argument of a handler."""

    def __init__(self, task: Task, meter: Meter) -> None:
        self._left_ms = lambda: max(0, task.timeout_ms - meter.elapsed_us // 1000)
        self.aws_request_id = task.request_id
        self.function_name = task.name
        self.function_version = task.version
        self.invoked_function_arn = task.arn
        self.memory_limit_in_mb = str(task.memory_mb)
        self.log_group_name = task.log_group
        self.log_stream_name = task.log_stream
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        return self._left_ms()

    def __repr__(self) -> str:
        return f"LambdaContext([aws_request_id={self.aws_request_id},function_name={self.function_name}])"


def run(task: Task) -> Outcome:
    """Run a function once."""
    meter = Meter(task.timeout_ms * 1000, task.memory_mb, task.start_us)
    time = clock.Clock(task.start_ms, lambda: meter.elapsed_us, meter.wait)
    out = Output(time.now_ms)
    dice = chance.Dice(task.seed)
    inside = aws.Inside(task.send, task.role, task.region, time, dice)
    modules: dict[str, Any] = {}
    given = {
        "time": lambda: clock.time_module(time),
        "datetime": lambda: clock.datetime_module(time),
        "random": lambda: chance.random_module(dice),
        "uuid": lambda: chance.uuid_module(dice),
        "secrets": lambda: chance.secrets_module(dice),
        "os": lambda: system.os_module(task.environment, dice),
        "sys": lambda: system.sys_module(out, modules),
        "logging": lambda: log.logging_module(time, out, task.request_id, task.files),
        "traceback": lambda: tracing.traceback_module(task.files, out),
        "warnings": lambda: warn.warnings_module(out),
        "boto3": lambda: aws.boto3_module(inside),
    }
    names = Names(task.files, given, meter, out, operators(meter))
    modules = names.modules
    kind: str | None = None
    error: str | None = None
    before = _deepen()
    try:
        # Modules such as pprint print to the process's own output unless told otherwise.
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            handler = _handler(task.handler, names)
            answer = _call(handler, json.loads(task.event), LambdaContext(task, meter), task.files)
            if meter.timed_out:
                raise TimedOut  # it caught the end and went on; its time was up all the same
            payload = _marshal(answer)
    except TimedOut:
        kind, error = "timeout", "Unhandled"
        words = f"Task timed out after {task.timeout_ms / 1000:.2f} seconds"
        payload = _json(
            {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {task.request_id} Error: {words}"}
        )
    except (Killed, MemoryError):
        kind, error = "killed", "Unhandled"
        words = f"RequestId: {task.request_id} Error: Runtime exited with error: signal: killed"
        payload = _json({"errorType": "Runtime.ExitError", "errorMessage": words})
    except _Ended as ended:
        kind, error = "error", "Unhandled"
        body = {"errorMessage": ended.message, "errorType": ended.kind, "requestId": task.request_id}
        payload = _json(body | {"stackTrace": ended.trace} if ended.trace is not None else body)
        out.flush_open()
        out.event(_logged(ended))
        if ended.kind == "RecursionError":
            meter.settle(task.start_us + RECURSION_US)
    finally:
        sys.setrecursionlimit(before)
    out.flush_open()
    return Outcome(payload, error, kind, meter.elapsed_us, tuple(out.lines), "boto3" in names.modules)


def _deepen() -> int:
    """Give the function a stack of its own size, wherever the lab itself was called from; returns the limit before."""
    before, depth, frame = sys.getrecursionlimit(), 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(depth + RECURSION)
    return before


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _handler(path: str, names: Names) -> Any:
    """The handler ``module.function``, after its module has run."""
    module_name, dot, name = path.rpartition(".")
    if not dot:
        raise _Ended(
            "Runtime.MalformedHandlerName",
            f"Bad handler '{path}': not enough values to unpack (expected 2, got 1)",
        )
    module_name = module_name.replace("/", ".")
    try:
        module = names.import_(module_name, fromlist=("*",))
    except ImportError as problem:
        raise _Ended(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {problem}"
        ) from None
    except SyntaxError as problem:
        where = f'  File "{problem.filename}" Line {problem.lineno}\n    {(problem.text or "").strip()}\n'
        raise _Ended(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {problem}", [where]
        ) from None
    except Stop:
        raise
    except SystemExit as leaving:
        raise _exited(leaving) from None
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 (whatever the source raises is its own error)
        raise _Ended(
            type(problem).__name__, _words(problem), frames(problem.__traceback__, names.files)
        ) from None
    if not hasattr(module, name):
        raise _Ended("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'", [])
    return getattr(module, name)


def _call(handler: Any, event: Any, context: LambdaContext, files: Mapping[str, str]) -> Any:
    try:
        return handler(event, context)
    except (Stop, MemoryError, KeyboardInterrupt):
        raise
    except SystemExit as leaving:
        raise _exited(leaving) from None
    except BaseException as problem:  # noqa: BLE001 (whatever the source raises is its own error)
        raise _Ended(type(problem).__name__, _words(problem), frames(problem.__traceback__, files)) from None


def _words(problem: BaseException) -> str:
    try:
        return str(problem)[:MESSAGE]
    except Exception:  # noqa: BLE001 (an exception whose own __str__ fails)
        return ""


def _exited(leaving: SystemExit) -> _Ended:
    code = leaving.code
    status = 0 if code is None else code if isinstance(code, int) else 1
    ending = f"exit status {status}" if status else "Runtime exited without providing a reason"
    words = ending if not status else f"Runtime exited with error: {ending}"
    return _Ended("Runtime.ExitError", words)


def _marshal(answer: Any) -> str:
    """An answer as JSON, as Lambda's Python runtime writes it."""
    try:
        text = json.dumps(answer, ensure_ascii=False, default=_number)
    except (Stop, KeyboardInterrupt):
        raise
    except Exception as problem:  # noqa: BLE001 (TypeError, RecursionError, or what an answer's own methods raise)
        if inspect.iscoroutine(answer):
            answer.close()  # Python warns of a coroutine nobody awaited
        raise _Ended("Runtime.MarshalError", f"Unable to marshal response: {problem}", []) from None
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > RESPONSE_LIMIT:
        raise _Ended(
            "Function.ResponseSizeTooLarge",
            f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).",
        )
    return text


def _number(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _logged(ended: _Ended) -> str:
    lines = [f"[ERROR] {ended.kind}: {ended.message}" if ended.message else f"[ERROR] {ended.kind}"]
    if ended.trace is not None:
        lines.append("Traceback (most recent call last):")
        for each in ended.trace:
            lines += [
                line.replace("  ", _INDENT, 1) if line.startswith("  ") else line
                for line in each.splitlines()
            ]
    return "\n".join(lines)
