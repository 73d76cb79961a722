"""`Batch`: named dense arrays, as NumPy arrays or torch tensors, without a copy."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa


def _as_torch(array, dtype):
    import torch

    if dtype == "bf16":  # NumPy has no bfloat16: the bits travel as integers
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


class Batch(Mapping):
    """One batch: a mapping of names to arrays that are attributes, too.

    `targets`, and what a recipe defines per target, are mappings by name. All arrays view
    one slab of memory, which lives as long as any of them; writing into them is allowed.
    """

    __slots__ = ("_core", "_arrays", "_values")

    def __init__(self, core, framework="numpy"):
        self._core = core
        self._arrays = core.arrays()
        self._values = {}
        for name, dtype, array in self._arrays:
            value = _as_torch(array, dtype) if framework == "torch" else array
            group, slash, member = name.partition("/")
            if slash:
                self._values.setdefault(group, {})[member] = value
            else:
                self._values[name] = value

    def __getitem__(self, name):
        return self._values[name]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"this batch has no '{name}'; it has "
                                 f"{', '.join(self._values)}") from None

    def __dir__(self):
        return [*super().__dir__(), *self._values]

    @property
    def epoch(self):
        return self._core.epoch

    @property
    def step(self):
        return self._core.step

    @property
    def nbytes(self):
        """Bytes of all arrays, padding included."""
        return self._core.nbytes

    def arrow(self):
        """The arrays as one pyarrow.RecordBatch that shares their memory.

        Arrays of more than one axis are fixed shape tensors; booleans are copied into
        Arrow's bits. Members of mappings are named as in "targets/spent_7d"; arrays without
        elements are left out.
        """
        columns = {}
        for name, _, array in self._arrays:
            if array.ndim > 1 and array.size > 0:
                columns[name] = pa.FixedShapeTensorArray.from_numpy_ndarray(array)
            elif array.ndim == 1:
                columns[name] = pa.array(array)
        return pa.RecordBatch.from_pydict(columns)

    def to(self, device, non_blocking=False):
        """The values as torch tensors on a device, in plain dicts."""
        def moved(value):
            if isinstance(value, dict):
                return {name: moved(one) for name, one in value.items()}
            if isinstance(value, np.ndarray):
                value = _as_torch(value, "")
            return value.to(device, non_blocking=non_blocking)

        return {name: moved(value) for name, value in self._values.items()}

    def content_digest(self):
        """Sum over samples of a hash of their bytes without padding."""
        return self._core.content_digest()

    def __repr__(self):
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, _, array in self._arrays)
        return f"<lade.Batch epoch {self.epoch} step {self.step}: {shapes}>"
