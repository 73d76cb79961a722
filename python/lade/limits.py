"""Bounds on what a file may claim, and sizes in bytes as people write them."""

from lade import _core
from lade.errors import ArgumentError


def parse_bytes(value, what):
    """Bytes from 65536, "64KiB", "2GiB"."""
    return value if isinstance(value, int) and not isinstance(value, bool) else _core.parse_bytes(str(value), what)


class Limits:
    """Bounds on what a file may claim: `lade.Limits(max_row_bytes="64MiB")`.

    Only the caller raises a limit, never a file. Each is in 1..2**62; a value equal to the
    limit passes.
    """

    def __init__(self, **limits):
        self._core = _core.Limits()
        self._given = {}
        for name, value in limits.items():
            size = parse_bytes(value, name)
            self._core.set(name, size)
            self._given[name] = size

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._core.get(name)

    def __dir__(self):
        return _core.limit_names()

    def __repr__(self):
        return f"Limits({', '.join(f'{k}={v}' for k, v in self._given.items())})"

    def __reduce__(self):
        return (_restore, (self._given,))


def _restore(given):
    return Limits(**given)


def core_limits(limits):
    if limits is None:
        return _core.Limits()
    if not isinstance(limits, Limits):
        raise ArgumentError("limits must be lade.Limits(name=value, ...), got "
                            f"{type(limits).__name__}")
    return limits._core
