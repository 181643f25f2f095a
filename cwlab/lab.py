"""What a learner holds: a world, a clock to turn, clients to call it with, and the way back.

lab = Lab()                                  # account 123456789012, us-east-1, an administrator
cloudwatch = lab.client("cloudwatch")        # a real boto3 client
lab.advance(minutes=5)
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwlab import arn
from cwlab.api import Principal
from cwlab.errors import BadInput, BadTime, NotModelled
from cwlab.journal import Journal
from cwlab.timeline import DAY, HOUR, MINUTE, SECOND, Entry, iso, to_datetime, to_ms
from cwlab.world import World

if TYPE_CHECKING:
    import os

    from pandas import DataFrame

    from cwlab.buckets import Bucket
    from cwlab.hosts import Group, Host
    from cwlab.inbox import Inbox
    from cwlab.services.logs.logfile import LoadedLog
    from cwlab.why import Why

START = "2026-03-02T09:00:00Z"
ACCOUNT = "123456789012"
REGION = "us-east-1"
_KEPT = 24  # forks kept for rewinding; older ones are thinned, a replay bridges the gap


class Lab:
    """A laboratory on a virtual clock. Nothing it does leaves your machine.

    Args:
        seed: all chance comes from it: same seed and same calls, same bytes.
        start: the first instant, an ISO 8601 text or an aware datetime.
        account: the account you work in, twelve digits.
        region: the Region your clients use unless you name another.

    Raises:
        BadInput: a value that cannot be used, with the rule and the remedy.
    """

    def __init__(
        self, seed: int = 7, start: str | datetime = START, account: str = ACCOUNT, region: str = REGION
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise BadInput(seed, "is not a seed.", "Give a whole number, as seed=7.")
        self._take(World(seed, to_ms(start), arn.check_account(account), arn.check_region(region)))
        self._keep()

    def _take(self, world: World) -> None:
        self._world = world
        self._kept: list[
            tuple[int, int, World]
        ] = []  # instant, journal length, fork: what rewind starts from
        self._autosave: Any = None

    # -- the world, looked at ----------------------------------------------------------------------------------
    @property
    def world(self) -> World:
        """The world itself. Lessons and console do without it; so can you."""
        return self._world

    @property
    def now(self) -> datetime:
        """The virtual instant, aware, UTC."""
        return to_datetime(self._world.timeline.now_ms)

    @property
    def start(self) -> datetime:
        """Where the lab's time began."""
        return to_datetime(self._world.start_ms)

    @property
    def seed(self) -> int:
        return self._world.seed

    @property
    def account(self) -> str:
        return self._world.account

    @property
    def region(self) -> str:
        return self._world.region

    @property
    def journal(self) -> Journal:
        """Every call, its answer, and every move of the clock."""
        return self._world.journal

    @property
    def inbox(self) -> Inbox:
        """What your e-mail addresses received, newest last."""
        from cwlab.inbox import Inbox

        return Inbox(self)

    def agenda(self, n: int = 5) -> list[Entry]:
        """What falls due next, at most ``n`` entries."""
        return self._world.timeline.agenda()[:n]

    # -- clients -----------------------------------------------------------------------------------------------
    def client(
        self,
        service: str,
        account: str | None = None,
        region: str | None = None,
        role: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """A real boto3 client, answered by this lab.

        Args:
            service: as boto3 names it.
            account: another account; you are an administrator there too.
            region: another Region.
            role: a role of that account, by name or ARN: calls are then made with its permissions.
            kwargs: anything else ``boto3.client`` takes, as ``config`` or ``aws_access_key_id``.

        Raises:
            NotModelled: the service is not in this version.
            BadInput: there is no such Region, account id or role.
        """
        account = arn.check_account(account or self.account)
        key = kwargs.pop("aws_access_key_id", None)
        if key is not None:
            return self._client(service, region, None, None, account=None, access_key=key, **kwargs)
        principal = self._world.administrator(account) if role is None else self._role(role, account)
        return self._client(service, region, principal, None, **kwargs)

    def _client(
        self,
        service: str,
        region: str | None,
        principal: Principal | None,
        source: str | None,
        *,
        account: str | None = None,
        access_key: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """A client for a principal (None: no credentials) calling from a host (None: from the internet)."""
        from cwlab import api, boto

        if not api.load(service):
            raise NotModelled(f"The service {service!r}", f"Modeled services: {', '.join(api.supported())}.")
        for name in ("aws_secret_access_key", "aws_session_token", "verify", "use_ssl"):
            kwargs.pop(name, None)
        caller = boto.Caller(principal, access_key, source, account)
        return boto.make_client(self, service, arn.check_region(region or self.region), caller, **kwargs)

    def _role(self, role: str, account: str) -> Principal:
        name = role.rsplit("/", 1)[-1]
        if role.startswith("arn:"):
            account = arn.parse(role).account
        roles = self._world.table(account, arn.GLOBAL, "iam", "roles")
        if name not in roles:
            have = ", ".join(sorted(roles)) or "none"
            raise BadInput(
                role,
                f"is not a role of account {account} (it has: {have}).",
                f'Make it first: lab.client("iam").create_role(RoleName={name!r}, …).',
            )
        return self._world.role_session(arn.arn("iam", "", account, f"role/{name}"), "cwlab")

    def principal_of(self, access_key: str) -> Principal:
        """Whose access key this is.

        Raises:
            AwsError: ``InvalidClientTokenId`` or ``ExpiredToken``, as AWS answers.
        """
        from cwlab.services.iam import lookup

        world = self._world

        def tables(service: str, name: str, account: str) -> Any:
            return world.table(account, arn.GLOBAL, service, name)

        return lookup.principal_for_access_key(access_key, tables, world.timeline.now_ms)

    def intercept(self) -> contextlib.AbstractContextManager[Lab]:
        """Inside ``with lab.intercept():`` every boto3 client, made by any library, is answered by this lab."""
        from cwlab import boto

        return boto.intercept(self)

    # -- time --------------------------------------------------------------------------------------------------
    def advance(
        self,
        *,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        until: str | datetime | None = None,
    ) -> datetime:
        """Let virtual time pass, and return the new now. What is due at the target instant has happened.

        Args:
            seconds, minutes, hours, days: how long; they add up.
            until: an instant instead.

        Raises:
            BadTime: nothing to do, a negative duration, or an instant in the past.
            KeyboardInterrupt: you interrupted; the world stands, whole, at the instant it had reached.
        """
        now = self._world.timeline.now_ms
        span = round(seconds * SECOND + minutes * MINUTE + hours * HOUR + days * DAY)
        if until is not None:
            if span:
                raise BadTime(until, "and a duration were both given.", "Give one of them.")
            target = to_ms(until)
            if target < now:
                raise BadTime(
                    str(until), f"lies before now ({iso(now)}).", "To go back, use lab.rewind(to=…)."
                )
        else:
            if span <= 0:
                raise BadTime(
                    span / SECOND, "seconds is no way forward.", "Give minutes=5, or hours, days, until."
                )
            target = now + span
        if target > to_ms("9000-01-01T00:00:00Z"):
            raise BadTime(target, "lies beyond the year 9000.", "Choose a nearer instant.")
        self._keep()
        with _interruptible() as interrupted, self._progress(now, target) as shown:
            self._world.run_until(target, between=lambda done: shown(done) or interrupted())
        return self.now

    def _progress(self, start_ms: int, target_ms: int) -> Any:
        from cwlab import progress

        return progress.bar(lambda: (self._world.timeline.now_ms - start_ms) / max(target_ms - start_ms, 1))

    def wait(self, seconds: float, until: Callable[[], bool] | None = None) -> None:
        """A pause of a client (a retry, a waiter) on the virtual clock. Inside a handler the world does not move.

        Args:
            seconds: how long, at most.
            until: looked at after each thing that happens; True ends the pause there.
        """
        world = self._world
        if world.log.depth == 0 and seconds > 0:
            enough = None if until is None else lambda done: done > 0 and until()
            target = world.timeline.now_ms + max(1, round(seconds * SECOND))
            world.run_until(target, kind="wait", between=enough)

    def dice(self) -> float:
        """A number in [0, 1) for a client's own use (retry delays), fixed by the seed and the journal so far."""
        return int.from_bytes(self._world.mark("dice")[:7], "big") / (1 << 56)

    def request_id(self) -> str:
        """An id in the form of a UUID, fixed by the seed and the journal so far."""
        h = self._world.mark("request").hex()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"

    # -- other futures -----------------------------------------------------------------------------------------
    def fork(self) -> Lab:
        """An independent copy of this lab, here and now. Both go on; neither sees the other."""
        return self._like(self._world.fork(), [(at, n, w.fork()) for at, n, w in self._kept])

    def _like(self, world: World, kept: list[tuple[int, int, World]]) -> Lab:
        twin = Lab.__new__(Lab)
        twin._take(world)
        twin._kept = kept
        return twin

    def _keep(self) -> None:
        """Keep a fork to rewind to, unless little has happened since the last."""
        world, journal = self._world, self._world.journal
        journal.pack()
        if self._kept and len(journal) - self._kept[-1][1] < 32:
            return
        self._kept.append((world.timeline.now_ms, len(journal), world.fork()))
        if len(self._kept) > _KEPT:
            del self._kept[1:-1:2]

    def rewind(self, to: str | datetime) -> datetime:
        """Go back to an earlier instant. The calls made at that instant are kept; what came later is dropped.

        Your clients go on working. To keep the future, ``fork`` first.

        Raises:
            BadTime: the instant lies ahead, or before the lab began.
        """
        to_instant = to_ms(to)
        world = self._world
        if to_instant > world.timeline.now_ms:
            raise BadTime(
                str(to),
                f"lies ahead of now ({iso(world.timeline.now_ms)}).",
                "To go on, use lab.advance(until=…).",
            )
        if to_instant < world.start_ms:
            raise BadTime(
                str(to), f"lies before this lab began ({iso(world.start_ms)}).", "Choose a later instant."
            )
        usable = [k for k in self._kept if k[0] <= to_instant]
        _, length, fork = usable[-1]
        back = fork.fork()
        back.replay(world.journal.since(length), to_instant)
        back.listeners = world.listeners
        back.own_code = world.own_code
        self._kept = usable
        self._world = back
        if self._autosave is not None:
            self._autosave.restart(self)
        return self.now

    # -- doing things to the world -----------------------------------------------------------------------------
    def act(self, service: str, verb: str, /, **args: Any) -> Any:
        """Do something to the world that is no AWS API, by name. Most have a method of their own."""
        return self._world.act(service, verb, args)

    def fault(
        self,
        service: str,
        operation: str = "*",
        *,
        error: str | None = None,
        latency: float = 0,
        rate: float = 1.0,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        account: str | None = None,
        region: str | None = None,
    ) -> int:
        """Break something on purpose; returns the fault's number, for ``mend``.

        Args:
            service, operation: which requests; ``"*"`` for all.
            error: ``throttling``, ``refusal``, ``outage``, ``unreachable``, or any AWS error code.
            latency: how much later the answer comes, in seconds.
            rate: the share of requests hit, 0 to 1, drawn from the seed.
            seconds, minutes, hours: how long; for good when left out.
        """
        lasting = round(seconds * SECOND + minutes * MINUTE + hours * HOUR)
        from cwlab import faults  # noqa: F401  (declares the verb)

        result = self.act(
            "cwlab",
            "fault",
            operation=operation,
            service=service,
            error=error,
            latency_ms=round(latency * SECOND),
            rate=rate,
            lasting_ms=lasting or None,
            account=account,
            region=region,
        )
        return int(result["number"])

    def mend(self, fault: int | None = None) -> None:
        """Switch a fault off, or all of them."""
        from cwlab import faults  # noqa: F401

        self.act("cwlab", "mend", number=fault)

    def host(self, name: str) -> Host:
        """A machine of this lab, by its Name tag, its instance id, or its own name on premises."""
        from cwlab.hosts import find

        return find(self, name)

    def group(self, name: str, region: str | None = None) -> Group:
        """An Auto Scaling group of this lab, to give it work that its machines share."""
        from cwlab.hosts import Group

        return Group(self, name, arn.check_region(region or self.region))

    def bucket(self, name: str) -> Bucket:
        """What is in a bucket, to look at, to read, or to write out as files: ``lab.bucket("my-logs").save_to("out")``.

        Raises:
            BadInput: the lab has no such bucket.
        """
        from cwlab.buckets import Bucket

        return Bucket(self, name)

    def on_premises(self, name: str, **details: Any) -> Host:
        """Set up a machine of your own, outside AWS (see ``cwlab.hosts.on_premises``)."""
        from cwlab.hosts import on_premises

        return on_premises(self, name, **details)

    def load_metrics(
        self,
        path: str | os.PathLike[str],
        *,
        namespace: str,
        metric: str,
        dimensions: Mapping[str, str] | Iterable[Mapping[str, str]] = (),
        unit: str = "None",
        resolution: int = 60,
        shift: bool = False,
    ) -> int:
        """Load a CSV of ``timestamp,value`` as a metric; returns the number of rows.

        Rows already past are stored, whatever their age; rows ahead arrive as the clock reaches them.

        Args:
            path: the file; its times are UTC unless they say otherwise.
            namespace, metric, dimensions, unit: the metric it becomes.
            resolution: seconds to which its times are rounded down: 60, or 1 for high resolution.
            shift: move the recording in time so that it ends at the lab's now.

        Raises:
            BadFile: names the file and the line; nothing was stored.
        """
        from cwlab.services.cloudwatch import csvfile

        return csvfile.load(
            self,
            path,
            namespace=namespace,
            metric=metric,
            dimensions=dimensions,
            unit=unit,
            resolution=resolution,
            shift=shift,
        )

    def load_logs(
        self,
        path: str | os.PathLike[str],
        *,
        group: str,
        stream: str,
        replay: bool = False,
        time_format: str | None = None,
        year: int | None = None,
        encoding: str = "utf-8",
    ) -> LoadedLog:
        """Load a log file into a stream; group and stream are made if missing. Returns what was loaded, in words too.

        As history (the default) each event is stored in its own time, whatever its age; metric filters see only what comes
        in after them, so they do not see these. With ``replay`` the recording is moved to begin now and arrives
        as the clock reaches each line, so that filters, metrics and alarms act.

        Args:
            path: the file, plain or gzip. A line with a time begins an event; lines without one go on with it.
            group, stream: where the events go.
            replay: let it happen again, from now on.
            time_format: how times are written, in symbols such as ``%b %d %H:%M:%S``; found by itself when left out.
            year: of the first line, for files that leave the year out; by default the latest that is not ahead.
            encoding: of the text.

        Raises:
            BadFile: names the file and the line; nothing was stored.
            BadInput: the time format, year or encoding cannot be used.
        """
        from cwlab.services.logs import logfile

        return logfile.load(
            self,
            path,
            group=group,
            stream=stream,
            replay=replay,
            time_format=time_format,
            year=year,
            encoding=encoding,
        )

    def query(
        self,
        groups: str | Iterable[str] | None,
        text: str,
        *,
        start: str | datetime | None = None,
        end: str | datetime | None = None,
        limit: int | None = None,
        region: str | None = None,
        account: str | None = None,
    ) -> DataFrame:
        """The answer of a Logs Insights query as a table; about a virtual second passes (see ``cwlab.query``).

        Args:
            groups: a log group's name or ARN, or several; None where the text begins with SOURCE.
            text: the query.
            start, end: instants, both included; the last hour when left out.
            limit: the most rows.
            region: the groups' Region.
            account: who asks.
        """
        from cwlab.query import query

        return query(self, groups, text, start=start, end=end, limit=limit, region=region, account=account)

    def cli(self, line: str) -> str:
        """Run a command of the AWS command line against the lab; returns what it prints (see ``cwlab.commandline``).

        >>> Lab().cli("aws cloudwatch list-metrics --namespace Shop --query Metrics")
        []
        """
        from cwlab.commandline import run

        return run(self, line)

    def why(self, alarm: str, at: str | datetime | None = None) -> Why:
        """Why an alarm is in its state, now or at an instant: what it looked at, the rule, what would have changed it.

        Args:
            alarm: its name, in the lab's own account and Region.
            at: an instant since its creation; now when left out.

        Raises:
            BadInput: there is no such alarm, or there was none yet.
        """
        from cwlab.why import why

        return why(self, alarm, at)

    # -- keeping -----------------------------------------------------------------------------------------------
    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the whole lab to one file, which ``Lab.open`` reads. An older file of that name is replaced at the end."""
        from cwlab import savefile

        return savefile.save(self, path)

    @classmethod
    def open(cls, path: str | os.PathLike[str], allow_code: bool = False) -> Lab:
        """The lab a file holds. Opening one never runs code.

        Args:
            allow_code: let the functions in it run when something invokes them later. Say so for files you trust: their
                source is Python, and cwlab is no sandbox for hostile code.

        Raises:
            CorruptSave: not a saved lab, or damaged.
            NewerSave: written by a newer version of cwlab.
        """
        from cwlab import savefile

        return savefile.open_lab(cls, path, allow_code)

    @classmethod
    def recover(cls, path: str | os.PathLike[str] | None = None, allow_code: bool = False) -> Lab:
        """The lab a killed kernel left behind, from its autosaved journal: all that was answered is there again.

        Args:
            path: the journal; the only one in ``.cwlab`` under the folder you work in, when left out.
            allow_code: let the functions in it run from now on (what they did before is in the journal, and not run again).

        Raises:
            BadInput: there is no journal, or more than one: their names are in the message.
            CorruptSave, NewerSave: the journal cannot be read.
        """
        from cwlab import savefile

        return savefile.recover(cls, path, allow_code)

    def autosave(self, path: str | os.PathLike[str]) -> None:
        """From now on write each call to a file before you see its answer, for ``Lab.recover``."""
        from cwlab import savefile

        self._autosave = savefile.Autosave(self, Path(path))

    def share(self) -> str:
        """This situation as one line of text: ``Lab.from_share`` rebuilds it anywhere, by replaying what was done."""
        from cwlab import savefile

        return savefile.share(self)

    @classmethod
    def from_share(cls, text: str, allow_code: bool = False) -> Lab:
        """The lab that ``share`` put into a line of text; its functions run only with ``allow_code``."""
        from cwlab import savefile

        return savefile.from_share(cls, text, allow_code)

    def __repr__(self) -> str:
        return f"Lab at {iso(self._world.timeline.now_ms)} in {self.account}/{self.region}, {len(self.journal)} journal entries"


@contextlib.contextmanager
def _interruptible() -> Iterator[Any]:
    """Turn an interrupt from the keyboard into a wish to stop, granted between two events."""
    wished = False

    def wish(*_: Any) -> None:
        nonlocal wished
        wished = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, wish)
    try:
        yield lambda: wished
    finally:
        signal.signal(signal.SIGINT, before)
        if wished:
            raise KeyboardInterrupt
