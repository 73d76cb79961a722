"""Transactions of one's own: what batches and tables hold of targets, and odd tables."""

import datetime
import decimal
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import lade

UTC = datetime.timezone.utc


def example(user=7):
    """The worked example of docs/guide/targets.md."""
    times = ["03-01 09:00", "03-01 18:30", "03-02 10:00", "03-04 08:00", "03-04 08:00",
             "03-10 23:59", "03-11 00:00", "04-01 12:00"]
    at = [datetime.datetime.strptime("2024-" + t, "%Y-%m-%d %H:%M") for t in times]
    return pa.table({"user": [user] * 8, "at": pa.array(at, pa.timestamp("us", "UTC")),
                     "amount": [10, 25.5, 4, 100, 7.25, 3, 50, 20],
                     "mcc": [5411, 5812, 5411, 4829, 5411, 5499, 5411, 5812]})


def two_users():
    """The example, and a user with two events on one day."""
    other = example(8).slice(3, 2)
    return pa.concat_tables([example(), other])


FOOD = "mcc in (5411, 5499)"
DAY = [lade.aggregate("food", "sum(amount)", where=FOOD, every="day", look_back=7),
       lade.aggregate("mean", "mean(amount)", where=FOOD, every="day", look_back=7)]
ALL = [*DAY,
       lade.horizon("next_week", "sum(amount)", every="week", look_ahead=1),
       lade.window_target("last_3", "sum(amount)", look_back=3),
       lade.aggregate("total", "sum(amount)", every="sequence")]


TABLE = [
    ("food_1", "sum(amount)", dict(every="day", where=FOOD),
     [10, 4, 7.25, 3, 50, 0]),
    ("food_7", "sum(amount)", dict(every="day", look_back=7, where=FOOD),
     [10, 14, 21.25, 10.25, 53, 0]),
    ("all_7", "sum(amount)", dict(every="day", look_back=7),
     [35.5, 39.5, 146.75, 110.25, 53, 20]),
    ("food_3", "sum(amount)", dict(every="day", look_back=3, where=FOOD),
     [10, 14, 11.25, 3, 53, 0]),
    ("present_3", "sum(amount)", dict(every="day", look_back=3, look_back_by="present", where=FOOD),
     [10, 14, 21.25, 14.25, 60.25, 53]),
    ("mean_7", "mean(amount)", dict(every="day", look_back=7, where=FOOD),
     [10, 7, 7.0833335, 5.125, 26.5, None]),
    ("week_max", "max(amount)", dict(every="week", where=FOOD),
     [10, 7.25, 50, None]),
    ("at_least", "count()", dict(every="week", where="amount >= 25.5"),
     [1, 1, 1, 0]),
    ("above", "count()", dict(every="week", where="amount > 25.5"),
     [0, 1, 1, 0]),
    ("next_week", "sum(amount)", dict(every="week", look_ahead=1),
     [110.25, 50, 0, None]),
    ("last_month", "sum(amount)", dict(every="month", look_back=1, lag=1),
     [0, 199.75]),
    ("last_3", "sum(amount)", dict(every="event", look_back=3, where=FOOD),
     [10, 10, 14, 4, 11.25, 10.25, 60.25, 53]),
    ("today", "sum(amount)", dict(every="event", within="day", where=FOOD),
     [10, 10, 4, 0, 7.25, 3, 50, 0]),
    ("yesterday", "sum(amount)", dict(every="event", within="day", lag=1, where=FOOD),
     [0, 0, 10, 0, 0, 0, 3, 0]),
    ("hours_24", "sum(amount)", dict(every="event", look_back="24h"),
     [10, 35.5, 29.5, 100, 107.25, 3, 53, 20]),
    ("next_24h", "sum(amount)", dict(every="event", look_ahead="24h"),
     [25.5, 4, 0, 0, 0, 50, 0, None]),
    ("std", "std(amount)", dict(every="sequence", where=FOOD),
     [19.84282]),
    ("median", "median(amount)", dict(every="sequence", where=FOOD),
     [7.25]),
    ("low", "quantile(amount, 0.25)", dict(every="sequence", where=FOOD),
     [4]),
    ("codes", "nunique(mcc)", dict(every="sequence"),
     [4]),
]


def recipe_of(targets, output=None, **sequence):
    return lade.Recipe(inputs=["amount"], targets=targets, output=output, entity="user",
                       time="at", **sequence)


