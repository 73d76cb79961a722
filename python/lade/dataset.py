"""`lade.open` and `Dataset`: files of events, one sequence per entity."""

import datetime
import json
import operator
import os
import warnings

import numpy as np

from lade import _core
from lade.errors import ArgumentError
from lade.filters import filter_text
from lade.limits import core_limits, parse_bytes


def source_recipe(source):
    """The reader's options, checked by the same code as a recipe's [source]."""
    return _core.Recipe.from_json(json.dumps({"source": source}), "source", _core.Limits())


def core_options(*, entity=None, time=None, columns=None, filters=None, layout="auto",
                 source=None,
                 on_disorder=None, on_bad=None, max_bad=None, on_truncated=None, limits=None,
                 schema="exact", manifest="use", fingerprint="fast", cache_dir=None,
                 memory_budget="auto"):
    options = _core.OpenOptions()
    options.entity = _name(entity, "entity")
    options.time = _name(time, "time")
    if columns is not None:
        options.columns = _names(columns, "columns")
    filters = filter_text(filters)
    if filters is not None:
        options.set_filter(filters)
    options.layout = layout
    options.schema = schema
    options.manifest = manifest
    options.fingerprint = fingerprint
    options.cache_dir = os.fspath(cache_dir) if cache_dir is not None else ""
    if memory_budget != "auto":
        options.memory_budget = parse_bytes(memory_budget, "memory_budget")
        if options.memory_budget < 1:
            raise ArgumentError(f"open: memory_budget must be >= 1, got {memory_budget!r}")
    options.limits = core_limits(limits)
    policies = {"on_disorder": on_disorder, "on_bad": on_bad, "on_truncated": on_truncated}
    for name, word in policies.items():
        if word is not None:
            options.policy(name, word)
    if isinstance(max_bad, int) and not isinstance(max_bad, bool):
        options.max_bad_count(max_bad)
    elif isinstance(max_bad, float):
        options.max_bad_fraction(max_bad)
    elif max_bad is not None:
        raise ArgumentError(f"open: max_bad must be a count or a fraction, got {max_bad!r}")
    if source is not None:
        options.source_of(source_recipe(source))
    return options


def _names(names, what):
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ArgumentError(f"{what} must be a list of column names, got {names!r}")
    return list(names)


def _is_table(data):
    if type(data).__name__ == "Series":
        return False
    return hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")


_CURES = {"LazyFrame": "; collect() it first", "FileSystemDataset": "; give its to_table()",
          "Series": "; give a table with named columns"}


def _paths(path, what="open"):
    if isinstance(path, (str, bytes, os.PathLike)):
        return [os.fsdecode(path)]
    kind = type(path).__name__
    if isinstance(path, (list, tuple)):
        if all(isinstance(one, (str, bytes, os.PathLike)) for one in path):
            return [os.fsdecode(one) for one in path]
        kind = "a list of " + type(path[0]).__name__
    tables = " or an Arrow table (pyarrow, Polars, pandas)" if what == "open" else ""
    raise ArgumentError(f"{what}: needs a path, a list of paths{tables}, got {kind}"
                        f"{_CURES.get(kind, '')}")


def _name(name, what):
    if name is None or isinstance(name, str):
        return name or ""
    raise ArgumentError(f"open: {what} must be the name of a column, got {name!r}")


