"""The world: all state of all accounts, as one value you can hold two of.

State is a set of tables, one for each account, Region, service and name. Everything in them is immutable, so a
fork shares it all and copies only what either side later writes. Every random choice is drawn from the seed
through counters that live in a table as well: the same seed and the same calls give the same bytes, on every
machine.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from cwlab.api import (
    HANDLERS,
    OPERATIONS,
    WORLD,
    Call,
    Door,
    Operation,
    Principal,
    Request,
    load,
    service_principal,
)
from cwlab.arn import arn
from cwlab.errors import AwsError, CwlabError, NotModelled
from cwlab.journal import MOVES, Entry, Journal
from cwlab.table import Table, UndoLog
from cwlab.timeline import Entry as Due
from cwlab.timeline import Timeline

TableKey = tuple[str, str, str, str]  # account, Region, service, name
FORESEEN = "foreseen"  # a service's table of what it counts on while nothing happens
UNFORESEEN = "unforeseen"  # the service's handler that is told when something may have happened


class World:
    """One timeline with everything that lives on it."""

    def __init__(self, seed: int, start_ms: int, account: str, region: str) -> None:
        self.seed, self.start_ms, self.account, self.region = seed, start_ms, account, region
        self.lock = threading.RLock()
        self.log = UndoLog()
        self.tables: dict[TableKey, Table] = {}
        self.timeline = Timeline(start_ms, self.log)
        self.journal = Journal()
        self.door = Door(self)
        self.listeners: list[Callable[[Entry], None]] = []  # told of every entry; not part of the value
        # In a lab from a file the hashes of the code you brought since, which alone may run; None: all code may.
        self.own_code: frozenset[str] | None = None
        self.tape: dict[str, Any] | None = None  # during a replay: how each run of a function ended

    # -- state -------------------------------------------------------------------------------------------------
    def table(self, account: str, region: str, service: str, name: str) -> Table:
        """The table of that name, empty at first."""
        key = (account, region, service, name)
        found = self.tables.get(key)
        if found is None:
            found = self.tables[key] = Table(self.log)
        return found

    def fork(self) -> World:
        """An independent copy: both go on, neither sees the other."""
        with self.lock:
            twin = World(self.seed, self.start_ms, self.account, self.region)
            twin.tables = {key: table.fork(twin.log) for key, table in self.tables.items()}
            twin.timeline = self.timeline.fork(twin.log)
            twin.journal = self.journal.fork()
            twin.own_code = self.own_code
            return twin

    # -- chance, from the seed ---------------------------------------------------------------------------------
    def _digest(self, stream: str) -> bytes:
        counters = self.table("", "", "cwlab", "draws")
        n = counters.get(stream, 0)
        counters[stream] = n + 1
        return hashlib.blake2b(f"{self.seed}/{stream}/{n}".encode(), digest_size=32).digest()

    def draw(self, stream: str) -> float:
        """The next number in [0, 1) of a stream."""
        return (int.from_bytes(self._digest(stream)[:8], "big") >> 11) / (1 << 53)

    def letters(self, stream: str, n: int, alphabet: str = "0123456789abcdef") -> str:
        """The next ``n`` characters of a stream (at most 48)."""
        number = int.from_bytes(self._digest(stream), "big")
        out = []
        for _ in range(n):
            number, k = divmod(number, len(alphabet))
            out.append(alphabet[k])
        return "".join(out)

    def mark(self, purpose: str) -> bytes:
        """Bytes that belong to this point of the journal: for what is drawn outside the door (request ids, retry
        delays), so that a rewound world draws them as before."""
        return hashlib.blake2b(
            f"{self.seed}/{purpose}/{self.journal.position}".encode(), digest_size=16
        ).digest()

    # -- callers -----------------------------------------------------------------------------------------------
    def administrator(self, account: str) -> Principal:
        """Who you are unless you say otherwise."""
        return Principal(arn("iam", "", account, "user/admin"), account)

    def role_session(self, role_arn: str, session_name: str) -> Principal:
        """A session of a role, as a service or a host would hold it."""
        account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        return Principal(arn("sts", "", account, f"assumed-role/{name}/{session_name}"), account, "role")

    def service_session(
        self, role_arn: str, service: str, session_name: str, source: Mapping[str, str] | None = None
    ) -> Principal:
        """A session of a role taken on by an AWS service, if the role's trust policy lets that service.

        Args:
            service: as policies name it, ``ec2.amazonaws.com``.
            source: condition keys that say for whom it acts: ``aws:SourceAccount``, ``aws:SourceArn``.

        Raises:
            AwsError: AccessDenied, where the role is missing or trusts others.
        """
        load("iam")
        from cwlab.services.iam import authorize

        decision = authorize.may_assume(self, role_arn, service, source)
        if not decision.allowed:
            raise AwsError("AccessDenied", decision.message, 403)
        return self.role_session(role_arn, session_name)

    def user_id(self, principal: Principal) -> str:
        """The unique id of a caller, as ``aws:userid`` has it; a made-up one of that form when it is gone."""
        load("iam")
        from cwlab.services.iam import authorize, lookup

        try:
            known = lookup.standing(principal, authorize.tables(self)).context or {}
        except AwsError:
            known = {}
        found = known.get("aws:userid")
        return found if isinstance(found, str) else f"{'AROA' if principal.kind == 'role' else 'AIDA'}DELETED"

    # -- the door's hooks --------------------------------------------------------------------------------------
    def reach(self, call: Call) -> None:
        """Step 1: a request from a host takes that host's route."""
        if call.request.source is not None:
            load("ec2")
            from cwlab.services.ec2 import reach

            reach.check(call)

    def authorize(self, call: Call, target: Operation) -> None:
        """Step 2: IAM. The built-in administrator of the same account needs no look-up."""
        request = call.request
        principal = request.principal
        if principal.kind == "world" or (
            request.path is None
            and target.policy is None
            and principal.kind == "user"
            and principal.account == request.account
            and principal.arn.endswith(":user/admin")
        ):
            return
        load("iam")
        from cwlab.services.iam import authorize

        authorize.check(call, target)

    def inject(self, call: Call) -> None:
        """Step 3: faults switched on for this service and operation."""
        faults = self.tables.get(("", "", "cwlab", "faults"))
        if faults:
            from cwlab import faults as rules

            rules.inject(call, faults)

    def record(
        self,
        seq: int,
        parent: int | None,
        at_ms: int,
        request: Request,
        result: Any,
        error: CwlabError | None,
    ) -> None:
        """Step 5: the journal."""
        code = message = None
        if error is not None:
            code = error.code if isinstance(error, AwsError) else type(error).__name__
            message = error.message if isinstance(error, AwsError) else str(error)
        self.note(
            Entry(
                seq,
                at_ms,
                request.kind,
                request.account,
                request.region,
                request.service,
                request.operation,
                request.params if request.kept is None else request.kept,
                request.principal,
                request.source,
                request.depth,
                parent,
                code,
                message,
                None if self._reads(request) else result,
            )
        )

    @staticmethod
    def _reads(request: Request) -> bool:
        found = OPERATIONS.get(request.service, {}).get(request.operation)
        return found is None or found.readonly

    def note(self, entry: Entry) -> None:
        """Write an entry and tell the listeners, before anybody sees the answer."""
        self.journal.add(entry)
        for listener in self.listeners:
            listener(entry)

    def brought(self, code: str) -> None:
        """You upload code, by its hash: what you bring yourself may run. What a replay uploads again is not yours by that."""
        if self.own_code is not None and self.tape is None:
            self.own_code |= {code}

    def ran(
        self, call: Call, place: tuple[int | None, int], name: str, run: str, role: Principal, outcome: Any
    ) -> None:
        """Write down that a function's source ran.

        Args:
            place: what ``journal.enter`` gave before it ran; what it called is inside.
            name: the function's.
            run: by what a replay knows it again.
            outcome: how it ended, and what it called.
        """
        parent, seq = place
        depth = call.request.depth + 1
        request = {"function": name, "run": run}
        self.note(
            Entry(seq, call.now_ms, "ran", role.account, call.region, call.service, "run", request, role, None, depth,
                  parent, result=outcome)
        )  # fmt: skip

    # -- time --------------------------------------------------------------------------------------------------
    def act(
        self,
        service: str,
        verb: str,
        args: dict[str, Any],
        account: str | None = None,
        region: str | None = None,
    ) -> Any:
        """Do something to the world that is no API call; it passes the same door and is journaled."""
        return self.door(
            Request(service, verb, args, WORLD, account or self.account, region or self.region, kind="verb")
        )

    def run_until(
        self,
        target_ms: int,
        *,
        steps: int | None = None,
        kind: str = "advance",
        between: Callable[[int], bool] | None = None,
    ) -> None:
        """Let time pass up to and including ``target_ms``; the move is journaled, also when it is interrupted."""
        with self.lock:
            start_ms, done, finished = self.timeline.now_ms, 0, False

            def counted(due: Due) -> None:
                nonlocal done
                self._happen(due)
                done += 1

            if target_ms > start_ms:
                self.unforeseen(start_ms)
            try:
                self.timeline.run_until(target_ms, counted, steps=steps, between=between)
                finished = self.timeline.now_ms >= target_ms and steps is None
            finally:
                if done or self.timeline.now_ms > start_ms:
                    params = {"until_ms": self.timeline.now_ms} | ({} if finished else {"steps": done})
                    self.note(Entry(self.journal.position, start_ms, kind, self.account, self.region, "", kind, params,
                                    None, None, 0, None))  # fmt: skip

    def unforeseen(self, since_ms: int) -> None:
        """What was foreseen from an instant on may come differently: tell every service that counts on it.

        A service that looked ahead, which holds while nothing happens but what it has seen on the agenda, says so in its
        table ``foreseen``. At the beginning of each run anything may have been done to the world.
        """
        places = [key for key, table in self.tables.items() if key[3] == FORESEEN and table]
        for account, region, service, _ in sorted(places):
            load(service)
            principal = service_principal(f"{service}.amazonaws.com")
            request = Request(service, UNFORESEEN, {}, principal, account, region, kind="event")
            HANDLERS[service, UNFORESEEN](Call(self, request), since_ms=since_ms)

    def _happen(self, due: Due) -> None:
        """What falls due happens as one whole or not at all. A refusal is written down, and time goes on."""
        load(due.service)
        function = HANDLERS.get((due.service, due.handler))
        if function is None:
            raise NotModelled(f"The agenda entry {due.service}.{due.handler}")
        request = Request(
            due.service,
            due.handler,
            due.args,
            service_principal(f"{due.service}.amazonaws.com"),
            due.account,
            due.region,
            kind="event",
        )
        before = self.journal.mark()
        try:
            with self.log:
                function(Call(self, request), **due.args)
        except AwsError as problem:
            request.depth = 1
            self.record(self.journal.number(), None, self.timeline.now_ms, request, None, problem)
        except BaseException:
            self.journal.reset(before)
            raise

    def replay(self, entries: list[Entry], until_ms: int | None = None) -> None:
        """Do again what came from outside, in order; up to and including ``until_ms`` where given.

        A call that failed had changed nothing, so its lines are copied and it is not made again. A function's source
        does not run again either: how it ended, and what it called, is in the journal.
        """
        self.tape = {e.params.get("run", ""): e.result for e in entries if e.kind == "ran"}
        try:
            self._replay(entries, until_ms)
        finally:
            self.tape = None

    def _replay(self, entries: list[Entry], until_ms: int | None) -> None:
        inside: list[Entry] = []  # what the world did by itself since the last input
        for entry in entries:
            if entry.depth:
                inside.append(entry)
                continue
            if until_ms is not None and entry.at_ms > until_ms:
                break
            if entry.kind in MOVES:
                if entry.at_ms == until_ms:
                    break  # a move always has a length: this one leads away from the instant asked for
                target = entry.params["until_ms"]
                clipped = target if until_ms is None else min(target, until_ms)
                self.run_until(clipped, steps=entry.params.get("steps"), kind=entry.kind)
            elif entry.error is not None:
                for line in [e for e in inside if e.seq > entry.seq] + [entry]:
                    self.note(line)
            else:
                self.door(
                    Request(
                        entry.service,
                        entry.operation,
                        entry.params,
                        entry.caller,
                        entry.account,
                        entry.region,
                        entry.source,
                        entry.kind,
                    )
                )
            inside = []
        if until_ms is not None and self.timeline.now_ms < until_ms:
            self.run_until(until_ms)
