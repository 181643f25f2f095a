"""What every test shares: Hypothesis's profile, no network, and answers that have AWS's shape."""

import gc
import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "cwlab",
    derandomize=True,  # the same examples in every run: a red test is red again
    deadline=None,  # two shared cores: an example's time says nothing
    max_examples=60,
    database=None,
    # `no_sockets` below is set up once a test, not once an example, and that is what it is for.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("cwlab")

# Six thousand tests leave garbage that few collections find as well as many: a tenth of the processor's time.
gc.set_threshold(100_000, 50, 100)


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no collection looks at it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """A file's tests share its worlds and stay on one worker; so do all that share the JupyterLab and the Chromium."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)

    return ByFile(config, log) if config.getoption("dist") == "loadscope" else None


# Not bind: urllib3 binds once when it is imported, to learn whether this machine speaks IPv6.
REACHES_OUT = ("connect", "connect_ex", "listen", "sendto", "sendmsg")
LOOKS_UP = (
    "getaddrinfo",
    "gethostbyname",
    "gethostbyname_ex",
    "gethostbyaddr",
    "create_connection",
    "create_server",
)


class SocketUsed(AssertionError):
    """A test, or something it called, reached for the network."""


@pytest.fixture(autouse=True)
def no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Nothing in a lab reaches the network: any socket that is used fails the test, save those marked `sockets` or `browser`.

    An error swallowed on the way (a library that tries, and carries on without) fails the test as well.
    """
    if request.node.get_closest_marker("sockets") or request.node.get_closest_marker("browser"):
        yield []
        return
    used: list[str] = []

    def refuse(name: str):
        def refused(*args, **kwargs):
            used.append(f"socket {name}{args!r}")
            raise SocketUsed(
                f"{used[-1]}: tests open no socket. Mark the test `sockets` if it starts a server here."
            )

        return refused

    for name in REACHES_OUT:
        monkeypatch.setattr(socket.socket, name, refuse(name))
    for name in LOOKS_UP:
        monkeypatch.setattr(socket, name, refuse(name))
    yield used
    assert not used, f"sockets were used and the error was swallowed: {used}"


@pytest.fixture(autouse=True)
def checked_answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer of every call in every test has the shape botocore's model gives it.

    botocore checks what goes in, never what comes out; so the tests do.
    """
    if request.node.get_closest_marker("browser"):
        return
    from botocore.validate import ParamValidator

    from cwlab import boto

    plain = boto.finish

    def checked(result, operation_model):
        answer = plain(result, operation_model)
        if operation_model.output_shape is not None:
            report = ParamValidator().validate(answer, operation_model.output_shape)
            if (operation_model.name, answer.get("Targets")) != (
                "ListTargetsByRule",
                [],
            ):  # empty, as AWS answers
                assert not report.has_errors(), f"{operation_model.name}: {report.generate_report()}"
        else:
            assert answer == {}, f"{operation_model.name} answers nothing, by its model"
        return answer

    monkeypatch.setattr(boto, "finish", checked)
