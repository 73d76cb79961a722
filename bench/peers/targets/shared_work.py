# SPDX-License-Identifier: Apache-2.0
"""What 20 calendar targets cost over one, batches with tensors included.

2,000 distinct users of 4,096 events, one to three a day; 27 number inputs. The ratio is the
time of an epoch with 20 targets over one with the first of them: lower is better.
"""

from __future__ import annotations

import pathlib
import sys

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402


def users(count: int, events: int, seed: int = 7) -> pa.Table:
    """user i64, time us, amount f64, mcc i32, x0..x24 f32; one to three events a day."""
    generator = np.random.default_rng(seed)
    columns: dict[str, list] = {"user": [], "time": []}
    for user in range(count):
        per_day = generator.integers(1, 4, events)
        day = np.repeat(np.arange(events), per_day)[:events]
        second = np.sort(generator.integers(0, 86_400, events))
        order = np.lexsort((second, day))
        columns["user"].append(np.full(events, user))
        columns["time"].append((day[order] * 86_400 + second[order]) * 1_000_000)
    rows = count * events
    table = {
        "user": np.concatenate(columns["user"]),
        "time": pa.array(np.concatenate(columns["time"]).astype("datetime64[us]")),
        "amount": np.round(generator.lognormal(3.0, 1.0, rows), 2),
        "mcc": generator.integers(0, 100, rows, dtype=np.int32),
    }
    for i in range(25):
        table[f"x{i}"] = generator.random(rows, dtype=np.float32)
    return pa.table(table)


def family(j: int) -> str:
    """Codes c with c mod 20 = j."""
    return "mcc in (" + ", ".join(str(c) for c in range(j, 100, 20)) + ")"


def targets():
    """Twenty targets: day, week and month windows of several lengths, filters and aggregates."""
    def one(number, every, look_back, aggregate, where=""):
        return lade.aggregate(f"t{number}", aggregate, every=every, look_back=look_back,
                              **({"where": where} if where else {}))
    return [
        one(1, "day", 1, "sum(amount)", family(0)), one(2, "day", 7, "sum(amount)", family(1)),
        one(3, "day", 30, "sum(amount)", family(2)), one(4, "day", 1, "mean(amount)", family(3)),
        one(5, "day", 7, "mean(amount)", family(4)), one(6, "day", 30, "mean(amount)", family(5)),
        one(7, "day", 1, "max(amount)", family(6)), one(8, "day", 7, "max(amount)", family(7)),
        one(9, "day", 30, "min(amount)", family(8)), one(10, "day", 7, "sum(x4)", "amount > 50"),
        one(11, "day", 30, "max(x3)", family(9) + " and x0 > 0.5"),
        one(12, "day", 1, "sum(x1)", "amount between 10 and 100"),
        one(13, "week", 1, "sum(amount)", family(10)), one(14, "week", 7, "mean(x2)", family(11)),
        one(15, "week", 1, "max(amount)"), one(16, "week", 30, "min(x5)", family(12)),
        one(17, "week", 7, "sum(x6)", family(13)), one(18, "month", 1, "sum(amount)", family(14)),
        one(19, "month", 7, "min(amount)", "amount >= 5"), one(20, "month", 30, "mean(amount)"),
    ]


def races(options):
    table = users(100, 512) if options.quick else users(2_000, 4_096)
    dataset = lade.open(table, entity="user", time="time")
    inputs = [lade.input("amount"), lade.input("amount", transform="log10(shift = 1)", name="log")]
    inputs += [lade.input(f"x{i}") for i in range(25)]

    def epoch(count):
        recipe = lade.Recipe(inputs=inputs, targets=targets()[:count])
        loader = lade.DataLoader(dataset, recipe, batch_size=64, num_workers=2, framework="numpy")

        def run():
            for _ in loader:
                pass
        return run

    times = race.alternate({"lade": epoch(1), "20 targets": epoch(20)}, options.rounds)
    middle, low, high = race.ratio(times, "20 targets")
    yield race.Result(name="targets/20_over_1", peer="Lade with one target", ratio=middle, low=low,
                      high=high, target="<= 4x (cost)", rounds=options.rounds,
                      note="time of 20 targets over time of 1, f32 [64, 4096, 27] inputs included")


if __name__ == "__main__":
    race.main(races)