def batch_of(table, recipe, **arguments):
    dataset = lade.open(table, entity="user", time="at")
    loader = lade.DataLoader(dataset, recipe, batch_size=len(dataset) or 1,
                             framework="numpy", num_workers=0, **arguments)
    return next(iter(loader))


def target_of(name, aggregate, fields):
    if "look_ahead" in fields:
        return lade.horizon(name, aggregate, **fields)
    if fields["every"] == "event":
        return lade.window_target(name, aggregate,
                                  **{k: v for k, v in fields.items() if k != "every"})
    return lade.aggregate(name, aggregate, **fields)


def test_the_worked_example_has_the_values_of_its_table_offline_and_in_batches():
    targets = [target_of(*row[:3]) for row in TABLE] + [lade.mix("share", "food_7 / all_7")]
    wanted = {row[0]: row[3] for row in TABLE}
    wanted["share"] = [0.28169015, 0.35443038, 0.14480409, 0.09297052, 1, 0]
    recipe = recipe_of(targets, {"valid": True})
    tables = recipe.apply(lade.open(example(), entity="user", time="at"))
    batch = batch_of(example(), recipe)
    offline = {name: table[name] for table in tables.values() for name in table.column_names
               if name in wanted}
    assert set(offline) == set(wanted) == set(batch["targets"])
    for name, values in wanted.items():
        exact = [None if v is None else float(np.float32(v)) for v in values]
        assert offline[name].to_pylist() == exact, name
        given, valid = batch["targets"][name][0], batch["target_valid"][name][0]
        online = [float(v) if ok else None
                  for v, ok in zip(np.atleast_1d(given), np.atleast_1d(valid), strict=True)]
        assert online == exact, name


def test_several_boundary_sets_are_mappings_by_every():
    batch = batch_of(two_users(), recipe_of(ALL))
    targets = batch["targets"]
    shapes = {"food": (2, 6), "mean": (2, 6), "next_week": (2, 4), "last_3": (2, 8),
              "total": (2,)}
    assert {name: a.shape for name, a in targets.items()} == shapes
    assert all(a.dtype == np.float32 for a in targets.values())
    assert targets["food"].tolist() == [[10, 14, 21.25, 10.25, 53, 0], [7.25] + [0] * 5]
    assert targets["total"].tolist() == [219.75, 107.25]
    assert set(batch["target_mask"]) == {"day", "week", "event", "sequence"}
    assert batch["target_mask"]["week"].tolist() == [[True] * 4, [True, False, False, False]]
    assert batch["target_mask"]["event"].sum(axis=1).tolist() == [8, 2]
    position = batch["target_position"]
    assert set(position) == {"day", "week"} and position["day"].dtype == np.int32
    assert position["day"].tolist() == [[1, 2, 4, 5, 6, 7], [1, 0, 0, 0, 0, 0]]


def test_one_boundary_set_gives_the_arrays_themselves():
    batch = batch_of(example(), recipe_of(DAY))
    assert batch["target_mask"].tolist() == [[True] * 6]
    assert batch["target_position"].tolist() == [[1, 2, 4, 5, 6, 7]]


def test_target_time_is_the_exclusive_end_in_the_unit_of_the_column():
    batch = batch_of(example(), recipe_of(DAY, {"target_time": True}))
    ends = ["2024-03-02", "2024-03-03", "2024-03-05", "2024-03-11", "2024-03-12",
            "2024-04-02"]
    assert batch["target_time"].dtype == np.int64
    assert batch["target_time"][0].astype("datetime64[us]").astype("datetime64[D]"
                                                                   ).astype(str).tolist() == ends
    dates = example().set_column(1, "at", example()["at"].cast(pa.date32()))
    batch = batch_of(dates, recipe_of(DAY, {"target_time": True}))
    assert batch["target_time"][0].astype("datetime64[s]").astype("datetime64[D]"
                                                                  ).astype(str).tolist() == ends


def test_target_valid_says_where_a_value_is_defined():
    batch = batch_of(two_users(), recipe_of(ALL, {"valid": True}))
    valid = batch["target_valid"]
    assert set(valid) == set(batch["targets"])
    assert all(valid[name].shape == batch["targets"][name].shape for name in valid)
    assert valid["mean"].tolist() == [[True] * 5 + [False], [True] + [False] * 5]
    assert valid["next_week"][0].tolist() == [True, True, True, False]
    assert not batch["targets"]["next_week"][~valid["next_week"]].any()


