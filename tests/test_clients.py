"""How a client is made: botocore's own, shared where nothing of a client is, with no socket behind it."""

import copy

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.endpoint import EndpointCreator
from botocore.hooks import HierarchicalEmitter, _PrefixTrie
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.clients import _Hooks, shared_session

KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


@pytest.fixture
def no_sessions(monkeypatch):
    def never(*_, **__):
        raise AssertionError("an HTTP session was made")

    for name in ("botocore.httpsession.URLLib3Session.__init__", "botocore.endpoint.get_environ_proxies"):
        monkeypatch.setattr(name, never)


def test_two_clients_share_class_and_model_and_nothing_that_can_be_changed(lab):
    one, other = lab.client("sqs"), lab.client("sqs", region="eu-west-1")
    assert type(one) is type(other)
    assert one.meta.service_model is other.meta.service_model
    assert (one.meta.region_name, other.meta.region_name) == ("us-east-1", "eu-west-1")
    assert one.meta.endpoint_url != other.meta.endpoint_url
    assert one.meta.events is not other.meta.events
    assert one.meta.config is not other.meta.config


def test_a_hook_of_one_client_is_not_anothers_nor_the_sessions(lab):
    one, other, seen = lab.client("sqs"), lab.client("sqs"), []
    one.meta.events.register("before-call.sqs", lambda **_: seen.append("one"))
    other.meta.events.register("before-call.sqs.ListQueues", lambda **_: seen.append("other"))
    one.list_queues()
    assert seen == ["one"]
    other.list_queues()
    assert seen == ["one", "other"]
    lab.client("sqs").list_queues()
    assert seen == ["one", "other"]


def test_a_client_has_what_botocores_has(lab):
    """Methods, help, hooks, exceptions, configuration: as botocore's own session makes them."""
    ours = lab.client("s3", config=Config(read_timeout=7, retries={"mode": "standard"}))
    theirs = boto3.Session(**KEYS, region_name="us-east-1").client(
        "s3", config=Config(read_timeout=7, retries={"mode": "standard"})
    )
    assert {n for n in dir(theirs) if not n.startswith("_")} == {
        n for n in dir(ours) if not n.startswith("_")
    }
    assert [c.__name__ for c in type(ours).__mro__] == [c.__name__ for c in type(theirs).__mro__]
    assert str(type(ours).get_object.__doc__) == str(type(theirs).get_object.__doc__)
    assert ours.meta.endpoint_url == theirs.meta.endpoint_url
    assert ours.meta.method_to_api_mapping == theirs.meta.method_to_api_mapping
    assert ours.meta.config.read_timeout == 7
    assert issubclass(ours.exceptions.NoSuchKey, ours.exceptions.ClientError)


def test_no_client_makes_a_session_for_http(lab, no_sessions, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert lab.client("sts").get_caller_identity()["Account"] == lab.account
    with lab.intercept():
        assert boto3.client("sts").get_caller_identity()["Account"] == lab.account
    assert isinstance(EndpointCreator.create_endpoint.__defaults__, tuple)  # botocore's own is as it was


def test_an_address_that_is_none_is_refused_as_botocore_refuses_it(lab):
    with pytest.raises(ValueError, match="Invalid endpoint"):
        lab.client("sts", endpoint_url="nowhere at all")


def test_an_intercepted_session_keeps_its_own_hooks_and_its_classes(lab):
    """A library that adds methods to the classes of its session finds them, and no other session does."""

    class Extra:
        def extra(self) -> str:
            return "extra"

    session, seen = boto3.Session(), []
    session.events.register("creating-client-class.sts", lambda base_classes, **_: base_classes.append(Extra))
    session.events.register("before-call.sts", lambda **_: seen.append("called"))
    with lab.intercept():
        client = session.client("sts")
        client.get_caller_identity()
        assert client.extra() == "extra"
        assert not hasattr(boto3.Session().client("sts"), "extra")
    assert seen == ["called"]
    assert not hasattr(lab.client("sts"), "extra")


def test_the_shared_session_is_botocores(lab):
    session = shared_session()._session
    assert isinstance(session, botocore.session.Session)
    assert isinstance(session._original_handler, HierarchicalEmitter)


EVENTS = st.lists(
    st.sampled_from(["docs", "before-call", "*", "s3", "PutObject"]), min_size=1, max_size=3
).map(".".join)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "copy"]), st.integers(0, 5), EVENTS, st.integers(0, 3)),
    max_size=30,
)


@given(STEPS)
def test_trees_of_hooks_are_as_apart_as_botocores_copies(steps):
    """Whatever is added to, removed from and copied: each tree finds what botocore's own, copied whole, finds."""
    plain, ours = [_PrefixTrie()], [_Hooks()]
    for what, which, key, value in steps:
        n = which % len(plain)
        if what == "copy":
            plain.append(copy.copy(plain[n]))
            ours.append(copy.copy(ours[n]))
        elif what == "add":
            plain[n].append_item(key, value)
            ours[n].append_item(key, value)
        else:
            said = []
            for tree in (plain[n], ours[n]):
                try:
                    tree.remove_item(key, value)
                    said.append("")
                except (ValueError, AttributeError, TypeError) as error:  # botocore's own, on a tree without
                    said.append(repr(error))
            assert said[0] == said[1]
        for a, b in zip(plain, ours, strict=True):
            for event in ("docs.s3.PutObject", "before-call.s3", "s3.s3.s3", "PutObject"):
                assert list(a.prefix_search(event)) == list(b.prefix_search(event))
