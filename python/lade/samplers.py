"""Samplers: what of a dataset is a sample, beyond an order of ids."""

import dataclasses

from lade.dataset import whole
from lade.errors import ArgumentError


@dataclasses.dataclass(frozen=True)
class WindowSampler:
    """Random slices of each sequence, other ones in each epoch, for contrastive learning.

    `DataLoader(dataset, recipe, batch_size=64, sampler=WindowSampler(5, 25, 100))` gives
    batches of 64 sequences in 64 * 5 rows: the slices of a sequence are adjacent, and
    `batch.group` [rows] holds its number. A slice has min_length to max_length events, both
    included, uniformly; so is its place. `shuffle` orders the sequences. Sequences shorter
    than min_length give no sample and are counted (`sequences_without_sample`), or are their
    own slices with on_short="whole".
    """

    split_count: int = 5
    min_length: int = 25
    max_length: int = 100
    kind: str = "slices"
    on_short: str = "drop"

    def __post_init__(self):
        for name in ("split_count", "min_length", "max_length"):
            whole(getattr(self, name), f"WindowSampler: {name}", 1)
        if self.min_length > self.max_length:
            raise ArgumentError("WindowSampler: min_length must be <= max_length, got "
                                f"{self.min_length} and {self.max_length}")
        if self.kind != "slices":
            raise ArgumentError(f"WindowSampler: kind must be 'slices', got {self.kind!r}")
        if self.on_short not in ("drop", "whole"):
            raise ArgumentError("WindowSampler: on_short must be 'drop' or 'whole', got "
                                f"{self.on_short!r}")
