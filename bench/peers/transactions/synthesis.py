# SPDX-License-Identifier: Apache-2.0
"""Made histories on one core: Lade against the published generator's own samplers.

Users of 4,096 transactions: 90 to 110 of code 0, the rest of code 1, amounts normal(1, 1), one
to five a day. The peer draws them one by one; its time is that of a few users, scaled.
"""

from __future__ import annotations

import pathlib
import statistics
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402
from lade.synth import planted  # noqa: E402
from transactions import published, workload  # noqa: E402


def ours(users, layout="plain"):
    law = {"amount": "normal(1, 1)"}
    return lade.synth.transactions(
        users=users, events=workload.EVENTS, per_day=(1, 5), seed=7, threads=1, layout=layout,
        planted=[planted(mcc=0, count=(90, 110), **law)], filler=planted(mcc=1, **law))


def theirs(api, users):
    """Its sampler, and the columns that its program adds to each user."""
    normal = api.torch.distributions.normal.Normal(1, 1)
    sampler = api.AppCounterTransactionSampler(
        [(api.TransactionSampler(normal, 0), api.UniformTransactionCountDistribution(90, 110)),
         (api.TransactionSampler(normal, 1), api.RestTransactionFiller())],
        workload.EVENTS, api.MultipleTransactionPerDayTimeFeatureGenerator(1, 5))
    for _ in range(users):
        app = sampler.sample()
        count = len(app.mcc_code.numpy())
        for codes in ([1, 3, 4, 7, 9], [15, 217], [110]):
            np.random.choice(codes, count)


def races(options):
    api, reason = published.load_samplers(options.published)
    if api is None:
        print(f"synthesis: without the published project: {reason}", file=sys.stderr)
        return
    users, few = (100, 1) if options.quick else (2_000, 4)

    def peer():
        begin = time.perf_counter()
        theirs(api, few)
        return (time.perf_counter() - begin) * users / few

    times = race.alternate({"lade": lambda: (ours(users), None)[1], "published": peer},
                           options.rounds)
    middle, low, high = race.ratio(times, "published")
    rates = {arm: users * workload.EVENTS / statistics.median(seconds)
             for arm, seconds in times.items()}
    yield race.Result(name="transactions/synthesis", peer="published", ratio=middle, low=low,
                      high=high, must="600x", aim="1000x", rounds=options.rounds,
                      note=f"{rates['lade'] / 1e6:.1f} M events/s on one core, published "
                           f"{rates['published']:,.0f} events/s")


if __name__ == "__main__":
    race.main(races, published="")
