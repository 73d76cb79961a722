# SPDX-License-Identifier: Apache-2.0
"""What a second core brings, and what handing a finished batch to Python takes."""

from __future__ import annotations

import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402
from transactions import epochs, workload  # noqa: E402

HAND_OVER_US = 20


def two_over_one(dataset, options):
    """Twenty targets on one thread and on two: offline into tables, and in batches."""
    offline = workload.recipe(workload.parts(workload.W2), inputs=False)
    whole = workload.recipe(workload.parts(workload.W2)).fit(dataset)
    users = len(dataset)
    arms = {f"apply {n}": lambda n=n: (offline.apply(dataset, threads=n), None)[1]
            for n in (1, 2)}
    for workers in (1, 2):
        for name, recipe in (("targets", offline), ("tensors", whole)):
            loader = epochs.lade_loader(dataset, recipe, users, workers)
            arms[f"{name} {workers}"] = epochs.epoch(loader)
    times = race.alternate(arms, options.rounds)
    for name, must, aim in (("apply", "", ""), ("targets", "1.8x", "1.95x"),
                            ("tensors", "1.8x until 80 % of the roof", "1.95x")):
        middle, low, high = race.ratio(times, f"{name} 1", f"{name} 2")
        rate = users / statistics.median(times[f"{name} 2"])
        yield race.Result(name=f"transactions/two_cores/{name}", peer="Lade on one core",
                          ratio=middle, low=low, high=high, must=must, aim=aim,
                          rounds=options.rounds, note=f"twenty targets, {rate:,.0f} users/s")


def hand_over(dataset, options):
    """Batches that lie ready: nothing is left to do but to wrap their arrays."""
    recipe = workload.recipe(workload.parts(workload.W2)).fit(dataset)
    loader = lade.DataLoader(dataset, recipe, batch_size=1, num_workers=1, prefetch_factor=64,
                             framework="numpy")
    taken, touched = [], []
    for _ in range(max(3, options.rounds)):
        batches = iter(loader)
        next(batches)
        time.sleep(0.5)  # the others are built meanwhile
        for _ in range(32):
            begin = time.perf_counter()
            batch = next(batches)
            handed = time.perf_counter()
            len(batch)  # makes all arrays
            taken.append(handed - begin)
            touched.append(time.perf_counter() - handed)
        arrays = sum(len(v) if hasattr(v, "values") else 1 for v in batch.values())
        del batch
        batches.close()
    spent = sorted(1e6 * seconds for seconds in taken)
    middle = statistics.median(spent)
    yield race.Result(name="transactions/hand_over", peer=f"{HAND_OVER_US} us allowed",
                      ratio=HAND_OVER_US / middle, low=HAND_OVER_US / spent[-1],
                      high=HAND_OVER_US / spent[0], must="1", rounds=len(taken),
                      note=f"median {middle:.1f} us a batch of {len(list(recipe.targets))} "
                           f"targets and inputs that lies ready; its {arrays} arrays take "
                           f"{1e6 * statistics.median(touched):.1f} us when they are asked for")


def races(options):
    users = 256 if options.quick else 2_000
    dataset = lade.open(workload.w2_table(users), entity="user_id", time="time")
    yield from two_over_one(dataset, options)
    yield from hand_over(dataset, options)


if __name__ == "__main__":
    race.main(races)
