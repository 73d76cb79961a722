"""`Batch`: named dense arrays, as NumPy arrays or torch tensors, without a copy."""

from collections.abc import Mapping

import sys

import numpy as np
import pyarrow as pa

from lade.errors import ArgumentError
from lade.warn import warn_once


def _as_torch(array, dtype):
    import torch

    if dtype == "bf16":  # NumPy has no bfloat16: the bits travel as integers
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _as_numpy(array, dtype):
    if isinstance(array, np.ndarray):
        return array
    if array.device.type != "cpu":
        raise ArgumentError(f"arrow: this batch lies on {array.device}; use to('cpu') first")
    if dtype == "bf16":
        import torch

        return array.view(torch.int16).numpy().view(np.uint16)
    return array.numpy()


def _grouped(arrays):
    """Arrays by name; "targets/spent" is the member `spent` of the mapping `targets`."""
    values = {}
    for name, _, value in arrays:
        group, slash, member = name.partition("/")
        if slash:
            values.setdefault(group, {})[member] = value
        else:
            values[name] = value
    return values


# Names that other projects use for the same thing.
_ALIASES = {"cu_seqlens": "offsets"}


class Batch(Mapping):
    """One batch: a mapping of names to arrays that are attributes, too.

    A packed batch has `offsets` (also `cu_seqlens`) and `max_length`, its longest row.
    `targets`, and what a recipe defines per target, are mappings by name. All arrays view
    one slab of memory, which lives as long as any of them; writing into them is allowed. The
    objects that view it are made when the first of them is asked for, about 1 us each.
    """

    __slots__ = ("_core", "_framework", "_made", "_by_name", "_facts")

    def __init__(self, core, framework="numpy"):
        self._core = core
        self._framework = framework
        self._made = self._by_name = None
        self._facts = (core.epoch, core.step, core.nbytes)

    @property
    def _arrays(self):
        """(name, type, array) of each."""
        if self._made is None:
            self._made = self._core.arrays()
            if self._framework == "torch":
                self._made = [(n, dtype, _as_torch(a, dtype)) for n, dtype, a in self._made]
        return self._made

    @property
    def _values(self):
        if self._by_name is None:
            self._by_name = _grouped(self._arrays)
        return self._by_name

    def __getitem__(self, name):
        return self._values[_ALIASES.get(name, name)]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"this batch has no '{name}'; it has "
                                 f"{', '.join(self._values)}") from None

    def __dir__(self):
        return [*super().__dir__(), *self._values]

    @property
    def epoch(self):
        return self._facts[0]

    @property
    def step(self):
        return self._facts[1]

    @property
    def max_length(self):
        """Events of the longest row, as an int; of packed and padded batches."""
        if "lengths" not in self._values:
            raise AttributeError("this batch has no 'max_length'; its samples are rows")
        lengths = self._values["lengths"]
        return int(lengths.max()) if len(lengths) else 0

    @property
    def nbytes(self):
        """Bytes of all arrays, padding included."""
        return self._facts[2]

    def arrow(self):
        """The arrays as one pyarrow.RecordBatch that shares their memory.

        Arrays of more than one axis are fixed shape tensors; booleans are copied into
        Arrow's bits. Members of mappings are named as in "targets/spent_7d"; arrays without
        elements are left out.
        """
        columns = {}
        for name, dtype, array in self._arrays:
            array = _as_numpy(array, dtype)
            if array.ndim > 1 and array.size > 0:
                columns[name] = pa.FixedShapeTensorArray.from_numpy_ndarray(array)
            elif array.ndim == 1:
                columns[name] = pa.array(array)
        return pa.RecordBatch.from_pydict(columns)

    def to(self, device, non_blocking=False):
        """The batch with its arrays as torch tensors on a device.

        What is there already is not copied. The slab is free again once nothing refers to
        the batch it came from.
        """
        import torch

        device = torch.device(device)
        if device.type == "cpu":
            return self._mapped(lambda tensor: tensor.to(device), self._core)
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=non_blocking), None)

    def pin_memory(self):
        """The batch in page-locked memory, as torch tensors; without CUDA, the batch itself.

        Warns once per process where nothing can be pinned.
        """
        torch = sys.modules.get("torch")
        if torch is None or not torch.cuda.is_available():
            warn_once("pin_memory", "lade.Batch.pin_memory: there is no CUDA in this process; "
                                    "batches stay in plain memory")
            return self
        return self._mapped(lambda tensor: tensor.pin_memory(), None)

    def _mapped(self, change, core):
        """A batch of changed tensors; `core` if they are its memory still."""
        batch = Batch.__new__(Batch)
        batch._core, batch._facts, batch._framework = core, self._facts, "torch"
        batch._by_name = None
        batch._made = [
            (name, dtype,
             change(_as_torch(array, dtype) if isinstance(array, np.ndarray) else array))
            for name, dtype, array in self._arrays]
        return batch

    def content_digest(self):
        """Sum over samples of a hash of their bytes without padding."""
        if self._core is None:
            raise ArgumentError("content_digest: this batch was moved; ask the one that the "
                                "loader gave")
        return self._core.content_digest()

    def __reduce__(self):
        raise TypeError("a lade.Batch cannot be pickled; pickle its arrays or batch.arrow()")

    def __repr__(self):
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, _, array in self._arrays)
        return f"<lade.Batch epoch {self.epoch} step {self.step}: {shapes}>"
