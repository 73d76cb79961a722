# SPDX-License-Identifier: Apache-2.0
"""What every race needs: arms run in turn, ratios by round, the machine's copy roof.

A race is a module with `races(options) -> iterator of Result`. `script/bench` runs them and
writes docs/benchmarks.md; run alone, a race prints its results as JSON lines.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import sys
import threading
import time
from typing import Callable

import numpy as np


def command_line(words: list[str]) -> str:
    """The command that repeats this run; folders of this machine are DIR."""
    shown = ["python", os.path.relpath(words[0]), *words[1:]]
    for at, word in enumerate(shown[:-1]):
        if word in ("--published", "--folder"):
            shown[at + 1] = "DIR"
    return " ".join(shown)


@dataclasses.dataclass
class Result:
    """One line of docs/benchmarks.md. Ratios are peer time / Lade time: above 1 is faster."""

    name: str
    peer: str
    ratio: float
    low: float
    high: float
    target: str = ""  # the same as must
    must: str = ""
    aim: str = ""
    roof_share: float | None = None
    note: str = ""
    command: str = ""
    rounds: int = 0

    def __post_init__(self):
        self.must = self.must or self.target
        self.command = self.command or command_line(sys.argv)


def alternate(arms: dict[str, Callable[[], float | None]], rounds: int, warm: int = 1) -> dict[str, list[float]]:
    """Seconds of every arm by round, the arms in turn: A B A B ... (order swapped each round).

    An arm may return its own seconds (to leave out what is not raced); else it is timed.
    """
    times: dict[str, list[float]] = {name: [] for name in arms}
    for round_number in range(-warm, rounds):
        names = list(arms)
        if round_number % 2:
            names.reverse()
        for name in names:
            begin = time.perf_counter()
            own = arms[name]()
            seconds = time.perf_counter() - begin if own is None else own
            if round_number >= 0:
                times[name].append(seconds)
    return times


def ratio(times: dict[str, list[float]], peer: str, ours: str = "lade") -> tuple[float, float, float]:
    """Median, least and largest ratio peer / ours over the rounds."""
    pairs = [p / o for p, o in zip(times[peer], times[ours], strict=True)]
    return statistics.median(pairs), min(pairs), max(pairs)


def best_peer(times: dict[str, list[float]], ours: str = "lade") -> str:
    """The fastest other arm by its median."""
    return min((n for n in times if n != ours), key=lambda n: statistics.median(times[n]))


def copy_roof(size: int = 256 << 20, repeats: int = 5, threads: int = 1, piece: int = 0) -> float:
    """Bytes a second that pinned threads copy (bytes written), both sides beyond the caches.

    One long copy goes past the caches (non-temporal); in pieces of some 100 KiB it is a plain one.
    """
    source = np.ones(size, np.uint8)
    target = np.empty_like(source)
    np.copyto(target, source)
    cores = sorted(os.sched_getaffinity(0))
    part = size // threads

    def copy(number):
        if threads > 1:
            os.sched_setaffinity(0, {cores[number % len(cores)]})
        first, last = number * part, (number + 1) * part
        for at in range(first, last, piece or part):
            end = min(at + (piece or part), last)
            np.copyto(target[at:end], source[at:end])

    best = float("inf")
    for _ in range(repeats):
        # New threads, so that no affinity stays behind.
        workers = [threading.Thread(target=copy, args=(n,)) for n in range(threads)]
        begin = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        best = min(best, time.perf_counter() - begin)
    return part * threads / best


def main(races: Callable[[argparse.Namespace], object], **defaults) -> None:
    """Command line of a race: --rounds, --quick, and what `defaults` names."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small data, to see that it runs")
    for name, value in defaults.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    options = parser.parse_args()
    for result in races(options):
        print(json.dumps(dataclasses.asdict(result)), flush=True)
