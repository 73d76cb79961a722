# SPDX-License-Identifier: Apache-2.0
"""Padded batches of whole sequences from memory: Lade against torch's DataLoader.

50,000 sequences, five number columns, B = 256, global shuffle: f32 [B, S, 5] and lengths. The
peers get the columns already converted to one f32 array and joined per event, which Lade does
anew for each batch. Three careful ways to collate with torch are raced, the best one counts:
pad_sequence over tensors, one gather by an index matrix, and a copy per sequence into zeros.
"""

from __future__ import annotations

import pathlib
import statistics
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402
from loading import sequences  # noqa: E402

import lade  # noqa: E402

COLUMNS = ["a", "b", "c", "d", "e"]


class Sequences(torch.utils.data.Dataset):
    """Events of all sequences in one [E, F] tensor; an item is its number."""

    def __init__(self, table):
        entity = table["entity"].to_numpy()
        self.first = np.concatenate([[0], np.flatnonzero(np.diff(entity)) + 1, [len(entity)]])
        columns = [table[name].to_numpy().astype(np.float32) for name in COLUMNS]
        self.events = torch.from_numpy(np.stack(columns, axis=1).copy())

    def __len__(self):
        return len(self.first) - 1

    def __getitem__(self, index):
        return index

    def bounds(self, indices):
        ids = np.asarray(indices)
        return self.first[ids], self.first[ids + 1] - self.first[ids]

    def pad_sequence(self, indices):
        start, length = self.bounds(indices)
        rows = [self.events[s:s + n] for s, n in zip(start.tolist(), length.tolist(), strict=True)]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.from_numpy(length)

    def gather(self, indices):
        start, length = self.bounds(indices)
        step = torch.arange(int(length.max()))
        size = torch.from_numpy(length)[:, None]
        at = torch.from_numpy(start)[:, None] + torch.minimum(step, size - 1)
        return self.events[at] * (step < size)[..., None], size[:, 0]

    def copy_into_zeros(self, indices):
        start, length = self.bounds(indices)
        out = torch.zeros(len(length), int(length.max()), self.events.shape[1])
        for row, (s, n) in enumerate(zip(start.tolist(), length.tolist(), strict=True)):
            out[row, :n] = self.events[s:s + n]
        return out, torch.from_numpy(length)


def epoch_of(loader):
    """One whole epoch; a checksum shows that every batch was there."""
    rows = 0
    for numbers, _ in loader:
        rows += numbers.shape[0]
    return rows


def races(options):
    count = 2_000 if options.quick else 50_000
    table = sequences.table(count)
    peer = Sequences(table)
    dataset = lade.open(table, entity="entity", time="time")
    recipe = lade.Recipe(inputs=[lade.input(name) for name in COLUMNS])
    roof = race.copy_roof()
    for workers in (0, 2):
        collates = ["pad_sequence", "gather", "copy_into_zeros"]
        arms = {}
        for name in collates:
            loader = torch.utils.data.DataLoader(
                peer, batch_size=256, shuffle=True, num_workers=workers,
                collate_fn=getattr(peer, name), persistent_workers=workers > 0)
            arms[name] = lambda loader=loader: (epoch_of(loader), None)[1]
        ours = lade.DataLoader(dataset, recipe, batch_size=256, shuffle=True, seed=7,
                               num_workers=workers, framework="numpy")
        delivered = []

        def run_ours(ours=ours, delivered=delivered):
            total = 0
            for batch in ours:
                total += batch["numerical"].nbytes
            delivered.append(total)

        arms["lade"] = run_ours
        check_equal(peer, dataset, recipe)
        times = race.alternate(arms, options.rounds)
        best = race.best_peer(times)
        middle, low, high = race.ratio(times, best)
        share = delivered[-1] / statistics.median(times["lade"]) / roof
        yield race.Result(
            name=f"loading/padded/workers:{workers}", peer=f"torch DataLoader, {best}",
            ratio=middle, low=low, high=high, roof_share=share, rounds=options.rounds,
            target=">= 5x, or 70 % of the copy roof" if workers == 0 else ">= 10x, or 70 % of the copy roof",
            note=f"{delivered[-1] / statistics.median(times['lade']) / 1e9:.2f} GB/s of batches, "
                 f"copy {roof / 1e9:.1f} GB/s")


def check_equal(peer, dataset, recipe):
    """The same ids give the same numbers on both sides."""
    loader = lade.DataLoader(dataset, recipe, batch_size=64, num_workers=0, framework="numpy")
    batch = loader.batch_at(epoch=0, step=0)
    want, _ = peer.copy_into_zeros(list(range(64)))
    assert np.array_equal(np.asarray(batch["numerical"]), want.numpy())


if __name__ == "__main__":
    race.main(races)
