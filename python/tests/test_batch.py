"""Batches: types, ownership, the protocols they speak."""

import gc

import numpy as np
import pyarrow as pa
import pytest

import lade


def first(loader):
    return next(iter(loader))


def test_arrays_have_the_documented_types_and_shapes(loader_of):
    batch = first(loader_of(batch_size=6))
    expected = {"numerical": np.float32, "categorical": np.int64, "lengths": np.int32,
                "sample_id": np.int64, "sample_mask": np.bool_}
    for name, dtype in expected.items():
        assert batch[name].dtype == dtype, name
    assert batch["numerical"].shape == (6, 6, 1)
    assert batch["categorical"].shape == (6, 6, 1)
    assert batch["lengths"].tolist() == [1, 2, 3, 4, 5, 6]
    assert batch["targets"]["spent"].dtype == np.float32


def test_mapping_and_attributes_agree(loader_of):
    batch = first(loader_of())
    assert set(batch) == set(batch.keys()) and len(batch) == len(list(batch))
    assert batch.numerical is batch["numerical"]
    with pytest.raises(AttributeError, match="numerical"):
        batch.absent
    with pytest.raises(KeyError):
        batch["absent"]
    assert (batch.epoch, batch.step) == (0, 0)
    assert batch.nbytes > 0


def test_padding_is_zero_and_on_the_right(loader_of):
    batch = first(loader_of(batch_size=6))
    for row, length in enumerate(batch["lengths"]):
        assert not batch["numerical"][row, length:].any()
        assert batch["categorical"][row, :length].all()


def test_values_are_those_of_the_table(loader_of, dataset):
    batch = first(loader_of(batch_size=6))
    for row in range(6):
        amounts = dataset.sequence(row).column("amount").to_numpy().astype(np.float32)
        assert np.array_equal(batch["numerical"][row, :row + 1, 0], amounts)


def test_an_array_outlives_batch_loader_and_dataset(loader_of):
    loader = loader_of(batch_size=6)
    array = first(loader)["numerical"]
    copy = array.copy()
    loader.close()
    del loader
    gc.collect()
    assert np.array_equal(array, copy)


def test_kept_batches_keep_their_bytes(loader_of):
    loader = loader_of(batch_size=1, num_workers=2)
    kept = [(batch["numerical"], batch["numerical"].copy())
            for _ in range(20) for batch in loader]
    assert len(kept) == 120
    assert all(np.array_equal(array, copy) for array, copy in kept)


def test_writing_into_a_batch_changes_no_later_one(loader_of):
    plain = [batch["numerical"].copy() for batch in loader_of()]
    loader = loader_of()
    for batch, expected in zip(loader, plain):
        assert np.array_equal(batch["numerical"], expected)
        for array in (batch["numerical"], batch["categorical"], batch["lengths"]):
            array[...] = 77


def test_arrays_share_memory_through_dlpack_and_buffers(loader_of):
    array = first(loader_of(batch_size=6))["numerical"]
    shared = np.from_dlpack(array)
    assert shared.__array_interface__["data"][0] == array.__array_interface__["data"][0]
    assert memoryview(array).nbytes == array.nbytes


def test_arrays_are_aligned(loader_of):
    for name in ("numerical", "categorical", "lengths", "sample_id"):
        array = first(loader_of())[name]
        assert array.__array_interface__["data"][0] % 256 == 0


def test_arrow_shares_the_memory(loader_of):
    batch = first(loader_of(batch_size=6))
    table = batch.arrow()
    assert isinstance(table, pa.RecordBatch) and table.num_rows == 6
    numbers = table.column("numerical")
    assert np.array_equal(numbers.to_numpy_ndarray(), batch["numerical"])
    address = numbers.storage.values.buffers()[1].address
    assert address == batch["numerical"].__array_interface__["data"][0]
    assert table.column("lengths").to_pylist() == [1, 2, 3, 4, 5, 6]


