# SPDX-License-Identifier: Apache-2.0
"""How long a user waits before anything happens: `import lade` after pyarrow, `lade --help`.

Each sample is a fresh process; the ratio is allowed time / time, so above 1 is within it.
"""

from __future__ import annotations

import pathlib
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import race  # noqa: E402

IMPORT = """
import time, pyarrow
begin = time.perf_counter()
import lade
print(time.perf_counter() - begin)
"""


def import_seconds() -> float:
    return float(subprocess.check_output([sys.executable, "-c", IMPORT]))


def help_seconds() -> float:
    program = shutil.which("lade", path=str(pathlib.Path(sys.executable).parent)) or "lade"
    begin = time.perf_counter()
    subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def races(options):
    for name, allowed, sample in (("import_lade", 0.150, import_seconds), ("lade_help", 0.060, help_seconds)):
        sample()
        seconds = [sample() for _ in range(max(options.rounds, 5))]
        yield race.Result(name=f"start/{name}", peer=f"{allowed * 1000:.0f} ms allowed",
                          ratio=allowed / statistics.median(seconds), low=allowed / max(seconds),
                          high=allowed / min(seconds), target=">= 1", rounds=len(seconds),
                          note=f"median {statistics.median(seconds) * 1000:.0f} ms")


if __name__ == "__main__":
    race.main(races)
