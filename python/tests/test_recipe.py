"""Recipe: the forms it has, fitting, applying, saving."""

import json
import pickle

import numpy as np
import pyarrow.parquet as pq
import pytest

import lade


def test_python_toml_and_json_are_one_form():
    python = lade.Recipe(
        inputs=["balance", lade.input("amount", transform="log10(shift = 1)", name="log")],
        targets=[lade.aggregate("spent", "sum(amount)", every="day", look_back=7)],
        entity="account", time="date")
    toml = lade.Recipe.from_toml("""
        input = [{column = "balance"},
                 {column = "amount", transform = "log10(shift = 1)", as = "log"}]
        [[target]]
        name = "spent"
        aggregate = "sum(amount)"
        every = "day"
        look_back = 7
        [sequence]
        entity = "account"
        time = "date"
    """)
    assert python == toml and python.hash == toml.hash and hash(python) == hash(toml)
    assert lade.Recipe.from_json(python.to_json()) == python
    assert lade.Recipe.from_json(json.loads(python.to_json())) == python
    assert pickle.loads(pickle.dumps(python)) == python
    assert python.numbers == ["balance", "log"] and python.targets == ["spent"]


def test_mistakes_carry_the_nearest_name_and_a_caret():
    with pytest.raises(lade.ArgumentError, match="where"):
        lade.Recipe(targets=[{"name": "a", "aggregate": "count()", "wher": "x > 1"}])
    with pytest.raises(lade.ArgumentError, match=r"\^"):
        lade.Recipe(targets=[lade.aggregate("a", "count()", where="x >> 1", every="day")])
    with pytest.raises(lade.ArgumentError, match="twice"):
        lade.Recipe(sequence={"entity": "a"}, entity="b")
    with pytest.raises(lade.ArgumentError, match="set"):
        lade.Recipe(inputs=[{"column": "a", "nulls": {1}}])


def test_an_unfitted_recipe_is_refused_by_the_loader(dataset):
    recipe = lade.Recipe(inputs=[lade.input("word", kind="category")], entity="user",
                         time="at")
    assert not recipe.fitted
    with pytest.raises(lade.ArgumentError, match="fit"):
        lade.DataLoader(dataset, recipe)


def test_fit_learns_and_returns_another_recipe(dataset, recipe):
    assert recipe.fitted and recipe.cardinality("word") == 4
    assert [recipe.decode("word", i) for i in (1, 2, 3)] == ["a", "b", "c"]
    with pytest.raises(lade.ArgumentError, match="word"):
        recipe.cardinality("wrd")


def test_fit_sees_only_its_part(events):
    dataset = lade.open(events, entity="user", time="at")
    recipe = lade.Recipe(inputs=[lade.input("user", kind="category")], entity="user",
                         time="at")
    part = dataset.split([0.5, 0.5], seed=7)[0]
    assert recipe.fit(part).cardinality("user") == len(part) + 1


def test_saving_refuses_to_overwrite_and_keeps_what_was_learned(tmp_path, recipe):
    path = tmp_path / "recipe.json"
    recipe.save(path)
    assert lade.Recipe.from_file(path) == recipe
    with pytest.raises(lade.ArgumentError, match="overwrite|exists"):
        recipe.save(path)
    recipe.save(path, overwrite=True)


def test_apply_gives_one_table_per_boundary_set(bank):
    dataset, recipe = bank
    tables = recipe.apply(dataset)
    assert set(tables) == {"day", "week", "month"}  # weeks are of the family
    assert (tables["day"].num_rows, tables["month"].num_rows) == (39_960, 10_950)
    value = tables["month"].column("spent_next_month")
    assert len(value) - value.null_count == 9_721
    assert abs(np.nansum(value.to_numpy().astype(np.float64)) - 137_844_153.50) < 100


SPENT = 'type in ("VYDAJ", "VYBER")'


def test_sums_of_spent_are_those_of_the_excerpt(bank):
    dataset, _ = bank
    recipe = lade.Recipe(entity="account_id", time="date", targets=[
        lade.aggregate(f"spent_{k}", "sum(amount)", where=SPENT, every="day", look_back=k)
        for k in (1, 7, 30)])
    table = recipe.apply(dataset)["day"]
    for k, total in ((1, 138_120_153.50), (7, 258_273_386.90), (30, 702_218_770.50)):
        values = table.column(f"spent_{k}").to_numpy().astype(np.float64)
        # Each value was rounded once to f32: half an ulp of values up to a million.
        assert abs(values.sum() - total) < 0.03 * len(values)
    account = table.filter(np.asarray(table.column("account_id")) == 2378)
    assert account.column("spent_7").to_pylist()[:10] == [
        0, 0, 0, 0, 0, 34700, 34700, 9612, 34812, 33900]
    assert account.column("spent_30").to_pylist()[:10] == [
        0, 0, 0, 0, 0, 34700, 34700, 44312, 69512, 103412]


@pytest.mark.parametrize("every,count", [("day", 39_960), ("week", 27_806),
                                         ("month", 10_950), ("quarter", 4_078),
                                         ("year", 2_368)])
def test_intervals_of_the_excerpt(bank, every, count):
    recipe = lade.Recipe(entity="account_id", time="date",
                         targets=[lade.aggregate("n", "count()", every=every)])
    assert recipe.apply(bank[0])[every].num_rows == count


def test_the_loader_gives_the_values_of_apply(bank, root):
    dataset, _ = bank
    text = (root / "examples/bank.toml").read_text().replace("max_length = 128", "")
    recipe = lade.Recipe.from_toml(text).fit(dataset)
    tables = recipe.apply(dataset)
    loader = lade.DataLoader(dataset, recipe, batch_size=512, framework="numpy")
    for name, every in (("spent_30d", "day"), ("spent_next_month", "month")):
        expected = tables[every].column(name).to_numpy()
        online = []
        for batch in loader:
            real, valid = batch["target_mask"][every], batch["target_valid"][name]
            values = np.where(valid, batch["targets"][name], np.nan)
            online.append(values[real])
        online = np.concatenate(online).astype(np.float32)
        assert np.array_equal(online, expected.astype(np.float32), equal_nan=True)


def test_apply_writes_parquet_that_others_read(tmp_path, bank):
    dataset, recipe = bank
    report = recipe.apply(dataset, tmp_path / "targets")
    assert {t["name"] for t in report["targets"]} == set(recipe.targets)
    table = pq.read_table(tmp_path / "targets" / "targets.day.parquet")
    assert table.equals(recipe.apply(dataset)["day"].cast(table.schema))
    with pytest.raises(lade.ArgumentError):
        recipe.apply(dataset, tmp_path / "targets")
