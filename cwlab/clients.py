"""How botocore makes a client for a lab: with its own code, and without what no lab has a use for.

botocore makes, for each client, a class with a method and a help text for each operation, an HTTP session with its TLS
context, the rules of addresses, and a copy of every hook: 3 ms for a small service, 20 ms for EC2. The clients of labs
share the class and the hooks nobody changed, and have no HTTP session. All else is botocore's, and each client's own.
"""

from __future__ import annotations

import copy
import functools
import inspect
import os
import types
from typing import Any

import boto3
import botocore.client
import botocore.session
from botocore import configprovider
from botocore.args import ClientArgsCreator
from botocore.context import with_current_context
from botocore.endpoint import EndpointCreator
from botocore.hooks import EventAliaser, HierarchicalEmitter, _PrefixTrie


def given(function: Any, **names: Any) -> Any:
    """A function of botocore's, its own code, that finds something else under some of its module's names."""
    plain: Any = inspect.unwrap(function)
    there = {**plain.__globals__, **names}
    made = types.FunctionType(plain.__code__, there, plain.__name__, plain.__defaults__, plain.__closure__)
    made.__kwdefaults__ = plain.__kwdefaults__
    return made


class _NoSocket(EndpointCreator):
    """Makes botocore's endpoint, which a lab replaces, without TLS, proxies or a pool of connections."""

    def create_endpoint(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_endpoint(*args, **{**kwargs, "proxies": {}, "http_session_cls": _no_session})


def _no_session(**_: Any) -> object:
    return object()


class _Parts(ClientArgsCreator):
    """Makes the parts of a client, without those that would bring its requests to an address."""

    get_client_args = given(ClientArgsCreator.get_client_args, EndpointCreator=_NoSocket)

    def _build_endpoint_resolver(self, *_: Any, **__: Any) -> None:
        """Nothing is resolved: the door is the only address."""


class _Creator(botocore.client.ClientCreator):
    """Makes clients that reach for no socket."""

    _get_client_args = given(botocore.client.ClientCreator._get_client_args, ClientArgsCreator=_Parts)


class _SharedCreator(_Creator):
    """Makes the clients of the shared session: a service's model, and its class with a method and a help text for each
    operation, are made once. Hooks, configuration and exceptions stay each client's own."""

    _models: dict[tuple[str, str | None], Any] = {}
    _classes: dict[tuple[str, str], Any] = {}

    def _load_service_model(self, service_name: str, api_version: str | None = None) -> Any:
        key = service_name, api_version
        if key not in self._models:
            self._models[key] = super()._load_service_model(service_name, api_version)
        return self._models[key]

    def _create_client_class(self, service_name: str, service_model: Any) -> Any:
        key = service_name, service_model.api_version
        if key not in self._classes:
            self._classes[key] = super()._create_client_class(service_name, service_model)
        return self._classes[key]


def _creating(creator: type) -> Any:
    """``Session.create_client``, botocore's own, with another ``ClientCreator``."""
    client = types.SimpleNamespace(**{**vars(botocore.client), "ClientCreator": creator})
    module = types.SimpleNamespace(**{**vars(botocore), "client": client})
    return with_current_context()(given(_CREATE_CLIENT, botocore=module))


_CREATE_CLIENT = botocore.session.Session.create_client  # botocore's own, however many labs intercept
create_client = _creating(_Creator)  # of any session


class _Hooks(_PrefixTrie):
    """botocore's tree of hooks. A copy, one for each client, shares every kind of event (``before-call``, ``docs``) with
    its original until either is given or loses a hook of that kind."""

    def __init__(self) -> None:
        super().__init__()
        self._own: set[str] = set()

    def append_item(self, key: str, *args: Any, **kwargs: Any) -> None:
        self._make_own(key)
        super().append_item(key, *args, **kwargs)

    def remove_item(self, key: str, *args: Any, **kwargs: Any) -> None:
        self._make_own(key)
        super().remove_item(key, *args, **kwargs)

    def __copy__(self) -> _Hooks:
        twin = type(self)()
        twin._root = {**self._root, "children": dict(self._root["children"])}
        self._own = set()
        return twin

    def _make_own(self, key: str) -> None:
        kind = key.partition(".")[0]
        kinds = self._root["children"]
        if kind not in self._own and kind in kinds:
            kinds[kind] = self._recursive_copy(kinds[kind])
        self._own.add(kind)


class _Names(EventAliaser):
    """botocore's names of events. A name's present form is looked up once for all clients, not once for each."""

    def __copy__(self) -> _Names:
        twin = type(self)(copy.copy(self._emitter), self._event_aliases)
        twin._alias_name_cache = self._alias_name_cache
        return twin


class _SharedSession(botocore.session.Session):
    """A session whose clients share what botocore would make for each of them."""

    create_client = _creating(_SharedCreator)

    def __init__(self) -> None:
        hooks = HierarchicalEmitter()
        hooks._handlers = _Hooks()
        super().__init__(event_hooks=hooks)
        self._events = _Names(hooks)
        self._register_event_emitter()


def sealed_session() -> botocore.session.Session:
    """A botocore session that knows nothing of the machine: no files, no environment, no profile."""
    session = _SharedSession()
    store = session.get_component("config_store")
    for name, (_, _, default, _) in configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        store.set_config_provider(name, configprovider.ConstantProvider(default))
    for name in ("s3", "proxies_config"):
        store.set_config_provider(name, configprovider.ConstantProvider(None))
    for name, value in (
        ("config_file", os.devnull),
        ("credentials_file", os.devnull),
        ("ignore_configured_endpoint_urls", True),
    ):
        store.set_config_provider(name, configprovider.ConstantProvider(value))
    session.set_credentials("LABKEY", "lab")
    return session


@functools.cache
def shared_session() -> boto3.Session:
    """One session makes the clients of all labs: it holds botocore's models, which cost most of a client's making,
    and nothing of any lab."""
    return boto3.Session(botocore_session=sealed_session())
