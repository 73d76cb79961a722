# SPDX-License-Identifier: Apache-2.0
"""W1, the published workload: one user again and again, with 1 and with 22 target arrays.

It has one row per window: it proves nothing about windows and filters, and its source stays in
the caches. Never quote it without W2.
"""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402
from transactions import epochs, workload  # noqa: E402


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


if __name__ == "__main__":
    race.main(races, published="")
