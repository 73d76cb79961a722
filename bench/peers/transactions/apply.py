# SPDX-License-Identifier: Apache-2.0
"""W2-20 offline, targets only: Recipe.apply against Polars and DuckDB.

Every interval holds rows in W2, so windows of the last k rows of a user's intervals are the
calendar windows.
"""

from __future__ import annotations

import pathlib
import statistics
import sys

import duckdb
import numpy as np
import polars as pl

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402
from transactions import workload  # noqa: E402

UNITS = ("day", "week", "month")


def of_unit(unit):
    return [(n, t) for n, t in enumerate(workload.W2) if t.every == unit]


def polars_where(target):
    keep = pl.lit(True)
    if target.codes():
        keep &= pl.col("mcc").is_in(target.codes())
    if target.low > -np.inf:
        keep &= (pl.col("amount") >= target.low) & (pl.col("amount") <= target.high)
    if target.above is not None:
        keep &= pl.col("x0") > target.above
    return keep


def in_polars(frame):
    """One query per unit: partial values by user and interval, then windows over them."""
    out = {}
    for unit in UNITS:
        partial, windows = [], []
        for number, t in of_unit(unit):
            x = pl.col(t.value).cast(pl.Float64).filter(polars_where(t))
            v, n, name = f"v{number}", f"n{number}", workload.name_of(number)
            partial += [(x.max() if t.aggregate == "max" else x.min() if t.aggregate == "min"
                         else x.sum()).alias(v), x.len().alias(n)]
            roll = {"window_size": t.look_back, "min_samples": 1}
            value = pl.col(v)
            if t.aggregate in ("max", "min"):
                value = getattr(value, f"rolling_{t.aggregate}")(**roll).over("user_id")
            else:
                value = value.rolling_sum(**roll).over("user_id")
            if t.aggregate == "mean":
                # Its rolling sum subtracts: an empty window keeps a rest that no count divides.
                rows = pl.col(n).cast(pl.Int64).rolling_sum(**roll).over("user_id")
                value = pl.when(rows > 0).then(value / rows).otherwise(0.0)
            windows.append(value.fill_nan(0.0).fill_null(0.0).cast(pl.Float32).alias(name))
        key = pl.col("time").dt.truncate({"day": "1d", "week": "1w", "month": "1mo"}[unit])
        out[unit] = (frame.lazy().group_by("user_id", key.alias("key"), maintain_order=True)
                     .agg(partial).select("user_id", "key", *windows).collect())
    return out


def duckdb_where(target):
    parts = []
    if target.codes():
        parts.append("mcc in (" + ", ".join(map(str, target.codes())) + ")")
    if target.low > -np.inf:
        parts.append(f"amount >= {target.low!r}")
    if target.high < np.inf:
        parts.append(f"amount <= {target.high!r}")
    if target.above is not None:
        parts.append(f"x0 > {target.above}")
    return " and ".join(parts) or "true"


def in_duckdb(connection):
    out = {}
    for unit in UNITS:
        partial, windows = [], []
        for number, t in of_unit(unit):
            function = t.aggregate if t.aggregate in ("max", "min") else "sum"
            keep = f"filter (where {duckdb_where(t)})"
            partial.append(f"{function}({t.value}::double) {keep} as v{number}")
            partial.append(f"count(*) {keep} as n{number}")
            over = (f"over (partition by user_id order by key rows between {t.look_back - 1} "
                    "preceding and current row)")
            value = f"{function}(v{number}) {over}"
            if t.aggregate == "mean":
                value = f"{value} / nullif(sum(n{number}) {over}, 0)"
            windows.append(f"coalesce({value}, 0)::float as {workload.name_of(number)}")
        out[unit] = connection.sql(
            f"with part as (select user_id, date_trunc('{unit}', time) as key, "
            f"{', '.join(partial)} from events group by 1, 2) select user_id, key, "
            f"{', '.join(windows)} from part order by 1, 2").to_arrow_table()
    return out


def check(ours, theirs):
    for unit in UNITS:
        for number, _ in of_unit(unit):
            name = workload.name_of(number)
            want = ours[unit][name].to_numpy(zero_copy_only=False)
            np.testing.assert_allclose(np.nan_to_num(want), theirs[unit][name].to_numpy(),
                                       rtol=1e-6, atol=1e-6, err_msg=name)


def races(options):
    users = 100 if options.quick else 2_000
    table = workload.w2_table(users)
    dataset = lade.open(table, entity="user_id", time="time")
    recipe = workload.recipe(workload.parts(workload.W2), inputs=False)
    frame = pl.from_arrow(table)
    frame = frame.with_columns(pl.col("time").dt.replace_time_zone(None))
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.register("events", frame.to_arrow())
    ours = recipe.apply(dataset)
    check(ours, in_polars(frame))
    check(ours, in_duckdb(connection))
    times = race.alternate({"lade": lambda: (recipe.apply(dataset), None)[1],
                            "Polars": lambda: (in_polars(frame), None)[1],
                            "DuckDB": lambda: (in_duckdb(connection), None)[1]}, options.rounds)
    for peer in ("Polars", "DuckDB"):
        middle, low, high = race.ratio(times, peer)
        yield race.Result(name="transactions/apply_w2-20", peer=peer, ratio=middle, low=low,
                          high=high, must="5x", aim="10x", rounds=options.rounds,
                          note=f"{users / statistics.median(times['lade']):,.0f} users/s, "
                               "targets only, into Arrow tables")


if __name__ == "__main__":
    race.main(races)