def whole(value, what, least):
    """A whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{what} must be an integer >= {least}, got {value!r}")
    return int(value)


def is_recipe(recipe, what):
    """Refuses what is no recipe where one is wanted."""
    if recipe is None or hasattr(recipe, "_core"):
        return recipe
    raise ArgumentError(f"{what}: recipe must be a lade.Recipe, got {type(recipe).__name__}; "
                        "read a file with lade.Recipe.from_file")


def open(path, entity=None, time=None, *, columns=None, filters=None, layout="auto",  # noqa: A001
         source=None, on_disorder=None, on_bad=None, max_bad=None, on_truncated=None,
         limits=None, schema="exact", manifest="use", fingerprint="fast", cache_dir=None,
         memory_budget="auto", recipe=None):
    """Opens events: a path, a list of paths, a glob, or any Arrow table or stream.

    Parameters
    ----------
    entity, time
        Columns that name the sequence and order it. With `recipe`, its [sequence] and
        [source] stand in for what is left out; a conflict is an ArgumentError.
    filters
        Which events are kept, before windows are cut: `[("amount", ">", 0)]` (all of
        them), a list of such lists (one of them), or `lade.col("amount") > 0`. Null
        compares as false. What is left out is counted in `report.rows_filtered`.
    source
        Options of a text reader as in a recipe's [source].
    on_bad, max_bad, on_truncated, on_disorder, limits
        What to do with broken input, and bounds on what a file may claim.
    cache_dir
        Where an index goes if the data's own directory cannot be written, and a grouped
        copy of text or of scattered rows that are too large for memory: made once.

    A table is read where it lies: Lade shares its memory.
    """
    arguments = {
        "entity": entity, "time": time, "columns": columns,
        "filters": filter_text(filters), "layout": layout,
        "source": source, "on_disorder": on_disorder, "on_bad": on_bad, "max_bad": max_bad,
        "on_truncated": on_truncated, "limits": limits, "schema": schema,
        "manifest": manifest, "fingerprint": fingerprint, "cache_dir": cache_dir,
        "memory_budget": memory_budget,
    }
    options = core_options(**arguments)
    if is_recipe(recipe, "open") is not None:
        options = _core.with_recipe(options, recipe._core)
    if _is_table(path):
        core, config = _core.from_table(path, options), None
    else:
        config = {**arguments, "path": _paths(path), "recipe": recipe}
        core = _core.open(config["path"], options)
    for text in core.warnings:
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    return Dataset(core, config)


def _time_text(time):
    """A time as a recipe writes it."""
    if isinstance(time, np.datetime64):
        return str(np.datetime_as_string(time))
    if isinstance(time, (int, np.integer)) and not isinstance(time, bool):
        return str(time)
    if hasattr(time, "isoformat"):
        return time.isoformat()
    if isinstance(time, str):
        return time
    raise ArgumentError(f"split: a cut must be a time or a whole number, got {time!r}")


def _duration_text(duration):
    if duration is None:
        return ""
    if isinstance(duration, datetime.timedelta):
        return f"{duration // datetime.timedelta(microseconds=1)}us"
    if isinstance(duration, (str, int, np.integer)) and not isinstance(duration, bool):
        return str(duration)
    raise ArgumentError(f"split: purge must be a duration such as '7d', got {duration!r}")


def as_dataset(data, recipe):
    """What the user gave where a dataset is wanted: one, or a path or table to open."""
    if isinstance(data, Dataset):
        return data
    return open(data, recipe=recipe)


def convert(path, target=None, *, entity=None, time=None, columns=None, recipe=None,
            source=None, on_disorder=None, on_bad=None, max_bad=None, on_truncated=None,
            limits=None, memory_budget="auto", row_group_rows=65_536, page_bytes=65_536,
            overwrite=False, dry_run=False, refresh=False):
    """Writes text, Parquet or IPC files as a dataset: sorted by entity and time, indexed.

    `recipe` supplies entity, time and the reader's options where they are left out;
    `columns` is what is kept besides entity and time, None = all.
    Returns a report as a dict (`sync_s`: seconds spent on making the output durable);
    with `dry_run` nothing is written.
    With `refresh` the files of the dataset directory `path` are listed and indexed anew,
    in place; there is no `target` then.
    """
    if refresh != (target is None):
        raise ArgumentError("convert: refresh takes one directory and no target"
                            if refresh else "convert: target must be given")
    options = core_options(entity=entity, time=time, columns=columns, source=source,
                           on_disorder=on_disorder, on_bad=on_bad, max_bad=max_bad,
                           on_truncated=on_truncated, limits=limits,
                           memory_budget=memory_budget)
    if is_recipe(recipe, "convert") is not None:
        options = _core.with_recipe(options, recipe._core)
    return _core.convert(_paths(path, "convert"), os.fspath(path if refresh else target), options,
                         row_group_rows, parse_bytes(page_bytes, "page_bytes"), overwrite,
                         dry_run, refresh)


class Dataset:
    """Files of events and their index: one sequence per entity, ordered in time.

    A map-style dataset for a plain `torch.utils.data.DataLoader`, too: item i is sequence i
    as a dict of arrays. Pickles as its path and options. Shared by threads and loaders.
    """

    def __init__(self, core, config, sequences=None):
        self._core = core
        self._config = config
        self._sequences = sequences  # ascending ids of a part, None = all

    def __len__(self):
        return self._core.sequences if self._sequences is None else len(self._sequences)

    @property
    def sequences(self):
        """Number of sequences."""
        return len(self)

    @property
    def events(self):
        """Number of events, from the index."""
        if self._sequences is None:
            return self._core.events
        return int(self._core.lengths()[self._sequences].sum())

    @property
    def schema(self):
        """Columns as a pyarrow.Schema."""
        return self._core.schema

    @property
    def columns(self):
        return self.schema.names

    @property
    def entity(self):
        return self._core.entity or None

    @property
    def time(self):
        return self._core.time or None

    @property
    def fingerprint(self):
        """128 bits of what the data are, in hex."""
        return self._core.fingerprint

    @property
    def report(self):
        """What reading gave and what it did not: a ReadReport."""
        return self._core.report

    @property
    def files(self):
        return self._core.files

    def lengths(self):
        """Events of each sequence, i64."""
        every = self._core.lengths()
        return every if self._sequences is None else every[self._sequences]

    def describe(self):
        """Facts for people, as a dict."""
        lengths = self.lengths()
        return {
            "sequences": len(self), "events": self.events,
            "shortest": int(lengths.min()) if len(lengths) else 0,
            "longest": int(lengths.max()) if len(lengths) else 0,
            "entity": self.entity, "time": self.time, "files": len(self.files),
            "row_groups": self._core.row_groups, "in_memory": self._core.in_memory,
            "columns": {field.name: str(field.type) for field in self.schema},
            "unsupported": self._core.unsupported,
            "fingerprint": self.fingerprint,
        }

    def _id(self, i):
        n = len(self)
        i = operator.index(i)
        if not -n <= i < n:
            raise IndexError(f"sequence must be in 0..{n - 1}, got {i}")
        i %= n
        return i if self._sequences is None else int(self._sequences[i])

    def info(self, i):
        """Entity, number of events, first and last time of sequence i."""
        return self._core.sequence_info(self._id(i))

    def sequence(self, i, columns=None):
        """Sequence i as a pyarrow.RecordBatch."""
        columns = None if columns is None else _names(columns, "columns")
        return self._core.sequence(self._id(i), columns)

    def __getitem__(self, i):
        batch = self.sequence(i)
        return {name: column.to_numpy(zero_copy_only=False)
                for name, column in zip(batch.schema.names, batch.columns)}

    def __getitems__(self, indices):
        return [self[i] for i in indices]

    def split(self, fractions=None, seed=0, by="entity", *, cuts=None, purge=None):
        """Parts of the dataset, by entity or by time.

        By a hash of the entity, so that a new entity never moves an old one: `fractions`
        are positive and sum to at most 1; part p holds the entities whose number in
        [0, 1) lies between the cumulative fractions, half-open.

        With `by="time"`: an event at t belongs to part p iff cuts[p-1] <= t < cuts[p];
        `purge` ("7d") drops the events in [cut, cut + purge) from the later part.
        """
        if by == "time":
            if fractions is not None:
                raise ArgumentError("split: by='time' takes cuts, not fractions")
            return self._split_by_time(cuts, purge)
        if by != "entity":
            raise ArgumentError(f"split: by must be 'entity' or 'time', got {by!r}")
        if cuts is not None or purge is not None:
            raise ArgumentError("split: cuts and purge need by='time'")
        if fractions is None:
            raise ArgumentError("split: give fractions such as [0.8, 0.1, 0.1]")
        fractions = [float(f) for f in fractions]
        if not fractions or min(fractions) <= 0 or sum(fractions) > 1 + 1e-9:
            raise ArgumentError(
                f"split: fractions must be positive and sum to at most 1, got {fractions}")
        units = self._core.split_units(seed)
        cuts = np.concatenate([[0.0], np.cumsum(fractions)])
        if abs(cuts[-1] - 1) <= 1e-9:
            cuts[-1] = 1.0
        own = np.arange(len(units)) if self._sequences is None else self._sequences
        units = units[own]
        return [Dataset(self._core, self._config, own[(low <= units) & (units < high)])
                for low, high in zip(cuts[:-1], cuts[1:])]

    def _split_by_time(self, cuts, purge):
        if cuts is None or isinstance(cuts, (str, int)):
            raise ArgumentError("split: by='time' needs cuts, a list of times, got "
                                f"{cuts!r}")
        texts = self._core.time_split([_time_text(cut) for cut in cuts],
                                      _duration_text(purge))
        return [self._filtered(text) for text in texts]

    def _filtered(self, text):
        """The dataset with a further condition on its events."""
        if self._config is None:
            return Dataset(self._core.filtered(text, self._sequences), None)
        before = self._config["filters"]
        both = text if before is None else f"({before}) and {text}"
        part = open(**{**self._config, "filters": both})
        if self._sequences is not None:
            part._sequences = _core.same_entities(part._core, self._core, self._sequences)
        return part

    def refresh_index(self):
        """This dataset as its files are now: opened again, indexed anew if they changed."""
        if self._config is None:
            raise ArgumentError("refresh_index: a table in memory does not change")
        if self._sequences is not None:
            raise ArgumentError("refresh_index: refresh the whole dataset, then split it")
        return open(**self._config)

    def __repr__(self):
        return f"<lade.Dataset: {len(self)} sequences, {self.events} events>"

    def __reduce__(self):
        if self._config is None:
            raise TypeError("a lade.Dataset over a table in memory cannot be pickled; "
                            "write it to a file and open that")
        return (_reopen, (self._config, self._sequences))


def _reopen(config, sequences):
    dataset = open(**config)
    return Dataset(dataset._core, config, sequences)
