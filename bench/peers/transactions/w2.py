# SPDX-License-Identifier: Apache-2.0
"""W2, the honest workload: 2,000 distinct users, 1 and 20 targets and more, tensors included."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402
from transactions import epochs, workload  # noqa: E402


def over_one(dataset, samples, options):
    """What 20 targets, and all of W2-full, cost over one."""
    parts = workload.parts(workload.W2)
    workers = max(epochs.counts(options))

    def arm(targets):
        recipe = workload.recipe(targets).fit(dataset)
        return epochs.epoch(epochs.lade_loader(dataset, recipe, samples, workers))

    times = race.alternate({"one": arm(parts[:1]), "twenty": arm(parts),
                            "full": arm(parts + workload.full_parts())}, options.rounds)
    for name, must, aim in (("twenty", "<= 4x (cost)", "<= 2.5x"), ("full", "", "")):
        middle, low, high = race.ratio(times, name, "one")
        yield race.Result(name=f"transactions/w2-{name}_over_1", peer="Lade with one target",
                          ratio=middle, low=low, high=high, must=must, aim=aim,
                          rounds=options.rounds,
                          note=f"time with tensors over that of one target, {workers} workers")


def races(options):
    users = 128 if options.quick else 2_000
    table = workload.w2_table(users)
    dataset = lade.open(table, entity="user_id", time="time")
    yield from epochs.results(
        "transactions/w2-1", table, dataset, workload.W2[:1], users, options,
        {"reference": ("5x, 50 % of roof", "8x, 65 % of roof"), "published": ("", "")})
    yield from epochs.results(
        "transactions/w2-20", table, dataset, workload.W2, users, options,
        {"reference": ("5x", "8x"), "published": ("150x", "250x")})
    yield from epochs.results(
        "transactions/w2-full", table, dataset, workload.W2, users, options,
        {"reference": ("", "")}, workload.full_parts(), full=True)
    yield from over_one(dataset, users, options)


if __name__ == "__main__":
    race.main(races, published="")
