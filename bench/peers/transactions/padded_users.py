# SPDX-License-Identifier: Apache-2.0
"""Batches of users of many lengths: Lade against pytorch-lifestream's padding.

Mean length 123, clipped at 1,024, six columns, B = 256. The peer's users are dictionaries of
tensors that lie ready. Packed batches have no padding at all.
"""

from __future__ import annotations

import pathlib
import statistics
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402
from loading import sequences  # noqa: E402

import lade  # noqa: E402

COLUMNS = ["a", "b", "c", "d", "e", "f"]


def races(options):
    try:
        from ptls.data_load.utils import collate_feature_dict
    except ImportError as missing:
        print(f"without pytorch-lifestream: {missing}", file=sys.stderr)
        return
    count = 2_000 if options.quick else 20_000
    table = sequences.table(count)
    table = table.append_column("f", table["a"])
    bounds = np.concatenate([[0], np.cumsum(sequences.lengths(count))])
    tensors = {name: torch.from_numpy(table[name].to_numpy().astype(np.float32))
               for name in COLUMNS}
    users = [{name: values[first:last] for name, values in tensors.items()}
             for first, last in zip(bounds[:-1], bounds[1:], strict=True)]
    dataset = lade.open(table, entity="entity", time="time")
    recipe = lade.Recipe(inputs=[lade.input(name) for name in COLUMNS])

    def ours(**options):
        return lade.DataLoader(dataset, recipe, batch_size=256, shuffle=True, seed=7,
                               framework="numpy", **options)

    def epoch(make):
        """The loader is new: nothing is prefetched when the clock starts."""
        def run():
            loader = make()
            begin = time.perf_counter()
            for _ in loader:
                pass
            return time.perf_counter() - begin
        return run

    arms = {}
    for workers in (0, 2):
        for kind in ("padded", "packed"):
            arms[f"lade {kind} {workers}"] = epoch(
                lambda workers=workers, kind=kind: ours(num_workers=workers, output=kind))
        theirs = torch.utils.data.DataLoader(
            users, batch_size=256, shuffle=True, num_workers=workers,
            collate_fn=collate_feature_dict, persistent_workers=workers > 0)
        arms[f"pytorch-lifestream, {workers} workers"] = epoch(lambda theirs=theirs: theirs)
    batch = next(iter(lade.DataLoader(dataset, recipe, batch_size=256, num_workers=0,
                                      framework="numpy")))
    padded = collate_feature_dict(users[:256])
    for number, name in enumerate(COLUMNS):
        np.testing.assert_array_equal(batch["numerical"][..., number],
                                      padded.payload[name].numpy())
    times = race.alternate(arms, options.rounds)

    def fastest(word):
        return min((n for n in times if word in n), key=lambda n: statistics.median(times[n]))

    peer = fastest("lifestream")
    for kind, must, aim in (("padded", "2x", "3x"), ("packed", "6x", "10x")):
        middle, low, high = race.ratio(times, peer, fastest(kind))
        yield race.Result(name=f"transactions/users_{kind}", peer=peer, ratio=middle, low=low,
                          high=high, must=must, aim=aim, rounds=options.rounds,
                          note=f"{count} users, six columns, B = 256; {fastest(kind)} workers")


if __name__ == "__main__":
    race.main(races)
