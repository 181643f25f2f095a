"""The bins: exact boundaries, one bin for each value, nothing lost."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.histogram import HIGHEST, LOWEST, NEGATIVE, ZERO, bins_of, boundaries, edges_of


def test_boundaries_are_the_correctly_rounded_powers_of_1_1() -> None:
    table = boundaries()
    assert len(table) == HIGHEST - LOWEST + 2
    for k in [LOWEST, -6999, -3333, *range(-200, 200), 999, 2000, 2610, HIGHEST]:
        assert table[k - LOWEST] == float(Fraction(11, 10) ** k)
    assert (np.diff(table) > 0).all()
    assert not table.flags.writeable


@given(st.floats(min_value=1e-280, max_value=2.0**360))
def test_a_value_lies_in_its_bin(value: float) -> None:
    (k,) = bins_of(np.array([value]))
    (low,), (high,) = edges_of(np.array([k]))
    assert low <= value < high


@given(st.integers(min_value=-2900, max_value=2600))
def test_a_boundary_belongs_to_the_bin_it_opens(k: int) -> None:
    edge = boundaries()[k - LOWEST]
    below, at = bins_of(np.array([np.nextafter(edge, 0), edge]))
    assert (below, at) == (k - 1, k)


def test_zero_and_negative_values_have_no_power() -> None:
    assert bins_of(np.array([0.0, -0.0, -1.0, -1e-300])).tolist() == [ZERO, ZERO, NEGATIVE, NEGATIVE]
    assert [edge.tolist() for edge in edges_of(np.array([ZERO]))] == [[0.0], [0.0]]


@pytest.mark.parametrize("tiny", [5e-324, 1e-300])
def test_the_floor_takes_whatever_is_smaller(tiny: float) -> None:
    assert bins_of(np.array([tiny])).tolist() == [LOWEST]
