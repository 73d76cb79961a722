"""What people try who have not read the guide: it works, or one line says what to change."""

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import lade


def refused(words, call, *arguments, **options):
    with pytest.raises(lade.ArgumentError) as error:
        call(*arguments, **options)
    assert words in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("path,words", [
    (5, "got int"), (None, "got NoneType"), ([{"a": 1}], "got a list of dict"),
    (np.zeros((2, 2)), "got ndarray"), ([], "at least one path"),
])
def test_what_is_no_data_is_named(path, words):
    refused(words, lade.open, path)


def test_tables_of_another_kind_say_how_to_become_one(events, tmp_path):
    refused("a list of Table", lade.open, [events, events])
    refused("needs a path", lade.convert, events, str(tmp_path / "x"))
    pq.write_table(events, tmp_path / "a.parquet")
    refused("to_table()", lade.open, pyarrow.dataset.dataset(tmp_path / "a.parquet"))
    with open(tmp_path / "a.parquet", "rb") as file:
        refused("got BufferedReader", lade.open, file)
    polars = pytest.importorskip("polars")
    refused("collect() it first", lade.open, polars.from_arrow(events).lazy())
    refused("named columns", lade.open, polars.from_arrow(events)["amount"])
    pandas = pytest.importorskip("pandas")
    refused("named columns", lade.open, pandas.Series([1.0]))


def test_paths_may_be_bytes(events, tmp_path):
    pq.write_table(events, tmp_path / "a.parquet")
    assert lade.open(bytes(tmp_path / "a.parquet"), entity="user", time="at").events == 21


@pytest.mark.parametrize("options,words", [
    ({"entity": "usr"}, "did you mean 'user'?"),
    ({"entity": 1}, "must be the name of a column"),
    ({"entity": "amount"}, "cast it"),
    ({"time": "att"}, "did you mean 'at'?"),
    ({"time": "word"}, "dates"),
    ({"columns": "amount"}, "a list of column names"),
    ({"columns": ["amuont"]}, "did you mean 'amount'?"),
    ({"memory_budget": "2 gigs"}, "65536, 64KiB"),
    ({"memory_budget": -1}, "memory_budget must be >= 1"),
    ({"max_bad": "many"}, "a count or a fraction"),
    ({"limits": {"max_row_bytes": 1}}, "lade.Limits"),
    ({"recipe": "bank.toml"}, "lade.Recipe.from_file"),
    ({"layout": "wide"}, "layout must be"),
])
def test_arguments_of_open_that_are_none(events, options, words):
    refused(words, lade.open, events, **{"entity": "user", "time": "at", **options})


@pytest.mark.parametrize("arguments,words", [
    ({"seed": -1}, "seed must be an integer"), ({"seed": "a"}, "seed must be an integer"),
    ({"seed": 2**64}, "seed must be an integer"), ({"seed": 1.5}, "seed must be an integer"),
    ({"sampler": ["a"]}, "sampler must give whole numbers"),
    ({"sampler": 5}, "sampler must give sample ids"),
    ({"samples": [0.5]}, "samples must give whole numbers"),
    ({"dtypes": "f16"}, "dtypes must be a dict"),
    ({"dtypes": {"numericl": "f16"}}, "did you mean 'numerical'?"),
    ({"timeout": "a"}, "timeout must be a number"),
    ({"max_length": "a"}, "max_length must be an integer"),
    ({"max_length": -5}, "max_length must be an integer"),
    ({"sample_fraction": "a"}, "sample_fraction must be a number"),
    ({"collate_fn": 5}, "collate_fn must be callable"),
    ({"generator": 5}, "generator must be a torch.Generator"),
    ({"pin_memory": "x"}, "pin_memory must be"),
    ({"batch_size": 0}, "must be >= 1"), ({"shuffle": "blok"}, "must be none or global"),
])
def test_arguments_of_the_loader_that_are_none(loader_of, arguments, words):
    refused(words, loader_of, **arguments)


def test_unknown_arguments_get_the_nearest(loader_of):
    with pytest.raises(TypeError, match="did you mean 'batch_size'"):
        loader_of(bach_size=3)


def test_a_recipe_is_wanted_where_one_is_needed(dataset, loader_of):
    refused("lade.Recipe.from_file", lade.DataLoader, dataset, "bank.toml")
    refused("got dict", lade.DataLoader, dataset, {"inputs": ["amount"]})
    refused("must be an integer", loader_of().set_epoch, "a")
    refused("must be an integer", loader_of().batch_at, 0, -1)
    refused("threads", lade.Recipe(targets=[
        lade.aggregate("a", "sum(amount)", every="day")]).apply, dataset, threads=-4)


