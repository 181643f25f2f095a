"""The one door. Read this second, after the timeline.

Every API request takes the same path, whoever makes it: your boto3 client, an agent on a host, one service
calling another.

    1. reach      can the caller get to the endpoint at all
    2. authorize  may it do this
    3. fault      is something broken on purpose here
    4. operate    the operation itself; if it fails or is interrupted, nothing has changed
    5. record     one line in the journal

The door knows no service. The world hands it the hooks for steps 1, 2, 3 and 5; operations are found by
name in tables that the ``@operation`` decorator fills when a service's module is imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from cwlab.arn import GLOBAL, PARTITION
from cwlab.codec import record
from cwlab.errors import AwsError, CwlabError, NotModelled
from cwlab.timeline import to_datetime

if TYPE_CHECKING:
    from cwlab.table import Table
    from cwlab.world import World

Params = dict[str, Any]
Function = Callable[..., Any]
Resource = str | Callable[["Call", Params], "str | list[str]"]
Conditions = Callable[["Call", Params], Mapping[str, "str | list[str]"]]
PolicyOf = Callable[["Call", Params], "str | None"]


@record
class Principal:
    """Who asks. ``kind`` is user, role, root, service or world (the lab itself, for what is not an API call)."""

    arn: str
    account: str
    kind: str = "user"
    session: str | None = None  # the access key of a role session, where there is one


def service_principal(name: str) -> Principal:
    """An AWS service as caller, for example ``ec2.amazonaws.com``."""
    return Principal(arn=name, account="", kind="service")


_service = service_principal  # where a parameter has the name
WORLD = Principal(arn="cwlab", account="", kind="world")


@dataclass(slots=True)
class Request:
    """One request at the door."""

    service: str
    operation: str
    params: Params
    principal: Principal
    account: str
    region: str
    source: str | None = None  # the host it comes from; None is a computer on the internet
    kind: str = "call"  # or "verb": something that is not AWS API, such as a host getting busy
    violations: tuple[AwsError, ...] = ()  # what the model's enums and lengths found, refused in step 4
    depth: int = 0  # 0 for what comes from outside, 1 and more for what the world does by itself
    latency_ms: int = 0  # set by step 3: how long the answer takes
    path: Any = None  # set by step 1: how the endpoint was reached
    patient: bool = False  # the caller can let time pass: an operation may answer NotYet instead of "nothing"
    source_account: str | None = (
        None  # a service as caller: for whose account it acts, and for which resource
    )
    source_arn: str | None = None
    via: str | None = (
        None  # the service that passes its caller's request on, with the caller's own permissions
    )
    kept: Any = None  # set by step 4: what the journal keeps in place of a long request; its ``params()`` makes it again


class NotYet(BaseException):
    """What an operation raises when a patient caller should ask again: a long poll. Nothing of the request is kept.

    Args:
        wait_ms: how long the caller may wait in all, from its first asking.
        next_ms: an instant at which time alone changes the answer; None when there is none.
        ready: whether asking again would now bring something. Reads, changes nothing.
    """

    def __init__(self, wait_ms: int, next_ms: int | None, ready: Callable[[], bool]) -> None:
        self.wait_ms, self.next_ms, self.ready = wait_ms, next_ms, ready
        super().__init__("ask again")


@dataclass(frozen=True, slots=True)
class Operation:
    """An entry in the table of operations."""

    service: str
    name: str
    function: Function
    action: str
    resource: Resource
    conditions: Conditions | None
    readonly: bool
    region: str | None
    policy: PolicyOf | None
    accepts: frozenset[str]
    needs: frozenset[str]  # what botocore calls optional may still be needed

    def resources(self, call: Call, params: Params) -> list[str]:
        """The ARNs this request touches, as IAM sees them."""
        found = self.resource(call, params) if callable(self.resource) else self.resource
        return [found] if isinstance(found, str) else found


class Provider(Protocol):
    """A service that computes its native metrics when they are read (see ``vends``)."""

    def list_metrics(self, call: Call) -> Any: ...

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> Any: ...


OPERATIONS: dict[str, dict[str, Operation]] = {}
VERBS: dict[tuple[str, str], Function] = {}
HANDLERS: dict[tuple[str, str], Function] = {}
PROVIDERS: dict[str, tuple[str, Provider]] = {}
_LOADED: set[str] = set()  # services whose modules are imported, all of each


def operation(
    service: str,
    name: str,
    *,
    action: str | None = None,
    resource: Resource = "*",
    conditions: Conditions | None = None,
    policy: PolicyOf | None = None,
    readonly: bool = False,
    region: str | None = None,
) -> Callable[[Function], Function]:
    """Declare an operation of a service, under its boto3 name.

    Args:
        service: as boto3 names it.
        name: the API's operation, as AWS spells it.
        action: the IAM action; ``service:name`` unless given.
        resource: the ARN or ARNs it touches, or a function of call and parameters that tells them.
        conditions: a function that tells the request's own condition keys.
        policy: a function that finds the resource's own policy document, for resources that have one.
        readonly: True when it changes nothing; its answer is then left out of the journal, a replay makes it again.
        region: ``aws-global`` for services whose state belongs to no Region.

    The function takes the ``Call`` and the parameters by keyword, in AWS's spelling. A parameter that is not in
    its signature is refused by name. One that Python keeps for itself has an underscore behind it: ``from_``.
    """

    def declare(function: Function) -> Function:
        own = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        names = [p.name for p in own]
        accepts = frozenset(_aws_name(each) for each in names)
        entry = Operation(
            service,
            name,
            function if accepts.issuperset(names) else _renaming(function),
            action or f"{service}:{name}",
            resource,
            conditions,
            readonly,
            region,
            policy,
            accepts,
            frozenset(_aws_name(p.name) for p in own if p.default is p.empty),
        )
        OPERATIONS.setdefault(service, {})[name] = entry
        return function

    return declare


def _aws_name(name: str) -> str:
    """A parameter's name on AWS; ``from``, a keyword of Python, is ``from_`` here."""
    return name[:-1] if name.endswith("_") and keyword.iskeyword(name[:-1]) else name


