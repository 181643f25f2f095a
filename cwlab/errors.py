"""The errors of cwlab, one tree.

    CwlabError
    ├── BadInput            you gave one of our own functions a value it cannot use (also a ValueError)
    │   ├── BadTime         an instant or a duration that cannot be read, or lies on the wrong side of now
    │   └── BadFile         a data file with a bad line: names the file and the line
    ├── NotModelled         an operation, parameter or feature this version does not have (also NotImplementedError)
    ├── SaveError           a saved lab that cannot be opened
    │   ├── CorruptSave     not a saved lab, or damaged
    │   └── NewerSave       written by a newer version of cwlab
    ├── CodeRefused         a function of a lab from a file would run, and you have not allowed that
    ├── Unreachable         the request never arrives: no route, no DNS name, an outage
    └── AwsError            the service answers with an error; boto3 raises it as ClientError

Every message says the value, the rule and the remedy. ``AwsError`` carries what AWS sends: the code, the
message and the HTTP status; the message is AWS's own wording.
"""

from __future__ import annotations

from typing import Any


class CwlabError(Exception):
    """The root of everything cwlab raises on purpose."""


class BadInput(CwlabError, ValueError):
    """A value one of cwlab's own functions cannot use."""

    def __init__(self, value: object, rule: str, remedy: str = "") -> None:
        self.value, self.rule, self.remedy = value, rule, remedy
        super().__init__(f"{value!r}: {rule}" + (f" {remedy}" if remedy else ""))


class BadTime(BadInput):
    """An instant or a duration that cannot be used here."""


class BadFile(CwlabError, ValueError):
    """A data file cannot be used; nothing of it was stored."""

    def __init__(self, path: object, line: int | None, value: object, rule: str, remedy: str = "") -> None:
        self.path, self.line, self.value, self.rule, self.remedy = path, line, value, rule, remedy
        where = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {value!r}: {rule}" + (f" {remedy}" if remedy else ""))


class NotModelled(CwlabError, NotImplementedError):
    """Something AWS has and this version of cwlab does not. It is refused by name, never ignored."""

    def __init__(self, what: str, instead: str = "") -> None:
        self.what, self.instead = what, instead
        super().__init__(
            f"{what} is not modeled in this version of cwlab." + (f" {instead}" if instead else "")
        )


class SaveError(CwlabError):
    """A saved lab that cannot be opened. The file is left as it is."""


class CorruptSave(SaveError):
    """The file is not a saved lab, or it is damaged."""


class NewerSave(SaveError):
    """The file was written by a newer version of cwlab."""


class CodeRefused(CwlabError):
    """A lab from a file brought source along, and something would run it. Nothing ran."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"{what} came with this lab's file, and its source does not run unless you say so. If you trust where the file "
            "comes from, open it with allow_code=True: Lab.open(path, allow_code=True), and so for recover and from_share."
        )


class Unreachable(CwlabError):
    """The request never arrives at the service's endpoint.

    Args:
        reason: one sentence that says why.
        dns: True when the name cannot even be looked up (boto3 then raises EndpointConnectionError at once
            and retries); otherwise packets vanish and the connection times out.
    """

    def __init__(self, reason: str, *, dns: bool = False, steps: tuple[str, ...] = ()) -> None:
        self.reason, self.dns, self.steps = reason, dns, steps
        super().__init__(reason)


class AwsError(CwlabError):
    """An error answer of a service, in AWS's words.

    Args:
        code: what boto3 shows as ``Error.Code``.
        message: the text AWS sends.
        status: the HTTP status.
        shape: the modeled shape's name where it differs from the code (awsQueryCompatible services).
        fields: further members of the modeled error shape.

    What the lab itself has to say, a caret under the mistake for one, is a note (``add_note``): it goes with the ClientError.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        shape: str | None = None,
        fields: dict[str, Any] | None = None,
    ) -> None:
        self.code, self.message, self.status, self.shape = code, message, status, shape
        self.fields = fields or {}
        super().__init__(f"{code}: {message}")
