"""The arguments of `DataLoader`: defaults, those of the recipe, and checks."""

import difflib
import importlib.util
import json
import os
import sys

import numpy as np

from lade.errors import ArgumentError
from lade.samplers import WindowSampler
from lade.warn import warn_once


class Default:
    """A default that knows it was not given, so that a recipe's [loader] may replace it."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return repr(self.value)


# Accepted for torch's sake, without effect here.
NO_EFFECT = ("worker_init_fn", "multiprocessing_context", "persistent_workers",
             "snapshot_every_n_steps")
# Arguments whose rooms are not built: any value but these is refused.
NOT_BUILT = {
    "shuffle_block": (None,), "shuffle_blocks": (None,), "shuffle_window": (None,),
    "lanes": (None,), "batch_events": (None,), "precision": (None,), "part": (None,),
    "cache": ("auto", "off"), "cache_bytes": (None,), "cache_dir": (None,),
    "cache_level": ("events",), "on_bad_sample": ("fail",), "max_failures": (0.01,),
    "quarantine": (None,), "device": (None,), "batch_sampler": (None,),
}
ALIASES = {"cur_shard": "rank", "shard_count": "world_size", "shuffle_seed": "seed"}

def resolve(given, recipe_arguments):
    """Values of all arguments: the caller's, else the recipe's, else the default."""
    values, explicit = {}, set()
    for name, value in given.items():
        if not isinstance(value, Default):
            explicit.add(name)
            values[name] = value
        elif name in recipe_arguments:
            explicit.add(name)
            values[name] = json.loads(recipe_arguments[name])
        else:
            values[name] = value.value
    for name in recipe_arguments:
        if name not in given:
            raise ArgumentError(f"[loader]: DataLoader has no argument '{name}'")
    _check(values, explicit)
    return values, explicit


def _check(values, explicit):
    for name in NO_EFFECT:
        if name in explicit and values[name] is not None:
            warn_once(name, f"lade.DataLoader: {name} has no effect; "
                            "workers are threads and never touch Python")
    for name, allowed in NOT_BUILT.items():
        if values[name] not in allowed:
            raise ArgumentError(f"DataLoader: {name}={values[name]!r} is not built yet; "
                                f"leave it {allowed[0]!r}")
    if values["pin_memory"] not in (True, False, None, "auto"):
        raise ArgumentError("DataLoader: pin_memory must be True, False or 'auto', got "
                            f"{values['pin_memory']!r}")
    if values["sampler"] is not None and not isinstance(values["sampler"], WindowSampler) \
            and values["shuffle"] not in (False, None):
        raise ArgumentError("DataLoader: sampler excludes shuffle")
    if values["framework"] not in ("auto", "torch", "numpy"):
        raise ArgumentError("DataLoader: framework must be auto, torch or numpy, got "
                            f"{values['framework']!r}")


def shuffle_word(value):
    """False, True, None or a name."""
    if value is True:
        return "global"
    return "none" if value in (False, None) else str(value)


def truth(value, name):
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ArgumentError(f"DataLoader: {name} must be True or False, got {value!r}")


def framework_of(word):
    if word == "auto":
        return "torch" if importlib.util.find_spec("torch") else "numpy"
    return word


def rank_and_world(rank, world_size):
    """Explicit, else torch.distributed if it runs, else the environment, else 0 of 1."""
    if rank is None and world_size is None:
        torch = sys.modules.get("torch")
        distributed = getattr(torch, "distributed", None)
        if distributed is not None and distributed.is_available() \
                and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
    try:
        rank = int(os.environ.get("RANK", 0)) if rank is None else int(rank)
        world_size = int(os.environ.get("WORLD_SIZE", 1)) if world_size is None \
            else int(world_size)
    except ValueError as error:
        raise ArgumentError(f"DataLoader: RANK and WORLD_SIZE must be integers: {error}") \
            from None
    return rank, world_size


def per_rank(values, explicit, world_size):
    """Rows of a batch on one rank."""
    total = values["global_batch_size"]
    if total is None:
        size = values["batch_size"]
        if not isinstance(size, int) or isinstance(size, bool):
            raise ArgumentError(f"DataLoader: batch_size must be an integer, got {size!r}")
        return size
    if "batch_size" in explicit:
        raise ArgumentError("DataLoader: global_batch_size excludes batch_size")
    if world_size < 1 or total % world_size != 0:
        raise ArgumentError("DataLoader: global_batch_size must divide by world_size, got "
                            f"{total} and {world_size}")
    return total // world_size


def workers(value):
    if value == "auto":
        return -1
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ArgumentError(
            f"DataLoader: num_workers must be 'auto' or an integer >= 0, got {value!r}")
    return value


def bucket_window(value):
    """Positions sorted by length at once; 0 = none, -1 = as many as suit the batch."""
    if value == "auto":
        return -1
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ArgumentError("DataLoader: bucket_window must be 'auto' or an integer >= 0, "
                            f"got {value!r}")
    return value


def prefetch(value):
    if value in ("auto", None):
        return 2
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ArgumentError(
            f"DataLoader: prefetch_factor must be 'auto' or an integer >= 0, got {value!r}")
    return value


def padding(value):
    """(ascending lengths, whether to pad to max_length)."""
    if value == "longest":
        return [], False
    if value == "max_length":
        return [], True
    if isinstance(value, (list, tuple)) and value:
        lengths = [int(n) for n in value]
        if lengths[0] >= 1 and all(a < b for a, b in zip(lengths, lengths[1:])):
            return lengths, False
    raise ArgumentError("DataLoader: pad_to must be 'longest', 'max_length' or ascending "
                        f"lengths, got {value!r}")


def unknown(name, known):
    """What to say of an argument that there is not."""
    near = difflib.get_close_matches(name, known, 1)
    return f"DataLoader has no argument '{name}'" + (
        f"; did you mean '{near[0]}'?" if near else "")


def seed(value):
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) \
            or not 0 <= value < 2**64:
        raise ArgumentError(f"DataLoader: seed must be an integer in 0..2^64-1, got {value!r}")
    return int(value)


def number(value, name):
    if not isinstance(value, (int, float, np.integer, np.floating)) or isinstance(value, bool):
        raise ArgumentError(f"DataLoader: {name} must be a number, got {value!r}")
    return float(value)


def ids(values, name):
    """Sample ids of a list, an array or any other iterable."""
    if not hasattr(values, "__iter__") or isinstance(values, (str, bytes)):
        raise ArgumentError(f"DataLoader: {name} must give sample ids, got {values!r}")
    array = np.asarray(values if isinstance(values, np.ndarray) else list(values))
    if array.size and (array.ndim != 1 or array.dtype.kind not in "iu"):
        raise ArgumentError(f"DataLoader: {name} must give whole numbers, got "
                            f"{array.dtype} {list(array.shape)}")
    return np.ascontiguousarray(array.reshape(-1), dtype=np.int64)


def dtypes(value):
    """(array, type) of each."""
    if value is not None and not isinstance(value, dict):
        raise ArgumentError("DataLoader: dtypes must be a dict such as {'numerical': 'f16'}, "
                            f"got {value!r}")
    return [(str(array), str(dtype)) for array, dtype in (value or {}).items()]