def _renaming(function: Function) -> Function:
    def renamed(call: Call, **params: Any) -> Any:
        return function(call, **{f"{k}_" if keyword.iskeyword(k) else k: v for k, v in params.items()})

    return renamed


def verb(service: str, name: str) -> Callable[[Function], Function]:
    """Declare something that can be done to the world and is no AWS API, such as loading a host."""

    def declare(function: Function) -> Function:
        VERBS[service, name] = function
        return function

    return declare


def handler(service: str, name: str) -> Callable[[Function], Function]:
    """Declare what an agenda entry of this service and name does when it falls due."""

    def declare(function: Function) -> Function:
        HANDLERS[service, name] = function
        return function

    return declare


def vends(namespace: str, service: str) -> Callable[[Any], Any]:
    """Declare the provider of a native namespace such as ``AWS/EC2``: its metrics are computed when read."""

    def declare(provider: Any) -> Any:
        PROVIDERS[namespace] = (service, provider() if isinstance(provider, type) else provider)
        return provider

    return declare


def module_name(service: str) -> str:
    """Where a service lives; ``lambda``, a keyword of Python, is in ``lambda_``."""
    name = service.replace("-", "_")
    return f"cwlab.services.{name}_" if keyword.iskeyword(name) else f"cwlab.services.{name}"


def load(service: str) -> bool:
    """Import a service's module, so that its operations are known. False when there is no such service here."""
    if service in _LOADED:
        return True
    if service == "cwlab":  # the lab's own verbs: faults
        importlib.import_module("cwlab.faults")
    elif service == "hosts":  # what happens on machines by itself: files, programs, agents
        importlib.import_module("cwlab.hosts.verbs")
    elif (
        not service.replace("-", "_").isidentifier() or importlib.util.find_spec(module_name(service)) is None
    ):
        return service in OPERATIONS
    else:
        module = importlib.import_module(module_name(service))
        if hasattr(module, "__path__"):
            importlib.import_module(f"{module_name(service)}.operations")
    _LOADED.add(service)
    return True


def supported() -> list[str]:
    """The services this version has, by their boto3 names."""
    import pkgutil

    import cwlab.services

    return sorted(m.name.rstrip("_").replace("_", "-") for m in pkgutil.iter_modules(cwlab.services.__path__))


