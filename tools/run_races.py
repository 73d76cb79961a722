#!/usr/bin/env python3
"""Runs the races under bench/peers one after another and writes docs/benchmarks.md."""
import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ("torch", "polars", "pyarrow", "numpy", "pandas")


def races(only):
    """Files that end in `race.main(...)`: each is a race."""
    for path in sorted((ROOT / "bench" / "peers").rglob("*.py")):
        if "race.main(" in path.read_text() and only in path.stem:
            yield path


def run(path, flags):
    """Results of one race; its talk goes to stderr."""
    words = [sys.executable, str(path.relative_to(ROOT)), *flags]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return lines, done.returncode


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{model}, {len(os.sched_getaffinity(0))} usable CPUs, {pages / 2**30:.0f} GiB"


def versions():
    found = []
    for name in ("lade-data", *PEERS):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    return ", ".join(found)


def row(result):
    share = "" if result["roof_share"] is None else f"{result['roof_share']:.0%}"
    return (f"| {result['name']} | {result['peer']} | {result['ratio']:.2f} | "
            f"{result['low']:.2f}..{result['high']:.2f} | {share} | {result['target']} | "
            f"{result['note']} |")


def document(results, failed):
    commands = sorted({result["command"] for result in results})
    lines = [
        "# Benchmarks", "",
        "Written by `script/bench`; absolute figures are never promised. A ratio is peer time",
        "divided by Lade's time in rounds that take turns (A B, B A, ...) in one run: above 1",
        "Lade is faster. The spread is the least and the largest ratio of a round. The roof is",
        "the copy bandwidth of this machine, measured in the same run.", "",
        f"Machine: {machine()}. {versions()}.", "",
        "| race | peer | ratio | spread | of the roof | target | note |",
        "|---|---|---|---|---|---|---|", *map(row, results), "",
        "Each line again:", "", "```sh", *commands, "```", ""]
    if failed:
        lines += ["Did not finish in this run: " + ", ".join(failed) + ".", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    flags = ["--rounds", str(options.rounds)] + (["--quick"] if options.quick else [])
    results, failed = [], []
    for path in races(options.only):
        print(f"== {path.relative_to(ROOT)}", file=sys.stderr, flush=True)
        lines, code = run(path, flags)
        results += lines
        for result in lines:
            print(row(result), flush=True)
        if code != 0:
            failed.append(path.stem)
    if not options.quick and not options.only:
        (ROOT / "docs" / "benchmarks.md").write_text(document(results, failed))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
