"""Warnings that come once per process."""

import warnings

_warned = set()


def warn_once(key, text):
    """Warns with `text` unless `key` was warned of; points at the caller of Lade."""
    if key in _warned:
        return
    _warned.add(key)
    warnings.warn(text, stacklevel=5)
