# SPDX-License-Identifier: Apache-2.0
"""Targets without inputs on one core: batches in the caller's thread against bare numba.

Both write the targets and masks of 64 users into new arrays. What the targets alone take in
C++ says `lade_bench --benchmark_filter=targets/compute_targets`.
"""

from __future__ import annotations

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402
from transactions import epochs, workload  # noqa: E402
from transactions.reference import Reference  # noqa: E402


class Bare:
    """The numba reference without inputs."""

    def __init__(self, table, targets):
        self.reference = Reference(table, targets)

    def __len__(self):
        return len(self.reference)

    def __iter__(self):
        for number in range(len(self)):
            yield self.reference.__getitem__(number, inputs=False)


def epoch(batches):
    def run():
        for batch in batches:
            float(batch["targets"]["t1"][-1, 0])
    return run


def races(options):
    users = 256 if options.quick else 2_000
    table = workload.w2_table(users)
    dataset = lade.open(table, entity="user_id", time="time")
    for name, targets, must, aim in (
            ("one", workload.W2[:1], "2x, 3x with 512-bit vectors", ""),
            ("twenty", workload.W2, "4.5x", "")):
        recipe = workload.recipe(workload.parts(targets), inputs=False)
        loader = epochs.lade_loader(dataset, recipe, users, 0)
        bare = Bare(table, targets)
        epochs.check_targets(next(iter(loader)), next(iter(bare)))
        times = race.alternate({"lade": epoch(loader), "numba bare": epoch(bare)}, options.rounds)
        middle, low, high = race.ratio(times, "numba bare")
        rates = {arm: users / statistics.median(seconds) for arm, seconds in times.items()}
        yield race.Result(name=f"transactions/targets_only_{name}", peer="numba bare",
                          ratio=middle, low=low, high=high, must=must, aim=aim,
                          rounds=options.rounds,
                          note=f"{rates['lade']:,.0f} users/s in batches on one core, numba "
                               f"{rates['numba bare']:,.0f}")


if __name__ == "__main__":
    race.main(races)
