"""Imports pyarrow, whose libarrow lade._core shares, and refuses another major version."""

import pyarrow

MAJOR = 26

if int(pyarrow.__version__.split(".")[0]) != MAJOR:
    raise ImportError(
        f"lade was built for pyarrow {MAJOR} and shares its libarrow, but pyarrow "
        f"{pyarrow.__version__} is installed; install pyarrow=={MAJOR}.*"
    )
