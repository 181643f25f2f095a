"""CPU credits of T3, against the figures of the EC2 guide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.ec2.catalog import TYPES
from cwlab.services.ec2.credit_books import PARTS, Credits, account_for

BURSTABLE = [each for each in TYPES.values() if each.is_burstable]


def books(name: str, percent: list[float], running: list[int] | None = None) -> Credits:
    cpu = np.array([round(each * 10_000) for each in percent], dtype=np.int64)
    ran = np.ones(len(cpu), dtype=np.int64) if running is None else np.array(running, dtype=np.int64)
    return account_for(TYPES[name], cpu, ran)


@pytest.mark.parametrize(
    ("name", "per_hour", "most", "baseline"),
    [
        ("t3.nano", 6, 144, 5),
        ("t3.micro", 12, 288, 10),
        ("t3.small", 24, 576, 20),
        ("t3.medium", 24, 576, 20),
        ("t3.large", 36, 864, 30),
    ],
)
def test_the_published_table(name: str, per_hour: int, most: int, baseline: int) -> None:
    hour = books(name, [0.0] * 60)
    assert hour.balance[-1] == per_hour * PARTS
    assert TYPES[name].max_credits == most
    at_baseline = books(name, [baseline] * 600)
    assert (at_baseline.balance == 0).all() and (at_baseline.surplus == 0).all()


def test_five_minutes_at_full_speed_use_ten_credits_on_two_vcpus() -> None:
    found = books("t3.micro", [100.0] * 5)
    assert found.usage.tolist() == [10 * PARTS]
    assert found.surplus.tolist() == [9 * PARTS]  # one credit was earned meanwhile
    assert found.charged.tolist() == [0]


def test_the_balance_stops_at_a_day_of_earnings() -> None:
    found = books("t3.micro", [0.0] * 60 * 30)
    assert found.balance.max() == 288 * PARTS
    assert found.balance[-1] == 288 * PARTS


def test_beyond_a_day_of_surplus_credits_are_charged() -> None:
    found = books("t3.micro", [100.0] * 60 * 4)
    assert found.surplus.max() == 288 * PARTS
    assert found.charged.sum() == (480 - 48 - 288) * PARTS


def test_earnings_pay_the_surplus_back_before_they_are_kept() -> None:
    found = books("t3.micro", [100.0] * 5 + [0.0] * 60)
    assert found.surplus[-1] == 0
    assert found.balance[-1] == (12 - 9) * PARTS


def test_credits_outlive_a_stop_by_seven_days() -> None:
    day = 24 * 60
    six, eight = [1] * 60 + [0] * 6 * day + [1] * 5, [1] * 60 + [0] * 8 * day + [1] * 5
    assert books("t3.micro", [0.0] * len(six), six).balance[-1] == 13 * PARTS
    assert books("t3.micro", [0.0] * len(eight), eight).balance[-1] == 1 * PARTS


def test_a_stopped_instance_is_charged_for_what_it_borrowed() -> None:
    found = books("t3.micro", [100.0] * 5 + [0.0] * 10, [1] * 5 + [0] * 10)
    assert found.charged.tolist() == [0, 9 * PARTS, 0]
    assert found.surplus[-1] == 0


@given(st.lists(st.integers(0, 100), min_size=1, max_size=40), st.sampled_from(BURSTABLE))
def test_nothing_is_lost_but_what_the_limits_cut(slots: list[int], kind: object) -> None:
    found = account_for(
        kind, np.repeat(np.array(slots, dtype=np.int64) * 10_000, 5), np.ones(5 * len(slots), np.int64)
    )  # type: ignore[arg-type]
    earned = len(slots) * kind.credits_per_hour * PARTS // 12  # type: ignore[attr-defined]
    net = earned - int(found.usage.sum()) + int(found.charged.sum())
    assert int(found.balance[-1] - found.surplus[-1]) <= net
    assert ((found.balance == 0) | (found.surplus == 0)).all()
    assert (found.charged >= 0).all()
