#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds under fuzz/corpus from tests/data and from texts below.

fuzz/make_corpus.py [PROGRAM]: PROGRAM is lade_fuzz_seeds, which writes what only Lade writes.
"""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
CORPUS = HERE / "corpus"
DATA = HERE.parent / "tests" / "data"

TEXTS = {
    "csv": {
        "bank": b'\x12"id";"day";"kind";"amount"\n1;930101;"PRIJEM";700.00\n2;930102;"VY',
        "quotes": b'\x05a,b\n"x,""y""\nz",1\r\n\n3,4,5\n6\n7,\xff\n',
        "numbers": b"\x08a,b,c\n1,1e5,nan\n-9223372036854775808,.5,inf\n99999999999999999999,,\n",
        "cut_null": b"\x14a\n1\n\xff",
        "marked": b"\x00\xef\xbb\xbfa\tb\n",
    },
    "recipe": {
        "bank.toml": b'[sequence]\nentity = "account_id"\ntime = "date"\nmax_length = 8\n'
        b'[[input]]\ncolumn = "amount"\ntransform = "log10(shift = 1)"\n'
        b'[[target]]\nname = "spent"\naggregate = "sum(amount)"\nevery = "day"\nlook_back = 7\n'
        b"where = 'type in (\"VYDAJ\", \"VYBER\") and amount > 0'\n"
        b'[source]\nformat = "csv"\ndelimiter = ";"\ndates = { date = "%y%m%d" }\n',
        "accent.toml": "gr\u00f6\u00dfe = 1\n".encode(),
        "small.json": b'{"sequence":{"entity":"id","time":"t"},"input":[{"column":"x"}]}',
    },
    "expression": {
        "mixed": b"type in ('a', \"b\") and not (amount between 1 and 2.5e3) or mcc != -4",
        "calendar": b"hour(time) >= 8 and weekday(time) < 6 and month(time) == 12",
        "arithmetic": b"abs(amount - mcc * 2) / 3 > 1 or type is not null",
    },
    "manifest": {"newer": b'{"lade_manifest":2}'},
    "state": {"empty": b"{}"},
    "index": {"empty": bytes(16)},
}


def main():
    for target, seeds in TEXTS.items():
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (CORPUS / target / name).write_bytes(data)
    for target, suffixes in {"parquet": [".parquet"], "ipc": [".arrow", ".arrows"]}.items():
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        for path in sorted(DATA.iterdir()):
            if path.suffix in suffixes and path.stat().st_size <= 16384:
                shutil.copyfile(path, CORPUS / target / path.name)
    if len(sys.argv) > 1:
        subprocess.run([sys.argv[1], str(CORPUS)], check=True)


if __name__ == "__main__":
    main()
