"""The wheel: what it brings, what importing costs and refuses."""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

import pyarrow

import lade
from lade import _arrow, _core


def test_distribution_and_package_have_one_version():
    assert importlib.metadata.version("lade-data") == lade.__version__ == _core.__version__


def test_importing_needs_no_torch_and_loads_none():
    code = "import sys, lade; print(sorted(m for m in sys.modules if m == 'torch'))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_one_arrow_per_process():
    maps = subprocess.check_output([sys.executable, "-c",
                                    "import lade; print(open('/proc/self/maps').read())"],
                                   text=True)
    files = {line.split()[-1] for line in maps.splitlines() if "libarrow.so" in line}
    assert len(files) == 1
    assert str(pathlib.Path(pyarrow.__file__).resolve().parent) in files.pop()


def test_pyarrow_of_another_major_is_refused_with_both_versions():
    code = ("import pyarrow; pyarrow.__version__ = '27.0.0'\n"
            "try: import lade\n"
            "except ImportError as e: print(e)")
    text = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "27.0.0" in text and f"pyarrow=={_arrow.MAJOR}.*" in text
    assert _arrow.MAJOR == _core.arrow_major


def test_types_are_shipped():
    folder = pathlib.Path(lade.__file__).parent
    assert (folder / "py.typed").exists() and (folder / "_core.pyi").exists()


def test_every_public_name_is_there():
    for name in lade.__all__:
        assert getattr(lade, name) is not None


def test_instruction_set_can_be_forced():
    names = lade._core.instruction_sets()
    code = "import lade; print(lade._core.instruction_set())"
    for name in names:
        forced = subprocess.check_output([sys.executable, "-c", code], text=True,
                                         env={**os.environ, "LADE_SIMD": name}).strip()
        assert forced == name


def test_info_of_the_program_agrees_with_the_extension(run):
    info = json.loads(run("info", "--json").stdout)
    assert info["version"] == lade.__version__
    assert info["libraries"]["arrow"] == dict(_core.library_versions())["arrow"]
