# SPDX-License-Identifier: Apache-2.0
"""Event sequences of bank-like accounts, the same for every arm."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def lengths(count: int, seed: int = 7) -> np.ndarray:
    """round(exp(N(ln 123 - 1/2, 1))) clipped to [1, 1024]: mean about 123, long tail."""
    generator = np.random.default_rng(seed)
    drawn = np.exp(generator.normal(np.log(123) - 0.5, 1.0, count))
    return np.clip(np.rint(drawn), 1, 1024).astype(np.int64)


def table(count: int, seed: int = 7) -> pa.Table:
    """entity i64, time i64 (us), a b f64, c d i32, e i16: 34 bytes an event beside the entity."""
    size = lengths(count, seed)
    events = int(size.sum())
    generator = np.random.default_rng(seed + 1)
    entity = np.repeat(np.arange(count, dtype=np.int64), size)
    time = np.cumsum(generator.integers(1, 1_000_000, events)).astype("datetime64[us]")
    return pa.table({
        "entity": entity,
        "time": pa.array(time),
        "a": generator.normal(size=events),
        "b": generator.normal(size=events),
        "c": generator.integers(0, 1000, events, dtype=np.int32),
        "d": generator.integers(0, 50, events, dtype=np.int32),
        "e": generator.integers(0, 9, events, dtype=np.int16),
    })
