"""DataLoader: arguments, the iterator protocol, state, leaving."""

import gc
import json
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pyarrow as pa
import pytest

import lade
from lade import warn


def ids(loader):
    return [batch["sample_id"].tolist() for batch in loader]


def threads():
    return len(os.listdir("/proc/self/task"))


def test_length_is_the_number_of_batches(loader_of):
    loader = loader_of(batch_size=4)
    assert len(loader) == 2 == len(ids(loader))
    assert len(loader_of(batch_size=4, drop_last=True)) == 1


def test_iter_starts_the_next_epoch_and_set_epoch_fixes_it(loader_of):
    loader = loader_of(shuffle=True, seed=7)
    first, second = ids(loader), ids(loader)
    assert first != second
    assert sorted(sum(first, [])) == sorted(sum(second, [])) == list(range(6))
    loader.set_epoch(0)
    loader.set_epoch(0)
    assert loader.epoch == 0
    assert ids(loader) == first and ids(loader) == second


def test_break_moves_to_the_next_epoch(loader_of):
    loader = loader_of(shuffle=True, seed=7)
    for _ in loader:
        break
    assert loader.epoch == 1


def test_an_ended_iterator_stays_ended(loader_of):
    iterator = iter(loader_of(batch_size=6))
    next(iterator)
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(iterator)


def test_two_iterators_are_independent(loader_of):
    loader = loader_of(num_workers=2)
    one, two = iter(loader), iter(loader)
    assert next(one).epoch == 0 and next(two).epoch == 1
    assert len(list(one)) == len(list(two)) == 2


def test_global_order_is_the_frozen_permutation(events):
    import pyarrow as pa

    table = pa.table({"user": np.arange(10), "at": pa.array(np.arange(10), pa.timestamp("s")),
                      "x": np.arange(10.0)})
    dataset = lade.open(table, entity="user", time="at")

    def order(**more):
        return ids(lade.DataLoader(dataset, shuffle="global", seed=7, framework="numpy",
                                   num_workers=0, batch_size=2, **more))

    assert sum(order(), []) == [1, 6, 9, 0, 8, 2, 5, 3, 4, 7]
    assert [order(rank=r, world_size=3) for r in range(3)] == [
        [[1, 6], [5, 3]], [[9, 0], [4, 7]], [[8, 2], [1, 6]]]


def test_id_digest_has_the_frozen_values():
    import pyarrow as pa

    table = pa.table({"user": np.arange(10), "at": pa.array(np.arange(10), pa.timestamp("s")),
                      "x": np.arange(10.0)})
    dataset = lade.open(table, entity="user", time="at")
    loader = lade.DataLoader(dataset, shuffle=True, seed=7, batch_size=2, framework="numpy")
    iterator = iter(loader)
    next(iterator)
    assert loader.digest() == 0x45B6853584D8BB6B
    next(iterator)
    assert loader.digest() == 0xC1EC508230DB88DC
    iterator.close()


@pytest.mark.parametrize("workers", [0, 1, 2, 7])
@pytest.mark.parametrize("prefetch", [1, 4])
def test_same_bytes_for_any_workers_and_prefetch(loader_of, workers, prefetch):
    def digest(**more):
        loader = loader_of(shuffle=True, seed=3, digest="content", **more)
        sums = [batch.content_digest() for _ in range(2) for batch in loader]
        return loader.digest(), sums

    assert digest(num_workers=workers, prefetch_factor=prefetch) == digest(num_workers=0)


def test_batch_at_equals_the_iterated_batch(loader_of):
    loader = loader_of(shuffle=True, seed=7, num_workers=2)
    for epoch in range(2):
        for step, batch in enumerate(loader):
            again = loader.batch_at(epoch, step)
            assert again["sample_id"].tolist() == batch["sample_id"].tolist()
            assert np.array_equal(again["numerical"], batch["numerical"])


def test_where_seen_inverts_the_order(loader_of):
    loader = loader_of(shuffle=True, seed=7)
    for step, batch in enumerate(loader):
        for row, sample in enumerate(batch["sample_id"].tolist()):
            assert loader.where_seen(sample, 0) == [(step, 0, row)]


def test_state_is_small_json_and_resumes_at_every_step(loader_of):
    arguments_ = {"shuffle": True, "seed": 7, "batch_size": 1, "num_workers": 2}
    whole = loader_of(**arguments_)
    expected = sum((ids(whole) for _ in range(3)), [])
    for stop in range(13):
        loader = loader_of(**arguments_)
        seen = []
        while len(seen) < stop:
            for batch in loader:
                seen.append(batch["sample_id"].tolist())
                if len(seen) == stop:
                    break
        text = json.dumps(loader.state_dict())
        assert len(text) <= 4096
        fresh = loader_of(**{**arguments_, "num_workers": 0, "prefetch_factor": 1})
        fresh.load_state_dict(json.loads(text))
        rest = []
        while len(seen) + len(rest) < len(expected):
            rest += ids(fresh)
        assert seen + rest == expected, stop


