"""The seam between boto3 and the door.

A client made here is botocore's own: its methods, paginators, exceptions and hooks are boto3's. Three of its
parts are ours: the serializer (checks and copies the parameters, writes no wire format), the endpoint (hands
the request to the door instead of a socket) and the sleep (moves the virtual clock). Retries follow botocore's
own rules in all three modes; only the dice come from the world's seed.

Nothing of the machine is read: no credentials, no configuration file, no environment variable.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import io
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import botocore.client
import botocore.session
from botocore import waiter
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.handlers import generate_idempotent_uuid
from botocore.response import StreamingBody
from botocore.retries import adaptive, bucket, quota, standard, throttling

from cwlab.api import NotYet, Principal, Request
from cwlab.arn import REGIONS
from cwlab.clients import create_client as create_client_of
from cwlab.clients import given, shared_session
from cwlab.constraints import normalize, refusals
from cwlab.errors import AwsError, NotModelled, Unreachable

if TYPE_CHECKING:
    from cwlab.lab import Lab


@dataclass(slots=True)
class Answer:
    """What botocore wants to know of an HTTP response."""

    status_code: int
    headers: dict[str, str]
    content: bytes = b""
    raw: Any = None
    notes: tuple[str, ...] = ()  # what the lab adds to the service's error, for the learner's eyes


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a client calls: a principal or an access key, from where, in which account."""

    principal: Principal | None = None
    access_key: str | None = None
    source: str | None = None
    account: str | None = None

    def resolve(self, lab: Lab) -> Principal:
        """The principal behind it now (an access key may have been deleted, a session expired)."""
        if self.access_key is not None:
            return lab.principal_of(self.access_key)
        if self.principal is None:
            raise NoCredentialsError
        return self.principal


class Serializer:
    """Takes botocore's serializer's place: parameters are checked and copied, and stay Python values."""

    def __init__(self, service: str) -> None:
        self.service = service

    def serialize_to_request(self, parameters: dict[str, Any], operation_model: Any) -> dict[str, Any]:
        params, found = normalize(parameters, operation_model)
        return {
            "url_path": "/",
            "query_string": "",
            "method": "POST",
            "headers": {},
            "body": b"",
            "cwlab": (params, refusals(self.service, found) if found else ()),
        }


