"""A request that needs more than the permission of its own name, such as ``logs:Unmask``."""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call, find


def also(call: Call, action: str, resource: str | None = None) -> None:
    """The caller must be allowed another action on what the request touches, or on ``resource`` (an ARN).

    Raises:
        AwsError: AccessDeniedException.
    """
    target = find(call.request.service, call.request.operation)
    call.world.authorize(call, replace(target, action=action, resource=resource or target.resource))
