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
PEERS = ("torch", "numba", "polars", "duckdb", "pytorch-lifestream", "pyarrow", "numpy", "pandas")


def races(folder, only):
    """Files that end in `race.main(...)`: each is a race. `only`: texts apart by commas."""
    for path in sorted((ROOT / "bench" / "peers").rglob("*.py")):
        if "race.main(" not in path.read_text() or folder not in ("", path.parent.name):
            continue
        if any(text in path.stem for text in only.split(",")):
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
            f"{result['low']:.2f}..{result['high']:.2f} | {share} | {result['must']} | "
            f"{result['aim']} | {result['note']} |")


TABLE = ["| race | peer | ratio | spread | of the roof | must | aim | note |",
         "|---|---|---|---|---|---|---|---|"]


def others(old, results):
    """Rows and commands of a section that this run says nothing of."""
    new = {result["name"] for result in results}
    files = {result["command"].split()[1] for result in results}
    rows = [line for line in old.splitlines()
            if line.startswith("| ") and line not in TABLE and line.split(" | ")[0][2:] not in new]
    commands = [line for line in old.splitlines()
                if line.startswith("python bench/") and line.split()[1] not in files]
    return rows, commands


def section(title, results, failed, old):
    """One folder's races: the table and how to run each line again. What `old` has besides them
    stays, and so does what people wrote below."""
    rows, commands = others(old, results)
    lines = [f"## {title}", "", f"Machine: {machine()}. {versions()}.", "", *TABLE,
             *sorted(rows + [row(result) for result in results]), ""]
    if failed:
        lines += ["Did not finish in this run: " + ", ".join(failed) + ".", ""]
    commands += [result["command"] for result in results]
    return "\n".join([*lines, "```sh", *sorted(set(commands)), "```", "", remarks(old)])


def remarks(part):
    """What people wrote below the tables and commands of a section."""
    return part.rpartition("```\n")[2].strip("\n")


def replaced(text, title, results, failed):
    """`text` with the section of this title made anew, or added."""
    head, *parts = text.split("\n## ")
    old = next((part for part in parts if part.splitlines()[0] == title), "")
    kept = [part for part in parts if part != old]
    kept.append(section(title, results, failed, old).removeprefix("## "))
    return "\n## ".join(part.rstrip("\n") + "\n" for part in [head, *sorted(kept)])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="", help="races of bench/peers/FOLDER")
    parser.add_argument("--only", default="", help="texts of file names, apart by commas")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="a JSON line per result")
    parser.add_argument("--published", default="", help="a clone of hppl_skoltech_project")
    options = parser.parse_args()
    flags = ["--rounds", str(options.rounds)] + (["--quick"] if options.quick else [])
    sections, failed = {}, {}
    for path in races(options.folder, options.only):
        print(f"== {path.relative_to(ROOT)}", file=sys.stderr, flush=True)
        takes = ["--published", options.published] if "published=" in path.read_text() else []
        lines, code = run(path, flags + (takes if options.published else []))
        title = path.parent.name
        sections.setdefault(title, []).extend(lines)
        for result in lines:
            print(json.dumps(result) if options.json else row(result), flush=True)
        if code != 0:
            failed.setdefault(title, []).append(path.stem)
    if not options.quick:
        file = ROOT / "docs" / "benchmarks.md"
        text = file.read_text()
        for title, results in sections.items():
            text = replaced(text, title, results, failed.get(title, []))
        file.write_text(text)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