def test_state_of_other_things_is_refused_with_the_difference(loader_of):
    loader = loader_of(shuffle=True, seed=7)
    next(iter(loader))
    state = loader.state_dict()
    with pytest.raises(lade.ArgumentError, match="seed|sampler"):
        loader_of(shuffle=True, seed=8).load_state_dict(state)
    with pytest.raises(lade.ArgumentError, match="batch"):
        loader_of(shuffle=True, seed=7, batch_size=3).load_state_dict(state)
    with pytest.raises(lade.DataError) as caught:
        loader_of(shuffle=True, seed=7).load_state_dict({**state, "position": 4})
    assert caught.value.rule == "state.check"


def test_a_loader_pickles_as_configuration_and_state(tmp_path, events, recipe):
    import pyarrow.parquet

    pyarrow.parquet.write_table(events, tmp_path / "events.parquet")
    dataset = lade.open(str(tmp_path / "events.parquet"), entity="user", time="at")
    loader = lade.DataLoader(dataset, recipe, batch_size=2, shuffle=True, seed=7,
                             framework="numpy")
    iterator = iter(loader)
    next(iterator)
    again = pickle.loads(pickle.dumps(loader))
    assert len(pickle.dumps(loader)) < 20_000
    assert ids(again) == [batch["sample_id"].tolist() for batch in iterator]


def test_an_iterator_does_not_pickle(loader_of):
    with pytest.raises(TypeError, match="state_dict"):
        pickle.dumps(iter(loader_of()))


def test_a_dataset_in_memory_does_not_pickle(dataset):
    with pytest.raises(TypeError, match="in memory"):
        pickle.dumps(dataset)


def test_collate_fn_gets_the_finished_batch_and_raises_as_itself(loader_of):
    loader = loader_of(collate_fn=lambda batch: batch["lengths"].sum())
    assert sum(loader) == 21

    def broken(batch):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(loader_of(collate_fn=broken))


def test_arguments_outside_their_rule_are_refused(loader_of):
    for wrong in ({"batch_size": 0}, {"batch_size": 1.5}, {"num_workers": -1},
                  {"rank": 2, "world_size": 2}, {"sample_fraction": 0.0},
                  {"sample_fraction": 1.5}, {"global_batch_size": 3, "world_size": 2,
                                             "rank": 0},
                  {"pad_to": [4, 2]}, {"pad_to": [2]}, {"pad_multiple": 0},
                  {"dtypes": {"numerical": "f99"}}, {"framework": "jax"},
                  {"digest": "sum"}, {"shuffle": "blok"}, {"memory_budget": 1}):
        with pytest.raises(lade.ArgumentError):
            loader_of(**wrong)


def test_rooms_not_built_say_so(loader_of):
    for name, value in {"cache": "disk",
                        "on_bad_sample": "replace", "device": "cuda",
                        "batch_events": 100}.items():
        with pytest.raises(lade.ArgumentError, match="not built yet"):
            loader_of(**{name: value})
    with pytest.raises(lade.ArgumentError, match="not built yet"):
        loader_of(shuffle="block")


def test_packed_batches_hold_the_padded_rows_without_padding(loader_of):
    padded, packed = loader_of(batch_size=4), loader_of(batch_size=4, output="packed")
    for want, got in zip(padded, packed, strict=True):
        lengths, offsets = np.asarray(want.lengths), np.asarray(got.offsets)
        assert np.array_equal(np.diff(offsets), lengths) and offsets[0] == 0
        assert got.numerical.shape == (lengths.sum(), want.numerical.shape[2])
        for row, n in enumerate(lengths):
            assert np.array_equal(got.numerical[offsets[row]:offsets[row + 1]],
                                  want.numerical[row, :n])
        assert got["cu_seqlens"] is got["offsets"] and got.max_length == lengths.max()
        assert got.content_digest() == want.content_digest()
    assert packed.stats()["fill"] == 1.0
    with pytest.raises(lade.ArgumentError, match="no padding"):
        loader_of(output="packed", pad_multiple=8)
    with pytest.raises(lade.ArgumentError, match="padded or packed"):
        loader_of(output="ragged")


