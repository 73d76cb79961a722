# SPDX-License-Identifier: Apache-2.0
"""Bank CSV to a sorted dataset: `lade.convert` against Polars' read_csv + sort + write_parquet.

The excerpt under examples/data is repeated with renumbered accounts until it has the wanted
size. Both sides write zstd Parquet sorted by account and date, with two threads; Lade also
writes its index and syncs everything to the disk, and the time of that is shown apart.
"""

from __future__ import annotations

import lzma
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

import polars

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

import lade  # noqa: E402

EXCERPT = pathlib.Path(__file__).resolve().parents[3] / "examples/data/berka_trans.csv.xz"
SOURCE = {"format": "csv", "delimiter": ";", "dates": {"date": "%y%m%d"}}


def repeated(target: pathlib.Path, size: int) -> None:
    """The excerpt's whole rows again and again, account ids shifted by 100,000 each time."""
    lines = lzma.open(EXCERPT, "rt", encoding="ascii").read().split("\n")
    header, rows = lines[0], [line.split(";", 2) for line in lines[1:-1]]
    with open(target, "w", encoding="ascii") as out:
        out.write(header + "\n")
        shift = 0
        while out.tell() < size:
            out.writelines(f"{first};{int(account) + shift};{rest}\n" for first, account, rest in rows)
            shift += 100_000


def races(options):
    size = (3 << 20) if options.quick else (200 << 20)
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        source = here / "trans.csv"
        repeated(source, size)
        os.sync()

        synced = []

        def polars_arm():
            frame = polars.read_csv(source, separator=";")
            dates = polars.col("date").cast(polars.String).str.pad_start(6, "0")
            frame = frame.with_columns(dates.str.strptime(polars.Date, "%y%m%d"))
            frame.sort("account_id", "date", maintain_order=True).write_parquet(
                here / "polars.parquet", compression="zstd", compression_level=1)

        def ours():
            shutil.rmtree(here / "bank", ignore_errors=True)
            begin = time.perf_counter()
            report = lade.convert(source, here / "bank", entity="account_id", time="date",
                                  source=SOURCE)
            synced.append(report["sync_s"])
            return time.perf_counter() - begin - report["sync_s"]

        times = race.alternate({"polars": polars_arm, "lade": ours}, options.rounds)
        middle, low, high = race.ratio(times, "polars")
        yield race.Result(name="convert/bank_csv", peer="Polars read_csv + sort + write_parquet",
                          ratio=middle, low=low, high=high, target=">= 2x", rounds=options.rounds,
                          note=f"{source.stat().st_size >> 20} MiB of CSV; fsync apart: "
                               f"{statistics.median(synced):.2f} s, Polars syncs nothing")


if __name__ == "__main__":
    race.main(races)
