# SPDX-License-Identifier: Apache-2.0
"""A careful reference with numba: one pass over the rows per target, then O(k) per window.

Arrays of all users lie ready, boundaries are found once per unit, codes through a table, equal
targets are computed once, and a batch is written straight into its tensors. Sums in f64.
"""

from __future__ import annotations

import numba
import numpy as np
import torch

from transactions import workload

UNITS = {"day": 0, "week": 1, "month": 2}
KINDS = {"sum": 0, "mean": 1, "min": 2, "max": 3}
DAY_US = 86_400_000_000


@numba.njit(nogil=True)
def month_of(day):
    """Months since year 0 of a day since 1970, by the civil calendar."""
    z = day + 719_468
    era = z // 146_097
    of_era = z - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return 12 * (year + era * 400 + (1 if month <= 2 else 0)) + month - 1


@numba.njit(nogil=True)
def cut(time, ends, counts):
    """Last rows of days, weeks and months: ends [3, L], counts [3]."""
    counts[:] = 0
    day = time[0] // DAY_US
    week = (day + 3) // 7
    month = month_of(day)
    for r in range(1, len(time)):
        t = time[r] // DAY_US
        if t == day:
            continue
        day = t
        ends[0, counts[0]] = r - 1
        counts[0] += 1
        w = (t + 3) // 7
        if w != week:
            week = w
            ends[1, counts[1]] = r - 1
            counts[1] += 1
        m = month_of(t)
        if m != month:
            month = m
            ends[2, counts[2]] = r - 1
            counts[2] += 1
    for u in range(3):
        ends[u, counts[u]] = len(time) - 1
        counts[u] += 1


@numba.njit(nogil=True)
def one(kind, k, low, high, above, table, mcc, amount, x0, values, ends, count, part, n, out):
    """One target of one user."""
    begin = 0
    for i in range(count):
        last = ends[i]
        value = np.inf if kind == 2 else (-np.inf if kind == 3 else 0.0)
        rows = 0
        for r in range(begin, last + 1):
            if table[mcc[r]] and amount[r] >= low and amount[r] <= high and x0[r] > above:
                x = np.float64(values[r])
                rows += 1
                if kind == 2:
                    value = min(value, x)
                elif kind == 3:
                    value = max(value, x)
                else:
                    value += x
        part[i] = value
        n[i] = rows
        begin = last + 1
    for i in range(count):
        value = np.inf if kind == 2 else (-np.inf if kind == 3 else 0.0)
        rows = 0
        for j in range(max(0, i - k + 1), i + 1):
            rows += n[j]
            if kind == 2:
                value = min(value, part[j])
            elif kind == 3:
                value = max(value, part[j])
            else:
                value += part[j]
        out[i] = 0.0 if rows == 0 else (value / rows if kind == 1 else value)