class Endpoint:
    """Takes botocore's endpoint's place: no socket, the door instead."""

    def __init__(self, lab: Lab, client: Any, caller: Caller) -> None:
        self._lab, self._caller = lab, caller
        self._service = client.meta.service_model.service_name
        self._region = client.meta.region_name
        self._events = client.meta.events
        self._config = client.meta.config
        self._event_id = client.meta.service_model.service_id.hyphenize()
        self._mode = client.meta.config.retries["mode"]
        self.host = client.meta.endpoint_url
        self.limiter: Any = None

    def close(self) -> None:
        """Nothing to close: there is no connection."""

    def make_request(
        self, operation_model: Any, request_dict: dict[str, Any]
    ) -> tuple[Answer, dict[str, Any]]:
        attempts = 1
        while True:
            request_dict["context"].setdefault("retries", {})["attempt"] = attempts
            if self.limiter is not None:
                self.limiter.on_sending_request(request=None)
            response, problem = self._attempt(operation_model, request_dict)
            if self._follow(request_dict, response):
                continue
            delay = self._retry_delay(operation_model, request_dict, attempts, response, problem)
            if delay is None:
                break
            self._lab.wait(delay)
            attempts += 1
        if problem is not None:
            raise problem
        assert response is not None
        response[1]["ResponseMetadata"]["RetryAttempts"] = attempts - 1
        return response

    def _follow(self, request_dict: dict[str, Any], response: Any) -> bool:
        """Whether the answer sends the caller on: a bucket in another Region, where boto3 asks again at once."""
        if response is None or response[0].status_code != 301 or "cwlab_region" in request_dict["context"]:
            return False
        request_dict["context"]["cwlab_region"] = response[1]["Error"]["Endpoint"].split(".")[-3]
        return True

    def _retry_delay(
        self,
        operation_model: Any,
        request_dict: dict[str, Any],
        attempts: int,
        response: Any,
        problem: Exception | None,
    ) -> float | None:
        """Seconds until the next attempt, as botocore's rules for this client's retry mode have it; or None."""
        if response is not None and response[0].status_code < 300 and self.limiter is None:
            return None
        answers = self._events.emit(
            f"needs-retry.{self._event_id}.{operation_model.name}",
            response=response,
            endpoint=self,
            operation=operation_model,
            attempts=attempts,
            caught_exception=problem,
            request_dict=request_dict,
        )
        delay: float | None = next((a for _, a in answers if a is not None), None)
        if delay is not None and self._mode == "legacy":
            # botocore's legacy mode draws rand * 2^(n-1) from the process's dice; ours come from the seed.
            return self._lab.dice() * 2.0 ** (attempts - 1)
        return delay

    def _attempt(self, operation_model: Any, request_dict: dict[str, Any]) -> tuple[Any, Exception | None]:
        params, violations = request_dict["cwlab"]
        lab = self._lab
        world = lab.world
        date = formatdate(world.timeline.now_ms / 1000, usegmt=True)
        headers = {"x-amzn-requestid": lab.request_id(), "date": date}
        try:
            if self._region not in REGIONS and self._region != "aws-global":
                raise Unreachable(
                    f"No such Region: {self._region!r}. The endpoint's name cannot be looked up.", dns=True
                )
            principal = self._caller.resolve(lab)
            request = Request(
                self._service,
                operation_model.name,
                params,
                principal,
                self._caller.account or principal.account,
                request_dict["context"].get("cwlab_region", self._region),
                self._caller.source,
                violations=violations,
            )
            try:
                result = self._ask(request)
            finally:
                late = self._late(request.latency_ms)
            if late is not None:
                return None, late
        except AwsError as error:
            return self._error(error, headers, operation_model), None
        except Unreachable as gone:
            return None, self._gone(gone)
        parsed = finish(result, operation_model)
        parsed["ResponseMetadata"] = {
            "RequestId": headers["x-amzn-requestid"],
            "HTTPStatusCode": 200,
            "HTTPHeaders": headers,
            "RetryAttempts": 0,
        }
        return (Answer(200, headers), parsed), None

    def _ask(self, request: Request) -> dict[str, Any]:
        """Knock at the door; a long poll lets time pass until there is an answer, or its wait is over.

        Inside a handler the world does not move, and a long poll is answered at once.
        """
        world = self._lab.world
        request.patient = world.log.depth == 0
        end_ms: int | None = None
        while True:
            try:
                return world.door(request)
            except NotYet as later:
                now_ms = world.timeline.now_ms
                end_ms = now_ms + later.wait_ms if end_ms is None else end_ms
                until_ms = end_ms if later.next_ms is None else min(end_ms, later.next_ms)
                self._lab.wait((until_ms - now_ms) / 1000, until=later.ready)
                request.patient = world.timeline.now_ms < end_ms

    def _error(
        self, error: AwsError, headers: dict[str, str], operation_model: Any
    ) -> tuple[Answer, dict[str, Any]]:
        body: dict[str, Any] = {"Message": error.message, "Code": error.code}
        if operation_model.service_model.is_query_compatible:
            body["QueryErrorCode"] = error.shape or error.code
            body["Type"] = "Receiver" if error.status >= 500 else "Sender"
        elif operation_model.service_model.metadata.get("protocol") == "query":
            body["Type"] = "Receiver" if error.status >= 500 else "Sender"
        parsed = {
            "Error": body,
            **copy.deepcopy(error.fields),
            "ResponseMetadata": {
                "RequestId": headers["x-amzn-requestid"],
                "HTTPStatusCode": error.status,
                "HTTPHeaders": headers,
                "RetryAttempts": 0,
            },
        }
        return Answer(error.status, headers, notes=tuple(getattr(error, "__notes__", ()))), parsed

    def _late(self, latency_ms: int) -> Exception | None:
        """Let a slow answer take its time; the error botocore raises when that is more than the read timeout."""
        if not latency_ms:
            return None
        limit = self._config.read_timeout
        if limit is not None and latency_ms > limit * 1000:
            self._lab.wait(limit)
            return ReadTimeoutError(endpoint_url=self.host)
        self._lab.wait(latency_ms / 1000)
        return None

    def _gone(self, gone: Unreachable) -> Exception:
        problem: Exception
        if gone.dns:
            problem = EndpointConnectionError(endpoint_url=self.host)
        else:
            self._lab.wait(self._config.connect_timeout or 60)
            problem = ConnectTimeoutError(endpoint_url=self.host)
        problem.add_note(f"Why: {gone.reason}")
        return problem


def finish(result: dict[str, Any], operation_model: Any) -> dict[str, Any]:
    """A copy of an answer that the learner may do with as they like; streaming members become streams."""
    if not result:
        return {}
    parsed = _copy(result)
    if operation_model.has_streaming_output:
        name = operation_model.output_shape.serialization["payload"]
        content = parsed.get(name, b"")
        parsed[name] = StreamingBody(io.BytesIO(content), len(content))
    return parsed


