"""A lab with a log group, and the two words the tests of logs use all the time."""

from typing import Any
from weakref import WeakKeyDictionary

import pytest

from cwlab import Lab


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def logs(lab: Lab) -> Any:
    """A client; there is a group /app with a stream web."""
    made = client(lab)
    made.create_log_group(logGroupName="/app")
    made.create_log_stream(logGroupName="/app", logStreamName="web")
    return made


_CLIENTS: WeakKeyDictionary[Lab, Any] = WeakKeyDictionary()


def client(lab: Lab) -> Any:
    """The lab's client; one a lab, since a client costs more than a call."""
    if lab not in _CLIENTS:
        _CLIENTS[lab] = lab.client("logs")
    return _CLIENTS[lab]


def ms(lab: Lab) -> int:
    """The lab's now, in milliseconds."""
    return int(lab.now.timestamp() * 1000)


def event(stamp: int, message: str = "m") -> dict[str, Any]:
    return {"timestamp": stamp, "message": message}
