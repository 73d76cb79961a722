"""What the tests of the border share. They run against the installed package."""

import lzma
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

import lade

ROOT = pathlib.Path(os.environ.get("LADE_ROOT", pathlib.Path(__file__).parents[2]))


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def bank_csv(tmp_path_factory):
    """The Czech bank excerpt as text, byte for byte."""
    path = tmp_path_factory.mktemp("bank") / "trans.csv"
    path.write_bytes(lzma.open(ROOT / "examples/data/berka_trans.csv.xz").read())
    return str(path)


@pytest.fixture(scope="session")
def bank_recipe_path():
    return str(ROOT / "examples/bank.toml")


@pytest.fixture(scope="session")
def bank(bank_csv, bank_recipe_path):
    """(dataset, fitted recipe) of the excerpt."""
    recipe = lade.Recipe.from_file(bank_recipe_path)
    dataset = lade.open(bank_csv, recipe=recipe)
    return dataset, recipe.fit(dataset)


@pytest.fixture
def events():
    """Six users with 1..6 events, shuffled rows."""
    users = np.repeat(np.arange(1, 7), np.arange(1, 7))
    order = np.random.default_rng(7).permutation(len(users))
    return pa.table({
        "user": pa.array(users[order]),
        "at": pa.array((np.arange(len(users)) * 3600)[order], pa.timestamp("s")),
        "amount": pa.array(np.linspace(-1, 1, len(users))[order]),
        "word": pa.array([["a", "b", "c"][i % 3] for i in range(len(users))]),
    })


@pytest.fixture
def dataset(events):
    return lade.open(events, entity="user", time="at")


@pytest.fixture
def recipe(dataset):
    return lade.Recipe(
        inputs=["amount", lade.input("word", kind="category")],
        targets=[lade.aggregate("spent", "sum(amount)", every="day", look_back=1)],
        entity="user", time="at").fit(dataset)


@pytest.fixture
def loader_of(dataset, recipe):
    def make(**arguments):
        arguments = {"batch_size": 2, "framework": "numpy", "num_workers": 0, **arguments}
        return lade.DataLoader(dataset, recipe, **arguments)
    return make


@pytest.fixture(scope="session")
def program():
    """The command `lade` of this environment."""
    beside = pathlib.Path(sys.executable).parent / "lade"
    path = os.environ.get("LADE_PROGRAM") or (str(beside) if beside.exists() else
                                              shutil.which("lade"))
    assert path, "the wheel installs the command lade"
    return path


@pytest.fixture
def run(program):
    def call(*words, **options):
        return subprocess.run([program, *map(str, words)], capture_output=True, text=True,
                              timeout=60, **options)
    return call
