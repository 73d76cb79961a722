"""Made transactions across the border: types, arguments, errors, files."""

import datetime
import json
import os
import signal
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lade
from lade.synth import planted, transactions, users

SMALL = {"users": 20, "events": (0, 90), "extra": 2, "seed": 7}


def test_rows_are_a_table_with_the_columns_of_the_specification():
    table = transactions(**SMALL)
    assert isinstance(table, pa.Table)
    assert [f"{f.name} {f.type}" for f in table.schema] == [
        "user_id int64", "time timestamp[us, tz=UTC]", "days_before_end int32", "mcc int32",
        "amount double", "type int8", "country int16", "currency int16", "x0 float",
        "x1 float"]
    table.validate(full=True)
    assert table["mcc"].null_count == 0


def test_defaults_are_2000_users_of_4096_events():
    table = transactions(users=2)
    assert table.num_rows == 2 * 4096
    assert max(table["mcc"].to_pylist()) < 100
    time = table["time"].to_numpy()
    assert time.max() < np.datetime64("2021-11-29")


def test_slices_and_threads_change_no_row():
    whole = transactions(**SMALL)
    parts = [transactions(**{**SMALL, "users": 5, "first_user": first, "threads": 2})
             for first in range(0, 20, 5)]
    assert pa.concat_tables(parts).combine_chunks().equals(whole.combine_chunks())


def test_planted_counts_are_exact():
    table = transactions(users=30, events=256, per_day=(1, 3), seed=7,
                         planted=[planted(mcc=0, count=(90, 110), amount="normal(1, 1)")],
                         filler=planted(mcc=1, amount="constant(2)"))
    mcc = table["mcc"].to_numpy().reshape(30, 256)
    counts = (mcc == 0).sum(axis=1)
    assert counts.min() >= 90 and counts.max() <= 110 and len(set(counts)) > 5
    assert set(table["amount"].to_numpy()[mcc.ravel() == 1]) == {2.0}


def test_dates_numbers_and_laws_of_the_callers_kind_are_taken():
    table = transactions(users=np.int64(3), events=np.int32(5), end=datetime.date(2000, 1, 2),
                         hours=np.eye(24)[4], amount="uniform(1, 2)", cents=False,
                         layout="hppl", per_day=5, seed=2**64 - 1)
    assert {t.date() for t in table["time"].to_pylist()} == {datetime.date(2000, 1, 1)}
    assert {t.hour for t in table["time"].to_pylist()} == {4}
    amounts = table["amount"].to_numpy()
    assert amounts.min() >= 1 and amounts.max() <= 2 and len(set(amounts)) == 15


def test_users_tell_events_and_splits():
    batch = users(users=10, events=(0, 5), seed=7,
                  splits={"a": .5, "b": .13, "c": .12, "d": .25})
    assert batch.schema.names == ["user_id", "events", "split"]
    split = batch["split"].to_pylist()
    assert [split.count(name) for name in "abcd"] == [5, 1, 1, 3]
    table = transactions(users=10, events=(0, 5), seed=7)
    assert sum(batch["events"].to_pylist()) == table.num_rows
    assert users(users=1)["split"].to_pylist() == [None]