def test_align_event_spreads_interval_targets_over_the_events():
    plain = batch_of(two_users(), recipe_of(DAY))
    batch = batch_of(two_users(), recipe_of(DAY, {"align": "event", "valid": True}))
    assert batch["targets"]["food"].shape == (2, 8) == batch["target_mask"].shape
    assert "target_position" not in batch
    for row in range(2):
        at = plain["target_position"][row][plain["target_mask"][row]]
        assert np.flatnonzero(batch["target_mask"][row]).tolist() == at.tolist()
        expected = np.zeros(8, np.float32)
        expected[at] = plain["targets"]["food"][row][plain["target_mask"][row]]
        assert batch["targets"]["food"][row].tobytes() == expected.tobytes()


def test_stack_lays_the_targets_of_a_set_side_by_side():
    plain = batch_of(two_users(), recipe_of(ALL))
    batch = batch_of(two_users(), recipe_of(ALL, {"stack": True}))
    assert {name: a.shape for name, a in batch["targets"].items()} == {
        "day": (2, 6, 2), "week": (2, 4, 1), "event": (2, 8, 1), "sequence": (2, 1)}
    for k, name in enumerate(("food", "mean")):
        assert np.array_equal(batch["targets"]["day"][:, :, k], plain["targets"][name])


def test_masks_of_rows_are_given_on_request():
    recipe = recipe_of(DAY, {"mask": True, "padding_mask": True})
    batch = batch_of(two_users(), recipe)
    assert batch["mask"].tolist() == [[True] * 8, [True] * 2 + [False] * 6]
    assert np.array_equal(batch["padding_mask"], ~batch["mask"])
    assert "mask" not in batch_of(two_users(), recipe_of(DAY))


def test_users_without_rows_stay_unless_dropped_and_are_counted():
    late = example(9).slice(6, 2)
    table = pa.concat_tables([example(), late])
    cut = {"until": "2024-03-08"}
    batch = batch_of(table, recipe_of(ALL, **cut))
    assert batch["lengths"].tolist() == [5, 0]
    assert not batch["target_mask"]["day"][1].any() and batch["targets"]["total"][1] == 0
    dataset = lade.open(table, entity="user", time="at")
    loader = lade.DataLoader(dataset, recipe_of(ALL, drop_empty=True, **cut), batch_size=4,
                             framework="numpy")
    assert [b["lengths"].tolist() for b in loader] == [[5]]


def random_users(seed, users=25):
    random = np.random.default_rng(seed)
    rows = random.integers(0, 60, users)
    user = np.repeat(np.arange(users), rows)
    order = random.permutation(len(user))
    return pa.table({
        "user": user[order],
        "at": pa.array(random.integers(-10**6, 10**7, len(user)), pa.timestamp("s")),
        "amount": pa.array(np.round(random.normal(0, 50, len(user)), 2),
                           mask=random.random(len(user)) < 0.05),
        "mcc": random.choice([5411, 5499, 5812, 4829], len(user))})


@pytest.mark.parametrize("seed", range(3))
def test_cropping_never_changes_a_value_that_is_still_given(seed):
    table = random_users(seed)
    whole = batch_of(table, recipe_of(ALL, {"valid": True}))
    for length in (1, 5, 17):
        batch = batch_of(table, recipe_of(ALL, {"valid": True}, max_length=length))
        for row in range(len(whole["lengths"])):
            cut = whole["lengths"][row] - batch["lengths"][row]
            assert cut == max(0, whole["lengths"][row] - length)
            for every, names in (("day", ("food", "mean")), ("week", ("next_week",))):
                real = whole["target_mask"][every][row]
                at = whole["target_position"][every][row][real]
                kept = at >= cut
                here = batch["target_mask"][every][row]
                assert batch["target_position"][every][row][here].tolist() == \
                    (at[kept] - cut).tolist()
                for name in names:
                    for group in ("targets", "target_valid"):
                        assert batch[group][name][row][here].tobytes() == \
                            whole[group][name][row][real][kept].tobytes()


