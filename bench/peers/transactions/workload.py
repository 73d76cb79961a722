# SPDX-License-Identifier: Apache-2.0
"""Workloads of the transactions races.

W1, the published one: one user, one transaction a day, all codes 0, everything U[0, 1). Two
equal copies of it take turns, so that nothing is remembered from one sample to the next.
W2: distinct users with one to three transactions a day, 100 codes; twenty targets.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa

import lade

EVENTS = 4_096
BATCH = 64
EXTRA = 25


@dataclasses.dataclass(frozen=True)
class Target:
    """`family`: codes c with c mod 20 = family; `code`: that one; low <= amount <= high; x0 > above."""

    every: str
    look_back: int
    aggregate: str
    value: str = "amount"
    family: int | None = None
    code: int | None = None
    low: float = -np.inf
    high: float = np.inf
    above: float | None = None

    def codes(self):
        if self.code is not None:
            return [self.code]
        return [] if self.family is None else list(range(self.family, 100, 20))

    def where(self):
        parts = [] if self.code is None else [f"mcc == {self.code}"]
        if self.family is not None:
            parts.append("mcc in (" + ", ".join(map(str, self.codes())) + ")")
        if self.low > -np.inf and self.high < np.inf:
            parts.append(f"amount between {self.low:g} and {self.high:g}")
        elif self.low > -np.inf:
            parts.append(f"amount >= {self.low:.17g}")
        if self.above is not None:
            parts.append(f"x0 > {self.above}")
        return " and ".join(parts)


# "amount > 50" is amount >= the next double.
ABOVE_50 = float(np.nextafter(50.0, 51.0))
W2 = [
    Target("day", 1, "sum", family=0), Target("day", 7, "sum", family=1),
    Target("day", 30, "sum", family=2), Target("day", 1, "mean", family=3),
    Target("day", 7, "mean", family=4), Target("day", 30, "mean", family=5),
    Target("day", 1, "max", family=6), Target("day", 7, "max", family=7),
    Target("day", 30, "min", family=8), Target("day", 7, "sum", "x4", low=ABOVE_50),
    Target("day", 30, "max", "x3", family=9, above=0.5),
    Target("day", 1, "sum", "x1", low=10.0, high=100.0),
    Target("week", 1, "sum", family=10), Target("week", 7, "mean", "x2", family=11),
    Target("week", 1, "max"), Target("week", 30, "min", "x5", family=12),
    Target("week", 7, "sum", "x6", family=13), Target("month", 1, "sum", family=14),
    Target("month", 7, "min", low=5.0), Target("month", 30, "mean"),
]
TINY = float(np.nextafter(0.0, 1.0))  # amount > 0
W1_SUM, W1_MEAN, W1_MIN = (Target("day", 1, a, code=0) for a in ("sum", "mean", "min"))
W1_MAX = Target("day", 1, "max", low=TINY)
W1_ONE = [W1_SUM]
W1_TWENTY = [W1_SUM] * 17 + [W1_MEAN, W1_MAX, W1_MIN]


def w1_table() -> pa.Table:
    """Two equal users."""
    generator = np.random.default_rng(7)
    day = np.datetime64("2020-12-01", "us") + np.arange(EVENTS) * np.timedelta64(1, "D")
    one = {"time": day, "mcc": np.zeros(EVENTS, np.int32), "amount": generator.random(EVENTS)}
    one |= {f"x{i}": generator.random(EVENTS) for i in range(EXTRA)}
    columns = {"user_id": np.repeat(np.arange(2), EVENTS)}
    columns |= {name: np.concatenate([values, values]) for name, values in one.items()}
    return pa.table(columns)


def w2_table(users: int) -> pa.Table:
    return lade.synth.transactions(users=users, events=EVENTS, per_day=(1, 3), mccs=100,
                                   extra=EXTRA, seed=7)


def name_of(number: int) -> str:
    return f"t{number + 1}"


def parts(targets):
    """Lade's words for targets, named t1, t2 ..."""
    out = []
    for number, target in enumerate(targets):
        where = {"where": target.where()} if target.where() else {}
        out.append(lade.aggregate(name_of(number), f"{target.aggregate}({target.value})",
                                  every=target.every, look_back=target.look_back, **where))
    return out


FULL = ("count_7d", "std_30d", "codes_30d", "next_week")


def full_parts():
    """What W2-full adds: count, std, nunique and look-ahead."""
    return [lade.aggregate("count_7d", "count()", every="day", look_back=7),
            lade.aggregate("std_30d", "std(amount)", every="day", look_back=30),
            lade.aggregate("codes_30d", "nunique(mcc)", every="day", look_back=30),
            lade.horizon("next_week", "sum(amount)", every="week", look_ahead=1)]


def mixes():
    """The two mixes of W1-20."""
    low, high = name_of(19), name_of(18)
    return [lade.mix("share", f"{low} / {high}"), lade.mix("both", f"{low} + {high}")]


def recipe(targets, inputs=True):
    numbers = [lade.input("amount"),
               lade.input("amount", transform="log10(shift = 1)", name="amount_log10"),
               *(lade.input(f"x{i}") for i in range(EXTRA)),
               lade.input("mcc", kind="category")]
    return lade.Recipe(inputs=numbers if inputs else [], targets=targets,
                       sequence={"entity": "user_id", "time": "time"}, output={"mask": True})


def bytes_of(batch) -> int:
    """Bytes of the arrays that a race counts: inputs, masks, targets."""
    total = 0
    for key, value in batch.items():
        if key in ("lengths", "sample_id", "sample_mask"):
            continue
        for array in value.values() if hasattr(value, "values") else [value]:
            total += array.nbytes
    return total


def checksum(batch) -> float:
    """Touches what was made; the batch is dropped after it."""
    targets = batch["targets"]
    last = targets[next(reversed(list(targets)))]
    inputs = float(batch["numerical"][-1, -1, 0]) if "numerical" in batch else 0.0
    return inputs + float(last[-1, 0])
