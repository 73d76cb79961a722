#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes csv_quotes.v1.csv and what Python's csv module reads in it, as csv_quotes.v1.json.

Rows are drawn from a few hard bytes; those that Python reads as one row of three fields stay.
"""
import csv
import io
import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent


def rows(count, draw):
    while count:
        text = "".join(draw.choices('ab",;\n é', [6, 3, 8, 5, 1, 2, 1, 1], k=draw.randint(4, 24)))
        text += draw.choice(["\n", "\r\n"])
        try:
            read = list(csv.reader(io.StringIO(text, newline="")))
        except csv.Error:
            continue
        closed = list(csv.reader(io.StringIO(text + "x,y,z\n", newline="")))
        if len(read) == 1 and len(read[0]) == 3 and closed[1:] == [["x", "y", "z"]]:
            count -= 1
            yield text, read[0]


def main():
    drawn = list(rows(250, random.Random(20260101)))
    text = "one,two,three\n" + "".join(row for row, _ in drawn)
    (HERE / "csv_quotes.v1.csv").write_bytes(text.encode())
    with open(HERE / "csv_quotes.v1.json", "w", encoding="utf-8") as out:
        json.dump([fields for _, fields in drawn], out, ensure_ascii=False, indent=0)


if __name__ == "__main__":
    main()
