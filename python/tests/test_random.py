"""The frozen numbers, as C++ has them."""

import pytest
from hypothesis import given, strategies as st

import lade
from lade import random


def test_draw_has_the_frozen_values():
    assert [random.draw(0, i) for i in range(3)] == [
        0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_key_has_the_frozen_values():
    assert random.key(7) == 0x0CED3A99F4F5A1BE
    assert random.key(7, 0, 1) == 0x066A2D5015903A5A
    assert random.key(7, 1, 1) == 0x06EDFA71F58300CC


def test_key_takes_negative_numbers_as_twos_complement():
    assert random.key(-1) == random.key(2**64 - 1)


def test_permutation_has_the_frozen_values():
    p = lade.Permutation(10, random.key(7, 0, 1))
    assert [p(i) for i in range(10)] == [1, 6, 9, 0, 8, 2, 5, 3, 4, 7]
    assert p.inverse(3) == 7
    q = lade.Permutation(10, random.key(7, 1, 1))
    assert [q(i) for i in range(10)] == [5, 6, 8, 1, 0, 7, 2, 3, 9, 4]
    big = lade.Permutation(10**6, random.key(7, 0, 1))
    assert [big(i) for i in range(4)] == [534320, 245357, 483609, 609161]


@given(st.integers(1, 2**40), st.integers(0, 2**64 - 1), st.data())
def test_inverse_undoes_the_permutation(n, k, data):
    p = lade.Permutation(n, k)
    i = data.draw(st.integers(0, n - 1))
    assert p.inverse(p(i)) == i


def test_refuses_positions_outside():
    p = lade.Permutation(3, 0)
    with pytest.raises(lade.ArgumentError, match="0..n-1"):
        p(3)
    with pytest.raises(lade.ArgumentError, match="n must be"):
        lade.Permutation(-1, 0)


def test_below_and_unit_stay_in_their_range():
    assert all(0 <= random.below(1, i, 10) < 10 for i in range(100))
    assert random.unit(2**64 - 1) < 1.0
