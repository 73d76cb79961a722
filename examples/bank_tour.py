#!/usr/bin/env python3
"""A tour of a converted bank dataset: speed, equal digests, resuming, targets, a picture.

    python examples/bank_tour.py BANK_DIRECTORY FITTED_RECIPE OUTPUT_DIRECTORY
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

import numpy as np

import lade

ARGUMENTS = {"batch_size": 64, "shuffle": True, "seed": 7, "framework": "numpy",
             "digest": "content"}


def copy_roof(megabytes=64, rounds=8):
    """Bytes a second that one thread copies from memory to memory."""
    source = np.ones(megabytes << 20, dtype=np.uint8)
    target = np.zeros_like(source)
    best = 0.0
    for _ in range(rounds):
        begin = time.perf_counter()
        np.copyto(target, source)
        best = max(best, source.nbytes / (time.perf_counter() - begin))
    return best


def run(loader, epochs):
    """(seconds, content digest) of so many epochs."""
    content = 0
    begin = time.perf_counter()
    for _ in range(epochs):
        for batch in loader:
            content += batch.content_digest()
    return time.perf_counter() - begin, content % 2**64


def table(title, rows):
    width = max(len(name) for name, _ in rows)
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:<{width}}  {value:>18}")


def show_speed(dataset, recipe, epochs=2):
    loader = lade.DataLoader(dataset, recipe, num_workers=2, **ARGUMENTS)
    seconds, content = run(loader, epochs)
    stats = loader.stats()
    rate, roof = stats["bytes_delivered"] / seconds, copy_roof()
    table(f"{epochs} epochs of shuffled batches with targets", [
        ("sequences", f"{len(dataset):,}"), ("events", f"{dataset.events:,}"),
        ("batches", f"{stats['batches']:,}"),
        ("batches/s", f"{stats['batches'] / seconds:,.0f}"),
        ("MB/s", f"{rate / 1e6:,.0f}"), ("copy roof, MB/s", f"{roof / 1e6:,.0f}"),
        ("share of the roof", f"{rate / roof:.1%}"), ("fill", f"{stats['fill']:.3f}"),
        ("first batch", f"{stats['first_batch_s'] * 1e3:.1f} ms"),
        ("content digest", f"{content:016x}"),
    ])
    table("where the time went (busy seconds of all threads)", [
        (name, f"{stage['busy_s']:.4f}") for name, stage in stats["stages"].items()])
    return content


RESUME = """
import json, sys, lade
state = json.loads(sys.stdin.read())
dataset = lade.open(sys.argv[1])
recipe = lade.Recipe.from_file(sys.argv[2])
loader = lade.DataLoader(dataset, recipe, num_workers=2, **json.loads(sys.argv[3]))
loader.load_state_dict(state)
for batch in loader: pass
print(f"{loader.digest():016x}")
"""


def show_equal_digests(bank, recipe_path, dataset, recipe):
    digests = {}
    for workers in (0, 2):
        loader = lade.DataLoader(dataset, recipe, num_workers=workers, **ARGUMENTS)
        for _ in loader:
            pass
        digests[f"{workers} workers"] = f"{loader.digest():016x}"
    loader = lade.DataLoader(dataset, recipe, num_workers=0, **ARGUMENTS)
    for step, _ in enumerate(loader, 1):
        if step == len(loader) // 2:
            break
    resumed = subprocess.run(
        [sys.executable, "-c", RESUME, bank, recipe_path, json.dumps(ARGUMENTS)],
        input=json.dumps(loader.state_dict()), capture_output=True, text=True, check=True)
    digests["resumed in mid-epoch, in a new process"] = resumed.stdout.strip()
    table("digest of one epoch", list(digests.items()))
    if len(set(digests.values())) != 1:
        sys.exit("the digests differ")


def show_targets(recipe, dataset, output):
    report = recipe.apply(dataset, output / "targets", overwrite=True)
    table("targets, written as Parquet: valid of all", [
        (f"{t['name']} (every {t['every']})", f"{t['valid']:,} of {t['values']:,}")
        for t in report["targets"]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("bank", "recipe", "output"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    output = pathlib.Path(arguments.output)
    recipe = lade.Recipe.from_file(arguments.recipe)
    dataset = lade.open(arguments.bank, recipe=recipe)
    show_speed(dataset, recipe)
    show_equal_digests(arguments.bank, arguments.recipe, dataset, recipe)
    show_targets(recipe, dataset, output)
    picture = output / "account.svg"
    picture.write_text(recipe.picture(
        dataset, targets=["spent_30d", "spent_share", "spent_next_month"]))
    print(f"\npicture of one account: {picture}")


if __name__ == "__main__":
    main()