def test_bucket_window_serves_every_sample_once_at_a_better_fill(loader_of):
    plain, bucketed = loader_of(batch_size=2), loader_of(batch_size=2, bucket_window="auto")
    seen = sorted(int(i) for batch in bucketed for i in batch.sample_id)
    assert seen == sorted(int(i) for batch in plain for i in batch.sample_id)
    assert bucketed.stats()["fill"] >= plain.stats()["fill"]
    step, rank, row = bucketed.where_seen(sample_id=1, epoch=0)[0]
    assert rank == 0 and bucketed.batch_at(0, step).sample_id[row] == 1
    with pytest.raises(lade.ArgumentError, match="bucket_window"):
        loader_of(bucket_window=-3)


def test_slices_of_a_sequence_are_adjacent_and_differ_by_epoch(loader_of):
    sampler = lade.WindowSampler(split_count=3, min_length=1, max_length=2)
    loader = loader_of(batch_size=2, shuffle=True, sampler=sampler)
    whole = {int(i): batch.numerical[row, :n] for batch in loader_of(batch_size=1)
             for row, (i, n) in enumerate(zip(batch.sample_id, batch.lengths, strict=True))}
    first = list(loader)
    for batch in first:
        ids = np.asarray(batch.sample_id).reshape(-1, 3)
        assert (ids == ids[:, :1]).all() and np.array_equal(batch.group, batch.sample_id)
        for row, (i, n) in enumerate(zip(batch.sample_id, batch.lengths, strict=True)):
            assert 1 <= n <= 2
            slice_of, events = batch.numerical[row, :n], whole[int(i)]
            assert any(np.array_equal(slice_of, events[b:b + int(n)], equal_nan=True)
                       for b in range(len(events)))
    assert loader.where_seen(int(first[0].sample_id[3]), 0) == [(0, 0, 3)]
    with pytest.raises(lade.ArgumentError, match="min_length"):
        lade.WindowSampler(5, 10, 9)
    with pytest.raises(lade.ArgumentError, match="bucket_window"):
        loader_of(sampler=sampler, bucket_window=8)
    left = loader_of(sampler=lade.WindowSampler(2, 1000, 1000))
    assert len(left) == 0 and left.stats()["sequences_without_sample"] == len(whole)
    kept = loader_of(batch_size=1, sampler=lade.WindowSampler(2, 1000, 1000, on_short="whole"))
    assert len(kept) == len(whole)


