"""Classes, families and compat: the border; the mathematics is tested in C++."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lade


@pytest.fixture(scope="module")
def published(root):
    """What the published generator returned, by target and user (tests/data/README.md)."""
    rows = pq.read_table(root / "tests/data/hppl_targets.v1.parquet").to_pylist()
    assert len(rows) == 1120
    values = {}
    for row in rows:
        name = "|".join(str(row[key]) for key in ("unit", "filter", "aggregate", "look_back"))
        values.setdefault(name, {})[row["user_id"]] = np.array(row["values"], np.float32)
    return values


@pytest.fixture(scope="module")
def hppl(root, published):
    targets = []
    for name in published:
        unit, where, aggregate, look_back = name.split("|")
        targets.append(lade.aggregate(name, f"{aggregate}(amount)", where=where, every=unit,
                                      look_back=int(look_back)))
    recipe = lade.Recipe(inputs=["amount"], targets=targets, compat="hppl", max_length=20)
    dataset = lade.open(root / "tests/data/hppl_events.v1.parquet", entity="user_id",
                        time="time")
    return dataset, recipe


def test_compat_hppl_applied_equals_the_published_generator(hppl, published):
    dataset, recipe = hppl
    tables = recipe.apply(dataset)
    assert sorted(tables) == ["day", "month", "quarter", "week", "year"]
    for name, users in published.items():
        table = tables[name.split("|")[0]]
        column = table[name].combine_chunks()
        assert column.null_count == 0
        entity = table["user_id"].to_numpy()
        for user, values in users.items():
            given = column.to_numpy()[entity == user]
            assert given.tobytes() == values.tobytes(), (name, user)


def test_compat_hppl_loaded_equals_the_published_generator(hppl, published):
    dataset, recipe = hppl
    [batch] = lade.DataLoader(dataset, recipe, batch_size=7, shuffle=False, num_workers=0,
                              framework="numpy")
    assert "mask" not in batch
    np.testing.assert_array_equal(
        batch["padding_mask"], np.arange(20) >= np.asarray(batch["lengths"])[:, None])
    for name, users in published.items():
        array = batch["targets"][name]
        mask = batch["target_mask"][name.split("|")[0]]
        assert array.dtype == np.float32 and array.shape == (*mask.shape, 1)
        for user, values in users.items():
            assert array[user, :len(values), 0].tobytes() == values.tobytes(), (name, user)
            assert mask[user].sum() == len(values)


def test_classes_are_int64_offline_and_in_batches(dataset):
    recipe = lade.Recipe(
        inputs=["amount"], entity="user", time="at",
        targets=[lade.aggregate("total", "sum(amount)", every="sequence"),
                 lade.aggregate("most", "max(amount)", every="hour", where="amount > 0"),
                 lade.classes("big_spender", of="total", thresholds=[0.0]),
                 lade.classes("size", "most", thresholds=np.array([0.25, 0.5]))])
    tables = recipe.apply(dataset)
    assert tables["sequence"].schema.field("big_spender").type == pa.int64()
    total = tables["sequence"]["total"].to_numpy()
    labels = tables["sequence"]["big_spender"].to_numpy()
    np.testing.assert_array_equal(labels, (total > 0).astype(np.int64))
    [batch] = lade.DataLoader(dataset, recipe, batch_size=6, shuffle=False, num_workers=0,
                              framework="numpy")
    np.testing.assert_array_equal(batch["targets"]["big_spender"], labels)
    size = batch["targets"]["size"]
    offline = tables["hour"]["size"].fill_null(-100).to_numpy()
    assert size.dtype == np.int64
    assert (size[~batch["target_mask"]["hour"]] == -100).all()
    np.testing.assert_array_equal(size[batch["target_mask"]["hour"]], offline)
    assert set(offline) == {-100, 0, 1, 2}


def test_quantiles_are_fitted_saved_and_refused_unfitted(dataset, tmp_path):
    recipe = lade.Recipe(
        inputs=["amount"], entity="user", time="at",
        targets=[lade.aggregate("total", "sum(amount)", every="sequence"),
                 lade.classes("third", of="total", quantiles=3)])
    assert not recipe.fitted
    with pytest.raises(lade.ArgumentError, match="recipe is not fitted: classes third"):
        recipe.apply(dataset)
    fitted = recipe.fit(dataset)
    fitted.save(tmp_path / "r.json")
    again = lade.Recipe.from_file(tmp_path / "r.json")
    assert again == fitted and again.hash == fitted.hash
    third = again.apply(dataset)["sequence"]["third"].to_numpy()
    assert np.bincount(third).tolist() == [2, 2, 2]
    with pytest.raises(lade.DataError, match="number of valid values, 6, got 7"):
        lade.Recipe(entity="user", time="at", targets=[
            lade.aggregate("total", "sum(amount)", every="sequence"),
            lade.classes("c", of="total", quantiles=7)]).fit(dataset)


@pytest.mark.parametrize("thresholds,words", [
    ([], "must not be empty"), ([2, 1], "must ascend"), ([1, 1], "distinct"),
    (["a"], "finite numbers")])
def test_thresholds_that_make_no_classes_are_refused(thresholds, words):
    with pytest.raises(lade.ArgumentError, match=words):
        lade.Recipe(targets=[lade.aggregate("y", "sum(a)", every="day"),
                             lade.classes("c", of="y", thresholds=thresholds)])


def test_a_family_is_the_head_of_a_larger_one_from_a_dataset_or_its_counts(dataset, events):
    words = dict(values="amount", sets_of="word", every=["day", "hour"])
    small = lade.target_family(dataset, 5, 11, **words)
    large = lade.target_family(dataset, count=9, seed=11, **words)
    assert small == large[:5] and len({json.dumps(one) for one in large}) == 9
    counts = {one["values"]: one["counts"]
              for one in events["word"].value_counts().to_pylist()}
    assert lade.target_family(counts, 9, 11, **words) == large
    assert small != lade.target_family(dataset, 5, 12, **words)
    recipe = lade.Recipe(targets=small, entity="user", time="at")
    assert recipe.fitted and recipe.targets == [one["name"] for one in small]
    assert recipe.apply(dataset)


def test_a_family_in_a_recipe_is_written_out_by_fit(dataset):
    family = {"count": 5, "seed": 11, "values": ["amount"], "sets_of": "word"}
    recipe = lade.Recipe(entity="user", time="at", target_family=[family]).fit(dataset)
    written = json.loads(recipe.to_json())["recipe"]
    assert "target_family" not in written
    assert [one["name"] for one in written["target"]] == [
        one["name"] for one in lade.target_family(dataset, **family)]


def test_counts_of_targets_that_are_not_possible_are_refused():
    with pytest.raises(lade.ArgumentError, match="count must be <= 2, the number of"):
        lade.target_family({5411: 3, 5812: 1}, 3, aggregates="count", every="day",
                           look_back=1, set_size=(1, 1), sets_of="mcc")
    with pytest.raises(lade.ArgumentError, match="'sets_of' is missing"):
        lade.target_family({5411: 3}, 3, values="amount")
    with pytest.raises(lade.ArgumentError, match="all texts or all whole numbers"):
        lade.target_family({5411: 3, "a": 1}, 3, values="amount", sets_of="mcc")


def test_the_bank_recipe_with_a_family_runs_through_the_program(
        run, tmp_path, bank_recipe_path, bank_csv):
    fitted, out = tmp_path / "bank.json", tmp_path / "targets"
    assert run("apply", bank_recipe_path, bank_csv, "-o", out).returncode == 2  # not fitted
    for words in (["fit", bank_recipe_path, bank_csv, "-o", fitted], ["apply", fitted, bank_csv, "-o", out],
                  ["load", fitted, bank_csv, "--num-workers", "2", "--json"]):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    shown = run("inspect", fitted, "--expand", "--json")
    recipe = json.loads(shown.stdout)["recipe"]["recipe"]
    assert "target_family" not in recipe and len(recipe["target"]) == 24
    day = pq.read_table(out / "targets.day.parquet")
    assert {"spent_30d", "all_30d", "spent_share"} < set(day.column_names)
