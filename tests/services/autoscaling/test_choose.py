"""Where instances go and which leave: laws over any group."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.autoscaling.choose import leaving, next_place
from cwlab.services.autoscaling.records import Member, Template

TEMPLATE = Template("lt-1", "web", "1")


def member(number: int, zone: str, joined: int, protected: bool = False) -> Member:
    return Member(
        f"i-{number}", "t3.micro", zone, "s", "InService", TEMPLATE, joined, "a", protected=protected
    )


@given(st.lists(st.sampled_from("abc"), max_size=20), st.integers(0, 12))
def test_launching_evens_the_zones_out(taken: list[str], more: int) -> None:
    places = ["a", "b", "c"]
    spread = list(taken)
    for _ in range(more):
        spread.append(next_place(places, spread))
    before, after = [taken.count(p) for p in places], [spread.count(p) for p in places]
    assert max(after) - min(after) <= max(max(before) - min(before), 1)
    assert all(x <= y for x, y in zip(before, after, strict=True))


members = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.booleans()), max_size=10).map(
    lambda rows: [member(number, *row) for number, row in enumerate(rows)]
)


@given(members, st.integers(0, 12))
def test_leaving_spares_the_protected_and_never_takes_from_the_emptier_zone(
    found: list[Member], count: int
) -> None:
    gone = leaving(found, count)
    free = [each for each in found if not each.protected]
    assert len(gone) == min(count, len(free)) and not any(each.protected for each in gone)
    assert len({each.instance_id for each in gone}) == len(gone)
    if not any(each.protected for each in found):
        left = [each.zone for each in found if each not in gone]
        before = [[each.zone for each in found].count(zone) for zone in "ab"]
        assert abs(left.count("a") - left.count("b")) <= max(abs(before[0] - before[1]), 1)


def test_the_longest_in_the_group_leaves_first() -> None:
    found = [member(1, "a", 5), member(2, "a", 3), member(3, "b", 1)]
    assert [each.instance_id for each in leaving(found, 1)] == ["i-2"]
