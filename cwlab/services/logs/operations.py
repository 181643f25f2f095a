"""The operations of CloudWatch Logs, declared by the modules that hold them."""

from cwlab.services.logs import events, groups, streams  # noqa: F401