def test_half_types_travel_as_numpy_can(loader_of):
    wide = first(loader_of(batch_size=6))["numerical"]
    half = first(loader_of(batch_size=6, dtypes={"numerical": "f16"}))["numerical"]
    assert half.dtype == np.float16
    assert np.array_equal(half, wide.astype(np.float16))
    bits = first(loader_of(batch_size=6, dtypes={"numerical": "bf16"}))["numerical"]
    assert bits.dtype == np.uint16
    narrow = first(loader_of(batch_size=6, dtypes={"categorical": "i32"}))["categorical"]
    assert narrow.dtype == np.int32


def test_torch_tensors_view_the_same_memory(loader_of):
    torch = pytest.importorskip("torch")
    batch = first(loader_of(batch_size=6, framework="torch"))
    assert batch["numerical"].dtype == torch.float32
    assert batch["targets"]["spent"].dtype == torch.float32
    assert batch["sample_mask"].dtype == torch.bool
    assert batch["numerical"].data_ptr() % 256 == 0
    expected = first(loader_of(batch_size=6))["numerical"]
    assert np.array_equal(batch["numerical"].numpy(), expected)
    bf16 = first(loader_of(batch_size=6, framework="torch", dtypes={"numerical": "bf16"}))
    assert bf16["numerical"].dtype == torch.bfloat16
    assert torch.equal(bf16["numerical"], batch["numerical"].to(torch.bfloat16))
    moved = batch.to("cpu")
    assert moved["targets"]["spent"].shape == batch["targets"]["spent"].shape


def test_content_digest_depends_on_the_bytes_alone(loader_of):
    one = first(loader_of(batch_size=6))
    padded = first(loader_of(batch_size=6, pad_multiple=8))
    assert padded["numerical"].shape[1] == 8
    assert one.content_digest() == padded.content_digest()


def test_a_moved_batch_is_a_batch(loader_of):
    torch = pytest.importorskip("torch")
    for framework in ("numpy", "torch"):
        batch = loader_of(framework=framework, dtypes={"numerical": "bf16"}).batch_at(0, 1)
        here = batch.to("cpu")
        assert isinstance(here, lade.Batch) and here.numerical.dtype == torch.bfloat16
        assert (here.epoch, here.step, here.nbytes) == (batch.epoch, batch.step, batch.nbytes)
        assert list(here) == list(batch) and repr(here) == repr(batch)
        assert here.arrow() == batch.arrow()
        assert here.content_digest() == batch.content_digest()
        away = batch.to("meta", non_blocking=True)  # stands for any device but this one
        assert away.targets["spent"].device.type == away["lengths"].device.type == "meta"
        assert (away.epoch, away.step, away.nbytes) == (batch.epoch, batch.step, batch.nbytes)
        with pytest.raises(lade.ArgumentError, match="to\\('cpu'\\)"):
            away.arrow()
        with pytest.raises(lade.ArgumentError, match="moved"):
            away.content_digest()


def test_a_moved_batch_lets_the_slab_go(loader_of):
    pytest.importorskip("torch")
    loader = loader_of(batch_size=6)
    batch = next(iter(loader))
    away = batch.to("meta")
    assert loader.stats()["lent_bytes"] > 0
    del batch
    assert away.step == 0 and loader.stats()["lent_bytes"] == 0


def test_pinning_without_cuda_warns_once_and_changes_nothing(loader_of):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    lade.warn._warned.discard("pin_memory")
    loader = loader_of(pin_memory=True)
    with pytest.warns(UserWarning, match="no CUDA") as warned:
        batches = list(loader)
    assert len(warned) == 1
    assert all(isinstance(batch.numerical, np.ndarray) for batch in batches)
    assert batches[0].pin_memory() is batches[0]


def test_pinning_copies_every_array(loader_of, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor.clone())
    batch = loader_of(pin_memory=True).batch_at(0, 0)
    pinned = batch.pin_memory()
    assert torch.equal(pinned.numerical, torch.from_numpy(batch.numerical))
    assert pinned.numerical.data_ptr() != batch.numerical.ctypes.data
    assert isinstance(next(iter(loader_of(pin_memory=True))).numerical, torch.Tensor)
