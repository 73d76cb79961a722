# SPDX-License-Identifier: Apache-2.0
"""Makes the golden Parquet and IPC files: python tests/data/make_golden.py"""
import datetime
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent


def table(rows):
    start = datetime.datetime(2024, 1, 1)
    return pa.table({
        "id": pa.array([i // 4 for i in range(rows)], pa.int64()),
        "time": pa.array([start + datetime.timedelta(hours=i) for i in range(rows)],
                         pa.timestamp("us", "UTC")),
        "amount": pa.array([None if i % 7 == 0 else i * 0.5 for i in range(rows)],
                           pa.float64()),
        "place": pa.array([None if i % 5 == 0 else f"place {i % 3}" for i in range(rows)],
                          pa.string()),
        "flag": pa.array([i % 2 == 0 for i in range(rows)]),
        "day": pa.array([i for i in range(rows)], pa.date32()),
        "small": pa.array([i % 100 for i in range(rows)], pa.int8()),
    })


pq.write_table(table(60), here / "flat.v1.parquet", row_group_size=40, compression="zstd",
               write_page_checksum=True, use_dictionary=["place"])
pq.write_table(table(60), here / "plain.v1.parquet", row_group_size=60, compression="none",
               use_dictionary=False, data_page_version="2.0")

with pa.OSFile(str(here / "flat.v1.arrow"), "wb") as sink:
    with pa.ipc.new_file(sink, table(60).schema) as writer:
        writer.write_table(table(60), max_chunksize=40)
coded = table(60).set_column(3, "place", table(60)["place"].dictionary_encode())
with pa.OSFile(str(here / "coded.v1.arrow"), "wb") as sink:
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(sink, coded.schema, options=options) as writer:
        writer.write_table(coded)
with pa.OSFile(str(here / "flat.v1.arrows"), "wb") as sink:
    with pa.ipc.new_stream(sink, coded.schema) as writer:
        writer.write_table(coded, max_chunksize=40)