@pytest.mark.parametrize("seed", range(2))
def test_loader_and_apply_give_the_same_bytes(seed, tmp_path):
    table = random_users(seed)
    recipe = recipe_of(ALL, {"valid": True})
    dataset = lade.open(table, entity="user", time="at")
    tables = recipe.apply(dataset)
    recipe.apply(dataset, tmp_path / "a")
    recipe.apply(dataset, tmp_path / "b", output_format="ipc", threads=2)
    recipe.apply(dataset, tmp_path / "c", output_format="csv")
    batch = batch_of(table, recipe)
    for every, names in (("day", ("food", "mean")), ("week", ("next_week",)),
                         ("event", ("last_3",)), ("sequence", ("total",))):
        offline = tables[every]
        real = batch["target_mask"][every] if every != "sequence" else np.full(
            len(dataset), True)
        written = pq.read_table(tmp_path / "a" / f"targets.{every}.parquet")
        assert written.cast(offline.schema).equals(offline)  # Parquet has no seconds
        with pa.ipc.open_file(tmp_path / "b" / f"targets.{every}.arrow") as file:
            assert file.read_all().equals(offline)
        types = pa.csv.ConvertOptions(column_types=offline.schema)
        text = pa.csv.read_csv(tmp_path / "c" / f"targets.{every}.csv", convert_options=types)
        assert text.cast(offline.schema).equals(offline)
        for name in names:
            online = np.where(batch["target_valid"][name], batch["targets"][name], np.nan)
            column = offline[name].to_numpy().astype(np.float32)
            assert online[real].astype(np.float32).tobytes() == column.tobytes()


def test_tables_have_entity_edges_position_and_null_for_invalid(tmp_path):
    tables = recipe_of(ALL).apply(lade.open(example(), entity="user", time="at"))
    day = tables["day"]
    assert day.column_names == ["user", "interval_start", "interval_end", "position", "food",
                                "mean"]
    assert day["interval_end"].type == pa.timestamp("us", "UTC")
    assert day["interval_start"][0].as_py() == datetime.datetime(2024, 3, 1, tzinfo=UTC)
    assert day["interval_end"][0].as_py() == datetime.datetime(2024, 3, 2, tzinfo=UTC)
    assert day["position"].to_pylist() == [1, 2, 4, 5, 6, 7]
    assert day["mean"].null_count == 1 and day["mean"].type == pa.float32()
    assert tables["sequence"].column_names == ["user", "total"]
    assert tables["event"].column_names == ["user", "at", "position", "last_3"]


def test_the_report_adds_up_and_says_what_the_targets_are():
    targets = [*ALL, lade.mix("twice", "2 * food")]
    tables = recipe_of(targets).apply(lade.open(two_users(), entity="user", time="at"))
    report = tables.report
    read = report["read"]
    assert read.rows_seen == read.rows_given + read.rows_filtered + sum(read.dropped.values())
    assert (report["sequences"], report["events"], report["events_hidden"]) == (2, 10, 0)
    mean = report["targets"][1]
    assert (mean["name"], mean["values"], mean["valid"]) == ("mean", 7, 6)
    assert mean["valid_share"] == 6 / 7 and mean["zero_share"] == 0
    food = report["targets"][0]
    assert (food["min"], food["max"], food["zero"]) == (0, 53, 1)
    assert [(p["first"], p["second"]) for p in report["correlated"]] == [("food", "twice")]
    nothing = recipe_of([lade.aggregate("m", "max(amount)", where="mcc == 1", every="day")])
    target = nothing.apply(lade.open(example(), entity="user", time="at")).report["targets"][0]
    assert (target["valid"], target["min"], target["mean"]) == (0, None, None)


def test_explain_names_what_is_shared_and_how_it_was_measured():
    recipe = recipe_of(ALL)
    assert "estimated" in recipe.explain()
    text = recipe.explain(lade.open(two_users(), entity="user", time="at"))
    assert "measured, processor time of one thread" in text and FOOD in text


def test_a_picture_shows_one_user():
    dataset = lade.open(two_users(), entity="user", time="at")
    svg = recipe_of(ALL).picture(dataset, of=8, targets=["food"])
    assert svg.startswith("<svg") and "user 8" in svg and "2 events" in svg
    assert recipe_of(ALL).picture(two_users(), html=True).startswith("<!doctype html>")
    with pytest.raises(lade.ArgumentError, match="no '99' in 'user'"):
        recipe_of(ALL).picture(dataset, of=99)
    with pytest.raises(lade.ArgumentError, match="did you mean 'food'"):
        recipe_of(ALL).picture(dataset, targets="foot")


