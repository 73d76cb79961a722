"""Filters and splits: which events a dataset gives, and that it says how many it did not."""

import datetime
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lade

NAN = float("nan")


@pytest.fixture
def table():
    return pa.table({
        "user": [1, 1, 1, 2, 2, 3],
        "at": pa.array([0, 10_000, 20_000, 0, 10_000, 20_000], pa.timestamp("ms")),
        "amount": [1.0, None, 3.0, NAN, 5.0, -6.0],
        "word": ["a", "b", "it's", None, "a", "é"],
        "strange `name` (%)": [1, 2, 3, 4, 5, 6],
    })


def opened(table, filters, **options):
    return lade.open(table, entity="user", time="at", filters=filters, **options)


def kept(table, filters):
    dataset = opened(table, filters)
    report = dataset.report
    assert report.rows_seen == 6 == report.rows_given + report.rows_filtered
    rows = [dataset.sequence(i) for i in range(len(dataset))]
    return [x for batch in rows for x in batch.column("strange `name` (%)").to_pylist()]


@pytest.mark.parametrize("filters,rows", [
    (None, [1, 2, 3, 4, 5, 6]),
    ([], [1, 2, 3, 4, 5, 6]),
    ([("amount", ">", 0)], [1, 3, 5]),                     # null and NaN are not > 0
    ([("amount", "<=", 0)], [6]),
    ([("amount", "!=", 1)], [3, 4, 5, 6]),                 # NaN is unequal, as IEEE has it
    ([("amount", "==", None)], [2]),
    ([("amount", "!=", None), ("word", "!=", None)], [1, 3, 5, 6]),
    ([("amount", ">", 0), ("word", "=", "a")], [1, 5]),
    ([[("amount", ">", 4)], [("word", "==", "it's"), ("user", "==", 1)]], [3, 5]),
    ([("word", "in", {"a", "é"})], [1, 5, 6]),
    ([("word", "not in", ["a"])], [2, 3, 6]),              # null is neither in nor not in
    ([("word", "in", [])], []),
    ([("word", "not in", [])], [1, 2, 3, 5, 6]),
    ([("user", ">=", np.int64(2)), ("amount", ">", np.float32(-7))], [5, 6]),
    ([("at", ">", datetime.datetime(1970, 1, 1, 0, 0, 10))], [3, 6]),
    ([("at", "<", np.datetime64("1970-01-01T00:00:10"))], [1, 4]),
    ([("at", "<=", datetime.datetime(1970, 1, 1, 1, tzinfo=datetime.timezone.utc))],
     [1, 2, 3, 4, 5, 6]),
    ("amount > 0 and word == 'a'", [1, 5]),
    (lade.col("amount") > 0, [1, 3, 5]),
    (~(lade.col("amount") > 0), [4, 6]),
    ((lade.col("amount") > 4) | (lade.col("word") == "it's"), [3, 5]),
    ((lade.col("amount") > 0) & ~lade.col("word").isin(["a"]), [3]),
    (lade.col("strange `name` (%)").between(2, 4), [2, 3, 4]),
    (lade.col("strange `name` (%)") * 2 - 1 > 2 * lade.col("user") + 3, [5, 6]),
    (lade.col("word").is_null(), [4]),
    (((lade.col("amount") > 0) & (lade.col("user") == 1)) == True, [1, 3]),  # noqa: E712
    (10 - lade.col("user") == 7, [6]),
    ([lade.col("amount") > 0, ("user", "==", 2)], [5]),
])
def test_filters_keep_the_events_for_which_they_are_true(table, filters, rows):
    if rows:
        assert kept(table, filters) == rows
    else:
        assert len(opened(table, filters)) == 0


@pytest.mark.parametrize("filters,words", [
    ([("amont", ">", 0)], "unknown column 'amont'; did you mean 'amount'?"),
    (lade.col("Word") == "a", "unknown column 'Word'; did you mean 'word'?"),
    ([("amount", "=>", 0)], "an operator is one of"),
    ([("amount", ">", "many")], "cannot be compared"),
    ([("amount", ">", [1])], "a value must be a number, a text, a date or time, got list"),
    ([("amount", ">", NAN)], "a value must be finite"),
    ([("amount", ">", None)], "None can only be compared by == and !="),
    ([("word", "in", "abc")], "in needs a list of values"),
    (("amount", ">", 0), "a filter is (column, operator, value)"),
    ([("amount", ">")], "a filter is (column, operator, value)"),
    ([[]], "at least one filter"),
    ({"amount": 1}, "must be a list"),
    ([(1, ">", 0)], "a column is named by a text"),
    ("amount + 1", "must be a condition"),
    ("amount >", "ends too early"),
    (lade.col("amount"), "must be a condition"),
    ([("at", ">", "soon")], "a time is compared with a date"),
])
def test_filters_that_are_none_say_what_to_change(table, filters, words):
    with pytest.raises(lade.ArgumentError) as error:
        opened(table, filters)
    assert words in str(error.value)


def test_expressions_are_joined_by_operators_not_words():
    with pytest.raises(lade.ArgumentError, match="&"):
        bool(lade.col("a") > 0)
    with pytest.raises(lade.ArgumentError, match="&"):
        0 < lade.col("a") < 5  # noqa: B015
    with pytest.raises(lade.ArgumentError, match="parentheses"):
        (lade.col("a") > 0) & 1
    assert "`a` > 0" in repr(lade.col("a") > 0)


