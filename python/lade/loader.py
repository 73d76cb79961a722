"""`DataLoader`: ordered batches made by threads that never touch Python."""

import json
import time
import warnings

import numpy as np

from lade import _core, arguments
from lade.arguments import Default
from lade.batch import Batch
from lade.dataset import as_dataset, is_recipe, whole
from lade.errors import ArgumentError
from lade.limits import parse_bytes
from lade.recipe import Recipe
from lade.samplers import WindowSampler


class DataLoader:
    """dataset x recipe x order -> batches, with torch's argument names.

    A batch is a pure function of (dataset, recipe, order, seed, epoch, step): threads,
    prefetch, restarts and world size change the speed and nothing else. `batch_size` is
    per rank. `shuffle=True` means "global". Batches hold torch tensors where torch is
    installed, else NumPy arrays (`framework`). `iter` starts the next epoch; `len` is its
    number of steps. Arguments that a recipe's [loader] gives stand in for those left out.
    `bucket_window` ("auto", or samples) serves batches of like lengths; `output="packed"`
    gives events without padding, [E, F], with `offsets` [B + 1]. `sampler` is a sequence of
    ids, or `lade.WindowSampler` for random slices. `share_targets=False` computes every
    target by itself: the same bytes, to see what sharing saves.
    """

    def __init__(self, dataset, recipe=None, batch_size=Default(1), shuffle=Default(False),
                 sampler=Default(None), batch_sampler=Default(None),
                 num_workers=Default("auto"), collate_fn=None, pin_memory=Default(False),
                 drop_last=Default(False), timeout=Default(0),
                 worker_init_fn=Default(None), multiprocessing_context=Default(None),
                 generator=None, *, prefetch_factor=Default(2),
                 persistent_workers=Default(None), pin_memory_device=Default(""),
                 in_order=True, snapshot_every_n_steps=Default(None), seed=Default(0),
                 rank=Default(None), world_size=Default(None),
                 global_batch_size=Default(None), sample_fraction=Default(1.0),
                 max_length=Default(None), output=Default("padded"),
                 pad_to=Default("longest"), pad_multiple=Default(1),
                 pad_last=Default(False), dtypes=Default(None), precision=Default(None),
                 part=Default(None), samples=Default(None), framework=Default("auto"),
                 shuffle_block=Default(None), shuffle_blocks=Default(None),
                 shuffle_window=Default(None), lanes=Default(None),
                 bucket_window=Default(0), batch_events=Default(None),
                 memory_budget=Default("auto"), cache=Default("auto"),
                 cache_bytes=Default(None), cache_dir=Default(None),
                 cache_level=Default("events"), on_bad_sample=Default("fail"),
                 max_failures=Default(0.01), quarantine=Default(None),
                 device=Default(None), digest=Default("ids"),
                 share_targets=Default(True), **aliases):
        given = {k: v for k, v in locals().items()
                 if k not in ("self", "dataset", "recipe", "collate_fn", "generator",
                              "in_order", "aliases")}
        for alias, value in aliases.items():
            if alias not in arguments.ALIASES:
                raise TypeError(arguments.unknown(alias, [*given, *arguments.ALIASES]))
            given[arguments.ALIASES[alias]] = value
        is_recipe(recipe, "DataLoader")
        if collate_fn is not None and not callable(collate_fn):
            raise ArgumentError(f"DataLoader: collate_fn must be callable, got {collate_fn!r}")
        if generator is not None and not hasattr(generator, "initial_seed"):
            raise ArgumentError("DataLoader: generator must be a torch.Generator, got "
                                f"{generator!r}; or give seed=")
        self.dataset = as_dataset(dataset, recipe)
        if recipe is None:
            recipe = Recipe._of(_core.default_recipe(self.dataset._core))
        self.recipe = recipe
        self.collate_fn = collate_fn
        if generator is not None and isinstance(given["seed"], Default):
            given["seed"] = generator.initial_seed()
        self._given = {k: v for k, v in given.items() if not isinstance(v, Default)}
        values, explicit = arguments.resolve(given, recipe._core.loader_arguments)
        self._framework = arguments.framework_of(values["framework"])
        self.rank, self.world_size = arguments.rank_and_world(values["rank"],
                                                              values["world_size"])
        self.batch_size = arguments.per_rank(values, explicit, self.world_size)
        self.drop_last = bool(values["drop_last"])
        self._pin = values["pin_memory"] is True  # "auto" pins for a device, none is given
        self.num_workers = values["num_workers"]
        self.sampler = values["sampler"]
        self._core = _core.make_loader(self.dataset._core, recipe._core,
                                       self._choice(values), self._options(values))
        for text in self._core.warnings():
            warnings.warn("DataLoader: " + text, RuntimeWarning, stacklevel=2)

    def _choice(self, values):
        choice = _core.SampleChoice()
        choice.shuffle = arguments.shuffle_word(values["shuffle"])
        choice.seed = arguments.seed(values["seed"])
        choice.bucket_window = arguments.bucket_window(values["bucket_window"])
        choice.fraction = arguments.number(values["sample_fraction"], "sample_fraction")
        if values["samples"] is not None:
            choice.set_samples(arguments.ids(values["samples"], "samples"))
        if self.dataset._sequences is not None:
            choice.set_sequences(np.ascontiguousarray(self.dataset._sequences, np.int64))
        if isinstance(values["sampler"], WindowSampler):
            slices = values["sampler"]
            choice.set_slices(slices.split_count, slices.min_length, slices.max_length,
                              slices.on_short == "whole")
        elif values["sampler"] is not None:
            choice.set_order(arguments.ids(values["sampler"], "sampler"))
        return choice

    def _options(self, values):
        options = _core.LoaderOptions()
        options.shard(self.batch_size, self.rank, self.world_size, self.drop_last,
                      bool(values["pad_last"]))
        options.seed = values["seed"]
        options.num_workers = arguments.workers(values["num_workers"])
        options.prefetch_factor = arguments.prefetch(values["prefetch_factor"])
        if values["memory_budget"] != "auto":
            options.memory_budget = parse_bytes(values["memory_budget"], "memory_budget")
        options.set_digest(values["digest"])
        options.set_timeout(arguments.number(values["timeout"], "timeout"))
        pad_to, to_max = arguments.padding(values["pad_to"])
        max_length = values["max_length"]
        options.plan(arguments.dtypes(values["dtypes"]),
                     -1 if max_length is None else
                     whole(max_length, "DataLoader: max_length", 0), pad_to, to_max,
                     whole(values["pad_multiple"], "DataLoader: pad_multiple", 1),
                     str(values["output"]), isinstance(values["sampler"], WindowSampler),
                     arguments.truth(values["share_targets"], "share_targets"))
        return options

    def __len__(self):
        """Steps of the epoch that `iter` would start."""
        return self._core.steps()

    def __iter__(self):
        return _Iterator(self._core.begin_epoch(), self._finish)

    def _finish(self, core):
        batch = Batch(core, self._framework)
        if self._pin:
            batch = batch.pin_memory()
        return batch if self.collate_fn is None else self.collate_fn(batch)

    def set_epoch(self, epoch):
        """Fixes the epoch that `iter` starts next."""
        self._core.set_epoch(whole(epoch, "set_epoch: epoch", 0))

    @property
    def epoch(self):
        """The epoch that `iter` starts next."""
        return self._core.next_epoch

    def batch_at(self, epoch, step):
        """Any batch again; leaves running iterators alone."""
        return Batch(self._core.batch_at(whole(epoch, "batch_at: epoch", 0),
                                         whole(step, "batch_at: step", 0)), self._framework)

    def where_seen(self, sample_id, epoch):
        """All (step, rank, row) at which a sample is seen in an epoch."""
        return self._core.where_seen(whole(sample_id, "where_seen: sample_id", 0),
                                     whole(epoch, "where_seen: epoch", 0))

    def digest(self):
        """Of everything delivered so far; equal for equal batches in equal order."""
        return self._core.digest()

    def state_dict(self):
        """Where the loader stands after the last delivered batch; a small JSON object."""
        return json.loads(self._core.state())

    def load_state_dict(self, state, verify="last", strict=True):
        """Continues where `state` was taken. Other data or another recipe are refused."""
        self._core.restore(json.dumps(state), verify, strict)

    def stats(self):
        """Counts, times of each stage, memory by account, as a dict."""
        return self._core.stats()

    def explain(self):
        """What this loader will do and what it costs, for people."""
        return self._core.explain()

    def headspace(self, steps=200, consume=None):
        """What a loader that costs nothing would give.

        Serves the first batch of the next epoch `steps` times, ready-made, through
        `collate_fn` and `consume(batch)` (a training step; None: nothing). Returns
        {"steps", "seconds", "batches_per_s", "samples_per_s"}; the state does not move.
        """
        if steps < 1:
            raise ArgumentError(f"headspace: steps must be >= 1, got {steps}")
        if self._core.steps() == 0:
            raise ArgumentError("headspace: the loader has no batch")
        ready = self._core.batch_at(self._core.next_epoch, 0)
        begin = time.perf_counter()
        for _ in range(steps):
            batch = self._finish(ready)
            if consume is not None:
                consume(batch)
        seconds = max(time.perf_counter() - begin, 1e-9)
        return {"steps": steps, "seconds": seconds, "batches_per_s": steps / seconds,
                "samples_per_s": steps * ready.rows / seconds}

    def close(self):
        """Ends the threads and frees the memory; the loader is of no use afterwards."""
        self._core.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __reduce__(self):
        state = self.state_dict()
        return (_rebuild, (self.dataset, self.recipe, self.collate_fn, self._given, state))


def _rebuild(dataset, recipe, collate_fn, given, state):
    loader = DataLoader(dataset, recipe, collate_fn=collate_fn, **given)
    if state["delivered"]:
        loader.load_state_dict(state)
    return loader


class _Iterator:
    """Batches of one epoch, in order."""

    def __init__(self, core, finish):
        self._core = core
        self._finish = finish

    def __iter__(self):
        return self

    def __next__(self):
        batch = self._core.next()
        if batch is None:
            raise StopIteration
        return self._finish(batch)

    def close(self):
        """Leaves early; threads of the loader stay for the next epoch."""
        self._core.close()

    def __reduce__(self):
        raise TypeError("an iterator of lade.DataLoader cannot be pickled; "
                        "pickle the loader or its state_dict()")
