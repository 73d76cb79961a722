"""`Recipe` and its parts. All of it becomes the JSON form of a recipe; C++ checks it."""

import collections.abc
import datetime
import json
import os
import warnings

import numpy as np

from lade import _core
from lade.dataset import as_dataset, whole
from lade.errors import ArgumentError
from lade.limits import core_limits


def _given(**fields):
    return {name: value for name, value in fields.items() if value is not None}


def input(column, *, name=None, kind=None, transform=None, **options):  # noqa: A001
    """One input of a sample: a number, or with kind="category" an id.

    Further options as in a recipe's [[input]]: dtype, fill, min_count, unknown ...
    """
    return _given(column=column, **{"as": name}, kind=kind, transform=transform, **options)


def aggregate(name, aggregate, *, where=None, every=None, look_back=None, **options):
    """A target that looks back: `aggregate("spent_7d", "sum(amount)", every="day", look_back=7)`."""
    return _given(name=name, aggregate=aggregate, where=where, every=every,
                  look_back=look_back, **options)


def horizon(name, aggregate, *, look_ahead=1, where=None, every=None, **options):
    """A target that looks ahead: what happens in the next `look_ahead` intervals."""
    return _given(name=name, aggregate=aggregate, where=where, every=every,
                  look_ahead=look_ahead, **options)


def window_target(name, aggregate, *, where=None, look_back=None, within=None, **options):
    """One value per event: over the last events, or within the current day, month ..."""
    return _given(name=name, aggregate=aggregate, where=where, every="event",
                  look_back=look_back, within=within, **options)


def mix(name, expression, **options):
    """An expression over targets of one boundary set: `mix("share", "food / all")`."""
    return _given(name=name, expression=expression, **options)


def classes(name, of, *, thresholds=None, quantiles=None, symmetric=None, scale=None, ties=None,
            **options):
    """Class labels of another target: how many thresholds lie strictly below its value.

    `thresholds` ascend; with `quantiles=n` `fit` finds those of n classes; `symmetric=[1, 3]`
    are -3, -1, 1, 3, each times `scale`. `ties="upper"` counts a threshold that equals the
    value. Labels are int64, -100 where the value is not valid and in padding.
    """
    return _given(name=name, of=of, thresholds=_listed(thresholds), quantiles=quantiles,
                  symmetric=_listed(symmetric), scale=scale, ties=ties, **options)


def target_family(data, count, seed=0, *, values=None, sets_of=None, set_size=None,
                  aggregates=None, every=None, look_back=None, min_support=None, name=None):
    """`count` different targets drawn from a seed, to be put among a recipe's targets.

    `data` is a dataset (or what opens one), or a mapping from each code of `sets_of` to its
    rows. Raising `count` keeps the first targets. The same as [[target_family]] in a file.
    """
    spec = _given(count=count, seed=seed, values=_listed(values), sets_of=sets_of,
                  set_size=_listed(set_size), aggregates=_listed(aggregates),
                  every=_listed(every), look_back=_listed(look_back),
                  min_support=min_support, name=name)
    spec = _json(spec, "target_family")
    if not isinstance(data, collections.abc.Mapping):
        dataset = as_dataset(data, None)
        return json.loads(_core.target_family(spec, dataset._core, dataset._sequences))
    whole_codes = [isinstance(code, (int, np.integer)) and not isinstance(code, bool)
                   for code in data]
    if not all(whole_codes) and any(whole_codes):
        raise ArgumentError("target_family: codes must be all texts or all whole numbers")
    codes = [(code if isinstance(code, str) else str(whole(code, "target_family: a code",
                                                           -(2**63))),
              whole(rows, "target_family: rows of a code", 0)) for code, rows in data.items()]
    return json.loads(_core.target_family(spec, codes, bool(whole_codes) and all(whole_codes)))


def _listed(value):
    """A list of what may be given alone."""
    if value is None or isinstance(value, str):
        return None if value is None else [value]
    return list(value) if isinstance(value, collections.abc.Iterable) else [value]


class AppliedTables(dict):
    """{boundary set: pyarrow.Table} of `Recipe.apply`; `report` is what it says of the run."""

    def __init__(self, tables, report):
        super().__init__(tables)
        self.report = report

    def __reduce__(self):
        return (dict, (dict(self),))  # the report stays with the run


