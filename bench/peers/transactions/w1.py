# SPDX-License-Identifier: Apache-2.0
"""W1, the published workload: one user again and again, with 1 and with 22 target arrays.

It has one row per window: it proves nothing about windows and filters, and its source stays in
the caches. Never quote it without W2.
"""

from __future__ import annotations

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402
from transactions import epochs, workload  # noqa: E402


def sharing_off(dataset, samples, options):
    """The twenty targets, seventeen of them equal, each computed by itself."""
    recipe = workload.recipe(workload.parts(workload.W1_TWENTY) + workload.mixes()).fit(dataset)
    workers = max(epochs.counts(options))
    arms = {name: epochs.epoch(epochs.lade_loader(dataset, recipe, samples, workers,
                                                  share_targets=share))
            for name, share in (("lade", False), ("shared", True))}
    times = race.alternate(arms, options.rounds)
    middle, low, high = race.ratio(times, "shared")
    rate = samples / statistics.median(times["lade"])
    yield race.Result(name="transactions/w1-20_sharing_off", peer="Lade with sharing",
                      ratio=middle, low=low, high=high, rounds=options.rounds,
                      note=f"{rate:,.0f} users/s when equal targets are not shared, "
                           f"{workers} workers")


def races(options):
    samples = 128 if options.quick else 2_000
    table = workload.w1_table()
    dataset = lade.open(table, entity="user_id", time="time")
    yield from epochs.results(
        "transactions/w1-1", table, dataset, workload.W1_ONE, samples, options,
        {"reference": ("", ""), "published": ("75x, 60 % of roof", "100x, 80 % of roof")})
    yield from epochs.results(
        "transactions/w1-20", table, dataset, workload.W1_TWENTY, samples, options,
        {"reference": ("", ""), "published": ("400x, 55 % of roof", "500x")}, workload.mixes())
    yield from sharing_off(dataset, samples, options)


if __name__ == "__main__":
    race.main(races, published="")
