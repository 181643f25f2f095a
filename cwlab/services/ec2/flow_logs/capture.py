"""Packets come, are judged at the instant they come, and are counted.

    lab.act("ec2", "traffic", flows=[(at_ms, "203.0.113.9", 40000, "i-0123…", 22, "tcp", 20, 4249, 15, 3800)])

What is still to come waits in a table, minute by minute. ``settle`` judges what has come by now, by the rules that stand now:
so it runs before anything that could change them, and before a window is delivered. What no flow log looks at is dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from operator import itemgetter
from typing import Any

from cwlab.api import Call, verb
from cwlab.arn import GLOBAL
from cwlab.errors import BadInput, NotModelled
from cwlab.services.ec2 import catalog, reach
from cwlab.services.ec2.flow_logs import clock
from cwlab.services.ec2.flow_logs.journey import ICMP, SILENT, TCP, UDP, Place, journey, never_logged, place
from cwlab.services.ec2.flow_logs.records import FlowLog, Row, Window
from cwlab.services.ec2.records import Interface
from cwlab.timeline import MINUTE

PROTOCOLS = {"icmp": ICMP, "tcp": TCP, "udp": UDP}
MOST_SECONDS = 86_400
MOST_PIECES = 1_000_000
TRIES, TRY_BYTES, TRY_MS = 4, 60, 7_000
"""A client whose SYN stays unanswered sends it again three times, after 1, 2 and 4 seconds; such a packet has 60 bytes."""
FIN, SYN, SYN_ACK = 1, 2, 18

Piece = tuple[int, int, str, int, str, int, int, int, int, int, int, tuple[int, bool, bool] | None]
"""The part of a flow in one minute: first and last instant, source, its port, destination, its port, protocol, packets, bytes,
packets and bytes of the answer; and, where the flow has several parts, its number, whether this is the first, the last."""


@verb("ec2", "traffic")
def traffic(call: Call, *, flows: Sequence[Sequence[Any]]) -> None:
    """Connections that are opened now or later: packets on network interfaces.

    Args:
        flows: of each: when (ms since 1970), source, source port, destination, destination port, protocol (tcp, udp, icmp or
            a number), packets, bytes, packets and bytes of the answer, and if it lasts, for how many seconds. Ends are IPv4
            addresses, or ids of instances or interfaces. Ports of ICMP are 0; an ICMP flow is a ping.

    What security groups and network ACLs let through is decided when the packets come. A TCP connection that is not let
    through has only the packets of its attempts: at most four each way. An end that does not run sends and answers nothing.

    Raises:
        BadInput: a flow that cannot be; nothing of it was taken.
        NotModelled: IPv6.
    """
    settle(call)
    checked = _Checked(call)
    minutes: dict[int, list[Piece]] = {}
    if not isinstance(flows, list | tuple):
        raise BadInput(flows, "is no list of flows.")
    for pieces in [checked.pieces(flow) for flow in flows]:  # all are checked before the first is cut
        for piece in pieces:
            minutes.setdefault(piece[0] // MINUTE, []).append(piece)
    packets = call.table("packets")
    for minute, fresh in sorted(minutes.items()):
        packets[minute] = tuple(sorted((*packets.get(minute, ()), *fresh), key=itemgetter(0)))
    settle(call)
    clock.arrange(call)


class _Checked:
    """Flows as they were given, checked and cut into minutes."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.ends: set[str] = set()
        self.count = 0

    def pieces(self, flow: Sequence[Any]) -> Iterable[Piece]:
        if not isinstance(flow, list | tuple) or len(flow) not in (10, 11):
            raise BadInput(flow, "is no flow.", "Give 10 values, or 11 if it lasts.")
        at_ms, source, port_from, destination, port_to, named, packets, size, back, back_size, *lasts = flow
        protocol = PROTOCOLS.get(named, named) if isinstance(named, str) else named
        for name, value, low, high in (
            ("time", at_ms, self.call.now_ms, 1 << 53),
            ("source port", port_from, 0, 65_535),
            ("destination port", port_to, 0, 65_535),
            ("protocol", protocol, 0, 255),
            ("number of packets", packets, 1, 1 << 40),
            ("number of bytes", size, 0, 1 << 50),
            ("number of packets of the answer", back, 0, 1 << 40),
            ("number of bytes of the answer", back_size, 0, 1 << 50),
        ):
            if type(value) is not int or not low <= value <= high:
                raise BadInput(
                    value, f"is no {name} of a flow.", f"Give a whole number from {low} to {high}."
                )
        for end in (source, destination):
            if not isinstance(end, str) or end not in self.ends:
                self._end(end)
        if protocol == ICMP and (port_from or port_to):
            raise BadInput((port_from, port_to), "ICMP has no ports.", "Give 0.")
        seconds = lasts[0] if lasts else 0
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= MOST_SECONDS
        ):
            raise BadInput(seconds, "is not how long a flow lasts.", f"Give seconds, at most {MOST_SECONDS}.")
        end_ms = at_ms + round(seconds * 1_000)
        self.count += end_ms // MINUTE - at_ms // MINUTE + 1
        if self.count > MOST_PIECES:
            raise BadInput(
                self.count,
                f"parts are more than {MOST_PIECES}: a flow has one for each minute it lasts.",
                "Give fewer flows, or shorter ones.",
            )
        who: tuple[str, int, str, int, int] = (source, port_from, destination, port_to, int(protocol))
        if at_ms // MINUTE == end_ms // MINUTE:
            return [(at_ms, end_ms, *who, packets, size, back, back_size, None)]
        return self._cut(at_ms, end_ms, who, (packets, size, back, back_size))

    def _cut(
        self, at_ms: int, end_ms: int, who: tuple[str, int, str, int, int], totals: tuple[int, ...]
    ) -> Iterable[Piece]:
        """The packets spread evenly over the time; the first of each way comes at once."""
        counters = self.call.table("flow_numbers")
        number = counters["next"] = counters.get("next", 0) + 1
        first, last = at_ms // MINUTE, end_ms // MINUTE
        parts: list[tuple[int, int, list[int]]] = []
        done = [0, 0, 0, 0]
        for minute in range(first, last + 1):
            start, end = max(at_ms, minute * MINUTE), min(end_ms, (minute + 1) * MINUTE - 1)
            past = end_ms - at_ms if minute == last else end - at_ms
            here = [0, 0, 0, 0]
            for way in (0, 2):
                count, size = _share(totals[way], totals[way + 1], past, end_ms - at_ms)
                if count > done[way]:  # bytes come in packets
                    here[way], here[way + 1] = count - done[way], size - done[way + 1]
                    done[way], done[way + 1] = count, size
            if here[0] or here[2]:
                parts.append((start, end, here))
        for place_, (start, end, (packets, size, back, back_size)) in enumerate(parts):
            mark = (number, place_ == 0, place_ == len(parts) - 1)
            yield (start, end, *who, packets, size, back, back_size, mark)

    def _end(self, end: Any) -> None:
        """An end that can be.

        Raises:
            BadInput: it is neither an address nor an id of this Region, or the address is in several VPCs.
            NotModelled: IPv6.
        """
        call = self.call
        if not isinstance(end, str):
            raise BadInput(
                end, "is no end of a flow.", "Give an IPv4 address, or the id of an instance or interface."
            )
        if end.startswith(("i-", "eni-")):
            kind = "instances" if end.startswith("i-") else "interfaces"
            if end not in call.table(kind):
                raise BadInput(end, f"is not one of the {kind} of {call.region}.")
        else:
            try:
                IPv4Address(end)
            except AddressValueError:
                _refuse(end)
            found = [nic.interface_id for nic in call.table("interfaces").values() if nic.private_ip == end]
            if len(found) > 1:
                raise BadInput(
                    end, f"is the address of several interfaces: {', '.join(found)}.", "Give an id."
                )
        self.ends.add(end)


