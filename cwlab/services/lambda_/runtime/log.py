"""``logging`` as Lambda's Python runtime sets it up: one handler at the root, level WARNING, on the invocation's time.

Source: the runtime's own format, ``[LEVEL]`` tab time tab request id tab message.
"""

from __future__ import annotations

import logging as real_logging
import time as real_time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from cwlab.services.lambda_.runtime.clock import Clock
from cwlab.services.lambda_.runtime.output import Output
from cwlab.services.lambda_.runtime.tracing import told

FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
_KEPT = ("CRITICAL", "DEBUG", "ERROR", "FATAL", "INFO", "NOTSET", "WARN", "WARNING", "Filter", "Filterer", "Handler",
         "LogRecord", "LoggerAdapter", "NullHandler", "PercentStyle", "StrFormatStyle", "BufferingFormatter",
         "getLevelName", "getLevelNamesMapping")  # fmt: skip


def logging_module(clock: Clock, out: Output, request_id: str, files: Mapping[str, str]) -> ModuleType:
    """The module ``logging``, with loggers of this invocation's own."""

    class Formatter(real_logging.Formatter):
        def formatException(self, ei: Any) -> str:  # noqa: N802
            return "".join(told(ei[1], files)).rstrip("\n")

        converter = staticmethod(real_time.gmtime)  # noqa: TID251 (of a record's own instant)

    def stamped(record: real_logging.LogRecord) -> real_logging.LogRecord:
        record.created = clock.now_us() / 1e6
        record.msecs = float(clock.now_ms() % 1000)
        record.relativeCreated = clock.elapsed_us() / 1000
        record.process, record.thread, record.threadName, record.processName = (
            8,
            1,
            "MainThread",
            "MainProcess",
        )
        record.aws_request_id = request_id
        return record

    class Logger(real_logging.Logger):
        def makeRecord(self, *args: Any, **kwargs: Any) -> real_logging.LogRecord:  # noqa: N802
            return stamped(super().makeRecord(*args, **kwargs))

    class RootLogger(real_logging.RootLogger):
        def makeRecord(self, *args: Any, **kwargs: Any) -> real_logging.LogRecord:  # noqa: N802
            return stamped(super().makeRecord(*args, **kwargs))

    class StreamHandler(real_logging.StreamHandler):
        def __init__(self, stream: Any = None) -> None:
            super().__init__(out if stream is None else stream)

        def handleError(self, record: real_logging.LogRecord) -> None:  # noqa: N802
            out.event(f"--- Logging error --- {record.msg!r} with {record.args!r}")

        def format(self, record: real_logging.LogRecord) -> str:
            return (self.formatter or Formatter()).format(record)

    class LambdaLoggerHandler(StreamHandler):
        def emit(self, record: real_logging.LogRecord) -> None:
            try:
                text = self.format(record)
            except Exception:  # noqa: BLE001 (a format that does not fit its values; logging never fails its caller)
                self.handleError(record)
                return
            out.event(text)

    root = RootLogger(real_logging.WARNING)
    manager = real_logging.Manager(root)
    manager.setLoggerClass(Logger)
    root.manager = manager
    own = LambdaLoggerHandler()
    own.setFormatter(Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S"))
    root.addHandler(own)

    def get_logger(name: str | None = None) -> real_logging.Logger:
        return root if not name or name == "root" else manager.getLogger(name)

    def basic_config(**kwargs: Any) -> None:
        """As everywhere it does nothing while the root has a handler, unless ``force`` is given."""
        if not kwargs.get("force"):
            return
        root.handlers = kwargs.get("handlers") or [StreamHandler(kwargs.get("stream"))]
        style = kwargs.get("style", "%")
        for handler in root.handlers:
            handler.setFormatter(
                Formatter(kwargs.get("format") or real_logging.BASIC_FORMAT, kwargs.get("datefmt"), style)
            )
        if kwargs.get("level") is not None:
            root.setLevel(kwargs["level"])

    def disable(level: int = real_logging.CRITICAL) -> None:
        manager.disable = level

    made = ModuleType("logging")
    made.__dict__.update({name: getattr(real_logging, name) for name in _KEPT if hasattr(real_logging, name)})
    made.__dict__.update(
        Formatter=Formatter,
        Logger=Logger,
        StreamHandler=StreamHandler,
        root=root,
        getLogger=get_logger,
        basicConfig=basic_config,
        disable=disable,
        captureWarnings=lambda capture: None,
        getLoggerClass=lambda: Logger,
        setLoggerClass=manager.setLoggerClass,
        raiseExceptions=False,
        **{
            name: getattr(root, name)
            for name in ("debug", "info", "warning", "error", "critical", "exception", "log")
        },
    )
    made.__dict__["warn"] = root.warning
    return made
