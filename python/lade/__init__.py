"""Lade turns recorded events into training batches."""

from lade import _arrow  # first: its libarrow is the one that lade._core links
from lade import _core
from lade._core import __version__, random
from lade._core.random import Permutation
from lade.errors import ArgumentError, DataError, IoError

__all__ = ["ArgumentError", "DataError", "IoError", "Permutation", "random", "__version__"]
