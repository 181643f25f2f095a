"""CPU credits of burstable (T3) instances, exact.

Pure. Source: EC2 guide "CPU credits and baseline utilization", "Unlimited mode for burstable performance instances". One
credit is one vCPU at 100 % for one minute. A T3 instance runs in unlimited mode: it earns at a fixed rate, keeps at most a
day's earnings, may borrow up to a day's earnings (the surplus balance, paid back from later earnings), and is charged for
what it uses beyond that. It starts with none. Credits last seven days after a stop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cwlab.services.ec2.catalog import InstanceType
from cwlab.services.ec2.load import Whole

PARTS = 1_000_000
"""Parts of a credit kept: one vCPU-minute at 1/10,000 percent is one part."""
SLOT_MINUTES = 5
STOP_KEEPS_SLOTS = 7 * 24 * 60 // SLOT_MINUTES


@dataclass(frozen=True, slots=True)
class Credits:
    """Four series on the same five-minute slots, in parts of a credit."""

    usage: Whole
    balance: Whole
    surplus: Whole
    charged: Whole


def account_for(kind: InstanceType, cpu: Whole, running: Whole) -> Credits:
    """Keep the books of one instance from its launch on.

    Args:
        kind: its (burstable) type.
        cpu: CPU in each minute, in 1/10,000 percent; a multiple of five minutes.
        running: 1 for each minute the instance ran, else 0.
    """
    spent = np.add.reduceat(cpu * running, _slots(len(cpu))) * kind.vcpus if len(cpu) else cpu
    minutes = np.add.reduceat(running, _slots(len(running))) if len(running) else running
    earned = minutes * (kind.credits_per_hour * PARTS // 60)
    most = kind.max_credits * PARTS
    net = 0
    stopped = 0
    nets, charges = [], []
    for change, ran in zip((earned - spent).tolist(), minutes.tolist(), strict=True):
        charge = 0
        if ran:
            stopped = 0
            net += change
            if net > most:
                net = most
            elif net < -most:
                charge = -most - net
                net = -most
        elif net:
            stopped += 1
            if net < 0:  # a stopped instance is charged for what it borrowed
                charge, net = -net, 0
            elif stopped >= STOP_KEEPS_SLOTS:
                net = 0
        nets.append(net)
        charges.append(charge)
    books = np.array(nets, dtype=np.int64)
    return Credits(spent, np.maximum(books, 0), np.maximum(-books, 0), np.array(charges, dtype=np.int64))


def _slots(minutes: int) -> Whole:
    return np.arange(0, minutes, SLOT_MINUTES, dtype=np.int64)