def find(service: str, name: str) -> Operation:
    """The operation of that name.

    Raises:
        NotModelled: there is none; says what there is.
    """
    if not load(service):
        raise NotModelled(f"The service {service!r}", f"Modeled services: {', '.join(supported())}.")
    try:
        return OPERATIONS[service][name]
    except KeyError:
        known = ", ".join(sorted(OPERATIONS[service]))
        raise NotModelled(f"{service}:{name}", f"Modeled operations of {service}: {known}.") from None


class Call:
    """What an operation may know and do: the time, its own tables, new ids, the door, the agenda."""

    __slots__ = ("_tables_region", "request", "service", "world")

    def __init__(
        self, world: World, request: Request, service: str | None = None, region: str | None = None
    ) -> None:
        self.world = world
        self.request = request
        self.service = service or request.service
        self._tables_region = region or request.region

    # -- who and when ------------------------------------------------------------------------------------------
    @property
    def now_ms(self) -> int:
        return self.world.timeline.now_ms

    @property
    def now(self) -> datetime:
        return to_datetime(self.world.timeline.now_ms)

    @property
    def account(self) -> str:
        return self.request.account

    @property
    def region(self) -> str:
        return self.request.region

    @property
    def partition(self) -> str:
        return PARTITION

    @property
    def principal(self) -> Principal:
        return self.request.principal

    @property
    def source(self) -> str | None:
        return self.request.source

    # -- state -------------------------------------------------------------------------------------------------
    def table(
        self, name: str, *, service: str | None = None, region: str | None = None, account: str | None = None
    ) -> Table:
        """A table of this service in this account and Region."""
        return self.world.table(
            account or self.request.account, region or self._tables_region, service or self.service, name
        )

    def unique(self, prefix: str = "", n: int = 17, alphabet: str = "0123456789abcdef") -> str:
        """A new id: the prefix and ``n`` characters drawn from the world's seed."""
        return prefix + self.world.letters(f"{self.service}/{prefix}", n, alphabet)

    def draw(self, name: str = "") -> float:
        """The next number in [0, 1) of this service's stream of that name."""
        return self.world.draw(f"{self.service}/{name}")

    # -- the rest of the world ---------------------------------------------------------------------------------
    def invoke(
        self,
        service: str,
        operation: str,
        params: Params,
        *,
        role: str | None = None,
        service_principal: str | None = None,
        source_arn: str | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> Params:
        """Call another service through the door: as the same caller, as a role (ARN), or as a service principal.

        Args:
            source_arn: the resource a service acts for, an alarm say; policies see it as ``aws:SourceArn``.

        Raises:
            AwsError: the other service refused.
        """
        via: str | None = None
        if service_principal is not None:
            principal = _service(service_principal)
        elif role is not None:
            principal = self.world.service_session(role, f"{self.service}.amazonaws.com", self.service)
        else:
            principal = self.request.principal
            via = self.service if principal.kind != "service" and service != self.service else None
        return self.world.door(
            Request(
                service,
                operation,
                params,
                principal,
                account or self.account,
                region or self.region,
                depth=self.request.depth + 1,
                source_account=self.account,
                source_arn=source_arn,
                via=via,
            )
        )

    def schedule(self, at_ms: int, handler: str, **args: Any) -> int:
        """Put ``handler(call, **args)`` of this service on the agenda; returns the entry's number."""
        return self.world.timeline.schedule(at_ms, self.account, self.region, self.service, handler, args)

    def cancel(self, entry: int) -> bool:
        """Take an entry off the agenda."""
        return self.world.timeline.cancel(entry)

    def watch(self, arn: str, handler: str, **args: Any) -> None:
        """From now on put ``handler(call, **args)`` of this service on the agenda whenever something arrives at a resource
        of another, a message in a queue say: once for each instant. A second watch with the same arguments adds nothing."""
        watchers = self.world.table("", "", "cwlab", "watchers")
        mine = (self.account, self.region, self.service, handler, args)
        held = watchers.get(arn, ())
        if mine not in held:
            watchers[arn] = (*held, mine)

    def unwatch(self, arn: str, handler: str, **args: Any) -> None:
        """The end of a watch."""
        watchers = self.world.table("", "", "cwlab", "watchers")
        mine = (self.account, self.region, self.service, handler, args)
        watchers[arn] = tuple(each for each in watchers.get(arn, ()) if each != mine)

    def arrived(self, arn: str, at_ms: int) -> None:
        """Something can be taken from this service's resource from ``at_ms`` on: whoever watches it is woken then."""
        for account, region, service, handler, args in self.world.table("", "", "cwlab", "watchers").get(
            arn, ()
        ):
            woken = self.world.table("", "", "cwlab", "woken")
            key = (arn, service, handler, account, region)
            if woken.get(key) != (at_ms, args):
                woken[key] = (at_ms, args)
                self.world.timeline.schedule(at_ms, account, region, service, handler, args)

    def provider(self, namespace: str) -> tuple[Provider, Call] | None:
        """Who computes the native metrics of a namespace, and the call to hand it; None when nobody does."""
        if namespace not in PROVIDERS:
            guess = namespace.rpartition("/")[2].lower()
            if not namespace.startswith("AWS/") or not load(guess) or namespace not in PROVIDERS:
                return None
        service, found = PROVIDERS[namespace]
        return found, self._beside(service)

    def _beside(self, service: str) -> Call:
        """The same call as another service makes it."""
        return Call(self.world, self.request, service)


class Later(Call):
    """A call that reads as at a later instant, as if nothing happened until then but that time goes by."""

    __slots__ = ("_at_ms",)

    def __init__(self, call: Call, at_ms: int, service: str | None = None) -> None:
        super().__init__(call.world, call.request, service or call.service)
        self._at_ms = at_ms

    @property
    def now_ms(self) -> int:
        return self._at_ms

    @property
    def now(self) -> datetime:
        return to_datetime(self._at_ms)

    def _beside(self, service: str) -> Call:
        return Later(self, self._at_ms, service)


@dataclass(slots=True)
class Door:
    """The five steps, under one lock."""

    world: World
    depth: int = field(default=0)

    def __call__(self, request: Request) -> Params:
        """Answer a request, or raise the error it ends in.

        Raises:
            AwsError: the service's own error, a refusal by IAM, or an injected fault.
            Unreachable: the request never arrived.
            NotModelled: the operation or one of its parameters is not modeled.
        """
        world = self.world
        with world.lock:
            before = world.journal.mark()
            parent, seq = world.journal.enter()
            result: Params | None = None
            error: CwlabError | None = None
            at_ms = world.timeline.now_ms
            try:
                with world.log:
                    result = self._steps(request)
            except CwlabError as problem:
                error = problem
                raise
            except BaseException:
                world.journal.reset(before)
                raise
            else:
                return result
            finally:
                if result is not None or error is not None:
                    world.record(seq, parent, at_ms, request, result, error)  # 5. record

    def _steps(self, request: Request) -> Params:
        world = self.world
        if request.kind == "verb":
            load(request.service)
            if (request.service, request.operation) not in VERBS:
                raise NotModelled(f"The verb {request.service}.{request.operation}")
            result = VERBS[request.service, request.operation](Call(world, request), **request.params)
            return {} if result is None else result
        target = find(request.service, request.operation)
        for name in sorted(target.needs.difference(request.params)):
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value null at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint: "
                "Member must not be null",
            )
        call = Call(world, request, region=target.region)
        world.reach(call)  # 1. reach
        world.authorize(call, target)  # 2. authorize
        world.inject(call)  # 3. fault
        if request.violations:  # 4. operate
            raise request.violations[0]
        if not target.accepts.issuperset(request.params):
            extra = sorted(set(request.params) - target.accepts)
            raise NotModelled(
                f"{request.service}:{request.operation}({', '.join(extra)}=…)",
                f"Modeled parameters: {', '.join(sorted(target.accepts)) or 'none'}.",
            )
        result = target.function(call, **request.params)
        return {} if result is None else result


__all__ = [
    "GLOBAL",
    "AwsError",
    "Call",
    "Door",
    "Later",
    "NotModelled",
    "NotYet",
    "Operation",
    "Principal",
    "Request",
    "WORLD",
    "find",
    "handler",
    "load",
    "operation",
    "service_principal",
    "supported",
    "vends",
    "verb",
]