class Recipe:
    """What one sample holds: the window of a sequence, inputs, targets, output types.

    Takes the keys of the TOML form; `entity=`, `time=`, `window=`, `max_length=` and the
    other keys of [sequence] may be given directly. A value: `fit` returns another one.
    """

    def __init__(self, inputs=(), targets=(), *, sequence=None, source=None, output=None,
                 loader=None, label=None, compat=None, target_family=None, limits=None,
                 **sequence_keys):
        sequence = dict(sequence or {})
        for key, value in sequence_keys.items():
            if key in sequence:
                raise ArgumentError(f"Recipe: '{key}' is given twice, also in sequence=")
            sequence[key] = value
        inputs = [{"column": one} if isinstance(one, str) else one
                  for one in _parts(inputs, "inputs", "names of columns or lade.input(...)")]
        form = _given(sequence=sequence or None, input=inputs or None,
                      target=_parts(targets, "targets", "lade.aggregate(...) and the like")
                      or None, source=source,
                      output=output, loader=loader, label=label, compat=compat,
                      target_family=target_family)
        self._core = _core.Recipe.from_json(
            _json(form, "Recipe"), "lade.Recipe", core_limits(limits))

    @classmethod
    def _of(cls, core):
        self = cls.__new__(cls)
        self._core = core
        return self

    @classmethod
    def from_file(cls, path, limits=None):
        """By suffix: .toml or .json; vocabularies saved beside it are read too."""
        return cls._of(_core.Recipe.from_file(os.fspath(path), core_limits(limits)))

    @classmethod
    def from_json(cls, text, limits=None):
        """From the JSON form: text, or the objects it stands for."""
        if not isinstance(text, str):
            text = _json(text, "Recipe")
        return cls._of(_core.Recipe.from_json(text, "recipe", core_limits(limits)))

    @classmethod
    def from_toml(cls, text, limits=None):
        return cls._of(_core.Recipe.from_toml(text, "recipe", core_limits(limits)))

    def to_json(self):
        """Canonical JSON, fitted parts included."""
        return self._core.to_json()

    def save(self, path, overwrite=False):
        """Writes the recipe, and what it learned, under a name that must be free."""
        self._core.save(os.fspath(path), overwrite)

    @property
    def hash(self):
        """Of all that decides the bytes of a sample, in hex."""
        return self._core.hash

    @property
    def fitted(self):
        """True when nothing is left to learn from data."""
        return self._core.fitted

    @property
    def numbers(self):
        """Names of the numeric inputs: the last axis of `numerical`."""
        return self._core.numbers

    @property
    def categories(self):
        """Names of the category inputs: the last axis of `categorical`."""
        return self._core.categories

    @property
    def targets(self):
        return self._core.targets

    def cardinality(self, name):
        """Rows an embedding of this category needs: its largest id + 1."""
        return self._core.cardinality(name)

    def decode(self, name, id):  # noqa: A002
        """The text that a category id stands for."""
        return self._core.decode(name, id)

    def fit(self, data):
        """A recipe that knows what it learns from data: the vocabularies of its category
        inputs, the targets of its families, the thresholds of classes with quantiles.

        Learns from `data` alone: give it the training part of a split.
        """
        dataset = as_dataset(data, self)
        return Recipe._of(self._core.fit(dataset._core, dataset._sequences))

    def apply(self, data, output=None, *, output_format="parquet", overwrite=False, threads=0):
        """All targets offline, the same values as in the loader.

        Returns {boundary set: pyarrow.Table}, its `report` beside it; with `output` writes
        one file per boundary set there, Parquet or (`output_format`) "ipc" or "csv", and
        returns the report: sequences, events, rows read and dropped by reason (`read`), of
        each of `targets` values, valid, zero, their shares, missing, nonfinite, min, mean
        and max (of classes: how many of each), and which are `correlated` beyond 0.999.
        """
        threads = whole(threads, "apply: threads", 0)
        dataset = self._whole(data, "apply")
        for text in self._core.unseen_values():
            warnings.warn("apply: " + text, RuntimeWarning, stacklevel=2)
        if output is None:
            return AppliedTables(*self._core.apply(dataset, threads))
        return self._core.apply_to(dataset, os.fspath(output), threads, overwrite,
                                   str(output_format))

    def explain(self, data=None):
        """What the targets share, and what each costs: a text.

        Without `data` it is an estimate; with data every target is timed on a sample, alone
        and by what leaving it out saves.
        """
        return self._core.explain(None if data is None else self._whole(data, "explain"))

    def picture(self, data, of=None, *, targets=None, html=False):
        """The history of one entity with its targets below it: SVG, or an HTML page.

        `of`: the entity, by default the one with the longest history; `targets`: names, by
        default the first twelve.
        """
        if isinstance(targets, str):
            targets = [targets]
        return self._core.picture(self._whole(data, "picture"), "" if of is None else str(of),
                                  list(targets or ()), bool(html))

    def _whole(self, data, what):
        dataset = as_dataset(data, self)
        if dataset._sequences is not None:
            raise ArgumentError(f"{what}: give the whole dataset, not a part of a split")
        return dataset._core

    def __eq__(self, other):
        if not isinstance(other, Recipe):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self):
        return hash(self.to_json())

    def __repr__(self):
        kind = "fitted" if self.fitted else "not fitted"
        return (f"<lade.Recipe: {len(self.numbers)} numbers, {len(self.categories)} "
                f"categories, {len(self.targets)} targets, {kind}>")

    def __reduce__(self):
        return (Recipe.from_json, (self.to_json(),))


def _parts(parts, what, kinds):
    """A list of dicts (or, of inputs, texts)."""
    if isinstance(parts, (list, tuple)):
        wrong = [one for one in parts if not isinstance(one, (str, dict))
                 or (isinstance(one, str) and what == "targets")]
        if not wrong:
            return list(parts)
        parts = wrong[0]
    raise ArgumentError(f"Recipe: {what} must be a list of {kinds}, got {parts!r}")


def _json(form, what):
    """JSON, which has no NaN and no infinity."""
    try:
        return json.dumps(form, default=_plain, allow_nan=False)
    except ArgumentError:
        raise
    except ValueError:
        raise ArgumentError(f"{what}: numbers must be finite, got {_infinite(form)}") from None


def _infinite(form, place=""):
    """The first number that is not finite, and where it is."""
    if isinstance(form, (float, np.floating)):
        return None if np.isfinite(form) else f"{form} in {place}"
    named = isinstance(form, dict) and isinstance(form.get("name"), str)
    parts = form.items() if isinstance(form, dict) else enumerate(form) if isinstance(
        form, (list, tuple)) else ()
    here = f"{place} {form['name']!r}" if named else place
    found = (_infinite(value, f"{here} {key}".strip()) for key, value in parts)
    return next((one for one in found if one), None)


def _plain(value):
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    if isinstance(value, tuple):
        return list(value)
    raise ArgumentError(f"Recipe: a {type(value).__name__} has no JSON form")