def test_the_command_draws_prices_and_reports(run, tmp_path):
    pq.write_table(two_users(), tmp_path / "a.parquet")
    recipe_of(ALL).save(tmp_path / "r.json")
    words = ("inspect", tmp_path / "r.json", tmp_path / "a.parquet")
    drawn = run(*words, "--picture", tmp_path / "a.html", "--of", "8", "--targets", "food")
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert run(*words, "--picture", tmp_path / "a.html").returncode == 2
    assert run(*words, "--picture", tmp_path / "a.png").returncode == 2
    assert run(*words, "--of", "8").returncode == 2
    assert "measured" in run(*words, "--expand").stdout
    assert "estimated" in run(*words[:2], "--expand").stdout
    done = run("apply", *words[1:], "-o", tmp_path / "t", "--output-format", "ipc")
    assert done.returncode == 0 and "10 rows given of 10 seen" in done.stdout
    assert (tmp_path / "t" / "targets.day.arrow").exists()
    read = json.loads(run("load", *words[1:], "--json").stdout)["read"]
    assert (read["rows_seen"], read["rows_given"], read["dropped"]) == (10, 10, {})
    wrong = run("apply", *words[1:], "-o", tmp_path / "u", "--output-format", "xlsx")
    assert wrong.returncode == 2 and "parquet, ipc or csv" in wrong.stderr


# Tables of one's own.

def own(**columns):
    """Four customers; the last has one row. Any column may be replaced."""
    rows = 61
    begin = datetime.datetime(2024, 2, 27, 22, tzinfo=UTC)
    order = [i * 37 % rows for i in range(rows)]
    table = {
        "Kunde": [["A-1", "B 2", "ccc"][i % 3] if i else "once" for i in order],
        "Zeit": pa.array([begin + datetime.timedelta(hours=5 * i) for i in order],
                         pa.timestamp("ns", "Europe/Prague")),
        "Betrag": pa.array([decimal.Decimal(i * 991 % 4000 - 2000) / 100 for i in order],
                           pa.decimal128(10, 2)),
        "Art": [["Miete", "Essen", "", " "][i % 4] for i in order],
    }
    table.update(columns)
    return pa.table(table)


OWN = [lade.aggregate("out", "sum(Betrag)", where="Betrag < 0 and Art != ''", every="day",
                      look_back=3),
       lade.aggregate("n", "count()", where="Art in ('Miete', ' ')", every="month"),
       lade.horizon("next", "sum(Betrag)", every="week", look_ahead=1)]


def own_report(table, targets=OWN, **options):
    options = {"entity": "Kunde", "time": "Zeit", **options}
    return lade.Recipe(targets=targets).apply(lade.open(table, **options)).report


def test_names_codes_decimals_zones_and_no_order_just_work():
    report = own_report(own())
    assert (report["sequences"], report["events"]) == (4, 61)
    assert [t["valid"] > 0 for t in report["targets"]] == [True] * 3


def test_days_are_those_of_the_zone():
    table = own().filter(np.asarray(own()["Kunde"]) == "once")
    tables = lade.Recipe(targets=OWN[:1]).apply(
        lade.open(table, entity="Kunde", time="Zeit"))
    start = tables["day"]["interval_start"][0].as_py()
    assert (start.day, start.hour) == (27, 0) and tables["day"].num_rows == 1


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.timestamp("ms"), pa.date32(),
                                  pa.timestamp("us", "+03:00")])
def test_times_of_every_unit_work(kind):
    table = own()
    times = table["Zeit"].cast(pa.timestamp("ns")).cast(kind, safe=False)
    assert own_report(table.set_column(1, "Zeit", times))["events"] == 61


@pytest.mark.parametrize("kind", [pa.float32(), pa.int64(), pa.int16(), pa.decimal128(30, 4)])
def test_amounts_of_every_type_work(kind):
    table = own()
    amounts = table["Betrag"].cast(pa.float64() if pa.types.is_integer(kind) else kind)
    assert own_report(table.set_column(2, "Betrag", amounts.cast(kind, safe=False)))["events"] == 61


def test_frames_of_other_libraries_work():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    first = own_report(own())["targets"]
    assert own_report(own().to_pandas())["targets"] == first
    assert own_report(polars.from_arrow(own()))["targets"] == first
    assert pandas is not None


