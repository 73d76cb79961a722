"""open and Dataset: sources, tables by capsule, splitting, plain torch."""

import pickle

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import lade


def test_the_excerpt_has_its_rows_and_accounts(bank):
    dataset, _ = bank
    assert (dataset.events, len(dataset)) == (49_102, 1_229)
    lengths = dataset.lengths()
    assert (lengths.min(), lengths.max(), lengths.sum()) == (1, 131, 49_102)


def test_the_report_accounts_for_every_row(bank):
    report = bank[0].report
    assert report.dropped == {"truncated_tail": 1}
    assert report.rows_seen == report.rows_given + report.rows_filtered + 1
    assert report.first_bad[0]["row"] == 49104


def test_sequences_ascend_by_entity_and_time(dataset):
    entities = [dataset.info(i)["entity"] for i in range(len(dataset))]
    assert entities == sorted(entities) == [1, 2, 3, 4, 5, 6]
    for i in range(6):
        times = dataset.sequence(i).column("at").to_pylist()
        assert times == sorted(times) and len(times) == i + 1


def test_a_sequence_is_arrow_and_an_item_is_arrays(dataset):
    batch = dataset.sequence(3, columns=["amount", "word"])
    assert isinstance(batch, pa.RecordBatch) and batch.schema.names == ["amount", "word"]
    item = dataset[3]
    assert set(item) == {"user", "at", "amount", "word"}
    assert np.array_equal(item["amount"], batch.column("amount").to_numpy())
    assert dataset[-1]["user"].tolist() == [6] * 6
    with pytest.raises(IndexError):
        dataset[6]


def test_works_in_a_plain_torch_loader(dataset):
    torch = pytest.importorskip("torch")
    loader = torch.utils.data.DataLoader(dataset, batch_size=2, collate_fn=list)
    assert [len(item["amount"]) for batch in loader for item in batch] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("kind", ["pyarrow", "batch", "reader", "polars", "pandas"])
def test_tables_of_others_come_in_by_capsule(events, dataset, kind):
    if kind == "batch":
        table = events.combine_chunks().to_batches()[0]
    elif kind == "reader":
        table = events.to_reader()
    elif kind == "polars":
        table = pytest.importorskip("polars").from_arrow(events)
    elif kind == "pandas":
        pytest.importorskip("pandas")
        table = events.to_pandas()
    else:
        table = events
    other = lade.open(table, entity="user", time="at")
    assert (len(other), other.events) == (6, 21)
    for i in range(6):
        expected = dataset.sequence(i).column("amount").to_pylist()
        assert other.sequence(i).column("amount").to_pylist() == expected


def test_tables_go_out_to_others(dataset, recipe):
    table = recipe.apply(dataset)["day"]
    assert isinstance(table, pa.Table)
    polars = pytest.importorskip("polars")
    assert polars.from_arrow(table).shape == (table.num_rows, table.num_columns)
    assert len(table.to_pandas()) == table.num_rows


def test_a_split_is_a_partition_that_a_new_entity_does_not_move():
    def opened(users):
        return lade.open(pa.table({"user": users, "at": pa.array(users, pa.timestamp("s"))}),
                         entity="user", time="at")

    dataset = opened(np.arange(1, 201))
    parts = dataset.split([0.6, 0.2, 0.2], seed=7)
    seen = [[part.info(i)["entity"] for i in range(len(part))] for part in parts]
    assert sorted(sum(seen, [])) == list(range(1, 201))
    more = opened(np.arange(1, 301)).split([0.6, 0.2, 0.2], seed=7)
    for part, members in zip(more, seen):
        assert set(members) <= {part.info(i)["entity"] for i in range(len(part))}


def test_split_numbers_are_the_frozen_ones():
    table = pa.table({"user": np.arange(1, 6), "at": pa.array(np.arange(5), pa.timestamp("s"))})
    units = lade.open(table, entity="user", time="at")._core.split_units(7)
    assert np.allclose(units, [0.1067, 0.8162, 0.3594, 0.3136, 0.9872], atol=5e-5)


