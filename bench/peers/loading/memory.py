# SPDX-License-Identifier: Apache-2.0
"""Resident memory of a loader over data 20 times its budget.

A child process opens the dataset, notes its resident size, loads one epoch in global order
and notes its peak. The ratio is allowed growth (budget + 64 MiB) over growth: above 1 is
within it.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile

import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402
from loading import sequences  # noqa: E402

CHILD = """
import json, resource, sys
import lade
path, budget = sys.argv[1], int(sys.argv[2])
def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
start = status("VmRSS")
dataset = lade.open(path, entity="entity", time="time", memory_budget=budget)
recipe = lade.Recipe(inputs=[lade.input(name) for name in "abcde"])
loader = lade.DataLoader(dataset, recipe, batch_size=64, shuffle=True, num_workers=2,
                         memory_budget=budget, framework="numpy")
batches = limit = int(sys.argv[3])
for batch in loader:
    limit -= 1
    if limit == 0:
        break
print(json.dumps({"start": start, "peak": status("VmHWM"), "batches": batches - limit}))
"""


def races(options):
    import lade
    budget = 64 << 20
    wanted = (2 if options.quick else 20) * budget
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        count = wanted // (123 * 34)
        pq.write_table(sequences.table(count), here / "events.parquet", row_group_size=1 << 16)
        lade.convert(here / "events.parquet", here / "data", entity="entity", time="time")
        out = subprocess.check_output(
            [sys.executable, "-c", CHILD, str(here / "data"), str(budget), "400"])
        seen = json.loads(out)
        growth = seen["peak"] - seen["start"]
        allowed = budget + (64 << 20)
        yield race.Result(name="loading/memory", peer="budget + 64 MiB", ratio=allowed / growth,
                          low=allowed / growth, high=allowed / growth, target=">= 1", rounds=1,
                          note=f"{wanted >> 20} MiB of events, budget {budget >> 20} MiB, resident "
                               f"growth {growth >> 20} MiB over {seen['batches']} batches")


if __name__ == "__main__":
    race.main(races)
