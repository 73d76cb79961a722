"""Every example of README and the guide runs as it stands there."""

import datetime
import os
import re
import shutil
import subprocess

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import lade

PAGES = ["README.md", "docs/guide/getting-started.md", "docs/guide/python.md",
         "docs/guide/recipes.md", "docs/guide/targets.md", "docs/guide/transactions.md",
         "docs/guide/command-line.md"]


def blocks(root, page, *languages):
    """(language, text) of fenced blocks, in order."""
    text = (root / page).read_text()
    return re.findall(rf"^```({'|'.join(languages)})\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, root, bank_csv, monkeypatch):
    """What the examples find: a bank excerpt, a recipe, and event files."""
    shutil.copy(bank_csv, tmp_path / "trans.csv")
    (tmp_path / "examples").mkdir()
    shutil.copy(root / "examples/bank.toml", tmp_path / "examples/bank.toml")
    begin = datetime.datetime(2024, 1, 1)
    events = pa.table({
        "user_id": [i % 20 for i in range(400)],
        "at": [begin + datetime.timedelta(hours=7 * i) for i in range(400)],
        "amount": [float(i % 13) - 3 for i in range(400)],
        "mcc": [5411 + i % 3 for i in range(400)],
        "word": [["food", "rent"][i % 2] for i in range(400)],
    })
    (tmp_path / "events").mkdir()
    pq.write_table(events, tmp_path / "events/a.parquet")
    at = pa.array([str(time) for time in events.column("at").to_pylist()])
    pyarrow.csv.write_csv(events.set_column(1, "at", at), tmp_path / "events/a.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_commands(text, program):
    """Runs the lines that call lade; the others install or build."""
    path = os.pathsep.join([os.path.dirname(program), os.environ["PATH"]])
    for line in text.splitlines():
        if line.startswith("lade "):
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True,
                                  env={**os.environ, "PATH": path}, timeout=120)
            assert done.returncode == 0, line + "\n" + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_examples_run_one_after_the_other(root, folder, program, page):
    space = {"lade": lade, "model": lambda *arrays: None}
    for language, text in blocks(root, page, "python", "sh"):
        if language == "sh":
            run_commands(text, program)
        else:
            exec(compile(text, page, "exec"), space)  # noqa: S102


@pytest.mark.parametrize("page", PAGES)
def test_recipes_of_the_guide_are_recipes(root, page):
    for _, text in blocks(root, page, "toml"):
        assert lade.Recipe.from_toml(text).to_json()


def test_the_guide_has_examples(root):
    counts = {page: len(blocks(root, page, "python")) for page in PAGES}
    assert counts["README.md"] >= 1 and counts["docs/guide/getting-started.md"] >= 3
    assert counts["docs/guide/python.md"] >= 1
