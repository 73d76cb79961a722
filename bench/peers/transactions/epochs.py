# SPDX-License-Identifier: Apache-2.0
"""One race of whole batches: Lade, the numba reference and the published generator in turn."""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import time

import numpy as np
import race
import torch

import lade
from transactions import published, workload
from transactions.reference import Reference

PUBLISHED_BATCHES = 2  # it is slow: its time is scaled


def lade_loader(dataset, targets, samples, workers, **options):
    repeat = {} if samples == len(dataset) else {
        "sampler": [i % len(dataset) for i in range(samples)]}
    return lade.DataLoader(dataset, targets, batch_size=workload.BATCH, num_workers=workers,
                           framework="numpy", **repeat, **options)


def epoch(loader):
    """Every batch is dropped after its checksum. Lade's threads have by then prefetched the first
    batches of the next epoch: another one is set, so that the clock finds nothing ready, and none
    of that work runs beside another arm."""
    starts = itertools.count(1, 1_000)

    def run():
        if hasattr(loader, "set_epoch"):
            loader.set_epoch(next(starts))
        begin = time.perf_counter()
        for batch in loader:
            workload.checksum(batch)
        seconds = time.perf_counter() - begin
        time.sleep(0.1)
        return seconds
    return run


def published_epoch(loader, samples):
    def run():
        begin = time.perf_counter()
        for batch in loader:
            float(batch.numerical[-1, -1, 0]) + float(batch.targets["t1"][-1, 0, 0])
        return (time.perf_counter() - begin) * samples / len(loader.dataset)
    return run


def published_arm(api, table, targets, samples, options):
    """Its loader with the number of workers that was fastest over one epoch of few batches."""
    arms, seconds = {}, {}
    for workers in counts(options):
        users = workload.BATCH * (1 if options.quick else PUBLISHED_BATCHES)
        loader = published.loader(api, table, targets, users, workers)
        arms[f"published, {workers} workers"] = published_epoch(loader, samples)
        if workers == 0:
            published.check(table, targets, next(iter(loader)))
        seconds[workers] = arms[f"published, {workers} workers"]()
    fastest = f"published, {min(seconds, key=seconds.get)} workers"
    return {fastest: arms[fastest]}


def check_targets(ours, theirs):
    """Both sides give the same numbers: 1e-6 relative, of spreads 1e-5."""
    assert set(ours["targets"]) == set(theirs["targets"])
    for name, values in ours["targets"].items():
        np.testing.assert_allclose(np.asarray(values), theirs["targets"][name].numpy(),
                                   rtol=1e-5 if name == "std_30d" else 1e-6, atol=1e-30,
                                   err_msg=name)


def check(ours, theirs):
    check_targets(ours, theirs)
    np.testing.assert_allclose(ours["numerical"], theirs["numerical"].numpy(), rtol=1e-6,
                               atol=1e-6)
    assert ours["mask"].shape == tuple(theirs["mask"].shape)


def counts(options):
    cores = len(os.sched_getaffinity(0))
    return sorted({0, 1} if options.quick else {0, 1, cores})


def arms_of(dataset, recipe, reference, samples, options):
    arms = {}
    for workers in counts(options):
        arms[f"lade {workers}"] = epoch(lade_loader(dataset, recipe, samples, workers))
        loader = torch.utils.data.DataLoader(reference, batch_size=None, num_workers=workers,
                                             persistent_workers=workers > 0)
        arms[f"numba in torch DataLoader, {workers} workers"] = epoch(loader)
    arms["numba bare"] = epoch(reference)
    return arms


def best(times, words):
    """Of the arms whose name has one of the words the one with the least median."""
    names = [n for n in times if any(w in n for w in words)]
    return min(names, key=lambda n: statistics.median(times[n]))


def results(name, table, dataset, targets, samples, options, goals, extra=(), full=False):
    """Races one workload; yields a Result per peer. `full`: what W2-full adds is among `extra`,
    which the published project does not know."""
    recipe = workload.recipe(workload.parts(targets) + list(extra)).fit(dataset)
    reference = Reference(table, targets, repeat=samples, full=full)
    first = next(iter(lade_loader(dataset, recipe, samples, 0)))
    check(first, reference[0])
    arms = arms_of(dataset, recipe, reference, samples, options)
    plain = race.copy_roof(threads=len(os.sched_getaffinity(0)), piece=128 << 10)
    streamed = race.copy_roof(threads=len(os.sched_getaffinity(0)))
    # The first epochs of a loader find memory for its slabs.
    times = race.alternate(arms, options.rounds, warm=1 if options.quick else 3)
    ours = best(times, ["lade"])
    seconds = statistics.median(times[ours])
    written = workload.bytes_of(first) / workload.BATCH * samples
    note = (f"{samples / seconds:,.0f} users/s with {ours.split()[1]} workers, "
            f"{written / seconds / 1e9:.1f} GB/s; plain copy {plain / 1e9:.1f} GB/s, "
            f"{written / seconds / streamed:.0%} of a non-temporal copy")

    def result(key, peer, of):
        middle, low, high = race.ratio(of, peer, ours)
        must, aim = goals[key]
        return race.Result(
            name=name, peer=peer, ratio=middle, low=low, high=high, must=must, aim=aim,
            roof_share=written / seconds / plain, rounds=len(of[peer]),
            note=f"{note}; {peer} {samples / statistics.median(of[peer]):,.0f} users/s")

    yield result("reference", best(times, ["numba"]), times)
    if full:
        return
    api, reason = published.load(options.published)
    if api is None:
        print(f"{name}: without the published project: {reason}", file=sys.stderr)
        return
    # In a race of its own: one of its epochs takes as long as all others together.
    slow = published_arm(api, table, targets, samples, options)
    times = race.alternate({ours: arms[ours], **slow}, options.rounds)
    yield result("published", next(iter(slow)), times)