def _share(packets: int, size: int, numerator: int, denominator: int) -> tuple[int, int]:
    """Packets and bytes that have come when a part of the time is over: at least the first packet."""
    if not packets:
        return 0, 0
    return max(packets * numerator // denominator, 1), max(size * numerator // denominator, size // packets)


def _refuse(end: str) -> None:
    try:
        IPv6Address(end)
    except AddressValueError:
        raise BadInput(
            end, "is no end of a flow.", "Give an IPv4 address, or the id of an instance or interface."
        ) from None
    raise NotModelled(f"Traffic of the IPv6 address {end}", "Modeled: IPv4.")


# Judging and counting ----------------------------------------------------------------------------------------------


def settle(call: Call) -> None:
    """Judge and count the packets that have come by now, and forget them."""
    waiting = call.table("packets")
    if not waiting:
        return
    now_ms = call.now_ms
    this = now_ms // MINUTE
    pieces: list[Piece] = []
    for minute in sorted(each for each in waiting if each <= this):
        rows: tuple[Piece, ...] = waiting[minute]
        cut = len(rows) if minute < this else bisect_right(rows, now_ms, key=itemgetter(0))
        if cut:
            pieces.extend(rows[:cut])
            if cut == len(rows):
                del waiting[minute]
            else:
                waiting[minute] = rows[cut:]
    logs = list(call.table("flow_logs").values())
    if pieces and logs:
        _Count(call, logs).take(pieces)
    elif not logs:
        call.table("tracked_flows").clear()  # nobody looked


def interval_s(call: Call, log: FlowLog, nic: Interface) -> int:
    """How long a flow log's windows are at an interface: 60 s at most on Nitro instances, whatever is set."""
    if nic.kind == "interface":
        instance = call.table("instances").get(nic.owner)
        if instance is not None and catalog.TYPES[instance.instance_type].is_nitro:
            return min(log.interval_s, 60)
    return log.interval_s


def covers(log: FlowLog, nic: Interface) -> bool:
    return log.resource_id in (nic.interface_id, nic.subnet_id, nic.vpc_id)


Where = tuple[Place, list[tuple[FlowLog, int]]]


class _Count:
    """One settling: what stands now is looked up once."""

    def __init__(self, call: Call, logs: list[FlowLog]) -> None:
        self.call = call
        self.logs = logs
        self.network = reach.network(call.world, call.account, call.region)
        self.machines = tuple(call.table("machines", region=GLOBAL).values())
        interfaces = list(self.network.interfaces.values())
        self.by_address = {nic.private_ip: nic for nic in interfaces} | {
            nic.public_ip: nic for nic in interfaces if nic.public_ip is not None
        }
        self.at: dict[str, Where] = {}  # by interface id
        self.found: dict[
            str, tuple[str | None, str, bool]
        ] = {}  # an end: interface id, address, whether it lives
        self.windows: dict[tuple[str, str, int], dict[tuple[Any, ...], list[int]]] = {}
        self.tracked = call.table("tracked_flows")

    def take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._take(piece)
        table = self.call.table("flow_windows")
        for (log_id, nic_id, start_s), rows in self.windows.items():
            at, logs = self.at[nic_id]
            nic = at.interface
            interval = next(interval for log, interval in logs if log.flow_log_id == log_id)
            table[log_id, nic_id, start_s] = Window(
                log_id,
                nic_id,
                start_s,
                interval,
                nic.vpc_id,
                nic.subnet_id,
                self.network.subnets[nic.subnet_id].zone_id,
                nic.owner if nic.kind == "interface" else "-",
                tuple((*key, *totals) for key, totals in rows.items()),
            )

    def _take(self, piece: Piece) -> None:
        (
            at_ms,
            end_ms,
            source,
            port_from,
            destination,
            port_to,
            protocol,
            packets,
            size,
            back,
            back_size,
            mark,
        ) = piece
        number, is_first, is_last = mark or (0, True, True)
        known = None if is_first else self.tracked.get(number)
        if is_last:
            self.tracked.pop(number, None)
        elif is_first and protocol == TCP:
            self.tracked[number] = False
        if known is False:
            return  # who opened it has given up
        from_id, source, lives = self._find(source)
        to_id, destination, answers = self._find(destination)
        if not (lives and answers) or (from_id is None and to_id is None) or from_id == to_id:
            return
        sender = None if from_id is None else self.at[from_id][0]
        receiver = None if to_id is None else self.at[to_id][0]
        if sender is not None:
            source = sender.interface.private_ip
            if receiver is not None and sender.interface.vpc_id != receiver.interface.vpc_id:
                destination = receiver.interface.public_ip or ""
                if not destination:
                    return  # no way leads to a private address of another VPC
        if source in SILENT or destination in SILENT:
            return
        ports = (port_from, port_to)
        if sender is not None and never_logged(sender, destination, port_to, ports, protocol):
            return
        if receiver is not None and never_logged(receiver, source, port_from, ports, protocol):
            return
        is_open = known is True
        steps, whole = journey(
            self.network,
            sender,
            source,
            receiver,
            destination,
            ports,
            protocol,
            tracked=is_open,
            machines=self.machines,
        )
        if not is_last and (whole or (protocol == TCP and not is_open)):
            self.tracked[number] = whole
        there, here = 0, 0
        if protocol == TCP:
            if is_first or not (is_open or whole):
                there, here = SYN, SYN_ACK
            if not whole and not is_open:
                end_ms = min(end_ms, at_ms + TRY_MS)
                packets, size = min(packets, TRIES), min(size, TRY_BYTES * TRIES, TRY_BYTES * packets)
                back, back_size = min(back, TRIES), min(back_size, TRY_BYTES * TRIES, TRY_BYTES * back)
            elif whole and is_last and back:
                there, here = there | FIN, here | FIN
        start_s, end_s = at_ms // 1_000, end_ms // 1_000
        for step in steps:
            if step.reply:
                if back:
                    self._add(step, port_to, port_from, protocol, back, back_size, start_s, end_s, here)
            elif packets:
                self._add(step, port_from, port_to, protocol, packets, size, start_s, end_s, there)

    def _find(self, end: str) -> tuple[str | None, str, bool]:
        """The interface an end is, if it is one, its address, and whether it sends and answers."""
        known = self.found.get(end)
        if known is None:
            if end not in self.by_address and end[0].isdigit():
                return None, end, True
            known = self.found[end] = self._look(end)
        return known

    def _look(self, end: str) -> tuple[str | None, str, bool]:
        interfaces, instances = self.network.interfaces, self.call.table("instances")
        nic: Interface | None
        if end.startswith("eni-"):
            nic = interfaces.get(end)
        elif end.startswith("i-"):
            nic = interfaces.get(instances[end].interface_id) if end in instances else None
        else:
            nic = self.by_address[end]
        if nic is None:
            return None, end, False
        if nic.interface_id not in self.at:
            logs = [(log, interval_s(self.call, log, nic)) for log in self.logs if covers(log, nic)]
            self.at[nic.interface_id] = place(self.network, nic), logs
        lives = nic.kind != "interface" or (
            nic.owner in instances and instances[nic.owner].state == "running"
        )
        return nic.interface_id, end if end == nic.public_ip else nic.private_ip, lives

    def _add(
        self,
        step: Any,
        port_from: int,
        port_to: int,
        protocol: int,
        packets: int,
        size: int,
        start_s: int,
        end_s: int,
        flags: int,
    ) -> None:
        nic, egress, _, peer, allowed = step
        action = "ACCEPT" if allowed else "REJECT"
        own = nic.private_ip
        key = (
            (own, port_from, peer, port_to, protocol, action, "egress")
            if egress
            else (peer, port_from, own, port_to, protocol, action, "ingress")
        )
        for log, interval in self.at[nic.interface_id][1]:
            place_ = (log.flow_log_id, nic.interface_id, start_s // interval * interval)
            rows = self.windows.get(place_)
            if rows is None:
                rows = self.windows[place_] = self._reopen(place_)
            if log.traffic not in ("ALL", action):
                continue
            totals = rows.get(key)
            if totals is None:
                rows[key] = [packets, size, start_s, end_s, flags]
            else:
                totals[0] += packets
                totals[1] += size
                totals[2] = min(totals[2], start_s)
                totals[3] = max(totals[3], end_s)
                totals[4] |= flags

    def _reopen(self, where: tuple[str, str, int]) -> dict[tuple[Any, ...], list[int]]:
        window: Window | None = self.call.table("flow_windows").get(where)
        rows: Iterable[Row] = () if window is None else window.rows
        return {row[:7]: list(row[7:]) for row in rows}