@pytest.mark.parametrize("wrong", [[], [0.5, 0.6], [-0.1, 0.5], [0.0]])
def test_split_refuses_fractions(dataset, wrong):
    with pytest.raises(lade.ArgumentError, match="fractions"):
        dataset.split(wrong)


def test_a_dataset_pickles_as_path_and_options(tmp_path, events):
    pq.write_table(events, tmp_path / "events.parquet")
    dataset = lade.open(str(tmp_path), entity="user", time="at")
    again = pickle.loads(pickle.dumps(dataset))
    assert again.fingerprint == dataset.fingerprint
    part = dataset.split([0.5, 0.5], seed=7)[0]
    assert pickle.loads(pickle.dumps(part)).lengths().tolist() == part.lengths().tolist()


def test_paths_may_be_path_objects_lists_and_globs(tmp_path, events):
    pq.write_table(events.slice(0, 10), tmp_path / "a.parquet")
    pq.write_table(events.slice(10), tmp_path / "b.parquet")
    whole = lade.open(tmp_path, entity="user", time="at").fingerprint
    for path in ([tmp_path / "a.parquet", tmp_path / "b.parquet"],
                 str(tmp_path / "*.parquet")):
        opened = lade.open(path, entity="user", time="at")
        assert opened.events == 21
    assert len(whole) == 32


def test_mistakes_are_refused_with_the_nearest_name(events):
    with pytest.raises(lade.ArgumentError, match="user"):
        lade.open(events, entity="usr", time="at")
    with pytest.raises(lade.ArgumentError, match="delimiter"):
        lade.open(events, entity="user", time="at", source={"delimeter": ";"})
    with pytest.raises(lade.ArgumentError, match="on_bad"):
        lade.open(events, entity="user", time="at", on_bad="ignore")
    with pytest.raises(lade.ArgumentError, match="__arrow_c_stream__"):
        lade._core.from_table(object(), lade._core.OpenOptions())


def test_a_recipe_that_names_another_entity_is_refused(events):
    recipe = lade.Recipe(inputs=["amount"], entity="word", time="at")
    with pytest.raises(lade.ArgumentError, match="entity"):
        lade.open(events, entity="user", recipe=recipe)


def test_limits_are_bounded_and_named():
    limits = lade.Limits(max_row_bytes="64MiB")
    assert limits.max_row_bytes == 64 << 20
    assert pickle.loads(pickle.dumps(limits)).max_row_bytes == 64 << 20
    assert "max_columns" in dir(limits)
    with pytest.raises(lade.ArgumentError, match="max_row_bytes"):
        lade.Limits(max_row_byte=1)
    with pytest.raises(lade.ArgumentError):
        lade.Limits(max_row_bytes=0)


def test_describe_and_repr_are_for_people(dataset):
    facts = dataset.describe()
    assert facts["sequences"] == 6 and facts["longest"] == 6 and facts["in_memory"]
    assert "6 sequences" in repr(dataset)


def test_refresh_lists_a_file_that_came_beside_the_manifest(events, tmp_path):
    pq.write_table(events, tmp_path / "events.parquet")
    report = lade.convert(tmp_path / "events.parquet", tmp_path / "set", entity="user", time="at")
    assert report["sync_s"] >= 0
    shifted = events.set_column(0, "user", pc.add(events["user"], 100))
    lade.convert(shifted_file(shifted, tmp_path), tmp_path / "more", entity="user", time="at")
    (tmp_path / "more/part-00000.parquet").rename(tmp_path / "set/more.parquet")
    with pytest.raises(lade.DataError, match="--refresh"):
        lade.open(tmp_path / "set")
    report = lade.convert(tmp_path / "set", refresh=True)
    assert (report["sequences"], report["events"]) == (12, 2 * events.num_rows)
    assert len(lade.open(tmp_path / "set")) == 12


def shifted_file(table, folder):
    pq.write_table(table, folder / "shifted.parquet")
    return folder / "shifted.parquet"


def test_convert_takes_a_target_or_refresh(tmp_path):
    with pytest.raises(lade.ArgumentError, match="target"):
        lade.convert(tmp_path / "a.csv")
    with pytest.raises(lade.ArgumentError, match="no target"):
        lade.convert(tmp_path / "a", tmp_path / "b", refresh=True)
