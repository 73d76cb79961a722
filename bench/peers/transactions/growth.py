# SPDX-License-Identifier: Apache-2.0
"""Many users and one long one, ten times as many events: is time linear, is memory bounded?

Made transactions of N/10, 3N/10 and N events (--events N), once in users of 100 events and
once in one user, go through `Recipe.apply` on one thread. Each size has processes of its own,
one a round, that note processor time and resident memory beyond the opened dataset; the least
of the rounds counts. The ratios are what is allowed over what was seen: above 1 is within it.

An event may cost 1.3 times what one of N/10 events costs. So may the memory of many users. Of
one user it may be the budget and 64 MiB, the columns read (20 bytes an event) and the scratch
of a worker, 48 bytes an event and 40 bytes an interval for each pair of filter and value.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

BUDGET = 64 << 20
PAIRS = 3
ALLOWED_GROWTH = 1.3
COLUMN_BYTES = 8 + 8 + 4  # time, amount, mcc
SCRATCH_ROW_BYTES = 48
SCRATCH_INTERVAL_BYTES = 40

CHILD = """
import json, sys, time
import lade
path, out, budget = sys.argv[1], sys.argv[2], int(sys.argv[3])
def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
recipe = lade.Recipe(targets=[
    lade.aggregate("sum_7d", "sum(amount)", every="day", look_back=7),
    lade.aggregate("mean_30d", "mean(amount)", where="mcc in (3, 23, 43, 63, 83)", every="day",
                   look_back=30),
    lade.aggregate("max_4w", "max(amount)", where="amount > 5", every="week", look_back=4),
    lade.horizon("next_month", "sum(amount)", every="month", look_ahead=1)])
dataset = lade.open(path, memory_budget=budget)
start, begin = status("VmRSS"), time.process_time()
report = recipe.apply(dataset, out, threads=1)
print(json.dumps({"seconds": time.process_time() - begin, "start": start,
                  "peak": status("VmHWM"), "events": report["events"],
                  "intervals": report["targets"][0]["values"]}))
"""


def measured(folder, kind, events, rounds):
    """The least that child processes saw of this many events."""
    from lade.synth import transactions
    path, out = folder / "made", folder / "targets"
    if kind == "one_user":
        transactions(users=1, events=events, per_day=(1000, 3000), seed=7, output=path,
                     overwrite=True, threads=1)
    else:
        transactions(users=events // 100, events=100, seed=7, output=path, overwrite=True,
                     threads=1)
    words = [sys.executable, "-c", CHILD, str(path), str(out), str(BUDGET)]
    least = None
    for _ in range(rounds):
        seen = json.loads(subprocess.check_output(words))
        assert seen["events"] == events, seen
        shutil.rmtree(out)
        seen["growth"] = seen["peak"] - seen["start"]
        least = least or seen
        for what in ("seconds", "growth"):
            least[what] = min(least[what], seen[what])
    shutil.rmtree(path)
    return least


def allowed_bytes(kind, seen, first):
    if kind == "many_users":
        return ALLOWED_GROWTH * first["growth"]
    return (BUDGET + (64 << 20) + (COLUMN_BYTES + SCRATCH_ROW_BYTES) * seen["events"]
            + SCRATCH_INTERVAL_BYTES * PAIRS * seen["intervals"])


def races(options):
    most = 10**6 if options.quick else options.events
    with tempfile.TemporaryDirectory(dir=options.folder or None) as folder:
        for kind in ("many_users", "one_user"):
            seen = [measured(pathlib.Path(folder), kind, n, options.rounds)
                    for n in (most // 10, 3 * most // 10, most)]
            cost = [s["seconds"] / s["events"] * 1e9 for s in seen]
            words = "; ".join(f"{s['events']:,} events: {c:.0f} ns each, {s['growth'] >> 20:,} MiB"
                              for s, c in zip(seen, cost, strict=True))
            time = [ALLOWED_GROWTH / (c / cost[0]) for c in cost[1:]]
            memory = [allowed_bytes(kind, s, seen[0]) / s["growth"] for s in seen[1:]]
            for what, peer, values in (("time", "1.3x the time an event", time),
                                       ("memory", "the memory allowed", memory)):
                yield race.Result(name=f"transactions/growth_{what}/{kind}", peer=peer,
                                  ratio=min(values), low=min(values), high=max(values),
                                  target=">= 1", rounds=options.rounds, note=words)


if __name__ == "__main__":
    race.main(races, events=10**8, folder="")