@pytest.mark.parametrize("parts,words", [
    ({"inputs": "amount"}, "inputs must be a list"), ({"inputs": [5]}, "got 5"),
    ({"inputs": [None]}, "got None"), ({"targets": ["spent"]}, "targets must be a list"),
    ({"inputs": [{"colum": "x"}]}, "did you mean 'column'?"),
    ({"window": "events()"}, "events(LENGTH, stride = STEP)"),
])
def test_parts_of_a_recipe_that_are_none(parts, words):
    refused(words, lade.Recipe, **parts)


def test_dates_in_a_recipe_are_written_out():
    recipe = lade.Recipe(inputs=["amount"], until=datetime.date(2024, 3, 1))
    assert '"until":"2024-03-01"' in recipe.to_json()


@pytest.mark.parametrize("name", ["ü ñ 漢", "a b", "a`b", "a\nb", "'q'", '"', "and", "\U0001F600"])
def test_columns_may_have_any_name(name):
    table = pa.table({"user": [1, 2], "at": pa.array([1, 2], pa.timestamp("s")),
                      name: [1.0, -2.0]})
    dataset = lade.open(table, entity="user", time="at", filters=lade.col(name) > 0)
    assert dataset.columns == ["user", "at", name] and dataset.events == 1
    quoted = "`" + name.replace("`", "``") + "`"
    recipe = lade.Recipe(inputs=[name],
                         targets=[lade.aggregate("s", f"sum({quoted})", every="day")])
    loader = lade.DataLoader(dataset, recipe, framework="numpy", num_workers=0)
    assert next(iter(loader))["targets"]["s"].tolist() == [[1.0]]


@pytest.mark.parametrize("column", [
    pa.array([decimal.Decimal("1.50"), None]), pa.array([1.5, None], pa.float16()),
    pa.array([True, None]), pa.array([1, None], pa.uint64()),
    pa.array([1, None], pa.duration("s")), pa.array([1, 1]).dictionary_encode(),
])
def test_numbers_of_many_types_are_inputs(column):
    table = pa.table({"user": [1, 1], "at": [1, 2], "x": column})
    loader = lade.DataLoader(lade.open(table, entity="user", time="at"), framework="numpy",
                             num_workers=0)
    assert next(iter(loader)).numerical.shape == (1, 2, 1)


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(),
                                   pa.dictionary(pa.int8(), pa.string())])
def test_texts_of_many_types_are_categories(type_):
    table = pa.table({"user": [1, 1, 1], "at": [1, 2, 3],
                      "x": pa.array(["b", "a", None]).cast(type_)})
    loader = lade.DataLoader(lade.open(table, entity="user", time="at"), framework="numpy",
                             num_workers=0)
    assert next(iter(loader)).categorical.ravel().tolist() == [2, 1, 0]


def test_times_may_have_a_zone():
    times = pa.array([-1, 0], pa.timestamp("us", "Europe/Prague"))
    dataset = lade.open(pa.table({"user": [1, 1], "at": times, "x": [1.0, 2.0]}),
                        entity="user", time="at",
                        filters=[("at", "<", datetime.datetime(1970, 1, 1, 1))])
    assert dataset.events == 1  # when 1970 began in UTC, it was one o'clock in Prague


def test_a_column_that_cannot_be_read_is_an_error_only_if_asked_for(events):
    lists = events.append_column("lists", pa.array([[1, 2]] * len(events)))
    with pytest.warns(RuntimeWarning, match=r"left out: lists \(list"):
        dataset = lade.open(lists, entity="user", time="at")
    assert "lists" not in dataset.describe()["columns"]
    assert list(dataset.describe()["unsupported"]) == ["lists"]
    with pytest.raises(lade.DataError, match="cannot be read") as error:
        lade.open(lists, entity="user", time="at", columns=["lists"])
    assert error.value.column == "lists"


def test_an_empty_table_gives_an_empty_loader(events):
    dataset = lade.open(events.slice(0, 0), entity="user", time="at")
    loader = lade.DataLoader(dataset, framework="numpy")
    assert len(loader) == 0 and list(loader) == []


def test_files_that_are_none_are_named(tmp_path):
    for name in ("a.parquet", "a.csv", "a.arrow"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(lade.DataError, match=name):
            lade.open(tmp_path / name)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "readme.txt").write_text("hello")
    for path in ("texts", "nothing", "*.nope"):
        with pytest.raises(lade.IoError) as error:
            lade.open(tmp_path / path)
        assert path in str(error.value)
    with pytest.raises(lade.ArgumentError, match="format"):
        lade.open(tmp_path / "texts" / "readme.txt")