def test_arguments_for_processes_warn_once(loader_of):
    warn._warned.clear()
    with pytest.warns(UserWarning, match="persistent_workers"):
        loader_of(persistent_workers=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loader_of(persistent_workers=True)


def test_unknown_argument_is_a_type_error(loader_of):
    with pytest.raises(TypeError, match="batchsize"):
        loader_of(batchsize=3)


def test_aliases_and_generator(loader_of):
    plain = ids(loader_of(shuffle=True, seed=9))
    assert ids(loader_of(shuffle=True, shuffle_seed=9)) == plain

    class Generator:
        def initial_seed(self):
            return 9

    assert ids(loader_of(shuffle=True, generator=Generator())) == plain


def test_the_recipes_loader_stands_in_and_arguments_win(dataset):
    recipe = lade.Recipe(inputs=["amount"], entity="user", time="at",
                         loader={"batch_size": 3, "shuffle": True, "seed": 5})
    loader = lade.DataLoader(dataset, recipe, framework="numpy", num_workers=0)
    assert loader.batch_size == 3 and ids(loader) != [[0, 1, 2], [3, 4, 5]]
    assert lade.DataLoader(dataset, recipe, batch_size=1).batch_size == 1


def test_rank_and_world_size_come_from_the_environment(loader_of, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    loader = loader_of(batch_size=1)
    assert ids(loader) == [[1], [3], [5]]
    assert ids(loader_of(batch_size=1, rank=0, world_size=1)) == [[i] for i in range(6)]


def test_a_sampler_gives_the_order(loader_of):
    assert ids(loader_of(sampler=[5, 0, 3], batch_size=2)) == [[5, 0], [3]]
    with pytest.raises(lade.ArgumentError, match="excludes"):
        loader_of(sampler=[0], shuffle=True)
    with pytest.raises(lade.ArgumentError):
        ids(loader_of(sampler=[6]))


def test_samples_fraction_and_split_choose_a_subset(loader_of, dataset, recipe):
    assert ids(loader_of(samples=[1, 4], batch_size=2)) == [[1, 4]]
    some = sum(ids(loader_of(sample_fraction=0.5)), [])
    assert len(some) == 3 and some == sorted(some)
    parts = dataset.split([0.5, 0.5], seed=7)
    assert sum(len(part) for part in parts) == 6
    seen = [sum(ids(lade.DataLoader(part, recipe, framework="numpy")), [])
            for part in parts if len(part)]
    assert sorted(sum(seen, [])) == list(range(6))


def test_stats_and_explain_speak_of_what_was_done(loader_of):
    loader = loader_of(num_workers=1)
    list(loader)
    stats = loader.stats()
    assert stats["batches"] == 3 and stats["samples"] == 6 and stats["events"] == 21
    assert 0 < stats["fill"] <= 1
    for stage in stats["stages"].values():
        assert set(stage) == {"busy_s", "wait_in_s", "wait_out_s", "items", "bytes",
                              "threads"}
    assert "6" in loader.explain()


def test_explain_prices_an_epoch_read_from_files(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet

    path = tmp_path / "events.parquet"
    table = pa.table({"user": np.repeat(np.arange(6), 20),
                      "at": pa.array(np.arange(120), pa.timestamp("s")),
                      "amount": np.linspace(-1, 1, 120)})
    pyarrow.parquet.write_table(table, path, row_group_size=40)
    loader = lade.DataLoader(lade.open(str(path), entity="user", time="at"), batch_size=2,
                             num_workers=0)
    lines = {line[:24].strip(): line[24:] for line in loader.explain().splitlines()}
    assert float(lines["read amplification"]) == 1
    assert float(lines["bytes of an epoch"]) == pytest.approx(int(lines["stored bytes"]), 0.01)
    assert lines["first batch"].startswith("reads 1 row groups")


def test_rows_in_memory_are_given_one_thread(loader_of):
    assert loader_of(num_workers="auto").stats()["workers"] == 1


def test_kept_batches_beyond_the_budget_are_a_warning_once(loader_of):
    loader = loader_of(batch_size=1, memory_budget=4000, num_workers=0)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        kept = [batch for _ in range(4) for batch in loader]
    assert len(kept) == 24 and loader.stats()["lent_bytes"] > 4000
    assert ["memory_budget" in str(w.message) for w in seen] == [True]


def test_headspace_serves_one_batch_and_moves_nothing(loader_of):
    loader = loader_of(batch_size=4)
    before = loader.state_dict()
    seen = []
    rate = loader.headspace(steps=5, consume=lambda batch: seen.append(len(batch["lengths"])))
    assert seen == [4] * 5 and rate["steps"] == 5
    assert rate["samples_per_s"] == pytest.approx(4 * rate["batches_per_s"])
    assert loader.state_dict() == before
    with pytest.raises(lade.ArgumentError):
        loader.headspace(steps=0)


def test_closing_gives_the_threads_back(loader_of):
    before = threads()
    loader = loader_of(num_workers=3)
    list(loader)
    loader.close()
    deadline = time.monotonic() + 60
    while threads() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() <= before
    with pytest.raises(lade.ArgumentError):
        iter(loader)


def test_leaving_early_leaks_nothing(loader_of):
    def leave(how):
        loader = loader_of(num_workers=2, batch_size=1)
        iterator = iter(loader)
        for _ in range(how % 3):
            next(iterator)
        if how % 2:
            cycle = [iterator, loader]
            cycle.append(cycle)

    for how in range(12):
        leave(how)
    gc.collect()
    time.sleep(0.1)
    baseline = threads(), len(os.listdir("/proc/self/fd"))
    for how in range(300):
        leave(how)
    gc.collect()
    deadline = time.monotonic() + 60
    while threads() > baseline[0] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() <= baseline[0]
    assert len(os.listdir("/proc/self/fd")) <= baseline[1]


def test_users_generators_are_left_alone(loader_of):
    np.random.seed(1)
    random.seed(1)
    before = np.random.get_state()[1].tolist(), random.getstate()
    list(loader_of(shuffle=True, num_workers=2))
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before


def test_a_fork_child_rebuilds_its_engine_and_refuses_a_live_iterator(loader_of):
    loader = loader_of(num_workers=2, shuffle=True, seed=7)
    expected = ids(loader)
    iterator = iter(loader)
    next(iterator)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        result = []
        try:
            next(iterator)
        except lade.ArgumentError as error:
            result.append(str(os.getpid()) in str(error) and str(os.getppid()) in str(error))
        loader.set_epoch(0)
        result.append(ids(loader) == expected)
        os.write(writer, json.dumps(result).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert json.loads(pipe.read() or "null") == [True, True]
    os.waitpid(child, 0)
    assert len(list(iterator)) == 2


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_another_process_gets_the_same_batches(tmp_path, events, recipe, method):
    import pyarrow.parquet

    pyarrow.parquet.write_table(events, tmp_path / "events.parquet")
    dataset = lade.open(str(tmp_path / "events.parquet"), entity="user", time="at")
    loader = lade.DataLoader(dataset, recipe, batch_size=2, shuffle=True, seed=7,
                             framework="numpy")
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(ids, (loader,)) == ids(loader)


def test_programs_can_be_started_beside_a_live_iterator(loader_of):
    loader = loader_of(num_workers=2, shuffle=True, batch_size=1)
    iterator = iter(loader)
    next(iterator)
    for _ in range(5):
        child = os.fork()
        if child == 0:
            os.execv("/bin/true", ["true"])
        assert os.waitpid(child, 0)[1] == 0
    assert len(list(iterator)) == 5


class WholeEpoch:
    """One item: all ids of an epoch, made by a lade loader inside a torch worker."""

    def __init__(self, loader):
        self.loader = loader

    def __len__(self):
        return 2

    def __getitem__(self, _):
        self.loader.set_epoch(0)
        return ids(self.loader)


def test_works_inside_torch_workers(loader_of):
    torch = pytest.importorskip("torch")
    loader = loader_of(num_workers=2, shuffle=True, seed=7)
    expected = ids(loader)
    inside = torch.utils.data.DataLoader(WholeEpoch(loader), batch_size=None, num_workers=2)
    assert list(inside) == [expected, expected]


INTERRUPT = """
import os, signal, sys, threading, time, numpy as np, pyarrow as pa, lade
n = 2000
table = pa.table({"user": np.arange(n), "at": pa.array(np.arange(n), pa.timestamp("s")),
                  "x": np.arange(float(n))})
loader = lade.DataLoader(lade.open(table, entity="user", time="at"), batch_size=1,
                         num_workers=2, framework="numpy")
try:
    print("ready", flush=True)
    while True:
        for batch in loader:
            pass
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(7)
"""


def test_ctrl_c_reaches_the_loop():
    process = subprocess.Popen([sys.executable, "-c", INTERRUPT], stdout=subprocess.PIPE,
                               text=True)
    assert process.stdout.readline().strip() == "ready"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 7 and "interrupted" in out


INTERRUPT_OFTEN = INTERRUPT.split("loader =")[0] + """
dataset = lade.open(table, entity="user", time="at")
def threads():
    return len(os.listdir("/proc/self/task"))
def epochs(how):
    with lade.DataLoader(dataset, batch_size=1, num_workers=how % 3, framework="numpy",
                         collate_fn=[None, dict][how % 2]) as loader:
        while True:
            for batch in loader:
                pass
base = None
for how in range(20):
    try:
        print("ready", flush=True)
        epochs(how)
    except KeyboardInterrupt:
        pass
    base = base or threads()
    for _ in range(3000):
        if threads() <= base:
            break
        time.sleep(0.01)
    print("left", threads() - base, flush=True)
"""


def test_ctrl_c_at_any_time_ends_the_loop_and_its_threads():
    chance = random.Random(7)
    process = subprocess.Popen([sys.executable, "-c", INTERRUPT_OFTEN],
                               stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    for _ in range(20):
        assert process.stdout.readline().strip() == "ready"
        time.sleep(chance.random() * 0.03)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline().split() == ["left", "0"]
    assert process.wait() == 0
    watchdog.cancel()


def test_the_interpreter_exits_with_a_live_iterator():
    code = INTERRUPT.split("try:")[0] + "it = iter(loader)\nnext(it)\nprint('left')\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 0 and done.stdout.strip() == "left", done.stderr


def test_waiting_releases_the_interpreter(loader_of):
    loader = loader_of(num_workers=2, batch_size=1)
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(1)
            time.sleep(0.001)

    other = threading.Thread(target=tick)
    other.start()
    for _ in range(50):
        list(loader)
    stop.set()
    other.join()
    assert ticks


def test_a_loader_without_a_batch_warns_once(recwarn):
    table = pa.table({"user": [1, 2, 3], "x": [1.0, 2.0, 3.0]})
    recipe = lade.Recipe(inputs=[lade.input("x")])
    for rows, options, why in ((table.slice(0, 0), {}, "there is no sample"),
                               (table, {"drop_last": True}, "every sample is left out")):
        dataset = lade.open(rows, entity="user")
        with pytest.warns(RuntimeWarning, match=why) as warned:
            loader = lade.DataLoader(dataset, recipe, batch_size=4, **options)
            assert len(loader) == 0 and list(loader) == [] and list(loader) == []
        assert len(warned) == 1
    assert len(lade.DataLoader(lade.open(table, entity="user"), recipe, batch_size=4)) == 1
    assert not recwarn