def test_a_dictionary_column_of_codes_works():
    table = own()
    codes = table["Art"].combine_chunks().dictionary_encode()
    assert own_report(table.set_column(3, "Art", codes))["targets"] == \
        own_report(own())["targets"]


def test_text_files_work_once_their_dates_are_told(tmp_path):
    text = own().set_column(1, "Zeit", pa.array(
        [t.strftime("%d.%m.%Y %H:%M:%S") for t in own()["Zeit"].to_pylist()]))
    pyarrow.csv.write_csv(text, tmp_path / "own.csv",
                          pyarrow.csv.WriteOptions(delimiter=";"))
    report = own_report(str(tmp_path / "own.csv"), source={
        "delimiter": ";", "dates": {"Zeit": "%d.%m.%Y %H:%M:%S"}})
    assert report["events"] == 61 and report["read"].rows_seen == 61


def refusal(call, *arguments, **options):
    with pytest.raises(lade.ArgumentError) as error:
        call(*arguments, **options)
    return str(error.value)


def test_what_does_not_work_says_in_one_line_what_to_change():
    text = own().set_column(1, "Zeit", pa.array([str(t) for t in own()["Zeit"].to_pylist()]))
    said = [
        refusal(own_report, text),
        refusal(own_report, own(), time="Zait"),
        refusal(own_report, own(), entity="Betrag"),
        refusal(own_report, own(), [lade.aggregate("a", "sum(Betrg)", every="day")]),
        refusal(own_report, own(), [lade.aggregate("a", "sum(Art)", every="day")]),
        refusal(own_report, own(), [lade.aggregate("a", "count()", where="Art > 3",
                                                   every="day")]),
        refusal(own_report, own(), [lade.aggregate("a", "count()", where="Betrag < '3'",
                                                   every="day")]),
        refusal(own_report, own(), [lade.aggregate("a", "count()", every="dayly")]),
        refusal(lade.Recipe(targets=OWN).apply, own()),
    ]
    words = ["dates", "did you mean 'Zeit'", "entity", "did you mean 'Betrag'", "text", "text",
             "text", "day", "time"]
    for message, word in zip(said, words, strict=True):
        assert word in message and len(message) < 400, message


def test_a_value_that_no_row_had_is_a_warning_and_matches_nothing():
    recipe = lade.Recipe(
        inputs=[lade.input("mcc", kind="category")], entity="user", time="at",
        targets=[lade.aggregate("food", "sum(amount)", every="day",
                                where="mcc in (5411, 54111)")])
    dataset = lade.open(example(), entity="user", time="at")
    recipe = recipe.fit(dataset)
    with pytest.warns(RuntimeWarning, match="column 'mcc' has no '54111'") as warned:
        lade.DataLoader(dataset, recipe)
        recipe.apply(dataset)
    assert [str(w.message).split(":")[0] for w in warned] == ["DataLoader", "apply"]


def test_targets_computed_apart_have_the_same_bytes():
    recipe = recipe_of(ALL + [lade.aggregate("again", "sum(amount)", where=FOOD, every="day",
                                             look_back=7)], {"valid": True})
    shared = batch_of(two_users(), recipe)
    apart = batch_of(two_users(), recipe, share_targets=False)
    for name, values in shared["targets"].items():
        assert values.tobytes() == apart["targets"][name].tobytes(), name
    assert shared.content_digest() == apart.content_digest()
    with pytest.raises(lade.ArgumentError, match="share_targets must be True or False, got 1"):
        batch_of(two_users(), recipe, share_targets=1)


def test_a_loader_counts_the_values_of_each_target():
    table = two_users().append_column("y", pa.array([1.0, None, float("nan")] + [3e38] * 7))
    recipe = recipe_of([lade.aggregate("big", "sum(y * y)", every="day"),
                        lade.aggregate("least", "min(y)", every="sequence"),
                        lade.classes("low", of="least", thresholds=[0.0])])
    dataset = lade.open(table, entity="user", time="at")
    loader = lade.DataLoader(dataset, recipe, batch_size=1, num_workers=0, framework="numpy")
    assert [t["values"] for t in loader.stats()["targets"]] == [0, 0, 0]
    list(loader)
    report = recipe.apply(dataset).report["targets"]
    counted = loader.stats()["targets"]
    assert [t["name"] for t in counted] == ["big", "least", "low"]
    for seen, offline in zip(counted, report, strict=True):
        assert {name: offline[name] for name in seen} == seen
    assert counted[0]["nonfinite"] > 0 and counted[1]["missing"] == 2


