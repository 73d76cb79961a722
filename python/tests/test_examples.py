"""Every example runs, from another directory, against the installed package."""

import subprocess
import sys

import pytest

import lade


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, bank):
    dataset, recipe = bank
    path = tmp_path_factory.mktemp("fitted") / "bank.json"
    recipe.save(path)
    return path


def example(root, name, *words, cwd):
    done = subprocess.run([sys.executable, str(root / "examples" / name), *map(str, words)],
                          capture_output=True, text=True, cwd=cwd, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bank_tour(root, tmp_path, bank_csv, fitted):
    lade.convert(bank_csv, tmp_path / "bank", recipe=lade.Recipe.from_file(fitted))
    text = example(root, "bank_tour.py", tmp_path / "bank", fitted, tmp_path, cwd=tmp_path)
    for word in ("sequences", "share of the roof", "content digest", "resumed"):
        assert word in text
    assert (tmp_path / "account.svg").read_text().startswith("<svg")
    assert (tmp_path / "targets" / "targets.month.parquet").exists()


def test_train_bank_beats_a_constant_guess(root, tmp_path, bank_csv):
    pytest.importorskip("torch")
    text = example(root, "train_bank.py", bank_csv, "--epochs", 2, cwd=tmp_path)
    lines = [line.split() for line in text.splitlines() if line.startswith("epoch")]
    losses = [float(line[4]) for line in lines]
    assert losses[-1] < losses[0]
