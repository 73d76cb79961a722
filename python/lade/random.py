"""Counter-based random numbers: every value is a pure function of a key and a position.

Frozen for ever; the same numbers as `lade::random` in C++.
"""

from lade._core import Permutation, below, draw, key, mix64, unit

__all__ = ["Permutation", "below", "draw", "key", "mix64", "unit"]