def _copy(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {k: _copy(v) for k, v in value.items()}
    if kind is list or kind is tuple:
        if value and type(value[0]) not in (dict, list, tuple):
            return list(
                value
            )  # a list's members are of one shape: a hundred thousand numbers are copied at once
        return [_copy(v) for v in value]
    return value


# -- retries ---------------------------------------------------------------------------------------------------


class VirtualClock(bucket.Clock):
    """botocore's clock for rate limiting, on the lab's time."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab

    def sleep(self, amount: float) -> None:
        self._lab.wait(amount)

    def current_time(self) -> float:
        return self._lab.world.timeline.now_ms / 1000


class VirtualBucket(bucket.TokenBucket):
    """botocore's token bucket; waiting for a token moves the virtual clock."""

    def _acquire(self, amount: float, block: bool) -> bool:
        self._refill()
        while amount > self._current_capacity:
            if not block:
                return bool(super()._acquire(amount, block))
            self._clock.sleep(max((amount - self._current_capacity) / self._fill_rate, 0.001))
            self._refill()
        self._current_capacity -= amount
        return True


def _register_retries(lab: Lab, client: Any, endpoint: Endpoint, adaptive_mode: bool) -> None:
    """Give a client the same retry rules as botocore does, with the lab's clock and dice."""
    event = client.meta.service_model.service_id.hyphenize()
    mode = client.meta.config.retries["mode"]
    if mode == "legacy":
        return  # botocore's own handler decides; the endpoint replaces the delay it drew
    client.meta.events.unregister(f"needs-retry.{event}", unique_id=f"retry-config-{event}")
    adapter = standard.RetryEventAdapter()
    attempts = client.meta.config.retries.get("total_max_attempts") or standard.DEFAULT_MAX_ATTEMPTS
    detector = standard.ThrottlingErrorDetector(adapter)
    checker = standard.RetryQuotaChecker(quota.RetryQuota(), detector)
    handler = standard.RetryHandler(
        retry_policy=standard.RetryPolicy(
            retry_checker=standard.StandardRetryConditions(max_attempts=attempts),
            retry_backoff=standard.ExponentialBackoff(
                random=lab.dice, service_name=event, throttling_detector=detector
            ),
        ),
        retry_event_adapter=adapter,
        retry_quota=checker,
        service_name=event,
        sleep=lab.wait,
    )
    client.meta.events.register(f"after-call.{event}", checker.release_retry_quota)
    client.meta.events.register(
        f"needs-retry.{event}", handler.needs_retry, unique_id=f"retry-config-{event}"
    )
    if adaptive_mode:
        clock = VirtualClock(lab)
        endpoint.limiter = adaptive.ClientRateLimiter(
            rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=clock.current_time()),
            rate_clocker=adaptive.RateClocker(clock),
            token_bucket=VirtualBucket(max_rate=1, clock=clock),
            throttling_detector=detector,
            clock=clock,
        )
        client.meta.events.register("needs-retry", endpoint.limiter.on_receiving_response)


# -- waiters ---------------------------------------------------------------------------------------------------


def _get_waiter(lab: Lab, original: Callable[[str], Any], name: str) -> Any:
    """botocore's waiter, botocore's own loop; only the ``time`` it sleeps with is the lab's."""
    found = original(name)
    virtual = given(waiter.Waiter.wait, time=types.SimpleNamespace(sleep=lab.wait))
    found.wait = functools.partial(virtual, found)
    return found


# -- clients ---------------------------------------------------------------------------------------------------


def _raise_noted(
    client: Any, http_response: Any, parsed: dict[str, Any], model: Any, context: Any, **_: Any
) -> None:
    """Raise an error answer that has notes, as botocore is about to, with the notes on it (PEP 678): they show under a
    traceback, and the error is AWS's all the same."""
    if notes := getattr(http_response, "notes", ()):
        code = (context or {}).get("error_code_override") or parsed["Error"].get("Code")
        problem = client.exceptions.from_code(code)(parsed, model.name)
        for note in notes:
            problem.add_note(note)
        raise problem


class _NoUserAgent:
    """botocore composes a User-Agent for each request, at half the cost of a call; no request leaves here."""

    def to_string(self) -> str:
        return "cwlab"