@pytest.mark.parametrize("name", ["user", "interval_start", "interval_end", "position"])
def test_a_target_named_like_a_column_of_its_table_is_refused(name, tmp_path):
    recipe = recipe_of([lade.aggregate(name, "sum(amount)", every="day")])
    words = f"has a column '{name}' of its own"
    with pytest.raises(lade.ArgumentError, match=words):
        recipe.apply(lade.open(example(), entity="user", time="at"))
    with pytest.raises(lade.ArgumentError, match=words):
        recipe.apply(lade.open(example(), entity="user", time="at"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert batch_of(example(), recipe)["targets"][name].shape == (1, 6)


def test_entities_without_an_event_before_until_are_counted():
    late = example(8).set_column(1, "at", pa.array(
        [datetime.datetime(2030, 1, 1)] * 8, pa.timestamp("us", "UTC")))
    table = pa.concat_tables([example(), late])
    dataset = lade.open(table, entity="user", time="at")
    for drop, kept, counts in ((False, 2, (1, 0)), (True, 1, (0, 1))):
        recipe = recipe_of(DAY, until="2025-01-01", drop_empty=drop)
        loader = lade.DataLoader(dataset, recipe, batch_size=2, framework="numpy")
        (batch,) = loader
        stats = loader.stats()
        assert batch["lengths"].tolist() == [8, 0][:kept]
        assert (stats["sequences_empty"], stats["sequences_without_sample"]) == counts
        report = recipe.apply(dataset).report
        assert (report["sequences_empty"], report["events_hidden"]) == (1, 8)


def test_until_of_a_column_is_one_time_per_entity():
    at = [None, 1, 1, 1, 1, 1, 1, 1]
    table = example().append_column("cut", pa.array(at, pa.timestamp("us", "UTC")))
    with pytest.raises(lade.DataError, match="entity 7: column 'cut' must be the same") as error:
        batch_of(table, recipe_of(DAY, until="cut"))
    assert (error.value.rule, error.value.row, error.value.column) == ("recipe.until", 1, "cut")
    with pytest.raises(lade.ArgumentError, match="or a column; unknown column 'cutt'; did you mean"
                                                 " 'cut'"):
        batch_of(table, recipe_of(DAY, until="cutt"))


def test_times_at_the_ends_of_nanoseconds_are_bad_rows():
    most = 2**63 - 1
    times = pa.array([-most, 0, most], pa.timestamp("ns"))
    table = pa.table({"user": [1, 1, 1], "at": times, "amount": [1.0, 2.0, 4.0]})
    with pytest.raises(lade.DataError, match="entity 1: time of nanoseconds must be from 1677-09-24"):
        lade.open(table, entity="user", time="at")
    dataset = lade.open(table, entity="user", time="at", on_bad="skip", max_bad=2)
    assert dataset.events == 1 and dataset.report.dropped["time_range"] == 2
    two_days = 2 * 86_400 * 10**9
    inside = table.set_column(1, "at", pa.array([two_days - most - 1, 0, most - two_days],
                                                pa.timestamp("ns")))
    recipe = recipe_of([lade.aggregate("day", "sum(amount)", every="day"),
                        lade.aggregate("all", "sum(amount)", every="day", look_back="all"),
                        lade.horizon("next", "count()", every="day")])
    day = recipe.apply(lade.open(inside, entity="user", time="at"))["day"]
    assert day["day"].to_pylist() == [1, 2, 4] and day["all"].to_pylist() == [1, 3, 7]
    assert day["next"].to_pylist() == [0, 0, None]


def test_numbers_that_are_not_finite_are_named():
    with pytest.raises(lade.ArgumentError, match="got nan in target 0 'x' empty"):
        recipe_of([lade.aggregate("x", "count()", every="day", empty=float("nan"))])
    with pytest.raises(lade.ArgumentError, match="got inf in target 1 'c' thresholds 0"):
        recipe_of([*DAY[:1], lade.classes("c", of="food", thresholds=[float("inf")])])


def test_a_mix_of_classes_says_so():
    with pytest.raises(lade.ArgumentError, match="'c' are classes; a mix takes numbers"):
        recipe_of([*DAY[:1], lade.classes("c", of="food", thresholds=[1.0]),
                   lade.mix("m", "c + 1")])
