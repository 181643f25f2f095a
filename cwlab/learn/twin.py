"""The twin of a lab on AWS itself: the same cells, with boto3's own clients and real time.

It says loudly that it is AWS. It never waits by itself and reads no clock of this machine: ``now`` is the time
AWS puts on its answers.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cwlab.errors import BadInput, NotModelled
from cwlab.learn.display import box, show
from cwlab.timeline import DAY, HOUR, MINUTE, SECOND, iso, to_ms

# What a lab can do and AWS cannot, with the way there is on AWS.
ONLY_HERE = {
    "fork": "AWS has one world. Use a second account or a second namespace.",
    "rewind": "AWS does not go back. Delete what you made and begin again.",
    "save": "AWS keeps its own state.",
    "fault": "Look at AWS Fault Injection Service.",
    "mend": "Look at AWS Fault Injection Service.",
    "intercept": "boto3 reaches AWS by itself.",
    "host": "Connect to your own instance with Session Manager and run the calls there.",
    "on_premises": "Run the calls on your own machine.",
    "act": "Do it on the real thing.",
    "load_metrics": "Send the rows with put_metric_data; AWS takes only the last two weeks.",
    "load_logs": "Let the CloudWatch agent read the file; PutLogEvents takes only the last two weeks.",
    "bucket": "Use aws s3 ls and aws s3 sync, or the S3 console.",
    "journal": "Look at CloudTrail's event history.",
    "cli": "Use the AWS command line itself.",
    "why": "Look at the alarm's StateReason and at its history.",
    "group": "Put load on your own instances.",
    "agenda": "AWS does not tell what it will do next.",
    "share": "Share the code.",
}


class OwnMailbox(tuple[Any, ...]):
    """Stands for ``lab.inbox`` on AWS, where mail goes to a mailbox of yours: empty, whatever arrived there."""

    __slots__ = ()

    def confirm(self) -> list[str]:
        """Say that you have to follow the link yourself."""
        show(
            box(
                "held",
                "This is AWS: the mail is in your own mailbox",
                "Follow the link in it before you go on, or nothing will be delivered.",
            )
        )
        return []

    def __repr__(self) -> str:
        return "Your own mailbox: look there"


class AwsTwin:
    """What a lab's cells need, on AWS.

    Args:
        region: the Region for all clients; by default the one your AWS configuration names.
    """

    def __init__(self, region: str | None = None) -> None:
        self._region = region

    def client(
        self,
        service: str,
        account: str | None = None,
        region: str | None = None,
        role: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """``boto3.client``, with your own credentials.

        Raises:
            BadInput: another account or a role was asked for: on AWS you sign in to those yourself.
        """
        import boto3

        for name, value in (("account", account), ("role", role)):
            if value is not None:
                raise BadInput(
                    value,
                    f"is a lab's {name}; on AWS credentials decide.",
                    "Sign in with a profile for it (AWS_PROFILE), or assume the role with STS.",
                )
        where = region or self._region
        return boto3.client(service, **({"region_name": where} if where else {}), **kwargs)

    @property
    def now(self) -> datetime:
        """The time AWS puts on an answer (``sts:GetCallerIdentity``, which is free and needs no permission)."""
        answer = self.client("sts").get_caller_identity()
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def advance(
        self,
        *,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        until: str | datetime | None = None,
    ) -> None:
        """Say how long the real thing takes. Nothing waits for you: go on when the time has passed."""
        if until is not None:
            said = f"Go on at {iso(to_ms(until))}."
        else:
            said = (
                f"Go on in {_spoken(round(seconds * SECOND + minutes * MINUTE + hours * HOUR + days * DAY))}."
            )
        show(
            box(
                "held",
                "This is AWS: time passes by itself",
                said,
                "What you made there goes on costing meanwhile.",
            )
        )

    @property
    def inbox(self) -> OwnMailbox:
        """Your own mailbox, which nobody can look into from here."""
        return OwnMailbox()

    def __getattr__(self, name: str) -> Any:
        if name in ONLY_HERE:
            raise NotModelled(f"lab.{name} on AWS", ONLY_HERE[name])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"AWS itself, {self._region or 'in the Region of your configuration'}: real time, real costs"


def _spoken(ms: int) -> str:
    """A duration in words: ``2 days 3 hours``."""
    parts = []
    for size, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        count, ms = divmod(ms, size)
        if count:
            parts.append(f"{count} {word}{'s' if count > 1 else ''}")
    return " ".join(parts) or "a moment"
