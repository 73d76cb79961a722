# SPDX-License-Identifier: Apache-2.0
"""The published target generator (hppl_skoltech_project), driven by its own classes.

A set of codes becomes a column of 0 and 1 prepared outside the clock, because its filters know
one value; the boundary units are three lists in one sample.
"""

from __future__ import annotations

import datetime
import pathlib
import sys

import numpy as np
import pyarrow as pa
import torch

import lade
from transactions import workload


def load(folder: str):
    """Its modules, or the reason why not."""
    if not folder:
        return None, "--published names no clone of it"
    if not (pathlib.Path(folder) / "src/data/components/target_generator.py").exists():
        return None, f"{folder} is no clone of it"
    sys.path.insert(0, folder)
    try:
        from src.data.components import (boundary_generator, collate, dataset, target_aggregation,
                                         target_generator, transaction_filter)
    except ImportError as missing:
        return None, f"it does not import: {missing}"
    modules = {m.__name__.rsplit(".", 1)[1]: m for m in (
        boundary_generator, collate, dataset, target_aggregation, target_generator,
        transaction_filter)}
    return type("Published", (), modules), ""


def load_samplers(folder: str):
    """The classes that its generator draws transactions with, or the reason why not."""
    if not folder:
        return None, "--published names no clone of it"
    sys.path.insert(0, folder)
    try:
        from src.dataset_generate.src import transaction
    except ImportError as missing:
        return None, f"it does not import: {missing}"
    return transaction, ""


def selected(table, target):
    """What `where` selects, as a column of 0 and 1."""
    mcc, amount = table["mcc"].to_numpy(), table["amount"].to_numpy()
    keep = (amount >= target.low) & (amount <= target.high)
    if target.codes():
        keep &= np.isin(mcc, target.codes())
    if target.above is not None:
        keep &= table["x0"].to_numpy() > target.above
    return keep.astype(np.float32)


def sets_of(table, targets):
    """The distinct filters, and each as a column of 0 and 1."""
    wheres = list(dict.fromkeys(t.where() for t in targets))
    columns = {}
    for number, where in enumerate(wheres):
        target = next(t for t in targets if t.where() == where)
        columns[f"set{number}"] = selected(table, target)
    return wheres, columns


def compat_recipe(targets, wheres):
    """The same as a recipe of Lade that repeats its arithmetic: what it gives bit for bit."""
    parts = [lade.aggregate(workload.name_of(number), f"{t.aggregate}({t.value})",
                            where=f"set{wheres.index(t.where())} == 1", every=t.every,
                            look_back=t.look_back) for number, t in enumerate(targets)]
    if targets == workload.W1_TWENTY:
        parts += workload.mixes()
    return lade.Recipe(inputs=["amount"], targets=parts, compat="hppl",
                       sequence={"entity": "user_id", "time": "time"})


def check(table, targets, batch):
    """Every target of its batch has the bits of Lade's compat = "hppl"."""
    wheres, columns = sets_of(table, targets)
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    dataset = lade.open(table, entity="user_id", time="time")
    order = [i % len(dataset) for i in range(len(batch.sample_idxes))]
    ours = next(iter(lade.DataLoader(dataset, compat_recipe(targets, wheres),
                                     batch_size=len(order), sampler=order, num_workers=0,
                                     framework="numpy")))
    assert set(ours["targets"]) == set(batch.targets)
    for name, theirs in batch.targets.items():
        theirs = theirs.numpy()
        given = ours["targets"][name]
        assert given.shape == theirs.shape, (name, given.shape, theirs.shape)
        # 0 / 0 of a mix is a NaN: equal as such.
        same = (given.view(np.uint32) == theirs.view(np.uint32)) | (
            np.isnan(given) & np.isnan(theirs))
        assert same.all(), f"{name}: {np.count_nonzero(~same)} of {same.size} differ"


def loader(api, table, targets, samples, workers):
    """Its DataLoader over `samples` users, repeated when there are fewer."""
    units = list(dict.fromkeys(t.every for t in targets))
    columns = {f"x{i}": table[f"x{i}"].to_numpy() for i in range(workload.EXTRA)}
    columns |= {"amount": table["amount"].to_numpy(), "mcc": table["mcc"].to_numpy()}
    wheres, sets = sets_of(table, targets)
    columns |= sets
    time = table["time"].to_numpy().astype("datetime64[us]")
    data = {}
    events = workload.EVENTS
    for user in range(len(time) // events):
        rows = slice(user * events, (user + 1) * events)
        arrays = {name: values[rows, None] for name, values in columns.items()}
        arrays["local_date"] = time[rows]
        last = time[rows][-1].astype(datetime.datetime) + datetime.timedelta(days=1)
        data[user] = {"feature_arrays": arrays, "APPLICATION_DATE": last}
    functions = {name: getattr(api.target_aggregation, f"{name}_jit")
                 for name in ("sum", "mean", "min", "max")}
    generators = {}
    for unit in units:
        generators[unit] = api.target_generator.TargetGeneratorCompose([
            api.target_generator.AggregateTargetGenerator(
                api.transaction_filter.EqFeatureTransactionFilter(
                    f"set{wheres.index(t.where())}", 1),
                api.target_aggregation.FuncFeatureAggregation(t.value, functions[t.aggregate]),
                workload.name_of(number), t.look_back)
            for number, t in enumerate(targets) if t.every == unit])
    boundaries = {unit: api.boundary_generator.TimeBoundaryGenerator(unit) for unit in units}

    class Samples(api.dataset.TransactionDatasetDiskFile):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            arrays = self.data[self.indexes[index]]["feature_arrays"]
            sample["targets"] = {}
            for unit in units:
                ends = boundaries[unit].get_interval_boundaries(arrays)
                sample["targets"] |= generators[unit].generate_targets(arrays, ends)
                sample[f"{unit}_mask"] = torch.ones(len(ends), 1, dtype=torch.bool)
            if targets == workload.W1_TWENTY:
                low, high = sample["targets"]["t20"], sample["targets"]["t19"]
                sample["targets"] |= {"share": low / high, "both": low + high}
            sample["target_mask"] = sample[f"{units[0]}_mask"]
            return sample

    names = ["amount", "amount", *(f"x{i}" for i in range(workload.EXTRA))]
    dataset = Samples(
        data, [i % len(data) for i in range(samples)], dict.fromkeys(data, 0.0),
        {"max_days": None, "lag_days": 0, "max_seq_len": events},
        {"categorical": [("mcc", 1)], "numerical": [(name, 1) for name in names]},
        transforms=lambda arrays: arrays)
    return torch.utils.data.DataLoader(
        dataset, batch_size=workload.BATCH, num_workers=workers,
        collate_fn=api.collate.SequenceTargetCollatorMultiTarget(events),
        persistent_workers=workers > 0)