def adopt(client: Any, lab: Lab, caller: Caller, adaptive_mode: bool = False) -> Any:
    """Turn a botocore client into one of this lab's."""
    endpoint = Endpoint(lab, client, caller)
    client._endpoint = endpoint
    client._serializer = Serializer(client.meta.service_model.service_name)
    client._ruleset_resolver = None
    client._user_agent_creator = _NoUserAgent()
    client.get_waiter = functools.partial(_get_waiter, lab, client.get_waiter)
    client.meta.events.unregister("before-parameter-build", generate_idempotent_uuid)
    client.meta.events.register("before-parameter-build", functools.partial(_token, lab))
    _register_retries(lab, client, endpoint, adaptive_mode)
    if hasattr(client, "upload_fileobj"):
        _transfer_in_order(client)
        client.meta.events.register("after-call.s3.GetBucketLocation", _no_location)
        client.generate_presigned_url = client.generate_presigned_post = _presigned
    client.meta.events.register_last("after-call", functools.partial(_raise_noted, client))
    return client


_TRANSFERS = ("upload_file", "upload_fileobj", "download_file", "download_fileobj", "copy")


def _transfer_in_order(client: Any) -> None:
    """boto3 sends the parts of a file from many threads, in no fixed order. Here one follows the other, so that the same
    calls leave the same journal; a ``Config`` with threads is taken without them."""
    from boto3.s3.transfer import TransferConfig

    def in_order(method: Any) -> Any:
        bound = inspect.signature(method)

        @functools.wraps(method)
        def transfer(*args: Any, **kwargs: Any) -> Any:
            said = bound.bind(*args, **kwargs)
            config = copy.copy(said.arguments.get("Config")) or TransferConfig()
            config.use_threads = False
            said.arguments["Config"] = config
            return method(*said.args, **said.kwargs)

        return transfer

    for name in _TRANSFERS:
        setattr(client, name, in_order(getattr(client, name)))


def _presigned(*_: Any, **__: Any) -> Any:
    raise NotModelled("A presigned URL", "It would lead out of the lab. Call the operation itself.")


def _no_location(parsed: dict[str, Any], **_: Any) -> None:
    """A bucket in us-east-1 has no location; botocore reads a None out of the empty answer."""
    if "Error" not in parsed:
        parsed.setdefault("LocationConstraint", None)


def _token(lab: Lab, params: dict[str, Any], model: Any, **_: Any) -> None:
    """Idempotency tokens, which botocore draws from the machine, from the seed."""
    for name in model.idempotent_members:
        if name not in params:
            params[name] = lab.request_id()


def _without_adaptive(config: Any) -> tuple[Any, bool]:
    """botocore's adaptive mode waits on real time: ask it for standard, and add the rest on virtual time."""
    if config is not None and (config.retries or {}).get("mode") == "adaptive":
        return config.merge(botocore.client.Config(retries={**config.retries, "mode": "standard"})), True
    return config, False


def make_client(lab: Lab, service: str, region: str, caller: Caller, **kwargs: Any) -> Any:
    """A boto3 client whose calls this lab answers."""
    kwargs["config"], adaptive_mode = _without_adaptive(kwargs.get("config"))
    client = shared_session().client(service, region_name=region, **kwargs)
    return adopt(client, lab, caller, adaptive_mode)


# -- intercept -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def intercept(lab: Lab) -> Iterator[Lab]:
    """Every boto3 client made inside the block, by any library, is answered by this lab.

    Process-wide, since boto3 is; blocks may stand inside each other, and the innermost lab answers.
    """
    outer = botocore.session.Session.create_client

    def create_client(
        self: Any, service_name: str, region_name: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        region = region_name or self.instance_variables().get("region") or lab.region
        key = kwargs.pop("aws_access_key_id", None) or _explicit_key(self)
        for name in ("aws_secret_access_key", "aws_session_token", "aws_account_id"):
            kwargs.pop(name, None)
        config, adaptive_mode = _without_adaptive(kwargs.pop("config", None))
        client = create_client_of(
            self,
            service_name,
            region,
            *args,
            aws_access_key_id="LABKEY",
            aws_secret_access_key="lab",
            config=config,
            **kwargs,
        )
        caller = Caller(access_key=key) if key else Caller(principal=lab.world.administrator(lab.account))
        return adopt(client, lab, caller, adaptive_mode)

    botocore.session.Session.create_client = create_client
    try:
        yield lab
    finally:
        botocore.session.Session.create_client = outer


def _explicit_key(session: Any) -> str | None:
    """The access key a program set on its session by hand; never one found on the machine."""
    found = getattr(session, "_credentials", None)
    return found.access_key if found is not None and getattr(found, "method", None) == "explicit" else None