@numba.njit(nogil=True)
def full(time, observed, mcc, amount, days, day_count, weeks, week_count, count7, std30, codes30,
         next_week):
    """What W2-full adds: rows of 7 days, spread and codes of 30, the next week's sum where that
    week was observed to its end."""
    n = np.empty(day_count, np.int64)
    mean, squares = np.empty(day_count), np.empty(day_count)
    begin = 0
    for i in range(day_count):
        m, s = 0.0, 0.0
        for r in range(begin, days[i] + 1):
            step = amount[r] - m
            m += step / (r - begin + 1)
            s += step * (amount[r] - m)
        n[i], mean[i], squares[i] = days[i] + 1 - begin, m, s
        begin = days[i] + 1
    seen = np.zeros(100, np.int64)
    different = 0
    for i in range(day_count):
        rows = 0
        for j in range(max(0, i - 6), i + 1):
            rows += n[j]
        count7[i] = rows
        total, m, s = 0, 0.0, 0.0
        for j in range(max(0, i - 29), i + 1):
            both = total + n[j]
            step = mean[j] - m
            s += squares[j] + step * step * total * n[j] / both
            m += step * n[j] / both
            total = both
        std30[i] = np.sqrt(s / (total - 1)) if total > 1 else 0.0
        for r in range(days[i] + 1 - n[i], days[i] + 1):
            different += seen[mcc[r]] == 0
            seen[mcc[r]] += 1
        if i >= 30:
            for r in range(days[i - 30] + 1 - n[i - 30], days[i - 30] + 1):
                seen[mcc[r]] -= 1
                different -= seen[mcc[r]] == 0
        codes30[i] = different
    begin = 0
    for i in range(week_count):
        total = 0.0
        for r in range(begin, weeks[i] + 1):
            total += amount[r]
        if i > 0:
            week = (time[weeks[i]] // DAY_US + 3) // 7
            next_week[i - 1] = total if (7 * (week + 1) - 3) * DAY_US <= observed else 0.0
        begin = weeks[i] + 1
    next_week[week_count - 1] = 0.0


@numba.njit(nogil=True)
def features(mcc, amount, x, first, rows, numerical, categorical):
    """Rows [first, first + rows) of the columns as rows of the tensors."""
    for r in range(rows):
        a = amount[first + r]
        numerical[r, 0] = a
        numerical[r, 1] = np.sign(a) * np.log10(abs(a) + 1.0)
        categorical[r, 0] = mcc[first + r] + 1
    for c in range(x.shape[0]):
        column = x[c]
        for r in range(rows):
            numerical[r, 2 + c] = column[first + r]


class Reference:
    """Batches of a table of equally long users, as Lade gives them."""

    def __init__(self, table, targets, repeat=None, full=False):
        self.time = table["time"].to_numpy().astype("datetime64[us]").view(np.int64)
        self.observed = int(self.time.max()) + 1
        self.mcc = table["mcc"].to_numpy().astype(np.int32)
        self.amount = table["amount"].to_numpy()
        self.x = np.stack([table[f"x{i}"].to_numpy() for i in range(workload.EXTRA)])
        self.users = len(self.time) // workload.EVENTS
        self.samples = repeat or self.users
        self.targets = targets
        self.full = full
        self.first = [targets.index(t) for t in targets]  # equal ones are computed once
        self.tables = [np.isin(np.arange(100), t.codes()) if t.codes() else np.ones(100, bool)
                       for t in targets]
        self.mixes = targets == workload.W1_TWENTY

    def __len__(self):
        return -(-self.samples // workload.BATCH)

    def targets_of(self, user, ends, counts, part, n, out):
        """All targets of a user into out, a list of [T]."""
        rows = slice(user * workload.EVENTS, (user + 1) * workload.EVENTS)
        mcc, amount, x = self.mcc[rows], self.amount[rows], self.x[:, rows]
        for number, target in enumerate(self.targets):
            if self.first[number] != number:
                out[number][:] = out[self.first[number]]
                continue
            unit = UNITS[target.every]
            values = amount if target.value == "amount" else x[int(target.value[1:])]
            one(KINDS[target.aggregate], target.look_back, target.low, target.high,
                -np.inf if target.above is None else target.above, self.tables[number], mcc,
                amount, x[0], values, ends[unit], counts[unit], part, n, out[number])

    def full_targets(self, users, ends, counts, longest):
        events = workload.EVENTS
        out = {name: torch.zeros(len(users), int(longest[1 if name == "next_week" else 0]))
               for name in workload.FULL}
        for row, user in enumerate(users):
            rows = slice(user * events, (user + 1) * events)
            full(self.time[rows], self.observed, self.mcc[rows], self.amount[rows],
                 ends[row, 0], counts[row, 0], ends[row, 1], counts[row, 1],
                 *(out[name].numpy()[row] for name in workload.FULL))
        return out

    def __getitem__(self, number, inputs=True):
        if number >= len(self):
            raise IndexError
        events = workload.EVENTS
        users = [i % self.users for i in range(number * workload.BATCH, min(
            (number + 1) * workload.BATCH, self.samples))]
        ends = np.empty((len(users), 3, events), np.int32)
        counts = np.empty((len(users), 3), np.int64)
        for row, user in enumerate(users):
            cut(self.time[user * events:(user + 1) * events], ends[row], counts[row])
        longest = counts.max(axis=0)
        targets = [torch.zeros(len(users), int(longest[UNITS[t.every]])) for t in self.targets]
        views = [t.numpy() for t in targets]
        part, n = np.empty(events), np.empty(events, np.int64)
        for row, user in enumerate(users):
            self.targets_of(user, ends[row], counts[row], part, n,
                            [v[row, :counts[row, UNITS[t.every]]]
                             for v, t in zip(views, self.targets, strict=True)])
        batch = {"targets": {workload.name_of(i): t for i, t in enumerate(targets)}}
        if self.full:
            batch["targets"] |= self.full_targets(users, ends, counts, longest)
        if self.mixes:
            low, high = targets[19], targets[18]
            batch["targets"] |= {"share": torch.where(high != 0, low / high, 0.0),
                                 "both": low + high}
        if not inputs:
            return batch
        numerical = torch.empty(len(users), events, 2 + workload.EXTRA)
        categorical = torch.empty(len(users), events, 1, dtype=torch.int64)
        for row, user in enumerate(users):
            features(self.mcc, self.amount, self.x, user * events, events,
                     numerical.numpy()[row], categorical.numpy()[row])
        batch |= {"numerical": numerical, "categorical": categorical,
                  "mask": torch.ones(len(users), events, dtype=torch.bool)}
        for unit, name in enumerate(UNITS):
            if any(t.every == name for t in self.targets):
                step = torch.arange(int(longest[unit]))
                batch[f"target_mask_{name}"] = step < torch.from_numpy(counts[:, unit:unit + 1])
        return batch
