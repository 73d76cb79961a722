"""Lade turns recorded events into training batches."""

from lade import _arrow  # noqa: F401, I001  first: lade._core links the libarrow it loads
from lade import random, synth
from lade._core import Permutation, ReadReport, __version__
from lade.batch import Batch
from lade.dataset import Dataset, convert, open  # noqa: A004
from lade.errors import ArgumentError, DataError, IoError
from lade.filters import col
from lade.limits import Limits
from lade.loader import DataLoader
from lade.recipe import (Recipe, aggregate, classes, horizon, input,  # noqa: A004
                         mix, target_family, window_target)
from lade.samplers import WindowSampler

__all__ = ["ArgumentError", "Batch", "DataError", "DataLoader", "Dataset", "IoError",
           "Limits", "Permutation", "ReadReport", "Recipe", "WindowSampler", "aggregate",
           "classes", "col", "convert", "horizon", "input", "mix", "open", "random", "synth",
           "target_family", "window_target", "__version__"]