@pytest.mark.parametrize("arguments,words", [
    ({"users": -1}, "users must be >= 0, got -1"),
    ({"per_day": (0, 0)}, "per_day needs high >= 1"),
    ({"events": (5, 4)}, "events needs 0 <= low <= high, got 5..4"),
    ({"events": 2.5}, "events must be an integer, got 2.5"),
    ({"events": "5"}, "events must be an integer, got '5'"),
    ({"users": True}, "users must be an integer, got True"),
    ({"seed": -1}, "seed is out of range, got -1"),
    ({"amount": "gauss(1, 2)"}, "an amount must be normal"),
    ({"end": "29.11.2021"}, "end must be a date like 2021-11-29"),
    ({"layout": "flat"}, "layout must be plain or hppl"),
    ({"hours": [1, 2]}, "hours must be 24 weights, got 2"),
    ({"splits": {"a": 0.5}}, "shares of splits must sum to 1"),
    ({"planted": [planted(1, count=(1, 9))], "events": 8}, "upper counts of the planted"),
    ({"planted": [planted(1, p=0.5)]}, "p of the planted entries must sum to 1"),
    ({"planted": [planted(-1, p=1)]}, "mcc must be in 0..2^31-1, got -1"),
    ({"filler": planted(1)}, "a filler needs planted entries"),
    ({"threads": -1, "output": "x"}, "threads must be >= 0"),
])
def test_arguments_that_make_no_sense_are_refused(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(lade.ArgumentError) as caught:
        transactions(**{"events": 10, "users": 2, **arguments})
    assert words in str(caught.value)
    assert not os.listdir(tmp_path)


def test_no_users_are_an_empty_table():
    assert transactions(users=0, extra=1).num_rows == 0


def test_files_hold_the_same_rows_and_open_as_a_dataset(tmp_path):
    report = transactions(**SMALL, splits={"train": .5, "test": .5}, output=tmp_path / "bank",
                          part_users=6)
    table = transactions(**SMALL)
    assert report["events"] == table.num_rows and report["parts_kept"] == 0
    assert report["files"] == [f"part-{n}.parquet" for n in (0, 6, 12, 18)]
    assert report["read"].rows_given == table.num_rows
    read = pa.concat_tables(pq.read_table(tmp_path / "bank" / name)
                            for name in report["files"])
    assert read.cast(table.schema).combine_chunks().equals(table.combine_chunks())
    of_users = pq.read_table(tmp_path / "bank/_lade/users.parquet")
    assert sum(of_users["events"].to_pylist()) == table.num_rows
    assert sorted(set(of_users["split"].to_pylist())) == ["test", "train"]
    manifest = json.loads((tmp_path / "bank/_lade/manifest.json").read_text())
    assert manifest["kind"] == "synth" and manifest["seed"] == 7
    dataset = lade.open(tmp_path / "bank")
    assert (dataset.entity, dataset.time) == ("user_id", "time")
    assert dataset.events == table.num_rows


def test_a_table_feeds_a_loader():
    table = transactions(users=8, events=30, seed=7)
    dataset = lade.open(table, entity="user_id", time="time")
    recipe = lade.Recipe(
        inputs=["amount", lade.input("mcc", kind="category")],
        targets=[lade.aggregate("spent", "sum(amount)", every="day", look_back=7)],
        entity="user_id", time="time").fit(dataset)
    batch = next(iter(lade.DataLoader(dataset, recipe, batch_size=8, framework="numpy")))
    assert batch["numerical"].shape[0] == 8
    np.testing.assert_allclose(batch["numerical"][0, :30, 0],
                               table["amount"].to_numpy()[:30].astype(np.float32))


WORDS = ["synth", "transactions", "--users", 20, "--events", "0..90", "--extra", 2,
         "--seed", 7]


def test_the_program_writes_the_same_bytes(run, tmp_path):
    done = run(*WORDS, "-o", tmp_path / "program", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    transactions(**SMALL, output=tmp_path / "python")
    for name in (*said["files"][0:1], {"path": "_lade/manifest.json"}):
        assert (tmp_path / "program" / name["path"]).read_bytes() == \
            (tmp_path / "python" / name["path"]).read_bytes()
    assert said["events"] == said["read"]["rows_given"]
    assert "20 users" in run(*WORDS, "-o", tmp_path / "text").stdout


def test_the_program_takes_laws_as_text(run, tmp_path):
    done = run("synth", "transactions", "--users", 5, "--events", 200, "--planted",
               "mcc=0,count=10..20,amount=normal(1, 1)", "--planted", "mcc=2,count=3",
               "--filler", "mcc=1", "--splits", "train=.6,test=.4", "--end", "2020-01-01",
               "--hours", ",".join(["1"] * 24), "--layout", "hppl", "--no-cents",
               "-o", tmp_path / "bank")
    assert done.returncode == 0, done.stderr
    table = pq.read_table(tmp_path / "bank/part-0.parquet")
    assert (table["mcc"].to_numpy() == 2).sum() == 15
    splits = pq.read_table(tmp_path / "bank/_lade/users.parquet")["split"].to_pylist()
    assert splits.count("train") == 3


@pytest.mark.parametrize("form,suffix", [("parquet", "parquet"), ("ipc", "arrow"),
                                         ("csv", "csv")])
def test_every_format_gives_the_same_batches(run, tmp_path, form, suffix):
    given = dict(users=7, events=(3, 90), extra=2, seed=3, cents=False)
    table = transactions(**given)
    report = transactions(**given, output=tmp_path / "a", output_format=form, part_users=4)
    assert report["files"] == [f"part-0.{suffix}", f"part-4.{suffix}"]
    done = run("synth", "transactions", "--users", 7, "--events", "3..90", "--extra", 2,
               "--seed", 3, "--no-cents", "--part-users", 4, "--output-format", form,
               "-o", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    for name in report["files"]:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    recipe = lade.Recipe(inputs=[lade.input(n) for n in ("amount", "mcc", "x0", "x1")],
                         targets=[lade.aggregate("sum", "sum(amount)", every="day")],
                         entity="user_id", time="time")
    made = [next(iter(lade.DataLoader(data, recipe, batch_size=7, framework="numpy")))
            for data in (lade.open(table, entity="user_id", time="time"),
                         lade.open(tmp_path / "a"))]
    for name in ("numerical", "lengths"):
        assert made[0][name].tobytes() == made[1][name].tobytes()
    assert made[0]["targets"]["sum"].tobytes() == made[1]["targets"]["sum"].tobytes()


def test_a_format_needs_files_and_a_known_name(tmp_path):
    with pytest.raises(lade.ArgumentError, match="output_format needs output"):
        transactions(users=1, output_format="csv")
    with pytest.raises(lade.ArgumentError, match="must be parquet, ipc or csv, got 'xlsx'"):
        transactions(users=1, output=tmp_path / "a", output_format="xlsx")


@pytest.mark.parametrize("words,near", [
    (["--per-day", "0..0"], "per_day needs high >= 1"),
    (["--per-day", "x"], "--per-day must be a number or a range"),
    (["--planted", "count=3"], "--planted must be like"),
    (["--userz", "3"], "did you mean '--users'"),
])
def test_the_program_refuses_what_it_cannot_read(run, tmp_path, words, near):
    done = run("synth", "transactions", *words, "-o", tmp_path / "bank")
    assert done.returncode == 2 and near in done.stderr and not done.stdout
    assert not os.listdir(tmp_path)


def test_a_killed_program_goes_on_where_it_was(program, run, tmp_path):
    words = ["synth", "transactions", "--users", 3000, "--events", 400, "--part-users", 100,
             "--threads", 1, "--seed", 7]
    process = subprocess.Popen([program, *map(str, words), "-o", str(tmp_path / "bank")])
    part = tmp_path / ".bank.lade-part"
    while process.poll() is None and not (part / "part-300.parquet").exists():
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "bank").exists()
    other = run(*words[:-1], 8, "-o", tmp_path / "bank")
    assert other.returncode == 2 and "--restart" in other.stderr
    done = run(*words, "-o", tmp_path / "bank", "--json")
    assert json.loads(done.stdout)["parts_kept"] >= 3
    assert run(*words, "-o", tmp_path / "whole").returncode == 0
    for name in sorted(os.listdir(tmp_path / "whole")):
        if name.endswith(".parquet"):
            assert (tmp_path / "whole" / name).read_bytes() == \
                (tmp_path / "bank" / name).read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["bank", "whole"]


def _blocks(root, language):
    text = (root / "docs/guide/synth.md").read_text()
    return [block.split("\n", 1)[1] for block in text.split("```")[1::2]
            if block.split("\n", 1)[0] == language]


def test_the_guide_runs(root, program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in _blocks(root, ""):
        for line in block.strip().splitlines():
            name, *words = line.split()
            assert name == "lade"
            done = subprocess.run([program, *words], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    names = {}
    for block in _blocks(root, "python"):
        exec(compile(block, "docs/guide/synth.md", "exec"), names)
    assert names["batch"]["numerical"].shape[0] == 16
    assert sorted(os.listdir(tmp_path)) == ["bank"]
