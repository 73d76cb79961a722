"""Lade turns recorded events into training batches."""

from lade import _arrow  # first: its libarrow is the one that lade._core links
from lade import random
from lade._core import Permutation, __version__
from lade.errors import ArgumentError, DataError, IoError

__all__ = ["ArgumentError", "DataError", "IoError", "Permutation", "random", "__version__"]
