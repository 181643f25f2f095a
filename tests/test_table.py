"""Tables: undo, forks, order; the list that only grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.table import AppendOnly, Table, UndoLog

KEYS = st.sampled_from("abcde")
WRITES = st.lists(st.tuples(st.sampled_from(["set", "delete", "put"]), KEYS, st.integers()), max_size=12)


def apply(table, writes) -> None:
    for what, key, value in writes:
        if what == "set":
            table[key] = value
        elif what == "put":
            table.put({key: value, key + "?": value})
        elif key in table:
            del table[key]


@given(WRITES, WRITES)
def test_a_failed_block_changes_nothing_not_even_the_order(before, inside):
    log = UndoLog()
    table = Table(log)
    apply(table, before)
    snapshot = list(table.items())
    with pytest.raises(KeyboardInterrupt), log:
        apply(table, inside)
        raise KeyboardInterrupt
    assert list(table.items()) == snapshot
    assert log.entries == []


@given(WRITES, WRITES, WRITES)
def test_an_inner_failure_keeps_what_the_outer_block_did(before, outer, inner):
    log = UndoLog()
    table = Table(log)
    apply(table, before)
    with log:
        apply(table, outer)
        kept = list(table.items())
        with pytest.raises(ZeroDivisionError), log:
            apply(table, inner)
            raise ZeroDivisionError
        assert list(table.items()) == kept
    assert list(table.items()) == kept


@given(WRITES, WRITES, WRITES)
def test_forks_do_not_see_each_other(before, one, other):
    table, plain = Table(UndoLog()), {}
    apply(table, before)
    plain = dict(table)
    twin = table.fork(UndoLog())
    apply(table, one)
    apply(twin, other)
    mine, theirs = Table(UndoLog(), dict(plain)), Table(UndoLog(), dict(plain))
    apply(mine, one)
    apply(theirs, other)
    assert list(table.items()) == list(mine.items())
    assert list(twin.items()) == list(theirs.items())


@given(WRITES, WRITES)
def test_a_failed_block_in_a_fork_leaves_the_original_alone(before, inside):
    table = Table(UndoLog())
    apply(table, before)
    log = UndoLog()
    twin = table.fork(log)
    with pytest.raises(ZeroDivisionError), log:
        apply(twin, inside)
        raise ZeroDivisionError
    assert list(twin.items()) == list(table.items())


def test_deleting_what_is_not_there_is_a_key_error():
    with pytest.raises(KeyError):
        del Table(UndoLog())["a"]


@given(st.lists(st.integers()), st.lists(st.integers()), st.lists(st.integers()))
def test_append_only_lists_share_their_past_and_nothing_else(before, one, other):
    mine = AppendOnly(list(before))
    theirs = mine.fork()
    for item in one:
        mine.append(item)
    for item in other:
        theirs.append(item)
    assert list(mine) == before + one
    assert list(theirs) == before + other
    assert mine.since(len(before)) == one
    assert len(theirs) == len(before) + len(other)


def test_append_only_indexing():
    items = AppendOnly([1, 2, 3])
    assert items[-1] == 3
    with pytest.raises(IndexError):
        items[3]


def test_drop_removes_many_and_is_undone_together():
    log = UndoLog()
    table = Table(log, {n: str(n) for n in range(5)})
    twin = table.fork(UndoLog())
    with pytest.raises(ZeroDivisionError), log:
        table.drop([0, 3, 99])
        assert list(table) == [1, 2, 4]
        raise ZeroDivisionError
    assert list(table) == list(twin) == [0, 1, 2, 3, 4]
    table.drop([0, 3])
    assert (list(table), list(twin)) == ([1, 2, 4], [0, 1, 2, 3, 4])