def test_filters_are_part_of_the_fingerprint_whatever_their_form(table):
    fingerprints = {opened(table, filters).fingerprint for filters in (
        [("amount", ">", 0)], lade.col("amount") > 0, "`amount` > 0")}
    assert len(fingerprints) == 1
    sets = {opened(table, [("word", "in", {str(i) for i in range(40)} | {x})]).fingerprint
            for x in "0000"}
    assert len(sets) == 1
    assert opened(table, None).fingerprint not in fingerprints


def test_filters_survive_pickling_and_need_no_offered_column(table, tmp_path):
    pq.write_table(table, tmp_path / "a.parquet")
    dataset = opened(str(tmp_path), lade.col("amount") > 0, columns=["word"])
    assert dataset.columns == ["user", "at", "word"] and dataset.events == 3
    again = pickle.loads(pickle.dumps(dataset))
    assert again.fingerprint == dataset.fingerprint and again.events == 3
    assert dataset.refresh_index().fingerprint == dataset.fingerprint


def lengths(parts):
    return [part.lengths().tolist() for part in parts]


@pytest.fixture(params=["table", "file"])
def either(request, table, tmp_path):
    """The dataset over a table in memory, and over a file."""
    if request.param == "table":
        return opened(table, None)
    pq.write_table(table, tmp_path / "a.parquet")
    return opened(str(tmp_path), None)


def test_split_by_time_is_half_open(either):
    cuts = ["1970-01-01T00:00:10", "1970-01-01T00:00:20"]
    assert lengths(either.split(by="time", cuts=cuts)) == [[1, 1], [1, 1], [1, 1]]
    assert lengths(either.split(by="time", cuts=[10_000, 20_000])) == \
        [[1, 1], [1, 1], [1, 1]]
    moments = [np.datetime64(10, "s"), datetime.datetime(1970, 1, 1, 0, 0, 20)]
    assert lengths(either.split(by="time", cuts=moments)) == [[1, 1], [1, 1], [1, 1]]
    train, test = either.split(by="time", cuts=["1970-01-02"])
    assert (train.events, test.events, len(test)) == (6, 0, 0)


def test_purge_drops_events_of_the_later_part(either):
    parts = either.split(by="time", cuts=[10_000], purge="10s")
    assert lengths(parts) == [[1, 1], [1, 1]] and [p.events for p in parts] == [2, 2]
    parts = either.split(by="time", cuts=[10_000], purge=datetime.timedelta(seconds=11))
    assert [p.events for p in parts] == [2, 0]


def test_splits_by_entity_and_time_may_follow_one_another(either):
    by_entity = either.split([0.5, 0.5], seed=7)
    late = [part.split(by="time", cuts=[10_000])[1] for part in by_entity]
    other = either.split(by="time", cuts=[10_000])[1].split([0.5, 0.5], seed=7)
    assert lengths(late) == lengths(other)
    entities = [[part.info(i)["entity"] for i in range(len(part))] for part in late]
    assert entities == [[part.info(i)["entity"] for i in range(len(part))] for part in other]


def test_split_by_entity_is_half_open_at_the_cumulative_fractions():
    table = pa.table({"user": [1, 2, 3, 4, 5], "at": [0] * 5})
    parts = lade.open(table, entity="user", time="at").split([0.3, 0.1, 0.6], seed=7)
    assert [[p.info(i)["entity"] for i in range(len(p))] for p in parts] == \
        [[1], [3, 4], [2, 5]]


@pytest.mark.parametrize("arguments,words", [
    ({"by": "time"}, "needs cuts"),
    ({"by": "time", "cuts": "1970-01-02"}, "a list of times"),
    ({"by": "time", "cuts": []}, "needs cuts"),
    ({"by": "time", "cuts": ["soon"]}, "must be a date"),
    ({"by": "time", "cuts": [20, 10]}, "cuts must ascend"),
    ({"by": "time", "cuts": [10], "purge": "soon"}, "purge must be a duration"),
    ({"by": "time", "cuts": [10], "purge": 2.5}, "purge must be a duration"),
    ({"by": "time", "cuts": [[10]]}, "a cut must be a time"),
    ({"by": "time", "fractions": [0.5]}, "takes cuts, not fractions"),
    ({"by": "user"}, "'entity' or 'time'"),
    ({"fractions": [0.5], "cuts": [1]}, "need by='time'"),
    ({}, "give fractions"),
    ({"fractions": [0.7, 0.7]}, "sum to at most 1"),
])
def test_splits_that_are_none_say_what_to_change(either, arguments, words):
    with pytest.raises(lade.ArgumentError) as error:
        either.split(**arguments)
    assert words in str(error.value)


def test_parts_by_time_go_through_the_loader(either):
    train, test = either.split(by="time", cuts=[20_000])
    recipe = lade.Recipe(inputs=["amount", lade.input("word", kind="category")]).fit(train)
    for part, events in ((train, 4), (test, 2)):
        loader = lade.DataLoader(part, recipe, batch_size=8, framework="numpy", num_workers=0)
        assert sum(int(batch.lengths.sum()) for batch in loader) == events
