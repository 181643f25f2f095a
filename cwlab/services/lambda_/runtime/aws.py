"""``boto3`` inside a function: real clients whose calls go through the door, with the function's role.

A call belongs to the invocation: it takes some of its time and does not move the world.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn, cast

from cwlab import api, boto
from cwlab.api import Principal, Request
from cwlab.arn import check_region
from cwlab.errors import NotModelled
from cwlab.services.lambda_.runtime.chance import Dice
from cwlab.services.lambda_.runtime.clock import Clock, plain
from cwlab.services.lambda_.runtime.system import Refusing

CALL_US = (8_000, 30_000)  # how long an API call takes: between these, drawn from the seed
Send = Callable[[Request], dict[str, Any]]


class Inside:
    """What a client of this lab asks of it, for a client inside a function: the door, a wait, an id, dice.

    Args:
        send: takes a request to the door.
        role: the session whose permissions the function has.
        region: where the function runs.
    """

    def __init__(self, send: Send, role: Principal, region: str, clock: Clock, dice: Dice) -> None:
        self._send, self._clock, self._dice = send, clock, dice
        self.role, self.region = role, region
        self.world = self  # botocore's endpoint asks the lab for its world, and that for time and door
        self.timeline = self
        self.log = SimpleNamespace(
            depth=1
        )  # as inside an operation: nothing a client does here moves the world

    @property
    def now_ms(self) -> int:
        return self._clock.now_ms()

    def door(self, request: Request) -> dict[str, Any]:
        low, high = CALL_US
        self._clock.wait(low + int(self._dice.fraction() * (high - low)))
        request.params = plain(request.params)
        return self._send(request)

    def wait(self, seconds: float, until: Callable[[], bool] | None = None) -> None:
        self._clock.wait(round(seconds * 1_000_000))

    def dice(self) -> float:
        return self._dice.fraction()

    def request_id(self) -> str:
        return self._dice.uuid()

    def principal_of(self, access_key: str) -> NoReturn:
        raise NotModelled("An access key inside a function", "boto3 finds the function's role by itself.")

    def client(self, service_name: str, region_name: str | None = None, **kwargs: Any) -> Any:
        """``boto3.client``."""
        if not api.load(service_name):
            raise NotModelled(
                f"The service {service_name!r}", f"Modeled services: {', '.join(api.supported())}."
            )
        if kwargs.get("aws_access_key_id") is not None:
            self.principal_of(kwargs["aws_access_key_id"])
        for name in ("aws_secret_access_key", "aws_session_token", "verify", "use_ssl", "aws_access_key_id"):
            kwargs.pop(name, None)
        region = check_region(region_name or self.region)
        return boto.make_client(cast(Any, self), service_name, region, boto.Caller(self.role), **kwargs)


def boto3_module(inside: Inside) -> ModuleType:
    """The module ``boto3``: ``client``, and ``Session`` or ``session.Session`` with a client."""

    class Session:
        def __init__(self, region_name: str | None = None, **kwargs: Any) -> None:
            if kwargs:
                raise NotModelled(
                    f"boto3.Session({', '.join(kwargs)}=…) in a function", "Give region_name only."
                )
            self.region_name = region_name or inside.region

        def client(self, service_name: str, region_name: str | None = None, **kwargs: Any) -> Any:
            return inside.client(service_name, region_name or self.region_name, **kwargs)

        def resource(self, *_: Any, **__: Any) -> NoReturn:
            _no_resource()

    def _no_resource(*_: Any, **__: Any) -> NoReturn:
        raise NotModelled("boto3.resource in a function", "Use boto3.client.")

    made = Refusing("boto3")
    made.__dict__.update(
        client=inside.client, resource=_no_resource, Session=Session, session=SimpleNamespace(Session=Session)
    )
    return made
